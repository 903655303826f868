/* SPDX-License-Identifier: MIT
 * States that worked, out of a file with any bytes: what could be read is within its caps and reads the same when it is
 * written again. The sums are made right first, so that what is behind them is reached.
 */
#include "core/changes.h"
#include "core/known_good.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(struct arena *arena, const struct known_good *store) {
	struct known_good again;
	struct strbuf out;
	bool older = false;
	size_t count = 0;
	strbuf_init(&out, arena);
	known_good_write(&out, store);
	if (known_good_parse(arena, slice_of(out.data, out.len), &again, NULL) < 0 ||
	    again.count != store->count) {
		abort();
	}
	for (size_t i = 0; i < store->count; i++) {
		const struct setup *s = store->states[i];
		if (s->count > SETUP_ITEMS_MAX || s->until_ns < s->at_ns) {
			abort();
		}
		if (!known_good_choose(store, s, s->at_ns, &older)) {
			abort();
		}
		changes_between(arena, store->states[0], s, &count);
		if (count > CHANGES_MAX) {
			abort();
		}
	}
}

/* The text with a right sum in place of each "end=" line that has sixteen digits. */
static char *with_sums(struct arena *arena, struct slice text, const uint8_t *key) {
	char *copy = arena_slicedup(arena, text);
	char *begin = NULL;
	for (char *line = copy; line < copy + text.len;) {
		char *next = memchr(line, '\n', text.len - (size_t)(line - copy));
		size_t len = next ? (size_t)(next - line) : text.len - (size_t)(line - copy);
		if (len >= 3 && memcmp(line, "at=", 3) == 0) {
			begin = line;
		} else if (begin && len == 20 && memcmp(line, "end=", 4) == 0) {
			uint64_t sum = siphash(key, slice_of(begin, (size_t)(line - begin)));
			memcpy(line + 4, arena_printf(arena, "%016llx", (unsigned long long)sum),
			       16);
			begin = NULL;
		}
		line = next ? next + 1 : copy + text.len;
	}
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct known_good store;
	struct slice text = slice_of((const char *)data, size);
	struct err err;
	(void)known_good_parse(arena, text, &store, &err);
	char *copy = with_sums(arena, text, store.key);
	if (known_good_parse(arena, slice_of(copy, size), &store, &err) == 0) {
		look_at(arena, &store);
	}
	arena_free(arena);
	return 0;
}
