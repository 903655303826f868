/* SPDX-License-Identifier: MIT
 * What the comparison of environments reads from others: a shell's output, a loader's answer, unit and
 * start-up files, environments of other machines.
 */
#include "base/str.h"
#include "probes/shell_env.h"
#include "probes/sides/side_loaders.h"
#include "probes/sides/side_origin.h"
#include "probes/sides/side_tools.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct slice bytes = slice_of((const char *)data, size);
	const char *text = arena_slicedup(arena, bytes);
	struct slice rest = bytes, line;
	struct envset env;
	const char *hint;

	envset_init(&env, arena);
	if (shell_env_extract(&env, bytes) && envset_get(&env, "VSCODE_RESOLVING_ENVIRONMENT")) {
		abort();
	}
	(void)side_loader_apply(arena, &env, bytes);
	for (size_t i = 0; i < env.count; i++) {
		if (envset_name(&env, i, NULL).len == 0) {
			abort();
		}
	}
	if (side_origin_unit_line(arena, bytes, "A", "1") < 0) {
		abort();
	}
	while (slice_line(&rest, &line)) {
		(void)side_origin_line_sets(arena, arena_slicedup(arena, line), "A", "1", "/h");
	}
	envset_set(&env, "GOVERSION", text);
	envset_set(&env, "PATH", text);
	hint = side_go_hint(arena, &env);
	if (hint && !str_starts(hint, "go1.")) {
		abort();
	}
	arena_free(arena);
	return 0;
}
