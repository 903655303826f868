/* SPDX-License-Identifier: MIT
 * gopls itself crashes: its traceback says in which function.
 *
 * A traceback is also what a Go program leaves that got no memory (res-go-oom-fatal), no thread
 * (res-nproc-pids), no descriptor (res-nofile), a variable it cannot read (env-goflags-malformed),
 * whose file is damaged (bin-truncated-corrupt: a fault and no panic), or that somebody has asked for one (SIGQUIT). What a log has of an earlier session,
 * or of a server that has been started again since and works, is history.
 */
#include "core/no_memory.h"
#include "core/rule.h"

static bool is_other(const struct fact_crash *c) {
	static const char *const others[] = {
		"failed to create new OS thread",
		"pthread_create failed",
		"too many open files",
		"no space left on device",
		"newosproc",
		"malformed GOMEMLIMIT",
		"unknown GODEBUG setting",
		"all goroutines are asleep",
		"fault",
		"runtime: function symbol table",
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		bool whole = streq(others[i], "fault"); /* "default" has it, too */
		if (streq(c->text, others[i]) || (!whole && str_has(c->text, others[i]))) {
			return true;
		}
	}
	/* SIGQUIT and SIGABRT were sent; a bare fault signal is the file's or the machine's. */
	return streq(c->kind, "signal") || no_memory_text(c->text) || streq(c->program, "go");
}

static const char *subject_of(struct arena *arena, const struct fact_crash *c) {
	return arena_printf(arena, "gopls%s%s%s%s", str_empty(c->version) ? "" : " ", c->version,
	                    str_empty(c->frame) ? "" : ": ", c->frame);
}

static void advise(struct findings *out, struct finding *f, const struct fact_crash *c,
                   const struct facts *facts) {
	const struct fact_trial *other = facts_trial(facts, "other gopls");

	if (!str_empty(c->known)) {
		finding_detail(out, f, "Known: %s%s%s.", c->known,
		               str_empty(c->fixed) ? "" : "; not any more in ", c->fixed);
	}
	if (other && other->better) {
		finding_cites(f, other);
		finding_fix(out, f,
		            "use the newer gopls that lies on this machine and does not crash",
		            "%s version", str_shell_quote(out->arena, other->subject));
	}
	finding_fix(out, f, "install the newest gopls that this Go can build", "%s",
	            str_empty(c->advice) ? "go install golang.org/x/tools/gopls@latest"
	                                 : c->advice);
	finding_fix(out, f,
	            "report it, with the traceback, and go round it until then: the function "
	            "names the feature",
	            "%s", "");
}

static struct finding *found(const struct rule *self, struct findings *out,
                             const struct fact_crash *c, enum confidence conf, const char *when) {
	struct finding *f = findings_add(
		out, self, conf, subject_of(out->arena, c), "gopls%s%s crashed%s: %s%s%s%s",
		str_empty(c->version) ? "" : " ", c->version, when, c->text,
		str_empty(c->frame) ? "" : arena_printf(out->arena, ", in %s", c->frame),
		c->line > 0 ? arena_printf(out->arena, " (%s:%lld)", c->file, (long long)c->line)
			    : "",
		c->goroutine > 0
			? arena_printf(out->arena, ", goroutine %lld", (long long)c->goroutine)
			: "");

	finding_about(out, f, "gopls");
	finding_cites(f, c);
	return f;
}

static void check_trial(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_crash *c) {
	const struct fact_server *s = facts_first(server, facts);
	const struct fact_server_end *end = facts_first(server_end, facts);
	bool died = s && (streq(s->state, "exited") || streq(s->state, "signaled"));

	if (died && facts_hurt(facts)) {
		struct finding *f = found(self, out, c, CONF_CERTAIN, "");

		finding_cites(f, s);
		if (end) {
			finding_cites(f, end);
		}
		advise(out, f, c, facts);
	}
}

/* The editor has given the server up, or none runs although it has crashed in this session. */
static void check_log(const struct rule *self, const struct facts *facts, struct findings *out,
                      const struct fact_crash *c) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	const struct fact_log_event *gave_up = NULL;
	bool runs = false;

	if (!c->current || !facts_first(health, facts)) {
		return;
	}
	facts_each (log_event, e, facts) {
		bool of_it = e->current && streq(e->file, c->log)
		                     ? e->line > c->log_line
		                     : e->current && e->at_ns >= c->at_ns;

		if (of_it && streq(e->kind, "gave-up")) {
			gave_up = e;
		} else if (of_it && streq(e->kind, "started")) {
			gave_up = NULL;
		}
	}
	facts_each (running_server, s, facts) {
		runs = runs || (s->here && !streq(s->role, "command"));
	}
	struct finding *f = found(self, out, c, CONF_LIKELY, " in this session");

	finding_detail(out, f, "%s line %lld has the traceback.", c->log, (long long)c->log_line);
	if (runs || !(gave_up || p)) {
		f->severity = SEV_NOTE;
	}
	if (gave_up) {
		finding_cites(f, gave_up);
	}
	advise(out, f, c, facts);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	bool of_trial = false;

	facts_each (crash, c, facts) {
		if (is_other(c)) {
			continue;
		}
		if (streq(c->source, "trial")) {
			of_trial = true;
			check_trial(self, facts, out, c);
		} else if (!of_trial) {
			check_log(self, facts, out, c);
			return;
		}
	}
}

const struct rule rule_bug_gopls_panic = {
	.id = "bug-gopls-panic",
	.title = "gopls itself crashes",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(crash),
	.explains = IDS("*cfg-bad-language-server-flags"),
	.check = check,
};
