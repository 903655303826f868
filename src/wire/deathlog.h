/* SPDX-License-Identifier: MIT
 * Lines of the kernel's log and of the journal that tell how a process ended. Sources: Linux mm/oom_kill.c (texts
 * since 4.19), arch/x86/mm/fault.c, arch/x86/kernel/traps.c, kernel/auditsc.c (types 1326 SECCOMP, 1701 ANOM_ABEND);
 * earlyoom kill.c; systemd src/oom/oomd-util.c, src/core/unit.c, src/coredump/coredump.c (252).
 */
#ifndef WIRE_DEATHLOG_H
#define WIRE_DEATHLOG_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdint.h>

struct deathlog {
	const char *how;   /* oom, oom-daemon, fault, seccomp, abend, core, unit */
	const char *by;    /* kernel, earlyoom, systemd-oomd, systemd */
	int64_t pid;       /* 0 when the line has none */
	const char *comm;  /* "" likewise */
	const char *group; /* control group or unit, "" when it says none */
	int64_t signal;    /* 0 when it says none */
	int64_t syscall;   /* of a seccomp filter, else -1 */
};

/* False when the line tells no such thing. Any bytes will do; texts live in the arena. */
bool deathlog_parse(struct arena *arena, struct slice line, struct deathlog *ret);

#endif
