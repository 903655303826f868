/* SPDX-License-Identifier: MIT
 * A version manager (asdf, mise, goenv, gvm) gives the terminal one Go and the editor another or
 * none: its shim needs a hook, a variable or a directory that only the shell has.
 *
 * Not this: a shim that gives the editor what it gives the shell, too old for go.mod
 * (tc-local-too-old); a script that reaches its go and spoils the arguments or the output
 * (env-go-wrapper-broken); a plain PATH line in the wrong file (env-go-not-on-path-gui).
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"
#include "gofile/goversion.h"

static const struct fact_shim *shim_of(const struct facts *facts, const char *tool) {
	facts_each (shim, s, facts) {
		if (streq(s->tool, tool) && !streq(s->manager, "snap")) {
			return s;
		}
	}
	return NULL;
}

static const struct fact_startup *hook_of(const struct facts *facts, const char *manager) {
	facts_each (startup, s, facts) {
		if (streq(s->name, "hook") && streq(s->value, manager) &&
		    !streq(s->kind, "project")) {
			return s;
		}
	}
	return NULL;
}

static const char *named(const char *manager) {
	return str_empty(manager) ? "the script" : manager;
}

static bool is_stuck(const struct fact_toolchain *t) {
	return t && !streq(t->verdict, "none") && !t->present;
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const char *manager, const char *version, const char *root) {
	const char *wanted = str_empty(version) || streq(version, "system") ? "VERSION" : version;
	const struct fact_editor *editor = facts_first(editor, facts);
	bool vscode = editor && streq(editor->name, "vscode");
	if (str_empty(root) && streq(manager, "asdf")) {
		finding_fix(out, f, "install that version and say that it is for this directory",
		            "asdf install golang %s && asdf set golang %s", wanted, wanted);
	} else if (str_empty(root) && streq(manager, "mise")) {
		finding_fix(out, f, "install that version and say that it is for this directory",
		            "mise use go@%s", wanted);
	} else if (str_empty(root) && streq(manager, "goenv")) {
		finding_fix(out, f, "install that version and say that it is for this directory",
		            "goenv install %s && goenv local %s", wanted, wanted);
	}
	if (!str_empty(root)) {
		finding_fix(out, f, "put that Go where every session finds it, then log in again",
		            "echo 'export PATH=\"%s/bin:$PATH\"' >> %s", root,
		            origin_login_file(facts));
	}
	if (!str_empty(root) && vscode) {
		finding_fix(out, f,
		            arena_printf(out->arena,
		                         "tell the extension and restart the editor: "
		                         "\"go.alternateTools\": {\"go\": \"%s/bin/go\"}",
		                         root),
		            "%s", "");
	}
}

static void cite_all(const struct facts *facts, struct finding *f, const char *manager) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	const struct fact_startup *hook = hook_of(facts, manager);
	const struct fact_go_run *run = facts_run(facts, "version");
	if (run && run->exit_code != 0) {
		finding_cites(f, run);
	}
	if (p) {
		finding_cites(f, p);
	}
	if (hook) {
		finding_cites(f, hook);
	}
	origin_cite_judged(facts, f, "PATH");
}

/* "; TEAM_GO is set to 1.26.8 in the shell alone" */
static const char *variable_words(const struct facts *facts, const struct fact_shim *s) {
	return str_empty(s->variable) ? ""
	                              : arena_printf(facts->arena, "; only the shell has %s=%s",
	                                             s->variable, s->value);
}

static void fix_variable(const struct facts *facts, struct findings *out, struct finding *f,
                         const struct fact_shim *s) {
	if (str_empty(s->variable)) {
		return;
	}
	const char *line = arena_printf(out->arena, "export %s=%s", s->variable,
	                                str_shell_quote(out->arena, s->value));
	finding_fix(out, f, "set it for every session, then log in again", "echo %s >> %s",
	            str_shell_quote(out->arena, line), origin_login_file(facts));
}

