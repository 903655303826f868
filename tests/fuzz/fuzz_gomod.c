/* SPDX-License-Identifier: MIT
 * go.mod, go.work and go.sum from hostile bytes: every line number lies in the file, go.sum is
 * sorted and finds itself.
 */
#include "gofile/gomod.h"
#include "gofile/gosum.h"
#include "gofile/gowork.h"
#include "gofile/modsince.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
	if (!ok) {
		abort();
	}
}

static void check_sum(struct arena *arena, struct slice text, int lines) {
	struct gosum sum = gosum_parse(arena, text);
	check(sum.malformed_line <= lines);
	for (size_t i = 0; i < sum.count && i < 64; i++) {
		const struct gosum_entry *e = &sum.entries[i];
		bool plain =
			!memchr(e->path.data, '\0', e->path.len) &&
			(e->version.len == 0 || !memchr(e->version.data, '\0', e->version.len));
		if (plain && slice_starts(e->hash, "h1:")) {
			check(gosum_has(&sum, arena_slicedup(arena, e->path),
			                arena_slicedup(arena, e->version), e->is_gomod));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct slice text = slice_of((const char *)data, size);
	int lines = 1;
	for (size_t i = 0; i < size; i++) {
		lines += data[i] == '\n';
	}
	struct gomod mod = gomod_parse(arena, text);
	check(mod.error.line <= lines && mod.conflict_line <= lines &&
	      mod.loose_version_line <= lines);
	check((mod.error.kind == MODFILE_ERROR_NONE) == (mod.error.message[0] == '\0'));
	for (size_t i = 0; i < mod.require_count; i++) {
		check(mod.requires[i].line >= 1 && mod.requires[i].line <= lines);
		check(mod.requires[i].path && mod.requires[i].version);
	}
	for (size_t i = 0; i < mod.replace_count; i++) {
		check(mod.replaces[i].old_path && mod.replaces[i].new_path &&
		      mod.replaces[i].new_version);
	}
	struct gowork work = gowork_parse(arena, text);
	check(work.error.line <= lines);
	struct modsince since = modsince_of(arena, text);
	check(since.line >= 0 && since.line <= lines && (since.line == 0) == (since.go[0] == '\0'));
	check_sum(arena, text, lines);
	arena_free(arena);
	return 0;
}
