/* SPDX-License-Identifier: MIT
 * `dialtone settings set` and `unset`: one value in one file. The difference is shown first; it is written with --yes, or
 * after a yes at a terminal.
 */
#include "apply/steps.h"
#include "apply/turn.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/settings.h"
#include "report/diff.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "settings/keypath.h"
#include "wire/jsonc_edit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct setting_change {
	struct settings_view *view;
	const char *key;
	const char *json; /* NULL: unset */
	enum layer_kind kind;
	const char *file; /* as the editor names it */
	const char *real; /* links resolved */
	struct image before;
	struct jsonc_edit edit;
};

static bool kind_of(const char *name, enum layer_kind *ret) {
	static const enum layer_kind kinds[] = {LAYER_USER, LAYER_WORKSPACE, LAYER_FOLDER};
	for (size_t i = 0; i < 3; i++) {
		if (streq(layer_name(kinds[i]), name)) {
			*ret = kinds[i];
			return true;
		}
	}
	return false;
}

/* Without --layer: the strongest of the three that has the key, else the user's. */
static enum layer_kind choose_layer(struct setting_change *c) {
	const struct layers *layers = &c->view->layers;
	enum layer_kind kind = LAYER_USER;
	if (kind_of(c->view->options->layer, &kind)) {
		return kind;
	}
	for (size_t i = layers->count; i-- > 0;) {
		const struct layer *l = &layers->items[i];
		const char *own = layers_file(layers, c->view->arena, &c->view->where, l->kind);
		struct keypath path = keypath_of(&c->view->schema, l->root, c->key);
		if (keypath_find(l->root, &path) && streq(own, l->file) &&
		    kind_of(layer_name(l->kind), &kind)) {
			return kind;
		}
	}
	return kind;
}

/* Would lint complain about this value in this place? Then it is not written. */
static bool makes_sense(struct setting_change *c) {
	struct settings_view *view = c->view;
	struct lint lint = {
		.arena = view->arena,
		.issues = {.arena = view->arena},
		.schema = &view->schema,
		.layers = &view->layers,
		.where = &view->where,
		.env = &view->target.judged,
	};
	struct keypath path = keypath_of(&view->schema, NULL, c->key);
	struct jsonc_edit alone;
	struct err err;
	if (jsonc_edit_set(view->arena, slice_str(""), path.keys, slice_str(c->json), &alone,
	                   &err) < 0) {
		output_complain("%s; a text needs quotes: '\"%s\"'", err.msg, c->json);
		return false;
	}
	struct spot spot = {.file = c->file,
	                    .layer = layer_name(c->kind),
	                    .key = "",
	                    .kind = c->kind,
	                    .is_layer = true};
	lint_settings(&lint, &spot, jsonc_parse(view->arena, alone.text)->root);
	for (const struct issue *i = lint.issues.first; i; i = i->next) {
		if (i->severity != SEV_NOTE && i->kind != ISSUE_DEPRECATED_KEY) {
			output_complain("%s%s%s", i->message, *i->instead ? "; write: " : "",
			                i->instead);
			return false;
		}
	}
	return true;
}

