/* SPDX-License-Identifier: MIT
 * vendor/modules.txt, a NUL byte, go.mod, another, go.work: compared as module and as workspace.
 */
#include "gofile/modulestxt.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct slice rest = slice_of((const char *)data, size);
	struct slice parts[3] = {{0}};
	for (size_t i = 0; i < 3; i++) {
		slice_cut(&rest, '\0', &parts[i]);
	}
	struct modulestxt vendor = modulestxt_parse(arena, parts[0]);
	for (size_t i = 0; i < vendor.package_count; i++) {
		if (vendor.packages[i].module >= vendor.module_count) {
			abort();
		}
	}
	for (size_t i = 0; i < vendor.module_count; i++) {
		const struct modulestxt_module *m = &vendor.modules[i];
		if (modindex_find(&vendor.index, m->path, m->version) != i) {
			abort();
		}
	}
	struct gomod mod = gomod_parse(arena, parts[1]);
	struct gowork work = gowork_parse(arena, parts[2]);
	struct modulestxt_member members[2] = {{"/w/a", &mod}, {"/w", &mod}};
	modulestxt_compare(arena, &vendor, &mod);
	modulestxt_compare_workspace(arena, &vendor, "/w", &work, members, 2);
	arena_free(arena);
	return 0;
}
