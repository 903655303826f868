/* SPDX-License-Identifier: MIT */
#include "probes/editors/vscode_install.h"

#include "base/path.h"
#include "base/str.h"
#include "wire/jsonc.h"

#define ANCESTORS_MAX 5 /* processes from an extension host up to its window and main process */
#define CODE_SERVER   "code-server"

struct product {
	const char *name;       /* folder below the user's configuration */
	const char *cli;        /* also the name of its program */
	const char *extensions; /* folder in HOME that holds "extensions"; dataFolderName */
	const char *server; /* folder in HOME of its server part; serverDataFolderName, or NULL */
};

/* Where nothing tells them apart, earlier ones come first. */
static const struct product products[] = {
	{"Code", "code", ".vscode", ".vscode-server"},
	{"Code - Insiders", "code-insiders", ".vscode-insiders", ".vscode-server-insiders"},
	{"Code - OSS", "code-oss", ".vscode-oss", ".vscode-server-oss"},
	{"VSCodium", "codium", ".vscode-oss", ".vscodium-server"},
	{"VSCodium - Insiders", "codium-insiders", ".vscodium-insiders",
         ".vscodium-server-insiders"},
	{"Cursor", "cursor", ".cursor", ".cursor-server"},
	{"Windsurf", "windsurf", ".windsurf", ".windsurf-server"},
	{CODE_SERVER, CODE_SERVER, NULL, NULL},
	{"OpenVSCode Server", "openvscode-server", NULL, ".openvscode-server"},
};
#define PRODUCTS (sizeof(products) / sizeof(*products))

/* What command line and environment of the running one say. */
struct told {
	const struct product *product;
	const char *data;       /* --user-data-dir and its like */
	const char *server;     /* data of a server part */
	const char *extensions; /* --extensions-dir and its like */
	const char *profile;    /* --profile */
	bool trusts_all;
};

static const char *var_of(struct exam *exam, const char *name) {
	const char *value = envset_get(&exam->target->judged, name);
	return str_empty(value) ? NULL : value;
}

static const char *config_home(struct exam *exam) {
	const char *config = var_of(exam, "XDG_CONFIG_HOME");
	return config ? config : path_join(exam->arena, target_home(exam->target), ".config");
}

static const char *data_home(struct exam *exam) {
	const char *data = var_of(exam, "XDG_DATA_HOME");
	return data ? data : path_join(exam->arena, target_home(exam->target), ".local/share");
}

/* ---- what the running one says ---- */

/* Does `part` stand in path as a whole component? */
static bool has_component(const char *path, const char *part) {
	size_t n = strlen(part);
	for (const char *p = path; p && (p = strstr(p, part)); p++) {
		if (p > path && p[-1] == '/' && (p[n] == '/' || p[n] == '\0')) {
			return true;
		}
	}
	return false;
}

/* The path up to and with the component `part`, or NULL. */
static const char *up_to_component(struct arena *arena, const char *path, const char *part) {
	size_t n = strlen(part);
	for (const char *p = path; p && (p = strstr(p, part)); p++) {
		if (p > path && p[-1] == '/' && (p[n] == '/' || p[n] == '\0')) {
			return arena_strndup(arena, path, (size_t)(p - path) + n);
		}
	}
	return NULL;
}

static const struct product *product_named(const char *name) {
	for (size_t i = 0; i < PRODUCTS; i++) {
		if (streq(products[i].name, name)) {
			return &products[i];
		}
	}
	return NULL;
}

/* A server part by the folder it lies in, a program on the desktop by its own name. */
static void told_by_path(struct exam *exam, struct told *told, const char *path) {
	for (size_t i = 0; i < PRODUCTS && path && path[0] == '/' && !told->product; i++) {
		const struct product *p = &products[i];
		const char *server =
			p->server ? up_to_component(exam->arena, path, p->server) : NULL;
		if (server) {
			told->product = p;
			told->server = told->server ? told->server
			                            : path_join(exam->arena, server, "data");
		}
	}
	/* A folder of the user's may have any name, and a project too. */
	bool of_system = path && !path_below(path, target_home(exam->target)) &&
	                 !path_below(path, exam->target->workspace);
	for (size_t i = 0; i < PRODUCTS && path && path[0] == '/' && !told->product; i++) {
		const struct product *p = &products[i];
		bool in_folder = of_system && !streq(p->cli, "code") && has_component(path, p->cli);
		bool is_server = streq(p->name, CODE_SERVER) && str_has(path, "/" CODE_SERVER);
		if (streq(path_base(path), p->cli) || in_folder || is_server) {
			told->product = p;
		}
	}
}

