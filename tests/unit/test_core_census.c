/* SPDX-License-Identifier: MIT
 * What processes are to each other, from the text of a look.
 */
#include "base/str.h"
#include "core/census.h"
#include "core/gopls_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD                                                                                       \
	"uid=1000\neverybody=0\nnow_wall_ns=9000000000\nprocesses=9\nothers=0\nhidden="            \
	"0\ndenied=0\nsockets_error=0\n\n"
#define INIT "pid=1\nppid=0\nuid=0\nkin=ancestor\nstate=S\ncomm=systemd\ncmdline=/sbin/init\n\n"
#define EDITOR                                                                                     \
	"pid=10\nppid=1\nuid=1000\nkin=self\nstate=S\ncomm=nvim\ncmdline=nvim\x1fmain.go\ncwd=/"   \
	"w\n"                                                                                      \
	"end0=tty none \nend1=tty none \nend2=tty none \n\n"
#define SERVER_HEAD(pid_, ppid_, at_)                                                              \
	"pid=" #pid_ "\nppid=" #ppid_ "\nuid=1000\nkin=self\nstate=S\nstart_wall_ns=" #at_         \
	"\ncomm=gopls\ncwd=/w\nexe=/g/gopls\npackage=golang.org/x/tools/gopls\n"                   \
	"module_version=v0.23.0\ngo_version=go1.26.8\n"
#define CONNECTED(pid_) "end0=unix held " #pid_ "\nend1=unix held " #pid_ "\nend2=null none \n"
#define CLOSED          "end0=pipe closed \nend1=pipe closed \nend2=null none \n"

static struct arena *arena;

static int setup(void **state) {
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state) {
	(void)state;
	arena_free(arena);
	return 0;
}

static struct census read_text(const char *text) {
	return census_read(arena, slice_str(text));
}

static enum census_role role_of(const struct census *c, int64_t pid) {
	const struct census_process *p = census_by_pid(c, pid);

	assert_non_null(p);
	return p->role;
}

static const struct census_mark *mark_of(const struct census *c, int64_t pid,
                                         enum census_mark_kind kind) {
	const struct census_process *p = census_by_pid(c, pid);

	for (size_t i = 0; p && i < p->mark_count; i++) {
		if (p->marks[i].kind == kind) {
			return &p->marks[i];
		}
	}
	return NULL;
}

static bool is_left_over(const struct census *c, int64_t pid) {
	return mark_of(c, pid, MARK_ORPHAN) || mark_of(c, pid, MARK_DESERTED) ||
	       mark_of(c, pid, MARK_LEFT_OVER);
}

/* clang-format off */
static const char roles_text[] =
	HEAD INIT EDITOR
	"pid=11\nppid=10\nuid=1000\nkin=ancestor\nstate=S\ncomm=sh\ncmdline=/bin/sh\037/w/gopls.sh\n\n"
	SERVER_HEAD(20, 11, 5) "cmdline=gopls\037-rpc.trace\n" CONNECTED(10) "\n"
	SERVER_HEAD(21, 20, 5) "cmdline=gopls\037** telemetry **\nenv.GO_TELEMETRY_CHILD=1\n\n"
	SERVER_HEAD(22, 10, 5) "cmdline=gopls\037-remote=auto\n" CONNECTED(10) "\n"
	SERVER_HEAD(23, 1, 5) "cmdline=gopls\037serve\037-listen\037unix;/run/s\037-listen.timeout\0371m0s\nlisten=unix;/run/s\nclients=22\nwaiting=0\n\n"
	SERVER_HEAD(24, 10, 5) "cmdline=gopls\037check\037a.go\n\n"
	"pid=30\nppid=20\nuid=1000\nkin=self\nstate=S\ncomm=go\npackage=cmd/go\ncmdline=go\037list\037-e\n\n"
	"pid=31\nppid=30\nuid=1000\nkin=self\nstate=S\ncomm=git\ncmdline=git\037fetch\n\n"
	"pid=32\nppid=1\nuid=1000\nkin=self\nstate=S\ncomm=go\npackage=example.com/game\ncmdline=go\n\n"
	"pid=40\nppid=10\nuid=1000\nkin=self\nstate=S\ncomm=x\npackage=github.com/go-delve/delve/cmd/dlv\ncmdline=x\037dap\n\n"
	"pid=41\nppid=40\nuid=1000\nkin=self\nstate=t\ncomm=shop\ntracer=40\ncmdline=/tmp/shop\n\n";
/* clang-format on */

