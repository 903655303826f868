/* SPDX-License-Identifier: MIT
 * Go was upgraded, gopls or dlv are still those compiled with the one before.
 *
 * VS Code asks for a rebuild whenever the second number differs; mostly everything works, so it is a
 * note. It is the cause when gopls refuses a file whose build constraint raises the language above
 * the Go it was compiled with, while the module's go line does not (else
 * tc-gopls-built-with-older-go), and compiling this release again cures that (else
 * tc-gopls-too-old-for-go).
 */
#include "base/path.h"
#include "core/gopls_choice.h"
#include "core/rule.h"
#include "gofile/goversion.h"

static const struct fact_binary *debugger(const struct facts *facts) {
	facts_each (binary, b, facts) {
		if (streq(b->tool, "dlv")) {
			return b;
		}
	}
	return NULL;
}

static void add_fix(struct findings *out, struct finding *f, const char *path, const char *package,
                    const char *version) {
	finding_fix(out, f, "compile it again with this Go", "GOBIN=%s go install %s@%s",
	            str_shell_quote(out->arena, path_parent(out->arena, path)), package, version);
}

/* The compiler accepts what this gopls refuses, and only its age explains that. */
static bool is_cause(const struct facts *facts, const struct fact_server_age *age) {
	const struct fact_trial *trial = facts_trial(facts, "compile");
	bool behind = goversion_minor(age->language) > goversion_minor(age->built);
	const struct fact *said = facts_said(facts, "requires newer Go version", NULL);
	bool refuted = trial && trial->better;
	return !behind && age->rebuilds && (refuted || (said && !trial));
}

static bool has_errors(const struct facts *facts) {
	facts_each (diagnostic, d, facts) {
		if (streq(d->severity, "error")) {
			return true;
		}
	}
	return false;
}

static void check_server(const struct rule *self, const struct facts *facts, struct findings *out,
                         const struct fact_server_age *age) {
	const struct fact_trial *trial = facts_trial(facts, "compile");
	bool cause = is_cause(facts, age);
	bool open_question = trial ? trial->better : has_errors(facts);
	if (!cause && (!facts_healthy(facts) || open_question)) {
		return; /* what is wrong is something else, or another age of it */
	}
	struct finding *f = findings_add(
		out, self, cause && !trial ? CONF_LIKELY : CONF_CERTAIN, age->path,
		cause ? "gopls (%s) was compiled with Go %s, Go has been upgraded to %s since, and "
			"it "
			"refuses code of the newer one"
		      : "gopls (%s) was compiled with Go %s, and Go is %s now: VS Code will ask to "
			"recompile it",
		age->path, age->built, age->runs);
	f->severity = cause ? SEV_ERROR : SEV_NOTE;
	if (cause && trial) {
		finding_detail(out, f, "go %s compiles the package; only gopls says: %s", age->runs,
		               trial->detail);
		finding_cites(f, trial);
	}
	finding_cites(f, age);
	finding_cite(f, cause ? facts_said(facts, "requires newer Go version", NULL) : NULL);
	add_fix(out, f, age->path, GOPLS_PACKAGE, gopls_choose_again(age));
}

static void check_debugger(const struct rule *self, const struct facts *facts, struct findings *out,
                           const char *runs) {
	const struct fact_binary *dlv = debugger(facts);
	int built = dlv ? goversion_minor(dlv->go_version) : -1;
	if (built < 0 || built >= goversion_minor(runs) || !facts_healthy(facts)) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, dlv->path,
	                                 "dlv (%s) was compiled with Go %s, and Go is %s now",
	                                 dlv->path, dlv->go_version + 2, runs);
	f->severity = SEV_NOTE;
	finding_cites(f, dlv);
	add_fix(out, f, dlv->path, "github.com/go-delve/delve/cmd/dlv", "latest");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server_age *age = facts_first(server_age, facts);
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	if (age && goversion_minor(age->built) < goversion_minor(age->runs)) {
		check_server(self, facts, out, age);
	}
	if (t && !str_empty(t->runs)) {
		check_debugger(self, facts, out, t->runs);
	}
}

const struct rule rule_tc_tools_need_recompile = {
	.id = "tc-tools-need-recompile",
	.title = "Go was upgraded, and the tools are still compiled with the one before",
	.wave = 1,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(server_age),
	.check = check,
};
