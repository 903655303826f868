/* SPDX-License-Identifier: MIT
 * What a finished run leaves as evidence bytes: "key=value" lines (started exit signal ms timed_out
 * out_bytes err_bytes), an empty line, then stdout and stderr one behind the other.
 */
#ifndef CORE_RUN_RECORD_H
#define CORE_RUN_RECORD_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct run_record {
	bool started;
	bool timed_out;
	int exit_code; /* -1 when ended by a signal or by us */
	int signal;    /* 0 when it exited */
	int64_t ms;
	struct slice out;
	struct slice err;
};

struct slice run_record_format(struct arena *arena, const struct run_record *record);
/* 0, or -EINVAL when the bytes are not of this form; the slices of *ret point into `bytes`. */
int run_record_parse(struct slice bytes, struct run_record *ret);

#endif
