/* SPDX-License-Identifier: MIT
 * Locks that real processes hold and wait for.
 */
#include "world_fixture.h"

#include "core/locks.h"
#include "waits/waits.h"

#include <fcntl.h>
#include <sys/file.h>

#define CAP LOOK_CAP_SETTINGS

static void write_byte(int fd) {
	if (write(fd, "x", 1) != 1) {
		_exit(1);
	}
}

static void read_byte(int fd) {
	char c;

	assert_int_equal(read(fd, &c, 1), 1);
}

enum how { HOW_FLOCK, HOW_OFD, HOW_POSIX };

static int lock_file(const char *path, enum how how, bool wait) {
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	struct flock lock = {.l_type = F_WRLCK};
	int set = how == HOW_OFD ? wait ? F_OFD_SETLKW : F_OFD_SETLK : wait ? F_SETLKW : F_SETLK;

	if (how == HOW_FLOCK) {
		return flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
	}
	return fcntl(fd, set, &lock);
}

/* A process that has the lock before we go on. */
static pid_t holder_start(struct fixture *f, const char *path, enum how how) {
	int ready[2];

	assert_int_equal(pipe(ready), 0);
	pid_t pid = fixture_fork(f);

	if (pid == 0) {
		if (lock_file(path, how, false) < 0) {
			_exit(1);
		}
		write_byte(ready[1]);
		pause();
		_exit(0);
	}
	read_byte(ready[0]);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static pid_t waiter_start(struct fixture *f, const char *path, enum how how) {
	pid_t pid = fixture_fork(f);

	if (pid == 0) {
		lock_file(path, how, true);
		pause();
		_exit(0);
	}
	return pid;
}

static const struct lock *find(const struct locks *locks, int64_t pid, bool waits) {
	for (const struct lock *l = locks->first; l; l = l->next) {
		if (l->pid == pid && l->waits == waits) {
			return l;
		}
	}
	return NULL;
}

static struct locks look(struct fixture *f, const char *arg, unsigned turn) {
	const struct evidence *ev =
		world_look(f->world, LOOK_LOCKS, arena_printf(f->arena, "%s %u", arg, turn), CAP);

	assert_int_equal(ev->state, EV_READ);
	return locks_parse(f->arena, ev->bytes);
}

/* Looks until the waiter has come to its wait. */
static struct locks look_until_waits(struct fixture *f, const char *arg, pid_t waiter) {
	int64_t deadline = clock_now_ns() + LONG_NS;

	for (unsigned turn = 0;; turn++) {
		struct locks locks = look(f, arg, turn);

		const struct lock *waits = find(&locks, waiter, true);

		if (waits && locks_holder(&locks, waits, NULL)) {
			return locks;
		}
		assert_true(clock_now_ns() < deadline);
		poll(NULL, 0, 1);
	}
}

/* The other look that knows of locks says the same, and on which file system. */
static void check_wait(struct fixture *f, const char *path, pid_t waiter, pid_t holder) {
	const struct evidence *ev = world_look(
		f->world, LOOK_WAITS, arena_printf(f->arena, "%d", (int)waiter), LOOK_CAP_MODULE);
	struct waits w;

	assert_true(waits_parse(f->arena, ev->bytes, &w));
	assert_int_equal(w.lock_count, 1);
	assert_int_equal(w.locks[0].pid, waiter);
	assert_int_equal(w.locks[0].holder_count, 1);
	assert_int_equal(w.locks[0].holders[0], holder);
	assert_string_equal(w.locks[0].link, path);
	assert_string_equal(w.locks[0].fstype, world_mount(f->world, path).fstype);
}

static void check_pair(struct fixture *f, enum how how, const char *class) {
	const char *path = fixture_path(f, class);
	pid_t holder = holder_start(f, path, how);
	pid_t waiter = waiter_start(f, path, how);
	struct locks locks =
		look_until_waits(f, arena_printf(f->arena, "below %d", (int)getpid()), waiter);
	const struct lock *w = find(&locks, waiter, true);
	const struct lock *h = locks_holder(&locks, w, NULL);

	assert_non_null(h);
	assert_int_equal(h->pid, holder);
	assert_string_equal(h->class, class);
	assert_string_equal(h->proof, "fdinfo");
	assert_string_equal(h->path, path);
	assert_string_equal(w->path, path);
	assert_string_equal(w->proof, "fd");
	assert_int_equal(h->state, 'S');
	assert_true(h->start_wall_ns > 0);
	assert_int_equal(h->uid, geteuid());
	assert_int_equal(h->ppid, getpid());
	assert_true(w->tid > 0);
	assert_string_equal(locks.table, "read");
	check_wait(f, path, waiter, holder);
	fixture_end(f, waiter);
	fixture_end(f, holder);
}

static void test_flock(void **state) {
	check_pair(*state, HOW_FLOCK, "FLOCK");
}

static void test_posix(void **state) {
	check_pair(*state, HOW_POSIX, "POSIX");
}

/* /proc/locks names no process for these, neither for the holder nor for the waiter. */
static void test_ofd(void **state) {
	check_pair(*state, HOW_OFD, "OFDLCK");
}

static void test_stopped(void **state) {
	struct fixture *f = *state;
	const char *path = fixture_path(f, "v1.0.0.lock");
	pid_t holder = holder_start(f, path, HOW_FLOCK);
	int status;

	assert_int_equal(kill(holder, SIGSTOP), 0);
	assert_int_equal(waitpid(holder, &status, WUNTRACED), holder);

	struct locks locks = look(f, "all", 1);
	const struct lock *h = find(&locks, holder, false);

	assert_non_null(h);
	assert_int_equal(h->state, 'T');
	assert_string_equal(h->path, path);
}

/* The process that took the lock has ended; a child of it has the descriptor. */
static void test_inherited(void **state) {
	struct fixture *f = *state;
	const char *path = fixture_path(f, "inherited");
	const char *pid_path = fixture_path(f, "pid");
	pid_t first = fixture_fork(f);

	if (first == 0) {
		if (lock_file(path, HOW_FLOCK, false) < 0) {
			_exit(1);
		}
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, 0);
			pid_to_file(pid_path);
			pause();
		}
		await_pid_in_file(pid_path);
		_exit(0);
	}
	assert_int_equal(fixture_reap(f, first), 0);

	pid_t heir = await_pid_in_file(pid_path);
	struct locks locks = look(f, "all", 1);
	const struct lock *h = find(&locks, heir, false);

	kill(heir, SIGKILL);
	assert_non_null(h);
	assert_int_equal(h->table_pid, first);
	assert_string_equal(h->proof, "fdinfo");
	assert_string_equal(h->path, path);
}

