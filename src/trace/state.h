/* SPDX-License-Identifier: MIT
 * What /proc says of a process when its recording begins, as an event. Source: proc(5).
 */
#ifndef TRACE_STATE_H
#define TRACE_STATE_H

#include "trace/event.h"

#define STATE_FILE_BYTES ((size_t)128 * 1024) /* of each file kept at most; full_bytes says more */
#define STATE_FDS_MAX    ((size_t)4096)

/* Hands in an EVENT_STATE of the process. One that is gone, or may not be looked at, gives an event
 * with what could be read, which may be nothing. What the sink returned. */
int state_tell(const struct event_sink *sink, pid_t pid, int64_t now_ns);

#endif
