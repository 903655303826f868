/* SPDX-License-Identifier: MIT
 * Go source and constraint lines from hostile bytes: a verdict always, every position in the file.
 */
#include "gofile/constraint.h"
#include "gofile/gosource.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct slice text = slice_of((const char *)data, size);
	int lines = 1;
	for (size_t i = 0; i < size; i++) {
		lines += data[i] == '\n';
	}
	struct gosource s = gosource_parse(arena, text, "m");
	const struct gosource_pos all[] = {s.package_pos, s.standard.pos, s.other.pos, s.own.pos,
	                                   s.own_declared};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].line < 0 || all[i].line > lines || all[i].character < 0 ||
		    (size_t)all[i].character > size) {
			abort();
		}
	}
	struct gosource head = gosource_imports(arena, text);
	if (head.import_count != s.import_count || head.imports_c != s.imports_c ||
	    strcmp(head.package, s.package) != 0 || (head.broken && !s.broken)) {
		abort();
	}
	struct constraint_context ctx = {.goos = "linux", .goarch = "amd64", .go_minor = 26};
	struct constraint_result r = constraint_match_file(arena, &ctx, "a.go", text);
	if (r.line > lines || (r.verdict == CONSTRAINT_BROKEN) != (r.message[0] != '\0')) {
		abort();
	}
	r = constraint_match(arena, &ctx, text);
	if ((r.verdict == CONSTRAINT_EXCLUDED) != (r.tag[0] != '\0')) {
		abort();
	}
	constraint_match_name(arena, &ctx, arena_slicedup(arena, text));
	arena_free(arena);
	return 0;
}
