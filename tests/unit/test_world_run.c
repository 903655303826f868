/* SPDX-License-Identifier: MIT
 * Programs under the warden: how they end, and that nothing of them is left.
 */
#include "world_fixture.h"

#include <fcntl.h>

#define CAP        ((size_t)4096)
#define STARTED_NS (5 * NS_PER_S) /* by then even a loaded machine has started a program */

/* ---- patients ---- */

static int patient_flood(void) {
	char block[4096];

	memset(block, 'x', sizeof block);
	for (;;) {
		if (write(1, block, sizeof block) < 0) {
			return 1;
		}
	}
}

/* Leaves a process behind that left our process group and our session and has no parent of ours. */
static int patient_daemon(const char *pid_file) {
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			signal(SIGTERM, SIG_IGN);
			pid_to_file(pid_file);
			for (;;) {
				pause();
			}
		}
		_exit(0);
	}
	while (pid_in_file(pid_file) == 0) {
		poll(NULL, 0, 1);
	}
	return 0;
}

static _Noreturn void patient_stubborn(const char *pid_file) {
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	pid_to_file(pid_file);
	for (;;) {
		pause();
	}
}

static int patient_both(void) {
	fputs("to stdout", stdout);
	fputs("to stderr", stderr);
	return 3;
}

/* Every descriptor above 2 that came with us. */
static int patient_fds(void) {
	for (int fd = 3; fd < 256; fd++) {
		if (fcntl(fd, F_GETFD) >= 0) {
			printf("%d ", fd);
		}
	}
	return getpgrp() == getpid() ? 0 : 1;
}

static int patient_main(const char *name, const char *arg) {
	if (streq(name, "both")) {
		return patient_both();
	}
	if (streq(name, "flood")) {
		return patient_flood();
	}
	if (streq(name, "daemon")) {
		return patient_daemon(arg);
	}
	if (streq(name, "stubborn")) {
		patient_stubborn(arg);
	}
	if (streq(name, "fds")) {
		return patient_fds();
	}
	if (streq(name, "killed")) {
		raise(SIGKILL);
	}
	return 99;
}

/* ---- tests ---- */

static void test_exit_and_output(void **state) {
	struct fixture *f = *state;
	const char *argv[] = {f->self, "both", NULL};
	struct run_result r = fixture_run(f, argv, LONG_NS, CAP);

	assert_int_equal(r.ev->state, EV_READ);
	assert_true(r.started);
	assert_int_equal(r.exit_code, 3);
	assert_int_equal(r.signal, 0);
	assert_true(slice_eq(r.out, "to stdout"));
	assert_true(slice_eq(r.err, "to stderr"));
	assert_string_equal(r.ev->source, "run:both");
}

static void test_runs_once(void **state) {
	struct fixture *f = *state;
	const char *argv[] = {f->self, "both", NULL};
	struct run_result first = fixture_run(f, argv, LONG_NS, CAP);
	struct run_result second = fixture_run(f, argv, LONG_NS, CAP);

	assert_ptr_equal(first.ev, second.ev);
	assert_int_equal(f->store.count, 1);
}

static void test_signal(void **state) {
	struct fixture *f = *state;
	const char *argv[] = {f->self, "killed", NULL};
	struct run_result r = fixture_run(f, argv, LONG_NS, CAP);

	assert_int_equal(r.ev->state, EV_READ);
	assert_int_equal(r.signal, SIGKILL);
	assert_int_equal(r.exit_code, -1);
}

static void test_inherits_nothing(void **state) {
	struct fixture *f = *state;
	const char *argv[] = {f->self, "fds", NULL};
	struct run_result r = fixture_run(f, argv, LONG_NS, CAP);

	assert_int_equal(r.exit_code, 0);
	assert_int_equal(r.out.len, 0);
}

static void test_deadline_ends_stubborn(void **state) {
	struct fixture *f = *state;
	const char *pid_file = fixture_path(f, "pid");
	const char *argv[] = {f->self, "stubborn", pid_file, NULL};
	struct run_result r = fixture_run(f, argv, STARTED_NS, CAP);

	assert_int_equal(r.ev->state, EV_TIMED_OUT);
	assert_int_equal(r.ev->error, ETIMEDOUT);
	assert_true(r.timed_out);
	assert_true(r.started);
	assert_int_equal(r.exit_code, -1);
	assert_true(pid_in_file(pid_file) > 0);
	assert_true(pid_is_gone(pid_in_file(pid_file)));
}

static void test_flood_is_cut(void **state) {
	struct fixture *f = *state;
	const char *argv[] = {f->self, "flood", NULL};
	struct run_result r = fixture_run(f, argv, LONG_NS, CAP);

	assert_int_equal(r.ev->state, EV_TRUNCATED);
	assert_false(r.timed_out);
	assert_int_equal(r.out.len, CAP);
}

static void test_daemon_is_gone(void **state) {
	struct fixture *f = *state;
	const char *pid_file = fixture_path(f, "pid");
	const char *argv[] = {f->self, "daemon", pid_file, NULL};
	struct run_result r = fixture_run(f, argv, LONG_NS, CAP);

	assert_int_equal(r.exit_code, 0);
	assert_true(pid_in_file(pid_file) > 0);
	assert_true(pid_is_gone(pid_in_file(pid_file)));
}

