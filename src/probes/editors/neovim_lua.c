/* SPDX-License-Identifier: MIT */
#include "probes/editors/neovim_config.h"

#include "base/path.h"
#include "base/str.h"
#include "wire/lua.h"

#define FILES_MAX      160
#define DIRS_MAX       48
#define FILE_CAP_BYTES ((size_t)(128 * 1024))
#define FOUND_MAX      16

struct lua_file {
	const char *path;
	const char *module; /* lua/a/b.lua is "a.b" and needs somebody who asks for it; else NULL */
	const struct lua_text *text;
};

struct files {
	struct exam *exam;
	const char *dir;
	struct lua_file list[FILES_MAX];
	size_t count;
	size_t dirs;
};

struct found {
	const struct lua_table *table;
	const char *file;
};

/* ---- files ---- */

static void add_file(struct files *f, const char *path, const char *module) {
	struct exam *exam = f->exam;
	if (f->count >= FILES_MAX) {
		return;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, FILE_CAP_BYTES);
	if (evidence_has_bytes(ev)) {
		f->list[f->count++] = (struct lua_file){
			.path = path, .module = module, .text = lua_read(exam->arena, ev->bytes)};
	}
}

static void add_dir(struct files *f, const char *dir, const char *module) {
	struct exam *exam = f->exam;
	struct slice line;
	if (f->dirs++ >= DIRS_MAX) {
		return;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *entry = line.len > 2 ? arena_slicedup(exam->arena, line) : "- .";
		const char *name = entry + 2;
		const char *path = path_join(exam->arena, dir, name);
		const char *part =
			module && *module ? arena_printf(exam->arena, "%s.%s", module, name) : name;
		if (name[0] == '.') {
			continue;
		}
		if (entry[0] == 'd') {
			add_dir(f, path, module ? part : NULL);
		} else if (str_ends(name, ".lua")) {
			add_file(f, path,
			         module ? arena_strndup(exam->arena, part, strlen(part) - 4)
			                : NULL);
		}
	}
}

/* What Neovim reads by itself, and below lua/ what it may be asked for. */
static void read_files(struct files *f) {
	static const char *const files[] = {"init.lua", "lsp/gopls.lua", "after/lsp/gopls.lua",
	                                    "ftplugin/go.lua", "after/ftplugin/go.lua"};
	static const char *const dirs[] = {"plugin", "after/plugin"};
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		add_file(f, path_join(f->exam->arena, f->dir, files[i]), NULL);
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		add_dir(f, path_join(f->exam->arena, f->dir, dirs[i]), NULL);
	}
	add_dir(f, path_join(f->exam->arena, f->dir, "lua"), "");
}

/* Whether text asks for the module: by its name, by that of a package it lies in (import), or by the
 * beginning of its name to which the rest is joined. "init" is its package's own name. */
static bool asks_for(struct arena *arena, const struct lua_text *text, const char *module) {
	for (const char *const *s = text->strings; *s; s++) {
		size_t n = strlen(*s);
		char *dotted = arena_strdup(arena, *s);
		for (char *p = strchr(dotted, '/'); p; p = strchr(p, '/')) {
			*p = '.';
		}
		n -= n > 0 && dotted[n - 1] == '.';
		if (n > 0 && strncmp(module, dotted, n) == 0 &&
		    (module[n] == '.' || module[n] == '\0')) {
			return true;
		}
	}
	return false;
}

static bool is_loaded(const struct files *f, const struct lua_file *file) {
	bool loaded = !file->module;
	for (size_t i = 0; i < f->count && !loaded; i++) {
		loaded = &f->list[i] != file &&
		         asks_for(f->exam->arena, f->list[i].text, file->module);
	}
	return loaded;
}

/* ---- tables about gopls ---- */

static bool is_false(const struct jsonc_node *node) {
	return node && node->type == JSONC_BOOL && !node->boolean;
}

/* Switched off itself, or a part of a plug-in that is. */
static bool is_off(const struct lua_table *t) {
	for (; t; t = t->inside) {
		if (is_false(jsonc_get(t->value, "enabled")) ||
		    is_false(jsonc_get(t->value, "cond")) ||
		    is_false(jsonc_get(t->value, "autostart"))) {
			return true;
		}
	}
	return false;
}

static bool is_client(const struct lua_table *t) {
	static const char *const keys[] = {"cmd", "settings", "init_options", "cmd_env"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (jsonc_get(t->value, keys[i])) {
			return true;
		}
	}
	return false;
}

static bool starts_gopls(const struct lua_table *t) {
	const struct jsonc_node *cmd = jsonc_get(t->value, "cmd");
	const char *first = cmd && cmd->type == JSONC_ARRAY ? jsonc_string(cmd->first_child) : NULL;
	return first ? streq(path_base(first), "gopls")
	             : streq(jsonc_string(jsonc_get(t->value, "name")), "gopls");
}

static bool is_about_gopls(const struct lua_table *t, const char *file) {
	switch (t->where) {
	case LUA_MEMBER:
		/* settings = { gopls = … } is what is in the settings, not the client. */
		return streq(t->name, "gopls") &&
		       !(t->inside && (streq(t->inside->name, "settings") ||
		                       streq(t->inside->name, "init_options")));
	case LUA_CALL:
		return (streq(t->name, "setup") && streq(t->of, "gopls")) ||
		       ((streq(t->name, "start") || streq(t->name, "start_client")) &&
		        starts_gopls(t));
	case LUA_NAMED:
		return streq(t->of, "gopls") &&
		       (streq(t->name, "config") || streq(t->name, "configure") ||
		        streq(t->name, "setup"));
	case LUA_RETURN:
		return !t->inside && streq(path_base(file), "gopls.lua");
	case LUA_OTHER:
		break;
	}
	return false;
}