/* --name=VALUE, or --name and VALUE as two arguments. */
static const char *option_value(struct arena *arena, struct slice arg, struct slice next,
                                const char *name) {
	size_t n = strlen(name);
	if (slice_eq(arg, name) && next.len > 0) {
		return arena_slicedup(arena, next);
	}
	if (slice_starts(arg, name) && arg.len > n + 1 && arg.data[n] == '=') {
		return arena_strndup(arena, arg.data + n + 1, arg.len - n - 1);
	}
	return NULL;
}

static void told_once(const char **place, const char *value) {
	*place = *place ? *place : value;
}

static void told_by_arguments(struct exam *exam, struct told *told, const char *cmdline) {
	struct arena *a = exam->arena;
	struct slice rest = slice_str(cmdline);
	struct slice arg;
	size_t index = 0;
	while (slice_cut(&rest, '\x1f', &arg)) {
		struct slice peek = rest;
		struct slice next = {0};
		(void)slice_cut(&peek, '\x1f', &next);
		const char *server = option_value(a, arg, next, "--server-data-dir");
		told_once(&told->data, option_value(a, arg, next, "--user-data-dir"));
		told_once(&told->extensions, option_value(a, arg, next, "--extensions-dir"));
		told_once(&told->profile, option_value(a, arg, next, "--profile"));
		told_once(&told->server, server ? path_join(a, server, "data") : NULL);
		told->trusts_all = told->trusts_all || slice_eq(arg, "--disable-workspace-trust");
		if (index++ < 2) { /* the program, and the script it interprets */
			told_by_path(exam, told, arena_slicedup(a, arg));
		}
	}
}

static void told_by_variables(struct exam *exam, struct told *told) {
	struct arena *a = exam->arena;
	const char *portable = var_of(exam, "VSCODE_PORTABLE");
	const char *cache = var_of(exam, "VSCODE_CODE_CACHE_PATH");
	const char *agent = var_of(exam, "VSCODE_AGENT_FOLDER");
	told_once(&told->extensions, var_of(exam, "VSCODE_EXTENSIONS"));
	if (portable) {
		told_once(&told->data, path_join(a, portable, "user-data"));
		told_once(&told->extensions, path_join(a, portable, "extensions"));
	}
	if (cache && has_component(cache, "CachedData")) {
		const char *inside = up_to_component(a, cache, "CachedData");
		told_once(&told->data, path_parent(a, inside));
	}
	if (agent) {
		told_once(&told->server, path_join(a, agent, "data"));
		told_by_path(exam, told, agent);
	}
}

/* From the process whose environment is judged up to the one that was started by the user, as long
 * as they are the same program. */
static void told_by_processes(struct exam *exam, struct told *told, int64_t pid) {
	const char *exe = NULL;
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		const char *text = arena_printf(exam->arena, "%lld", (long long)pid);
		const struct evidence *ev =
			world_look(exam->world, LOOK_PROCESS, text, LOOK_CAP_SMALL);
		const char *own =
			evidence_has_bytes(ev) ? keyline_get(exam->arena, ev->bytes, "exe") : NULL;
		if (!own || (exe && !streq(own, exe))) {
			return;
		}
		exe = own;
		told_by_path(exam, told, exe);
		told_by_arguments(exam, told, keyline_get(exam->arena, ev->bytes, "cmdline"));
		const char *parent = keyline_get(exam->arena, ev->bytes, "ppid");
		if (!parent || str_to_int64(parent, &pid) < 0) {
			return;
		}
	}
}

/* ---- where things lie ---- */

static void place_desktop(struct exam *exam, struct vscode_install *v, const struct product *p,
                          const struct told *told) {
	struct arena *a = exam->arena;
	if (streq(p->name, CODE_SERVER)) {
		v->data = told && told->data ? told->data
		                             : path_join(a, data_home(exam), CODE_SERVER);
		v->extensions = path_join(a, v->data, "extensions");
	} else {
		v->data =
			told && told->data ? told->data : path_join(a, config_home(exam), p->name);
		v->extensions = arena_printf(a, "%s/%s/extensions", target_home(exam->target),
		                             p->extensions ? p->extensions : ".vscode");
	}
	v->default_settings = path_join(a, v->data, "User/settings.json");
	v->settings = v->default_settings;
	if (streq(p->name, CODE_SERVER)) {
		v->machine = path_join(a, v->data, "Machine/settings.json");
	}
}

