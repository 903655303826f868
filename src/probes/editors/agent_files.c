/* SPDX-License-Identifier: MIT */
#include "probes/editors/agent_files.h"

#include "base/path.h"
#include "base/str.h"
#include "probes/search.h"

struct wiring {
	struct exam *exam;
	struct client_config *config;
	bool wired;
	bool any;          /* something about Go was found */
	const char *agent; /* the one whose files are read, or were, last */
};

static void state(struct wiring *w, const char *what, const char *subject, const char *command,
                  const char *file, const struct jsonc_node *at, const char *fix) {
	const struct evidence *ev =
		*file ? world_look(w->exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS) : NULL;
	w->any = true;
	FACTS_ADD(w->exam->facts, wiring, ev, .agent = w->agent, .state = what, .subject = subject,
	          .command = command, .file = file,
	          .line = at && at->key ? (int64_t)at->key_place.line : 0, .fix = fix,
	          .asked_for = streq(w->exam->target->editor_name, "agent"));
}

static const char *quoted(const struct wiring *w, const char *path) {
	return str_shell_quote(w->exam->arena, path);
}

static const char *edit(const struct wiring *w, const char *file, const struct jsonc_node *at) {
	return arena_printf(w->exam->arena, "${EDITOR:-vi} +%zu %s",
	                    at && at->key ? at->key_place.line : (size_t)1, quoted(w, file));
}

static bool is_object(const struct jsonc_node *node) {
	return node && node->type == JSONC_OBJECT;
}

/* The program of an entry: is there one by that name or path? */
static bool program_exists(struct exam *exam, const char *command) {
	const char *path = envset_get(&exam->target->judged, "PATH");
	if (strchr(command, '/')) {
		const char *full = command[0] == '~' ? client_config_home(exam, command + 2)
		                                     : path_join(exam->arena,
		                                                 exam->target->workspace, command);
		struct file_stat st = world_stat(exam->world, full);
		return !st.known || st.exists;
	}
	/* A missing gopls has causes of its own. */
	return streq(command, "gopls") || search_path_only(exam, path ? path : "", command) != NULL;
}

static struct config_value at_file(const struct wiring *w, const struct jsonc_node *node,
                                   const char *file) {
	return (struct config_value){
		.node = node, .file = file, .layer = client_config_layer(w->exam, file)};
}

/* ---- an entry of any of them ---- */

struct entry {
	const struct jsonc_node *node; /* key: its name */
	const char *file;
	const char *subject; /* for people */
	const struct jsonc_node *command_at;
	const char *command;
	const char *const *args;
	const char *args_in;                  /* the member they stand in */
	const char *env, *options, *settings; /* names of its members, or NULL */
	bool for_go;                          /* it is for .go files */
	bool disabled;
};

static void take_entry(struct wiring *w, const struct entry *e) {
	struct client_config *c = w->config;
	if (e->disabled) {
		state(w, "disabled", e->subject, e->command, e->file, e->node,
		      edit(w, e->file, e->node));
	} else if (str_empty(e->command)) {
		state(w, "no_program", e->subject, "", e->file, e->node, edit(w, e->file, e->node));
	} else if (!e->for_go) {
		state(w, "no_extension", e->subject, e->command, e->file, e->node,
		      edit(w, e->file, e->node));
	} else if (!program_exists(w->exam, e->command)) {
		state(w, "no_program", e->subject, e->command, e->file, e->node,
		      edit(w, e->file, e->node));
	} else {
		state(w, "wired", e->subject, e->command, e->file, e->node, "");
		if (!w->wired) {
			c->command = e->command;
			c->command_at = at_file(w, e->command_at, e->file);
			c->args = e->args;
			c->args_at = at_file(w, jsonc_get(e->node, e->args_in), e->file);
			c->env = at_file(w, e->env ? jsonc_get(e->node, e->env) : NULL, e->file);
			c->options = at_file(w, e->options ? jsonc_get(e->node, e->options) : NULL,
			                     e->file);
			c->settings = at_file(
				w, e->settings ? jsonc_get(e->node, e->settings) : NULL, e->file);
			c->client_name = w->agent;
			w->wired = true;
		}
	}
}

