/* SPDX-License-Identifier: MIT */
#include "settings/layers.h"

#include "base/path.h"
#include "base/str.h"

struct product {
	const char *title;
	const char *config;     /* below XDG_CONFIG_HOME, NULL when it has none */
	const char *server;     /* below HOME: the data folder of its remote server */
	const char *extensions; /* below HOME */
};

static const struct product products[] = {
	{"VS Code", "Code", ".vscode-server", ".vscode/extensions"},
	{"VS Code Insiders", "Code - Insiders", ".vscode-server-insiders",
         ".vscode-insiders/extensions"},
	{"Code - OSS", "Code - OSS", NULL, ".vscode-oss/extensions"},
	{"VSCodium", "VSCodium", ".vscodium-server", ".vscode-oss/extensions"},
	{"VSCodium Insiders", "VSCodium - Insiders", ".vscodium-server-insiders",
         ".vscodium-insiders/extensions"},
	{"Cursor", "Cursor", ".cursor-server", ".cursor/extensions"},
	{"Windsurf", "Windsurf", ".windsurf-server", ".windsurf/extensions"},
	{"Positron", "Positron", ".positron-server", ".positron/extensions"},
	{"Kiro", "Kiro", ".kiro-server", ".kiro/extensions"},
	{"Trae", "Trae", ".trae-server", ".trae/extensions"},
	{"Void", "Void", ".void-server", ".void-editor/extensions"},
	{"Antigravity", "Antigravity", ".antigravity-server", ".antigravity/extensions"},
	{"openvscode-server", NULL, ".openvscode-server", ".openvscode-server/extensions"},
};
#define PRODUCTS (sizeof(products) / sizeof(products[0]))

/* Sandboxed installations keep a configuration folder of their own. */
static const struct {
	const char *title;
	const char *dir; /* below HOME, the folder that holds User/ */
} sandboxes[] = {
	{"VS Code", ".var/app/com.visualstudio.code/config/Code"},
	{"VSCodium", ".var/app/com.vscodium.codium/config/VSCodium"},
};

struct reader {
	struct layers *ret;
	struct arena *arena;
	struct world *world;
	const struct layers_where *where;
};

const char *layer_name(enum layer_kind kind) {
	static const char *const names[] = {"user",   "profile",   "devcontainer",
	                                    "remote", "workspace", "folder"};
	return names[kind];
}

static const struct jsonc_node *inner(const struct jsonc_doc *doc, enum layer_kind kind) {
	const struct jsonc_node *root = doc->root;
	if (kind == LAYER_WORKSPACE) {
		root = jsonc_get(root, "settings");
	} else if (kind == LAYER_DEVCONTAINER) {
		const struct jsonc_node *new =
			jsonc_get_path(root, "customizations", "vscode", "settings", NULL);
		root = new ? new : jsonc_get(root, "settings");
	}
	return root && root->type == JSONC_OBJECT ? root : NULL;
}

