/* SPDX-License-Identifier: MIT
 * Lua from hostile bytes: tables within their bounds, each inside an earlier one, and strict JSON out
 * of them.
 */
#include "wire/lua.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	const struct lua_text *text = lua_read(arena, slice_of((const char *)data, size));
	size_t count = 0;
	for (const struct lua_table *t = text->tables; t; t = t->next) {
		if (t->value->place.offset >= size || !t->name || !t->of || t->inside == t) {
			abort();
		}
		count++;
		if (count < 32) {
			(void)jsonc_to_json(arena, t->value);
		}
	}
	if (count > LUA_TABLES_MAX) {
		abort();
	}
	arena_free(arena);
	return 0;
}