/* Nothing is asked for, nothing is told: left-over files are no locks. */
static void test_left_over(void **state) {
	struct fixture *f = *state;

	fixture_write(f, "v1.0.0.lock", "", 0644);

	struct locks locks = look(f, "all", 1);

	for (const struct lock *l = locks.first; l; l = l->next) {
		assert_false(streq(l->path, fixture_path(f, "v1.0.0.lock")));
	}
	assert_int_equal(world_look(f->world, LOOK_LOCKS, "some", CAP)->error, EINVAL);
}

/* A waiter below another process is not of those below us. */
static void test_below(void **state) {
	struct fixture *f = *state;
	const char *path = fixture_path(f, "below");
	pid_t holder = holder_start(f, path, HOW_FLOCK);
	pid_t waiter = waiter_start(f, path, HOW_FLOCK);
	struct locks locks =
		look_until_waits(f, arena_printf(f->arena, "below %d", (int)waiter), waiter);

	assert_non_null(find(&locks, holder, false));
	locks = look(f, arena_printf(f->arena, "below %d", (int)holder), 1);
	assert_int_equal(locks.count, 0);
	locks = look(f, "waited", 1);
	assert_non_null(find(&locks, waiter, true));
}

#define TEST(function_) cmocka_unit_test_setup_teardown(function_, fixture_setup, fixture_teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_flock),     TEST(test_posix),     TEST(test_ofd),   TEST(test_stopped),
		TEST(test_inherited), TEST(test_left_over), TEST(test_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
