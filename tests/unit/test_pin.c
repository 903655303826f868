/* SPDX-License-Identifier: MIT
 * What dialtone pin thinks: how a pin is spelt, lists of checksums, which gopls goes with which Go, the store.
 */
#include "arena_fixture.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "core/lore.h"
#include "gofile/goplsrelease.h"
#include "gofile/goversion.h"
#include "gofile/semver.h"
#include "pin/matrix.h"
#include "pin/store.h"
#include "pin/sums.h"
#include "pin/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* ---- spelling ---- */

static void test_specs(void **state) {
	static const struct {
		const char *text, *tool, *version;
	} good[] = {
		{"gopls@v0.20.0", "gopls", "v0.20.0"},
		{"gopls@0.20.0", "gopls", "v0.20.0"},
		{"dlv@v1.25.0", "dlv", "v1.25.0"},
		{"gopls@v0.21.0-pre.1", "gopls", "v0.21.0-pre.1"},
		{"go@1.26.8", "go", "1.26.8"},
		{"go@go1.26.8", "go", "1.26.8"},
		{"go@1.20", "go", "1.20"},
		{"go@1.27rc1", "go", "1.27rc1"},
		{"dlv@none", "dlv", "none"},
	};
	static const char *const bad[] = {"gopls",         "gopls@",        "gopls@latest",
	                                  "gopls@v0.20",   "go@1.26",       "go@latest",
	                                  "x@v1.0.0",      "@v1.0.0",       "gopls@v1.0.0/../x",
	                                  "go@1.26.8/x",   "go@../1.26.8",  "gopls@v1.0.0+meta",
	                                  "gopls@v1.0.0 ", "go@go1.26.8\n", "gopls@NONE"};
	struct pin_spec spec;
	struct err err;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(pin_spec_parse(*state, good[i].text, &spec, &err), 0);
		assert_string_equal(spec.tool->name, good[i].tool);
		assert_string_equal(spec.version, good[i].version);
		assert_int_equal(pin_is_none(&spec), streq(good[i].version, "none"));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(pin_spec_parse(*state, bad[i], &spec, &err), -EINVAL);
	}
}

static void test_module_versions(void **state) {
	struct pin_spec spec;
	struct err err;
	assert_int_equal(pin_spec_parse(*state, "go@1.26.8", &spec, &err), 0);
	assert_string_equal(pin_module_version(*state, &spec, "arm64"),
	                    "golang.org/toolchain@v0.0.1-go1.26.8.linux-arm64");
	assert_int_equal(pin_spec_parse(*state, "gopls@v0.20.0", &spec, &err), 0);
	assert_string_equal(pin_module_version(*state, &spec, ""),
	                    "golang.org/x/tools/gopls@v0.20.0");
}

/* ---- checksums ---- */

static void test_lists_of_checksums(void **state) {
	struct sums sums;
	struct err err;
	const char *text = HEX "  gopls\n\n" HEX " *bin/go\n";
	assert_int_equal(sums_parse(*state, slice_str(text), &sums, &err), 0);
	assert_int_equal(sums.count, 2);
	assert_string_equal(sums_find(&sums, "bin/go"), HEX);
	assert_null(sums_find(&sums, "go"));
	assert_string_equal(sums_text(*state, &sums), HEX "  gopls\n" HEX "  bin/go\n");
	static const char *const bad[] = {
		HEX "  /etc/passwd\n", HEX "  ../x\n",      HEX "  a/../b\n", HEX "  a//b\n",
		HEX "  a/\n",          HEX "  \n",          HEX " gopls\n",   HEX "0  gopls\n",
		"\\" HEX "  a\\n\n",   HEX "  ./gopls\n",   "gopls\n",        HEX "\n",
		HEX "  ok\nnonsense",  "0" HEX "  gopls\n", HEX "\tgopls\n",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(sums_parse(*state, slice_str(bad[i]), &sums, &err), -EBADMSG);
	}
}

static void test_modules_against_a_go_sum(void **state) {
	struct binary_module modules[] = {{"a.b/main", "v1.0.0", "h1:a=", false},
	                                  {"a.b/dep", "v0.1.0", "h1:b=", false}};
	struct binary bin = {.modules = modules, .module_count = 2, .dep_count = 1};
	const char *text = "a.b/dep v0.1.0 h1:b=\na.b/dep v0.1.0/go.mod h1:x=\na.b/main v1.0.0 "
			   "h1:a=\na.b/other v1.0.0 h1:c=\n";
	const char *module = "";
	struct gosum sum = gosum_parse(*state, slice_str(text));
	struct err err;
	assert_int_equal(sums_check_modules(&bin, &sum, "go.sum", &err), 0);
	assert_string_equal(sums_of_modules(*state, &bin, &module),
	                    "a.b/main v1.0.0 h1:a=\na.b/dep v0.1.0 h1:b=\n");

	modules[1].sum = "h1:other=";
	assert_int_equal(sums_check_modules(&bin, &sum, "go.sum", &err), -EBADMSG);
	modules[1].sum = "h1:x="; /* that is the one of its go.mod */
	assert_int_equal(sums_check_modules(&bin, &sum, "go.sum", &err), -EBADMSG);
	modules[1].sum = "";
	assert_int_equal(sums_check_modules(&bin, &sum, "go.sum", &err), -EBADMSG);
	assert_null(sums_of_modules(*state, &bin, &module));
	assert_string_equal(module, "a.b/dep");
	modules[1].sum = "h1:b=";
	modules[1].version = "v0.1.1";
	assert_int_equal(sums_check_modules(&bin, &sum, "go.sum", &err), -EBADMSG);
	modules[1].version = "v0.1.0";
	modules[1].replaced = true;
	assert_int_equal(sums_check_modules(&bin, &sum, "go.sum", &err), -EBADMSG);
	assert_null(sums_of_modules(*state, &bin, &module));
	modules[1].replaced = false;
	bin.dep_count = 2; /* one that could not be kept */
	assert_int_equal(sums_check_modules(&bin, &sum, "go.sum", &err), -EBADMSG);
	bin.module_count = 0;
	assert_int_equal(sums_check_modules(&bin, &sum, "go.sum", &err), -EBADMSG);
}