static bool sounds_go(const char *name) {
	return str_has(name, "gopls") || streq(name, "go") || streq(name, "golang") ||
	       str_starts(name, "go@") || str_starts(name, "golang@") || str_starts(name, "go-lsp");
}

/* ---- Claude Code ---- */

static const char *claude_dir(struct exam *exam) {
	const char *dir = envset_get(&exam->target->judged, "CLAUDE_CONFIG_DIR");
	return str_empty(dir) ? client_config_home(exam, ".claude") : dir;
}

/* Names an entry of lspServers .go? */
static bool maps_go(const struct jsonc_node *server) {
	const struct jsonc_node *map = jsonc_get(server, "extensionToLanguage");
	return is_object(map) && (jsonc_get(map, ".go") || jsonc_get(map, "go"));
}

/* Entries for Go among the servers of one file; true when there is one. */
static bool take_servers(struct wiring *w, const struct jsonc_node *servers, const char *file,
                         const char *plugin) {
	bool found = false;
	for (const struct jsonc_node *s = is_object(servers) ? servers->first_child : NULL; s;
	     s = s->next) {
		const char *command = jsonc_string(jsonc_get(s, "command"));
		if (!is_object(s) ||
		    (!maps_go(s) && !sounds_go(s->key) && !str_has(command, "gopls"))) {
			continue;
		}
		found = true;
		take_entry(w, &(struct entry){
				      .node = s,
				      .file = file,
				      .subject = plugin,
				      .command_at = jsonc_get(s, "command"),
				      .command = command ? command : "",
				      .args = client_config_words(w->exam, jsonc_get(s, "args")),
				      .env = "env",
				      .options = "initializationOptions",
				      .settings = "settings",
				      .args_in = "args",
				      .for_go = maps_go(s),
			      });
	}
	return found;
}

static void read_plugin(struct wiring *w, const char *plugin, const char *dir) {
	struct arena *arena = w->exam->arena;
	const char *manifest = path_join(arena, dir, ".claude-plugin/plugin.json");
	const char *beside = path_join(arena, dir, ".lsp.json");
	const struct jsonc_node *doc = client_config_read(w->exam, manifest);
	const struct jsonc_node *servers = jsonc_get(doc, "lspServers");
	bool found = false;
	if (jsonc_string(servers)) {
		const char *file = path_clean(arena, path_join(arena, dir, jsonc_string(servers)));
		found = take_servers(w, client_config_read(w->exam, file), file, plugin);
		beside = streq(file, beside) ? NULL : beside;
	} else {
		found = take_servers(w, servers, manifest, plugin);
	}
	if (beside) {
		found = take_servers(w, client_config_read(w->exam, beside), beside, plugin) ||
		        found;
	}
	if (!found) {
		state(w, "no_entry", plugin, "", doc ? manifest : dir, NULL,
		      arena_printf(arena,
		                   "printf '%%s\\n' "
		                   "'{\"gopls\":{\"command\":\"gopls\",\"extensionToLanguage\":{"
		                   "\".go\":\"go\"}}}' >%s/.lsp.json",
		                   quoted(w, dir)));
	}
}

/* Is a plug-in on? The last file that speaks of it decides. */
static bool is_enabled(struct wiring *w, const char *plugin, const char **ret_file,
                       const struct jsonc_node **ret_at) {
	struct exam *exam = w->exam;
	const char *const files[] = {
		path_join(exam->arena, claude_dir(exam), "settings.json"),
		path_join(exam->arena, exam->target->workspace, ".claude/settings.json"),
		path_join(exam->arena, exam->target->workspace, ".claude/settings.local.json")};
	bool on = false;
	*ret_file = files[0];
	*ret_at = NULL;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct jsonc_node *list =
			jsonc_get(client_config_read(exam, files[i]), "enabledPlugins");
		const struct jsonc_node *said = jsonc_get(list, plugin);
		if (said) {
			on = said->type != JSONC_BOOL || said->boolean;
			*ret_file = files[i];
			*ret_at = said;
		}
	}
	return on;
}

