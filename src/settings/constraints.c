/* SPDX-License-Identifier: MIT
 * Settings and environment speak of the same things. Where they disagree, one of them counts, and it is not always the
 * one that was written last. Which one follows from golang/vscode-go extension/src/goEnv.ts, utils/pathUtils.ts,
 * language/goLanguageServer.ts, and from cmd/go.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/origin.h"
#include "gofile/goenvfile.h"
#include "settings/constraints_work.h"

const struct jsonc_node *constraint_value(struct constraint *c, const struct fact_setting *s) {
	return s ? jsonc_parse(c->lint->arena, slice_str(s->json))->root : NULL;
}

const char *constraint_text(struct constraint *c, const char *key) {
	const char *text = jsonc_string(constraint_value(c, facts_setting(c->facts, key)));
	return str_empty(text) ? NULL : text;
}

static const char *shown(struct constraint *c, const char *name, const char *value) {
	(void)name;
	return c->lint->is_secret && c->lint->is_secret(name) ? "***" : value;
}

/* "go.goroot in /x/settings.json line 3". */
const char *constraint_place_words(struct constraint *c, const struct fact_setting *s) {
	return arena_printf(c->lint->arena, "%s in %s line %lld", s->key, s->file,
	                    (long long)s->line);
}

const char *constraint_var_words(struct constraint *c, const char *name) {
	const struct fact_govar *v = facts_govar(c->facts, name);
	return v ? origin_words(c->facts, v) : "the environment";
}

/* Where the setting stands: the fact knows its line only. */
static struct jsonc_place place_of(struct constraint *c, const struct fact_setting *s) {
	const struct layers *layers = c->lint->layers;
	struct jsonc_place place = {.line = (size_t)s->line, .column = 1};
	for (size_t i = 0; layers && i < layers->count; i++) {
		const struct jsonc_node *root = layers->items[i].root;
		if (!root || !streq(layers->items[i].file, s->file)) {
			continue;
		}
		for (const struct jsonc_node *m = root->first_child; m; m = m->next) {
			size_t len = strlen(m->key);
			bool outer = str_starts(s->key, m->key) && s->key[len] == '.';
			const struct jsonc_node *inner =
				outer ? jsonc_get(m, s->key + len + 1) : NULL;
			const struct jsonc_node *node = streq(m->key, s->key) ? m : inner;
			if (node && node->key_place.line == place.line) {
				return node->key_place;
			}
		}
	}
	return place;
}

struct issue *constraint_report(struct constraint *c, const struct fact_setting *s,
                                enum severity severity, const char *message, const char *effective,
                                const char *origin, const char *instead) {
	struct issue *issue =
		issues_add(&c->lint->issues, ISSUE_CONTRADICTION, severity, "%s", message);
	if (s) {
		issue->file = s->file;
		issue->layer = s->layer;
		issue->key = s->key;
		issue->place = place_of(c, s);
	}
	issue->effective = effective;
	issue->origin = origin;
	issue->instead = instead;
	return issue;
}

/* ---- go.goroot, GOROOT, PATH, alternateTools ---- */

static void check_goroot(struct constraint *c) {
	const struct fact_setting *s = facts_setting(c->facts, "go.goroot");
	const struct fact_govar *v = facts_govar(c->facts, "GOROOT");
	const struct fact_tool *go = facts_chosen(c->facts, "go");
	const char *text = constraint_text(c, "go.goroot");
	const char *env = facts_var(c->facts, "judged", "GOROOT");
	if (text && v && !streq(v->value, text) && !str_has(text, "${") && text[0] == '/') {
		constraint_report(c, s, SEV_WARNING,
		                  SAY(c, "go.goroot says %s, but GOROOT is %s", text, v->value),
		                  v->value, constraint_var_words(c, "GOROOT"), "");
	} else if (text && env && *env && !streq(env, text)) {
		constraint_report(
			c, s, SEV_WARNING,
			SAY(c, "go.goroot says %s, the environment says GOROOT=%s", text, env),
			text, constraint_place_words(c, s), "");
	}
	if (!go || !v || str_empty(v->value) || streq(v->origin, "default")) {
		return;
	}
	const char *real = str_empty(go->real) ? go->path : go->real;
	const char *own = path_parent(c->lint->arena, path_parent(c->lint->arena, real));
	struct file_stat a = world_stat(c->world, v->value);
	struct file_stat b = world_stat(c->world, own);
	bool tree = world_stat(c->world, path_join(c->lint->arena, own, "VERSION")).exists;
	if (a.known && b.known && tree && a.exists && (a.ino != b.ino || a.dev != b.dev)) {
		constraint_report(c, s, SEV_ERROR,
		                  SAY(c, "go is %s, but GOROOT makes it use the library of %s",
		                      go->path, v->value),
		                  v->value, constraint_var_words(c, "GOROOT"),
		                  "leave GOROOT unset: go finds its own");
	}
}

