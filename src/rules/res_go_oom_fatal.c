/* SPDX-License-Identifier: MIT
 * A Go program asked for memory and the kernel gave it none: a limit on address space or data, or a
 * kernel that promises no more than it has. The Go runtime reserves address space long before it uses
 * it, so it fails below limits that look generous: about 1.3 GB for gopls and go.
 *
 * Not this: SIGKILL (res-oom-killed), no threads or processes (res-nproc-pids: EAGAIN, not ENOMEM).
 * "cannot allocate memory" alone names no cause; the limit is read from the server that died, from the
 * process whose environment is judged, or found in the file that sets it.
 */
#include "core/no_memory.h"
#include "core/rule.h"

#include <signal.h>

#define MIB    ((int64_t)1024 * 1024)
#define SMALL  ((int64_t)4096 * MIB) /* of address space: more than that is rarely too little */
#define TINY   ((int64_t)128 * MIB) /* too little for the Go runtime to start in, whatever it does */
#define NARROW ((int64_t)512 * MIB)  /* left of what the kernel promises */
#define BITS32 ((int64_t)1536 * MIB) /* a 32-bit program may have no more than 2 or 3 GiB */

struct limit_found {
	const char *name; /* "RLIMIT_AS" */
	int64_t bytes;
	const char *whose;
	const struct fact *fact;
	const struct fact_limit_source *source;
};

static const struct fact_limit_source *source_of(const struct facts *facts, const char *name,
                                                 const char *tool) {
	const struct fact_limit_source *any = NULL;

	facts_each (limit_source, s, facts) {
		if (streq(s->name, name)) {
			any = !any || (s->script && (!tool || streq(s->tool, tool))) ? s : any;
		}
	}
	return any;
}

static const char *rlimit_name(const char *name) {
	return streq(name, "data") ? "RLIMIT_DATA" : "RLIMIT_AS";
}

/* ulimit and limits.conf count in KiB, prlimit in bytes: what makes sense of the two. */
static int64_t source_bytes(const struct fact_limit_source *s) {
	int64_t number = 0;

	str_to_int64(s->value, &number);
	return number < SMALL / 1024 * 16 ? number * 1024 : number;
}

/* Whose limit it is: that of the trial server itself first. */
static struct limit_found find_limit(const struct facts *facts, const char *tool) {
	static const char *const names[] = {"address_space", "data"};
	const struct fact_server_end *e = facts_first(server_end, facts);

	for (size_t i = 0; i < 2; i++) {
		int64_t bytes = e ? i == 0 ? e->address_space : e->data : -2;
		const struct fact_limit_source *s = source_of(facts, names[i], tool);

		facts_each (limit, l, facts) {
			bool judged = streq(l->scope, "judged");

			if (streq(l->name, names[i]) && l->soft >= 0 &&
			    (judged || streq(l->scope, "own"))) {
				return (struct limit_found){
					.name = rlimit_name(names[i]),
					.bytes = l->soft,
					.whose = judged ? arena_printf(
								  facts->arena,
								  "the editor (process %lld), and "
								  "what it starts,",
								  (long long)l->pid)
				                        : "this session",
					.fact = &l->base,
					.source = s,
				};
			}
		}
		if (bytes >= 0 || s) {
			return (struct limit_found){
				.name = rlimit_name(names[i]),
				.bytes = s ? source_bytes(s) : bytes,
				.whose =
					s && s->script && !streq(s->tool, "gopls") ? "go" : "gopls",
				.fact = bytes >= 0 ? &e->base : &s->base,
				.source = s,
			};
		}
	}
	return (struct limit_found){0};
}

static void advise(struct findings *out, struct finding *f, const struct limit_found *l) {
	const char *option = streq(l->name, "RLIMIT_DATA") ? "-d" : "-v";

	if (l->source) {
		finding_cites(f, l->source);
		finding_fix(
			out, f,
			arena_printf(out->arena,
		                     "raise or remove it in %s line %lld, then start the editor "
		                     "again",
		                     l->source->file, (long long)l->source->line),
			"sed -i '%llds/%s/unlimited/' %s", (long long)l->source->line,
			l->source->value, str_shell_quote(out->arena, l->source->file));
		return;
	}
	if (l->fact && l->fact->kind == FACT_limit) {
		const struct fact_limit *limit = (const struct fact_limit *)(const void *)l->fact;

		if (limit->pid > 0) {
			finding_fix(out, f,
			            "lift it for the running editor, then restart the language "
			            "server",
			            "sudo prlimit --pid %lld --%s=unlimited", (long long)limit->pid,
			            streq(l->name, "RLIMIT_DATA") ? "data" : "as");
		}
	}
	finding_fix(out, f,
	            "lift it where it is set (a shell's start-up file, limits.conf, the unit, the "
	            "container), and start the editor from there",
	            "ulimit %s unlimited", option);
}

