/* SPDX-License-Identifier: MIT
 * Rehearsals: what was done in one is seen by the program that is run in it, and by nobody else, as root and as an
 * ordinary user.
 */
#include "world_fixture.h"

#include "base/fd.h"
#include "base/path.h"
#include "world/rehearsal.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#define USER ((uid_t)12001)

struct scene {
	struct fixture *f;
	const char *root;
	const char *writable[4];
	struct rehearsal_spec spec;
	struct rehearsal_outcome outcome;
};

static void scene_of(struct scene *s, struct fixture *f, const char *root, const char *const *argv,
                     size_t argc, int (*act)(void *, const struct rehearsal *, struct err *)) {
	*s = (struct scene){.f = f, .root = root, .writable = {root}};
	s->spec = (struct rehearsal_spec){
		.writable = s->writable,
		.cap_bytes = (size_t)64 << 20,
		.act = act,
		.context = s,
		.argv = argv,
		.argc = argc,
		.envp = environ,
		.cwd = root,
		.output_cap = 4096,
		.deadline_ns = clock_now_ns() + LONG_NS,
		.interrupt_fd = -1,
	};
}

static void play(struct scene *s) {
	rehearsals_run(s->f->arena, &s->spec, &s->outcome, 1);
}

static void put(const char *path, const char *text) {
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static const char *get(struct fixture *f, const char *path) {
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);

	return n < 0 ? NULL : arena_strndup(f->arena, text, (size_t)n);
}

/* Is this a machine that has such views? Else nothing can be shown here. */
static bool refused(const struct scene *s) {
	if (s->outcome.end == REHEARSAL_REFUSED && s->outcome.error == EPERM) {
		print_message("[  SKIPPED ] %s\n", s->outcome.because);
		return true;
	}
	return false;
}

/* Runs it as it is, and as root once more as somebody else who owns the fixture's directory. */
static void as_both(struct fixture *f, void (*test)(struct fixture *)) {
	test(f);
	if (geteuid() != 0) {
		return;
	}
	assert_int_equal(chown(f->dir, USER, USER), 0);
	pid_t pid = fixture_fork(f);
	if (pid == 0) {
		assert_int_equal(setgroups(0, NULL), 0);
		assert_int_equal(setresgid(USER, USER, USER), 0);
		assert_int_equal(setresuid(USER, USER, USER), 0);
		prctl(PR_SET_DUMPABLE, 1);
		test(f);
		_exit(0);
	}
	assert_int_equal(fixture_reap(f, pid), 0);
}

static const char *fresh_root(struct fixture *f) {
	const char *root =
		fixture_path(f, arena_printf(f->arena, "root-%u-%d", geteuid(), getpid()));

	assert_int_equal(mkdir(root, 0755), 0);
	put(path_join(f->arena, root, "settings"), "as it was");
	put(path_join(f->arena, root, "old"), "old");
	return root;
}

/* ---- what is done is seen inside, and only there ---- */

static int act_changes(void *context, const struct rehearsal *inside, struct err *err) {
	struct scene *s = context;
	struct arena *a = s->f->arena;
	(void)inside;
	put(path_join(a, s->root, "settings"), "changed");
	put(path_join(a, s->root, "new"), "new");
	put("/tmp/dialtone-rehearsal-test", "in /tmp");
	if (unlink(path_join(a, s->root, "old")) < 0 || chmod(s->root, 0700) < 0 ||
	    mkdir(path_join(a, s->root, "sub"), 0755) < 0 ||
	    rename(path_join(a, s->root, "new"), path_join(a, s->root, "sub/new")) < 0) {
		return err_set(err, -errno, "%s", strerror(errno));
	}
	return 0;
}

