/* SPDX-License-Identifier: MIT
 * Which extensions that have to do with Go are installed, switched on, and which commands they
 * bring.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "probes/editors/vscode_install.h"
#include "probes/editors/vscode_state.h"
#include "wire/jsonc.h"

#include <ctype.h>

#define EXTENSIONS_MAX 32             /* that have to do with Go */
#define COMMANDS_MAX   ((size_t)8192) /* bytes of their list */
#define DISABLED_KEY   "extensionsIdentifiers/disabled"

struct installed {
	const char *id; /* lower case */
	const char *version;
	const char *dir;
	int64_t installed_ns;
	bool disabled;
	const char *where;
};

struct list {
	struct exam *exam;
	const char *file; /* that names them */
	const struct evidence *ev;
	struct installed items[EXTENSIONS_MAX];
	size_t count;
};

static const char *lower(struct arena *arena, const char *text) {
	char *copy = arena_strdup(arena, text);
	for (char *p = copy; *p; p++) {
		*p = (char)tolower((unsigned char)*p);
	}
	return copy;
}

/* Others are not looked into: there may be hundreds of them. */
static bool has_to_do_with_go(const char *id) {
	const char *dot = strchr(id, '.');
	return str_starts(id, "golang.") || (dot && str_has(dot, "go"));
}

static void add(struct list *l, const struct installed *one) {
	for (size_t i = 0; i < l->count; i++) {
		if (streq(l->items[i].id, one->id)) {
			/* Without a list of them: the newest directory of that name counts. */
			if (strverscmp(one->version, l->items[i].version) > 0) {
				l->items[i] = *one;
			}
			return;
		}
	}
	if (has_to_do_with_go(one->id) && l->count < EXTENSIONS_MAX) {
		l->items[l->count++] = *one;
	}
}

static void read_list(struct list *l, const struct jsonc_node *root, const char *dir) {
	struct arena *a = l->exam->arena;
	for (const struct jsonc_node *m = root ? root->first_child : NULL; m; m = m->next) {
		const char *id = jsonc_string(jsonc_get(jsonc_get(m, "identifier"), "id"));
		const char *version = jsonc_string(jsonc_get(m, "version"));
		const char *relative = jsonc_string(jsonc_get(m, "relativeLocation"));
		const char *path = jsonc_string(jsonc_get(jsonc_get(m, "location"), "path"));
		const struct jsonc_node *time =
			jsonc_get(jsonc_get(m, "metadata"), "installedTimestamp");
		if (str_empty(id)) {
			continue;
		}
		bool timed = time && time->number > 0 && time->number < 9e12;
		add(l, &(struct installed){
			       .id = lower(a, id),
			       .version = version ? version : "",
			       .dir = path && path[0] == '/' ? path_clean(a, path)
		                      : relative             ? path_join(a, dir, relative)
		                                             : "",
			       .installed_ns = timed ? (int64_t)time->number * NS_PER_MS : 0,
		       });
	}
}

/* publisher.name-1.2.3 or publisher.name-1.2.3-linux-x64 */
static bool split_name(struct arena *arena, const char *name, struct installed *ret) {
	for (const char *p = strchr(name, '-'); p; p = strchr(p + 1, '-')) {
		if (isdigit((unsigned char)p[1])) {
			ret->id = lower(arena, arena_strndup(arena, name, (size_t)(p - name)));
			ret->version = arena_strndup(arena, p + 1, strcspn(p + 1, "-"));
			return strchr(ret->id, '.') != NULL;
		}
	}
	return false;
}

static void read_dirs(struct list *l, const char *dir) {
	struct exam *exam = l->exam;
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	const struct evidence *old =
		world_look(exam->world, LOOK_FILE, path_join(exam->arena, dir, ".obsolete"),
	                   LOOK_CAP_SETTINGS);
	const struct jsonc_node *gone =
		evidence_has_bytes(old) ? jsonc_parse(exam->arena, old->bytes)->root : NULL;
	struct slice rest = ev->bytes;
	struct slice line;
	l->file = dir;
	l->ev = ev;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = arena_slicedup(exam->arena, line);
		struct installed one = {0};
		if (line.len > 2 && !jsonc_get(gone, name + 2) &&
		    split_name(exam->arena, name + 2, &one)) {
			one.dir = path_join(exam->arena, dir, name + 2);
			add(l, &one);
		}
	}
}

