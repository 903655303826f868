/* SPDX-License-Identifier: MIT
 * Looks at real files, directories and sockets.
 */
#include "world_fixture.h"

#include "gofile/binary.h"
#include "world/loop.h"
#include "world/mounts.h"
#include "world/procfs.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CAP       LOOK_CAP_SMALL
#define UID_OTHER 12345

static const struct evidence *look(struct fixture *f, enum look what, const char *name) {
	return world_look(f->world, what, fixture_path(f, name), CAP);
}

static void test_file(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev;

	fixture_write(f, "a", "0123456789", 0644);
	ev = look(f, LOOK_FILE, "a");
	assert_int_equal(ev->state, EV_READ);
	assert_true(slice_eq(ev->bytes, "0123456789"));
	assert_ptr_equal(look(f, LOOK_FILE, "a"), ev);
	assert_int_equal(look(f, LOOK_FILE, "missing")->state, EV_ABSENT);
	assert_int_equal(look(f, LOOK_FILE, "a/below")->state, EV_ABSENT);
}

static void test_file_cap(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev;

	fixture_write(f, "full", "0123456789", 0644);
	fixture_write(f, "over", "0123456789x", 0644);
	ev = world_look(f->world, LOOK_FILE, fixture_path(f, "full"), 10);
	assert_int_equal(ev->state, EV_READ);
	ev = world_look(f->world, LOOK_FILE, fixture_path(f, "over"), 10);
	assert_int_equal(ev->state, EV_TRUNCATED);
	assert_true(slice_eq(ev->bytes, "0123456789"));
}

static void test_no_regular_file(void **state) {
	struct fixture *f = *state;

	assert_int_equal(mkfifo(fixture_path(f, "fifo"), 0600), 0);
	assert_int_equal(symlink("loop", fixture_path(f, "loop")), 0);
	assert_int_equal(look(f, LOOK_FILE, "fifo")->state, EV_FAILED);
	assert_int_equal(look(f, LOOK_FILE, "loop")->error, ELOOP);
	assert_int_equal(look(f, LOOK_FILE, ".")->error, EISDIR);
	assert_int_equal(world_look(f->world, LOOK_FILE, "/dev/zero", CAP)->state, EV_FAILED);
	assert_int_equal(look(f, LOOK_BINARY, "fifo")->state, EV_FAILED);
	assert_string_equal(world_stat(f->world, fixture_path(f, "fifo")).type, "fifo");
	assert_int_equal(world_look(f->world, LOOK_FILE, "relative", CAP)->error, EINVAL);
}

/* A sparse file larger than any memory is read up to its cap. */
static void test_large_file(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev;

	fixture_write(f, "large", "x", 0644);
	assert_int_equal(truncate(fixture_path(f, "large"), (off_t)1 << 32), 0);
	ev = look(f, LOOK_FILE, "large");
	assert_int_equal(ev->state, EV_TRUNCATED);
	assert_int_equal(ev->bytes.len, CAP);
}

/* The end of a log, from a whole line on. */
static void test_tail(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev;

	fixture_write(f, "log", "one\ntwo\nthree\n", 0644);
	fixture_write(f, "line", "0123456789", 0644);
	ev = world_look(f->world, LOOK_TAIL, fixture_path(f, "log"), 14);
	assert_int_equal(ev->state, EV_READ);
	ev = world_look(f->world, LOOK_TAIL, fixture_path(f, "line"), 4);
	assert_int_equal(ev->state, EV_TRUNCATED);
	assert_true(slice_eq(ev->bytes, "6789"));
	fixture_write(f, "long", "one\ntwo\nthree\n", 0644);
	ev = world_look(f->world, LOOK_TAIL, fixture_path(f, "long"), 8);
	assert_int_equal(ev->state, EV_TRUNCATED);
	assert_true(slice_eq(ev->bytes, "three\n"));
	assert_int_equal(look(f, LOOK_TAIL, "missing")->state, EV_ABSENT);
	assert_int_equal(look(f, LOOK_TAIL, ".")->error, EISDIR);
}