static void changes(struct fixture *f) {
	static const char script[] = "cat settings sub/new /tmp/dialtone-rehearsal-test; "
				     "test -e old && echo old; stat -c %a .; echo sorry >&2";
	static const char *const argv[] = {"/bin/sh", "-c", script};
	const char *root = fresh_root(f);
	struct scene s;
	struct stat st;

	scene_of(&s, f, root, argv, 3, act_changes);
	play(&s);
	if (refused(&s)) {
		return;
	}
	assert_int_equal(s.outcome.end, REHEARSAL_RAN);
	assert_int_equal(s.outcome.status, 0);
	assert_string_equal(arena_slicedup(f->arena, s.outcome.out), "changednewin /tmp700\n");
	assert_string_equal(arena_slicedup(f->arena, s.outcome.err), "sorry\n");
	assert_true(s.outcome.begun_ns <= s.outcome.entered_ns &&
	            s.outcome.entered_ns <= s.outcome.acted_ns &&
	            s.outcome.acted_ns <= s.outcome.ended_ns);
	assert_string_equal(get(f, path_join(f->arena, root, "settings")), "as it was");
	assert_string_equal(get(f, path_join(f->arena, root, "old")), "old");
	assert_int_equal(access(path_join(f->arena, root, "sub"), F_OK), -1);
	assert_int_equal(access("/tmp/dialtone-rehearsal-test", F_OK), -1);
	assert_int_equal(stat(root, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void test_only_inside_is_changed(void **state) {
	as_both(*state, changes);
}

/* Root of a user namespace, as in the containers of ordinary users. */
static void test_as_root_of_a_namespace(void **state) {
	struct fixture *f = *state;
	const char *uid_map = arena_printf(f->arena, "0 %u 1", geteuid());
	const char *gid_map = arena_printf(f->arena, "0 %u 1", getegid());
	pid_t pid = fixture_fork(f);

	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0) {
			_exit(0);
		}
		if (access("/proc/self/setgroups", W_OK) == 0) {
			put("/proc/self/setgroups", "deny");
		}
		put("/proc/self/uid_map", uid_map);
		put("/proc/self/gid_map", gid_map);
		changes(f);
		_exit(0);
	}
	assert_int_equal(fixture_reap(f, pid), 0);
}

/* ---- what is not named is read-only, modes count, locks and sockets work ---- */

static int act_tries(void *context, const struct rehearsal *inside, struct err *err) {
	struct scene *s = context;
	struct arena *a = s->f->arena;
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	struct stat st;
	int lock = open("settings", O_RDWR | O_CLOEXEC);
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (open("/var/tmp/dialtone-rehearsal-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 ||
	    errno != EROFS) {
		return err_set(err, -EINVAL, "/var/tmp can be written");
	}
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0) {
		return err_set(err, -EINVAL, "no lock: %s", strerror(errno));
	}
	if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(server, 1) < 0 ||
	    connect(client, (struct sockaddr *)&address, sizeof address) < 0) {
		return err_set(err, -EINVAL, "no socket: %s", strerror(errno));
	}
	if (stat(s->root, &st) < 0 || st.st_uid != geteuid() || st.st_gid != getegid()) {
		return err_set(err, -EINVAL, "owners are not what they are");
	}
	chmod("settings", 0);
	if (geteuid() != 0 && access(path_join(a, s->root, "settings"), R_OK) == 0) {
		return err_set(err, -EINVAL, "modes do not count");
	}
	if (inside->own_processes && getpid() > 20) {
		return err_set(err, -EINVAL, "the processes outside are here: %d", getpid());
	}
	return 0;
}

static void tries(struct fixture *f) {
	static const char *const argv[] = {
		"/bin/sh", "-c", "readlink /proc/self/ns/pid; ls -d /proc/[0-9]* | wc -l"};
	struct scene s;
	int64_t count = 0;

	scene_of(&s, f, fresh_root(f), argv, 3, act_tries);
	play(&s);
	if (refused(&s)) {
		return;
	}
	assert_string_equal(s.outcome.because, "");
	assert_int_equal(s.outcome.end, REHEARSAL_RAN);
	if (s.outcome.inside.own_processes) {
		struct slice rest = s.outcome.out, line = {0}, number = {0};
		assert_true(slice_line(&rest, &line));
		assert_true(slice_line(&rest, &number));
		assert_int_equal(str_to_int64(arena_slicedup(f->arena, number), &count), 0);
		assert_true(count < 10);
	}
}

static void test_the_world_inside(void **state) {
	as_both(*state, tries);
}

/* ---- a refusal of act, a deadline ---- */

static int act_fails(void *context, const struct rehearsal *inside, struct err *err) {
	(void)context;
	(void)inside;
	return err_set(err, -EXDEV, "it cannot be moved");
}