static struct finding *about_limit(const struct rule *self, const struct facts *facts,
                                   struct findings *out, const struct limit_found *l) {
	const struct fact_trial *without = facts_trial(facts, "without limits");
	const char *subject =
		l->source ? l->source->file
			  : arena_printf(out->arena, "%s %lld", l->name, (long long)l->bytes);
	bool proven = (without && without->better) || (l->bytes >= 0 && l->bytes < SMALL);
	struct finding *f;

	if (l->source) {
		f = findings_add(out, self, proven ? CONF_CERTAIN : CONF_LIKELY, subject,
		                 "%s line %lld lets %s have only %lld MiB (%s), and the Go runtime "
		                 "gets no memory",
		                 l->source->file, (long long)l->source->line, l->whose,
		                 (long long)(l->bytes / MIB), l->name);
	} else {
		f = findings_add(
			out, self, proven ? CONF_CERTAIN : CONF_LIKELY, subject,
			"%s may have only %lld MiB (%s), and the Go runtime gets no memory",
			l->whose, (long long)(l->bytes / MIB), l->name);
	}
	finding_about(out, f, l->name);
	finding_cite(f, l->fact);
	if (without) {
		finding_cites(f, without);
	}
	return f;
}

/* vm.overcommit_memory=2: what is promised to all programs together is bounded. */
static struct finding *about_promises(const struct rule *self, const struct facts *facts,
                                      struct findings *out) {
	const struct fact_memory *m = facts_first(memory, facts);

	if (!m || m->overcommit != 2 || m->commit_limit <= 0 ||
	    m->commit_limit - m->committed > NARROW) {
		return NULL;
	}
	struct finding *f = findings_add(
		out, self, CONF_LIKELY, "vm.overcommit_memory",
		"the kernel promises no more than %lld MiB to all programs together "
		"(vm.overcommit_memory=2) and has promised %lld MiB: the Go runtime gets no memory",
		(long long)(m->commit_limit / MIB), (long long)(m->committed / MIB));

	finding_cites(f, m);
	finding_fix(out, f, "let the kernel promise more, as it does by default",
	            "sudo sysctl vm.overcommit_memory=0");
	return f;
}

static struct finding *about_width(const struct rule *self, const struct facts *facts,
                                   struct findings *out) {
	const struct fact_server_end *e = facts_first(server_end, facts);
	const struct fact_tool *gopls = facts_chosen(facts, "gopls");
	const struct fact_binary *b = gopls ? facts_binary(facts, gopls->path) : NULL;

	if (!b || !e || e->peak_bytes < BITS32 ||
	    !(streq(b->machine, "386") || streq(b->machine, "arm") || streq(b->machine, "mips"))) {
		return NULL;
	}
	struct finding *f = findings_add(
		out, self, CONF_LIKELY, b->path,
		"%s is a 32-bit program (%s), which cannot have the %lld MiB it needs here",
		b->path, b->machine, (long long)(e->peak_bytes / MIB));

	finding_cites(f, b);
	finding_cites(f, e);
	finding_fix(out, f, "build it for this machine", "%s",
	            "env -u GOARCH go install golang.org/x/tools/gopls@latest");
	return f;
}

/* So little that the kernel ends the program while it loads it, before it can say a word. */
static const struct fact *ended_silently(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);
	struct limit_found l = find_limit(facts, NULL);

	if (!l.name || l.bytes < 0 || l.bytes >= TINY) {
		return NULL;
	}
	if (s && (s->signal == SIGSEGV || s->signal == SIGKILL) && str_empty(s->err)) {
		return &s->base;
	}
	facts_each (go_run, r, facts) {
		bool ended = r->signal == SIGSEGV || r->signal == SIGKILL;

		if (ended && !r->timed_out && str_empty(r->err) && str_empty(r->out)) {
			return &r->base;
		}
	}
	return NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact *said = no_memory_said(facts);
	const struct fact_trial *without = facts_trial(facts, "without limits");
	struct finding *f = NULL;

	/* Below a limit a C library may say only that a thread could not be made. */
	if (!said && without && without->better && find_limit(facts, NULL).name) {
		said = &without->base;
	}
	said = said ? said : ended_silently(facts);
	if (!said || facts_healthy(facts) || (without && !without->better)) {
		return;
	}
	bool of_go = said->kind == FACT_go_run;
	struct limit_found l = find_limit(facts, of_go ? "go" : NULL);

	if (l.name) {
		f = about_limit(self, facts, out, &l);
	}
	f = f ? f : about_promises(self, facts, out);
	f = f ? f : about_width(self, facts, out);
	if (!f) {
		f = findings_add(out, self, CONF_POSSIBLE, "memory",
		                 "the Go runtime got no memory from the kernel; no limit was found "
		                 "that explains it");
	}
	finding_cite(f, said);
	if (l.name) {
		advise(out, f, &l);
	}
}

const struct rule rule_res_go_oom_fatal = {
	.id = "res-go-oom-fatal",
	.title = "the Go runtime gets no memory from the kernel",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(limit),
	.explains = IDS("*env-goroot-wrong", "*tc-goroot-incomplete", "*bin-truncated-corrupt",
                        "*mod-packages-driver-broken", "*mod-cgo-toolchain-missing",
                        "*env-go-wrapper-broken", "*res-nproc-pids", "*bug-gopls-panic",
                        "*bug-golist-panic", "*cfg-bad-language-server-flags"),
	.check = check,
};
