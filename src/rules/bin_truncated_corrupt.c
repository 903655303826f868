/* SPDX-License-Identifier: MIT
 * The program file is damaged: cut short, or with wrong bytes in it.
 *
 * A signal at once, before the first message and without a word, speaks for the file; the file
 * itself decides: headers that speak of bytes beyond its end, build info that cannot be read, the
 * hash in a Go program's build ID. What a damaged program says is chance; where its hash cannot be
 * had, a crash with a Go traceback is a bug of the program, "cannot open shared object file" a missing
 * library (bin-missing-interpreter-libc), ENOEXEC on a sound file another machine's
 * (bin-wrong-arch-format).
 */
#include "core/gopls_choice.h"
#include "core/rule.h"

#include <errno.h>
#include <signal.h>

static bool is_crash_signal(int64_t number) {
	return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
	       number == SIGTRAP || number == SIGSYS;
}

/* A panic is a bug of the program; a fault in the middle of nowhere is none. */
static bool has_traceback(const char *err) {
	return str_has(err, "goroutine ") && str_has(err, ".go:");
}

static bool is_runtime_fault(const char *err) {
	/* Before it has read a message there is nothing whose depth could exhaust a stack. */
	bool fault = str_has(err, "unexpected fault address") || str_has(err, "[signal SIG") ||
	             str_has(err, "SIGILL:") || str_has(err, "goroutine stack exceeds");
	return fault && !str_has(err, "panic: ") && !str_has(err, "out of memory");
}

/* The loader or the Go runtime stumbles over the bytes of the file. */
static bool complains_of_bytes(const char *err) {
	return str_has(err, "unexpected PLT reloc type") || str_has(err, "invalid ELF header") ||
	       str_has(err, "file too short") || str_has(err, "ELF load command") ||
	       str_has(err, "runtime: function symbol table") ||
	       str_has(err, "invalid function symbol table") ||
	       str_has(err, "invalid runtime symbol table");
}

/* How a started program ended. */
struct end {
	const struct fact *fact;
	bool ended; /* by itself */
	bool late;  /* it had begun its work: only the file itself can tell then */
	int64_t signal;
	int64_t exit_code;
	int64_t error; /* of execve */
	const char *err;
};

static struct end end_of_server(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);
	struct end end = {0};
	if (s && !streq(s->state, "answered")) {
		end = (struct end){
			.fact = &s->base,
			.late = s->ready_ms > 0,
			.ended = streq(s->state, "exited") || streq(s->state, "signaled") ||
		                 streq(s->state, "not_executed"),
			.signal = s->signal,
			.exit_code = s->exit_code,
			.error = s->error,
			.err = s->err,
		};
	}
	return end;
}

static struct end end_of_go(const struct facts *facts) {
	const struct fact_go_run *run = facts_run(facts, "version");
	run = run ? run : facts_run(facts, "env");
	struct end end = {0};
	if (run && !run->timed_out && (!run->started || run->exit_code != 0)) {
		end = (struct end){
			.fact = &run->base,
			.ended = true,
			.signal = run->signal,
			.exit_code = run->exit_code,
			.error = run->started ? 0 : run->error,
			.err = run->err,
		};
	}
	return end;
}

static const char *how(struct arena *arena, const struct end *end) {
	const char *when = end->late ? "at work" : "at once";
	if (end->signal) {
		return arena_printf(arena, "it dies of signal %lld %s", (long long)end->signal,
		                    when);
	}
	if (end->error) {
		return arena_printf(arena, "the kernel refuses it (errno %lld)",
		                    (long long)end->error);
	}
	return arena_printf(arena, "it exits with %lld %s", (long long)end->exit_code, when);
}

/* A complaint in words (a flag, a limit) is one of a program that works. */
static bool has_collapsed(const struct facts *facts, const struct end *end) {
	facts_each (crash, c, facts) {
		/* What the runtime prints before its traceback can be longer than what is kept. */
		if (end->fact->kind == FACT_server && streq(c->source, "trial")) {
			return true;
		}
	}
	return is_crash_signal(end->signal) || str_empty(end->err) || has_traceback(end->err);
}

static const struct fact_program_bytes *bytes_of(const struct facts *facts, const char *path) {
	facts_each (program_bytes, p, facts) {
		if (streq(p->path, path)) {
			return p;
		}
	}
	return NULL;
}

static void advise(struct findings *out, struct finding *f, const struct fact_binary *b) {
	if (streq(b->tool, "gopls")) {
		finding_fix(out, f, "install it again over the damaged file",
		            "go install golang.org/x/tools/gopls@%s",
		            gopls_release_or_latest(b->version));
	} else {
		finding_fix(out, f,
		            "install this Go again, from an archive whose checksum was compared",
		            "%s", "");
	}
}

static void judge(const struct rule *self, const struct facts *facts, struct findings *out,
                  const char *path, const struct end *end) {
	const struct fact_binary *b = facts_binary(facts, path);
	const struct fact_program_bytes *bytes = bytes_of(facts, path);
	bool wild = is_runtime_fault(end->err);
	bool altered =
		bytes && end->fact && streq(bytes->state, "differs") && has_collapsed(facts, end);
	if (!b || !end->fact || !end->ended || (bytes && streq(bytes->state, "same")) ||
	    ((end->late || (has_traceback(end->err) && !wild)) && !altered)) {
		return;
	}
	bool zeros = streq(b->fault, "zeros");
	bool elf = streq(b->format, "elf") || zeros;
	bool crashed = is_crash_signal(end->signal) || complains_of_bytes(end->err) || wild;
	bool refused = end->error == ENOEXEC || end->error == EINVAL || end->error == EIO;
	bool mute = elf && str_empty(b->version) && str_empty(b->go_version);
	if (!elf || !b->machine_ok || !(b->truncated || crashed || refused || altered)) {
		return;
	}
	bool certain = b->truncated || zeros || altered || (mute && crashed) ||
	               complains_of_bytes(end->err);
	struct finding *f =
		b->truncated
			? findings_add(
				  out, self, CONF_CERTAIN, path,
				  "%s is cut short: %lld bytes are there, its headers speak of "
				  "more; %s",
				  path, (long long)b->size, how(out->arena, end))
		: zeros   ? findings_add(out, self, CONF_CERTAIN, path,
	                                 "%s holds zeros where its header should be; %s", path,
	                                 how(out->arena, end))
		: altered ? findings_add(
				    out, self, CONF_CERTAIN, path,
				    "%s is damaged: its bytes are not those it was built with, as "
				    "the hash in its build ID says; %s",
				    path, how(out->arena, end))
			  : findings_add(out, self, certain ? CONF_CERTAIN : CONF_LIKELY, path,
	                                 "%s is damaged: %s", path, how(out->arena, end));
	finding_cites(f, b);
	finding_cite(f, end->fact);
	if (altered) {
		finding_cites(f, bytes);
	}
	advise(out, f, b);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *gopls = facts_chosen(facts, "gopls");
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	if (gopls) {
		struct end end = end_of_server(facts);
		judge(self, facts, out, gopls->path, &end);
	}
	go = go ? go : facts_chosen(facts, "go");
	if (go && !facts_healthy(facts)) {
		struct end end = end_of_go(facts);
		judge(self, facts, out, go->path, &end);
	}
}

const struct rule rule_bin_truncated_corrupt = {
	.id = "bin-truncated-corrupt",
	.title = "the program file is damaged",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(binary),
	.explains = IDS("*bin-shadowed-duplicate", "*bug-gopls-panic"),
	.check = check,
};
