/* SPDX-License-Identifier: MIT
 * Looks at real processes: editors, windows, servers, children, watches, sessions. The ones looked
 * at are this program under other names.
 */
#include "world_fixture.h"

#include <arpa/inet.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define CAP LOOK_CAP_SMALL

static void test_self(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev = world_look(f->world, LOOK_PROCESS, "self", CAP);
	char pid[16];

	snprintf(pid, sizeof pid, "%d", (int)getpid());
	assert_int_equal(ev->state, EV_READ);
	assert_string_equal(keyline_get(f->arena, ev->bytes, "pid"), pid);
	assert_string_equal(keyline_get(f->arena, ev->bytes, "exe"), f->self);
	ev = world_look(f->world, LOOK_ENVIRON, "self", CAP);
	assert_int_equal(ev->state, EV_READ);
	assert_true(slice_has(ev->bytes, "PATH="));
	assert_int_equal(world_look(f->world, LOOK_PROCESS, "2147483647", CAP)->state, EV_ABSENT);
	assert_int_equal(world_look(f->world, LOOK_PROCESS, "x", CAP)->error, EINVAL);
}

static _Noreturn void patient_wait(void) {
	pid_to_file("ready");
	for (;;) {
		pause();
	}
}

/* Starts this program under another name in `cwd` and waits until it runs. */
static pid_t start_as(struct fixture *f, const char *name, const char *cwd, const char *arg,
                      const char *variable) {
	const char *program = fixture_path(f, name);
	const char *argv[] = {program, "wait", arg, NULL};
	const char *env[] = {"A=1", variable, NULL};
	const char *ready = arena_printf(f->arena, "%s/ready", cwd);
	pid_t pid;

	unlink(program); /* of an earlier start under the same name */
	assert_int_equal(symlink(f->self, program), 0);
	unlink(ready);
	pid = fixture_fork(f);
	if (pid == 0) {
		/* A reader of our output is not to wait for this one. */
		if (freopen("/dev/null", "w", stdout) && chdir(cwd) == 0) {
			execve(program, (char *const *)(uintptr_t)argv,
			       (char *const *)(uintptr_t)env);
		}
		_exit(1);
	}
	assert_int_equal(await_pid_in_file(ready), pid);
	return pid;
}

static void test_editors(void **state) {
	struct fixture *f = *state;
	const char *work = fixture_path(f, "work"), *other = fixture_path(f, "other");
	const char *inside = fixture_path(f, "work/x.go");
	pid_t pids[9];
	const char *expected;

	assert_int_equal(mkdir(work, 0755), 0);
	assert_int_equal(mkdir(other, 0755), 0);
	pids[0] = start_as(f, "nvim", work, NULL, NULL);
	pids[1] = start_as(f, "nvim", other, NULL, NULL);
	pids[2] = start_as(f, "emacs", other, inside, NULL);
	pids[3] = start_as(f, "hx", work, NULL, NULL);
	pids[4] = start_as(f, "node", work, "--type=extensionHost", NULL);
	pids[5] = start_as(f, "node", work, "server.js", NULL); /* an ordinary server */
	pids[6] = start_as(f, "node", work, "--type=extensionHost", "VSCODE_AGENT_FOLDER=/x");
	pids[7] = start_as(f, "code", other, NULL, arena_printf(f->arena, "VSCODE_CWD=%s", work));
	pids[8] = start_as(f, "sleep", work, inside, NULL);
	expected = arena_printf(f->arena,
	                        "%d vscode\n%d vscode-remote\n%d vscode\n%d helix\n%d emacs\n"
	                        "%d neovim\n",
	                        pids[7], pids[6], pids[4], pids[3], pids[2], pids[0]);
	assert_string_equal(world_look(f->world, LOOK_EDITORS, work, CAP)->bytes.data, expected);
	assert_true(slice_has(
		world_look(f->world, LOOK_ENVIRON, arena_printf(f->arena, "%d", pids[7]), CAP)
			->bytes,
		"VSCODE_CWD="));
}

/* An extension host with a server of its own: becomes "gopls" in a child, in that directory, and
 * waits like one that was started alone. argv: host --type=extensionHost DIRECTORY */
static _Noreturn void patient_host(const char *program, const char *directory) {
	const char *slash = strrchr(program, '/');
	char gopls[512];

	snprintf(gopls, sizeof gopls, "%.*s/gopls", (int)(slash - program), program);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chdir(directory) == 0) {
			execl(gopls, gopls, "wait", (char *)NULL);
		}
		_exit(1);
	}
	for (;;) {
		pause();
	}
}

static pid_t start_host(struct fixture *f, const char *cwd, const char *served) {
	const char *program = fixture_path(f, "node");
	const char *gopls = fixture_path(f, "gopls");
	const char *argv[] = {program, "host", "--type=extensionHost", served, NULL};
	const char *ready = arena_printf(f->arena, "%s/ready", served);
	pid_t pid;

	unlink(program);
	unlink(gopls);
	unlink(ready);
	assert_int_equal(symlink(f->self, program), 0);
	assert_int_equal(symlink(f->self, gopls), 0);
	pid = fixture_fork(f);
	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout) && chdir(cwd) == 0) {
			execve(program, (char *const *)(uintptr_t)argv, NULL);
		}
		_exit(1);
	}
	(void)await_pid_in_file(ready);
	return pid;
}