static void test_what_is_not_done_is_not_run(void **state) {
	static const char *const argv[] = {"/bin/echo", "ran"};
	struct fixture *f = *state;
	struct scene s;

	scene_of(&s, f, fresh_root(f), argv, 2, act_fails);
	play(&s);
	if (refused(&s)) {
		return;
	}
	assert_int_equal(s.outcome.end, REHEARSAL_NOT_DONE);
	assert_int_equal(s.outcome.error, EXDEV);
	assert_string_equal(s.outcome.because, "it cannot be moved");
	assert_int_equal(s.outcome.out.len, 0);
}

/* An abstract socket is of the network, which is as it is: it tells outside who is alive inside. */
static int beacon(struct fixture *f, int type, struct sockaddr_un *address, socklen_t *len) {
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	                   (size_t)snprintf(address->sun_path + 1, sizeof address->sun_path - 1,
	                                    "%s-%d", f->dir, type));
	return fd;
}

static bool is_lit(struct fixture *f) {
	struct sockaddr_un address;
	socklen_t len;
	CLEANUP(fd_closep) int fd = beacon(f, 0, &address, &len);

	return connect(fd, (struct sockaddr *)&address, len) == 0;
}

/* Leaves a process behind that nobody inside waits for. */
static int act_daemon(void *context, const struct rehearsal *inside, struct err *err) {
	struct scene *s = context;
	struct sockaddr_un address;
	socklen_t len;
	int fd = beacon(s->f, 0, &address, &len);
	(void)inside;

	if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 8) < 0) {
		return err_set(err, -errno, "no beacon: %s", strerror(errno));
	}
	if (fork() == 0) {
		setsid();
		signal(SIGTERM, SIG_IGN);
		for (;;) {
			pause();
		}
	}
	return 0;
}

static void stays_dark(struct fixture *f) {
	for (int i = 0; i < 200 && is_lit(f); i++) {
		poll(NULL, 0, 10);
	}
	assert_false(is_lit(f));
}

static void times_out(struct fixture *f) {
	static const char *const argv[] = {"/bin/sleep", "1000"};
	struct scene s;

	scene_of(&s, f, fresh_root(f), argv, 2, act_daemon);
	s.spec.deadline_ns = clock_now_ns() + 300 * NS_PER_MS;
	play(&s);
	if (refused(&s)) {
		return;
	}
	assert_int_equal(s.outcome.end, REHEARSAL_TIMED_OUT);
	assert_false(is_lit(f));
}

static void test_the_deadline_ends_all(void **state) {
	as_both(*state, times_out);
}

static void is_interrupted(struct fixture *f) {
	static const char *const argv[] = {"/bin/sleep", "1000"};
	struct scene s;

	scene_of(&s, f, fresh_root(f), argv, 2, act_daemon);
	s.spec.interrupt_fd = f->interrupt[0];
	assert_int_equal(write(f->interrupt[1], "x", 1), 1);
	play(&s);
	assert_true(s.outcome.end == REHEARSAL_INTERRUPTED || refused(&s));
	stays_dark(f);
}

static void test_an_interrupt_ends_all(void **state) {
	is_interrupted(*state);
}

static void killed(struct fixture *f) {
	static const char *const argv[] = {"/bin/sleep", "1000"};
	struct scene s;
	pid_t pid = fixture_fork(f);

	scene_of(&s, f, fixture_path(f, "killed"), argv, 2, act_daemon);
	if (pid == 0) {
		play(&s);
		_exit(refused(&s) ? 77 : 0);
	}
	while (!is_lit(f)) {
		int status = 0;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			assert_int_equal(WEXITSTATUS(status), 77);
			return;
		}
		poll(NULL, 0, 5);
	}
	fixture_end(f, pid);
	stays_dark(f);
}

static void test_all_ends_with_the_one_that_asked(void **state) {
	struct fixture *f = *state;

	assert_int_equal(mkdir(fixture_path(f, "killed"), 0755), 0);
	as_both(f, killed);
}

/* ---- mounts ---- */

static void give_to_user(struct fixture *f, const char *root) {
	assert_int_equal(chown(f->dir, USER, USER), 0);
	(void)!system(arena_printf(f->arena, "chown -R %u:%u %s 2>/dev/null", USER, USER, root));
}