/* Two statements make the state database of an editor; nothing may appear beside it. */
static void test_state(void **state) {
	struct fixture *f = *state;
	const char *path = fixture_path(f, "a b.vscdb");
	const struct evidence *ev;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
	                              "PRAGMA journal_mode=WAL;"
	                              "CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE,"
	                              " value BLOB);"
	                              "INSERT INTO ItemTable VALUES ('a.key', '{\"x\":1}');",
	                              NULL, NULL, NULL),
	                 SQLITE_OK);
	sqlite3_close(db);
	ev = look(f, LOOK_STATE, "a b.vscdb?a.key");
	assert_int_equal(ev->state, EV_READ);
	assert_true(slice_eq(ev->bytes, "{\"x\":1}"));
	ev = look(f, LOOK_STATE, "a b.vscdb?another");
	assert_int_equal(ev->state, EV_READ);
	assert_int_equal(ev->bytes.len, 0);
	assert_int_equal(
		world_look(f->world, LOOK_STATE, arena_printf(f->arena, "%s?a.key", path), 3)
			->bytes.len,
		7); /* the first look counts */
	fixture_write(f, "text", "no database, and long enough to be taken for one", 0644);
	assert_int_equal(look(f, LOOK_STATE, "text?a")->error, EBADMSG);
	assert_int_equal(look(f, LOOK_STATE, "missing?a")->state, EV_ABSENT);
	assert_int_equal(look(f, LOOK_STATE, ".?a")->state, EV_FAILED);
	assert_int_equal(access(arena_printf(f->arena, "%s-shm", path), F_OK), -1);
	assert_int_equal(access(arena_printf(f->arena, "%s-wal", path), F_OK), -1);
	fixture_write(f, "a b.vscdb-wal", "something newer", 0600);
	assert_int_equal(look(f, LOOK_STATE, "a b.vscdb?later")->state, EV_TRUNCATED);
}

static void test_stat(void **state) {
	struct fixture *f = *state;
	struct file_stat st;

	fixture_write(f, "tool", "12345", 0751);
	assert_int_equal(symlink("tool", fixture_path(f, "link")), 0);
	assert_int_equal(symlink("nowhere", fixture_path(f, "dangling")), 0);
	st = world_stat(f->world, fixture_path(f, "link"));
	assert_true(st.known && st.exists && st.is_file && !st.is_dir);
	assert_int_equal(st.mode, 0751);
	assert_int_equal(st.size, 5);
	assert_int_equal(st.uid, geteuid());
	assert_true(st.can_read && st.can_exec);
	assert_string_equal(st.real, fixture_path(f, "tool"));
	assert_true(st.mtime_ns > 0 && st.mtime_ns <= clock_wall_ns());
	assert_true(st.ctime_ns > 0 && st.ctime_ns <= clock_wall_ns());
	st = world_stat(f->world, fixture_path(f, "dangling"));
	assert_true(st.known && !st.exists);
	assert_true(slice_eq(look(f, LOOK_LINK, "dangling")->bytes, "nowhere"));
	assert_int_equal(look(f, LOOK_LINK, "tool")->error, EINVAL);
}

static void test_dir(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev;

	fixture_write(f, "b", "", 0644);
	fixture_write(f, "new\nline", "", 0644);
	assert_int_equal(mkdir(fixture_path(f, "a"), 0755), 0);
	assert_int_equal(symlink("b", fixture_path(f, "c")), 0);
	assert_int_equal(mkfifo(fixture_path(f, "d"), 0600), 0);
	ev = look(f, LOOK_DIR, "");
	assert_int_equal(ev->state, EV_READ);
	assert_string_equal(ev->bytes.data, "d a\nf b\nl c\no d\nf new\\nline\n");
	ev = world_look(f->world, LOOK_DIR, f->dir, 8);
	assert_int_equal(ev->state, EV_TRUNCATED);
	assert_true(ev->bytes.len <= 8);
	assert_int_equal(look(f, LOOK_DIR, "b")->state, EV_ABSENT);
}

