/* SPDX-License-Identifier: MIT
 * The project has an environment of its own (direnv, nix), and the editor was started without it.
 *
 * An .envrc beside an editor that works is nobody's trouble: something must be wrong that a value of
 * the project's environment would put right. That is judged from the text of the .envrc, which is
 * never run, and from the shell's environment when that has it loaded. Not this: an interactive
 * start-up file (env-go-not-on-path-gui, env-remote-noninteractive-shell); a version manager's hook
 * (env-version-manager-shim).
 */
#include "base/path.h"
#include "core/cgo.h"
#include "core/origin.h"
#include "core/rule.h"

static const struct fact_startup_file *project_file(const struct facts *facts, const char *name) {
	facts_each (startup_file, file, facts) {
		if (streq(file->kind, "project") && (!name || streq(path_base(file->file), name))) {
			return file;
		}
	}
	return NULL;
}

/* The environment of this scope has what that file stands for. DIRENV_DIR is "-" and the directory
 * (direnv, internal/cmd/rc.go). */
static bool is_loaded(const struct facts *facts, const char *scope, const char *file) {
	if (!streq(path_base(file), ".envrc")) {
		return facts_var(facts, scope, "IN_NIX_SHELL") ||
		       facts_var(facts, scope, "DEVENV_ROOT");
	}
	const char *loaded = facts_var(facts, scope, "DIRENV_DIR");
	const char *dir = path_parent(facts->arena, file);
	return loaded && (streq(loaded + (loaded[0] == '-'), dir) ||
	                  streq(facts_var(facts, scope, "DIRENV_FILE"), file));
}

static bool lies_in(const struct facts *facts, const struct fact_tool *t, const char *dir) {
	return streq(path_parent(facts->arena, t->path), dir);
}

/* A go or gopls the server lacks, in a directory that this line puts on PATH. */
static const struct fact *tool_in(const struct facts *facts, const char *dir) {
	bool no_go = !facts_chosen(facts, "server-go");
	bool no_gopls = !facts_chosen(facts, "gopls");
	facts_each (tool, t, facts) {
		bool missed =
			(no_go && streq(t->tool, "go")) || (no_gopls && streq(t->tool, "gopls"));
		if (missed && streq(t->state, "ok") && lies_in(facts, t, dir)) {
			return &t->base;
		}
	}
	const struct fact_trial *shell = facts_trial(facts, "go of the shell");
	bool there =
		shell && shell->better && streq(path_parent(facts->arena, shell->subject), dir);
	return there ? &shell->base : NULL;
}

/* What is wrong now and would not be with this value, or NULL. */
static const struct fact *need(const struct facts *facts, const char *name, const char *value) {
	if (streq(name, "PATH")) {
		return tool_in(facts, value);
	}
	if (!facts_hurt(facts) || streq(facts_var(facts, "judged", name), value)) {
		return NULL;
	}
	if (cgo_reads(name)) {
		return cgo_complaint(facts);
	}
	return origin_need(facts, name, value);
}

struct reason {
	const char *name;
	const char *value;
	const struct fact *says; /* the line or the shell's variable */
	const struct fact *proof;
};

static bool find_in_text(const struct facts *facts, struct reason *ret) {
	facts_each (startup, s, facts) {
		const struct fact *proof = NULL;
		if (streq(s->kind, "project")) {
			proof = need(facts, s->name, s->value);
		}
		if (proof) {
			*ret = (struct reason){s->name, s->value, &s->base, proof};
			return true;
		}
	}
	return false;
}

/* What a start-up file of the shell sets comes from there, and not from the project. */
static bool is_of_session(const struct facts *facts, const char *name, const char *value) {
	return origin_startup(facts, name, value) != NULL;
}

/* A directory of the shell's PATH that the editor's has not. */
static bool find_in_path(const struct facts *facts, const struct fact_var *v, struct reason *ret) {
	struct slice rest = slice_str(v->value);
	struct slice part;
	while (slice_cut(&rest, ':', &part)) {
		const char *dir = arena_slicedup(facts->arena, part);
		bool session = dir[0] != '/' || is_of_session(facts, "PATH", dir);
		const struct fact *proof = session ? NULL : tool_in(facts, dir);
		if (proof) {
			*ret = (struct reason){"PATH", dir, &v->base, proof};
			return true;
		}
	}
	return false;
}

