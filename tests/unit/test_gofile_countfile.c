/* SPDX-License-Identifier: MIT
 */
#include "gofile/countfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEADER 64
#define SIZE   (HEADER + 4 + 512 * 4 + 256)
#define FIRST  (HEADER + 4 + 512 * 4)

static void put(unsigned char *at, uint32_t value) {
	for (int i = 0; i < 4; i++) {
		at[i] = (unsigned char)(value >> (8 * i));
	}
}

/* A file with two records; the second leads to `next`. */
static void make(unsigned char *file, uint32_t next) {
	memset(file, 0, SIZE);
	memcpy(file, "# telemetry/counter file v1\n", 28);
	put(file + 28, HEADER);
	put(file + HEADER + 4, FIRST);
	put(file + FIRST + 8, 3);
	put(file + FIRST + 12, FIRST + 32);
	put(file + FIRST + 32 + 8, 3);
	put(file + FIRST + 32 + 12, next);
}

static struct countfile read_it(const unsigned char *file, size_t len) {
	return countfile_read(slice_of((const char *)file, len));
}

static void test_lists(void **state) {
	static unsigned char file[SIZE];

	(void)state;
	make(file, 0);
	assert_true(read_it(file, SIZE).known);
	assert_int_equal(read_it(file, SIZE).circles, 0);
	make(file, FIRST);
	assert_int_equal(read_it(file, SIZE).circles, 1);
	make(file, FIRST + 32);
	assert_int_equal(read_it(file, SIZE).circles, 1);
	/* go gives up on these, and does not spin */
	make(file, UINT32_MAX - 7);
	assert_int_equal(read_it(file, SIZE).circles, 0);
	make(file, 8);
	assert_int_equal(read_it(file, SIZE).circles, 0);
}

static void test_others(void **state) {
	static unsigned char file[SIZE];

	(void)state;
	make(file, FIRST);
	assert_false(read_it(file, FIRST - 1).known);
	assert_false(read_it(file, 0).known);
	file[26] = '2';
	assert_false(read_it(file, SIZE).known);
	make(file, FIRST);
	put(file + 28, UINT32_MAX);
	assert_false(read_it(file, SIZE).known);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
