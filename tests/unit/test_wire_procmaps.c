/* SPDX-License-Identifier: MIT */
#include "wire/procmaps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_lines(void **state) {
	struct procmap map;

	(void)state;
	assert_true(procmap_parse(
		slice_str(
			"55d0a1000000-55d0a1200000 r-xp 00001000 fe:01 1234   /usr/bin/two words "),
		&map));
	assert_int_equal(map.start, 0x55d0a1000000);
	assert_int_equal(map.end, 0x55d0a1200000);
	assert_int_equal(map.offset, 0x1000);
	assert_true(map.readable && !map.writable && map.executable && !map.shared);
	assert_true(slice_eq(map.path, "/usr/bin/two words "));
	assert_true(procmap_parse(slice_str("1000-2000 rw-s 0 00:00 0"), &map));
	assert_true(map.readable && map.writable && !map.executable && map.shared);
	assert_int_equal(map.path.len, 0);
	assert_true(procmap_parse(
		slice_str("ffffffffff600000-ffffffffff601000 --xp 0 00:00 0     [vsyscall]"),
		&map));
	assert_true(slice_eq(map.path, "[vsyscall]"));
}

static void test_nonsense(void **state) {
	static const char *const lines[] = {
		"",
		"nonsense",
		"1000-2000",
		"1000-2000 r-x 0 00:00 0",
		"2000-1000 r-xp 0 00:00 0",
		"1000-1000 r-xp 0 00:00 0",
		"zz-2000 r-xp 0 00:00 0",
		"1000-2000 r-xp x 00:00 0",
		"-2000 r-xp 0 00:00 0",
		"00000000000001000-00000000000002000 r-xp 0 00:00 0",
	};
	struct procmap map;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_false(procmap_parse(slice_str(lines[i]), &map));
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
