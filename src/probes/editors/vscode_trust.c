/* SPDX-License-Identifier: MIT
 * Which folders the user trusts. The nearest folder above (or the folder itself) that is listed
 * decides; what is not listed is not trusted.
 */
#include "base/path.h"
#include "base/str.h"
#include "probes/editors/vscode_install.h"
#include "probes/editors/vscode_state.h"
#include "wire/jsonc.h"

#include <errno.h>

#define TRUST_KEY   "content.trust.model.key"
#define STORAGE_MAX 400 /* folders of workspaceStorage that are looked into */

/* Where VS Code notes which folder belongs to an entry of workspaceStorage. */
static bool is_of_window(struct exam *exam, const char *dir) {
	const struct target *t = exam->target;
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, path_join(exam->arena, dir, "workspace.json"),
	                   LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return false;
	}
	const struct jsonc_node *root = jsonc_parse(exam->arena, ev->bytes)->root;
	const char *uri = jsonc_string(jsonc_get(root, t->window_file ? "workspace" : "folder"));
	const char *path = uri ? path_from_uri(exam->arena, uri) : NULL;
	if (!path) {
		return false;
	}
	path = path_clean(exam->arena, path);
	return streq(path, t->window_file ? t->window_file : t->workspace) ||
	       (!t->window_file && streq(path, world_stat(exam->world, t->workspace).real));
}

const char *vscode_storage_dir(struct exam *exam, bool *ret_known) {
	const struct vscode_install *v = vscode_install(exam);
	*ret_known = false;
	if (!v || !v->data) {
		return NULL;
	}
	const char *dir = path_join(exam->arena, v->data, "User/workspaceStorage");
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	size_t looked = 0;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line) && looked < STORAGE_MAX) {
		if (!slice_starts(line, "d ")) {
			continue;
		}
		const char *one =
			path_join(exam->arena, dir, arena_slicedup(exam->arena, line) + 2);
		looked++;
		if (is_of_window(exam, one)) {
			*ret_known = true;
			return one;
		}
	}
	*ret_known = ev->state == EV_READ && looked > 0 && looked < STORAGE_MAX;
	return NULL;
}

static const char *uri_path(struct arena *arena, const struct jsonc_node *uri) {
	const char *scheme = jsonc_string(jsonc_get(uri, "scheme"));
	const char *path = jsonc_string(jsonc_get(uri, "path"));
	if (!str_empty(scheme) && !streq(scheme, "file")) {
		return NULL;
	}
	if (!path) {
		path = jsonc_string(jsonc_get(uri, "fsPath"));
	}
	if (!path) {
		const char *external = jsonc_string(uri);
		external = external ? external : jsonc_string(jsonc_get(uri, "external"));
		path = external ? path_from_uri(arena, external) : NULL;
	}
	return path && path[0] == '/' ? path_clean(arena, path) : NULL;
}

/* The listed folder that decides about `folder`, or NULL. */
static const char *decides(struct arena *arena, const struct jsonc_node *list, const char *folder,
                           bool *ret_trusted) {
	const char *found = NULL;
	for (const struct jsonc_node *m = list ? list->first_child : NULL; m; m = m->next) {
		const char *path = uri_path(arena, jsonc_get(m, "uri"));
		const struct jsonc_node *trusted = jsonc_get(m, "trusted");
		if (path && path_below(folder, path) && (!found || strlen(path) > strlen(found))) {
			found = path;
			*ret_trusted = trusted && trusted->boolean;
		}
	}
	return found;
}

#define DATABASES_MAX 3

/* Where the list is kept: with the user's other state, and, by releases that share it between
 * products, in a folder of its own. */
struct lists {
	const struct jsonc_node *lists[DATABASES_MAX];
	size_t count;
	const char *where; /* the database of the user's state */
	const struct evidence *ev;
	bool is_cut; /* changes beside a database were not seen */
};

/* The longest listed folder of all lists; where two say something of the same one, trust wins. */
static const char *decides_of_all(struct exam *exam, const struct lists *l, const char *folder,
                                  bool *ret_trusted) {
	const char *real = world_stat(exam->world, folder).real;
	const char *found = NULL;
	for (size_t i = 0; i < 2 * l->count; i++) {
		const char *path = i < l->count ? folder : real;
		bool trusted = false;
		const char *by = str_empty(path) ? NULL
		                                 : decides(exam->arena, l->lists[i % l->count],
		                                           path, &trusted);
		if (by && (!found || (trusted && !*ret_trusted) ||
		           (strlen(by) > strlen(found) && trusted == *ret_trusted))) {
			found = by;
			*ret_trusted = trusted;
		}
	}
	return found;
}