/* In mounts of its own, as it is and as an ordinary user to whom they are locked. */
static void with_mounts(struct fixture *f, void (*arrange)(struct fixture *, const char *),
                        void (*test)(struct fixture *, const char *)) {
	const char *root = fresh_root(f);

	if (geteuid() != 0) {
		print_message("[  SKIPPED ] only root can mount\n");
		return;
	}
	for (int as_user = 0; as_user < 2; as_user++) {
		pid_t pid = fixture_fork(f);
		if (pid == 0) {
			assert_int_equal(unshare(CLONE_NEWNS), 0);
			assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
			if (as_user) {
				give_to_user(f, root);
			}
			arrange(f, root);
			if (as_user) {
				give_to_user(f, root);
				assert_int_equal(setgroups(0, NULL), 0);
				assert_int_equal(setresgid(USER, USER, USER), 0);
				assert_int_equal(setresuid(USER, USER, USER), 0);
				prctl(PR_SET_DUMPABLE, 1);
			}
			test(f, root);
			_exit(0);
		}
		assert_int_equal(fixture_reap(f, pid), 0);
	}
}

static void arrange_below(struct fixture *f, const char *root) {
	const char *sub = path_join(f->arena, root, "a/b/mounted");
	const char *plain = path_join(f->arena, root, "plain");

	(void)!mkdir(path_join(f->arena, root, "a"), 0755);
	(void)!mkdir(path_join(f->arena, root, "a/b"), 0755);
	(void)!mkdir(sub, 0755);
	(void)!mkdir(plain, 0755);
	(void)!symlink("settings", path_join(f->arena, root, "link"));
	put(path_join(f->arena, plain, "file"), "plain");
	assert_int_equal(mount("tmpfs", sub, "tmpfs", MS_NOEXEC, "mode=0755"), 0);
	put(path_join(f->arena, sub, "file"), "mounted");
}

static int act_below(void *context, const struct rehearsal *inside, struct err *err) {
	struct scene *s = context;
	struct arena *a = s->f->arena;
	(void)inside;
	(void)err;
	put(path_join(a, s->root, "a/b/mounted/file"), "changed");
	put(path_join(a, s->root, "plain/file"), "changed");
	put(path_join(a, s->root, "settings"), "changed");
	put(path_join(a, s->root, "a/new"), "changed");
	return rename(path_join(a, s->root, "old"), path_join(a, s->root, "older")) < 0 ? -errno
	                                                                                : 0;
}

static void mounts_below(struct fixture *f, const char *root) {
	static const char script[] =
		"cat link plain/file a/b/mounted/file a/new older; "
		"findmnt -no OPTIONS -T a/b/mounted | tail -n 1 | grep -o noexec; "
		"stat -c %a:%u . settings";
	static const char *const argv[] = {"/bin/sh", "-c", script};
	struct scene s;

	scene_of(&s, f, root, argv, 3, act_below);
	play(&s);
	if (refused(&s)) {
		return;
	}
	assert_string_equal(s.outcome.because, "");
	assert_string_equal(arena_slicedup(f->arena, s.outcome.out),
	                    arena_printf(f->arena,
	                                 "changedchangedchangedchangedold"
	                                 "noexec\n755:%u\n644:%u\n",
	                                 geteuid(), geteuid()));
	assert_string_equal(get(f, path_join(f->arena, root, "a/b/mounted/file")), "mounted");
	assert_string_equal(get(f, path_join(f->arena, root, "plain/file")), "plain");
	assert_string_equal(get(f, path_join(f->arena, root, "settings")), "as it was");
	assert_string_equal(get(f, path_join(f->arena, root, "old")), "old");
}

static void test_mounts_below(void **state) {
	with_mounts(*state, arrange_below, mounts_below);
}