static bool find_in_shell(const struct facts *facts, struct reason *ret) {
	facts_each (var, v, facts) {
		if (!streq(v->scope, "own")) {
			continue;
		}
		if (streq(v->name, "PATH")) {
			if (find_in_path(facts, v, ret)) {
				return true;
			}
			continue;
		}
		bool session = is_of_session(facts, v->name, v->value);
		const struct fact *proof = session ? NULL : need(facts, v->name, v->value);
		if (proof) {
			*ret = (struct reason){v->name, v->value, &v->base, proof};
			return true;
		}
	}
	return false;
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const char *file) {
	const char *dir = str_shell_quote(out->arena, path_parent(out->arena, file));
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	const struct fact_editor *e = facts_first(editor, facts);
	const char *editor = p && streq(p->comm, "nvim")     ? "nvim ."
	                     : e && streq(e->name, "vscode") ? "code ."
	                     : e && !streq(e->name, "none")  ? e->name
	                                                     : "\"$EDITOR\" .";
	if (streq(path_base(file), ".envrc")) {
		finding_fix(out, f, "quit the editor and start it with the project's environment",
		            "direnv allow %s && cd %s && direnv exec . %s", dir, dir, editor);
		if (e && streq(e->name, "vscode")) {
			finding_fix(out, f, "let an extension load it (mkhl.direnv), then restart",
			            "code --install-extension mkhl.direnv");
		}
	} else {
		const char *shell = streq(path_base(file), "flake.nix")    ? "nix develop -c"
		                    : streq(path_base(file), "devenv.nix") ? "devenv shell --"
		                                                           : "nix-shell --run";
		finding_fix(out, f, "quit the editor and start it with the project's environment",
		            "cd %s && %s %s", dir, shell,
		            streq(path_base(file), "shell.nix")
		                    ? str_shell_quote(out->arena, editor)
		                    : editor);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_startup_file *file = project_file(facts, ".envrc");
	file = file ? file : project_file(facts, NULL);
	if (!file || facts_healthy(facts) || is_loaded(facts, "judged", file->file)) {
		return;
	}
	struct reason why;
	bool shell = is_loaded(facts, "own", file->file) || facts_var(facts, "own", "IN_NIX_SHELL");
	if (!find_in_text(facts, &why) && !(shell && find_in_shell(facts, &why))) {
		return;
	}
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	const char *other = facts_var(facts, "judged", "DIRENV_DIR");
	const char *whose = p ? arena_printf(out->arena, "the editor (process %lld, %s)",
	                                     (long long)p->pid, p->comm)
	                      : "this environment";
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, file->file, "%s gives this workspace %s%s%s, and %s %s%s",
		file->file, why.value, streq(why.name, "PATH") ? " on " : " as ", why.name, whose,
		other ? "has that of " : "was started without it",
		other ? other + (other[0] == '-') : "");
	finding_about(out, f, why.name);
	finding_cites(f, file);
	finding_cite(f, why.says);
	finding_cite(f, why.proof);
	if (p) {
		finding_cites(f, p);
	}
	origin_cite_judged(facts, f, why.name);
	origin_cite_judged(facts, f, "DIRENV_DIR");
	add_fixes(facts, out, f, file->file);
}

const struct rule rule_env_direnv_nix_not_loaded = {
	.id = "env-direnv-nix-not-loaded",
	.title = "the project's own environment (direnv, nix) is not the editor's",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(startup) | FACT_BIT(startup_file) | FACT_BIT(var),
	.explains =
		IDS("*env-go-not-on-path-gui", "*env-remote-noninteractive-shell",
                    "*bin-gopls-missing", "*bin-wrong-bin-dir", "*bin-go-missing",
                    "*tc-local-too-old", "*tc-download-unavailable", "*mod-excluded-by-constraints",
                    "*mod-gosum-or-gomod-stale", "*mod-cgo-toolchain-missing",
                    "*mod-inconsistent-vendoring", "*mod-nested-not-in-workspace"),
	.check = check,
};