/* installed_plugins.json: {"plugins": {"NAME@MARKET": [{"installPath": …}]}}; older: one object. */
static void read_claude(struct wiring *w) {
	struct exam *exam = w->exam;
	const char *dir = claude_dir(exam);
	const char *list = path_join(exam->arena, dir, "plugins/installed_plugins.json");
	const struct jsonc_node *plugins = jsonc_get(client_config_read(exam, list), "plugins");
	w->agent = "Claude Code";
	for (const struct jsonc_node *p = is_object(plugins) ? plugins->first_child : NULL; p;
	     p = p->next) {
		const struct jsonc_node *one = p->type == JSONC_ARRAY ? p->first_child : p;
		const char *path = jsonc_string(jsonc_get(one, "installPath"));
		const char *file = NULL;
		const struct jsonc_node *at = NULL;
		if (!sounds_go(p->key) || !path) {
			continue;
		}
		if (is_enabled(w, p->key, &file, &at)) {
			read_plugin(w, p->key, path);
		} else {
			state(w, "disabled", p->key, "", file, at,
			      arena_printf(exam->arena, "claude plugin enable %s",
			                   quoted(w, p->key)));
		}
	}
}

/* Switched on, but not installed (a settings file of a team, another machine). */
static void read_claude_missing(struct wiring *w) {
	struct exam *exam = w->exam;
	const char *const files[] = {
		path_join(exam->arena, claude_dir(exam), "settings.json"),
		path_join(exam->arena, exam->target->workspace, ".claude/settings.json")};
	for (size_t i = 0; i < 2 && !w->any; i++) {
		const struct jsonc_node *list =
			jsonc_get(client_config_read(exam, files[i]), "enabledPlugins");
		for (const struct jsonc_node *p = is_object(list) ? list->first_child : NULL; p;
		     p = p->next) {
			if (sounds_go(p->key) && p->boolean) {
				state(w, "no_entry", p->key, "", files[i], p,
				      arena_printf(exam->arena, "claude plugin install %s",
				                   quoted(w, p->key)));
			}
		}
	}
}

/* ---- opencode and Crush ---- */

static bool lists_go(const struct jsonc_node *list) {
	for (const struct jsonc_node *n = list ? list->first_child : NULL; n; n = n->next) {
		const char *text = jsonc_string(n);
		if (streq(text, ".go") || streq(text, "go")) {
			return true;
		}
	}
	return false;
}

static void take_opencode(struct wiring *w, const struct jsonc_node *s, const char *file) {
	const char *const *words = client_config_words(w->exam, jsonc_get(s, "command"));
	const struct jsonc_node *off = jsonc_get(s, "disabled");
	bool own = streq(s->key, "gopls"); /* extensions and command of the built-in one */
	const struct jsonc_node *endings = jsonc_get(s, "extensions");
	if (!own && !sounds_go(s->key) && !lists_go(endings)) {
		return;
	}
	take_entry(w, &(struct entry){
			      .node = s,
			      .file = file,
			      .subject = arena_printf(w->exam->arena, "lsp.%s", s->key),
			      .command_at = jsonc_get(s, "command"),
			      .command = words && words[0] ? words[0]
	                                 : own             ? "gopls"
	                                                   : "",
			      .args = words && words[0] ? words + 1 : NULL,
			      .env = "env",
			      .options = "initialization",
			      .args_in = "command",
			      .for_go = endings ? lists_go(endings) : own,
			      .disabled = off && off->boolean,
		      });
}

