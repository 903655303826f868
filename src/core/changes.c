/* SPDX-License-Identifier: MIT */
#include "core/changes.h"

struct comparison {
	struct arena *arena;
	const struct setup *old;
	const struct setup *now;
	bool same_side;
	struct change *changes;
	size_t count;
};

const char *item_change_name(enum item_change how) {
	static const char *const names[] = {"added", "removed", "changed"};
	return names[how];
}

static void add(struct comparison *c, enum item_change how, const struct setup_item *old,
                const struct setup_item *new) {
	if (c->count < CHANGES_MAX) {
		c->changes[c->count++] = (struct change){.how = how, .old = old, .new = new};
	}
}

/* Each editor and environment has its own variables, limits and PATH. */
static bool of_any_side(enum item_kind kind) {
	return kind == ITEM_FILE || kind == ITEM_STARTUP || kind == ITEM_KERNEL;
}

static bool is_by_default(const struct setup_item *item) {
	return item->kind == ITEM_GOENV && STR_IN(item->id, "default", "goroot", "");
}

/* What it would mean that there is something new, or nothing any more, is known of some kinds only. */
static bool can_come_and_go(const struct comparison *c, const struct setup_item *item) {
	switch (item->kind) {
	case ITEM_SERVER:
	case ITEM_EDITOR:
	case ITEM_KERNEL:
	case ITEM_PLACE:
	case ITEM_LIMIT:
	case ITEM_GOCMD:
		return false;
	case ITEM_TOOL:
		if (!STR_IN(item->name, "go", "gopls")) {
			return false;
		}
		break;
	case ITEM_FILE:
	case ITEM_STARTUP:
	case ITEM_GOENV:
	case ITEM_SETTING:
	case ITEM_EXTENSION:
	case ITEM_VARIABLE:
	case ITEM_KIND_COUNT:
		break;
	}
	return !is_by_default(item) && setup_covers(c->old, item->kind) &&
	       setup_covers(c->now, item->kind);
}

static bool variable_differs(const struct comparison *c, const char *name) {
	const struct setup_item *a = setup_find(c->old, ITEM_VARIABLE, name);
	const struct setup_item *b = setup_find(c->now, ITEM_VARIABLE, name);
	return (a || b) && (!a || !b || !setup_item_equal(a, b));
}

/* Told once already. */
static bool is_told(const struct comparison *c, const struct setup_item *item) {
	if (item->kind == ITEM_GOCMD) {
		return variable_differs(c, item->name) ||
		       setup_find(c->old, ITEM_GOENV, item->name) ||
		       setup_find(c->now, ITEM_GOENV, item->name);
	}
	if (item->kind == ITEM_TOOL && STR_IN(item->name, "toolchain", "server-go")) {
		/* The version of the go that does the work follows that of the go there is. */
		const struct setup_item *a = setup_find(c->old, ITEM_TOOL, "go");
		const struct setup_item *b = setup_find(c->now, ITEM_TOOL, "go");
		return a && b && !streq(a->value, b->value);
	}
	return item->kind == ITEM_GOENV && variable_differs(c, item->name);
}

static void compare(struct comparison *c) {
	for (size_t i = 0; i < c->now->count; i++) {
		const struct setup_item *b = &c->now->items[i];
		const struct setup_item *a = setup_find(c->old, b->kind, b->name);
		if ((!c->same_side && !of_any_side(b->kind)) || is_told(c, b)) {
			continue;
		}
		if (a && !setup_item_equal(a, b)) {
			add(c, ITEM_CHANGED, a, b);
		} else if (!a && can_come_and_go(c, b)) {
			add(c, ITEM_ADDED, NULL, b);
		}
	}
	for (size_t i = 0; i < c->old->count; i++) {
		const struct setup_item *a = &c->old->items[i];
		bool comparable = c->same_side || of_any_side(a->kind);
		if (comparable && !setup_find(c->now, a->kind, a->name) && can_come_and_go(c, a) &&
		    !is_told(c, a)) {
			add(c, ITEM_REMOVED, a, NULL);
		}
	}
}

struct change *changes_between(struct arena *arena, const struct setup *old,
                               const struct setup *now, size_t *ret_count) {
	struct comparison c = {.arena = arena,
	                       .old = old,
	                       .now = now,
	                       .same_side = setup_same_side(old, now),
	                       .changes = arena_array_of(arena, struct change, CHANGES_MAX)};
	compare(&c);
	*ret_count = c.count;
	return c.changes;
}
