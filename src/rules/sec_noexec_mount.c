/* SPDX-License-Identifier: MIT
 * gopls, go or a toolchain lies on a filesystem that is mounted noexec.
 *
 * EACCES with the x bit set; the mount flags tell it from a missing x bit
 * (bin-not-executable-or-dir). A noexec /tmp does no harm to a language server.
 */
#include "core/rule.h"

static void advise(struct findings *out, struct finding *f, const char *mount, const char *tool) {
	if (streq(tool, "gopls")) {
		finding_fix(
			out, f, "install gopls on another filesystem, e.g. in /opt or the home",
			"GOBIN=\"$HOME/.local/bin\" go install golang.org/x/tools/gopls@latest");
	}
	struct fix_advice *fix =
		finding_fix(out, f, "let programs be run from there, if that is yours to decide",
	                    "sudo mount -o remount,exec %s", str_shell_quote(out->arena, mount));
	fix->disruptive = false;
}

static const struct fact_tool *blocked(const struct facts *facts, const char *tool) {
	facts_each (tool, t, facts) {
		if (streq(t->tool, tool) && streq(t->state, "noexec_mount")) {
			return t;
		}
	}
	return NULL;
}

static void report_tool(const struct rule *self, struct findings *out, const struct fact_tool *t) {
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, t->path,
	                     "%s cannot be run: %s is mounted noexec", t->path, t->mount);
	finding_about(out, f, t->mount);
	finding_cites(f, t);
	if (t->configured) {
		finding_detail(out, f, "%s in %s line %lld names it", t->setting, t->file,
		               (long long)t->line);
	}
	advise(out, f, t->mount, t->tool);
}

static void report_place(const struct rule *self, struct findings *out, const struct fact_place *p,
                         const struct fact *proof, const char *what) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN, p->path,
	                                 "%s in %s cannot be run: %s is mounted noexec", what,
	                                 p->path, p->mount);
	finding_about(out, f, p->mount);
	finding_cites(f, p);
	if (proof) {
		finding_cite(f, proof);
	}
	advise(out, f, p->mount, "go");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	static const char *const tools[] = {"gopls", "go"};
	if (facts_healthy(facts)) {
		return;
	}
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		const struct fact_tool *t = blocked(facts, tools[i]);
		bool needed = !facts_chosen(facts, tools[i]) ||
		              (i == 1 && !facts_chosen(facts, "server-go"));
		if (t && needed) {
			report_tool(self, out, t);
			return;
		}
	}
	const struct fact_place *root = facts_place(facts, "GOROOT");
	if (root && root->noexec && streq(root->state, "ok")) {
		report_place(self, out, root, NULL, "the compiler");
		return;
	}
	const struct fact_place *tooldir = facts_place(facts, "GOTOOLDIR");
	if (tooldir && tooldir->noexec && streq(tooldir->state, "ok")) {
		report_place(self, out, tooldir, NULL, "the compiler");
		return;
	}
	const struct fact_toolchain *need = facts_first(toolchain, facts);
	const struct fact_place *mods = facts_place(facts, "GOMODCACHE");
	if (need && mods && mods->noexec && need->present && streq(need->verdict, "needs")) {
		report_place(self, out, mods, &need->base,
		             arena_printf(out->arena, "the toolchain %s", need->need));
	}
}

const struct rule rule_sec_noexec_mount = {
	.id = "sec-noexec-mount",
	.title = "a program lies on a filesystem mounted noexec",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.explains = IDS("*env-go-not-on-path-gui", "*bin-wrong-bin-dir", "*tc-goroot-incomplete"),
	.check = check,
};
