/* SPDX-License-Identifier: MIT */
#include "wire/logtext.h"

#include "base/clock.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define STAMPS_MAX 3 /* one behind the other in a line */

static void skip(struct slice *s, size_t n) {
	*s = slice_from(*s, n);
}

/* Just `digits` of them. */
static bool number(struct slice *s, size_t digits, int *ret) {
	int value = 0;
	if (s->len < digits) {
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)s->data[i])) {
			return false;
		}
		value = value * 10 + (s->data[i] - '0');
	}
	skip(s, digits);
	*ret = value;
	return true;
}

static bool one_of(struct slice *s, const char *chars) {
	if (s->len == 0 || s->data[0] == '\0' || !strchr(chars, s->data[0])) {
		return false;
	}
	skip(s, 1);
	return true;
}

/* hh:mm:ss with a fraction of any length. */
static bool time_of_day(struct slice *s, struct tm *tm, int64_t *ret_fraction_ns) {
	int64_t unit = NS_PER_S / 10;
	*ret_fraction_ns = 0;
	if (!number(s, 2, &tm->tm_hour) || !one_of(s, ":") || !number(s, 2, &tm->tm_min) ||
	    !one_of(s, ":") || !number(s, 2, &tm->tm_sec)) {
		return false;
	}
	if (s->len > 1 && (s->data[0] == '.' || s->data[0] == ',') &&
	    isdigit((unsigned char)s->data[1])) {
		skip(s, 1);
		for (; s->len > 0 && isdigit((unsigned char)s->data[0]); skip(s, 1), unit /= 10) {
			*ret_fraction_ns += (s->data[0] - '0') * unit;
		}
	}
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 61;
}

/* Z, +0000 or +00:00; false and nothing taken when there is none. */
static bool zone(struct slice *s, int *ret_seconds) {
	struct slice at = *s;
	int hours = 0;
	int minutes = 0;
	bool minus = at.len > 0 && at.data[0] == '-';
	*ret_seconds = 0;
	if (one_of(&at, "Z")) {
		*s = at;
		return true;
	}
	if (!one_of(&at, "+-") || !number(&at, 2, &hours)) {
		return false;
	}
	(void)one_of(&at, ":");
	if (!number(&at, 2, &minutes)) {
		return false;
	}
	*s = at;
	*ret_seconds = (hours * 60 + minutes) * (minus ? -60 : 60);
	return true;
}

