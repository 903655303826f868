/* SPDX-License-Identifier: MIT
 * How testimony.c feeds episodes.c.
 */
#ifndef TRACE_EPISODES_WORK_H
#define TRACE_EPISODES_WORK_H

#include "trace/episodes.h"
#include "trace/testimony_work.h"

/* Errors that are no part of ordinary work. */
bool episodes_refusal(int error);
void episodes_see(struct testimony *t, const struct event *e, const struct call *call);

#endif
