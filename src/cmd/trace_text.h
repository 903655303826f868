/* SPDX-License-Identifier: MIT
 * Events as lines on standard output while they happen.
 */
#ifndef CMD_TRACE_TEXT_H
#define CMD_TRACE_TEXT_H

#include "trace/event.h"

#include <stdio.h>

/* data: a FILE. -EPIPE when the reader went away, -EIO. */
int trace_text_take(void *data, const struct event *event);

#endif