/* Two windows of one VS Code, started from one directory: what each has open its server tells. */
static void test_windows(void **state) {
	struct fixture *f = *state;
	const char *work = fixture_path(f, "work"), *other = fixture_path(f, "other");
	struct slice first;
	struct slice all;
	pid_t here, there;

	assert_int_equal(mkdir(work, 0755), 0);
	assert_int_equal(mkdir(other, 0755), 0);
	here = start_host(f, work, work);
	there = start_host(f, work, other); /* the younger one */
	all = world_look(f->world, LOOK_EDITORS, work, CAP)->bytes;
	assert_true(slice_line(&all, &first));
	assert_true(slice_eq(first, arena_printf(f->arena, "%d vscode", here)));
	all = world_look(f->world, LOOK_EDITORS, other, CAP)->bytes;
	assert_true(slice_line(&all, &first));
	assert_true(slice_eq(first, arena_printf(f->arena, "%d vscode", there)));
}

/* That of a process among those an empty line ends; others may run on this machine. */
static bool record_of(struct fixture *f, struct slice records, pid_t pid, struct slice *ret) {
	const char *wanted = arena_printf(f->arena, "%d", pid);
	size_t start = 0;

	for (size_t i = 0; i + 1 < records.len; i++) {
		if (records.data[i] == '\n' && records.data[i + 1] == '\n') {
			*ret = slice_of(records.data + start, i + 1 - start);
			start = i + 2;
			if (streq(keyline_get(f->arena, *ret, "pid"), wanted)) {
				return true;
			}
		}
	}
	return false;
}

static void test_gopls(void **state) {
	struct fixture *f = *state;
	const char *work = fixture_path(f, "work"), *other = fixture_path(f, "other");
	const struct evidence *ev;
	pid_t server, strange, none;
	struct slice record = {0};

	assert_int_equal(mkdir(work, 0755), 0);
	assert_int_equal(mkdir(other, 0755), 0);
	server = start_as(f, "gopls", work, "-rpc.trace", NULL);
	strange = start_as(f, "gopls-0.23", other, NULL, NULL);
	none = start_as(f, "sleep", work, NULL, NULL);
	ev = world_look(f->world, LOOK_GOPLS, work, CAP);
	assert_int_equal(ev->state, EV_READ);
	assert_true(record_of(f, ev->bytes, server, &record));
	assert_string_equal(keyline_get(f->arena, record, "here"), "1");
	assert_string_equal(keyline_get(f->arena, record, "exe"), f->self);
	assert_string_equal(keyline_get(f->arena, record, "gone"), "0");
	assert_true(str_has(keyline_get(f->arena, record, "cmdline"), "\x1fwait"));
	assert_true(record_of(f, ev->bytes, strange, &record));
	assert_string_equal(keyline_get(f->arena, record, "here"), "0");
	assert_false(record_of(f, ev->bytes, none, &record));
}

/* A child of ours that has a connection on which nothing came. */
static void test_family(void **state) {
	struct fixture *f = *state;
	const char *work = fixture_path(f, "work");
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	const struct evidence *ev;
	pid_t pid;

	assert_int_equal(mkdir(work, 0755), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	pid = start_as(f, "git", work, NULL, NULL);
	close(fd);
	ev = world_look(f->world, LOOK_FAMILY, "1", CAP);
	assert_string_equal(keyline_get(f->arena, ev->bytes, "pid"),
	                    arena_printf(f->arena, "%d", (int)pid));
	assert_string_equal(keyline_get(f->arena, ev->bytes, "port"),
	                    arena_printf(f->arena, "%d", ntohs(address.sin_port)));
	assert_string_equal(keyline_get(f->arena, ev->bytes, "received"), "0");
	assert_string_equal(keyline_get(f->arena, ev->bytes, "state"), "connected");
	close(listener);
}

static void test_watches(void **state) {
	struct fixture *f = *state;
	const char *work = fixture_path(f, "work"), *dull = fixture_path(f, "dull");
	const char *expected = arena_printf(f->arena, "%d nvim\n", (int)getpid());
	char name[16];
	int fd = inotify_init1(IN_CLOEXEC);

	assert_int_equal(mkdir(work, 0755), 0);
	assert_int_equal(mkdir(dull, 0755), 0);
	assert_true(fd >= 0 && inotify_add_watch(fd, work, IN_MODIFY) >= 0);
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "nvim");
	assert_true(slice_has(world_look(f->world, LOOK_WATCHES, work, CAP)->bytes, expected));
	assert_false(slice_has(world_look(f->world, LOOK_WATCHES, dull, CAP)->bytes, expected));
	prctl(PR_SET_NAME, name);
	close(fd);
}

static void test_desktop(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev;

	start_as(f, "xfce4-session", f->dir, NULL, "IT=session");
	start_as(f, "gnome-shell", f->dir, NULL, "IT=shell");
	ev = world_look(f->world, LOOK_DESKTOP, "", CAP);
	assert_int_equal(ev->state, EV_READ);
	assert_true(slice_has(ev->bytes, "IT=shell"));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv) {
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_self),    WORLD_TEST(test_editors), WORLD_TEST(test_windows),
		WORLD_TEST(test_gopls),   WORLD_TEST(test_watches), WORLD_TEST(test_family),
		WORLD_TEST(test_desktop),
	};

	if (argc > 3 && streq(argv[1], "host")) {
		patient_host(argv[0], argv[3]);
	}
	if (argc > 1 && streq(argv[1], "wait")) {
		patient_wait();
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
