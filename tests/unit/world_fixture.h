/* SPDX-License-Identifier: MIT
 * A live world for a test, and programs to run in it: the test program itself, called again with
 * the name of a patient.
 */
#ifndef TESTS_UNIT_WORLD_FIXTURE_H
#define TESTS_UNIT_WORLD_FIXTURE_H

#include "base/clock.h"
#include "base/str.h"
#include "world/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_NS      (60 * NS_PER_S) /* a deadline that is not meant to come */
#define CHILDREN_MAX 16

struct fixture {
	struct arena *arena;
	struct evidence_store store;
	struct envset env;
	struct world *world;
	int interrupt[2];
	pid_t children[CHILDREN_MAX]; /* what fixture_fork() started and the test did not reap */
	size_t child_count;
	char dir[64]; /* an empty directory of this test */
	char self[4096];
};

static inline int fixture_setup(void **state) {
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->arena = arena_new();
	evidence_store_init(&f->store, f->arena);
	envset_init(&f->env, f->arena);
	for (char **var = environ; *var; var++) {
		envset_add_block(&f->env, slice_of(*var, strlen(*var) + 1));
	}
	assert_int_equal(pipe2(f->interrupt, 0), 0);
	snprintf(f->dir, sizeof f->dir, "/tmp/test-world-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_true(readlink("/proc/self/exe", f->self, sizeof f->self - 1) > 0);
	f->world = world_live_open(f->arena, &f->store, f->interrupt[0], NULL);
	assert_non_null(f->world);
	*state = f;
	return 0;
}

/* fork() whose child ends with us or with the test, whatever becomes of either. A failed assertion
 * in the child ends it: it must not go on with the next test. */
static inline pid_t fixture_fork(struct fixture *f) {
	pid_t parent = getpid();
	pid_t pid;

	assert_true(f->child_count < CHILDREN_MAX);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || setenv("CMOCKA_TEST_ABORT", "1", 1) < 0) {
			_exit(1);
		}
	} else {
		f->children[f->child_count++] = pid;
	}
	return pid;
}

/* Reaps a child of fixture_fork(). */
static inline int fixture_reap(struct fixture *f, pid_t pid) {
	int status = -1;

	waitpid(pid, &status, 0);
	for (size_t i = 0; i < f->child_count; i++) {
		if (f->children[i] == pid) {
			f->children[i] = f->children[--f->child_count];
		}
	}
	return status;
}

static inline void fixture_end(struct fixture *f, pid_t pid) {
	kill(pid, SIGKILL);
	fixture_reap(f, pid);
}

static inline int fixture_teardown(void **state) {
	struct fixture *f = *state;
	char command[256];

	world_close(f->world);
	while (f->child_count > 0) {
		fixture_end(f, f->children[f->child_count - 1]);
	}
	snprintf(command, sizeof command, "chmod -R u+rwX %s; rm -rf %s", f->dir, f->dir);
	assert_int_equal(system(command), 0);
	close(f->interrupt[0]);
	close(f->interrupt[1]);
	arena_free(f->arena);
	free(f);
	return 0;
}

static inline const char *fixture_path(const struct fixture *f, const char *name) {
	return arena_printf(f->arena, "%s/%s", f->dir, name);
}

static inline void fixture_write(const struct fixture *f, const char *name, const char *text,
                                 mode_t mode) {
	FILE *file = fopen(fixture_path(f, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(fixture_path(f, name), mode), 0);
}

static inline struct run_result fixture_run(struct fixture *f, const char *const *argv,
                                            int64_t deadline_ns, size_t cap) {
	struct run_spec spec = {.label = argv[1] ? argv[1] : argv[0],
	                        .argv = argv,
	                        .env = &f->env,
	                        .cwd = f->dir,
	                        .deadline_ns = deadline_ns,
	                        .cap_bytes = cap};

	return world_run(f->world, &spec);
}

/* The pid a patient wrote into a file, or 0. */
static inline pid_t pid_in_file(const char *path) {
	FILE *file = fopen(path, "r");
	int pid = 0;

	if (file) {
		if (fscanf(file, "%d", &pid) != 1) {
			pid = 0;
		}
		fclose(file);
	}
	return pid;
}

/* Waits until a patient has written its pid. */
static inline pid_t await_pid_in_file(const char *path) {
	int64_t deadline = clock_now_ns() + LONG_NS;
	pid_t pid;

	while ((pid = pid_in_file(path)) == 0) {
		assert_true(clock_now_ns() < deadline);
		poll(NULL, 0, 1);
	}
	return pid;
}

static inline bool pid_is_gone(pid_t pid) {
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* Writes our pid so that readers see all of it or nothing. */
static inline void pid_to_file(const char *path) {
	char temporary[512];
	FILE *file;

	snprintf(temporary, sizeof temporary, "%s.new", path);
	file = fopen(temporary, "w");
	if (file) {
		fprintf(file, "%d\n", (int)getpid());
		fclose(file);
		rename(temporary, path);
	}
}

#endif
