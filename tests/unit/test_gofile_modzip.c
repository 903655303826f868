/* SPDX-License-Identifier: MIT
 * The list of files in a zip of the module cache.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "gofile/modzip.h"

/* One stored file "m@v1/a" with the bytes "hi". */
static const char zip[] =
	"PK\3\4\24\0\0\0\0\0\0\0\0\0\xac\x2a\x93\xd8\2\0\0\0\2\0\0\0\6\0\0\0m@v1/ahi"
	"PK\1\2\24\0\24\0\0\0\0\0\0\0\0\0\xac\x2a\x93\xd8\2\0\0\0\2\0\0\0\6\0\0\0\0\0"
	"\0\0\0\0\0\0\0\0\0\0\0\0m@v1/a"
	"PK\5\6\0\0\0\0\1\0\1\0\x34\0\0\0\x26\0\0\0\0\0";

static void test_whole(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct modzip z = modzip_parse(arena, slice_of(zip, sizeof zip - 1));
	assert_true(z.whole);
	assert_int_equal(z.count, 1);
	assert_true(slice_eq(z.entries[0].name, "m@v1/a"));
	assert_int_equal(z.entries[0].size, 2);
	assert_int_equal(z.entries[0].crc, modzip_crc(0, slice_str("hi")));
	arena_free(arena);
}

static void test_damaged(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	for (size_t len = 0; len < sizeof zip - 1; len++) {
		assert_false(modzip_parse(arena, slice_of(zip, len)).whole);
	}
	char bad[sizeof zip];
	memcpy(bad, zip, sizeof zip);
	bad[0] = 0; /* the file itself is not where the list says */
	assert_false(modzip_parse(arena, slice_of(bad, sizeof zip - 1)).whole);
	arena_free(arena);
}

static void test_names(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	assert_int_equal(modzip_crc(0, slice_str("123456789")), 0xcbf43926);
	assert_string_equal(modzip_unescape(arena, "github.com/!burnt!sushi/toml@v1!"),
	                    "github.com/BurntSushi/toml@v1!");
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
