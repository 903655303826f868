/* SPDX-License-Identifier: MIT */
#include "report/history.h"

#include "base/clock.h"
#include "base/str.h"

#include <time.h>

bool history_tells(const struct fact_log_event *e) {
	static const char *const quiet[] = {"start", "started", "activated", "restart", "disabled"};
	for (size_t i = 0; i < sizeof(quiet) / sizeof(*quiet); i++) {
		if (streq(e->kind, quiet[i])) {
			return streq(e->source, "given");
		}
	}
	return !(streq(e->kind, "exit") && str_has(e->text, "code 0"));
}

const char *history_time(struct arena *arena, const struct fact_log_event *e) {
	time_t seconds = (time_t)(e->at_ns / NS_PER_S);
	struct tm tm;
	char text[40];
	if (e->at_ns <= 0 || !localtime_r(&seconds, &tm) ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0) {
		return "";
	}
	return arena_strdup(arena, text);
}

const char *history_line(struct arena *arena, const struct fact_log_event *e) {
	const char *when = history_time(arena, e);
	return arena_printf(arena, "%s%s%s: %s (%s%s)", e->kind, *when ? " on " : "", when, e->text,
	                    e->file, e->current ? "" : "; of an earlier run, so not the cause now");
}