static void test_mount(void **state) {
	struct fixture *f = *state;
	struct mount_stat m = world_mount(f->world, fixture_path(f, "not/yet/there"));

	assert_true(m.known);
	assert_string_equal(m.nearest, f->dir);
	assert_true(str_starts(f->dir, m.mount));
	assert_false(m.read_only);
	assert_true(m.total_bytes > 0 && m.free_bytes <= m.total_bytes);
	m = world_mount(f->world, "/proc/self/status");
	assert_string_equal(m.mount, "/proc");
	assert_string_equal(m.fstype, "proc");
}

static void test_walk(void **state) {
	struct fixture *f = *state;
	static const char *const dirs[] = {"sub",  "vendor", "node_modules",
	                                   ".git", "_x",     "testdata"};
	const struct evidence *ev;

	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		const char *dir = fixture_path(f, dirs[i]);

		assert_int_equal(mkdir(dir, 0755), 0);
		fixture_write(f, arena_printf(f->arena, "%s/go.mod", dirs[i]), "", 0644);
	}
	fixture_write(f, "vendor/modules.txt", "", 0644);
	fixture_write(f, "go.work", "", 0644);
	fixture_write(f, "main.go", "", 0644);
	assert_int_equal(symlink(".", fixture_path(f, "self")), 0);
	ev = world_look(f->world, LOOK_WALK, f->dir, CAP);
	assert_int_equal(ev->state, EV_READ);
	assert_true(slice_has(ev->bytes, arena_printf(f->arena, "work %s/go.work\n", f->dir)));
	assert_true(slice_has(ev->bytes, arena_printf(f->arena, "go %s/main.go\n", f->dir)));
	assert_true(slice_has(ev->bytes, arena_printf(f->arena, "mod %s/sub/go.mod\n", f->dir)));
	assert_true(slice_has(ev->bytes,
	                      arena_printf(f->arena, "vendor %s/vendor/modules.txt\n", f->dir)));
	assert_false(slice_has(ev->bytes, "_x"));
	assert_false(slice_has(ev->bytes, "testdata"));
	assert_false(slice_has(ev->bytes, "self"));
	assert_true(slice_has(ev->bytes, "\nentries 10\n"));
}

static void test_connect(void **state) {
	struct fixture *f = *state;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	const char *good = arena_printf(f->arena, "unix:%s/s", f->dir);
	const char *none = arena_printf(f->arena, "unix:%s/none", f->dir);
	const char *dead = arena_printf(f->arena, "unix:%s/dead", f->dir);

	snprintf(addr.sun_path, sizeof addr.sun_path, "%s/s", f->dir);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 1), 0);
	const struct evidence *ev = world_look(f->world, LOOK_CONNECT, good, CAP);

	assert_int_equal(ev->state, EV_READ);
	assert_int_equal(keyline_number(f->arena, ev->bytes, "pid", 0), getpid());
	assert_non_null(keyline_get(f->arena, ev->bytes, "program"));
	assert_int_equal(world_look(f->world, LOOK_CONNECT, none, CAP)->state, EV_ABSENT);
	close(fd);
	assert_int_equal(rename(fixture_path(f, "s"), fixture_path(f, "dead")), 0);
	assert_int_equal(world_look(f->world, LOOK_CONNECT, dead, CAP)->error, ECONNREFUSED);
}

