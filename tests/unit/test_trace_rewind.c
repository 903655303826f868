/* SPDX-License-Identifier: MIT
 * What processes had at an instant, from the calls before it. Whole runs beside /proc are compared by tests/live/query.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/call.h"
#include "trace/rewind.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <sys/file.h>

struct play {
	struct rewind *rewind;
	int64_t now;
};

static int setup(void **state) {
	struct play *play = calloc(1, sizeof(*play));
	*play = (struct play){.rewind = rewind_new(), .now = 1000};
	*state = play;
	return play->rewind ? 0 : -1;
}

static int teardown(void **state) {
	rewind_free(((struct play *)*state)->rewind);
	free(*state);
	return 0;
}

static void call(struct play *p, pid_t pid, const char *name, int64_t result, uint64_t a,
                 uint64_t b, uint64_t c, const struct payload *payload) {
	struct event e = {.kind = EVENT_CALL,
	                  .start_ns = p->now++,
	                  .pid = pid,
	                  .tid = pid,
	                  .number = call_number(ARCH_X86_64, name),
	                  .args = {a, b, c},
	                  .result = result,
	                  .payloads = payload,
	                  .payload_count = payload != NULL};
	assert_true(e.number >= 0);
	rewind_take(p->rewind, &e);
}

static void open_file(struct play *p, pid_t pid, int fd, const char *path, int flags) {
	struct payload payload = {PAYLOAD_STRING, 1, (uint32_t)strlen(path), slice_str(path)};
	call(p, pid, "openat", fd, (uint64_t)AT_FDCWD, 1, (uint64_t)flags, &payload);
}

static void happen(struct play *p, enum event_kind kind, pid_t pid, pid_t child, uint64_t flags) {
	struct event e = {.kind = kind,
	                  .start_ns = p->now++,
	                  .pid = pid,
	                  .tid = pid,
	                  .child = child,
	                  .child_pid = child,
	                  .args = {flags}};
	rewind_take(p->rewind, &e);
}

static void chdir_to(struct play *p, pid_t pid, const char *path) {
	struct payload payload = {PAYLOAD_STRING, 0, (uint32_t)strlen(path), slice_str(path)};
	call(p, pid, "chdir", 0, 1, 0, 0, &payload);
}

static void expect(struct play *p, pid_t pid, int fd, const char *path) {
	const struct rewind_process *process = rewind_process(p->rewind, pid);
	const struct rewind_fd *f = process ? rewind_fd(process, fd) : NULL;
	assert_string_equal(f ? f->file->path : "(closed)", path ? path : "(closed)");
}

static void test_open_and_close(void **state) {
	struct play *p = *state;
	chdir_to(p, 1, "/home/lena");
	open_file(p, 1, 3, "go.mod", O_RDONLY);
	open_file(p, 1, 4, "/etc/../etc/hosts", O_CLOEXEC);
	open_file(p, 1, -2, "none", 0);
	expect(p, 1, 3, "/home/lena/go.mod");
	expect(p, 1, 4, "/etc/hosts");
	call(p, 1, "dup3", 9, 3, 9, O_CLOEXEC, NULL);
	call(p, 1, "close", 0, 3, 0, 0, NULL);
	expect(p, 1, 3, NULL);
	expect(p, 1, 9, "/home/lena/go.mod");
	call(p, 1, "close_range", 0, 4, 8, 0, NULL);
	expect(p, 1, 4, NULL);
	expect(p, 1, 9, "/home/lena/go.mod");
	call(p, 1, "close", -9, 9, 0, 0, NULL);
	expect(p, 1, 9, "/home/lena/go.mod");
}

static void test_fork_and_exec(void **state) {
	struct play *p = *state;
	chdir_to(p, 1, "/w");
	open_file(p, 1, 3, "kept", O_RDONLY);
	open_file(p, 1, 4, "gone", O_CLOEXEC);
	happen(p, EVENT_FORK, 1, 2, CLONE_VM | CLONE_VFORK);
	call(p, 2, "close", 0, 0, 0, 0, NULL);
	call(p, 1, "close", 0, 3, 0, 0, NULL);
	expect(p, 1, 3, NULL);
	expect(p, 2, 3, "/w/kept");
	happen(p, EVENT_EXEC, 2, 0, 0);
	expect(p, 2, 3, "/w/kept");
	expect(p, 2, 4, NULL);
	expect(p, 1, 4, "/w/gone");
	assert_int_equal(rewind_fd(rewind_process(p->rewind, 2), 3)->execs, 1);
	chdir_to(p, 2, "sub");
	assert_string_equal(rewind_process(p->rewind, 2)->cwd->path, "/w/sub");
	assert_string_equal(rewind_process(p->rewind, 1)->cwd->path, "/w");
	assert_int_equal(rewind_process(p->rewind, 2)->ppid, 1);
	happen(p, EVENT_EXIT, 2, 0, 0);
	expect(p, 2, 3, NULL);
	assert_true(rewind_process(p->rewind, 2)->end_ns > 0);
}

static void test_shared_table(void **state) {
	struct play *p = *state;
	open_file(p, 1, 3, "/a", 0);
	happen(p, EVENT_FORK, 1, 2, CLONE_FILES | CLONE_FS);
	open_file(p, 2, 4, "/b", O_CLOEXEC);
	expect(p, 1, 4, "/b");
	happen(p, EVENT_EXEC, 2, 0, 0);
	expect(p, 2, 4, NULL);
	expect(p, 1, 4, "/b");
	/* A thread changes nothing and its end neither. */
	struct event e = {.kind = EVENT_FORK,
	                  .start_ns = p->now,
	                  .pid = 1,
	                  .tid = 1,
	                  .child = 8,
	                  .child_pid = 1};
	rewind_take(p->rewind, &e);
	happen(p, EVENT_EXIT, 1, 0, 0);
	expect(p, 1, 4, "/b");
	happen(p, EVENT_EXIT, 1, 0, 0);
	expect(p, 1, 4, NULL);
}

