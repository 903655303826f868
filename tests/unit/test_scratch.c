/* SPDX-License-Identifier: MIT
 * The folder of one that was killed is removed by the next; that of one that works, of another realm, of another mode and
 * what only looks like one is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/path.h"
#include "probes/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder that a process made which is no more. */
static const char *left_by_a_dead_one(struct arena *arena, const char *parent) {
	int ends[2];
	char name[256] = "";
	int status = 0;

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		const char *made = scratch_make(arena, parent);
		_exit(made && write(ends[1], made, strlen(made)) > 0 ? 0 : 1);
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(read(ends[0], name, sizeof name - 1) > 0);
	close(ends[0]);
	return arena_strdup(arena, name);
}

static void test_sweep(void **state) {
	struct arena *arena = arena_new();
	char parent[] = "/tmp/scratch-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(parent));
	const char *first = scratch_make(arena, parent);
	assert_non_null(first);
	const char *open_to_all = left_by_a_dead_one(arena, parent);
	assert_int_equal(chmod(open_to_all, 0755), 0);
	const char *dead = left_by_a_dead_one(arena, parent);
	assert_int_equal(mkdir(path_join(arena, dead, "x"), 0700), 0);
	/* The same name, but of another boot. */
	char *elsewhere = arena_strdup(arena, dead);
	char *digit = strstr(elsewhere, "dialtone-") + strlen("dialtone-");
	*digit = *digit == '0' ? '1' : '0';
	assert_int_equal(mkdir(elsewhere, 0700), 0);
	/* Somebody's own. */
	const char *notes = path_join(arena, parent, "dialtone-notes");
	assert_int_equal(mkdir(notes, 0700), 0);
	const char *longer = arena_printf(arena, "%s-kept", dead);
	assert_int_equal(mkdir(longer, 0700), 0);

	const char *second = scratch_make(arena, parent);
	assert_non_null(second);
	assert_int_equal(access(dead, F_OK), -1);
	const char *const kept[] = {first, open_to_all, elsewhere, notes, longer, second};
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		assert_int_equal(access(kept[i], F_OK), 0);
	}
	scratch_remove(parent);
	assert_int_equal(access(parent, F_OK), -1);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sweep)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