/* The shim ends before it gets to a go. */
static bool check_fails(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_shim *s) {
	const struct fact_go_run *run = facts_run(facts, "behind the shim");
	const struct fact_trial *shell = facts_trial(facts, "go of the shell");
	bool fails = run && run->started && !run->timed_out && run->exit_code != 0;
	bool only_here = shell && shell->better;
	const char *shells = only_here ? shell->detail : "";
	/* A script nobody knows: only its own success elsewhere shows that it is not just broken. That the shell has
	 * another go is none. */
	bool works_elsewhere = only_here && streq(shell->subject, s->path);
	if (!fails || (str_empty(s->manager) && !works_elsewhere)) {
		return false;
	}
	const char *why = str_empty(s->version) ? "finds nothing that says which version to take"
	                  : str_empty(s->root)
	                          ? arena_printf(out->arena,
	                                         "is told by %s to take %s, which is not installed",
	                                         s->where, s->version)
	                          : arena_printf(out->arena,
	                                         "is told by %s to take %s, and ends before it "
	                                         "gets to go",
	                                         s->where, s->version);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, s->path, "%s is a %s%s and %s%s%s%s", s->path,
		str_empty(s->manager) ? "script" : "shim of ", s->manager,
		str_empty(s->manager) ? "fails in this environment" : why,
		only_here ? "; the shell gets Go " : "", shells, variable_words(facts, s));
	finding_about(out, f, "PATH");
	finding_cites(f, s);
	finding_cites(f, run);
	if (shell) {
		finding_cites(f, shell);
	}
	const char *words = facts_run_words(facts, run);
	if (!str_empty(words)) {
		finding_detail(out, f, "it says: %s", words);
	}
	cite_all(facts, f, s->manager);
	fix_variable(facts, out, f, s);
	add_fixes(facts, out, f, s->manager, s->version, s->root);
	return true;
}

static bool suffices(const struct fact_toolchain *t, const char *version) {
	const char *plain = str_starts(version, "go") ? version + 2 : version;
	const char *need = str_starts(t->need, "go") ? t->need + 2 : t->need;
	return goversion_is_valid(plain) && goversion_is_valid(need) &&
	       goversion_compare(plain, need) >= 0;
}

/* Another version than in the shell, and not the one the module needs. */
static bool check_other(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_shim *s) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	const struct fact_trial *shell = facts_trial(facts, "go of the shell");
	if (!s->answered || !is_stuck(t) || !shell || !shell->better ||
	    streq(shell->detail, s->go_version)) {
		return false;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, s->path,
		"%s, a shim of %s, gives the editor Go %s and the shell Go %s; %s wants %s",
		s->path, named(s->manager), s->go_version, shell->detail, t->file, t->need);
	finding_about(out, f, "PATH");
	finding_cites(f, s);
	finding_cites(f, shell);
	finding_cites(f, t);
	if (!str_empty(s->where)) {
		finding_detail(out, f, "for the editor %s decides: %s", s->where, s->version);
	}
	cite_all(facts, f, s->manager);
	fix_variable(facts, out, f, s);
	add_fixes(facts, out, f, s->manager, shell->detail, "");
	return true;
}

static const char *manager_of(const char *path) {
	static const char *const dirs[][2] = {
		{"/.asdf/", "asdf"},     {"/mise/", "mise"}, {"/.goenv/", "goenv"},
		{"/.gvm/", "gvm"},       {"/rtx/", "mise"},  {"/.g/", "g"},
		{"/.gobrew/", "gobrew"}, {"/asdf/", "asdf"},
	};
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		if (str_has(path, dirs[i][0])) {
			return dirs[i][1];
		}
	}
	return NULL;
}

/* The installation that …/bin/go belongs to; a shim lies in none. */
static const char *root_of(const struct facts *facts, const char *go) {
	const char *bin = path_parent(facts->arena, go);
	return str_has(go, "/shims/") || !streq(path_base(bin), "bin")
	               ? ""
	               : path_parent(facts->arena, bin);
}

