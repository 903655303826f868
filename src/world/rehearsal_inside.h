/* SPDX-License-Identifier: MIT
 * The processes of a rehearsal and what they tell us. One stands outside and ends the others when dialtone ends; one makes
 * the view, is the first process in it, and ends all others when it ends; one does what is rehearsed.
 */
#ifndef WORLD_REHEARSAL_INSIDE_H
#define WORLD_REHEARSAL_INSIDE_H

#include "world/rehearsal.h"

enum inside_kind {
	INSIDE_ENTERED = 1,
	INSIDE_REFUSED, /* value: negative errno; text */
	INSIDE_NO_PROC, /* no /proc of its own can be mounted: to be tried without processes of its own */
	INSIDE_ACTED,
	INSIDE_NOT_DONE, /* value: negative errno; text */
	INSIDE_ENDED,    /* value: wait status of the program */
};

/* One write(2) below PIPE_BUF. */
struct inside_report {
	int32_t kind;
	int32_t value;
	int64_t at_ns;
	char text[ERR_MSG_MAX];
};

struct inside_job {
	const struct rehearsal_spec *spec;
	bool own_processes;
	int control_fd; /* its end is the end of all */
	int report_fd;
	int out_fd;
	int err_fd;
};

/* To be called in a fresh fork of ours; ends the process. */
_Noreturn void inside_main(const struct inside_job *job);

#endif
