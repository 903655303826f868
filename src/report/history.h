/* SPDX-License-Identifier: MIT
 * What logs say, for the report: never a cause by itself, but a hint to who reads it.
 */
#ifndef REPORT_HISTORY_H
#define REPORT_HISTORY_H

#include "core/facts.h"

/* Worth telling to somebody who asks what is wrong: crashes, exits, refusals, not starts that
 * worked. Of a log that was given everything is. */
bool history_tells(const struct fact_log_event *event);
/* "2026-11-21 11:00:01" in local time, "" when the log has no date. */
const char *history_time(struct arena *arena, const struct fact_log_event *event);
/* "crash on 2026-11-21 11:00:01: panic: … (FILE)", and whether that is over. */
const char *history_line(struct arena *arena, const struct fact_log_event *event);

#endif
