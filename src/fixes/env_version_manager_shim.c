/* SPDX-License-Identifier: MIT
 * Gives every session what only the shell has: the variable that the shim goes by, or the Go it would have chosen.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"
#include "gofile/goversion.h"

static const char *plain(const char *version) {
	return str_starts(version, "go") ? version + 2 : version;
}

/* A Go of a version manager that lies here and is new enough, "" when none: its root. */
static const char *root_of(const struct facts *facts) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	const struct fact_trial *shell = facts_trial(facts, "go of the shell");
	const char *need = t && !streq(t->verdict, "none") ? plain(t->need) : "";
	facts_each (managed_go, m, facts) {
		bool enough = str_empty(need) || !goversion_is_valid(need) ||
		              goversion_compare(plain(m->version), need) >= 0;
		if (m->root[0] == '/' && enough) {
			return m->root;
		}
	}
	if (shell && shell->better && shell->subject[0] == '/' &&
	    !str_has(shell->subject, "/shims/")) {
		const char *bin = path_parent(facts->arena, shell->subject);
		return streq(path_base(bin), "bin") ? path_parent(facts->arena, bin) : "";
	}
	return "";
}

static void plan_gopls(const struct facts *facts, const struct fact_shim *s, struct plan *out) {
	const struct fact_tool *other = origin_gopls_elsewhere(facts);
	if (other && mend_is_vscode(facts)) {
		mend_user_setting(out, facts, "go.alternateTools/gopls",
		                  arena_printf(out->arena, "\"%s\"", other->path));
		return;
	}
	plan_unable(out, "gopls has to be installed for the Go that %s chooses: %s %s",
	            str_empty(s->manager) ? "the shim" : s->manager,
	            "go install golang.org/x/tools/gopls@latest, then",
	            streq(s->manager, "asdf")   ? "asdf reshim golang"
	            : streq(s->manager, "mise") ? "mise reshim"
	                                        : "goenv rehash");
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_shim *s = finding_first(shim, finding);
	/* One that answers, and with another version, has the wrong root. */
	bool meant = s && !s->answered && !str_empty(s->root);
	const char *root = meant ? s->root : root_of(facts);
	if (s && streq(s->tool, "gopls")) {
		plan_gopls(facts, s, out);
		return;
	}
	if (s && !str_empty(s->variable)) {
		out->why =
			arena_printf(out->arena,
		                     "%s goes by %s, which only your shell has. What a login shell "
		                     "reads, every session has.",
		                     s->path, s->variable);
		mend_export(out, facts, s->variable, s->value);
		return;
	}
	if (str_empty(root)) {
		plan_unable(out, "%s has to install the Go that is wanted: that needs the network",
		            s && !str_empty(s->manager) ? s->manager : "the version manager");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "The Go that the version manager would choose lies in %s, and only "
	                        "your shell finds it. In front of PATH, every session does.",
	                        root);
	mend_path(out, facts, path_join(out->arena, root, "bin"), true);
}

const struct fix fix_env_version_manager_shim = {
	.cause = "env-version-manager-shim",
	.title = "give every session what only the shell has",
	.plan = plan,
};