static void test_roles(void **state) {
	struct census c = read_text(roles_text);

	(void)state;
	assert_int_equal(role_of(&c, 1), ROLE_OTHER);
	assert_int_equal(role_of(&c, 10), ROLE_EDITOR);
	assert_int_equal(role_of(&c, 11), ROLE_WRAPPER);
	assert_int_equal(role_of(&c, 20), ROLE_SERVER);
	assert_int_equal(role_of(&c, 21), ROLE_TELEMETRY);
	assert_int_equal(role_of(&c, 22), ROLE_FORWARDER);
	assert_int_equal(role_of(&c, 23), ROLE_DAEMON);
	assert_int_equal(role_of(&c, 24), ROLE_COMMAND);
	assert_int_equal(role_of(&c, 30), ROLE_GO);
	assert_int_equal(role_of(&c, 31), ROLE_HELPER);
	assert_int_equal(role_of(&c, 32), ROLE_OTHER);
	assert_int_equal(role_of(&c, 40), ROLE_DEBUGGER);
	assert_int_equal(role_of(&c, 41), ROLE_DEBUGGEE);
	assert_int_equal(census_by_pid(&c, 22)->server_of, 23);
	assert_int_equal(c.items[census_by_pid(&c, 20)->editor].pid, 10);
	assert_string_equal(census_by_pid(&c, 20)->arguments, "-rpc.trace");
	for (size_t i = 0; i < c.count; i++) {
		assert_false(is_left_over(&c, c.items[i].pid));
		assert_null(mark_of(&c, c.items[i].pid, MARK_DUPLICATE));
	}
}

/* clang-format off */
static const char extension_hosts_text[] =
	HEAD INIT "pid=10\nppid=1\nuid=1000\nkin=ancestor\nstate=S\ncomm=code\ncmdline=/usr/share/code/code\n\n"
	"pid=11\nppid=10\nuid=1000\nkin=self\nstate=S\ncomm=code\ncmdline=code\037--type=utility\nenv.VSCODE_ESM_ENTRYPOINT=vs/workbench/api/node/extensionHostProcess\n\n"
	"pid=12\nppid=11\nuid=1000\nkin=self\nstate=S\ncomm=node\ncmdline=node\037server.js\nenv.VSCODE_PID=10\n\n"
	"pid=13\nppid=1\nuid=1000\nkin=self\nstate=S\ncomm=node\ncmdline=node\037--type=extensionHost\n\n"
	"pid=14\nppid=13\nuid=1000\nkin=self\nstate=S\ncomm=node\ncmdline=node\037/x/pyright-langserver.js\n\n";
/* clang-format on */

static void test_extension_hosts(void **state) {
	struct census c = read_text(extension_hosts_text);

	(void)state;
	assert_int_equal(role_of(&c, 10), ROLE_EDITOR);
	assert_int_equal(role_of(&c, 11), ROLE_HOST);
	assert_int_equal(role_of(&c, 12), ROLE_OTHER);
	assert_int_equal(role_of(&c, 13), ROLE_HOST);
	assert_int_equal(role_of(&c, 14), ROLE_SERVER);
	assert_string_equal(census_by_pid(&c, 14)->name, "pyright-langserver");
}

/* clang-format off */
static const char left_overs_text[] =
	HEAD INIT EDITOR
	SERVER_HEAD(20, 1, 5) "cmdline=gopls\n" CLOSED "\n"
	SERVER_HEAD(21, 10, 5) "cmdline=gopls\n" CLOSED "\n"
	/* Its wrapper is gone, the editor is not. */
	SERVER_HEAD(22, 1, 5) "cmdline=gopls\n" CONNECTED(10) "\n"
	/* A daemon of a deleted file with a client, and one without. */
	SERVER_HEAD(23, 1, 5) "gone=1\ncmdline=gopls\037-listen=:4389\nlisten=127.0.0.1:4389\nclients=22\n\n"
	SERVER_HEAD(24, 1, 5) "gone=1\ncmdline=gopls\037-listen=:4390\nlisten=127.0.0.1:4390\nclients=\n\n"
	SERVER_HEAD(25, 1, 5) "cmdline=gopls\037-listen=:4391\nlisten=127.0.0.1:4391\nclients=\n" CLOSED "\n"
	SERVER_HEAD(26, 20, 5) "cmdline=gopls\037** telemetry **\n" CLOSED "\n"
	"pid=30\nppid=1\nuid=1000\nkin=self\nstate=S\ncomm=go\npackage=cmd/go\ncmdline=go\037list\nend0=null none \nend1=pipe closed \nend2=pipe closed \n\n"
	"pid=31\nppid=1\nuid=1000\nkin=self\nstate=S\ncomm=go\npackage=cmd/go\ncmdline=go\037build\nend0=null none \nend1=file none \nend2=file none \ntarget1=/tmp/out\n\n"
	"pid=40\nppid=1\nuid=1000\nkin=self\nstate=S\ncomm=__debug_bin3421\ncmdline=/w/__debug_bin3421\nend0=null none \n\n";
/* clang-format on */

static void test_left_overs(void **state) {
	struct census c = read_text(left_overs_text);

	(void)state;
	assert_non_null(mark_of(&c, 20, MARK_ORPHAN));
	assert_non_null(mark_of(&c, 21, MARK_DESERTED));
	assert_false(is_left_over(&c, 22));
	assert_false(is_left_over(&c, 23));
	assert_non_null(mark_of(&c, 23, MARK_REPLACED));
	assert_non_null(mark_of(&c, 24, MARK_LEFT_OVER));
	assert_false(is_left_over(&c, 25));
	assert_false(is_left_over(&c, 26));
	assert_non_null(mark_of(&c, 30, MARK_ORPHAN));
	assert_false(is_left_over(&c, 31));
	assert_non_null(mark_of(&c, 40, MARK_LEFT_OVER));
	/* What is left over is no duplicate. */
	assert_null(mark_of(&c, 22, MARK_DUPLICATE));
}

