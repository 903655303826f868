/* SPDX-License-Identifier: MIT
 * Which product of the VS Code family counts, and what a window holds: on a tree of files and
 * processes that exists only here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "probes/editors/vscode_install.h"
#include "probes/editors/vscode_window.h"
#include "tree_fixture.h"

#define WORK "/home/l/src/small"

#define DIR_OF(path, when)                                                                         \
	{ "stat:" path, "type=dir\nmtime_ns=" when "\n" }
#define FILE_OF(path, when)                                                                        \
	{ "stat:" path, "type=file\nmtime_ns=" when "\n" }

/* The one that was used last, and only that one. */
static void test_used_last(void **state) {
	static const struct entry entries[] = {
		DIR_OF("/home/l/.config/Code", "5"),
		FILE_OF("/home/l/.config/Code/User/settings.json", "100"),
		DIR_OF("/home/l/.config/VSCodium", "5"),
		FILE_OF("/home/l/.config/VSCodium/User/settings.json", "50"),
		FILE_OF("/home/l/.config/VSCodium/User/globalStorage/state.vscdb", "200"),
		{NULL, NULL},
	};
	struct bench b;
	(void)state;
	bench_open(&b, WORK, entries);
	const struct vscode_install *v = vscode_install(&b.exam);
	assert_non_null(v);
	assert_string_equal(v->name, "VSCodium");
	assert_string_equal(v->settings, "/home/l/.config/VSCodium/User/settings.json");
	assert_string_equal(v->extensions, "/home/l/.vscode-oss/extensions");
	assert_null(v->machine);
	arena_free(b.arena);
}

/* The desktop's and the server's settings of one product are of one user, as long as nothing runs
 * that says which of them counts. */
static void test_server_part(void **state) {
	static const struct entry entries[] = {
		DIR_OF("/home/l/.config/Code", "5"),
		FILE_OF("/home/l/.config/Code/User/settings.json", "100"),
		DIR_OF("/home/l/.vscode-server/data", "5"),
		FILE_OF("/home/l/.vscode-server/data/Machine/settings.json", "300"),
		{NULL, NULL},
	};
	struct bench b;
	(void)state;
	bench_open(&b, WORK, entries);
	const struct vscode_install *v = vscode_install(&b.exam);
	assert_string_equal(v->settings, "/home/l/.config/Code/User/settings.json");
	assert_string_equal(v->machine, "/home/l/.vscode-server/data/Machine/settings.json");
	assert_string_equal(v->extensions, "/home/l/.vscode-server/extensions");
	arena_free(b.arena);
}

static void test_none(void **state) {
	static const struct entry entries[] = {{NULL, NULL}};
	struct bench b;
	(void)state;
	bench_open(&b, WORK, entries);
	assert_null(vscode_install(&b.exam));
	assert_null(vscode_install_editor(&b.exam));
	arena_free(b.arena);
}

static const struct vscode_install *of_process(struct bench *b, const struct entry *entries,
                                               const char *variable) {
	bench_open(b, WORK, entries);
	b->target.editor_pid = 70;
	if (variable) {
		const char *value = strchr(variable, '=') + 1;
		envset_set(&b->target.judged,
		           arena_strndup(b->arena, variable, (size_t)(value - variable) - 1),
		           value);
	}
	return vscode_install(&b->exam);
}

/* The running one says so, whatever was used last. */
static void test_running(void **state) {
	static const struct entry plain[] = {
		{"proc:70", "ppid=60\nexe=/usr/share/codium/codium\n"
	                    "cmdline=/usr/share/codium/codium\x1f--type=utility\n"},
		DIR_OF("/home/l/.config/Code", "5"),
		FILE_OF("/home/l/.config/Code/User/settings.json", "900"),
		{NULL, NULL},
	};
	static const struct entry moved[] = {
		{"proc:70", "ppid=60\nexe=/usr/lib/electron32/electron\n"
	                    "cmdline=/usr/lib/electron32/electron\x1f--type=utility\n"},
		{"proc:60",
	         "ppid=1\nexe=/usr/lib/electron32/electron\n"
	         "cmdline=electron\x1f/usr/lib/code/out/cli.js\x1f--user-data-dir\x1f/d/u"
	         "\x1f--extensions-dir=/d/e\x1f--disable-workspace-trust\n"},
		{NULL, NULL},
	};
	static const struct entry server[] = {
		{"proc:70", "ppid=60\nexe=/home/l/.cursor-server/bin/1/node\n"
	                    "cmdline=/home/l/.cursor-server/bin/1/node\x1f"
	                    "/home/l/.cursor-server/bin/1/out/bootstrap-fork\n"},
		{NULL, NULL},
	};
	struct bench b;
	(void)state;
	const struct vscode_install *v = of_process(&b, plain, NULL);
	assert_string_equal(v->name, "VSCodium");
	assert_string_equal(v->from, "process");
	arena_free(b.arena);

	v = of_process(&b, moved, NULL);
	assert_string_equal(v->settings, "/d/u/User/settings.json");
	assert_string_equal(v->extensions, "/d/e");
	assert_true(v->trusts_all);
	arena_free(b.arena);

	v = of_process(&b, server, NULL);
	assert_string_equal(v->name, "Cursor");
	assert_null(v->data);
	assert_string_equal(v->machine, "/home/l/.cursor-server/data/Machine/settings.json");
	assert_string_equal(v->extensions, "/home/l/.cursor-server/extensions");
	arena_free(b.arena);

	v = of_process(&b, plain, "VSCODE_PORTABLE=/media/stick/data");
	assert_string_equal(v->settings, "/media/stick/data/user-data/User/settings.json");
	assert_string_equal(v->extensions, "/media/stick/data/extensions");
	arena_free(b.arena);
}