/* Who listens at a port is found by the number of the socket. */
static void test_connect_tcp(void **state) {
	struct fixture *f = *state;
	struct sockaddr_in addr = {.sin_family = AF_INET,
	                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	const struct evidence *ev =
		world_look(f->world, LOOK_CONNECT,
	                   arena_printf(f->arena, "tcp:127.0.0.1:%u", ntohs(addr.sin_port)), CAP);

	assert_int_equal(ev->state, EV_READ);
	assert_int_equal(keyline_number(f->arena, ev->bytes, "uid", -1), getuid());
	assert_int_equal(keyline_number(f->arena, ev->bytes, "pid", 0), getpid());
	close(fd);
}

static void test_binary(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev = world_look(f->world, LOOK_BINARY, f->self, CAP);
	struct binary bin = binary_from_text(f->arena, ev->bytes);

	assert_int_equal(ev->state, EV_READ);
	assert_int_equal(bin.kind, BINARY_ELF);
	assert_string_not_equal(bin.goarch, "");
	assert_int_equal(look(f, LOOK_BINARY, "missing")->state, EV_ABSENT);
}

/* The names go leaves out are left out, and so are other modules; links are not followed. */
static void test_walked(void **state) {
	static const char *const dirs[] = {
		"m",    "m/a",        "m/a/b",   "m/node_modules", "m/.git",
		"m/_x", "m/testdata", "m/other", "m/other/in",     "m/node_modules/p"};
	struct fixture *f = *state;
	const struct evidence *ev;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		assert_int_equal(mkdir(fixture_path(f, dirs[i]), 0755), 0);
	}
	fixture_write(f, "m/other/go.mod", "module o\n", 0644);
	fixture_write(f, "m/go.mod", "module m\n", 0644);
	fixture_write(f, "m/node_modules/p/x.js", "", 0644);
	fixture_write(f, "m/node_modules/p/y.js", "", 0644);
	assert_int_equal(symlink(".", fixture_path(f, "m/loop")), 0);
	ev = look(f, LOOK_WALKED, "m");
	assert_int_equal(ev->state, EV_READ);
	assert_true(slice_eq(ev->bytes, "dirs 4\nentries 12\nlargest 3 node_modules\n"));
	assert_int_equal(look(f, LOOK_WALKED, "missing")->state, EV_ABSENT);
}

/* ---- as another user ---- */

static void check_denied(struct fixture *f, struct world *w) {
	const struct evidence *ev;
	struct file_stat st;

	ev = world_look(w, LOOK_FILE, fixture_path(f, "closed/in"), CAP);
	assert_int_equal(ev->state, EV_DENIED);
	assert_int_equal(ev->error, EACCES);
	assert_int_equal(world_look(w, LOOK_DIR, fixture_path(f, "closed"), CAP)->state, EV_DENIED);
	assert_false(world_stat(w, fixture_path(f, "closed/in")).known);
	st = world_stat(w, fixture_path(f, "secret"));
	assert_true(st.known && st.exists && !st.can_read && !st.can_write);
	ev = world_look(w, LOOK_WALK, f->dir, CAP);
	assert_true(slice_has(ev->bytes, arena_printf(f->arena, "denied %s/closed\n", f->dir)));
	ev = world_look(w, LOOK_OWNERS, f->dir, CAP);
	assert_true(
		slice_has(ev->bytes, arena_printf(f->arena, "f 0 600 0 0 %s/secret\n", f->dir)));
	assert_true(
		slice_has(ev->bytes, arena_printf(f->arena, "d 0 700 0 0 %s/closed\n", f->dir)));
	assert_false(slice_has(ev->bytes, "/open"));
}