/* clang-format off */
static const char duplicates_text[] =
	HEAD INIT EDITOR
	SERVER_HEAD(20, 10, 500) "cmdline=gopls\nenv.PATH=/a:/b\nenv.GOFLAGS=-mod=mod\nenv.GOTELEMETRY_X=1\n" CONNECTED(10) "\n"
	SERVER_HEAD(21, 10, 400) "cmdline=gopls\nenv.PATH=/b\nenv.GODEBUG=x\n" CONNECTED(10) "\n"
	SERVER_HEAD(22, 10, 600) "cmdline=gopls\nenv.PATH=/b\nenv.GODEBUG=x\n" CONNECTED(10) "\n";
/* clang-format on */

static void test_duplicates(void **state) {
	struct census c = read_text(duplicates_text);
	const struct census_mark *split = mark_of(&c, 20, MARK_DUPLICATE);
	const struct census_mark *same = mark_of(&c, 22, MARK_DUPLICATE);

	(void)state;
	assert_null(mark_of(&c, 21, MARK_DUPLICATE));
	assert_non_null(split);
	assert_int_equal(split->other, 21);
	assert_int_equal(split->split_count, 3);
	assert_string_equal(split->splits[0].name, "GOFLAGS");
	assert_null(split->splits[0].a);
	assert_string_equal(split->splits[0].b, "-mod=mod");
	assert_string_equal(split->splits[1].name, "GODEBUG");
	assert_string_equal(split->splits[2].name, "PATH");
	assert_non_null(same);
	assert_int_equal(same->other, 21);
	assert_int_equal(same->split_count, 0);
}

static void test_hostile_text(void **state) {
	struct census c = read_text(
		"pid=7\n\n\n\npid=x\n\npid=8\nppid=8\nstate=\nend0=\nend1=unix held 1,,2\n"
		"clients=4,x\ncomm=gopls\nkin=self\n\npid=9\nppid=10\n\npid=10\nppid=9\ncomm=go");

	(void)state;
	assert_int_equal(c.count, 3);
	assert_int_equal(census_by_pid(&c, 8)->state, '?');
	assert_int_equal(census_by_pid(&c, 8)->ends[1].pid_count, 1);
	assert_int_equal(census_read(arena, slice_of(NULL, 0)).count, 0);
}

static void test_gopls_call(void **state) {
	struct gopls_call call = gopls_call_read(arena, slice_str("gopls\x1f-remote\x1f"
	                                                          "auto\x1fmcp"));
	struct gopls_socket place = gopls_socket_place(arena, "", "/var/tmp", NULL, "auto;blue");

	(void)state;
	assert_string_equal(call.role, "mcp");
	assert_string_equal(call.remote, "auto");
	assert_string_equal(gopls_call_read(arena, slice_str("gopls\x1f-vv\x1fserve")).role,
	                    "server");
	assert_string_equal(
		gopls_call_read(arena, slice_str("gopls\x1f-logfile\x1f/x\x1f-debug=:0")).role,
		"server");
	assert_null(gopls_call_read(arena, slice_str("gopls\x1f** telemetry **")).role);
	assert_string_equal(place.origin, "TMPDIR");
	assert_string_equal(gopls_socket_path(arena, &place, "/x/bin/gopls", "0123456789"),
	                    "/var/tmp/gopls-012345-daemon.shared-blue");
}

#define AT(pid_, at_, cwd_, root_, more_)                                                          \
	"pid=" #pid_ "\nppid=10\nuid=1000\nkin=self\nstate=S\nstart_wall_ns=" #at_                 \
	"\ncomm=gopls\npackage=golang.org/x/tools/gopls\ncwd=" cwd_ "\nroot=" root_                \
	"\n" CONNECTED(10) more_ "\n"

/* One below the other is the same work twice only when one module or workspace holds for both. */
static void test_nested(void **state) {
	(void)state;
	struct census c =
		read_text(HEAD INIT EDITOR AT(20, 1, "/w", "/w", "") AT(21, 2, "/w/in", "/w", "")
	                          AT(22, 3, "/w/own", "/w/own", "") AT(23, 4, "/wide", "/w", ""));
	const struct census_mark *m = mark_of(&c, 21, MARK_DUPLICATE);

	assert_non_null(m);
	assert_int_equal(m->other, 20);
	assert_null(mark_of(&c, 20, MARK_DUPLICATE));
	assert_null(mark_of(&c, 22, MARK_DUPLICATE));
	assert_null(mark_of(&c, 23, MARK_DUPLICATE));
	/* GOWORK may name another one. */
	c = read_text(HEAD INIT EDITOR AT(20, 1, "/w", "/w", "")
	                      AT(21, 2, "/w/in", "/w", "env.GOWORK=off\n"));
	assert_null(mark_of(&c, 21, MARK_DUPLICATE));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_roles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_extension_hosts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_overs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_duplicates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gopls_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nested, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
