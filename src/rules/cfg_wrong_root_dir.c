/* SPDX-License-Identifier: MIT
 * cfg-wrong-root-dir: the editor gives the server a root that does not hold the open file, or that
 * is no directory. gopls takes any other root well: a directory above (also / and HOME), a
 * subfolder of the module, none at all; so those are never found here.
 * Counter-check: when the root is the folder the user opened, it is not the editor's doing
 * (mod-nested-not-in-workspace); when a go.work above the root names the file's module, the server
 * says nothing and neither does this rule; without a go.mod above the file
 * it is mod-no-gomod-at-root whatever the root is.
 */
#include "base/path.h"
#include "core/rule.h"

static void add_fix(struct findings *out, struct finding *f, const struct fact_client *c,
                    const char *dir) {
	if (streq(c->editor, "neovim")) {
		finding_fix(out, f, "let Neovim find the root from the file",
		            "root_dir = vim.fs.root(0, {'go.work', 'go.mod', '.git'})");
	} else if (streq(c->editor, "emacs")) {
		finding_fix(out, f, "let Emacs take the module as the project",
		            "(setq project-vc-extra-root-markers (list \"go.mod\"))");
	} else if (!str_empty(c->file)) {
		finding_fix(out, f, "correct the root there", "${EDITOR:-vi} +%lld %s",
		            (long long)(c->line > 0 ? c->line : 1),
		            str_shell_quote(out->arena, c->file));
	}
	finding_fix(out, f, "start the editor where the module is", "cd %s",
	            str_shell_quote(out->arena, dir));
}

static void check_state(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_client *c, const struct fact_open_file *file) {
	bool absent = streq(c->root_state, "absent");
	const char *dir = file && !str_empty(file->module_dir) ? file->module_dir : "";
	if (!absent && !streq(c->root_state, "not_dir")) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, c->root,
	                                 "%s gives gopls the root %s, which %s", c->editor, c->root,
	                                 absent ? "does not exist" : "is no directory");
	finding_cites(f, c);
	add_fix(out, f, c, dir);
	f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_client *c = facts_first(client, facts);
	const struct fact_open_file *file = facts_first(open_file, facts);
	const struct fact_target *target = facts_first(target, facts);
	const struct fact *said = facts_said(facts, "not included in your workspace", NULL);
	if (!c || str_empty(c->root)) {
		return;
	}
	check_state(self, facts, out, c, file);
	if (!file || !target || streq(c->root, target->workspace) || !said ||
	    !streq(c->root_state, "ok") || str_empty(file->module_dir) ||
	    path_below(file->path, c->root)) {
		return;
	}
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, c->root,
	                     "%s gives gopls the root %s, but %s belongs to the module %s",
	                     c->editor, c->root, file->path, file->module_dir);
	finding_cites(f, c);
	finding_cites(f, file);
	finding_cite(f, said);
	finding_about(out, f, file->module_dir);
	add_fix(out, f, c, file->module_dir);
}

const struct rule rule_cfg_wrong_root_dir = {
	.id = "cfg-wrong-root-dir",
	.title = "The editor gives the server a root that does not hold the open file",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(client) | FACT_BIT(open_file),
	.explains = IDS("mod-nested-not-in-workspace"),
	.check = check,
};