static void take_crush(struct wiring *w, const struct jsonc_node *s, const char *file) {
	const char *command = jsonc_string(jsonc_get(s, "command"));
	const struct jsonc_node *off = jsonc_get(s, "disabled");
	const struct jsonc_node *types = jsonc_get(s, "filetypes");
	if (!sounds_go(s->key) && !str_has(command, "gopls") && !lists_go(types)) {
		return;
	}
	take_entry(w, &(struct entry){
			      .node = s,
			      .file = file,
			      .subject = arena_printf(w->exam->arena, "lsp.%s", s->key),
			      .command_at = jsonc_get(s, "command"),
			      .command = command ? command : "",
			      .args = client_config_words(w->exam, jsonc_get(s, "args")),
			      .env = "env",
			      .options = "init_options",
			      .args_in = "args",
			      .settings = "options",
			      .for_go = !types || lists_go(types),
			      .disabled = off && off->boolean,
		      });
}

static void read_lsp(struct wiring *w, const char *agent, const char *file,
                     void (*take)(struct wiring *, const struct jsonc_node *, const char *)) {
	const struct jsonc_node *lsp = jsonc_get(client_config_read(w->exam, file), "lsp");
	if (!lsp) {
		return;
	}
	w->agent = agent;
	if (lsp->type == JSONC_BOOL && !lsp->boolean) {
		state(w, "disabled", "lsp", "", file, lsp, edit(w, file, lsp));
	}
	for (const struct jsonc_node *s = is_object(lsp) ? lsp->first_child : NULL; s;
	     s = s->next) {
		if (is_object(s)) {
			take(w, s, file);
		}
	}
}

static const char *const opencode_files[] = {"opencode.json", "opencode.jsonc"};
static const char *const crush_files[] = {"crush.json", ".crush.json"};

static void read_others(struct wiring *w) {
	struct exam *exam = w->exam;
	struct arena *arena = exam->arena;
	const char *workspace = exam->target->workspace;
	for (size_t i = 0; i < 2; i++) {
		read_lsp(w, "opencode", path_join(arena, workspace, opencode_files[i]),
		         take_opencode);
	}
	for (size_t i = 0; i < 2; i++) {
		read_lsp(w, "Crush", path_join(arena, workspace, crush_files[i]), take_crush);
	}
	for (size_t i = 0; i < 2; i++) {
		read_lsp(w, "opencode",
		         client_config_path(exam,
		                            arena_printf(arena, "opencode/%s", opencode_files[i])),
		         take_opencode);
	}
	read_lsp(w, "Crush", client_config_path(exam, "crush/crush.json"), take_crush);
}

/* ---- both ---- */

bool agent_files_exist(struct exam *exam) {
	const char *workspace = exam->target->workspace;
	const char *list =
		path_join(exam->arena, claude_dir(exam), "plugins/installed_plugins.json");
	return client_config_exists(exam, list) ||
	       client_config_exists(exam, client_config_path(exam, "opencode")) ||
	       client_config_exists(exam, client_config_path(exam, "crush")) ||
	       client_config_exists(exam, path_join(exam->arena, workspace, "opencode.json"));
}

/* Nothing is known of the agent: for the one whose program is there, else for the one most people
 * mean. (opencode needs no entry.) */
static const char *set_up(struct exam *exam) {
	static const char crush[] = "[ -e .crush.json ] || printf '{\"lsp\": {\"go\": "
				    "{\"command\": \"gopls\"}}}\\n' > .crush.json";
	const char *path = envset_get(&exam->target->judged, "PATH");
	path = path ? path : "";
	if (!search_path_only(exam, path, "claude") && search_path_only(exam, path, "crush")) {
		return crush;
	}
	return "claude plugin install gopls-lsp@claude-plugins-official";
}

const struct client_config *agent_files_read(struct exam *exam) {
	struct wiring w = {.exam = exam,
	                   .config = arena_new_of(exam->arena, struct client_config),
	                   .agent = "the agent"};
	w.config->command_at = (struct config_value){.file = "", .layer = ""};
	read_claude(&w);
	if (!w.any) {
		read_claude_missing(&w);
	}
	read_others(&w);
	if (!w.any) {
		w.agent = "the agent";
		state(&w, "none", "its configuration", "", "", NULL, set_up(exam));
	}
	return w.config;
}