static void place_server(struct exam *exam, struct vscode_install *v, const struct product *p,
                         const struct told *told) {
	struct arena *a = exam->arena;
	v->server = told && told->server
	                    ? told->server
	                    : arena_printf(a, "%s/%s/data", target_home(exam->target), p->server);
	v->machine = path_join(a, v->server, "Machine/settings.json");
	if (!v->data) {
		/* The user's settings lie on the other machine, unless a browser is the client. */
		v->settings = path_join(a, v->server, "User/settings.json");
		v->default_settings = v->settings;
		v->extensions = path_join(a, path_parent(a, v->server), "extensions");
	}
}

static struct vscode_install *running(struct exam *exam) {
	struct told told = {0};
	struct target *t = exam->target;
	if (t->editor_pid <= 0) {
		return NULL;
	}
	told_by_processes(exam, &told, t->editor_pid);
	told_by_variables(exam, &told);
	if (told.data && !told.product) {
		told.product = product_named(path_base(told.data));
	}
	if (!told.product && !told.data && !told.server) {
		return NULL;
	}
	const struct product *p = told.product ? told.product : &products[0];
	struct vscode_install *v = arena_new_of(exam->arena, struct vscode_install);
	v->name = p->name;
	v->cli = p->cli;
	v->from = "process";
	v->pid = t->editor_pid;
	v->trusts_all = told.trusts_all;
	if (told.server || !p->extensions) {
		if (p->server) {
			place_server(exam, v, p, &told);
		} else {
			place_desktop(exam, v, p, &told);
		}
	} else {
		place_desktop(exam, v, p, &told);
	}
	v->extensions = told.extensions ? told.extensions : v->extensions;
	v->profile_name = told.profile;
	return v;
}

/* ---- what was used last ---- */

static int64_t mtime_of(struct exam *exam, const char *path) {
	struct file_stat st = world_stat(exam->world, path);
	return st.exists ? st.mtime_ns : 0;
}

/* When any of them was last written: NULL-terminated names below dir. */
static int64_t newest_of(struct exam *exam, const char *dir, const char *const *names) {
	int64_t newest = 0;
	for (; *names; names++) {
		int64_t one = mtime_of(exam, path_join(exam->arena, dir, *names));
		newest = one > newest ? one : newest;
	}
	return newest;
}

/* Whether the directory is there, or may be: what cannot be seen is not taken for absent. */
static bool may_exist(struct exam *exam, const char *dir) {
	struct file_stat st = world_stat(exam->world, dir);
	return !st.known || st.is_dir;
}

static bool has_file(struct exam *exam, const char *path) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SETTINGS);
	return !evidence_is_absent(ev);
}

static struct vscode_install *installed(struct exam *exam, const struct product *p) {
	static const char *const traces[] = {"User/globalStorage/state.vscdb",
	                                     "User/globalStorage/storage.json",
	                                     "User/settings.json",
	                                     "User/workspaceStorage",
	                                     "logs",
	                                     NULL};
	static const char *const server_traces[] = {"Machine/settings.json", "logs", NULL};
	struct vscode_install *v = arena_new_of(exam->arena, struct vscode_install);
	bool any = false;
	v->name = p->name;
	v->cli = p->cli;
	v->from = "used";
	if (p->extensions || !p->server) {
		place_desktop(exam, v, p, NULL);
		if (may_exist(exam, v->data)) {
			v->used_ns = newest_of(exam, v->data, traces);
			any = v->used_ns > 0 || has_file(exam, v->settings);
		}
		if (!any && streq(p->name, "Code")) {
			/* Extensions and nothing else: installed by a script, never opened. Of the
			 * others' folders some are shared by two products. */
			const char *list = path_join(exam->arena, v->extensions, "extensions.json");
			int64_t listed = mtime_of(exam, list);
			v->used_ns = listed > 0 ? listed : mtime_of(exam, v->extensions);
			any = v->used_ns > 0;
		}
	}
	if (p->server) {
		const char *desktop = any ? v->data : NULL;
		v->data = desktop;
		place_server(exam, v, p, NULL);
		if (may_exist(exam, v->server)) {
			int64_t used = newest_of(exam, v->server, server_traces);
			bool there = used > 0 || has_file(exam, v->machine);
			if (there && used > v->used_ns) {
				v->extensions =
					path_join(exam->arena, path_parent(exam->arena, v->server),
				                  "extensions");
				v->used_ns = used;
			}
			any = any || there;
		} else {
			v->server = NULL;
			v->machine = NULL;
		}
	}
	return any ? v : NULL;
}

