/* SPDX-License-Identifier: MIT */
#include "core/mend.h"

#include "base/path.h"
#include "base/str.h"
#include "core/associated.h"
#include "core/origin.h"

#include <string.h>

/* ---- what a new session gets ---- */

void mend_environment(struct plan *plan, const char *word) {
	size_t count = 0;
	while (plan->environment && plan->environment[count]) {
		count++;
	}
	const char **all = arena_array_of(plan->arena, const char *, count + 2);
	for (size_t i = 0; i < count; i++) {
		all[i] = plan->environment[i];
	}
	all[count] = word;
	plan->environment = all;
}

const char *mend_restart(const struct facts *facts) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	return p ? arena_printf(facts->arena,
	                        "log out and in again, then start the editor (now process %lld, "
	                        "%s) anew",
	                        (long long)p->pid, p->comm)
	         : "open a new shell, or log in again, and start the editor from there";
}

bool mend_is_vscode(const struct facts *facts) {
	const struct fact_editor *e = facts_first(editor, facts);
	return !e || STR_IN(e->name, "vscode", "code-server");
}

/* ---- settings ---- */

/* "go.toolsEnvVars.GOFLAGS" lies in the member "go.toolsEnvVars", "gopls.ui.semanticTokens" in "gopls". */
static const char *keys_of(struct arena *arena, const struct fact_setting *s) {
	static const char *const objects[] = {"go.toolsEnvVars", "go.alternateTools", "gopls",
	                                      "go.languageServerExperimentalFeatures",
	                                      ASSOCIATIONS_SETTING};
	const char *keys = s->key;
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
		size_t n = strlen(objects[i]);
		if (str_starts(s->key, objects[i]) && s->key[n] == '.') {
			keys = arena_printf(arena, "%s/%s", objects[i], s->key + n + 1);
		}
	}
	return streq(s->layer, "workspace") ? arena_printf(arena, "settings/%s", keys) : keys;
}

bool mend_is_data(const char *file) {
	static const char *const ends[] = {".json",
	                                   ".jsonc",
	                                   ".toml",
	                                   ".lua",
	                                   ".el",
	                                   "/.emacs",
	                                   "/.spacemacs",
	                                   ".sublime-settings",
	                                   ".sublime-project"};
	bool found = false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		found = found || str_ends(file, ends[i]);
	}
	return found;
}

/* Of an editor that calls it otherwise: what is behind the name we have given it stands in its file. */
static const char *member_of(const struct fact_setting *s) {
	static const char *const ours[] = {"go.toolsEnvVars.", "gopls."};
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		if (str_starts(s->key, ours[i])) {
			return s->key + strlen(ours[i]);
		}
	}
	return s->key;
}

bool mend_setting(struct plan *plan, const struct facts *facts, const struct fact_setting *setting,
                  const char *json) {
	if (!mend_is_vscode(facts) && setting->line > 0 && mend_is_data(setting->file)) {
		const char *member = member_of(setting);
		/* Of a variable in a table of them the value is not known, but that of the table. */
		plan_member(plan, setting->file, setting->line, member,
		            strchr(member, '/') ? NULL : setting->json, json);
		if (str_empty(plan->then)) {
			plan->then = "restart the language server";
		}
		return true;
	}
	if (!mend_is_vscode(facts) || str_empty(setting->file)) {
		plan_unable(plan, "%s in %s has to be changed by hand", setting->key,
		            str_empty(setting->file) ? "the settings" : setting->file);
		return false;
	}
	plan_setting(plan, setting->file, keys_of(plan->arena, setting), json);
	if (str_empty(plan->then)) {
		plan->then = "restart the language server";
	}
	return true;
}

bool mend_user_setting(struct plan *plan, const struct facts *facts, const char *keys,
                       const char *json) {
	const struct fact_install *i = facts_first(install, facts);
	const struct fact_target *t = facts_first(target, facts);
	if (!mend_is_vscode(facts) || !t || str_empty(t->home)) {
		plan_unable(plan, "it is not known where the settings of this editor are");
		return false;
	}
	const char *file =
		i && !str_empty(i->settings)
			? i->settings
			: arena_printf(plan->arena, "%s/.config/Code/User/settings.json", t->home);
	plan_setting(plan, file, keys, json);
	return true;
}

