/* SPDX-License-Identifier: MIT
 * What the recorder noted beside the calls, joined with what they say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "cmd/trace_notes.h"
#include "core/world.h"

#include <errno.h>

static struct evidence of(const char *source, enum ev_state state, const char *text) {
	return (struct evidence){.source = source, .state = state, .bytes = slice_str(text)};
}

static void test_stat(void **state) {
	struct arena *arena = arena_new();
	struct evidence told = of("stat:/w/l", EV_READ,
	                          "type=dir\nmode=755\nread=1\nwrite=0\nexec=1\nreal=/w/l\n");
	struct evidence seen =
		of("stat:/w/l", EV_READ, "type=dir\ngid=8\nread=1\nwrite=1\nexec=0\nreal=/w/x\n");
	const struct evidence *both = trace_notes_join(arena, &told, &seen, false);

	(void)state;
	assert_non_null(both);
	assert_string_equal(keyline_text(arena, both->bytes, "real"), "/w/x");
	assert_int_equal(keyline_number(arena, both->bytes, "gid", -1), 8);
	assert_int_equal(keyline_number(arena, both->bytes, "read", -1), 1);
	assert_int_equal(keyline_number(arena, both->bytes, "write", -1), 0); /* it was refused */
	assert_int_equal(keyline_number(arena, both->bytes, "exec", -1), 0);
	/* Landlock around the program is none around the machine. */
	both = trace_notes_join(arena, &told, &seen, true);
	assert_int_equal(keyline_number(arena, both->bytes, "write", -1), 1);
	arena_free(arena);
}

/* What a program was answered is the answer, whatever is there afterwards. */
static void test_calls_first(void **state) {
	struct arena *arena = arena_new();
	struct evidence absent = of("stat:/w/l", EV_ABSENT, "");
	struct evidence link = of("link:/w/l", EV_READ, "/a");
	struct evidence seen = of("stat:/w/l", EV_READ, "type=file\n");
	struct evidence other = of("link:/w/l", EV_READ, "/b");

	(void)state;
	assert_null(trace_notes_join(arena, &absent, &seen, false));
	assert_null(trace_notes_join(arena, &link, &other, false));
	assert_ptr_equal(trace_notes_join(arena, NULL, &other, false)->bytes.data,
	                 other.bytes.data);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_calls_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
