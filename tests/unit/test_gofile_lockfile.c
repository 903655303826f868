/* SPDX-License-Identifier: MIT
 * What a lock file stands for, by its path.
 */
#include "arena_fixture.h"

#include "base/str.h"
#include "gofile/lockfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MODCACHE "/home/lena/go/pkg/mod/cache"
#define HASH     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_kinds(void **state) {
	static const struct {
		const char *path;
		enum lockfile_kind kind;
	} rows[] = {
		{MODCACHE "/download/rsc.io/quote/@v/v1.5.2.lock", LOCKFILE_VERSION},
		{MODCACHE "/download/golang.org/toolchain/@v/v0.0.1-go1.27.3.linux-amd64.lock",
	         LOCKFILE_TOOLCHAIN},
		{MODCACHE "/download/rsc.io/quote/@v/list", LOCKFILE_LIST},
		{MODCACHE "/download/rsc.io/quote/@v/v1.5.2.ziphash", LOCKFILE_LIST},
		{MODCACHE "/download/sumdb/sum.example/latest", LOCKFILE_SUMDB},
		{"/home/lena/go/pkg/sumdb/sum.example/latest", LOCKFILE_SUMDB},
		{MODCACHE "/lock", LOCKFILE_MODCACHE},
		{MODCACHE "/vcs/" HASH ".lock", LOCKFILE_VCS},
		{MODCACHE "/vcs/" HASH "/shallow.lock", LOCKFILE_OTHER},
		{"/w/go.mod", LOCKFILE_PROJECT},
		{"/w/go.work.sum", LOCKFILE_PROJECT},
		{"/home/lena/.cache/go-build/trim.txt", LOCKFILE_BUILD},
		{"/home/lena/.config/gopls/prompt/telemetry.lock", LOCKFILE_GOPLS},
		{"/home/lena/.config/Code/code.lock", LOCKFILE_EDITOR},
		{"/run/user/1000/vscode-0a1b2c3d-1.95-main.sock", LOCKFILE_EDITOR},
		{"/home/lena/.config/Code/1.95-main.sock", LOCKFILE_EDITOR},
		{"/run/user/1000/vscode-ipc-6f1b0c5e.sock", LOCKFILE_EDITOR},
		{"/run/user/1000/vscode-git-6f1b0c5e.sock", LOCKFILE_EDITOR},
		{"/run/user/1000/domain-main.sock", LOCKFILE_OTHER},
		{"/run/user/1000/vscode-notes.sock", LOCKFILE_OTHER},
		{"/w/.git/index.lock", LOCKFILE_GIT},
		{"/var/lib/dpkg/lock-frontend", LOCKFILE_PACKAGES},
		{"/w/index.lock", LOCKFILE_OTHER},
		{"", LOCKFILE_OTHER},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(lockfile_of(*state, rows[i].path).kind, rows[i].kind);
	}
}

static void test_module(void **state) {
	struct lockfile file = lockfile_of(
		*state, MODCACHE "/download/github.com/!azure/sdk/v2/@v/v2.0.0-!r!c1.lock");

	assert_string_equal(file.module, "github.com/Azure/sdk/v2");
	assert_string_equal(file.version, "v2.0.0-RC1");
	assert_false(file.by_existence);

	file = lockfile_of(*state, MODCACHE
	                   "/download/golang.org/toolchain/@v/v0.0.1-go1.27.3.linux-amd64.lock");
	assert_string_equal(file.version, "go1.27.3");

	file = lockfile_of(*state, "/w/.git/index.lock");
	assert_string_equal(file.module, "");
	assert_true(file.by_existence);
	assert_true(str_has(file.what, "index"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_module, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