bool mend_list(struct plan *plan, const struct facts *facts, const char *key, const char *entry) {
	const struct fact_setting *s = facts_setting(facts, key);
	const char *quoted = arena_printf(plan->arena, "\"%s\"", entry);
	const char *p = s ? s->json : "";
	struct strbuf left;
	bool found = false;
	bool open = *p == '[';
	strbuf_init(&left, plan->arena);
	while (open && *(p += 1 + strspn(p + 1, " \n")) == '"') {
		const char *end = p + 1;
		while (*end && *end != '"') {
			end += *end == '\\' && end[1] ? 2 : 1;
		}
		size_t len = *end ? (size_t)(end - p) + 1 : 0;
		bool same = len == strlen(quoted) && memcmp(p, quoted, len) == 0;
		found = found || same;
		if (!same && len > 0) {
			strbuf_printf(&left, "%s%.*s", left.len > 0 ? ", " : "", (int)len, p);
		}
		p += len + strspn(p + len, " \n");
		open = *p == ',' && len > 0;
	}
	if (!found || *p != ']') {
		plan_unable(plan, "%s is no list of words that can be edited", key);
		return false;
	}
	return mend_setting(plan, facts, s,
	                    left.len > 0 ? arena_printf(plan->arena, "[%s]", left.data) : NULL);
}

bool mend_build_flag(struct plan *plan, const struct facts *facts, const char *key,
                     const char *flag) {
	static const char *const keys[] = {"gopls.build.buildFlags", "gopls.buildFlags",
	                                   "go.buildFlags"};
	for (size_t i = 0; str_empty(key) && i < sizeof(keys) / sizeof(*keys); i++) {
		const struct fact_setting *s = facts_setting(facts, keys[i]);
		key = s && str_has(s->json, flag) ? keys[i] : key;
	}
	return mend_list(plan, facts, key, flag);
}

/* ---- variables ---- */

bool mend_where(struct arena *arena, const char *where, const char **ret_file, int64_t *ret_line) {
	const char *colon = strrchr(where, ':');
	if (!colon || where[0] != '/' || str_to_int64(colon + 1, ret_line) < 0) {
		return false;
	}
	*ret_file = arena_strndup(arena, where, (size_t)(colon - where));
	return true;
}

static bool in_settings(struct plan *plan, const struct facts *facts, const struct fact_govar *var,
                        const char *value) {
	struct arena *arena = plan->arena;
	const char *key = origin_setting_key(facts, var->name);
	const struct fact_setting *s = facts_setting(facts, key);
	if (!s) {
		plan_unable(plan, "it is not known which key of the settings sets %s", var->name);
		return false;
	}
	struct fact_setting member = *s;
	if (str_starts(key, "gopls.")) { /* its value is an object of variables */
		member.key = arena_printf(arena, "%s/%s", s->key, var->name);
	}
	const char *json = value ? arena_printf(arena, "\"%s\"", value) : NULL;
	if (value && strpbrk(value, "\"\\")) {
		plan_unable(plan, "%s in %s has to be corrected by hand", member.key, s->file);
		return false;
	}
	return mend_setting(plan, facts, &member, json);
}

/* direnv asks whether it may load an .envrc that has changed (direnv(1), allow). */
static bool in_project(struct plan *plan, const struct facts *facts, const struct fact_govar *var,
                       const char *value) {
	struct arena *arena = plan->arena;
	size_t before = plan->step_count;
	facts_each (startup, s, facts) {
		if (streq(s->kind, "project") && streq(s->name, var->name) &&
		    streq(s->value, var->value)) {
			plan_assign(plan, s->file, s->line, s->name,
			            value ? str_shell_quote(arena, value) : NULL);
		}
	}
	if (plan->step_count == before) {
		return false;
	}
	mend_environment(plan, value ? arena_printf(arena, "%s=%s", var->name, value) : var->name);
	plan->then = arena_printf(arena, "`direnv allow`, then %s", mend_restart(facts));
	return true;
}

/* All lines that give it this value: of two, the other one would take the place of the last. */
static bool in_startup(struct plan *plan, const struct facts *facts, const struct fact_govar *var,
                       const char *value) {
	struct arena *arena = plan->arena;
	const char *quoted = value ? str_shell_quote(arena, value) : NULL;
	const char *left = NULL;
	size_t count = 0;
	facts_each (startup, s, facts) {
		if (streq(s->kind, "project") || !streq(s->name, var->name)) {
			continue;
		}
		if (streq(s->value, var->value)) {
			plan_assign(plan, s->file, s->line, s->name, quoted);
			count++;
		} else {
			left = s->value;
		}
	}
	bool by_unit = false;
	facts_each (unit_env, u, facts) {
		if (!value && streq(u->name, var->name) && streq(u->value, var->value)) {
			plan_assign(plan, u->file, u->line, u->name, NULL);
			by_unit = true;
			count++;
		}
	}
	const char *now = value ? value : left;
	if (count == 0) {
		return false;
	}
	mend_environment(plan, now ? arena_printf(arena, "%s=%s", var->name, now) : var->name);
	plan->then =
		by_unit ? "`systemctl --user daemon-reload`, then restart the unit the editor is "
			  "started by, or log out and in again"
			: mend_restart(facts);
	return true;
}

