/* SPDX-License-Identifier: MIT
 * Places to ask about, from outline and text.
 */
#include "client/spots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct spots find(struct arena *arena, const char *text, const char *outline, bool is_go) {
	struct json_object *symbols = outline ? json_tokener_parse(outline) : NULL;
	struct spots spots = spots_find(arena, slice_str(text), symbols, is_go);
	json_object_put(symbols);
	return spots;
}

#define SYMBOL(name, line)                                                                         \
	"{\"name\":\"" name "\",\"kind\":12,\"selectionRange\":{\"start\":{\"line\":" #line        \
	",\"character\":0}}}"

static void assert_spot(struct spot spot, unsigned line, unsigned character) {
	assert_true(spot.known);
	assert_int_equal(spot.line, line);
	assert_int_equal(spot.character, character);
}

static void use_is_preferred_to_declaration(void **state) {
	struct arena *arena = arena_new();
	struct spots s = find(arena, "def area(a):\n    return a\n\nprint(area(2))\n",
	                      "[" SYMBOL("area", 0) "]", false);
	(void)state;
	assert_spot(s.use, 3, 6);
	assert_string_equal(s.name, "area");
	arena_free(arena);
}

static void declaration_when_unused(void **state) {
	struct arena *arena = arena_new();
	struct spots s =
		find(arena, "int x;\nint alone(void);\n", "[" SYMBOL("alone", 1) "]", false);
	(void)state;
	assert_spot(s.use, 1, 4);
	arena_free(arena);
}

static void symbol_information_and_receivers(void **state) {
	struct arena *arena = arena_new();
	struct spots s = find(arena, "func (b *Box) Size() int { return 1 }\nvar n = b.Size()\n",
	                      "[{\"name\":\"(*Box).Size\",\"location\":{\"uri\":\"file:///"
	                      "x\",\"range\":{\"start\":"
	                      "{\"line\":0,\"character\":0}}}}]",
	                      false);
	(void)state;
	assert_spot(s.use, 1, 10);
	arena_free(arena);
}

static void positions_count_utf16(void **state) {
	struct arena *arena = arena_new();
	struct spots s = find(arena, "x = '\xc3\xa4\xf0\x9f\x98\x80'; area(); area()\n",
	                      "[" SYMBOL("area", 0) "]", false);
	(void)state;
	/* "x = 'ä" is 6, the emoji 2, "'; area(); " 11: 19 */
	assert_spot(s.use, 0, 19);
	arena_free(arena);
}

static void member_is_not_in_imports_numbers_or_texts(void **state) {
	struct arena *arena = arena_new();
	struct spots s =
		find(arena, "import a.b\n# c.d\nx = 1.5\ny = \"e.f\"\nz = os.path.join(x)\n", NULL,
	             false);
	(void)state;
	assert_spot(s.member, 4, 7);
	assert_spot(s.call, 4, 17);
	assert_false(s.use.known);
	arena_free(arena);
}

static void go_knows_its_library(void **state) {
	struct arena *arena = arena_new();
	struct spots s = find(arena, "package a\n\nimport \"fmt\"\n\nfunc f() { fmt.Println() }\n",
	                      NULL, true);
	(void)state;
	assert_spot(s.standard, 4, 15);
	assert_spot(s.member, 4, 15);
	arena_free(arena);
}

static void hostile_outlines(void **state) {
	static const char *const outlines[] = {
		"[null]",
		"[{}]",
		"[{\"name\":7}]",
		"[{\"name\":\"\",\"range\":[]}]",
		"{\"name\":\"a\"}",
		"[{\"name\":\"x\",\"selectionRange\":{\"start\":{\"line\":-5}}}]",
		"[{\"name\":\"ab\",\"selectionRange\":{\"start\":{\"line\":4000000000}}}]",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(outlines) / sizeof(*outlines); i++) {
		struct arena *arena = arena_new();
		assert_false(find(arena, "ab\n", outlines[i], false).use.known);
		arena_free(arena);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(use_is_preferred_to_declaration),
		cmocka_unit_test(declaration_when_unused),
		cmocka_unit_test(symbol_information_and_receivers),
		cmocka_unit_test(positions_count_utf16),
		cmocka_unit_test(member_is_not_in_imports_numbers_or_texts),
		cmocka_unit_test(go_knows_its_library),
		cmocka_unit_test(hostile_outlines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