static void test_denied(void **state) {
	struct fixture *f = *state;
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("only root can become somebody else\n");
		skip();
	}
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(mkdir(fixture_path(f, "closed"), 0700), 0);
	assert_int_equal(mkdir(fixture_path(f, "open"), 0777), 0);
	assert_int_equal(chmod(fixture_path(f, "open"), 0777), 0);
	fixture_write(f, "closed/in", "x", 0644);
	fixture_write(f, "secret", "x", 0600);
	pid = fixture_fork(f);
	if (pid == 0) {
		struct evidence_store store;
		struct world *w;

		if (setresuid(UID_OTHER, UID_OTHER, UID_OTHER) < 0) {
			_exit(1);
		}
		evidence_store_init(&store, f->arena);
		w = world_live_open(f->arena, &store, -1, NULL);
		check_denied(f, w);
		world_close(w);
		_exit(42);
	}
	status = fixture_reap(f, pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

/* ---- a look that does not come back ---- */

static void test_hanging(void **state) {
	struct fixture *f = *state;
	struct live_world *lw = (struct live_world *)f->world;
	pid_t first = lw->looks.pid;

	assert_int_equal(mkdir(fixture_path(f, "dead"), 0755), 0);
	fixture_write(f, "alive", "x", 0644);
	f->world->look_limit_ns = 100 * NS_PER_MS;
	assert_int_equal(kill(first, SIGSTOP), 0);
	assert_int_equal(look(f, LOOK_DIR, "dead")->state, EV_TIMED_OUT);
	/* Below it nothing is asked any more: no child is started for that. */
	assert_int_equal(look(f, LOOK_FILE, "dead/below")->state, EV_TIMED_OUT);
	assert_int_equal(lw->looks.pid, 0);
	f->world->look_limit_ns = LONG_NS;
	assert_int_equal(look(f, LOOK_FILE, "alive")->state, EV_READ);
	assert_int_not_equal(lw->looks.pid, first);
}

/* ---- parsers ---- */

static void test_proc_stat_parse(void **state) {
	static const char good[] =
		"42 (a) b (c)) S 7 42 42 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 12345 1 1";
	struct proc_stat ps;

	(void)state;
	assert_true(proc_stat_parse(slice_str(good), &ps));
	assert_int_equal(ps.pid, 42);
	assert_int_equal(ps.ppid, 7);
	assert_int_equal(ps.state, 'S');
	assert_int_equal(ps.start_ticks, 12345);
	assert_string_equal(ps.comm, "a) b (c)");
	for (size_t len = 0; len < 60; len++) {
		assert_false(proc_stat_parse(slice_of(good, len), &ps));
	}
	assert_int_equal(proc_btime_parse(slice_str("cpu 1 2\nbtime 1700000000\nx 1\n")),
	                 1700000000);
	assert_int_equal(proc_btime_parse(slice_str("cpu 1 2\n")), 0);
}

static void test_mountinfo_parse(void **state) {
	static const char text[] =
		"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		"23 22 0:20 / /mnt/with\\040blank rw master:1 shared:2 - fuse.sshfs host:/x rw\n"
		"nonsense\n"
		"24 22 8:2 / /home rw - xfs /dev/sda2 rw\n"
		"25 24 0:30 / /home rw - tmpfs none rw\n";
	struct fixture *f = *state;
	struct mount_line m;

	assert_true(mounts_find(f->arena, slice_str(text), -1, "/mnt/with blank/a", &m));
	assert_string_equal(m.fstype, "fuse.sshfs");
	assert_string_equal(m.source, "host:/x");
	assert_true(mounts_find(f->arena, slice_str(text), -1, "/mnt/without", &m));
	assert_string_equal(m.point, "/");
	assert_true(mounts_find(f->arena, slice_str(text), -1, "/home/x", &m));
	assert_string_equal(m.fstype, "tmpfs");
	assert_true(mounts_find(f->arena, slice_str(text), 24, "/home/x", &m));
	assert_string_equal(m.fstype, "xfs");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_file),
		WORLD_TEST(test_file_cap),
		WORLD_TEST(test_no_regular_file),
		WORLD_TEST(test_large_file),
		WORLD_TEST(test_tail),
		WORLD_TEST(test_state),
		WORLD_TEST(test_stat),
		WORLD_TEST(test_dir),
		WORLD_TEST(test_mount),
		WORLD_TEST(test_walk),
		WORLD_TEST(test_connect),
		WORLD_TEST(test_connect_tcp),
		WORLD_TEST(test_binary),
		WORLD_TEST(test_walked),
		WORLD_TEST(test_denied),
		WORLD_TEST(test_hanging),
		WORLD_TEST(test_proc_stat_parse),
		WORLD_TEST(test_mountinfo_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
