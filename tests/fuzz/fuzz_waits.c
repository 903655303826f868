/* SPDX-License-Identifier: MIT
 * What LOOK_WAITS may claim, made a chain of; and a stream of messages cut out anywhere.
 */
#include "waits/waits.h"
#include "wire/unread.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct arena *arena, struct slice bytes) {
	struct waits w;

	if (!waits_parse(arena, bytes, &w)) {
		return;
	}
	struct wait_chain c = waits_chain(&w, 1000);
	struct wait_cure cures[2];

	if (c.link_count == 0 || c.link_count > WAITS_LINKS_MAX || !c.leaf.process ||
	    c.links[c.link_count - 1].process != c.leaf.process ||
	    waits_cures(arena, &c, cures) > 2 || str_empty(waits_sentence(arena, &c))) {
		abort();
	}
	for (size_t i = 0; i < c.link_count; i++) {
		(void)waits_link_line(arena, &c, i);
	}
	for (size_t i = 0; i < c.unread_count; i++) {
		(void)waits_unread_line(arena, &c.unread[i]);
	}
	(void)waits_dot(arena, &w, &c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice bytes = slice_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct unread_message messages[8];
	size_t skipped, count = unread_read(arena, bytes, messages, 8, &skipped);

	if (count > 8 || skipped > size) {
		abort();
	}
	walk(arena, bytes);
	arena_free(arena);
	return 0;
}