/* VS Code's extension puts these over the environment it has, for gopls and go; empty is as good as unset to both (cmd/go,
 * cfg.Getenv; os.TempDir). */
static bool is_overridable(const char *name, const char *value) {
	return (str_starts(name, "GO") || str_starts(name, "CGO_") ||
	        STR_IN(name, "TMPDIR", "XDG_RUNTIME_DIR")) &&
	       (!value || !strpbrk(value, "\"\\\n"));
}

/* Who gave it to the editor is not known; the user's settings count more. */
static bool in_override(struct plan *plan, const struct facts *facts, const char *name,
                        const char *value) {
	const struct fact_editor *e = facts_first(editor, facts);
	if (!e || !streq(e->name, "vscode") || !is_overridable(name, value)) {
		return false;
	}
	plan->keeps = arena_printf(plan->arena, "who gives %s to the editor: no start-up file does",
	                           name);
	if (str_empty(plan->then)) {
		plan->then = "restart the language server";
	}
	return mend_user_setting(plan, facts, arena_printf(plan->arena, "go.toolsEnvVars/%s", name),
	                         arena_printf(plan->arena, "\"%s\"", value ? value : ""));
}

static bool out_of_reach(struct plan *plan, const struct facts *facts, const struct fact_govar *var,
                         const char *value) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	const char *what = value ? arena_printf(plan->arena, "`export %s=%s`", var->name,
	                                        str_shell_quote(plan->arena, value))
	                         : arena_printf(plan->arena, "`unset %s`", var->name);
	if (p) {
		plan_unable(plan,
		            "%s is in the environment of process %lld (%s), and no start-up file "
		            "sets it: end the editor, %s where it is started from, start it anew",
		            var->name, (long long)p->pid, p->comm, what);
	} else {
		plan_unable(plan,
		            "%s is in the environment of this shell, and no start-up file sets it: "
		            "%s, then start the editor from there",
		            var->name, what);
	}
	return false;
}

bool mend_variable(struct plan *plan, const struct facts *facts, const struct fact_govar *var,
                   const char *value) {
	struct arena *arena = plan->arena;
	int64_t line = 0;
	const char *file = NULL;
	(void)mend_where(arena, var->where, &file, &line);
	if (streq(var->origin, "settings")) {
		return in_settings(plan, facts, var, value);
	}
	if (streq(var->origin, "goenv") && file) {
		plan_goenv(plan, file, var->name, value);
		return true;
	}
	if (streq(var->origin, "wrapper") && file) {
		plan_assign(plan, file, line, var->name,
		            value ? str_shell_quote(arena, value) : NULL);
		return true;
	}
	if (streq(var->origin, "env")) {
		return in_startup(plan, facts, var, value) || in_project(plan, facts, var, value) ||
		       in_override(plan, facts, var->name, value) ||
		       out_of_reach(plan, facts, var, value);
	}
	if (streq(var->origin, "goroot")) {
		plan_unable(plan, "%s is set %s, which belongs to the Go installation", var->name,
		            origin_words(facts, var));
	} else {
		plan_unable(plan, "%s is set by nobody: that is its default", var->name);
	}
	return false;
}

bool mend_name(struct plan *plan, const struct facts *facts, const char *name, const char *value) {
	struct fact_govar var = origin_of_var(facts, name);
	if (!value || !STR_IN(var.origin, "default", "goroot")) {
		return mend_variable(plan, facts, &var, value);
	}
	const char *file = mend_goenv_file(facts);
	if (!file) {
		plan_unable(plan, "it is not known where `go env -w` would store %s", name);
		return false;
	}
	plan_goenv(plan, file, name, value);
	return true;
}

