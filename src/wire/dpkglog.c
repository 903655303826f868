/* SPDX-License-Identifier: MIT */
#include "wire/dpkglog.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/str.h"

#include <time.h>

#define WORD_MAX     ((size_t)256)
#define COMMAND_MAX  ((size_t)1024)
#define END_SLACK_NS NS_PER_S /* both logs know whole seconds only */

static bool number(struct slice *s, size_t digits, int *ret) {
	int n = 0;
	if (s->len < digits) {
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		if (!ascii_is_digit(s->data[i])) {
			return false;
		}
		n = n * 10 + (s->data[i] - '0');
	}
	*s = slice_from(*s, digits);
	*ret = n;
	return true;
}

static bool sign(struct slice *s, char c) {
	if (s->len == 0 || s->data[0] != c) {
		return false;
	}
	*s = slice_from(*s, 1);
	return true;
}

/* "2026-11-20 14:02:13", with one blank or, as apt has it, two. */
static bool time_of(struct slice *s, int64_t *ret_ns) {
	struct tm tm = {.tm_isdst = -1};
	if (!number(s, 4, &tm.tm_year) || !sign(s, '-') || !number(s, 2, &tm.tm_mon) ||
	    !sign(s, '-') || !number(s, 2, &tm.tm_mday) || !sign(s, ' ')) {
		return false;
	}
	(void)sign(s, ' ');
	if (!number(s, 2, &tm.tm_hour) || !sign(s, ':') || !number(s, 2, &tm.tm_min) ||
	    !sign(s, ':') || !number(s, 2, &tm.tm_sec)) {
		return false;
	}
	if (tm.tm_year < 1990 || tm.tm_year > 2200 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60) {
		return false;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ret_ns = (int64_t)mktime(&tm) * NS_PER_S;
	return true;
}

static const char *word(struct arena *arena, struct slice *line) {
	struct slice part = {0};
	if (!slice_cut(line, ' ', &part) || part.len > WORD_MAX || slice_eq(part, "<none>")) {
		return "";
	}
	return arena_slicedup(arena, part);
}

bool dpkglog_take(struct arena *arena, struct slice *rest, struct dpkg_action *ret) {
	struct slice line;
	while (slice_line(rest, &line)) {
		*ret = (struct dpkg_action){0};
		if (!time_of(&line, &ret->at_ns) || !sign(&line, ' ') ||
		    !(slice_starts(line, "install ") || slice_starts(line, "upgrade ") ||
		      slice_starts(line, "remove "))) {
			continue;
		}
		ret->action = word(arena, &line);
		ret->package = word(arena, &line);
		ret->old_version = word(arena, &line);
		ret->new_version = word(arena, &line);
		if (*ret->package) {
			return true;
		}
	}
	return false;
}

/* "gopls:amd64 (0.20, 0.23), …": the name, whole. */
static bool names_package(struct slice line, const char *package) {
	size_t len = strlen(package);
	for (size_t i = 0; i + len <= line.len; i++) {
		bool begins = i == 0 || line.data[i - 1] == ' ';
		bool ends = i + len == line.len || line.data[i + len] == ' ';
		if (begins && ends && memcmp(line.data + i, package, len) == 0) {
			return true;
		}
	}
	return false;
}

struct block {
	struct apt_run run;
	bool named;
};

static void take_line(struct arena *arena, struct slice line, const char *package,
                      struct block *b) {
	static const char *const lists[] = {
		"Install: ", "Upgrade: ", "Reinstall: ", "Downgrade: ", "Remove: "};
	static const char command[] = "Commandline: ";
	static const char end[] = "End-Date: ";
	if (slice_starts(line, command) && line.len < COMMAND_MAX) {
		b->run.command = arena_slicedup(arena, slice_of(line.data + sizeof(command) - 1,
		                                                line.len - sizeof(command) + 1));
	} else if (slice_starts(line, end)) {
		line = slice_of(line.data + sizeof(end) - 1, line.len - sizeof(end) + 1);
		(void)time_of(&line, &b->run.end_ns);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		b->named =
			b->named || (slice_starts(line, lists[i]) && names_package(line, package));
	}
}

static bool fits(const struct block *b, const struct dpkg_action *action) {
	int64_t end = b->run.end_ns;
	return b->named && b->run.begin_ns > 0 && action->at_ns + END_SLACK_NS >= b->run.begin_ns &&
	       (end == 0 || action->at_ns <= end + END_SLACK_NS);
}

bool apt_history_find(struct arena *arena, struct slice text, const struct dpkg_action *action,
                      struct apt_run *ret) {
	static const char start[] = "Start-Date: ";
	struct block b = {.run = {.command = ""}};
	struct slice line;
	while (slice_line(&text, &line)) {
		if (!slice_starts(line, start)) {
			take_line(arena, line, action->package, &b);
			continue;
		}
		if (fits(&b, action)) {
			break;
		}
		b = (struct block){.run = {.command = ""}};
		line = slice_of(line.data + sizeof(start) - 1, line.len - sizeof(start) + 1);
		(void)time_of(&line, &b.run.begin_ns);
	}
	*ret = b.run;
	return fits(&b, action);
}
