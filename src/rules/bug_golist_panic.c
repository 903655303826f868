/* SPDX-License-Identifier: MIT
 * go list itself panics: a bug of that Go, or a Go that is broken.
 *
 * Proof: the same question, asked of go without gopls, ends with exit status 2 and a trace of Go's
 * runtime. The runtime also leaves traces when it finds no memory or may start no thread; those have
 * causes of their own (res-go-oom-fatal, res-nproc-pids), and so have a fault in a telemetry file and a
 * variable with unbalanced quotes, at which go panics.
 * Not this: a compiler that crashes, a trace of gopls itself (bug-gopls-panic).
 */
#include "core/rule.h"

static bool has_own_cause(const char *text) {
	return str_has(text, "out of memory") || str_has(text, "create new OS thread") ||
	       str_has(text, "pthread_create") || str_has(text, "cannot allocate") ||
	       str_has(text, "too many open files") ||
	       str_has(text, "x/telemetry/internal/counter") ||
	       str_has(text, "temporarily unavailable") ||
	       str_has(text, "could not parse environment variable");
}

static const char *trace_in(const char *text) {
	static const char *const words[] = {"panic: ", "fatal error: ", "unexpected fault address"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *at = strstr(text, words[i]);

		if (at) {
			return at;
		}
	}
	return NULL;
}

static const char *first_line(struct arena *arena, const char *text) {
	return arena_strndup(arena, text, strcspn(text, "\n"));
}

static const struct fact_message *said_by_server(const struct facts *facts) {
	facts_each (message, m, facts) {
		if (str_has(m->text, "stderr:") && trace_in(m->text)) {
			return m;
		}
	}
	return NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_go_run *run = facts_run(facts, "list again");
	const struct fact_message *said = said_by_server(facts);
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	const struct fact_go_version *v = facts_first(go_version, facts);
	bool again = run && run->started && !run->timed_out &&
	             (run->exit_code == 2 || run->signal != 0) && trace_in(run->err);
	const char *text = again ? run->err : said ? said->text : "";

	if (!facts_hurt(facts) || !go || (run && !again) || !trace_in(text) ||
	    has_own_cause(text)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, again ? CONF_CERTAIN : CONF_LIKELY, go->path,
		"go list (%s%s%s) ends with \"%s\"%s", go->path, v ? ", " : "", v ? v->version : "",
		first_line(out->arena, trace_in(text)), again ? ", with and without gopls" : "");
	if (run) {
		finding_cites(f, run);
	}
	if (said) {
		finding_cites(f, said);
	}
	finding_fix(out, f, "use another release of Go", "GOTOOLCHAIN=go1.26.8 go list ./...");
	finding_fix(out, f, "install this one anew, if it was changed or copied", "%s", "");
}

const struct rule rule_bug_golist_panic = {
	.id = "bug-golist-panic",
	.title = "go list itself panics",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.explains = IDS("*env-go-wrapper-broken", "?mod-excluded-by-constraints",
                        "*tc-goroot-incomplete"),
	.check = check,
};
