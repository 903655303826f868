/* SPDX-License-Identifier: MIT */
#include "wire/jsonc_splice.h"

struct slice jsonc_splice_join(struct arena *arena, struct slice a, struct slice b,
                               struct slice c) {
	char *data = arena_alloc(arena, a.len + b.len + c.len + 1);
	size_t len = 0;
	const struct slice parts[] = {a, b, c};
	for (size_t i = 0; i < 3; i++) {
		if (parts[i].data && parts[i].len > 0) {
			memcpy(data + len, parts[i].data, parts[i].len);
		}
		len += parts[i].len;
	}
	return slice_of(data, len);
}

struct slice jsonc_splice_part(struct slice text, size_t from, size_t to) {
	return slice_of(text.data ? text.data + from : NULL, to - from);
}

struct slice jsonc_splice_apply(struct arena *arena, struct slice text,
                                const struct jsonc_splice *splice) {
	size_t end = 0;
	if (__builtin_add_overflow(splice->offset, splice->removed.len, &end) || end > text.len ||
	    (splice->removed.len > 0 && text.data &&
	     memcmp(text.data + splice->offset, splice->removed.data, splice->removed.len) != 0)) {
		return slice_of(NULL, 0);
	}
	return jsonc_splice_join(arena, jsonc_splice_part(text, 0, splice->offset),
	                         splice->inserted, jsonc_splice_part(text, end, text.len));
}

/* The smallest splice from one text to the other. */
static struct jsonc_splice difference(struct slice from, struct slice to) {
	size_t head = 0;
	size_t tail = 0;
	while (head < from.len && head < to.len && from.data[head] == to.data[head]) {
		head++;
	}
	while (tail < from.len - head && tail < to.len - head &&
	       from.data[from.len - 1 - tail] == to.data[to.len - 1 - tail]) {
		tail++;
	}
	return (struct jsonc_splice){.offset = head,
	                             .removed = jsonc_splice_part(from, head, from.len - tail),
	                             .inserted = jsonc_splice_part(to, head, to.len - tail)};
}

void jsonc_splice_finish(struct slice before, struct slice after, struct jsonc_edit *ret) {
	struct jsonc_splice forward = difference(before, after);
	*ret = (struct jsonc_edit){
		.changed = forward.removed.len > 0 || forward.inserted.len > 0,
		.text = after,
		.forward = forward,
		.inverse = {.offset = forward.offset,
	                    .removed = forward.inserted,
	                    .inserted = forward.removed},
	};
}
