/* SPDX-License-Identifier: MIT */
#include "core/setup.h"

#include "base/str.h"
#include "base/vec.h"

static const char *const kind_names[ITEM_KIND_COUNT] = {
	[ITEM_TOOL] = "tool",         [ITEM_SERVER] = "server",   [ITEM_FILE] = "file",
	[ITEM_SETTING] = "setting",   [ITEM_GOENV] = "goenv",     [ITEM_EXTENSION] = "extension",
	[ITEM_EDITOR] = "editor",     [ITEM_KERNEL] = "kernel",   [ITEM_PLACE] = "place",
	[ITEM_LIMIT] = "limit",       [ITEM_STARTUP] = "startup", [ITEM_GOCMD] = "gocmd",
	[ITEM_VARIABLE] = "variable",
};

const char *item_kind_name(enum item_kind kind) {
	return kind < ITEM_KIND_COUNT ? kind_names[kind] : "";
}

enum item_kind item_kind_find(struct slice name) {
	enum item_kind kind = ITEM_TOOL;
	while (kind < ITEM_KIND_COUNT && !slice_eq(name, kind_names[kind])) {
		kind++;
	}
	return kind;
}

struct setup *setup_new(struct arena *arena) {
	struct setup *s = arena_new_of(arena, struct setup);
	s->editor = "";
	s->side = "";
	return s;
}

void setup_add(struct arena *arena, struct setup *setup, const struct setup_item *item) {
	struct setup_item copy = *item;
	const char **texts[] = {&copy.name, &copy.value, &copy.path, &copy.id};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		*texts[i] = *texts[i] ? *texts[i] : "";
		if (strlen(*texts[i]) > SETUP_TEXT_MAX) {
			return;
		}
	}
	if (setup->count < SETUP_ITEMS_MAX) {
		VEC_ROOM(arena, setup->items, setup->count, &setup->slots);
		setup->items[setup->count++] = copy;
	}
}

const struct setup_item *setup_find(const struct setup *setup, enum item_kind kind,
                                    const char *name) {
	for (size_t i = 0; i < setup->count; i++) {
		if (setup->items[i].kind == kind && streq(setup->items[i].name, name)) {
			return &setup->items[i];
		}
	}
	return NULL;
}

/* Where a value is written down may move without anything having changed; where a program lies may not. */
static bool path_counts(enum item_kind kind) {
	return kind == ITEM_TOOL || kind == ITEM_PLACE || kind == ITEM_EDITOR;
}

bool setup_item_equal(const struct setup_item *a, const struct setup_item *b) {
	return streq(a->value, b->value) && (a->kind == ITEM_GOENV || streq(a->id, b->id)) &&
	       (!path_counts(a->kind) || streq(a->path, b->path));
}

bool setup_equal(const struct setup *a, const struct setup *b) {
	if (a->count != b->count || a->covers != b->covers || !setup_same_side(a, b)) {
		return false;
	}
	for (size_t i = 0; i < a->count; i++) {
		const struct setup_item *other = setup_find(b, a->items[i].kind, a->items[i].name);
		if (!other || !setup_item_equal(&a->items[i], other)) {
			return false;
		}
	}
	return true;
}

bool setup_same_side(const struct setup *a, const struct setup *b) {
	return streq(a->editor, b->editor) && streq(a->side, b->side);
}