static bool date_and_time(struct slice *s, int64_t *ret_ns) {
	struct slice at = *s;
	struct tm tm = {.tm_isdst = -1};
	int64_t fraction = 0;
	int offset = 0;
	if (!number(&at, 4, &tm.tm_year) || !one_of(&at, "-/") || !number(&at, 2, &tm.tm_mon) ||
	    !one_of(&at, "-/") || !number(&at, 2, &tm.tm_mday) || !one_of(&at, " T") ||
	    !time_of_day(&at, &tm, &fraction)) {
		return false;
	}
	if (tm.tm_year < 1990 || tm.tm_year > 2200 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31) {
		return false;
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	bool zoned = zone(&at, &offset);
	time_t seconds = zoned ? timegm(&tm) - offset : mktime(&tm);
	*ret_ns = (int64_t)seconds * NS_PER_S + fraction;
	*s = at;
	return true;
}

/* "[info] ", "[exthost] ", "[ERROR]": a word in brackets. */
static bool bracketed_word(struct slice *s) {
	size_t n = 1;
	if (s->len < 3 || s->data[0] != '[') {
		return false;
	}
	while (n < s->len && n < 24 && (isalpha((unsigned char)s->data[n]) || s->data[n] == ' ')) {
		n++;
	}
	if (n < 2 || n >= s->len || s->data[n] != ']') {
		return false;
	}
	skip(s, n + 1);
	return true;
}

/* "9:05:01 AM", "21:05:01", "12:31:13.250 PM" as the user's language has it. */
static int64_t clock_of_day(struct slice s) {
	struct tm tm = {0};
	int64_t fraction = 0;
	char text[16] = "0";
	size_t pad = s.len > 1 && s.data[1] == ':';
	size_t n = s.len < sizeof(text) - 1 - pad ? s.len : sizeof(text) - 1 - pad;
	memcpy(text + pad, s.data, n);
	text[pad + n] = '\0';
	struct slice at = slice_str(text);
	if (!time_of_day(&at, &tm, &fraction)) {
		return -1;
	}
	bool evening = slice_has(s, "PM");
	if ((evening || slice_has(s, "AM")) && tm.tm_hour <= 12) {
		tm.tm_hour = tm.tm_hour % 12 + (evening ? 12 : 0);
	}
	return ((int64_t)(tm.tm_hour * 60 + tm.tm_min) * 60 + tm.tm_sec) * NS_PER_S + fraction;
}

/* "[Error - 12:31:12 PM] " */
static bool client_stamp(struct slice *s, int64_t *ret_of_day_ns) {
	const char *end = s->len > 0 ? memchr(s->data, ']', s->len < 40 ? s->len : 40) : NULL;
	if (!end || s->data[0] != '[') {
		return false;
	}
	struct slice inside = slice_of(s->data + 1, (size_t)(end - s->data) - 1);
	const char *dash = inside.len > 0 ? memmem(inside.data, inside.len, " - ", 3) : NULL;
	if (!dash || dash + 3 >= end || !isdigit((unsigned char)dash[3]) ||
	    !slice_has(inside, ":")) {
		return false;
	}
	*ret_of_day_ns = clock_of_day(slice_of(dash + 3, (size_t)(end - dash) - 3));
	skip(s, (size_t)(end - s->data) + 1);
	return true;
}

/* "host gopls[123]: " of the journal. */
static void journal_name(struct slice *s, int64_t *ret_pid) {
	size_t limit = s->len < 160 ? s->len : 160;
	const char *colon = limit > 0 ? memmem(s->data, limit, "]: ", 3) : NULL;
	const char *open = colon ? memrchr(s->data, '[', (size_t)(colon - s->data)) : NULL;
	int64_t pid = 0;
	const char *blank = open ? memchr(s->data, ' ', (size_t)(open - s->data)) : NULL;
	if (!blank || colon - open > 12 ||
	    memchr(blank + 1, ' ', (size_t)(open - blank) - 1) != NULL) {
		return; /* no "host name[" */
	}
	for (const char *p = open + 1; p < colon; p++) {
		if (!isdigit((unsigned char)*p)) {
			return;
		}
		pid = pid * 10 + (*p - '0');
	}
	*ret_pid = pid;
	skip(s, (size_t)(colon + 3 - s->data));
}

static void blanks(struct slice *s) {
	while (s->len > 0 && (s->data[0] == ' ' || s->data[0] == '\t')) {
		skip(s, 1);
	}
}

/* One stamp; *ret_ns is set when it has a date. */
static bool stamp(struct slice *s, int64_t *ret_ns, int64_t *ret_of_day_ns, bool *ret_iso) {
	struct slice at = *s;
	bool bracket = one_of(&at, "[");
	if (date_and_time(&at, ret_ns) && (!bracket || one_of(&at, "]"))) {
		*ret_iso = !bracket && at.len > 0 && at.data[0] == ' ';
		*s = at;
		return true;
	}
	*ret_ns = 0;
	return client_stamp(s, ret_of_day_ns);
}

bool log_line_next(struct slice *rest, struct log_line *ret) {
	struct slice line;
	*ret = (struct log_line){.of_day_ns = -1};
	if (!slice_line(rest, &line)) {
		return false;
	}
	for (int i = 0; i < STAMPS_MAX; i++) {
		struct slice before = line;
		int64_t ns = 0;
		bool iso = false;
		bool more = ret->stamped || line.len == 0 || line.data[0] != '\t';
		while (more && bracketed_word(&line)) { /* Neovim's level comes first */
			blanks(&line);
		}
		if (!more || !stamp(&line, &ns, &ret->of_day_ns, &iso)) {
			line = ret->stamped ? line : before;
			break;
		}
		ret->stamped = true;
		ret->at_ns = ret->at_ns ? ret->at_ns : ns;
		blanks(&line);
		if (iso) {
			journal_name(&line, &ret->pid);
		}
	}
	ret->text = line;
	return true;
}

int64_t log_line_time(const struct log_line *line, int64_t before_ns) {
	time_t before = (time_t)(before_ns / NS_PER_S);
	struct tm tm;
	if (line->at_ns || line->of_day_ns < 0) {
		return line->at_ns;
	}
	if (before_ns <= 0 || !localtime_r(&before, &tm)) {
		return 0;
	}
	int64_t of_day = ((int64_t)(tm.tm_hour * 60 + tm.tm_min) * 60 + tm.tm_sec) * NS_PER_S;
	int64_t later = line->of_day_ns - of_day;
	/* Clocks of two writers differ a little; half a day back is the next day. */
	const int64_t day = 24 * 3600 * NS_PER_S;
	return before_ns - before_ns % NS_PER_S + later + (later < -day / 2 ? day : 0);
}

bool log_text_matches(struct slice text, const char *pattern) {
	while (*pattern) {
		size_t n = strcspn(pattern, "*");
		if (n > 0) {
			const char *found =
				text.len >= n ? memmem(text.data, text.len, pattern, n) : NULL;
			if (!found) {
				return false;
			}
			text = slice_of(found + n, text.len - (size_t)(found - text.data) - n);
		}
		pattern += n + (pattern[n] == '*');
	}
	return true;
}