/* ---- which gopls ---- */

static struct matrix matrix_of(void **state) {
	return matrix_parse(*state, slice_str(lore_data("gopls-releases.tsv")));
}

/* Two tables speak of the same releases: they must not differ. */
static void test_the_matrix_says_what_the_rules_say(void **state) {
	struct matrix matrix = matrix_of(state);
	const char *before = "";
	assert_true(matrix.count > 25);
	for (size_t i = 0; i < matrix.count; i++) {
		const struct matrix_row *row = &matrix.rows[i];
		const struct gopls_release *known = gopls_release_of(row->release);
		assert_true(semver_is_canonical(row->release));
		assert_true(semver_compare(before, row->release) < 0);
		assert_true(goversion_is_valid(row->go_line) && goversion_is_valid(row->serves));
		assert_non_null(known);
		assert_string_equal(row->needs, known->needs);
		assert_int_equal(row->built_by, known->built_by);
		assert_string_equal(row->reads, known->reads);
		before = row->release;
	}
	assert_ptr_equal(matrix_find(&matrix, before), &matrix.rows[matrix.count - 1]);
	assert_null(matrix_find(&matrix, "v0.14.3"));
}

static void test_the_newest_that_fits(void **state) {
	static const struct {
		const char *go, *line, *gopls;
	} table[] = {
		{"1.19.8", "1.18", "v0.15.3"},   {"1.22.12", NULL, "v0.16.2"},
		{"1.24.12", "1.21", "v0.20.0"},  {"1.25.7", "1.25.0", "v0.21.1"},
		{"1.26.8", "1.26.0", "v0.23.0"}, {"1.27.3", "1.27.0", "v0.24.0"},
		{"1.27.3", "", "v0.24.0"},
	};
	struct matrix matrix = matrix_of(state);
	const char *why;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct matrix_want want = {table[i].go, table[i].go, table[i].line};
		const struct matrix_row *row = matrix_newest(*state, &matrix, &want, &why);
		assert_non_null(row);
		assert_string_equal(row->release, table[i].gopls);
		assert_string_equal(matrix_why_not(*state, row, &want), "");
	}
	/* Code of a Go that is newer than the builder; one that is newer than all releases know. */
	struct matrix_want none[] = {{"1.26.8", "1.26.8", "1.27.0"},
	                             {"1.26.8", "1.27.3", "1.26"},
	                             {"1.40.1", "1.40.1", "1.40"},
	                             {"1.5", "1.5", NULL}};
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		assert_null(matrix_newest(*state, &matrix, &none[i], &why));
		assert_string_not_equal(why, "");
	}
}

/* ---- the store ---- */

static const char *folder(void **state) {
	char template[] = "/tmp/dialtone-pin.XXXXXX";
	return arena_strdup(*state, mkdtemp(template));
}

