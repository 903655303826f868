/* SPDX-License-Identifier: MIT
 * Folders that are opened by a URI behind which this machine has no file: of a .code-workspace, of
 * the editor's command line, or as the editor itself gave them to its server.
 *
 * Not those of vscode-remote: there the extension host runs on the other machine, where they are
 * files. Source: microsoft/vscode src/vs/base/common/network.ts (Schemas); gopls v0.16.0 and later,
 * internal/protocol/uri.go (ParseDocumentURI).
 */
#include "base/path.h"
#include "base/str.h"
#include "core/editor.h"
#include "core/probe.h"
#include "probes/editors/vscode_state.h"
#include "probes/editors/vscode_window.h"
#include "wire/jsonc.h"

#include <ctype.h>

#define SCHEME_MAX 32

/* "" when text is no URI at all. RFC 3986, 3.1. */
static const char *scheme_of(struct arena *arena, const char *text) {
	size_t len = 0;

	while (isalnum((unsigned char)text[len]) ||
	       (len > 0 && text[len] && strchr("+-.", text[len]))) {
		len++;
	}
	bool is_uri = len > 1 && len <= SCHEME_MAX && isalpha((unsigned char)text[0]) &&
	              text[len] == ':' && text[len + 1] != '\0';
	return is_uri ? arena_strndup(arena, text, len) : "";
}

static bool is_foreign(const char *uri, const char *scheme) {
	return *scheme && strcasecmp(scheme, "vscode-remote") != 0 &&
	       (strcasecmp(scheme, "file") != 0 || !str_starts(uri, "file://"));
}

static void state(struct exam *exam, const struct evidence *ev, const struct fact_foreign_uri *f) {
	FACTS_ADD(exam->facts, foreign_uri, ev, .uri = f->uri,
	          .scheme = scheme_of(exam->arena, f->uri), .from = f->from, .file = f->file,
	          .line = f->line, .pid = f->pid, .root = f->root);
}

/* ---- a window ---- */

static bool is_local(struct exam *exam, const char *file, const struct jsonc_node *m) {
	struct arena *arena = exam->arena;
	const char *path = jsonc_string(jsonc_get(m, "path"));
	const char *uri = jsonc_string(jsonc_get(m, "uri"));

	if (str_empty(path)) {
		path = uri && str_starts(uri, "file:") ? path_from_uri(arena, uri) : NULL;
	} else {
		path = path_join(arena, path_parent(arena, file), path);
	}
	return path && world_stat(exam->world, path_clean(arena, path)).is_dir;
}

/* When VS Code last had the folder, or that window, open; 0: never, or not known. */
static int64_t opened_ns(struct exam *exam, const char *window_file) {
	const char *before = exam->target->window_file;
	bool known = false;

	exam->target->window_file = window_file;
	const char *dir = vscode_storage_dir(exam, &known);
	exam->target->window_file = before;
	return dir ? world_stat(exam->world, path_join(exam->arena, dir, "workspace.json")).mtime_ns
	           : 0;
}

/* The folder itself is what is open, whatever a file in it says. */
static bool is_open_alone(struct exam *exam, const char *file) {
	return !exam->target->window_file && opened_ns(exam, NULL) > opened_ns(exam, file);
}

static void look_window(struct exam *exam, const char *file) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	const struct jsonc_node *list =
		evidence_has_bytes(ev)
			? jsonc_get(jsonc_parse(exam->arena, ev->bytes)->root, "folders")
			: NULL;
	bool local = false;

	if (!list || list->type != JSONC_ARRAY) {
		return;
	}
	for (const struct jsonc_node *m = list->first_child; m; m = m->next) {
		local = local || is_local(exam, file, m);
	}
	for (const struct jsonc_node *m = list->first_child; m; m = m->next) {
		const struct jsonc_node *node = jsonc_get(m, "uri");
		const char *uri = jsonc_string(node);

		if (uri && is_foreign(uri, scheme_of(exam->arena, uri))) {
			state(exam, ev,
			      &(struct fact_foreign_uri){.uri = uri,
			                                 .from = "window",
			                                 .file = file,
			                                 .line = (int64_t)node->place.line,
			                                 .root = !local &&
			                                         !is_open_alone(exam, file)});
		}
	}
}

/* ---- the editor's own words ---- */

static void look_asked(struct exam *exam) {
	const char *text = exam->target->client_initialize;
	const struct jsonc_node *params =
		text ? jsonc_parse(exam->arena, slice_str(text))->root : NULL;
	const char *root = jsonc_string(jsonc_get(params, "rootUri"));
	const struct jsonc_node *folders = jsonc_get(params, "workspaceFolders");
	const struct fact_client *client = facts_first(client, exam->facts);
	const struct evidence *ev = client ? client->base.ev : NULL;

	if (root && is_foreign(root, scheme_of(exam->arena, root))) {
		state(exam, ev,
		      &(struct fact_foreign_uri){.uri = root, .from = "asked", .root = true});
		return;
	}
	for (const struct jsonc_node *m =
	             folders && folders->type == JSONC_ARRAY ? folders->first_child : NULL;
	     m; m = m->next) {
		const char *uri = jsonc_string(jsonc_get(m, "uri"));

		if (uri && is_foreign(uri, scheme_of(exam->arena, uri))) {
			state(exam, ev, &(struct fact_foreign_uri){.uri = uri, .from = "asked"});
		}
	}
}

/* ---- its command line ---- */

static void look_process(struct exam *exam) {
	int64_t pid = exam->target->editor_pid;
	const struct evidence *ev =
		pid > 0 ? world_look(exam->world, LOOK_PROCESS,
	                             arena_printf(exam->arena, "%lld", (long long)pid),
	                             LOOK_CAP_SMALL)
			: NULL;
	const char *text = ev && evidence_has_bytes(ev)
	                           ? keyline_get(exam->arena, ev->bytes, "cmdline")
	                           : NULL;
	struct slice rest = slice_str(text ? text : "");
	struct slice part;
	bool next = false;

	while (slice_cut(&rest, '\x1f', &part)) {
		const char *word = arena_slicedup(exam->arena, part);
		const char *uri = str_starts(word, "--folder-uri=") ? word + strlen("--folder-uri=")
		                  : next                            ? word
		                                                    : "";

		next = streq(word, "--folder-uri");
		if (is_foreign(uri, scheme_of(exam->arena, uri))) {
			state(exam, ev,
			      &(struct fact_foreign_uri){
				      .uri = uri, .from = "process", .pid = pid, .root = true});
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	const struct target *t = exam->target;
	const char *window = t->window_file;

	(void)err;
	if (t->editor && streq(t->editor->name, "vscode")) {
		if (!window) {
			window = vscode_window_in(exam->arena, exam->world, t->workspace);
		}
		if (window) {
			look_window(exam, window);
		}
		look_process(exam);
	}
	look_asked(exam);
	return 0;
}

const struct probe probe_foreign_uris = {
	.id = "foreign_uris",
	.title = "folders that are no files of this machine",
	.stage = STAGE_SOURCE,
	.yields = FACT_BIT(foreign_uri),
	.look = look,
};