/* local opts = { settings = { gopls = { … } } }, or a member of what a module returns: it is handed on by a name, which is
 * not followed. */
static bool holds_settings_of_gopls(const struct lua_table *t) {
	const struct jsonc_node *gopls = jsonc_get(jsonc_get(t->value, "settings"), "gopls");
	return gopls && gopls->type == JSONC_OBJECT;
}

static size_t find_handed_on(const struct files *f, struct found *found) {
	size_t count = 0;
	for (size_t i = 0; i < f->count; i++) {
		const struct lua_file *file = &f->list[i];
		for (const struct lua_table *t = file->text->tables; t; t = t->next) {
			if (count < FOUND_MAX && holds_settings_of_gopls(t) && !is_off(t) &&
			    is_loaded(f, file)) {
				found[count++] = (struct found){.table = t, .file = file->path};
			}
		}
	}
	return count;
}

static size_t find_tables(const struct files *f, struct found *found) {
	size_t count = 0;
	for (size_t i = 0; i < f->count; i++) {
		const struct lua_file *file = &f->list[i];
		for (const struct lua_table *t = file->text->tables; t; t = t->next) {
			if (count < FOUND_MAX && is_about_gopls(t, file->path) && is_client(t) &&
			    !is_off(t) && is_loaded(f, file)) {
				found[count++] = (struct found){.table = t, .file = file->path};
			}
		}
	}
	return count;
}

/* What all that say it say alike; nothing when they contradict each other. */
static struct config_value agreed(struct exam *exam, const struct found *found, size_t count,
                                  const char *key) {
	struct config_value value = {.file = "", .layer = ""};
	const char *json = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct jsonc_node *node = jsonc_get(found[i].table->value, key);
		const char *text = node ? jsonc_to_json(exam->arena, node) : NULL;
		if (text && json && !streq(text, json)) {
			return (struct config_value){.file = "", .layer = ""};
		}
		if (text && !json) {
			json = text;
			value = (struct config_value){
				.node = node,
				.file = found[i].file,
				.layer = client_config_layer(exam, found[i].file)};
		}
	}
	return value;
}

/* ---- the environment ---- */

/* The last that a file says of it, or NULL. */
static const struct lua_variable *last_in(const struct lua_file *file, const char *name) {
	const struct lua_variable *last = NULL;
	for (const struct lua_variable *v = file->text->variables; v; v = v->next) {
		last = streq(v->name, name) ? v : last;
	}
	return last;
}

/* Where it is set, when one file sets it: in which order others are read is not known. */
static const struct lua_variable *only_in(const struct files *f, const bool *loaded,
                                          const char *name) {
	const struct lua_variable *only = NULL;
	for (size_t i = 0; i < f->count; i++) {
		const struct lua_variable *v = loaded[i] ? last_in(&f->list[i], name) : NULL;
		if (v && only) {
			return NULL;
		}
		only = v ? v : only;
	}
	return only;
}

/* The variables of one file, as members of an object; false when it sets none that is known. */
static bool own_env_of(const struct files *f, const bool *loaded, size_t file,
                       struct config_value *ret) {
	struct arena *arena = f->exam->arena;
	struct jsonc_node *object = arena_new_of(arena, struct jsonc_node);
	struct jsonc_node **end = &object->first_child;
	*object = (struct jsonc_node){.type = JSONC_OBJECT, .string = ""};
	for (const struct lua_variable *v = f->list[file].text->variables; v; v = v->next) {
		if (v->value && only_in(f, loaded, v->name) == v) {
			struct jsonc_node *node = arena_new_of(arena, struct jsonc_node);
			*node = *v->value;
			*end = node;
			end = &node->next;
		}
	}
	*ret = (struct config_value){.node = object,
	                             .file = f->list[file].path,
	                             .layer = client_config_layer(f->exam, f->list[file].path)};
	return object->first_child != NULL;
}

static size_t read_environment(const struct files *f, struct client_config *c) {
	bool loaded[FILES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < f->count; i++) {
		loaded[i] = f->list[i].text->variables && is_loaded(f, &f->list[i]);
	}
	for (size_t i = 0; i < f->count && count < CLIENT_OWN_ENV_MAX; i++) {
		struct config_value value;
		if (loaded[i] && own_env_of(f, loaded, i, &value)) {
			c->own_env[count++] = value;
		}
	}
	return count;
}

struct client_config *neovim_lua_read(struct exam *exam, const char *dir) {
	struct files *f = arena_new_of(exam->arena, struct files);
	struct client_config *c = arena_new_of(exam->arena, struct client_config);
	struct found found[FOUND_MAX];
	f->exam = exam;
	f->dir = dir;
	read_files(f);
	size_t count = find_tables(f, found);
	count = count > 0 ? count : find_handed_on(f, found);
	if (read_environment(f, c) + count == 0) {
		return NULL;
	}
	c->args_at = agreed(exam, found, count, "cmd");
	const char *const *words = client_config_words(exam, c->args_at.node);
	if (words && words[0]) {
		c->command_at = c->args_at;
		c->command = words[0];
		c->args = words + 1;
	} else {
		c->args_at = (struct config_value){.file = "", .layer = ""};
	}
	c->env = agreed(exam, found, count, "cmd_env");
	c->options = agreed(exam, found, count, "init_options");
	c->settings = agreed(exam, found, count, "settings");
	c->settings.node = jsonc_get(c->settings.node, "gopls");
	c->roots = client_config_words(exam, agreed(exam, found, count, "root_markers").node);
	c->client_name = "Neovim";
	return c;
}