bool mend_goflags(struct plan *plan, const struct facts *facts, const char *beginning) {
	const struct fact_govar *var = facts_govar(facts, "GOFLAGS");
	struct strbuf left;
	struct slice rest = slice_str(var ? var->value : "");
	struct slice word;
	bool found = false;
	strbuf_init(&left, plan->arena);
	if (!var || strpbrk(var->value, "'\"\t\r\n")) {
		plan_unable(plan, "GOFLAGS has quotes in it, or is not known: edit it by hand");
		return false;
	}
	while (slice_cut(&rest, ' ', &word)) {
		/* The flag package takes two dashes for one. */
		bool twice = word.len > 1 && word.data[0] == '-' && word.data[1] == '-';
		if (slice_starts(slice_of(word.data + twice, word.len - twice), beginning)) {
			found = true;
		} else if (word.len > 0) {
			strbuf_printf(&left, "%s%.*s", left.len > 0 ? " " : "", (int)word.len,
			              word.data);
		}
	}
	if (!found) {
		plan_unable(plan, "GOFLAGS (%s) has no %s", var->value, beginning);
		return false;
	}
	return mend_variable(plan, facts, var, left.len > 0 ? left.data : NULL);
}

const char *mend_goenv_file(const struct facts *facts) {
	const struct fact_target *t = facts_first(target, facts);
	const char *file = facts_govar_value(facts, "GOENV");
	const char *config = facts_var(facts, "server", "XDG_CONFIG_HOME");
	if (file[0] == '/' || streq(file, "off")) {
		return file[0] == '/' ? file : NULL;
	}
	if (config && config[0] == '/') {
		return path_join(facts->arena, config, "go/env");
	}
	return t && t->home[0] == '/' ? path_join(facts->arena, t->home, ".config/go/env") : NULL;
}

/* ---- lines for the next session ---- */

struct login {
	const char *file;
	bool fish;
};

static bool find_login(struct plan *plan, const struct facts *facts, struct login *ret) {
	const struct fact_target *t = facts_first(target, facts);
	const char *shell = facts_var(facts, "judged", "SHELL");
	if (!t || t->home[0] != '/' || str_ends(shell, "csh")) {
		plan_unable(plan,
		            "it is not known which file a login shell (%s) of this user reads",
		            shell ? shell : "?");
		return false;
	}
	ret->fish = str_ends(shell, "/fish");
	const char *file = ret->fish ? "~/.config/fish/config.fish" : origin_login_file(facts);
	ret->file = path_join(plan->arena, t->home, file + strlen("~/"));
	return true;
}

bool mend_export(struct plan *plan, const struct facts *facts, const char *name,
                 const char *value) {
	struct login login;
	if (!find_login(plan, facts, &login)) {
		return false;
	}
	if (strchr(value, '\n')) {
		plan_unable(plan, "the value of %s has a line break in it", name);
		return false;
	}
	plan_append(plan, login.file,
	            arena_printf(plan->arena, login.fish ? "set -gx %s %s" : "export %s=%s", name,
	                         str_shell_quote(plan->arena, value)));
	mend_environment(plan, arena_printf(plan->arena, "%s=%s", name, value));
	plan->then = mend_restart(facts);
	return true;
}

bool mend_path(struct plan *plan, const struct facts *facts, const char *dirs, bool in_front) {
	struct login login;
	struct arena *arena = plan->arena;
	const char *old = facts_var(facts, "judged", "PATH");
	if (!find_login(plan, facts, &login)) {
		return false;
	}
	if (strpbrk(dirs, "\"$`\\\n")) {
		plan_unable(plan, "%s cannot be written into %s as it is", dirs, login.file);
		return false;
	}
	const char *line =
		login.fish ? (in_front ? "set -gx PATH (string split : \"%s\") $PATH"
	                               : "set -gx PATH $PATH (string split : \"%s\")")
			   : (in_front ? "export PATH=\"%s:$PATH\"" : "export PATH=\"$PATH:%s\"");
	struct strbuf text;
	strbuf_init(&text, arena);
	const char *place = strstr(line, "%s");
	strbuf_add_n(&text, line, (size_t)(place - line));
	strbuf_add(&text, dirs);
	strbuf_add(&text, place + 2);
	plan_append(plan, login.file, text.data);
	mend_environment(plan, str_empty(old) ? arena_printf(arena, "PATH=%s", dirs)
	                       : in_front     ? arena_printf(arena, "PATH=%s:%s", dirs, old)
	                                      : arena_printf(arena, "PATH=%s:%s", old, dirs));
	plan->then = mend_restart(facts);
	return true;
}