/* Each go that gopls runs gets it: without the directory none starts. */
static void check_gopls_goroot(struct constraint *c) {
	static const char *const keys[] = {"gopls.build.env", "gopls.env"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct fact_setting *s = facts_setting(c->facts, keys[i]);
		const char *root = jsonc_string(jsonc_get(constraint_value(c, s), "GOROOT"));
		struct file_stat st =
			root && root[0] == '/' ? world_stat(c->world, root) : (struct file_stat){0};
		if (st.known && !st.is_dir) {
			constraint_report(
				c, s, SEV_ERROR,
				SAY(c, "%s gives gopls GOROOT=%s, which %s: no go it runs can work",
			            s->key, root, st.exists ? "is no directory" : "does not exist"),
				root, constraint_place_words(c, s), "no GOROOT: go finds its own");
			return;
		}
	}
}

static void check_two_gos(struct constraint *c) {
	const struct fact_tool *go = facts_chosen(c->facts, "go");
	const struct fact_tool *server = facts_chosen(c->facts, "server-go");
	const struct fact_setting *s = facts_setting(c->facts, "go.alternateTools.go");
	s = s ? s : facts_setting(c->facts, "go.goroot");
	if (!go || !server || !s || str_empty(server->path) || streq(go->path, server->path)) {
		return;
	}
	struct file_stat a = world_stat(c->world, go->path);
	struct file_stat b = world_stat(c->world, server->path);
	if (a.exists && b.exists && (a.ino != b.ino || a.dev != b.dev)) {
		constraint_report(
			c, s, SEV_WARNING,
			SAY(c,
		            "the extension runs %s because of %s, but gopls finds %s on its PATH",
		            go->path, s->key, server->path),
			server->path, "PATH of gopls",
			SAY(c, "put %s in front of PATH", path_parent(c->lint->arena, go->path)));
	}
}

/* ---- where tools are installed and looked for ---- */

static void check_tool_places(struct constraint *c) {
	const struct fact_setting *s = facts_setting(c->facts, "go.toolsGopath");
	const char *tools = constraint_text(c, "go.toolsGopath");
	const struct fact_govar *gobin = facts_govar(c->facts, "GOBIN");
	const struct fact_tool *gopls = facts_chosen(c->facts, "gopls");
	if (!tools || !gobin || str_empty(gobin->value) ||
	    streq(gobin->value, path_join(c->lint->arena, tools, "bin"))) {
		return;
	}
	constraint_report(
		c, s, SEV_WARNING,
		SAY(c,
	            "tools are installed below go.toolsGopath (%s), but looked for in GOBIN (%s) "
	            "first",
	            tools, gobin->value),
		gopls ? gopls->path : gobin->value, constraint_var_words(c, "GOBIN"),
		"keep only one of the two");
}

/* ---- go.toolsEnvVars, the process, gopls.build.env ---- */

static void check_tools_env_one(struct constraint *c, const struct fact_setting *s,
                                const char *name, const char *value) {
	const char *judged = facts_var(c->facts, "judged", name);
	const char *gopath = constraint_text(c, "go.gopath");
	if (streq(name, "PATH")) {
		constraint_report(
			c, s, SEV_NOTE,
			"go.toolsEnvVars.PATH reaches gopls and go only: the extension looks for "
			"tools on "
			"the PATH it was started with",
			judged ? judged : "", "the editor's environment",
			"\"go.alternateTools\": {\"gopls\": \"/absolute/path\"}");
		return;
	}
	bool expands = str_has(value, "${") || value[0] == '~';
	if (streq(name, "GOPATH") && (gopath || !str_empty(judged))) {
		const char *counts = gopath ? gopath : judged;
		if (!streq(counts, value) && !expands) {
			constraint_report(
				c, s, SEV_WARNING,
				SAY(c, "go.toolsEnvVars.GOPATH = %s does not count: %s", value,
			            gopath ? "go.gopath is set" : "the environment sets GOPATH"),
				counts, gopath ? "go.gopath" : "the editor's environment",
				SAY(c, "\"go.gopath\": \"%s\"", value));
		}
		return;
	}
	if (judged && !streq(judged, value) && !expands) {
		constraint_report(
			c, s, SEV_WARNING,
			SAY(c,
		            "%s is %s in the editor and %s in its environment, so the terminal "
		            "differs",
		            name, shown(c, name, value), shown(c, name, judged)),
			shown(c, name, value), constraint_place_words(c, s), "");
	}
}

