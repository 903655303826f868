/* SPDX-License-Identifier: MIT
 * cfg-duplicate-clients: two plug-ins of one editor start a gopls each for the same folder.
 * Everything works, twice.
 * Counter-checks: the side process of telemetry and the daemon behind -remote are no second client
 * (their parent is gopls, or they listen); each window of VS Code has its own extension host; an
 * agent beside an editor has its own server; and an editor that has files of two modules open starts
 * one server for each, with equal arguments: then only a difference in program or arguments, or a
 * workspace of one module, tells that there are two plug-ins.
 */
#include "base/path.h"
#include "core/rule.h"

static bool is_client(const struct fact_running_server *s) {
	return s->here && s->editor_pid > 0 && s->ppid == s->editor_pid && !streq(s->state, "Z") &&
	       (streq(s->role, "server") || streq(s->role, "forwarder"));
}

/* All files of the workspace have the same root in the eyes of an editor. */
static bool one_root(const struct facts *facts) {
	const struct fact_module_count *modules = facts_first(module_count, facts);
	const struct fact_open_file *file = facts_first(open_file, facts);
	const struct fact_target *t = facts_first(target, facts);
	/* With no go.mod in it, the workspace is a part of the file's module. */
	return modules && modules->complete && modules->count <= 1 && file && t &&
	       path_below(t->workspace, file->module_dir);
}

static const char *who(const struct facts *facts, int64_t pid) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	return p && p->pid == pid ? p->comm : "the editor";
}

static void add_fixes(struct findings *out, struct finding *f, const char *kind, bool with_remote) {
	if (streq(kind, "emacs")) {
		finding_fix(out, f, "keep one of eglot-ensure and lsp in go-mode-hook",
		            "M-x customize-variable RET go-mode-hook");
	} else if (streq(kind, "neovim") || with_remote) {
		finding_fix(out, f, "if vim-go is one of them: let it start none",
		            "let g:go_gopls_enabled = 0");
		finding_fix(out, f, "see who starts them", ":checkhealth vim.lsp");
	}
	finding_fix(out, f, "switch one of the two plug-ins off and restart the editor", "%s", "");
}

static bool check_running(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	facts_each (running_server, a, facts) {
		for (const struct fact *next = a->base.next; next && is_client(a);
		     next = next->next) {
			const struct fact_running_server *b =
				(const struct fact_running_server *)next;
			bool differ = !streq(a->args, b->args) || !streq(a->exe, b->exe);
			if (!is_client(b) || b->editor_pid != a->editor_pid ||
			    !streq(a->cwd, b->cwd) || (!differ && !one_root(facts))) {
				continue;
			}
			struct finding *f = findings_add(
				out, self, differ ? CONF_CERTAIN : CONF_LIKELY,
				arena_printf(out->arena, "%lld, %lld", (long long)a->pid,
			                     (long long)b->pid),
				"%s (%lld) runs two gopls for %s: %lld (%s%s%s) and %lld (%s%s%s)",
				who(facts, a->editor_pid), (long long)a->editor_pid, a->cwd,
				(long long)a->pid, a->exe, str_empty(a->args) ? "" : " ", a->args,
				(long long)b->pid, b->exe, str_empty(b->args) ? "" : " ", b->args);
			finding_cites(f, a);
			finding_cites(f, b);
			add_fixes(out, f, a->editor_kind, !streq(a->role, b->role) || differ);
			f->severity = SEV_WARNING;
			return true;
		}
	}
	return false;
}

/* Asked, the editor started two for the one file it was given. */
static void check_asked(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (client, a, facts) {
		const struct fact_client *b = (const struct fact_client *)a->base.next;
		if (!b || !streq(a->from, "asked") || !streq(b->from, "asked") ||
		    !streq(a->root, b->root)) {
			continue;
		}
		struct finding *f =
			findings_add(out, self, CONF_CERTAIN, a->root,
		                     "%s starts two gopls for one file in %s: %s, and %s",
		                     a->editor, a->root, a->command, b->command);
		finding_cites(f, a);
		finding_cites(f, b);
		add_fixes(out, f, a->editor, str_has(a->command, "-remote"));
		f->severity = SEV_WARNING;
		return;
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (!check_running(self, facts, out)) {
		check_asked(self, facts, out);
	}
}

const struct rule rule_cfg_duplicate_clients = {
	.id = "cfg-duplicate-clients",
	.title = "Two plug-ins of one editor start a gopls each for the same folder",
	.wave = 1,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(running_server),
	.check = check,
};