static void arrange_read_only(struct fixture *f, const char *root) {
	(void)f;
	assert_int_equal(mount(root, root, NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, root, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
}

static int act_read_only(void *context, const struct rehearsal *inside, struct err *err) {
	struct scene *s = context;
	(void)inside;
	int fd = open(path_join(s->f->arena, s->root, "x"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd >= 0 || errno != EROFS ? err_set(err, -EINVAL, "it can be written") : 0;
}

static void stays_read_only(struct fixture *f, const char *root) {
	static const char *const argv[] = {"/bin/cat", "settings"};
	struct scene s;

	scene_of(&s, f, root, argv, 2, act_read_only);
	play(&s);
	if (refused(&s)) {
		return;
	}
	assert_string_equal(s.outcome.because, "");
	assert_string_equal(arena_slicedup(f->arena, s.outcome.out), "as it was");
}

static void test_what_is_read_only_stays_so(void **state) {
	with_mounts(*state, arrange_read_only, stays_read_only);
}

/* ---- a root that is itself mounted, of a kind that is no disk ---- */

static void fill_root(struct fixture *f, const char *root) {
	put(path_join(f->arena, root, "settings"), "as it was");
	put(path_join(f->arena, root, "old"), "old");
}

static void arrange_tmpfs(struct fixture *f, const char *root) {
	assert_int_equal(mount("tmpfs", root, "tmpfs", 0, "mode=0755"), 0);
	fill_root(f, root);
}

/* As in most containers: a home on an overlay, over which there is room for one more. */
static void arrange_overlay(struct fixture *f, const char *root) {
	const char *parts = fixture_path(f, arena_printf(f->arena, "parts-%d", getpid()));
	static const char *const names[] = {"", "lower", "upper", "work"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(mkdir(path_join(f->arena, parts, names[i]), 0755), 0);
	}
	fill_root(f, path_join(f->arena, parts, "lower"));
	const char *options =
		arena_printf(f->arena, "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", parts,
	                     parts, parts);
	assert_int_equal(mount("overlay", root, "overlay", 0, options), 0);
}

static void is_changed_inside_only(struct fixture *f, const char *root) {
	static const char *const argv[] = {"/bin/sh", "-c", "cat settings sub/new"};
	struct scene s;

	scene_of(&s, f, root, argv, 3, act_changes);
	play(&s);
	if (refused(&s)) {
		return;
	}
	assert_string_equal(s.outcome.because, "");
	assert_string_equal(arena_slicedup(f->arena, s.outcome.out), "changednew");
	assert_string_equal(get(f, path_join(f->arena, root, "settings")), "as it was");
	assert_string_equal(get(f, path_join(f->arena, root, "old")), "old");
}

static void test_on_tmpfs(void **state) {
	with_mounts(*state, arrange_tmpfs, is_changed_inside_only);
}

static void test_on_an_overlay(void **state) {
	with_mounts(*state, arrange_overlay, is_changed_inside_only);
}

/* Two at once see nothing of each other; a link leads where it leads. */
static int act_claims(void *context, const struct rehearsal *inside, struct err *err) {
	struct scene *s = context;
	(void)inside;
	put(path_join(s->f->arena, s->root, "settings"), (const char *)s->f->self);
	if (access("mine", F_OK) == 0) {
		return err_set(err, -EINVAL, "another one was here");
	}
	put("mine", "mine");
	return 0;
}

static void test_two_at_once(void **state) {
	static const char *const argv[] = {"/bin/sh", "-c", "sleep 0.1; cat mine; pwd -P"};
	struct fixture *f = *state;
	const char *root = fresh_root(f);
	const char *link = fixture_path(f, "link");
	struct scene s;
	struct rehearsal_outcome outcomes[2];

	assert_int_equal(symlink(root, link), 0);
	scene_of(&s, f, link, argv, 3, act_claims);
	struct rehearsal_spec specs[2] = {s.spec, s.spec};
	rehearsals_run(f->arena, specs, outcomes, 2);
	for (int i = 0; i < 2; i++) {
		s.outcome = outcomes[i];
		if (refused(&s)) {
			return;
		}
		assert_string_equal(outcomes[i].because, "");
		assert_string_equal(arena_slicedup(f->arena, outcomes[i].out),
		                    arena_printf(f->arena, "mine%s\n", root));
	}
	assert_int_equal(access(path_join(f->arena, root, "mine"), F_OK), -1);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_only_inside_is_changed, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_as_root_of_a_namespace, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_the_world_inside, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_done_is_not_run, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_the_deadline_ends_all, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_an_interrupt_ends_all, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_all_ends_with_the_one_that_asked,
	                                        fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_mounts_below, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_read_only_stays_so, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_on_tmpfs, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_on_an_overlay, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_two_at_once, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