static void check_build_env(struct constraint *c, const struct fact_setting *s) {
	const struct jsonc_node *env = constraint_value(c, s);
	const struct jsonc_node *m = env && env->type == JSONC_OBJECT ? env->first_child : NULL;
	for (; m; m = m->next) {
		const char *value = jsonc_string(m);
		const char *key = SAY(c, "go.toolsEnvVars.%s", m->key);
		const char *tools = constraint_text(c, key);
		if (streq(m->key, "PATH")) {
			constraint_report(
				c, s, SEV_WARNING,
				SAY(c,
			            "%s.PATH has no effect: gopls finds go on the PATH it was "
			            "started with",
			            s->key),
				facts_var(c->facts, "server", "PATH"), "PATH of gopls",
				"\"go.alternateTools\": {\"go\": \"/absolute/path\"}");
		} else if (value && tools && !streq(value, tools)) {
			constraint_report(c, s, SEV_WARNING,
			                  SAY(c,
			                      "gopls works with %s=%s, tests and builds of the "
			                      "editor with %s",
			                      m->key, shown(c, m->key, value),
			                      shown(c, m->key, tools)),
			                  shown(c, m->key, value), constraint_place_words(c, s),
			                  "keep only one of the two");
		}
	}
}

static void check_environments(struct constraint *c) {
	static const char prefix[] = "go.toolsEnvVars.";
	facts_each (setting, s, c->facts) {
		const struct jsonc_node *value = s->effective ? constraint_value(c, s) : NULL;
		if (value && str_starts(s->key, prefix) && jsonc_string(value)) {
			check_tools_env_one(c, s, s->key + strlen(prefix), value->string);
		} else if (value &&
		           (streq(s->key, "gopls.build.env") || streq(s->key, "gopls.env"))) {
			check_build_env(c, s);
		}
	}
}

/* What `go env -w` wrote and something stronger hides. */
static void check_goenv_file(struct constraint *c) {
	const struct envset *env = c->lint->env;
	const char *file = env ? goenv_user_file_path(c->lint->arena, env) : NULL;
	if (!file || file[0] != '/') {
		return;
	}
	const struct evidence *ev = world_look(c->world, LOOK_FILE, file, GOENVFILE_MAX_BYTES);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	struct goenvfile written = goenvfile_parse(c->lint->arena, ev->bytes);
	for (size_t i = 0; i < written.count; i++) {
		const struct goenvfile_entry *e = &written.entries[i];
		const struct fact_govar *v = facts_govar(c->facts, e->key);
		bool hidden = v && (streq(v->origin, "env") || streq(v->origin, "settings"));
		if (!hidden || streq(v->value, e->value) || goenvfile_find(&written, e->key) != e) {
			continue;
		}
		struct issue *issue = constraint_report(
			c, NULL, SEV_NOTE,
			SAY(c, "%s=%s of `go env -w` does not count", e->key,
		            shown(c, e->key, e->value)),
			shown(c, e->key, v->value), origin_words(c->facts, v), "");
		issue->file = file;
		issue->place = (struct jsonc_place){.line = (size_t)e->line, .column = 1};
		issue->command = SAY(c, "go env -u %s", e->key);
	}
}

/* ---- proxies ---- */

static void check_http_proxy(struct constraint *c) {
	static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
	                                    "http_proxy"};
	const struct fact_setting *s = facts_setting(c->facts, "http.proxy");
	const char *proxy = constraint_text(c, "http.proxy");
	for (size_t i = 0; proxy && i < sizeof(names) / sizeof(*names); i++) {
		const char *env = c->lint->env ? envset_get(c->lint->env, names[i]) : NULL;
		if (!str_empty(env) && !streq(env, proxy)) {
			constraint_report(
				c, s, SEV_WARNING,
				SAY(c,
			            "http.proxy is %s, %s is %s: Go's tools of the editor use the "
			            "setting, the terminal the variable",
			            proxy, names[i], env),
				proxy, constraint_place_words(c, s), "");
			return;
		}
	}
}

