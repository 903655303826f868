/* SPDX-License-Identifier: MIT
 * What confines a process: the parsers, and the looks at real processes.
 */
#include "world_fixture.h"

#include "world/context.h"

#include <fcntl.h>
#include <sys/resource.h>

#define CAP LOOK_CAP_SETTINGS

static struct slice text(const char *s) {
	return slice_of(s, strlen(s));
}

static void test_limits(void **state) {
	struct fixture *f = *state;
	struct strbuf out;

	strbuf_init(&out, f->arena);
	context_limits(&out,
	               text("Limit                     Soft Limit           Hard Limit           "
	                    "Units     \n"
	                    "Max cpu time              unlimited            unlimited            "
	                    "seconds   \n"
	                    "Max open files            1024                 524288               "
	                    "files     \n"
	                    "Max open files"));
	assert_string_equal(out.data, "limit_cpu=unlimited:unlimited\nlimit_nofile=1024:524288\n");
}

static void test_cgroup(void **state) {
	(void)state;
	assert_true(slice_eq(context_cgroup(text("0::/user.slice/a:b.scope\n")),
	                     "/user.slice/a:b.scope"));
	assert_true(slice_eq(context_cgroup(text("4:cpu:/x\n3:memory:/docker/1\n0::/\n")),
	                     "/docker/1"));
	assert_true(slice_eq(context_cgroup(text("9:name=systemd:/a.service\n3:memory:/m\n0::/\n")),
	                     "/a.service"));
	assert_true(slice_eq(context_cgroup(text("0::/\n")), "/"));
	assert_int_equal(context_cgroup(text("nonsense")).len, 0);
}

static void test_mount(void **state) {
	struct fixture *f = *state;
	struct strbuf out;

	strbuf_init(&out, f->arena);
	assert_true(context_mount(&out, text("36 35 98:0 /a\\040b /mnt/x ro,noatime master:1 - "
	                                     "ext4 /dev/root rw,errors=continue")));
	assert_string_equal(out.data, "1 ext4 /dev/root /a\\040b /mnt/x\n");
	assert_false(context_mount(&out, text("36 35 98:0 / relative rw - ext4 /dev/root rw")));
	assert_false(context_mount(&out, text("36 35 98:0 / /x rw shared:1 ext4 /dev/root rw")));
}

/* A child with an umask and a limit of its own shows them. */
static void test_of_a_child(void **state) {
	struct fixture *f = *state;
	int ready[2];
	char byte;
	pid_t pid;
	const struct evidence *ev;

	assert_int_equal(pipe(ready), 0);
	pid = fixture_fork(f);
	if (pid == 0) {
		struct rlimit limit = {.rlim_cur = 111, .rlim_max = 222};

		umask(0027);
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && write(ready[1], "x", 1) == 1) {
			pause();
		}
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	ev = world_look(f->world, LOOK_CONTEXT, arena_printf(f->arena, "%d", (int)pid), CAP);
	assert_int_equal(ev->state, EV_READ);
	assert_string_equal(keyline_get(f->arena, ev->bytes, "umask"), "0027");
	assert_string_equal(keyline_get(f->arena, ev->bytes, "limit_nofile"), "111:222");
	assert_non_null(keyline_get(f->arena, ev->bytes, "ns_mnt"));
	assert_string_equal(keyline_get(f->arena, ev->bytes, "root"), "/");
	ev = world_look(f->world, LOOK_MOUNTS, "self", CAP);
	assert_int_equal(ev->state, EV_READ);
	assert_true(slice_has(ev->bytes, " /proc\n"));
	fixture_end(f, pid);
	ev = world_look(f->world, LOOK_CONTEXT, "2147483647", CAP);
	assert_int_equal(ev->state, EV_ABSENT);
	assert_int_equal(world_look(f->world, LOOK_MOUNTS, "x", CAP)->error, EINVAL);
}

/* A process that calls itself gopls is a server; its telemetry child is none. */
static void test_servers(void **state) {
	struct fixture *f = *state;
	const char *name = fixture_path(f, "gopls");
	int ready[2];
	pid_t server, telemetry;
	const struct evidence *ev;
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(symlink(f->self, name), 0);
	for (int i = 0; i < 2; i++) {
		pid_t pid = fixture_fork(f);

		if (pid == 0) {
			/* exec closes the pipe: by then the name is that of the program. */
			fcntl(ready[0], F_SETFD, FD_CLOEXEC);
			fcntl(ready[1], F_SETFD, FD_CLOEXEC);
			if (chdir(f->dir) == 0) {
				execl(name, "gopls", i ? "** telemetry **" : "serve", NULL);
			}
			_exit(1);
		}
		*(i ? &telemetry : &server) = pid;
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	ev = world_look(f->world, LOOK_SERVERS, f->dir, CAP);
	assert_int_equal(ev->state, EV_READ);
	assert_true(slice_has(
		ev->bytes, arena_printf(f->arena, "%d %d 1 gopls\n", (int)server, (int)getpid())));
	assert_false(slice_has(ev->bytes,
	                       arena_printf(f->arena, "%d %d ", (int)telemetry, (int)getpid())));
	ev = world_look(f->world, LOOK_SERVERS, "/nonexistent", CAP);
	assert_true(slice_has(
		ev->bytes, arena_printf(f->arena, "%d %d 0 gopls\n", (int)server, (int)getpid())));
}

int main(int argc, char **argv) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_limits, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_cgroup, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_mount, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_of_a_child, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_servers, fixture_setup, fixture_teardown),
	};

	if (argc > 1 && streq(argv[0], "gopls")) {
		for (;;) {
			pause();
		}
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
