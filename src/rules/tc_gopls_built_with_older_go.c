/* SPDX-License-Identifier: MIT
 * gopls was compiled with a Go older than the language of the module: its type checker does not
 * know that language, whatever the Go on PATH can do.
 *
 * By itself that is harmless as long as the code uses nothing new, so harm must be shown: the
 * compiler accepts what gopls calls an error. Not this: a go.mod that gopls cannot even read
 * (tc-gomod-newer-syntax); a release that this Go cannot compile again (tc-gopls-too-old-for-go);
 * a module that asks for no newer language (tc-tools-need-recompile); a Go that is too old itself
 * (tc-local-too-old, nothing runs then).
 */
#include "base/path.h"
#include "core/gopls_choice.h"
#include "core/rule.h"
#include "core/undefined.h"
#include "gofile/goversion.h"

static void add_fix(const struct facts *facts, struct findings *out, struct finding *f,
                    const struct fact_server_age *age) {
	const char *dir = str_shell_quote(out->arena, path_parent(out->arena, age->path));
	const char *version = gopls_choose_again(age);
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	finding_fix(out, f, "compile gopls again with this Go, then restart the server",
	            "GOBIN=%s %s install golang.org/x/tools/gopls@%s", dir,
	            go ? str_shell_quote(out->arena, go->path) : "go", version);
	if (!str_empty(age->newest) && !streq(age->newest, version)) {
		finding_fix(out, f, "take the newest gopls that this Go compiles",
		            "GOBIN=%s go install golang.org/x/tools/gopls@%s", dir, age->newest);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server_age *age = facts_first(server_age, facts);
	if (!age || goversion_minor(age->language) <= goversion_minor(age->built)) {
		return;
	}
	const struct fact_trial *trial = facts_trial(facts, "compile");
	const struct fact_server *server = facts_first(server, facts);
	const struct fact *said = undefined_language(facts);
	bool refuted = trial && trial->better;
	bool crashed = server && str_has(server->err, "invalid Go version \"go");
	bool kept = age->rebuilds && (refuted || (said && !trial));
	if (!kept && !crashed) {
		return;
	}
	struct finding *f =
		findings_add(out, self, refuted ? CONF_CERTAIN : CONF_LIKELY, age->path,
	                     "gopls (%s %s) was compiled with Go %s and does not know the Go %s "
	                     "that %s asks for",
	                     age->path, age->version, age->built, age->language, age->gomod);
	if (refuted) {
		finding_detail(out, f, "go %s compiles the package; only gopls says: %s", age->runs,
		               trial->detail);
		finding_cites(f, trial);
	}
	finding_cites(f, age);
	finding_cite(f, said);
	facts_each (gomod, g, facts) {
		if (streq(g->path, age->gomod)) {
			finding_cites(f, g);
		}
	}
	if (crashed) {
		finding_cites(f, server);
	}
	add_fix(facts, out, f, age);
}

const struct rule rule_tc_gopls_built_with_older_go = {
	.id = "tc-gopls-built-with-older-go",
	.title = "gopls was compiled with a Go older than the module's language",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(server_age),
	.explains = IDS("*tc-tools-need-recompile", "*tc-gopls-too-old-for-go"),
	.check = check,
};
