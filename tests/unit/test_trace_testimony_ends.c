/* SPDX-License-Identifier: MIT
 * Of recordings: servers that came to no start, and whom the kernel has killed.
 */
#include "testimony_fixture.h"

/* Who was killed in which group: not who was ended by a process, and not who is in none. */
static void test_group_of_victim(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct payload procs = text(PAYLOAD_STRING, 1, "/sys/fs/cgroup/app/cgroup.procs");
	start_server(p);
	start(p, SERVER, GO, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	call(p, GO, "openat", 3, NS_PER_MS, (uint64_t[]){(uint64_t)AT_FDCWD, 1, O_RDONLY}, &procs);
	end(p, GO, SIGKILL);
	(void)given(p, "session:gopls", &about);
	assert_null(testimony_group(p->testimony));
	start(p, SERVER, GO + 1, "/bin/sh", BLOCK("sh"), BLOCK("PATH=/a"));
	call(p, GO + 1, "openat", 3, NS_PER_MS, (uint64_t[]){(uint64_t)AT_FDCWD, 1, O_WRONLY},
	     &procs);
	start(p, GO + 1, GO + 2, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	start(p, GO + 1, GO + 3, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	take(p, &(struct event){.kind = EVENT_SIGNAL,
	                        .start_ns = p->now_ns,
	                        .pid = GO + 2,
	                        .tid = GO + 2,
	                        .status = SIGKILL,
	                        .sender = CLIENT});
	end(p, GO + 2, SIGKILL);
	assert_null(testimony_group(p->testimony));
	end(p, GO + 3, SIGKILL);
	assert_string_equal(testimony_group(p->testimony), "/sys/fs/cgroup/app");
}

/* A process that sent the signal is who ended it, also where the recorder did not see whom it reached. */
static void test_killed_by_call(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	start(p, SERVER, GO, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	call(p, CLIENT, "kill", -ESRCH, NS_PER_MS, (uint64_t[]){GO, SIGKILL, 0}, NULL);
	end(p, GO, SIGKILL);
	(void)given(p, "session:gopls", &about);
	assert_true(testimony_has_victim(p->testimony));
	p->now_ns += NS_PER_MS;
	call(p, CLIENT, "kill", 0, NS_PER_MS, (uint64_t[]){SERVER, SIGKILL, 0}, NULL);
	end(p, SERVER, SIGKILL);
	assert_true(testimony_has_victim(p->testimony)); /* go was, before */
}

static void test_only_killed_by_call(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	call(p, CLIENT, "kill", 0, NS_PER_MS, (uint64_t[]){SERVER, SIGKILL, 0}, NULL);
	end(p, SERVER, SIGKILL);
	(void)given(p, "session:gopls", &about);
	assert_false(testimony_has_victim(p->testimony));
}

/* A careful client asks first, and starts nothing that it may not execute. */
static void test_asked_and_refused(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, 1, CLIENT, "/bin/editor", BLOCK("editor"), BLOCK("PATH=/a"));
	struct payload other = text(PAYLOAD_STRING, 0, "/stick/notes");
	struct payload program = text(PAYLOAD_STRING, 0, "/stick/gopls");
	call(p, CLIENT, "access", -EACCES, NS_PER_MS, (uint64_t[]){1, X_OK, 0}, &other);
	call(p, CLIENT, "access", -EACCES, NS_PER_MS, (uint64_t[]){1, X_OK, 0}, &program);
	const struct evidence *ev = given(p, "session:gopls", &about);
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, arena_printf(p->arena, "errno %d", EACCES)));
	assert_int_equal(about.server, CLIENT);
}

/* Whether it can be read says nothing of a start. */
static void test_asked_to_read(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, 1, CLIENT, "/bin/editor", BLOCK("editor"), BLOCK("PATH=/a"));
	struct payload program = text(PAYLOAD_STRING, 0, "/stick/gopls");
	call(p, CLIENT, "access", -EACCES, NS_PER_MS, (uint64_t[]){1, R_OK, 0}, &program);
	assert_null(given(p, "session:gopls", &about));
	assert_int_equal(about.server, 0);
}

/* The client gave up before the wrapper came to gopls; a program that only begins alike is none. */
static void test_wrapper_that_came_to_nothing(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, CLIENT, GO, "/usr/bin/goplsx", BLOCK("goplsx"), BLOCK("PATH=/a"));
	start(p, CLIENT, SERVER, "/home/u/bin/gopls-env", BLOCK("gopls-env"), BLOCK("PATH=/a"));
	assert_non_null(given(p, "session:gopls", &about));
	assert_int_equal(about.server, SERVER);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_group_of_victim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_by_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_killed_by_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked_and_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked_to_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrapper_that_came_to_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
