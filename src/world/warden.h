/* SPDX-License-Identifier: MIT
 * The process between us and a program; see spawn.h.
 */
#ifndef WORLD_WARDEN_H
#define WORLD_WARDEN_H

#include "world/spawn.h"

enum warden_report_kind {
	WARDEN_STARTED = 1, /* value 0 */
	WARDEN_FAILED,      /* value = errno */
	WARDEN_EXITED,      /* value = wait status */
};

/* One write(2) to the report pipe, below PIPE_BUF. */
struct warden_report {
	int32_t kind;
	int32_t value;
	int64_t at_ns;          /* clock_now_ns() */
	struct last_words last; /* with WARDEN_EXITED */
};

/* The far ends of the child's descriptors; std_fds[0] is -1 for /dev/null. */
struct warden_job {
	const struct child_spec *spec;
	int control_fd;
	int report_fd;
	int std_fds[3];
};

/* Sends SIGKILL to all below this process as the kernel lists them (CONFIG_PROC_CHILDREN), whether they are ours already
 * or their parents' still (pidfd_send_signal(2), Linux 5.3; else to the children alone). False when it lists none. */
bool warden_kill_below(void);

/* To be called in a fresh fork of ours; ends the process. */
_Noreturn void warden_main(const struct warden_job *job);

#endif