static bool list_has(const char *list, struct slice wanted) {
	struct slice rest = slice_str(list);
	struct slice part;
	while (slice_cut(&rest, ',', &part)) {
		struct slice p = slice_trim(part);
		if (p.len == wanted.len && memcmp(p.data, wanted.data, p.len) == 0) {
			return true;
		}
	}
	return false;
}

/* GOPRIVATE is only the default of the other two: set, they replace it. Source: go help private. */
static void check_private(struct constraint *c) {
	static const char *const names[] = {"GONOPROXY", "GONOSUMDB"};
	const char *private = facts_govar_value(c->facts, "GOPRIVATE");
	for (size_t i = 0; i < 2 && !str_empty(private); i++) {
		const struct fact_govar *v = facts_govar(c->facts, names[i]);
		struct slice rest = slice_str(private);
		struct slice part;
		bool covered = !v || str_empty(v->value);
		while (!covered && slice_cut(&rest, ',', &part)) {
			struct slice p = slice_trim(part);
			if (p.len > 0 && !list_has(v->value, p)) {
				constraint_report(
					c, NULL, SEV_WARNING,
					SAY(c,
				            "GOPRIVATE has %.*s, but %s=%s takes its place and "
				            "lacks it",
				            (int)p.len, p.data, names[i], v->value),
					v->value, constraint_var_words(c, names[i]),
					SAY(c, "leave %s unset: GOPRIVATE sets it", names[i]));
				covered = true;
			}
		}
	}
}

static void check_goproxy(struct constraint *c) {
	const struct fact_setting *s =
		facts_setting(c->facts, "go.toolsManagement.checkForUpdates");
	const char *proxy = facts_govar_value(c->facts, "GOPROXY");
	bool asks = !s || streq(s->json, "\"proxy\"");
	const struct fact_setting *update =
		facts_setting(c->facts, "go.toolsManagement.autoUpdate");
	if (streq(proxy, "off") && asks && (s || (update && streq(update->json, "true")))) {
		constraint_report(c, s ? s : update, SEV_NOTE,
		                  "the extension is to ask the module proxy for new tools, but "
		                  "GOPROXY is off",
		                  "GOPROXY=off", constraint_var_words(c, "GOPROXY"),
		                  "\"go.toolsManagement.checkForUpdates\": \"local\"");
	}
	const char *sumdb = facts_govar_value(c->facts, "GOSUMDB");
	const struct fact_govar *without = facts_govar(c->facts, "GONOSUMDB");
	if (streq(sumdb, "off") && without && !str_empty(without->value)) {
		constraint_report(
			c, NULL, SEV_NOTE,
			SAY(c, "GOSUMDB=off makes GONOSUMDB=%s meaningless: no module is checked",
		            without->value),
			"GOSUMDB=off", constraint_var_words(c, "GOSUMDB"), "");
	}
}

/* ---- another platform ---- */

static void check_platform(struct constraint *c) {
	static const char *const names[] = {"GOOS", "GOARCH"};
	for (size_t i = 0; i < 2; i++) {
		const struct fact_govar *v = facts_govar(c->facts, names[i]);
		const struct fact_setting *s =
			facts_setting(c->facts, SAY(c, "go.toolsEnvVars.%s", names[i]));
		if (!v || streq(v->origin, "default") || (i == 0 && streq(v->value, "linux"))) {
			continue;
		}
		constraint_report(
			c, s, SEV_NOTE,
			SAY(c,
		            "%s=%s: the editor leaves out files for this machine, and tests do not "
		            "run",
		            names[i], v->value),
			v->value, origin_words(c->facts, v), "");
	}
}

void lint_constraints(struct lint *lint, const struct facts *facts, struct world *world) {
	struct constraint c = {.lint = lint, .facts = facts, .world = world};
	check_goroot(&c);
	check_gopls_goroot(&c);
	check_two_gos(&c);
	check_tool_places(&c);
	check_environments(&c);
	check_goenv_file(&c);
	constraint_check_flags(&c);
	constraint_check_goflags(&c);
	check_http_proxy(&c);
	check_private(&c);
	check_goproxy(&c);
	check_platform(&c);
}
