/* SPDX-License-Identifier: MIT
 * What ended the last server, from facts alone: logs of the editor, tracebacks, the kernel's log and journal,
 * counters of control groups, limits of the editor.
 */
#ifndef CMD_EXITED_STORY_H
#define CMD_EXITED_STORY_H

#include "core/facts.h"

#define EXITED_PROOFS_MAX 12

struct exited_story {
	/* oom, oom-daemon, seccomp, panic, no-memory, limit, signal, fault, flags, exit, asked, not-started; NULL: no
	 * trace of a server that ended */
	const char *kind;
	const char *answer; /* one sentence */
	int64_t pid;        /* 0 when nothing says it */
	int64_t signal;     /* 0: none, or not known */
	int64_t exit_code;  /* -1 likewise */
	int64_t at_ns;      /* 0 when nothing says it */
	const char *
		sender; /* who sent the signal: "the kernel", "earlyoom" …; "" when that is not known */
	const char *unknown; /* what stays open, and what would tell; "" */
	const char *proof[EXITED_PROOFS_MAX];
	size_t proof_count;
	const char *fix_title, *fix_command; /* "" when there is none */
	bool certain;
};

/* pid: of the server that is meant, 0: the last one. In the arena of the facts. */
struct exited_story exited_story(const struct facts *facts, int64_t pid);

#endif
