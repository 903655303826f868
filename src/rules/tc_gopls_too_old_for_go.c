/* SPDX-License-Identifier: MIT
 * A gopls release that came out long before the Go it drives: it dies of what that Go tells it, or
 * calls correct code wrong, and compiling the same release again would not help.
 *
 * Not this: the same release works once it is compiled with the newer Go
 * (tc-gopls-built-with-older-go, tc-tools-need-recompile); it stumbles over go.mod only
 * (tc-gomod-newer-syntax); a newer gopls lies behind it (bin-shadowed-duplicate explains this one).
 */
#include "base/path.h"
#include "core/gopls_choice.h"
#include "core/rule.h"
#include "core/undefined.h"
#include "gofile/goversion.h"

/* A Go program that panics ends with status 2 and a traceback (runtime.fatalpanic); so does one whose
 * runtime gets no thread or memory, but that is the machine's doing. Recursion without end is not. */
static const struct fact_server *crash(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);
	bool traceback =
		s && (str_has(s->err, "panic: ") || str_has(s->err, "fatal error: stack overflow"));
	return s && streq(s->state, "exited") && s->exit_code == 2 && traceback &&
	                       !str_has(s->err, "invalid Go version \"go")
	               ? s
	               : NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server_age *age = facts_first(server_age, facts);
	int runs = age ? goversion_minor(age->runs) : -1;
	int knows = age ? goversion_minor(age->knows) : -1;
	if (!age || runs < 0 || knows < 0 || knows >= runs) {
		return;
	}
	const struct fact_trial *trial = facts_trial(facts, "compile");
	const struct fact_server *dead = crash(facts);
	bool refuted = trial && trial->better;
	/* A Go that was installed today has compiled nothing yet, and its library takes longer to
	 * compile than we may wait. */
	bool asks = goversion_minor(age->language) > knows;
	const struct fact *said = asks && !trial ? undefined_language(facts) : NULL;
	/* A rebuild with the Go that runs would cure what its being built with an older one does. */
	bool rebuild_helps = age->rebuilds && goversion_minor(age->built) < runs;
	if (!dead && (rebuild_helps || (!refuted && !said))) {
		return;
	}
	struct finding *f = findings_add(
		out, self, refuted && !dead ? CONF_CERTAIN : CONF_LIKELY, age->path,
		"gopls (%s) is %s, of the time of Go %s, and too old for the Go %s it drives",
		age->path, age->version, age->knows, age->runs);
	if (refuted) {
		finding_detail(out, f, "go %s compiles the package; only gopls says: %s", age->runs,
		               trial->detail);
		finding_cites(f, trial);
	} else if (dead) {
		finding_detail(out, f, "it ended with status 2 and a traceback");
		finding_cites(f, dead);
	}
	finding_cite(f, said);
	finding_cites(f, age);
	facts_each (go_version, v, facts) {
		finding_cites(f, v);
	}
	finding_fix(out, f,
	            "install the newest gopls that this Go compiles, then restart the server",
	            "GOBIN=%s go install golang.org/x/tools/gopls@%s",
	            str_shell_quote(out->arena, path_parent(out->arena, age->path)),
	            gopls_choose_newer(age));
}

const struct rule rule_tc_gopls_too_old_for_go = {
	.id = "tc-gopls-too-old-for-go",
	.title = "this gopls is too old for the Go it drives",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(server_age),
	.explains = IDS("*tc-tools-need-recompile"),
	.check = check,
};
