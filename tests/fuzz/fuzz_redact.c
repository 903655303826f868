/* SPDX-License-Identifier: MIT
 * Redaction of hostile evidence: a planted secret and a planted name never come through.
 */
#include "world/redact.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct evidence_store *store, const char *source, struct slice bytes) {
	struct evidence *ev = evidence_add(store, source);

	ev->state = EV_READ;
	ev->bytes = bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const char environment[] = "HOME=/home/marjolein\0MY_TOKEN=Pl4ntedS3cret\0";
	struct slice bytes = slice_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct evidence_store from, to;
	struct case_meta meta = {.tool = "1", .home = "/home/marjolein", .cwd = "/"};

	evidence_store_init(&from, arena);
	evidence_store_init(&to, arena);
	add(&from, "proc:self/environ", slice_of(environment, sizeof environment - 1));
	add(&from, "file:/a", bytes);
	add(&from, "run:a", bytes);
	add(&from, "session:a", bytes);
	add(&from, "file:/etc/passwd", bytes);
	redact_case(&from, &to, &meta);
	if (to.count != from.count) {
		abort();
	}
	for (size_t i = 0; i < to.count; i++) {
		if (slice_has(to.items[i]->bytes, "Pl4ntedS3cret")) {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