static const struct vscode_install *used_last(struct exam *exam) {
	const struct vscode_install *best = NULL;
	bool wants_vscode = streq(exam->target->editor_name, "vscode");
	bool wants_server = streq(exam->target->editor_name, CODE_SERVER);
	for (size_t i = 0; i < PRODUCTS; i++) {
		bool is_server = streq(products[i].name, CODE_SERVER);
		if (wants_server && !is_server) {
			continue;
		}
		const struct vscode_install *v = installed(exam, &products[i]);
		if (!v || (wants_vscode && is_server && best)) {
			continue;
		}
		if (!best || v->used_ns > best->used_ns) {
			best = v;
		}
	}
	return best;
}

/* ---- the profile ---- */

static bool is_this_workspace(struct exam *exam, const char *uri) {
	const struct target *t = exam->target;
	const char *path = path_from_uri(exam->arena, uri);
	return path && (path_below(path, t->workspace) && path_below(t->workspace, path));
}

/* The name of the folder below User/profiles which this workspace is tied to, or NULL. */
static const char *associated(struct exam *exam, const struct jsonc_node *root) {
	const struct jsonc_node *list =
		jsonc_get(jsonc_get(root, "profileAssociations"), "workspaces");
	const char *found = NULL;
	const char *window = exam->target->window_file;
	for (const struct jsonc_node *m = list ? list->first_child : NULL; m; m = m->next) {
		const char *value = jsonc_string(m);
		if (!value || !m->key || m->winner) {
			continue;
		}
		const char *path = path_from_uri(exam->arena, m->key);
		if (window ? streq(path, window) : is_this_workspace(exam, m->key)) {
			found = path_base(value);
		}
	}
	return streq(found, "__default__profile__") ? NULL : found;
}

static void choose_profile(struct exam *exam, struct vscode_install *v) {
	if (!v->data) {
		return;
	}
	struct arena *a = exam->arena;
	const char *path = path_join(a, v->data, "User/globalStorage/storage.json");
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, LOOK_CAP_SETTINGS);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	const struct jsonc_node *root = jsonc_parse(a, ev->bytes)->root;
	const struct jsonc_node *list = jsonc_get(root, "userDataProfiles");
	const char *tied = v->profile_name ? NULL : associated(exam, root);
	for (const struct jsonc_node *m = list ? list->first_child : NULL; m; m = m->next) {
		const char *location = jsonc_string(jsonc_get(m, "location"));
		const char *name = jsonc_string(jsonc_get(m, "name"));
		const struct jsonc_node *shared = jsonc_get(m, "useDefaultFlags");
		const struct jsonc_node *settings = jsonc_get(shared, "settings");
		const struct jsonc_node *extensions = jsonc_get(shared, "extensions");
		bool this_one = v->profile_name
		                        ? streq(name, v->profile_name)
		                        : tied && streq(path_base(location ? location : ""), tied);
		if (!this_one || str_empty(location)) {
			continue;
		}
		v->profile = arena_printf(a, "%s/User/profiles/%s", v->data, path_base(location));
		v->profile_name = name ? name : path_base(location);
		if (!settings || !settings->boolean) {
			v->settings = path_join(a, v->profile, "settings.json");
		}
		if (!extensions || !extensions->boolean) {
			v->profile_extensions = path_join(a, v->profile, "extensions.json");
		}
		return;
	}
}

const struct vscode_install *vscode_install(struct exam *exam) {
	struct target *t = exam->target;
	if (!t->install_known && !str_empty(target_home(t))) {
		struct vscode_install *v = running(exam);
		const struct vscode_install *last = v ? NULL : used_last(exam);
		if (last) {
			v = arena_new_of(exam->arena, struct vscode_install);
			*v = *last;
		}
		if (v) {
			choose_profile(exam, v);
		}
		t->install = v;
	}
	t->install_known = true;
	return t->install;
}

const char *vscode_install_editor(struct exam *exam) {
	const struct vscode_install *v = vscode_install(exam);
	return !v ? NULL : streq(v->name, CODE_SERVER) ? CODE_SERVER : "vscode";
}

void vscode_install_state(struct exam *exam) {
	const struct vscode_install *v = vscode_install(exam);
	if (v) {
		FACTS_ADD(exam->facts, install, NULL, .name = v->name, .cli = v->cli,
		          .data = v->data ? v->data : v->server, .settings = v->settings,
		          .machine = v->machine, .extensions = v->extensions,
		          .profile = v->profile ? v->profile_name : "", .from = v->from,
		          .pid = v->pid, .used_ns = v->used_ns);
	}
}