/* Those that the user has switched off: everywhere (in this profile), or in this window. */
static void read_disabled(struct list *l, const char *db) {
	struct exam *exam = l->exam;
	const char *arg = arena_printf(exam->arena, "%s?" DISABLED_KEY, db);
	const struct evidence *ev = world_look(exam->world, LOOK_STATE, arg, LOOK_CAP_SETTINGS);
	if (!evidence_has_bytes(ev)) {
		if (ev->state != EV_ABSENT) {
			facts_refuse(
				exam->facts, FACT_extension,
				arena_printf(exam->arena,
			                     "%s cannot be read: which extensions are switched "
			                     "off is not known",
			                     db),
				"libsqlite3.so.0 and a readable database");
		}
		return;
	}
	const struct jsonc_node *root = jsonc_parse(exam->arena, ev->bytes)->root;
	for (const struct jsonc_node *m = root ? root->first_child : NULL; m; m = m->next) {
		const char *id = jsonc_string(jsonc_get(m, "id"));
		for (size_t i = 0; id && i < l->count; i++) {
			if (strcasecmp(l->items[i].id, id) == 0) {
				l->items[i].disabled = true;
				l->items[i].where = db;
			}
		}
	}
}

static const char *commands_of(struct exam *exam, const char *dir) {
	struct strbuf out;
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, path_join(exam->arena, dir, "package.json"),
	                   LOOK_CAP_SETTINGS);
	strbuf_init(&out, exam->arena);
	if (!evidence_has_bytes(ev)) {
		return "";
	}
	const struct jsonc_node *root = jsonc_parse(exam->arena, ev->bytes)->root;
	const struct jsonc_node *list = jsonc_get(jsonc_get(root, "contributes"), "commands");
	for (const struct jsonc_node *m = list ? list->first_child : NULL; m; m = m->next) {
		const char *id = jsonc_string(jsonc_get(m, "command"));
		bool ours = id && (str_starts(id, "go.") || str_starts(id, "gopls."));
		if (ours && !strchr(id, ' ') && out.len + strlen(id) < COMMANDS_MAX) {
			strbuf_printf(&out, "%s%s", out.len > 0 ? " " : "", id);
		}
	}
	return out.data;
}

static const char *profile_state(struct exam *exam, const struct vscode_install *v) {
	return v->profile && v->profile_extensions
	               ? path_join(exam->arena, v->profile, "globalStorage/state.vscdb")
	               : path_join(exam->arena, v->data, "User/globalStorage/state.vscdb");
}

void vscode_extensions_state(struct exam *exam) {
	const struct vscode_install *v = vscode_install(exam);
	if (!v || str_empty(v->extensions)) {
		return;
	}
	struct list *l = arena_new_of(exam->arena, struct list);
	l->exam = exam;
	l->file = v->profile_extensions ? v->profile_extensions
	                                : path_join(exam->arena, v->extensions, "extensions.json");
	l->ev = world_look(exam->world, LOOK_FILE, l->file, LOOK_CAP_SETTINGS);
	if (evidence_has_bytes(l->ev)) {
		read_list(l, jsonc_parse(exam->arena, l->ev->bytes)->root, v->extensions);
	} else {
		read_dirs(l, v->extensions);
	}
	if (l->count > 1 && v->data) {
		bool known = false;
		read_disabled(l, profile_state(exam, v));
		const char *window = vscode_storage_dir(exam, &known);
		if (window) {
			read_disabled(l, path_join(exam->arena, window, "state.vscdb"));
		}
	}
	for (size_t i = 0; i < l->count; i++) {
		const struct installed *e = &l->items[i];
		FACTS_ADD(exam->facts, extension, l->ev, .id = e->id, .version = e->version,
		          .dir = e->dir, .file = l->file, .enabled = !e->disabled,
		          .where = e->where,
		          .commands = l->count > 1 && !str_empty(e->dir) && !e->disabled
		                              ? commands_of(exam, e->dir)
		                              : "",
		          .installed_ns = e->installed_ns);
	}
}