/* The editor's go is not the manager's, and too old; the manager's would do. */
static bool check_past(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	if (!go || !is_stuck(t) || shim_of(facts, "go")) {
		return false;
	}
	const struct fact *proof = NULL;
	const char *manager = NULL;
	const char *version = "";
	const char *root = "";
	const struct fact_trial *shell = facts_trial(facts, "go of the shell");
	if (shell && shell->better && manager_of(shell->subject)) {
		manager = manager_of(shell->subject);
		version = shell->detail;
		proof = &shell->base;
		root = root_of(facts, shell->subject);
	}
	facts_each (managed_go, m, facts) {
		if ((!manager || streq(manager, m->manager)) && suffices(t, m->version)) {
			manager = m->manager;
			version = m->version;
			root = str_empty(m->root) ? root : m->root;
			proof = proof ? proof : &m->base;
		}
	}
	if (!manager) {
		return false;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, go->path,
		"the editor gets %s (Go %s) and not the Go %s that %s has for this workspace; %s "
		"wants %s",
		go->path, t->local, version, manager, t->file, t->need);
	finding_about(out, f, "PATH");
	finding_cite(f, proof);
	finding_cites(f, t);
	finding_cites(f, go);
	const struct fact_startup *hook = hook_of(facts, manager);
	if (hook) {
		finding_detail(
			out, f,
			"%s is switched on in %s line %lld, where the editor was not started",
			manager, hook->file, (long long)hook->line);
	}
	cite_all(facts, f, manager);
	add_fixes(facts, out, f, manager, version, root);
	return true;
}

/* No go at all, but for a hook in a file the editor's session did not read. */
static bool check_hook(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *go = origin_go_off_path(facts);
	if (facts_chosen(facts, "server-go") || (go && origin_path_line(facts, go))) {
		return false;
	}
	const char *manager = go ? manager_of(go->path) : NULL;
	const struct fact_managed_go *managed = NULL;
	facts_each (managed_go, m, facts) {
		if (!managed && (!manager || streq(manager, m->manager))) {
			managed = m;
			manager = m->manager;
		}
	}
	const struct fact_startup *hook = manager ? hook_of(facts, manager) : NULL;
	if (!hook) {
		return false;
	}
	const char *where = managed ? managed->root : go ? go->path : "";
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, where,
		"the editor has no go: %s would give %s, and is switched on only in %s line %lld",
		manager, where, hook->file, (long long)hook->line);
	finding_about(out, f, "PATH");
	finding_cites(f, hook);
	if (managed) {
		finding_cites(f, managed);
	}
	if (go) {
		finding_cites(f, go);
	}
	cite_all(facts, f, manager);
	add_fixes(facts, out, f, manager, managed ? managed->version : "",
	          managed ? managed->root : "");
	return true;
}

/* gopls was installed for one Go; the shim of another one leads to nothing. */
static void check_gopls(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_shim *s = shim_of(facts, "gopls");
	const struct fact_server *server = facts_first(server, facts);
	if (!s || str_empty(s->manager) || !server || !streq(server->state, "exited") ||
	    server->exit_code == 0) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, s->path, "%s is a shim of %s that leads to no gopls%s%s%s",
		s->path, s->manager, str_empty(s->version) ? "" : " for Go ", s->version,
		str_empty(s->where) ? "" : arena_printf(out->arena, " (%s)", s->where));
	finding_cites(f, s);
	finding_cites(f, server);
	finding_detail(out, f, "tools are installed for each version apart");
	finding_fix(out, f, "install gopls for that version too",
	            "go install golang.org/x/tools/gopls@latest%s",
	            streq(s->manager, "asdf")    ? " && asdf reshim golang"
	            : streq(s->manager, "mise")  ? " && mise reshim"
	            : streq(s->manager, "goenv") ? " && goenv rehash"
	                                         : "");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (facts_healthy(facts)) {
		return;
	}
	const struct fact_shim *s = shim_of(facts, "go");
	bool told = s && (check_fails(self, facts, out, s) || check_other(self, facts, out, s));
	told = told || check_past(self, facts, out) || check_hook(self, facts, out);
	if (!told) {
		check_gopls(self, facts, out);
	}
}

const struct rule rule_env_version_manager_shim = {
	.id = "env-version-manager-shim",
	.title = "a version manager gives the editor another Go than the terminal, or none",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(var),
	.explains = IDS("*tc-local-too-old", "*tc-download-unavailable", "*env-go-not-on-path-gui",
                        "*env-remote-noninteractive-shell", "*env-go-wrapper-broken",
                        "*bin-go-missing", "*bin-wrong-bin-dir", "*bin-gopls-missing"),
	.check = check,
};
