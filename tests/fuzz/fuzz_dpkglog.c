/* SPDX-License-Identifier: MIT
 * Logs of package managers: any bytes.
 */
#include "base/str.h"
#include "wire/dpkglog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct slice all = slice_of((const char *)data, size);
	struct slice rest = all;
	const struct dpkg_action known = {.package = "gopls:amd64"};
	struct dpkg_action action;
	struct apt_run run;
	for (int i = 0; i < 50 && dpkglog_take(arena, &rest, &action); i++) {
		if (*action.package == '\0' ||
		    !STR_IN(action.action, "install", "upgrade", "remove")) {
			abort();
		}
		(void)apt_history_find(arena, all, &action, &run);
	}
	(void)apt_history_find(arena, all, &known, &run);
	arena_free(arena);
	return 0;
}
