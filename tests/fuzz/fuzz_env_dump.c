/* SPDX-License-Identifier: MIT
 * Environments from hostile files: every variable has a name, none is longer or more than promised,
 * and what was understood comes back the same through `env -0`.
 */
#include "base/str.h"
#include "wire/env_dump.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct env_dump dump = env_dump_parse(arena, slice_of((const char *)data, size));
	struct env_dump again;
	struct strbuf block;

	if (dump.env.count > ENV_DUMP_VARS_MAX) {
		abort();
	}
	strbuf_init(&block, arena);
	strbuf_add_char(&block, '\0');
	for (size_t i = 0; i < dump.env.count; i++) {
		const char *value = NULL;
		struct slice name = envset_name(&dump.env, i, &value);

		if (name.len == 0 || strlen(value) > ENV_DUMP_VALUE_MAX) {
			abort();
		}
		strbuf_add(&block, dump.env.vars[i]);
		strbuf_add_n(&block, "", 1);
	}
	again = env_dump_parse(arena, slice_of(block.data, block.len));
	if (again.env.count != dump.env.count) {
		abort();
	}
	for (size_t i = 0; i < dump.env.count; i++) {
		if (!streq(again.env.vars[i], dump.env.vars[i])) {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
