/* SPDX-License-Identifier: MIT
 * A repair of every kind of step, killed or refused (no space, input or output error; once, or from then on) at each
 * system call that writes: while it is done, taken back, resumed. Whatever happened, each file is an old or a new one, and
 * undo or resume ends it: byte-identical, with modes, owners and times.
 *
 * The functions of libc that write are defined here, so that dialtone's and SQLite's calls come by. A few hundred places
 * are tried, spread evenly; DIALTONE_CRASH=all tries each (some ten thousand, several minutes).
 */
#undef _FORTIFY_SOURCE   /* it would put its own in place of ours */
#undef _FILE_OFFSET_BITS /* both names of a call are defined here */
#include "apply/resolve.h"
#include "apply/steps.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "core/run_record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- faults ---- */

static struct {
	bool armed;
	int error; /* 0: killed */
	bool lasting;
	long at; /* the how many-th writing call */
	long count;
} fault;

static bool strikes(void) {
	if (!fault.armed) {
		return false;
	}
	fault.count++;
	if (fault.count != fault.at && !(fault.lasting && fault.count > fault.at)) {
		return false;
	}
	if (fault.error == 0) {
		(void)syscall(SYS_kill, getpid(), SIGKILL);
	}
	errno = fault.error;
	return true;
}

#define CALL(...) (strikes() ? -1 : syscall(__VA_ARGS__))

