/* SPDX-License-Identifier: MIT
 * What snapshots hold, and what differs between two.
 */
#include "cmd/case.h"
#include "cmd/output.h"
#include "cmd/snapshot.h"
#include "report/picture.h"

static struct picture *open_picture(struct arena *arena, const char *path) {
	struct evidence_store store;
	struct parsed_options parsed;
	struct picture *picture = NULL;
	struct err err = {0};

	evidence_store_init(&store, arena);
	if (case_open(arena, path, &command_snapshot, &store, &parsed, &err) < 0) {
		output_complain("%s", err.msg);
		return NULL;
	}
	for (size_t i = 0; i < store.count && !picture; i++) {
		if (str_starts(store.items[i]->source, "picture:") &&
		    evidence_has_bytes(store.items[i])) {
			picture = picture_parse(arena, store.items[i]->bytes);
		}
	}
	if (!picture) {
		output_complain("'%s' holds no processes", path);
	}
	return picture;
}

static struct report_style style_of(const char *color) {
	struct terminal terminal = terminal_find(color);

	return (struct report_style){
		.colour = terminal.colour, .utf8 = terminal.utf8, .columns = terminal.columns};
}

static int show_in(struct arena *arena, const struct snapshot_options *o) {
	struct picture_view view = {.arena = arena, .names = {o->from}};
	struct report_style style = style_of(o->color);
	struct strbuf out;

	view.pictures[0] = open_picture(arena, o->from);
	if (!view.pictures[0]) {
		return STATUS_USAGE;
	}
	strbuf_init(&out, arena);
	if (o->json) {
		picture_json(&out, &view);
	} else {
		picture_text(&out, &view, &style);
	}
	return output_write(&out, STATUS_HEALTHY);
}

static int diff_in(struct arena *arena, const struct snapshot_options *o,
                   const char *const files[2]) {
	struct picture_view view = {.arena = arena};
	struct report_style style = style_of(o->color);
	struct strbuf out;

	for (int i = 0; i < 2; i++) {
		view.names[i] = files[i];
		view.pictures[i] = open_picture(arena, files[i]);
		if (!view.pictures[i]) {
			return STATUS_USAGE;
		}
	}
	view.changes = picture_compare(arena, view.pictures[0], view.pictures[1]);
	strbuf_init(&out, arena);
	if (o->json) {
		picture_diff_json(&out, &view);
	} else {
		picture_diff_text(&out, &view, &style);
	}
	return output_write(&out, view.changes->count > 0 ? STATUS_FOUND : STATUS_HEALTHY);
}

int snapshot_show(const struct snapshot_options *options) {
	struct arena *arena = arena_new();
	int status = show_in(arena, options);

	arena_free(arena);
	return status;
}

int snapshot_diff(const struct snapshot_options *options, const char *const files[2]) {
	struct arena *arena = arena_new();
	int status = diff_in(arena, options, files);

	arena_free(arena);
	return status;
}
