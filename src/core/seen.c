/* SPDX-License-Identifier: MIT */
#include "core/seen.h"

#include "base/str.h"
#include "core/world.h"

#include <stdlib.h>

/* "UID:GID:MODE", and behind another colon what is left. */
static bool mode_read(struct arena *arena, struct slice *rest, struct seen_mode *ret) {
	struct slice uid, gid, mode;
	char *end;

	if (!slice_cut(rest, ':', &uid) || !slice_cut(rest, ':', &gid) ||
	    !slice_cut(rest, ':', &mode) || mode.len == 0 ||
	    str_to_int64(arena_slicedup(arena, uid), &ret->uid) < 0 ||
	    str_to_int64(arena_slicedup(arena, gid), &ret->gid) < 0) {
		return false;
	}
	ret->mode = (unsigned)strtoul(arena_slicedup(arena, mode), &end, 8) & 07777U;
	return *end == '\0';
}

static void child_read(struct arena *arena, struct slice line, struct seen_place *p) {
	struct seen_child *child = &p->children[p->child_count];
	struct slice type;

	if (p->child_count < SEEN_CHILDREN_MAX && mode_read(arena, &line, &child->owner) &&
	    slice_cut(&line, ':', &type)) {
		child->is_dir = slice_eq(type, "dir");
		child->name = keyline_text(
			arena, slice_str(arena_printf(arena, "n=%.*s\n", (int)line.len, line.data)),
			"n");
		p->child_count++;
	}
}

bool seen_take(struct arena *arena, struct slice *rest, struct seen_place *ret) {
	struct slice block, line, word;

	if (!keyline_block(rest, &block)) {
		return false;
	}
	*ret = (struct seen_place){
		.path = keyline_text(arena, block, "path"),
		.state = keyline_text(arena, block, "state"),
		.rest = keyline_text(arena, block, "rest"),
		.type = keyline_text(arena, block, "type"),
		.fstype = keyline_text(arena, block, "fstype"),
		.dev = keyline_number(arena, block, "dev", 0),
		.ino = keyline_number(arena, block, "ino", 0),
		.has_acl = keyline_number(arena, block, "acl", 0) != 0,
		.read_only = keyline_number(arena, block, "ro", 0) != 0,
		.noexec = keyline_number(arena, block, "noexec", 0) != 0,
	};
	ret->known = ret->ino != 0;
	ret->owner.uid = keyline_number(arena, block, "uid", -1);
	ret->owner.gid = keyline_number(arena, block, "gid", -1);
	ret->owner.mode = (unsigned)strtoul(keyline_text(arena, block, "mode"), NULL, 8) & 07777U;
	word = slice_str(keyline_text(arena, block, "above"));
	for (struct slice one; ret->above_count < SEEN_ABOVE_MAX && slice_cut(&word, ' ', &one);) {
		ret->above_count += mode_read(arena, &one, &ret->above[ret->above_count]);
	}
	while (slice_line(&block, &line)) {
		if (slice_starts(line, "child=")) {
			child_read(arena, slice_of(line.data + 6, line.len - 6), ret);
		}
	}
	return true;
}

bool seen_mode_allows(const struct seen_mode *owner, const struct seen_user *user, unsigned want) {
	bool in_group = user->gid == owner->gid;

	if (user->uid == 0) {
		return true;
	}
	for (size_t i = 0; i < user->group_count; i++) {
		in_group = in_group || user->groups[i] == owner->gid;
	}
	unsigned bits = user->uid == owner->uid ? owner->mode >> 6
	                : in_group              ? owner->mode >> 3
	                                        : owner->mode;

	return (bits & want) == want;
}

bool seen_is_same(const struct seen_place *a, const struct seen_place *b) {
	return a->known && b->known && a->dev == b->dev && a->ino == b->ino &&
	       streq(a->rest, b->rest);
}