static void read_file(struct reader *r, enum layer_kind kind, const char *product,
                      const char *file) {
	const struct evidence *ev = world_look(r->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	if (ev->state == EV_ABSENT || r->ret->count == LAYERS_MAX) {
		return;
	}
	struct layer *layer = &r->ret->items[r->ret->count++];
	*layer = (struct layer){.kind = kind, .product = product, .file = file, .ev = ev};
	if (evidence_has_bytes(ev)) {
		layer->doc = jsonc_parse(r->arena, ev->bytes);
		layer->root = inner(layer->doc, kind);
	}
}

/* Calls for every entry of a directory whose name ends so: f or d. */
static void each_entry(struct reader *r, const char *dir, char type, const char *suffix,
                       void (*found)(struct reader *r, const char *dir, const char *name,
                                     const void *context),
                       const void *context) {
	const struct evidence *ev = world_look(r->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (line.len <= 2 || (line.data[0] != type && line.data[0] != 'l')) {
			continue;
		}
		const char *name = arena_slicedup(r->arena, line) + 2;
		if (str_ends(name, suffix)) {
			found(r, dir, name, context);
		}
	}
}

static void read_profile(struct reader *r, const char *dir, const char *name, const void *context) {
	read_file(r, LAYER_PROFILE, context,
	          arena_printf(r->arena, "%s/%s/settings.json", dir, name));
}

static void read_data_dir(struct reader *r, enum layer_kind kind, const char *product,
                          const char *dir) {
	const char *user = path_join(r->arena, dir, "User");
	if (kind == LAYER_USER) {
		read_file(r, LAYER_USER, product, path_join(r->arena, user, "settings.json"));
	} else {
		each_entry(r, path_join(r->arena, user, "profiles"), 'd', "", read_profile,
		           product);
	}
}

static const char *config_dir(struct reader *r) {
	return str_empty(r->where->config) ? path_join(r->arena, r->where->home, ".config")
	                                   : r->where->config;
}

static void read_user(struct reader *r, enum layer_kind kind) {
	struct arena *arena = r->arena;
	const char *home = r->where->home;
	if (str_empty(home)) {
		return;
	}
	if (!str_empty(r->where->portable)) {
		read_data_dir(r, kind, "VS Code",
		              path_join(arena, r->where->portable, "user-data"));
	}
	for (size_t i = 0; i < PRODUCTS; i++) {
		if (products[i].config) {
			read_data_dir(r, kind, products[i].title,
			              path_join(arena, config_dir(r), products[i].config));
		}
	}
	for (size_t i = 0; i < sizeof(sandboxes) / sizeof(sandboxes[0]); i++) {
		read_data_dir(r, kind, sandboxes[i].title,
		              path_join(arena, home, sandboxes[i].dir));
	}
	const char *data = r->where->data;
	read_data_dir(r, kind, "code-server",
	              path_join(arena,
	                        str_empty(data) ? path_join(arena, home, ".local/share") : data,
	                        "code-server"));
}

/* A data folder that was named on the editor's command line. */
static void read_other_user(struct reader *r) {
	const char *file = r->where->user;
	for (size_t i = 0; i < r->ret->count; i++) {
		if (streq(r->ret->items[i].file, file)) {
			return;
		}
	}
	if (!str_empty(file)) {
		read_file(r, LAYER_USER, "", file);
	}
}

static void read_remote(struct reader *r) {
	for (size_t i = 0; i < PRODUCTS && !str_empty(r->where->home); i++) {
		if (products[i].server) {
			read_file(r, LAYER_REMOTE, products[i].title,
			          arena_printf(r->arena, "%s/%s/data/Machine/settings.json",
			                       r->where->home, products[i].server));
		}
	}
}

static void read_workspace(struct reader *r, const char *dir, const char *name,
                           const void *context) {
	(void)context;
	read_file(r, LAYER_WORKSPACE, "", path_join(r->arena, dir, name));
}

void layers_read(struct layers *ret, struct arena *arena, struct world *world,
                 const struct layers_where *where) {
	struct reader r = {.ret = ret, .arena = arena, .world = world, .where = where};
	ret->count = 0;
	read_user(&r, LAYER_USER);
	read_user(&r, LAYER_PROFILE);
	read_other_user(&r);
	read_file(&r, LAYER_DEVCONTAINER, "",
	          path_join(arena, where->workspace, ".devcontainer/devcontainer.json"));
	read_file(&r, LAYER_DEVCONTAINER, "",
	          path_join(arena, where->workspace, ".devcontainer.json"));
	read_remote(&r);
	each_entry(&r, where->workspace, 'f', ".code-workspace", read_workspace, NULL);
	read_file(&r, LAYER_FOLDER, "",
	          path_join(arena, where->workspace, ".vscode/settings.json"));
}

const char *layers_file(const struct layers *layers, struct arena *arena,
                        const struct layers_where *where, enum layer_kind kind) {
	const char *found = kind == LAYER_USER && !str_empty(where->user) ? where->user : NULL;
	size_t count = 0;
	for (size_t i = 0; i < layers->count; i++) {
		if (layers->items[i].kind == kind) {
			found = found ? found : layers->items[i].file;
			count++;
		}
	}
	if (kind == LAYER_WORKSPACE) {
		return count == 1 ? found : NULL;
	}
	if (found) {
		return found;
	}
	if (kind == LAYER_FOLDER) {
		return path_join(arena, where->workspace, ".vscode/settings.json");
	}
	if (kind != LAYER_USER || str_empty(where->home)) {
		return NULL;
	}
	const char *config =
		str_empty(where->config) ? path_join(arena, where->home, ".config") : where->config;
	return path_join(arena, config, "Code/User/settings.json");
}

bool layer_counts(const struct layers *layers, const struct layer *layer, struct arena *arena,
                  const struct layers_where *where) {
	if (layer->kind >= LAYER_WORKSPACE) {
		return true;
	}
	if (!str_empty(where->user)) {
		bool user = layer->kind == LAYER_USER || layer->kind == LAYER_PROFILE;
		const char *file = user ? where->user : where->machine;
		return layer->kind != LAYER_DEVCONTAINER && !str_empty(file) &&
		       streq(layer->file, file);
	}
	if (layer->kind == LAYER_PROFILE || layer->kind == LAYER_DEVCONTAINER) {
		return false;
	}
	const char *file = layers_file(layers, arena, where, LAYER_USER);
	for (size_t i = 0; i < layers->count; i++) {
		if (streq(layers->items[i].file, file)) {
			return streq(layers->items[i].product, layer->product);
		}
	}
	return true;
}

bool layer_overrides(const struct layer *over, const struct layer *under) {
	bool both_user = over->kind <= LAYER_PROFILE && under->kind <= LAYER_PROFILE;
	if (over->kind <= under->kind || both_user) {
		return false;
	}
	/* What a container's definition says only counts inside of it, where nobody's user file is. */
	if (over->kind == LAYER_DEVCONTAINER || under->kind == LAYER_DEVCONTAINER) {
		return over->kind >= LAYER_WORKSPACE;
	}
	return over->kind >= LAYER_WORKSPACE || streq(over->product, under->product);
}

const char *const *layers_extension_dirs(struct arena *arena, const char *home) {
	const char **dirs = arena_array_of(arena, const char *, 2 * PRODUCTS + 2);
	size_t n = 0;
	for (size_t i = 0; i < PRODUCTS; i++) {
		dirs[n++] = path_join(arena, home, products[i].extensions);
		if (products[i].server) {
			dirs[n++] =
				arena_printf(arena, "%s/%s/extensions", home, products[i].server);
		}
	}
	dirs[n++] = path_join(arena, home, ".local/share/code-server/extensions");
	return dirs;
}