static void test_pipes(void **state) {
	struct play *p = *state;
	const int fds[2] = {5, 6};
	struct payload payload = {PAYLOAD_BYTES, 0, sizeof(fds),
	                          slice_of((const char *)fds, sizeof(fds))};
	call(p, 1, "pipe2", 0, 1, O_CLOEXEC, 0, &payload);
	expect(p, 1, 5, "pipe:");
	const struct rewind_process *process = rewind_process(p->rewind, 1);
	assert_int_equal(rewind_fd(process, 5)->file->pair, rewind_fd(process, 6)->file->pair);
	/* A pidfd that clone wrote somewhere takes the lowest number. */
	open_file(p, 1, 0, "/dev/null", 0);
	call(p, 1, "clone", 77, CLONE_PIDFD, 0, 0, NULL);
	expect(p, 1, 1, "anon_inode:[pidfd]");
}

/* What was open before the recording: whether exec closes it stands in fdinfo. */
static void test_state(void **state) {
	struct play *p = *state;
	const struct payload payloads[] = {
		{PAYLOAD_FD_PATH, 3, 2, slice_str("/a")},
		{PAYLOAD_FD_INFO, 3, 30, slice_str("pos:\t0\nflags:\t02100000\nmnt_id:\t1\n")},
		{PAYLOAD_FD_PATH, 4, 2, slice_str("/b")},
		{PAYLOAD_FD_INFO, 4, 30, slice_str("pos:\t0\nflags:\t0100002\nmnt_id:\t1\n")},
		{PAYLOAD_FD_PATH, 5, 2, slice_str("/c")},
		{PAYLOAD_FILE, STATE_CWD, 2, slice_str("/w")},
	};
	struct event e = {.kind = EVENT_STATE,
	                  .start_ns = p->now++,
	                  .pid = 1,
	                  .tid = 1,
	                  .payloads = payloads,
	                  .payload_count = sizeof(payloads) / sizeof(payloads[0])};
	rewind_take(p->rewind, &e);
	assert_int_equal(rewind_fd(rewind_process(p->rewind, 1), 5)->cloexec, CLOEXEC_UNKNOWN);
	happen(p, EVENT_EXEC, 1, 0, 0);
	expect(p, 1, 3, NULL);
	expect(p, 1, 4, "/b");
	expect(p, 1, 5, NULL);
}

static size_t lock_count(struct play *p) {
	size_t count;
	(void)rewind_locks(p->rewind, &count);
	return count;
}

static void set_lock(struct play *p, int fd, short type, int64_t start, int64_t len) {
	struct flock lock = {.l_type = type, .l_start = start, .l_len = len};
	struct payload payload = {PAYLOAD_BYTES, 2, sizeof(lock),
	                          slice_of((const char *)&lock, sizeof(lock))};
	call(p, 1, "fcntl", 0, (uint64_t)fd, F_SETLK, 1, &payload);
}

static void test_locks(void **state) {
	struct play *p = *state;
	open_file(p, 1, 3, "/cache/lock", 0);
	call(p, 1, "dup", 4, 3, 0, 0, NULL);
	call(p, 1, "flock", 0, 3, LOCK_EX, 0, NULL);
	assert_int_equal(lock_count(p), 1);
	call(p, 1, "close", 0, 3, 0, 0, NULL);
	assert_int_equal(lock_count(p), 1); /* the other descriptor has it still */
	call(p, 1, "flock", -11, 4, LOCK_UN, 0, NULL);
	assert_int_equal(lock_count(p), 1);
	call(p, 1, "close", 0, 4, 0, 0, NULL);
	assert_int_equal(lock_count(p), 0);

	open_file(p, 1, 3, "/db", 0);
	open_file(p, 1, 5, "/db", 0);
	set_lock(p, 3, F_WRLCK, 0, 100);
	set_lock(p, 3, F_UNLCK, 40, 10); /* leaves 0-40 and 50-100 */
	assert_int_equal(lock_count(p), 2);
	set_lock(p, 3, F_RDLCK, 0, 0);
	assert_int_equal(lock_count(p), 1);
	call(p, 1, "close", 0, 5, 0, 0, NULL); /* any descriptor of the file */
	assert_int_equal(lock_count(p), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open_and_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fork_and_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pipes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_state, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locks, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
