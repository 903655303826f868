/* SPDX-License-Identifier: MIT
 * Repairs: done, taken back, refused, interrupted; journals of version 1.
 */
#include "apply/turn.h"

#include "apply/program.h"
#include "apply_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- one file ---- */

static void test_write_and_undo(void **state) {
	struct fixture *f = *state;
	const char *path = make_file(f, "env", "A=1\nGOFLAGS=-x\n", 0640);
	struct stat st;
	plan_goenv(&f->plan, path, "GOFLAGS", NULL);
	const char *before = picture(f);
	assert_int_equal(apply(f), 0);
	assert_string_equal(text_of(f, path), "A=1\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	struct repair found;
	assert_int_equal(journal_find(f->journal, f->arena, f->repair.id, &found, &f->err), 0);
	assert_int_equal(found.state, REPAIR_DONE);
	assert_int_equal(found.change_count, 1);
	assert_int_equal(found.changes[0].state, CHANGE_DONE);
	assert_string_equal(found.cause, "env-x");
	assert_int_equal(undo(f, 0), 0); /* the last one */
	assert_string_equal(picture(f), before);
	assert_int_equal(undo(f, found.id), -EALREADY);
	assert_int_equal(undo(f, 0), -ENOENT);
}

static void test_create_makes_directories(void **state) {
	struct fixture *f = *state;
	const char *path = in(f, "x/y/settings.json");
	plan_setting(&f->plan, path, "a/b", "1");
	assert_int_equal(apply(f), 0);
	assert_non_null(text_of(f, path));
	make_file(f, "x/kept", "", 0644);
	assert_int_equal(undo(f, 0), 0);
	assert_null(text_of(f, path));
	assert_int_equal(access(in(f, "x/y"), F_OK), -1);
	assert_int_equal(access(in(f, "x/kept"), F_OK), 0);
	assert_true(f->steps.notes.len > 0); /* x stays, and that is said */
}

static void test_steps_compose(void **state) {
	struct fixture *f = *state;
	const char *path = make_file(f, "s.json", "{\n\t// mine\n\t\"a\": 1\n}\n", 0644);
	plan_setting(&f->plan, path, "b", "2");
	plan_setting(&f->plan, path, "a", NULL);
	plan_setting(&f->plan, path, "b", "3");
	const char *before = picture(f);
	assert_int_equal(apply(f), 0);
	assert_int_equal(f->repair.change_count, 3);
	assert_true(str_has(text_of(f, path), "\"b\": 3"));
	assert_true(str_has(text_of(f, path), "// mine"));
	assert_false(str_has(text_of(f, path), "\"a\""));
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(picture(f), before);
}

static void test_nothing_left_to_do(void **state) {
	struct fixture *f = *state;
	const char *path = make_file(f, "env", "A=1\n", 0644);
	plan_goenv(&f->plan, path, "GOFLAGS", NULL);
	plan_goenv(&f->plan, path, "A", "1");
	plan_append(&f->plan, path, "A=1");
	plan_remove(&f->plan, in(f, "absent"));
	assert_int_equal(resolve(f), 0);
	assert_int_equal(f->repair.change_count, 0);
}

/* ---- links ---- */

static void test_symlink_stays(void **state) {
	struct fixture *f = *state;
	make_file(f, "real", "A=1\n", 0644);
	const char *link = in(f, "link");
	struct stat st;
	assert_int_equal(symlink("real", link), 0);
	plan_goenv(&f->plan, link, "A", "2");
	assert_int_equal(apply(f), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_string_equal(text_of(f, in(f, "real")), "A=2\n");
}

static void test_dangling_symlink(void **state) {
	struct fixture *f = *state;
	assert_int_equal(symlink("made", in(f, "dangling")), 0);
	plan_goenv(&f->plan, in(f, "dangling"), "A", "2");
	assert_int_equal(apply(f), 0);
	assert_string_equal(text_of(f, in(f, "made")), "A=2\n");
}

static void test_links_out_of_the_workspace(void **state) {
	struct fixture *f = *state;
	assert_int_equal(mkdir(in(f, "w"), 0755), 0);
	make_file(f, "victim", "A=1\n", 0644);
	assert_int_equal(symlink("../victim", in(f, "w/file")), 0);
	assert_int_equal(symlink("..", in(f, "w/dir")), 0);
	assert_int_equal(symlink("dir", in(f, "w/twice")), 0);
	static const char *const hostile[] = {"w/file", "w/dir/victim", "w/twice/victim"};
	for (size_t i = 0; i < 3; i++) {
		f->plan.step_count = 0;
		plan_goenv(&f->plan, in(f, hostile[i]), "A", "2");
		assert_int_equal(resolve(f), -EXDEV);
	}
	make_file(f, "w/inside", "A=1\n", 0644);
	assert_int_equal(symlink("inside", in(f, "w/fine")), 0);
	f->plan.step_count = 0;
	plan_goenv(&f->plan, in(f, "w/fine"), "A", "2");
	assert_int_equal(resolve(f), 0);
	/* The link itself may go, wherever it leads. */
	f->plan.step_count = 0;
	plan_remove(&f->plan, in(f, "w/file"));
	assert_int_equal(resolve(f), 0);
}

/* go mod vendor removes vendor/ and makes another: a link there is itself what changes, wherever it leads. */
static void test_link_is_made_anew(void **state) {
	struct fixture *f = *state;
	static const char *const targets[] = {"../out", "inside"};
	assert_int_equal(mkdir(in(f, "w"), 0755), 0);
	assert_int_equal(mkdir(in(f, "out"), 0755), 0);
	assert_int_equal(mkdir(in(f, "w/inside"), 0755), 0);
	for (size_t i = 0; i < 2; i++) {
		struct program program;
		assert_int_equal(symlink(targets[i], in(f, "w/vendor")), 0);
		f->plan.step_count = 0;
		struct step *step =
			plan_run(&f->plan, in(f, "w"), PLAN_WORDS(&f->plan, "/bin/true"),
		                 PLAN_WORDS(&f->plan, in(f, "w/vendor/")));
		assert_int_equal(resolve(f), i == 0 ? -EXDEV : 0);
		step->anew = true;
		assert_int_equal(resolve(f), 0);
		assert_int_equal(program_decode(f->arena, f->repair.changes[0].detail, &program),
		                 0);
		assert_string_equal(program.announces[0], in(f, "w/vendor"));
		assert_int_equal(unlink(in(f, "w/vendor")), 0);
	}
}

/* Resolved, and then a directory on the way becomes a link. */
static void test_link_comes_in_between(void **state) {
	struct fixture *f = *state;
	assert_int_equal(mkdir(in(f, "w"), 0755), 0);
	assert_int_equal(mkdir(in(f, "w/d"), 0755), 0);
	assert_int_equal(mkdir(in(f, "other"), 0755), 0);
	make_file(f, "w/d/env", "A=1\n", 0644);
	make_file(f, "other/env", "A=1\n", 0644);
	plan_goenv(&f->plan, in(f, "w/d/env"), "A", "2");
	assert_int_equal(resolve(f), 0);
	assert_int_equal(rename(in(f, "w/d"), in(f, "w/old")), 0);
	assert_int_equal(symlink("../other", in(f, "w/d")), 0);
	assert_int_not_equal(steps_apply(&f->steps, &f->repair, &f->err), 0);
	assert_string_equal(text_of(f, in(f, "other/env")), "A=1\n");
	assert_string_equal(text_of(f, in(f, "w/old/env")), "A=1\n");
}

static void test_step_link(void **state) {
	struct fixture *f = *state;
	char target[100] = "";
	assert_int_equal(symlink("nowhere", in(f, "tool")), 0);
	plan_link(&f->plan, in(f, "tool"), "nowhere", "here");
	plan_link(&f->plan, in(f, "new"), NULL, "here");
	const char *before = picture(f);
	assert_int_equal(apply(f), 0);
	assert_int_equal(readlink(in(f, "tool"), target, sizeof(target)), 4);
	assert_string_equal(target, "here");
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(picture(f), before);
	f->plan.step_count = 0;
	plan_link(&f->plan, in(f, "tool"), "elsewhere", "here");
	assert_int_equal(resolve(f), -EBADMSG);
}

/* ---- refusals ---- */

static void test_refusals(void **state) {
	struct fixture *f = *state;
	static const struct {
		const char *make;
		int error;
	} bad[] = {
		{"printf A=1 >x; ln x y", -EMLINK},
		{"mkfifo x", -EINVAL},
		{"mkdir x", -EINVAL},
		{"ln -s x x", -ELOOP},
		{"truncate -s 3M x", -EFBIG},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		shell(arena_printf(f->arena, "cd %s && rm -rf x y && %s", f->dir, bad[i].make));
		f->plan.step_count = 0;
		plan_goenv(&f->plan, in(f, "x"), "A", "2");
		int r = resolve(f);
		if (r != bad[i].error) {
			fail_msg("%s: %d", bad[i].make, r);
		}
	}
	f->plan.step_count = 0;
	plan_goenv(&f->plan, "/dev/null", "A", "2");
	assert_int_equal(resolve(f), -EINVAL);
	make_file(f, "lines", "one\ntwo\n", 0644);
	f->plan.step_count = 0;
	plan_line(&f->plan, in(f, "lines"), 2, "three", NULL);
	assert_int_equal(resolve(f), -EBADMSG);
	assert_true(str_has(f->err.msg, "line 2 of '"));
}

static void test_others_changed_it_meanwhile(void **state) {
	struct fixture *f = *state;
	const char *one = make_file(f, "one", "A=1\n", 0644);
	const char *two = make_file(f, "two", "A=1\n", 0644);
	plan_goenv(&f->plan, one, "A", "2");
	plan_goenv(&f->plan, two, "A", "2");
	assert_int_equal(resolve(f), 0);
	make_file(f, "two", "theirs", 0644);
	assert_int_equal(steps_apply(&f->steps, &f->repair, &f->err), -EBUSY);
	assert_true(f->steps.conflict);
	/* The first was taken back. */
	assert_string_equal(text_of(f, one), "A=1\n");
	assert_string_equal(text_of(f, two), "theirs");
	struct repair found;
	assert_int_equal(journal_find(f->journal, f->arena, f->repair.id, &found, &f->err), 0);
	assert_int_equal(found.state, REPAIR_FAILED);
	assert_int_equal(undo(f, 0), -ENOENT);
}

static void test_undo_refuses_as_a_whole(void **state) {
	struct fixture *f = *state;
	const char *one = make_file(f, "one", "A=1\n", 0644);
	const char *two = make_file(f, "two", "A=1\n", 0644);
	plan_goenv(&f->plan, one, "A", "2");
	plan_goenv(&f->plan, two, "A", "2");
	assert_int_equal(apply(f), 0);
	make_file(f, "one", "theirs", 0644);
	assert_int_equal(undo(f, 0), -EBUSY);
	assert_true(f->steps.conflict);
	assert_string_equal(f->steps.change.path, one);
	assert_string_equal(text_of(f, one), "theirs");
	assert_string_equal(text_of(f, two), "A=2\n"); /* was not touched either */
}

/* ---- the other kinds ---- */

static void test_remove_move_mkdir_mode(void **state) {
	struct fixture *f = *state;
	struct stat st;
	make_file(f, "lock", "4711", 0400);
	assert_int_equal(mkfifo(in(f, "fifo"), 0640), 0);
	assert_int_equal(symlink("gone", in(f, "link")), 0);
	assert_int_equal(mkdir(in(f, "empty"), 0750), 0);
	assert_int_equal(mkdir(in(f, "cache"), 0755), 0);
	make_file(f, "cache/entry", "bytes", 0644);
	const char *script = make_file(f, "script", "#!/bin/sh\n", 0644);
	const char *secret = make_file(f, "secret", "x", 0000);
	plan_remove(&f->plan, in(f, "lock"));
	plan_remove(&f->plan, in(f, "fifo"));
	plan_remove(&f->plan, in(f, "link"));
	plan_remove(&f->plan, in(f, "empty"));
	plan_move(&f->plan, in(f, "cache"), NULL);
	plan_mkdir(&f->plan, in(f, "cache"), 0700);
	plan_mode(&f->plan, script, 0111, 0, false);
	plan_mode(&f->plan, secret, 0600, 0, false);
	const char *before = picture(f);
	assert_int_equal(apply(f), 0);
	assert_int_equal(lstat(in(f, "lock"), &st), -1);
	assert_int_equal(lstat(in(f, "fifo"), &st), -1);
	assert_int_equal(lstat(in(f, "link"), &st), -1);
	assert_int_equal(lstat(in(f, "empty"), &st), -1);
	assert_int_equal(lstat(in(f, "cache.aside/entry"), &st), 0);
	assert_int_equal(lstat(in(f, "cache"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(lstat(script, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(lstat(secret, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(picture(f), before);
}

/* What programs make anew gives way on the way back, if the step says so. */
static void fill_cache(struct fixture *f, const char *more) {
	plan_mkdir(&f->plan, in(f, "made/cache"), 0700);
	assert_int_equal(apply(f), 0);
	shell(arena_printf(
		f->arena,
		"cd %s/made/cache && mkdir 00 ff fuzz gopls-tempmod12 go-build7 && touch "
		"00/1-d README trim.txt gopls-tempmod12/go.mod && mkdir -m 555 go-build7/b "
		"%s",
		f->dir, more));
}

/* What go puts into a directory that a repair made goes with it. */
static void test_litter(void **state) {
	struct fixture *f = *state;
	const char *before = picture(f);
	fill_cache(f, "");
	assert_int_equal(undo(f, 1), 0);
	assert_string_equal(picture(f), before);
}

/* With anything else in it all of it stays. */
static void test_no_litter(void **state) {
	struct fixture *f = *state;
	fill_cache(f, "&& touch notes");
	const char *filled = picture(f);
	assert_int_equal(undo(f, 1), 0);
	assert_string_equal(picture(f), filled);
}

static void test_remade(void **state) {
	struct fixture *f = *state;
	const char *counter = make_file(f, "counter", "damaged", 0644);
	struct step *step = plan_move(&f->plan, counter, NULL);
	step->remade = true;
	const char *before = picture(f);
	assert_int_equal(apply(f), 0);
	make_file(f, "counter", "new", 0600);
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(picture(f), before);
}

static void test_not_remade(void **state) {
	struct fixture *f = *state;
	struct stat st;
	const char *file = make_file(f, "file", "old", 0644);
	plan_move(&f->plan, file, NULL);
	assert_int_equal(apply(f), 0);
	make_file(f, "file", "new", 0644);
	assert_int_not_equal(undo(f, 0), 0);
	assert_int_equal(lstat(in(f, "file.aside"), &st), 0);
}

static void test_modes_below(void **state) {
	struct fixture *f = *state;
	struct stat st;
	shell(arena_printf(f->arena,
	                   "cd %s && mkdir -p t/a/b && touch t/x t/a/y t/a/b/z && chmod 755 t/x && "
	                   "ln -s /etc/passwd t/link && chmod 000 t/a/b/z && chmod 500 t/a/b && "
	                   "chmod 000 t/a",
	                   f->dir));
	plan_mode(&f->plan, in(f, "t"), 0700, 0, true);
	assert_int_equal(apply(f), 0);
	assert_int_equal(lstat(in(f, "t/a/b/z"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(lstat(in(f, "t/a/b"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(undo(f, 0), 0);
	assert_int_equal(lstat(in(f, "t/a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0);
	assert_int_equal(chmod(in(f, "t/a"), 0700), 0);
	assert_int_equal(lstat(in(f, "t/a/b"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0500);
}

static void test_large_file(void **state) {
	struct fixture *f = *state;
	shell(arena_printf(f->arena, "cd %s && head -c 5000000 /dev/urandom >big", f->dir));
	plan_remove(&f->plan, in(f, "big"));
	const char *before = picture(f);
	assert_int_equal(apply(f), 0);
	assert_int_equal(access(in(f, "big"), F_OK), -1);
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(picture(f), before);
	/* What was kept aside for it is gone. */
	assert_int_equal(rmdir(in(f, "state/dialtone/kept")), 0);
}

static void test_attributes_and_times(void **state) {
	struct fixture *f = *state;
	const char *path = make_file(f, "env", "A=1\n", 0604);
	char value[16] = "";
	const struct timespec times[] = {{.tv_sec = 1000000000, .tv_nsec = 1},
	                                 {.tv_sec = 1111111111, .tv_nsec = 222}};
	struct stat st;
	bool attributes = setxattr(path, "user.mark", "kept", 4, 0) == 0;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	plan_goenv(&f->plan, path, "A", "2");
	assert_int_equal(apply(f), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_mtim.tv_sec > 1111111111); /* editors must notice */
	if (attributes) {
		assert_int_equal(getxattr(path, "user.mark", value, sizeof(value)), 4);
		assert_string_equal(value, "kept");
	}
	assert_int_equal(undo(f, 0), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1111111111);
	assert_int_equal(st.st_mtim.tv_nsec, 222);
	if (attributes) {
		assert_int_equal(getxattr(path, "user.mark", value, sizeof(value)), 4);
	}
}

/* acl(5): u::r-x u:daemon:r-- g::r-x m::r-x o::r-x, as include/uapi/linux/posix_acl_xattr.h has it. */
static bool put_list(const char *path) {
	static const unsigned char list[] = {
		2, 0, 0,    0,    0x01, 0,    5,    0, 0xff, 0xff, 0xff, 0xff, 0x02, 0,    4,
		0, 1, 0,    0,    0,    0x04, 0,    5, 0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,
		5, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 5,    0,    0xff, 0xff, 0xff, 0xff};
	return setxattr(path, "system.posix_acl_access", list, sizeof(list), 0) == 0;
}

/* chmod(2) changes the list too: what the repair wrote is known again all the same. */
static void test_access_control_list(void **state) {
	struct fixture *f = *state;
	const char *dir = in(f, "d");
	assert_int_equal(mkdir(dir, 0555), 0);
	const char *file = make_file(f, "s", "x", 0555);
	if (!put_list(dir) || !put_list(file)) {
		skip();
	}
	const char *before = picture(f);
	plan_mode(&f->plan, dir, 0700, 0, false);
	plan_mode(&f->plan, file, 0200, 0, false);
	assert_int_equal(apply(f), 0);
	struct stat st;
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	make_file(f, "d/meanwhile", "", 0600);
	assert_int_equal(unlink(in(f, "d/meanwhile")), 0);
	assert_int_equal(undo(f, f->repair.id), 0);
	assert_string_equal(picture(f), before);
}

static void test_signal(void **state) {
	struct fixture *f = *state;
	pid_t child = fork();
	if (child == 0) {
		for (;;) {
			pause();
		}
	}
	assert_true(child > 0);
	FILE *stat_file = fopen(arena_printf(f->arena, "/proc/%d/stat", child), "re");
	unsigned long long ticks = 0;
	assert_non_null(stat_file);
	assert_int_equal(fscanf(stat_file,
	                        "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
	                        "%*d %*d %*d %*d %*d %llu",
	                        &ticks),
	                 1);
	fclose(stat_file);
	plan_signal(&f->plan, child, ticks + 1, SIGTERM, "another one");
	assert_int_equal(resolve(f), 0);
	assert_int_equal(f->repair.change_count, 0); /* not the one that is meant */
	f->plan.step_count = 0;
	plan_signal(&f->plan, child, ticks, SIGTERM, "test");
	assert_int_equal(apply(f), -EPERM);
	assert_int_equal(kill(child, 0), 0);
	f->steps.disruptive = true;
	assert_int_equal(apply(f), 0);
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* ---- interrupted ---- */

static void sql(struct fixture *f, const char *text) {
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(in(f, "state/dialtone/journal.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* As if killed before or after the second of two changes was made. */
static void interrupted(struct fixture *f, bool made, bool resume) {
	const char *one = make_file(f, "one", "A=1\n", 0644);
	const char *two = make_file(f, "two", "A=1\n", 0644);
	plan_goenv(&f->plan, one, "A", "2");
	plan_goenv(&f->plan, two, "A", "2");
	assert_int_equal(apply(f), 0);
	if (!made) {
		make_file(f, "two", "A=1\n", 0644);
	}
	sql(f, "UPDATE repair SET state = 0 WHERE id = (SELECT max(id) FROM repair); UPDATE change "
	       "SET state = 0 WHERE id ="
	       " (SELECT max(id) FROM change)");
	struct repair repair;
	/* Also when something was done since. */
	int64_t id = 0;
	const struct image nothing = {.kind = IMAGE_ABSENT};
	const struct image something = {.kind = IMAGE_FILE,
	                                .bytes = slice_str("x"),
	                                .mode = 0644,
	                                .uid = geteuid(),
	                                .gid = getegid()};
	assert_int_equal(steps_write_file(&f->steps, in(f, "later"), &nothing, &something, "test",
	                                  "later", &id, &f->err),
	                 0);
	assert_int_equal(journal_find_interrupted(f->journal, f->arena, &repair, &f->err), 0);
	assert_null(turn_take(f->arena, &f->err).journal);
	assert_int_equal(f->err.code, -EBUSY);
	assert_int_equal(undo(f, id), 0);
	assert_int_equal(resume ? steps_resume(&f->steps, &repair, &f->err)
	                        : steps_undo(&f->steps, &repair, &f->err),
	                 0);
	assert_string_equal(text_of(f, one), resume ? "A=2\n" : "A=1\n");
	assert_string_equal(text_of(f, two), resume ? "A=2\n" : "A=1\n");
	assert_int_equal(journal_find_interrupted(f->journal, f->arena, &repair, &f->err), -ENOENT);
	if (resume) {
		assert_int_equal(undo(f, 0), 0);
		assert_string_equal(text_of(f, two), "A=1\n");
	}
}

static void test_interrupted(void **state) {
	struct fixture *f = *state;
	for (int i = 0; i < 4; i++) {
		f->plan.step_count = 0;
		interrupted(f, i & 1, i & 2);
	}
}

static void test_lock(void **state) {
	struct fixture *f = *state;
	int ready[2];
	int end[2];
	char byte = 0;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	pid_t child = fork();
	if (child == 0) {
		struct turn turn = turn_take(f->arena, &f->err);
		close(end[1]);
		ssize_t n = write(ready[1], turn.journal ? "1" : "0", 1);
		n += read(end[0], &byte, 1);
		_exit(n < 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, '1');
	assert_int_equal(lock_holder(f->arena), child);
	assert_int_equal(lock_take(f->arena, 0, &f->err), -EBUSY);
	assert_true(str_has(f->err.msg, arena_printf(f->arena, "process %d", child)));
	close(end[0]);
	close(end[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	int fd = lock_take(f->arena, 0, &f->err);
	assert_true(fd >= 0);
	close(fd);
}

/* ---- journals of version 1, made by the program that wrote them ---- */

static void take_old(struct fixture *f, const char *name) {
	const char *db = in(f, "state/dialtone/journal.db");
	journal_close(f->journal);
	shell(arena_printf(
		f->arena,
		"cp tests/unit/journal-v1/%s.db %s; cp tests/unit/journal-v1/%s.db-journal "
		"%s-journal 2>/dev/null; mkdir -p %s/home/.config/Code/User "
		"%s/w/.vscode",
		name, db, name, db, f->dir, f->dir));
	/* Its paths were those of another place. */
	sql(f, arena_printf(f->arena,
	                    "UPDATE change SET path = CAST(replace(CAST(path AS TEXT), "
	                    "'/tmp/dialtone-v1', '%s') AS BLOB), made_dirs = CAST(replace(CAST("
	                    "made_dirs AS TEXT), '/tmp/dialtone-v1', '%s') AS BLOB)",
	                    f->dir, f->dir));
	f->journal = journal_open(false, &f->err);
	assert_non_null(f->journal);
	f->steps.journal = f->journal;
}

#define OLD_BEFORE "{\n\t// mine\n\t\"a\": 1\n}\n"
#define OLD_AFTER  "{\n\t// mine\n\t\"a\": 1,\n\t\"go.lintTool\": \"staticcheck\"\n}\n"
#define OLD_FILE   "home/.config/Code/User/settings.json"

static void test_version_1(void **state) {
	struct fixture *f = *state;
	struct repair *repairs;
	size_t count;
	take_old(f, "whole");
	assert_int_equal(journal_list(f->journal, f->arena, 10, &repairs, &count, &f->err), 0);
	assert_int_equal(count, 4);
	assert_int_equal(repairs[0].id, 4);
	assert_int_equal(repairs[1].undoes, 2);
	assert_int_equal(repairs[2].state, REPAIR_UNDONE);
	assert_true(repairs[2].undone_ns > 0);
	assert_string_equal(repairs[3].why, "settings set go.lintTool");
	make_file(f, OLD_FILE, OLD_AFTER, 0640);
	make_file(f, "w/.vscode/settings.json", "{\n    \"go.buildTags\": \"b\"\n}\n", 0644);
	assert_int_equal(undo(f, 0), 0);
	assert_int_equal(access(in(f, "w/.vscode"), F_OK), -1);
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(text_of(f, in(f, OLD_FILE)), OLD_BEFORE);
	assert_int_equal(undo(f, 0), -ENOENT);
	/* New ones go on counting. */
	plan_goenv(&f->plan, in(f, "env"), "A", "1");
	assert_int_equal(apply(f), 0);
	assert_int_equal(f->repair.id, 5);
}

static void test_version_1_interrupted(void **state) {
	struct fixture *f = *state;
	static const char *const names[] = {"before-rename", "after-rename"};
	for (size_t i = 0; i < 2; i++) {
		take_old(f, names[i]);
		make_file(f, OLD_FILE, i == 0 ? OLD_BEFORE : OLD_AFTER, 0640);
		assert_int_equal(undo(f, 0), 0);
		assert_string_equal(text_of(f, in(f, OLD_FILE)), OLD_BEFORE);
		assert_int_equal(undo(f, 0), -ENOENT);
	}
}

static void test_newer_version(void **state) {
	struct fixture *f = *state;
	sql(f, "PRAGMA user_version = 3");
	assert_null(journal_open(true, &f->err));
	assert_int_equal(f->err.code, -EPROTO);
}

static void test_journal_is_private(void **state) {
	struct fixture *f = *state;
	struct stat st;
	assert_int_equal(stat(in(f, "state/dialtone/journal.db"), &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_write_and_undo),
		TEST(test_create_makes_directories),
		TEST(test_steps_compose),
		TEST(test_nothing_left_to_do),
		TEST(test_symlink_stays),
		TEST(test_dangling_symlink),
		TEST(test_links_out_of_the_workspace),
		TEST(test_link_is_made_anew),
		TEST(test_link_comes_in_between),
		TEST(test_step_link),
		TEST(test_refusals),
		TEST(test_others_changed_it_meanwhile),
		TEST(test_undo_refuses_as_a_whole),
		TEST(test_remove_move_mkdir_mode),
		TEST(test_litter),
		TEST(test_no_litter),
		TEST(test_remade),
		TEST(test_not_remade),
		TEST(test_modes_below),
		TEST(test_large_file),
		TEST(test_attributes_and_times),
		TEST(test_access_control_list),
		TEST(test_signal),
		TEST(test_interrupted),
		TEST(test_lock),
		TEST(test_version_1),
		TEST(test_version_1_interrupted),
		TEST(test_newer_version),
		TEST(test_journal_is_private),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
