/* SPDX-License-Identifier: MIT
 * What dpkg and apt write down: which package, when, by which command.
 */
#include "arena_fixture.h"
#include "base/clock.h"
#include "base/str.h"
#include "wire/dpkglog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

static const char dpkg_log[] = "2026-11-20 14:02:10 startup archives unpack\n"
			       "2026-11-20 14:02:11 upgrade gopls:amd64 1:0.20.0-1 1:0.23.0-1\n"
			       "2026-11-20 14:02:11 status half-configured gopls:amd64 1:0.20.0-1\n"
			       "2026-13-20 14:02:11 upgrade never:amd64 1 2\n"
			       "upgrade never:amd64 1 2\n"
			       "2026-11-20 14:02:13 install golang-1.26-go:amd64 <none> 1.26.8-1\n"
			       "2026-11-20 14:02:14 remove old:amd64 1 <none>";

static const char apt_history[] =
	"\nStart-Date: 2026-11-19  09:00:00\nCommandline: apt install gopls\n"
	"Install: gopls:amd64 (1:0.20.0-1)\nEnd-Date: 2026-11-19  09:00:09\n"
	"\nStart-Date: 2026-11-20  14:02:10\nCommandline: apt-get upgrade\nRequested-By: lena "
	"(1000)\n"
	"Upgrade: libgopls:amd64 (1, 2), gopls:amd64 (1:0.20.0-1, 1:0.23.0-1)\n"
	"End-Date: 2026-11-20  14:02:15\n";

static void test_actions(void **state) {
	struct slice rest = slice_str(dpkg_log);
	struct dpkg_action a;
	assert_true(dpkglog_take(*state, &rest, &a));
	assert_string_equal(a.action, "upgrade");
	assert_string_equal(a.package, "gopls:amd64");
	assert_string_equal(a.old_version, "1:0.20.0-1");
	assert_string_equal(a.new_version, "1:0.23.0-1");
	assert_true(a.at_ns == INT64_C(1795183331) * NS_PER_S);
	assert_true(dpkglog_take(*state, &rest, &a));
	assert_string_equal(a.package, "golang-1.26-go:amd64");
	assert_string_equal(a.old_version, "");
	assert_true(dpkglog_take(*state, &rest, &a));
	assert_string_equal(a.action, "remove");
	assert_false(dpkglog_take(*state, &rest, &a));
}

static void test_run_of_apt(void **state) {
	struct apt_run run;
	struct dpkg_action a = {.package = "gopls:amd64", .at_ns = INT64_C(1795183331) * NS_PER_S};
	assert_true(apt_history_find(*state, slice_str(apt_history), &a, &run));
	assert_string_equal(run.command, "apt-get upgrade");
	a.at_ns += 3600 * NS_PER_S;
	assert_false(apt_history_find(*state, slice_str(apt_history), &a, &run));
	a.at_ns -= 3600 * NS_PER_S;
	a.package = "opls:amd64";
	assert_false(apt_history_find(*state, slice_str(apt_history), &a, &run));
	a.package = "gopls:arm64";
	assert_false(apt_history_find(*state, slice_str(apt_history), &a, &run));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_actions, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_run_of_apt, arena_setup, arena_teardown),
	};
	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests_name("wire_dpkglog", tests, NULL, NULL);
}
