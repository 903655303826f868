/* SPDX-License-Identifier: MIT */
#include "probes/editors/vscode_window.h"

#include "base/path.h"
#include "base/str.h"
#include "probes/editors/vscode_tools.h"
#include "wire/jsonc.h"

#include <ctype.h>

static bool is_known(const char *const *folders, size_t count, const char *path) {
	for (size_t i = 0; i < count; i++) {
		if (streq(folders[i], path)) {
			return true;
		}
	}
	return false;
}

/* "path", relative to the file, or "uri" of this machine. */
static const char *folder_path(struct arena *arena, const char *file, const struct jsonc_node *m) {
	const char *path = jsonc_string(jsonc_get(m, "path"));
	const char *uri = jsonc_string(jsonc_get(m, "uri"));
	if (!str_empty(path)) {
		return path_clean(arena, path_join(arena, path_parent(arena, file), path));
	}
	path = uri && str_starts(uri, "file:") ? path_from_uri(arena, uri) : NULL;
	return path && path[0] == '/' ? path_clean(arena, path) : NULL;
}

bool vscode_window_read(struct arena *arena, struct world *world, const char *file,
                        struct vscode_window *ret) {
	const struct evidence *ev = world_look(world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	const char **folders = arena_array_of(arena, const char *, WINDOW_FOLDERS_MAX + 1);
	const char **missing = arena_array_of(arena, const char *, WINDOW_FOLDERS_MAX + 1);
	size_t gone = 0;
	*ret = (struct vscode_window){.file = file, .folders = folders, .missing = missing};
	if (!evidence_has_bytes(ev)) {
		return false;
	}
	const struct jsonc_node *list = jsonc_get(jsonc_parse(arena, ev->bytes)->root, "folders");
	for (const struct jsonc_node *m = list ? list->first_child : NULL;
	     m && ret->count < WINDOW_FOLDERS_MAX; m = m->next) {
		const char *path = folder_path(arena, file, m);
		if (path && is_known(folders, ret->count, path)) {
			continue;
		}
		const char *uri = jsonc_string(jsonc_get(m, "uri"));
		if (path && world_stat(world, path).is_dir) {
			folders[ret->count++] = path;
		} else if ((path || !str_empty(uri)) && gone < WINDOW_FOLDERS_MAX) {
			missing[gone++] = path ? path : uri;
		}
	}
	return ret->count > 0;
}

const char *vscode_window_in(struct arena *arena, struct world *world, const char *dir) {
	const struct evidence *ev = world_look(world, LOOK_DIR, dir, LOOK_CAP_DIR);
	const char *found = NULL;
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(arena, line) + 2 : "";
		if (!str_ends(name, ".code-workspace")) {
			continue;
		}
		if (found) {
			return NULL;
		}
		found = path_join(arena, dir, name);
	}
	return found;
}

/* ---- GOPATH ---- */

/* What lies above the last component "src" of a path, whatever its case; NULL when there is none. */
static const char *above_src(struct arena *arena, const char *folder) {
	for (size_t i = strlen(folder); i-- > 1;) {
		const char *p = folder + i;
		bool src = p[-1] == '/' && strncasecmp(p, "src", 3) == 0 &&
		           (p[3] == '/' || p[3] == '\0');
		if (src && i > 1) {
			return arena_strndup(arena, folder, i - 1);
		}
	}
	return NULL;
}

static const char *inferred(struct exam *exam, const char *folder) {
	const char *path = above_src(exam->arena, folder);
	const char *own = envset_get(&exam->target->judged, "GOPATH");
	if (!path && world_stat(exam->world, path_join(exam->arena, folder, "src")).is_dir) {
		path = folder;
	}
	if (path && !str_empty(own) && !streq(own, path)) {
		path = arena_printf(exam->arena, "%s:%s", path, own);
	}
	return path;
}

/* The folder's own settings, as if it were the one that is judged. The facts are the caller's. */
static struct exam folder_exam(struct exam *exam, const char *folder, struct facts *facts,
                               struct target *target) {
	struct exam one = *exam;
	facts_init(facts, exam->arena);
	*target = *exam->target;
	target->workspace = folder;
	one.facts = facts;
	one.target = target;
	return one;
}

static void state_folder(struct exam *exam, const char *folder, int64_t index) {
	struct facts facts;
	struct target target;
	struct exam one = folder_exam(exam, folder, &facts, &target);
	vscode_read_settings(&one);
	const struct fact_setting *setting = facts_setting(&facts, "go.gopath");
	const char *text = vscode_text(&one, "go.gopath");
	bool infers = vscode_flag(&one, "go.inferGopath", false);
	const char *path = infers ? inferred(&one, folder) : NULL;
	const char *from = path ? "go.inferGopath" : text ? "go.gopath" : "environment";
	if (path) {
		setting = facts_setting(&facts, "go.inferGopath");
	} else {
		path = text ? vscode_expand(&one, text)
		            : envset_get(&exam->target->judged, "GOPATH");
		setting = text ? setting : NULL;
	}
	FACTS_ADD(exam->facts, window_folder, setting ? setting->base.ev : NULL,
	          .window = exam->target->window_file, .folder = folder, .index = index,
	          .judged = streq(folder, exam->target->workspace), .gopath = path, .from = from,
	          .file = setting ? setting->file : "", .line = setting ? setting->line : 0);
}

const char *vscode_window_state(struct exam *exam) {
	const char *const *folders = exam->target->window_folders;
	const char *first = NULL;
	bool differ = false;
	for (size_t i = 0; folders && folders[i]; i++) {
		state_folder(exam, folders[i], (int64_t)i);
	}
	facts_each (window_folder, f, exam->facts) {
		differ = differ || (first && !streq(first, f->gopath));
		first = f->gopath;
	}
	return differ ? "the folders of the window have different GOPATHs: the extension starts no "
	                "server for them"
	              : NULL;
}