ssize_t write(int fd, const void *data, size_t len) {
	return CALL(SYS_write, fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at) {
	return CALL(SYS_pwrite64, fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at) {
	return CALL(SYS_pwrite64, fd, data, len, at);
}

int ftruncate(int fd, off_t len) {
	return (int)CALL(SYS_ftruncate, fd, len);
}

int ftruncate64(int fd, off64_t len) {
	return (int)CALL(SYS_ftruncate, fd, len);
}

int fsync(int fd) {
	return (int)CALL(SYS_fsync, fd);
}

int fdatasync(int fd) {
	return (int)CALL(SYS_fdatasync, fd);
}

int syncfs(int fd) {
	return (int)CALL(SYS_syncfs, fd);
}

static int open_any(int dir, const char *path, int flags, mode_t mode) {
	bool writes = (flags & O_CREAT) != 0;
	return (int)(writes ? CALL(SYS_openat, dir, path, flags, mode)
	                    : syscall(SYS_openat, dir, path, flags, mode));
}

#define OPEN(dir)                                                                                  \
	va_list args;                                                                              \
	va_start(args, flags);                                                                     \
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;                                  \
	va_end(args);                                                                              \
	return open_any(dir, path, flags, mode)

int open(const char *path, int flags, ...) {
	OPEN(AT_FDCWD);
}

int open64(const char *path, int flags, ...) {
	OPEN(AT_FDCWD);
}

int openat(int dir, const char *path, int flags, ...) {
	OPEN(dir);
}

int openat64(int dir, const char *path, int flags, ...) {
	OPEN(dir);
}

int unlink(const char *path) {
	return (int)CALL(SYS_unlinkat, AT_FDCWD, path, 0);
}

int unlinkat(int dir, const char *path, int flags) {
	return (int)CALL(SYS_unlinkat, dir, path, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
	return (int)CALL(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
	return (int)CALL(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int mkdir(const char *path, mode_t mode) {
	return (int)CALL(SYS_mkdirat, AT_FDCWD, path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode) {
	return (int)CALL(SYS_mkdirat, dir, path, mode);
}

int symlinkat(const char *target, int dir, const char *path) {
	return (int)CALL(SYS_symlinkat, target, dir, path);
}

int mknodat(int dir, const char *path, mode_t mode, dev_t dev) {
	return (int)CALL(SYS_mknodat, dir, path, mode, dev);
}

int fchmod(int fd, mode_t mode) {
	return (int)CALL(SYS_fchmod, fd, mode);
}

int chmod(const char *path, mode_t mode) {
	return (int)CALL(SYS_fchmodat, AT_FDCWD, path, mode);
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags) {
	return (int)CALL(SYS_fsetxattr, fd, name, value, size, flags);
}

int futimens(int fd, const struct timespec times[2]) {
	return (int)CALL(SYS_utimensat, fd, NULL, times, 0);
}

int utimensat(int dir, const char *path, const struct timespec times[2], int flags) {
	return (int)CALL(SYS_utimensat, dir, path, times, flags);
}

/* ---- the patient ---- */

struct patient {
	struct arena *arena;
	const char *base;
	const char *dir;
};

static const char *in(const struct patient *p, const char *name) {
	return path_join(p->arena, p->dir, name);
}

static void put(const struct patient *p, const char *name, const char *text, mode_t mode) {
	const struct timespec times[] = {{.tv_sec = 1500000000},
	                                 {.tv_sec = 1500000000, .tv_nsec = 7}};
	int fd = open(in(p, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static void remove_all(const char *path) {
	struct arena *arena = arena_new();
	DIR *dir = NULL;
	struct stat st;
	const struct dirent *entry;
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		(void)chmod(path, 0700);
		dir = opendir(path);
	}
	while (dir && (entry = readdir(dir))) {
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, "..")) {
			remove_all(path_join(arena, path, entry->d_name));
		}
	}
	if (dir) {
		closedir(dir);
	}
	(void)unlinkat(AT_FDCWD, path, dir ? AT_REMOVEDIR : 0);
	arena_free(arena);
}

static void make_patient(struct patient *p) {
	static const char *const dirs[] = {"", "cache", "prog", "prog/gone", "t", "t/a"};
	remove_all(p->dir);
	remove_all(path_join(p->arena, p->base, "state"));
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		assert_int_equal(mkdir(in(p, dirs[i]), 0755), 0);
	}
	put(p, "env", "A=1\nGOFLAGS=-x\n", 0640);
	put(p, "lock", "4711", 0400);
	put(p, "cache/entry", "bytes", 0644);
	put(p, "script", "#!/bin/sh\n", 0644);
	put(p, "prog/a", "old a\n", 0444);
	put(p, "prog/gone/b", "old b\n", 0400);
	assert_int_equal(chmod(in(p, "prog/gone"), 0555), 0); /* opened before the program */
	assert_int_equal(chmod(in(p, "prog"), 0555), 0);
	put(p, "t/a/x", "", 0644);
	assert_int_equal(symlinkat("nowhere", AT_FDCWD, in(p, "tool")), 0);
	assert_int_equal(mknodat(AT_FDCWD, in(p, "fifo"), S_IFIFO | 0600, 0), 0);
	const struct timespec times[] = {{.tv_sec = 1500000000},
	                                 {.tv_sec = 1500000000, .tv_nsec = 9}};
	assert_int_equal(utimensat(AT_FDCWD, in(p, "tool"), times, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(utimensat(AT_FDCWD, in(p, "fifo"), times, 0), 0);
}

static void make_plan(const struct patient *p, struct plan *plan) {
	plan_init(plan, p->arena, "env-x", "X");
	plan_goenv(plan, in(p, "env"), "GOFLAGS", NULL);
	plan_goenv(plan, in(p, "env"), "B", "2");
	plan_setting(plan, in(p, "x/y/s.json"), "a/b", "1");
	plan_link(plan, in(p, "tool"), "nowhere", "here");
	plan_remove(plan, in(p, "lock"));
	plan_remove(plan, in(p, "fifo"));
	plan_run(plan, p->dir, PLAN_WORDS(plan, "/bin/true"),
	         PLAN_WORDS(plan, arena_printf(p->arena, "%s/", in(p, "prog"))));
	plan_move(plan, in(p, "cache"), NULL);
	plan_mkdir(plan, in(p, "cache"), 0700);
	plan_mode(plan, in(p, "script"), 0111, 0, false);
	plan_mode(plan, in(p, "t"), 0070, 0, true);
}

/* The program of the plan: writes into a file, makes some, removes some. */
static void run_program(struct world *w, const struct run_spec *spec, struct evidence *ev) {
	const char *dir = path_join(w->arena, spec->cwd, "prog");
	int fd = open(path_join(w->arena, dir, "a"), O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fd_write_all(fd, "NEW", 3) == 0;
	close(fd);
	ok = ok && mkdir(path_join(w->arena, dir, "new"), 0755) == 0;
	fd = ok ? open(path_join(w->arena, dir, "new/c"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)
	        : -1;
	ok = ok && fd >= 0 && fd_write_all(fd, "c", 1) == 0;
	if (fd >= 0) {
		close(fd);
	}
	ok = ok && unlink(path_join(w->arena, dir, "gone/b")) == 0 &&
	     unlinkat(AT_FDCWD, path_join(w->arena, dir, "gone"), AT_REMOVEDIR) == 0;
	const struct run_record record = {.started = true, .exit_code = ok ? 0 : 1};
	ev->state = EV_READ;
	ev->bytes = run_record_format(w->arena, &record);
}

static const struct world_ops program_ops = {.run = run_program};

/* ---- what it looks like ---- */

static int by_name(const void *a, const void *b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void picture_of(struct strbuf *out, const char *path, const char *name, bool times);

static void picture_below(struct strbuf *out, const char *path, const char *name, bool times) {
	const char *names[64];
	size_t count = 0;
	DIR *dir = opendir(path);
	const struct dirent *entry;
	while (dir && (entry = readdir(dir)) && count < 64) {
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, "..")) {
			names[count++] = arena_strdup(out->arena, entry->d_name);
		}
	}
	if (dir) {
		closedir(dir);
	}
	qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count; i++) {
		picture_of(out, path_join(out->arena, path, names[i]),
		           path_join(out->arena, name, names[i]), times);
	}
}

/* A line for each name: mode, contents, target, and for files their time. */
static void picture_of(struct strbuf *out, const char *path, const char *name, bool times) {
	struct stat st;
	char text[256] = "";
	ssize_t n = 0;
	assert_int_equal(lstat(path, &st), 0);
	if (S_ISREG(st.st_mode)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		close(fd);
	} else if (S_ISLNK(st.st_mode)) {
		n = readlink(path, text, sizeof(text) - 1);
	}
	for (ssize_t i = 0; i < n; i++) {
		text[i] = text[i] == '\n' ? '|' : text[i];
	}
	strbuf_printf(out, "%s %o %u %u <%.*s>", name, st.st_mode, st.st_uid, st.st_gid,
	              n > 0 ? (int)n : 0, text);
	if (times && !S_ISDIR(st.st_mode)) {
		strbuf_printf(out, " %lld.%09ld", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	strbuf_add_char(out, '\n');
	if (S_ISDIR(st.st_mode)) {
		picture_below(out, path, name, times);
	}
}

static const char *picture(const struct patient *p, bool times) {
	struct strbuf out;
	strbuf_init(&out, p->arena);
	picture_below(&out, p->dir, ".", times);
	return out.data;
}

/* ---- what is tried ---- */

enum deed { APPLY, UNDO, RESUME };

struct recorder {
	const struct patient *patient;
	struct strbuf *lines; /* every line of every picture on the way; or NULL */
};

static void record(const struct journal_change *change, void *context) {
	const struct recorder *r = context;
	(void)change;
	if (r->lines) {
		strbuf_add(r->lines, picture(r->patient, false));
	}
}

static int do_deed(const struct patient *p, enum deed deed, struct strbuf *lines) {
	struct err err = {0};
	struct evidence_store store;
	struct envset env;
	struct repair repair;
	struct steps steps;
	struct plan *plan = arena_new_of(p->arena, struct plan);
	struct recorder recorder = {.patient = p, .lines = lines};
	evidence_store_init(&store, p->arena);
	envset_init(&env, p->arena);
	struct world world = {.ops = &program_ops, .store = &store, .arena = p->arena};
	CLEANUP(journal_closep) struct journal *journal = journal_open(true, &err);
	if (!journal) {
		return err.code;
	}
	steps_init(&steps, p->arena, journal);
	steps.world = &world;
	steps.env = &env;
	steps.on_change = record;
	steps.context = &recorder;
	if (deed == APPLY) {
		make_plan(p, plan);
		int r = plan_resolve(p->arena, plan, &repair, &err);
		return r < 0 ? r : steps_apply(&steps, &repair, &err);
	}
	int r = journal_find(journal, p->arena, 0, &repair, &err);
	if (r == 0 && deed == RESUME && repair.state != REPAIR_DONE) {
		r = steps_resume(&steps, &repair, &err);
	} else if (r == 0 && deed == UNDO) {
		r = steps_undo(&steps, &repair, &err);
	}
	if (r < 0 && (!fault.armed || fault.at == LONG_MAX) && r != -ENOENT) {
		fprintf(stderr, "# %s\n", err.msg);
	}
	return r;
}

struct attempt {
	enum deed deed;
	int error;
	bool lasting;
	long at;
};

/* In a child: 0 done, 1 refused, 2 the fault did not come any more; -1 killed. */
static int try(const struct patient *p, const struct attempt *a) {
	fflush(stdout);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		fault.error = a->error;
		fault.lasting = a->lasting;
		fault.at = a->at;
		fault.count = 0;
		fault.armed = true;
		int r = do_deed(p, a->deed, NULL);
		_exit(fault.count < fault.at ? 2 : r < 0);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool has_line(const char *lines, struct slice line) {
	struct slice rest = slice_str(lines);
	struct slice one;
	while (slice_line(&rest, &one)) {
		if (one.len == line.len && memcmp(one.data, line.data, line.len) == 0) {
			return true;
		}
	}
	return false;
}

/* All of a step or none: no name looks as it never looks when nothing goes wrong. What a program does half, and what
 * is written beside, is taken care of later. */
static void check_lines(const struct patient *p, const char *allowed, const char *what) {
	const char *now = picture(p, false);
	struct slice rest = slice_str(now);
	struct slice line;
	while (slice_line(&rest, &line)) {
		bool passing = slice_starts(line, "./prog") || slice_has(line, ".dialtone-");
		if (!passing && !has_line(allowed, line)) {
			fail_msg("%s: %.*s", what, (int)line.len, line.data);
		}
	}
}

struct expected {
	const char *before;  /* with times */
	const char *after;   /* without */
	const char *allowed; /* lines on the way */
};

static void expect_picture(const struct patient *p, const char *wanted, bool times,
                           const char *what) {
	const char *now = picture(p, times);
	if (!streq(now, wanted)) {
		fail_msg("%s:\nis\n%sshould be\n%s", what, now, wanted);
	}
}

static void recover(const struct patient *p, const struct attempt *a, const struct expected *e,
                    const char *what) {
	struct err err;
	struct repair repair = {0};
	fault.armed = false;
	CLEANUP(journal_closep) struct journal *journal = journal_open(true, &err);
	assert_non_null(journal);
	bool open = journal_find(journal, p->arena, 0, &repair, &err) == 0;
	bool forward = open && repair.state == REPAIR_WORKING && a->at % 2 == 0;
	if (forward && do_deed(p, RESUME, NULL) == 0) {
		expect_picture(p, e->after, false, what);
	}
	if (open && do_deed(p, UNDO, NULL) < 0) {
		fail_msg("%s: undo is refused", what);
	}
	expect_picture(p, e->before, true, what);
}

static const char *describe(const struct patient *p, const struct attempt *a) {
	static const char *const deeds[] = {"apply", "undo", "resume"};
	return arena_printf(p->arena, "%s, %s%s at writing call %ld", deeds[a->deed],
	                    a->error == 0        ? "killed"
	                    : a->error == ENOSPC ? "no space"
	                                         : "input/output error",
	                    a->lasting ? " from then on" : "", a->at);
}

/* Up to where the deed that is tried begins. */
static void prepare(const struct patient *p, const struct attempt *a, long half) {
	make_patient((struct patient *)(uintptr_t)p);
	if (a->deed == UNDO) {
		assert_int_equal(do_deed(p, APPLY, NULL), 0);
	} else if (a->deed == RESUME) {
		const struct attempt killed = {.deed = APPLY, .at = half};
		assert_int_equal(try(p, &killed), -1);
	}
}

/* False when the deed has no such call. */
static bool inject(struct patient *p, const struct attempt *a, const struct expected *e,
                   long half) {
	p->arena = arena_new();
	prepare(p, a, half);
	int result = try(p, a);
	const char *what = describe(p, a);
	if (result != 2) {
		check_lines(p, e->allowed, what);
	}
	recover(p, a, e, what);
	arena_free(p->arena);
	return result != 2;
}

static long writing_calls(struct patient *p, enum deed deed, long half) {
	struct attempt a = {.deed = deed, .error = EIO, .at = LONG_MAX};
	p->arena = arena_new();
	prepare(p, &a, half);
	fault.armed = true;
	fault.error = EIO;
	fault.lasting = false;
	fault.at = LONG_MAX;
	fault.count = 0;
	assert_int_equal(do_deed(p, deed, NULL), 0);
	fault.armed = false;
	arena_free(p->arena);
	return fault.count;
}

static struct expected expectation(struct patient *p) {
	struct strbuf lines;
	struct expected e;
	strbuf_init(&lines, p->arena);
	make_patient(p);
	e.before = picture(p, true);
	strbuf_add(&lines, picture(p, false));
	assert_int_equal(do_deed(p, APPLY, &lines), 0);
	e.after = picture(p, false);
	strbuf_add(&lines, e.after);
	e.allowed = lines.data;
	assert_int_equal(do_deed(p, UNDO, NULL), 0);
	expect_picture(p, e.before, true, "without any fault");
	return e;
}

#define SPREAD 13 /* one place in so many, when not all are tried */

static void test_faults(void **state) {
	static const struct attempt kinds[] = {
		{.error = 0},
		{.error = ENOSPC},
		{.error = ENOSPC, .lasting = true},
		{.error = EIO},
		{.error = EIO, .lasting = true},
	};
	(void)state;
	/* Where syncing takes no time, if there is such a place. */
	char memory[] = "/dev/shm/dialtone-crash.XXXXXX";
	char disk[] = "/tmp/dialtone-crash.XXXXXX";
	struct arena *arena = arena_new();
	struct patient p = {.arena = arena,
	                    .base = arena_strdup(arena, mkdtemp(memory) ? memory : mkdtemp(disk))};
	p.dir = path_join(arena, p.base, "d");
	setenv("XDG_STATE_HOME", path_join(arena, p.base, "state"), 1);
	const struct expected e = expectation(&p);
	bool all = streq(getenv("DIALTONE_CRASH"), "all");
	long calls[3] = {writing_calls(&p, APPLY, 0), 0, 0};
	long half = calls[APPLY] / 2;
	calls[UNDO] = writing_calls(&p, UNDO, half);
	calls[RESUME] = writing_calls(&p, RESUME, half);
	long turn = 0;
	long injected = 0;
	for (int deed = APPLY; deed <= RESUME; deed++) {
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			for (long at = 1; at <= calls[deed]; at++) {
				struct attempt a = kinds[k];
				a.deed = (enum deed)deed;
				a.at = at;
				if (all || turn++ % SPREAD == 0) {
					injected += inject(&p, &a, &e, half);
				}
			}
		}
	}
	printf("# %ld faults injected; writing calls: %ld to do, %ld to undo, %ld to resume\n",
	       injected, calls[APPLY], calls[UNDO], calls[RESUME]);
	assert_true(injected > (all ? 5000 : 50));
	remove_all(p.base);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
