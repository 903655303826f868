/* SPDX-License-Identifier: MIT
 * Lines of the kernel's log and of the journal that tell of an end, and such that do not.
 */
#include "base/str.h"
#include "wire/deathlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *line, *how, *by, *comm, *group;
	int64_t pid, signal;
} known[] = {
	{"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/"
         "a.scope,"
         "task_memcg=/a.scope/b,task=gopls,pid=18541,uid=1000",
         "oom", "kernel", "gopls", "/a.scope", 18541, 9},
	{"Memory cgroup out of memory: Killed process 18541 (gopls) total-vm:1421092kB", "oom",
         "kernel", "gopls", "", 18541, 9},
	{"Out of memory: Killed process 7 (go) total-vm:1kB", "oom", "kernel", "go", "", 7, 9},
	{"gopls[4242]: segfault at 8 ip 00000000004 sp 00007ff error 4 in gopls[400000+a00000]",
         "fault", "kernel", "gopls", "", 4242, 11},
	{"traps: gopls[4242] trap invalid opcode ip:1 sp:2 error:0", "fault", "kernel", "gopls", "",
         4242, 4},
	{"audit: type=1326 audit(1.2:3): auid=1 uid=1 gid=1 ses=1 pid=88 comm=\"gopls\" "
         "exe=\"/h/gopls\" sig=31 arch=c000003e syscall=435 compat=0",
         "seccomp", "kernel", "gopls", "", 88, 31},
	{"2026-11-21T11:00:01+0000 host earlyoom[77]: sending SIGTERM to process 123 uid 1000 "
         "\"gopls\": badness 900, VmRSS 2000 MiB",
         "oom-daemon", "earlyoom", "gopls", "", 123, 15},
	{"2026-11-21T11:00:01+0000 host systemd-oomd[55]: Killed "
         "/user.slice/user-1000.slice/app-code.scope due to memory pressure",
         "oom-daemon", "systemd-oomd", "", "/user.slice/user-1000.slice/app-code.scope", 0, 9},
	{"2026-11-21T11:00:01+0000 host systemd[1]: app-code.scope: A process of this unit has "
         "been "
         "killed by the OOM killer.",
         "oom", "systemd", "", "app-code.scope", 0, 9},
	{"2026-11-21T11:00:01+0000 host systemd-coredump[99]: Process 123 (gopls) of user 1000 "
         "dumped "
         "core.",
         "core", "kernel", "gopls", "", 123, 0},
};

static void test_known(void **state) {
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct deathlog d;

		assert_true(deathlog_parse(arena, slice_str(known[i].line), &d));
		assert_string_equal(d.how, known[i].how);
		assert_string_equal(d.by, known[i].by);
		assert_string_equal(d.comm, known[i].comm);
		assert_string_equal(d.group, known[i].group);
		assert_int_equal(d.pid, known[i].pid);
		assert_int_equal(d.signal, known[i].signal);
	}
	arena_free(arena);
}

static void test_others(void **state) {
	static const char *const lines[] = {
		"",
		"go invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
		"audit: type=1326 audit(1.2:3): pid=88 comm=\"gopls\" sig=0 syscall=435",
		"EXT4-fs (loop0): mounted filesystem",
		": segfault at ",
		"host gopls[12]: panic: boom",
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct deathlog d;

		assert_false(deathlog_parse(arena, slice_str(lines[i]), &d));
	}
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