static void put(void **state, const char *dir, const char *name, const char *text, mode_t mode) {
	CLEANUP(fd_closep)
	int fd = open(path_join(*state, dir, name), O_WRONLY | O_CREAT | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static const char *text_of(void **state, const char *dir, const char *name) {
	char text[100] = "";
	CLEANUP(fd_closep) int fd = open(path_join(*state, dir, name), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	return arena_strdup(*state, text);
}

static void test_links_name_versions(void **state) {
	const struct pin_tool *gopls = pin_tool_find("gopls");
	assert_string_equal(store_target(*state, gopls, "v0.20.0"), "../versions/gopls/v0.20.0");
	assert_string_equal(store_version_of_target(*state, gopls, "../versions/gopls/v0.20.0"),
	                    "v0.20.0");
	static const char *const others[] = {
		"../versions/dlv/v0.20.0",      "/x/v0.20.0",
		"../versions/gopls/v0.20.0/..", "../versions/gopls/",
		"../versions/gopls/none",       "../versions/gopls/0.20.0"};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		assert_null(store_version_of_target(*state, gopls, others[i]));
	}
	assert_null(store_version_of_target(*state, gopls, NULL));
	assert_string_equal(store_shim(*state, "/d", "bin/gofmt"), "/d/bin/gofmt");
	assert_string_equal(store_shim_target(*state, pin_tool_find("go"), "bin/gofmt"),
	                    "../current/go/bin/gofmt");
}

static void test_publishing(void **state) {
	const char *root = folder(state);
	struct pin_spec spec = {pin_tool_find("gopls"), "v0.20.0"};
	struct err err;
	CLEANUP(fd_closep) int lock = -1;
	const char *scratch = store_scratch(*state, root, &lock, &err);
	assert_non_null(scratch);
	const char *target = store_version_dir(*state, root, spec.tool, spec.version);
	const char *first = path_join(*state, scratch, "first");
	assert_int_equal(mkdir(first, 0755), 0);
	put(state, first, "gopls", "one", 0755);
	assert_int_equal(store_publish(*state, root, &spec, first, &err), 0);
	assert_string_equal(text_of(state, target, "gopls"), "one");
	assert_int_equal(access(first, F_OK), -1);

	/* One that is there gives way at once, and lies where the new one lay. */
	assert_int_equal(mkdir(first, 0755), 0);
	put(state, first, "gopls", "two", 0755);
	assert_int_equal(store_publish(*state, root, &spec, first, &err), 0);
	assert_string_equal(text_of(state, target, "gopls"), "two");
	assert_string_equal(text_of(state, first, "gopls"), "one");

	spec.version = "v0.9.0";
	assert_int_equal(store_publish(*state, root, &spec, first, &err), 0);
	put(state, path_parent(*state, target), "notes", "", 0644);
	const char *const *versions = store_versions(*state, root, spec.tool);
	assert_string_equal(versions[0], "v0.20.0");
	assert_string_equal(versions[1], "v0.9.0");
	assert_null(versions[2]);
	tree_remove(*state, root);
	assert_int_equal(access(root, F_OK), -1);
}

/* What a dialtone that was killed left is removed, what one that works holds is not. */
static void test_scratch_is_swept(void **state) {
	const char *root = folder(state);
	struct err err;
	int status = 0;
	CLEANUP(fd_closep) int held = -1;
	CLEANUP(fd_closep) int lock = -1;
	const char *working = store_scratch(*state, root, &held, &err);
	pid_t pid = fork();
	if (pid == 0) {
		int mine = -1;
		const char *dead = store_scratch(*state, root, &mine, &err);
		_exit(dead && mkdir(path_join(*state, dead, "x"), 0500) == 0 ? 7 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 7);
	const char *mine = store_scratch(*state, root, &lock, &err);
	assert_int_equal(access(working, F_OK), 0);
	assert_int_equal(access(mine, F_OK), 0);
	struct stat st;
	assert_int_equal(stat(path_join(*state, root, "tmp"), &st), 0);
	assert_int_equal(st.st_nlink, 4); /* itself, its name, and these two */
	tree_remove(*state, root);
}

static void test_trees(void **state) {
	const char *root = folder(state);
	const char *from = path_join(*state, root, "from");
	const char *to = path_join(*state, root, "to");
	struct err err;
	struct stat st;
	assert_int_equal(mkdir(from, 0755), 0);
	assert_int_equal(mkdir(path_join(*state, from, "sub"), 0755), 0);
	put(state, from, "sub/program", "p", 0755);
	put(state, from, "text", "t", 0600);
	assert_int_equal(symlink("text", path_join(*state, from, "link")), 0);
	assert_int_equal(mkfifo(path_join(*state, from, "fifo"), 0600), 0);
	assert_int_equal(tree_copy(*state, from, to, &err), 0);
	assert_string_equal(text_of(state, to, "sub/program"), "p");
	assert_string_equal(text_of(state, to, "link"), "t");
	assert_int_equal(lstat(path_join(*state, to, "link"), &st), 0);
	assert_true(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0644);
	assert_int_equal(lstat(path_join(*state, to, "sub/program"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(lstat(path_join(*state, to, "fifo"), &st), -1);
	assert_int_equal(tree_make_executable(*state, to), 0);
	assert_int_equal(tree_sync(*state, to), 0);
	assert_int_equal(tree_sync(*state, path_join(*state, root, "nowhere")), -ENOENT);
	assert_int_equal(lstat(path_join(*state, to, "text"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	assert_int_equal(tree_copy(*state, from, to, &err), -EEXIST);
	assert_int_equal(tree_copy_file(path_join(*state, from, "fifo"),
	                                path_join(*state, root, "no"), &err),
	                 -EINVAL);
	tree_remove(*state, root);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_module_versions),
		cmocka_unit_test(test_lists_of_checksums),
		cmocka_unit_test(test_modules_against_a_go_sum),
		cmocka_unit_test(test_the_matrix_says_what_the_rules_say),
		cmocka_unit_test(test_the_newest_that_fits),
		cmocka_unit_test(test_links_name_versions),
		cmocka_unit_test(test_publishing),
		cmocka_unit_test(test_scratch_is_swept),
		cmocka_unit_test(test_trees),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