static int prepare(struct setting_change *c) {
	struct settings_view *view = c->view;
	struct err err;
	c->kind = choose_layer(c);
	c->file = layers_file(&view->layers, view->arena, &view->where, c->kind);
	if (!c->file) {
		output_complain(
			c->kind == LAYER_WORKSPACE
				? "'%s' holds no .code-workspace file, or several"
				: "nothing says where the user settings are (no HOME), for '%s'",
			view->where.workspace);
		return STATUS_USAGE;
	}
	if (c->json && !makes_sense(c)) {
		return STATUS_USAGE;
	}
	int r = image_read(view->arena, c->file, &c->before, &c->real, &err);
	if (r < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	const struct jsonc_node *root = jsonc_parse(view->arena, c->before.bytes)->root;
	bool inside = c->kind == LAYER_WORKSPACE;
	struct keypath path =
		keypath_of(&view->schema, inside ? jsonc_get(root, "settings") : root, c->key);
	const char *keys[KEYPATH_MAX + 1] = {"settings"};
	memcpy(keys + inside, path.keys, sizeof(path.keys));
	r = c->json ? jsonc_edit_set(view->arena, c->before.bytes, keys, slice_str(c->json),
	                             &c->edit, &err)
	            : jsonc_edit_unset(view->arena, c->before.bytes, keys, &c->edit, &err);
	if (r < 0) {
		output_complain("%s: %s", c->file, err.msg);
		return r == -ENOENT ? STATUS_USAGE : STATUS_UNKNOWN;
	}
	return STATUS_HEALTHY;
}

/* A stronger layer that still says something else. */
static const struct layer *still_hidden(struct setting_change *c) {
	const struct layers *layers = &c->view->layers;
	for (size_t i = layers->count; i-- > 0;) {
		const struct layer *l = &layers->items[i];
		struct keypath path = keypath_of(&c->view->schema, l->root, c->key);
		if (l->kind > c->kind && l->kind >= LAYER_WORKSPACE &&
		    keypath_find(l->root, &path)) {
			return l;
		}
	}
	return NULL;
}

static bool said_yes(void) {
	char answer[8] = "";
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		return false;
	}
	fputs("Write this? [y/N] ", stderr);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int write_file(struct setting_change *c, int64_t *ret_id, struct err *err) {
	struct arena *arena = c->view->arena;
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	struct image after = c->before;
	if (!image_exists(&c->before)) {
		struct err ignored;
		(void)place_open(arena, c->real, &place, &ignored);
		after = image_new_file(&place, c->edit.text);
	}
	after.bytes = c->edit.text;
	after.size = (int64_t)after.bytes.len;
	CLEANUP(turn_end) struct turn turn = turn_take(arena, err);
	if (!turn.journal) {
		return err->code;
	}
	struct steps steps;
	steps_init(&steps, arena, turn.journal);
	return steps_write_file(
		&steps, c->real, &c->before, &after, "settings",
		arena_printf(arena, "settings %s %s", c->json ? "set" : "unset", c->key), ret_id,
		err);
}

static void show_difference(struct setting_change *c, struct strbuf *out,
                            const struct terminal *t) {
	struct report_style style = {.colour = t->colour, .utf8 = t->utf8, .columns = t->columns};
	struct slice before = c->before.bytes;
	if (!streq(c->file, c->real)) {
		strbuf_printf(out, "%s leads to %s\n", harmless(out->arena, c->file, t->utf8),
		              harmless(out->arena, c->real, t->utf8));
	}
	before.data = image_exists(&c->before) && !before.data ? "" : before.data;
	diff_write(out, c->real, image_exists(&c->before) ? before : slice_of(NULL, 0),
	           c->edit.text, &style);
}

static int tell_json(struct setting_change *c, bool written, int64_t id) {
	struct strbuf out;
	struct strbuf diff;
	struct terminal plain = {.utf8 = true};
	struct json json = {.out = &out};
	strbuf_init(&out, c->view->arena);
	strbuf_init(&diff, c->view->arena);
	if (c->edit.changed) {
		show_difference(c, &diff, &plain);
	}
	const struct layer *hidden = still_hidden(c);
	json_begin(&json, "dialtone.change/1");
	json_put(&json, "key", c->key);
	json_put(&json, "layer", layer_name(c->kind));
	json_put(&json, "file", c->file);
	json_put_bool(&json, "changed", c->edit.changed);
	json_put_bool(&json, "written", written);
	json_put_number(&json, "change", id);
	json_put(&json, "diff", diff.data);
	json_put(&json, "overridden_by", hidden ? hidden->file : NULL);
	json_end(&json);
	return output_write(&out, STATUS_HEALTHY);
}

static int tell_text(struct setting_change *c, bool written, int64_t id) {
	struct strbuf out;
	strbuf_init(&out, c->view->arena);
	const struct layer *hidden = still_hidden(c);
	if (!c->edit.changed) {
		strbuf_printf(&out, "Nothing to do: %s says so already.\n", c->file);
	} else if (written) {
		strbuf_printf(&out, "Written: %s (take it back: dialtone undo %lld)\n", c->file,
		              (long long)id);
	} else {
		strbuf_add(&out, "Nothing was written; --yes writes it.\n");
	}
	if (hidden && c->json) {
		strbuf_printf(&out, "It does not count: %s sets %s too, and overrides it.\n",
		              hidden->file, c->key);
	}
	return output_write(&out, STATUS_HEALTHY);
}

int settings_change(struct settings_view *view, const char *key, const char *json) {
	struct setting_change c = {.view = view, .key = key, .json = json};
	const struct settings_options *o = view->options;
	struct terminal terminal = terminal_find(o->color);
	struct err err;
	int64_t id = 0;
	int status = prepare(&c);
	if (status != STATUS_HEALTHY) {
		return status;
	}
	if (c.edit.changed && !o->json) {
		struct strbuf out;
		strbuf_init(&out, view->arena);
		show_difference(&c, &out, &terminal);
		status = output_write(&out, STATUS_HEALTHY);
		if (status != STATUS_HEALTHY) {
			return status;
		}
		(void)fflush(stdout);
	}
	/* From here on the user's Ctrl-C ends us at once again: at the question nothing has begun. */
	interrupt_close(&view->interrupt);
	bool write = c.edit.changed && (o->yes || (!o->json && said_yes()));
	if (write && write_file(&c, &id, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	return o->json ? tell_json(&c, write, id) : tell_text(&c, write, id);
}
