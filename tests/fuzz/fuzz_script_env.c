/* SPDX-License-Identifier: MIT
 * Scripts of any bytes: what is said of them is a name and a line that exists.
 */
#include "base/str.h"
#include "wire/script_env.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct envset env;
	envset_init(&env, arena);
	envset_set(&env, "HOME", "/home/x");
	struct script_env s =
		script_env_parse(arena, slice_of((const char *)data, size), &env, "go");
	if (s.count > SCRIPT_ENV_SETS_MAX) {
		abort();
	}
	for (size_t i = 0; i < s.count; i++) {
		if (str_empty(s.sets[i].name) || s.sets[i].line < 1 ||
		    script_env_find(&s, s.sets[i].name) < &s.sets[i]) {
			abort();
		}
	}
	if (s.program && s.program[0] != '/' && !streq(s.program, "go")) {
		abort();
	}
	arena_free(arena);
	return 0;
}