/* A user called code, a project called cursor: folders of people name no product. */
static void test_not_fooled(void **state) {
	static const struct entry entries[] = {
		{"proc:70", "ppid=1\nexe=/home/l/cursor/node\n"
	                    "cmdline=/home/l/cursor/node\x1f/home/l/src/windsurf/x.js\n"},
		DIR_OF("/home/l/.config/Code", "5"),
		FILE_OF("/home/l/.config/Code/User/settings.json", "900"),
		{NULL, NULL},
	};
	struct bench b;
	(void)state;
	const struct vscode_install *v = of_process(&b, entries, NULL);
	assert_string_equal(v->name, "Code");
	assert_string_equal(v->from, "used");
	arena_free(b.arena);
}

static void test_profile(void **state) {
	static const struct entry entries[] = {
		DIR_OF("/home/l/.config/Code", "5"),
		FILE_OF("/home/l/.config/Code/User/settings.json", "900"),
		{"file:/home/l/.config/Code/User/globalStorage/storage.json",
	         "{\"userDataProfiles\":[{\"location\":\"a\",\"name\":\"A\"},"
	         "{\"location\":\"b\",\"name\":\"B\",\"useDefaultFlags\":{\"extensions\":true}}],"
	         "\"profileAssociations\":{\"workspaces\":{\"file:///home/l/src/small\":\"b\","
	         "\"file:///home/l/src\":\"a\"}}}"},
		{NULL, NULL},
	};
	struct bench b;
	(void)state;
	bench_open(&b, WORK, entries);
	const struct vscode_install *v = vscode_install(&b.exam);
	assert_string_equal(v->profile_name, "B");
	assert_string_equal(v->settings, "/home/l/.config/Code/User/profiles/b/settings.json");
	assert_string_equal(v->default_settings, "/home/l/.config/Code/User/settings.json");
	assert_null(v->profile_extensions);
	arena_free(b.arena);
}

static void test_window(void **state) {
	static const struct entry entries[] = {
		{"dir:/w", "d a\nf x.code-workspace\n"},
		{"dir:/two", "f x.code-workspace\nf y.code-workspace\n"},
		{"file:/w/x.code-workspace",
	         "{ // ours\n\"folders\":[{\"path\":\"a\"},{\"uri\":\"file:///b%20c\"},"
	         "{\"path\":\"./a/\"},{\"path\":\"gone\"},"
	         "{\"uri\":\"vscode-remote://ssh-remote%2Bx/y\"},]}"},
		DIR_OF("/w/a", "1"),
		DIR_OF("/b c", "1"),
		{NULL, NULL},
	};
	struct vscode_window window;
	struct bench b;
	(void)state;
	bench_open(&b, WORK, entries);
	assert_string_equal(vscode_window_in(b.arena, &b.tree.base, "/w"), "/w/x.code-workspace");
	assert_null(vscode_window_in(b.arena, &b.tree.base, "/two"));
	assert_true(vscode_window_read(b.arena, &b.tree.base, "/w/x.code-workspace", &window));
	assert_int_equal(window.count, 2);
	assert_string_equal(window.folders[0], "/w/a");
	assert_string_equal(window.folders[1], "/b c");
	assert_null(window.folders[2]);
	assert_non_null(window.missing[0]);
	assert_non_null(window.missing[1]);
	assert_null(window.missing[2]);
	assert_false(vscode_window_read(b.arena, &b.tree.base, "/nothing", &window));
	arena_free(b.arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_used_last),  cmocka_unit_test(test_server_part),
		cmocka_unit_test(test_none),       cmocka_unit_test(test_running),
		cmocka_unit_test(test_not_fooled), cmocka_unit_test(test_profile),
		cmocka_unit_test(test_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