static void assert_exec_error(struct fixture *f, const char *path, int error) {
	const char *argv[] = {path, NULL};
	struct run_result r = fixture_run(f, argv, LONG_NS, CAP);

	assert_int_equal(r.ev->state, EV_FAILED);
	assert_int_equal(r.ev->error, error);
	assert_false(r.started);
}

static void test_exec_errors(void **state) {
	struct fixture *f = *state;

	fixture_write(f, "text", "no program at all\n", 0755);
	fixture_write(f, "plain", "#!/bin/sh\n", 0644);
	fixture_write(f, "orphan", "#!/no/such/interpreter\n", 0755);
	fixture_write(f, "empty", "", 0755);
	assert_exec_error(f, fixture_path(f, "missing"), ENOENT);
	assert_exec_error(f, fixture_path(f, "text"), ENOEXEC);
	assert_exec_error(f, fixture_path(f, "empty"), ENOEXEC);
	assert_exec_error(f, fixture_path(f, "plain"), EACCES);
	assert_exec_error(f, fixture_path(f, "orphan"), ENOENT);
	assert_exec_error(f, f->dir, EACCES);
}

static void test_interrupt_ends_run(void **state) {
	struct fixture *f = *state;
	const char *pid_file = fixture_path(f, "pid");
	const char *argv[] = {f->self, "stubborn", pid_file, NULL};
	struct run_result r;

	assert_int_equal(write(f->interrupt[1], "x", 1), 1);
	r = fixture_run(f, argv, LONG_NS, CAP);
	assert_true(f->world->interrupted);
	assert_int_equal(r.ev->state, EV_TIMED_OUT);
	assert_int_equal(r.ev->error, EINTR);
	assert_int_equal(world_look(f->world, LOOK_STAT, "/", CAP)->error, EINTR);
}

/* A process that runs a stubborn program and is killed itself: the program must go, too. */
static void test_our_death_ends_run(void **state) {
	struct fixture *f = *state;
	const char *pid_file = fixture_path(f, "pid");
	pid_t dialtone, program;

	dialtone = fixture_fork(f);
	if (dialtone == 0) {
		struct evidence_store store;
		const char *argv[] = {f->self, "stubborn", pid_file, NULL};
		struct run_spec spec = {.label = "x",
		                        .argv = argv,
		                        .env = &f->env,
		                        .deadline_ns = LONG_NS,
		                        .cap_bytes = CAP};

		evidence_store_init(&store, f->arena);
		world_run(world_live_open(f->arena, &store, -1, NULL), &spec);
		_exit(0);
	}
	program = await_pid_in_file(pid_file);
	assert_false(pid_is_gone(program));
	fixture_end(f, dialtone);
	while (!pid_is_gone(program)) {
		poll(NULL, 0, 1);
	}
}

/* What was started ahead works while others are waited for, and is the same run afterwards. */
static void test_ahead(void **state) {
	struct fixture *f = *state;
	const char *pid_file = fixture_path(f, "pid");
	const char *const early[] = {f->self, "stubborn", pid_file, NULL};
	const char *const other[] = {f->self, "both", NULL};
	struct run_spec spec = {.label = "early",
	                        .argv = early,
	                        .env = &f->env,
	                        .cwd = f->dir,
	                        .deadline_ns = STARTED_NS,
	                        .cap_bytes = CAP};
	struct run_result r;
	pid_t pid;

	world_run_ahead(f->world, &spec);
	pid = await_pid_in_file(pid_file);
	r = fixture_run(f, other, LONG_NS, CAP);
	assert_int_equal(r.exit_code, 3);
	assert_false(pid_is_gone(pid));
	r = world_run(f->world, &spec);
	assert_true(r.timed_out);
	assert_true(pid_is_gone(pid));
	world_run_ahead(f->world, &spec); /* known: not started again */
	assert_int_equal(pid_in_file(pid_file), pid);
}

static void test_ahead_never_asked_for(void **state) {
	struct fixture *f = *state;
	const char *pid_file = fixture_path(f, "pid");
	const char *const argv[] = {f->self, "daemon", pid_file, NULL};
	struct run_spec spec = {.label = "early",
	                        .argv = argv,
	                        .env = &f->env,
	                        .cwd = f->dir,
	                        .deadline_ns = LONG_NS,
	                        .cap_bytes = CAP};
	pid_t pid;

	world_run_ahead(f->world, &spec);
	pid = await_pid_in_file(pid_file);
	world_close(f->world);
	f->world = NULL;
	assert_true(pid_is_gone(pid));
}

int main(int argc, char **argv) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ahead, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_ahead_never_asked_for, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_exit_and_output, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_runs_once, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_signal, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_inherits_nothing, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_deadline_ends_stubborn, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_flood_is_cut, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_daemon_is_gone, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_exec_errors, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_interrupt_ends_run, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_our_death_ends_run, fixture_setup,
	                                        fixture_teardown),
	};

	if (argc > 1) {
		return patient_main(argv[1], argc > 2 ? argv[2] : "");
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
