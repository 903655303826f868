/* SPDX-License-Identifier: MIT */
#include "apply/write.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct arena *arena;
	const char *dir;
	struct journal *journal;
};

static int setup(void **state) {
	char template[] = "/tmp/dialtone-apply.XXXXXX";
	struct arena *arena = arena_new();
	struct fixture *f = arena_new_of(arena, struct fixture);
	struct err err;
	f->arena = arena;
	f->dir = arena_strdup(arena, mkdtemp(template));
	setenv("XDG_STATE_HOME", path_join(arena, f->dir, "state"), 1);
	f->journal = journal_open(true, &err);
	*state = f;
	return f->journal ? 0 : -1;
}

static int teardown(void **state) {
	struct fixture *f = *state;
	char command[300];
	journal_close(f->journal);
	(void)snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", f->dir, f->dir);
	FILE *shell = popen(command, "r"); /* waits */
	(void)pclose(shell);
	arena_free(f->arena);
	return 0;
}

static const char *make_file(struct fixture *f, const char *name, const char *text, mode_t mode) {
	const char *path = path_join(f->arena, f->dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static const char *text_of(struct fixture *f, const char *path) {
	struct image image;
	const char *real;
	struct err err;
	if (image_read(f->arena, path, &image, &real, &err) < 0 || !image.exists) {
		return NULL;
	}
	return arena_slicedup(f->arena, image.bytes);
}

static struct journal_entry entry_for(struct fixture *f, const char *path, const char *text) {
	struct journal_entry e = {.cause = "test", .why = "a test"};
	struct err err;
	assert_int_equal(image_read(f->arena, path, &e.before, &e.path, &err), 0);
	e.after = e.before;
	if (!e.before.exists) {
		e.after = (struct image){
			.exists = true, .mode = 0644, .uid = geteuid(), .gid = getegid()};
	}
	e.after.bytes = slice_str(text);
	return e;
}

static int undo(struct fixture *f, int64_t id) {
	struct journal_entry e;
	struct err err;
	int64_t new_id = 0;
	int r = journal_find(f->journal, f->arena, id, &e, &err);
	return r < 0 ? r : apply_undo(f->journal, f->arena, &e, &new_id, NULL, &err);
}

static void test_write_and_undo(void **state) {
	struct fixture *f = *state;
	const char *path = make_file(f, "a.json", "old", 0640);
	struct journal_entry e = entry_for(f, path, "new");
	struct err err;
	struct stat st;
	assert_int_equal(apply_write(f->journal, &e, &err), 0);
	assert_string_equal(text_of(f, path), "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	struct journal_entry found;
	assert_int_equal(journal_find(f->journal, f->arena, e.id, &found, &err), 0);
	assert_int_equal(found.state, JOURNAL_DONE);
	assert_string_equal(arena_slicedup(f->arena, found.before.bytes), "old");
	assert_string_equal(found.path, path);
	assert_int_equal(undo(f, 0), 0); /* the last one */
	assert_string_equal(text_of(f, path), "old");
	assert_int_equal(undo(f, e.id), -EALREADY);
	assert_int_equal(undo(f, 0), -ENOENT);
}

static void test_create_makes_directories(void **state) {
	struct fixture *f = *state;
	const char *path = path_join(f->arena, f->dir, "x/y/.vscode/settings.json");
	struct journal_entry e = entry_for(f, path, "{}");
	struct err err;
	assert_int_equal(apply_write(f->journal, &e, &err), 0);
	assert_string_equal(text_of(f, path), "{}");
	make_file(f, "x/kept", "", 0644);
	assert_int_equal(undo(f, e.id), 0);
	assert_null(text_of(f, path));
	assert_int_equal(access(path_join(f->arena, f->dir, "x/y"), F_OK), -1);
	assert_int_equal(access(path_join(f->arena, f->dir, "x/kept"), F_OK), 0);
}

static void test_symlink_stays(void **state) {
	struct fixture *f = *state;
	make_file(f, "real.json", "old", 0644);
	const char *link = path_join(f->arena, f->dir, "link.json");
	struct stat st;
	struct err err;
	assert_int_equal(symlink("real.json", link), 0);
	struct journal_entry e = entry_for(f, link, "new");
	assert_int_equal(apply_write(f->journal, &e, &err), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_string_equal(text_of(f, path_join(f->arena, f->dir, "real.json")), "new");
}

static void test_dangling_symlink(void **state) {
	struct fixture *f = *state;
	const char *link = path_join(f->arena, f->dir, "dangling.json");
	struct err err;
	assert_int_equal(symlink("made.json", link), 0);
	struct journal_entry e = entry_for(f, link, "new");
	assert_int_equal(apply_write(f->journal, &e, &err), 0);
	assert_string_equal(text_of(f, path_join(f->arena, f->dir, "made.json")), "new");
}

static void test_refusals(void **state) {
	struct fixture *f = *state;
	struct err err;
	const char *path = make_file(f, "protected.json", "old", 0444);
	struct journal_entry e = entry_for(f, path, "new");
	assert_int_equal(apply_write(f->journal, &e, &err), -EPERM);
	path = make_file(f, "linked.json", "old", 0644);
	assert_int_equal(link(path, path_join(f->arena, f->dir, "linked2.json")), 0);
	e = entry_for(f, path, "new");
	assert_int_equal(apply_write(f->journal, &e, &err), -EMLINK);
	path = make_file(f, "moved.json", "old", 0644);
	e = entry_for(f, path, "new");
	make_file(f, "moved.json", "theirs", 0644);
	assert_int_equal(apply_write(f->journal, &e, &err), -EBUSY);
	assert_string_equal(text_of(f, path), "theirs");
	assert_int_equal(e.id, 0); /* nothing was written down either */
}

static void test_undo_refuses_what_others_wrote(void **state) {
	struct fixture *f = *state;
	const char *path = make_file(f, "b.json", "old", 0644);
	struct journal_entry e = entry_for(f, path, "new");
	struct err err;
	assert_int_equal(apply_write(f->journal, &e, &err), 0);
	make_file(f, "b.json", "theirs", 0644);
	assert_int_equal(undo(f, e.id), -EBUSY);
	assert_string_equal(text_of(f, path), "theirs");
}

/* Killed between the steps: written down and not done, or done and not marked. */
static void test_crashes(void **state) {
	struct fixture *f = *state;
	const char *path = make_file(f, "c.json", "old", 0644);
	struct err err;
	struct journal_entry e = entry_for(f, path, "new");
	e.made_dirs = "";
	assert_int_equal(journal_begin(f->journal, &e, &err), 0);
	assert_int_equal(undo(f, e.id), 0);
	assert_string_equal(text_of(f, path), "old");
	struct journal_entry found;
	assert_int_equal(journal_find(f->journal, f->arena, e.id, &found, &err), 0);
	assert_int_equal(found.state, JOURNAL_FAILED);
	e = entry_for(f, path, "new");
	e.made_dirs = "";
	assert_int_equal(journal_begin(f->journal, &e, &err), 0);
	make_file(f, "c.json", "new", 0644);
	assert_int_equal(undo(f, e.id), 0);
	assert_string_equal(text_of(f, path), "old");
}

static void test_attributes_stay(void **state) {
	struct fixture *f = *state;
	const char *path = make_file(f, "d.json", "old", 0604);
	struct journal_entry e = entry_for(f, path, "new");
	struct err err;
	char value[16] = "";
	if (setxattr(path, "user.mark", "kept", 4, 0) < 0) {
		skip(); /* a filesystem without attributes */
	}
	assert_int_equal(apply_write(f->journal, &e, &err), 0);
	assert_int_equal(getxattr(path, "user.mark", value, sizeof(value)), 4);
	assert_string_equal(value, "kept");
}

static void test_list(void **state) {
	struct fixture *f = *state;
	struct journal_entry *entries;
	size_t count;
	struct err err;
	assert_int_equal(journal_list(f->journal, f->arena, 2, &entries, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_true(entries[0].id > entries[1].id);
	assert_string_equal(entries[0].cause, "test");
}

static void test_journal_is_private(void **state) {
	struct fixture *f = *state;
	struct stat st;
	assert_int_equal(stat(path_join(f->arena, f->dir, "state/dialtone/journal.db"), &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_undo),
		cmocka_unit_test(test_create_makes_directories),
		cmocka_unit_test(test_symlink_stays),
		cmocka_unit_test(test_dangling_symlink),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_undo_refuses_what_others_wrote),
		cmocka_unit_test(test_crashes),
		cmocka_unit_test(test_attributes_stay),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_journal_is_private),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
