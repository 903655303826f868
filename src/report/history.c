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

static const char *kind_in_words(const char *kind) {
	static const char *const words[][2] = {
		{"activated", "extension started"},
		{"activation-failed", "extension failed"},
		{"bad-flags", "bad flags"},
		{"command-exists", "command taken"},
		{"config-error", "settings refused"},
		{"daemon-lost", "daemon lost"},
		{"gave-up", "given up"},
		{"go-missing", "no go"},
		{"no-tool", "tool missing"},
		{"spawn-failed", "not executed"},
		{"start-failed", "not started"},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (streq(kind, words[i][0])) {
			return words[i][1];
		}
	}
	return kind;
}

const char *history_line(struct arena *arena, const struct fact_log_event *e) {
	const char *when = history_time(arena, e);
	return arena_printf(arena, "%s%s%s: %s (%s%s)", kind_in_words(e->kind), *when ? " on " : "",
	                    when, e->text, e->file,
	                    e->current ? "" : "; of an earlier run, so not the cause now");
}