/* A process of this family that is judged has the folder open. */
static bool is_open_now(const struct exam *exam) {
	const struct fact_editor_process *p = facts_first(editor_process, exam->facts);
	return p && str_starts(p->kind, "vscode");
}

static void state_folder(struct exam *exam, const struct lists *l, const char *folder) {
	bool trusted = false;
	const char *by = decides_of_all(exam, l, folder, &trusted);
	bool known = false;
	const char *storage = by ? NULL : vscode_storage_dir(exam, &known);
	if (!by && l->is_cut) {
		facts_refuse(exam->facts, FACT_folder_trust,
		             arena_printf(exam->arena, "%s-wal has changes that were not seen",
		                          l->where),
		             "the editor closed");
		return;
	}
	FACTS_ADD(exam->facts, folder_trust, l->ev, .folder = folder,
	          .state = !by       ? "unlisted"
	                   : trusted ? "trusted"
	                             : "untrusted",
	          .by = by, .where = l->where, .opened = storage != NULL || is_open_now(exam),
	          .never = !by && known && !storage && !is_open_now(exam));
}

static void refuse(struct exam *exam, const char *where, const struct evidence *ev) {
	bool library = ev->error == ENOSYS;
	facts_refuse(exam->facts, FACT_folder_trust,
	             library ? "libsqlite3.so.0, which reads the editor's state, is not installed"
	                     : arena_printf(exam->arena, "%s cannot be read (%s)", where,
	                                    ev_state_name(ev->state)),
	             library ? "the package libsqlite3-0" : "that file, readable and whole");
}

/* False when there is nothing to say: never started by this user, or refused. */
static bool read_lists(struct exam *exam, const struct vscode_install *v, struct lists *l) {
	struct arena *a = exam->arena;
	const char *const databases[DATABASES_MAX] = {
		path_join(a, v->data, "User/globalStorage/state.vscdb"),
		path_join(a, v->data, "shared-data/sharedStorage/state.vscdb"),
		arena_printf(a, "%s-shared/sharedStorage/state.vscdb",
	                     path_parent(a, v->extensions)),
	};
	for (size_t i = 0; i < DATABASES_MAX; i++) {
		const char *arg = arena_printf(a, "%s?" TRUST_KEY, databases[i]);
		const struct evidence *ev =
			world_look(exam->world, LOOK_STATE, arg, LOOK_CAP_SETTINGS);
		if (ev->state == EV_ABSENT) {
			continue;
		}
		if (!evidence_has_bytes(ev)) {
			refuse(exam, databases[i], ev);
			return false;
		}
		l->is_cut = l->is_cut || ev->state == EV_TRUNCATED;
		l->where = l->where ? l->where : databases[i];
		l->ev = l->ev ? l->ev : ev;
		l->lists[l->count++] = jsonc_get(jsonc_parse(a, ev->bytes)->root, "uriTrustInfo");
	}
	return l->count > 0;
}

static void state_disabled(struct exam *exam, const char *by) {
	FACTS_ADD(exam->facts, folder_trust, NULL, .folder = exam->target->workspace,
	          .state = "disabled", .by = by);
}

void vscode_trust_state(struct exam *exam, const char *trust_setting) {
	const struct vscode_install *v = vscode_install(exam);
	const struct target *t = exam->target;
	if (!v) {
		return;
	}
	if (streq(trust_setting, "false") || v->trusts_all) {
		state_disabled(exam, v->trusts_all ? "--disable-workspace-trust"
		                                   : "security.workspace.trust.enabled");
		return;
	}
	if (!v->data || streq(v->name, "code-server")) {
		facts_refuse(exam->facts, FACT_folder_trust,
		             "the editor's client, on another machine or in a browser, keeps it",
		             "a look at that machine");
		return;
	}
	struct lists l = {0};
	if (!read_lists(exam, v, &l)) {
		return;
	}
	if (!t->window_folders) {
		state_folder(exam, &l, t->workspace);
	}
	for (size_t i = 0; t->window_folders && t->window_folders[i]; i++) {
		state_folder(exam, &l, t->window_folders[i]);
	}
}
