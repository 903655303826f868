/* SPDX-License-Identifier: MIT */
#include "cmd/since.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <time.h>

#define SECONDS_PER_DAY 86400
#define AGO_DIGITS_MAX  6

static bool number(const char **at, int digits, int *ret) {
	int n = 0;
	for (int i = 0; i < digits; i++, (*at)++) {
		if (!ascii_is_digit(**at)) {
			return false;
		}
		n = n * 10 + (**at - '0');
	}
	*ret = n;
	return true;
}

/* "14:02" or "14:02:13", up to the end. */
static bool time_of_day(const char *at, struct tm *tm) {
	tm->tm_sec = 0;
	if (!number(&at, 2, &tm->tm_hour) || *at++ != ':' || !number(&at, 2, &tm->tm_min)) {
		return false;
	}
	if (*at == ':') {
		at++;
		if (!number(&at, 2, &tm->tm_sec)) {
			return false;
		}
	}
	return *at == '\0' && tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

/* A day without a time is its beginning. */
static bool date(const char *at, struct tm *tm) {
	*tm = (struct tm){.tm_isdst = -1};
	if (!number(&at, 4, &tm->tm_year) || *at++ != '-' || !number(&at, 2, &tm->tm_mon) ||
	    *at++ != '-' || !number(&at, 2, &tm->tm_mday)) {
		return false;
	}
	bool valid = tm->tm_year >= 1990 && tm->tm_mon >= 1 && tm->tm_mon <= 12 &&
	             tm->tm_mday >= 1 && tm->tm_mday <= 31;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return valid && (*at == '\0' || ((*at == ' ' || *at == 'T') && time_of_day(at + 1, tm)));
}

/* "3d", "12h", "30m". */
static bool ago(const char *at, int64_t *ret_seconds) {
	int64_t n = 0;
	int digits = 0;
	for (; ascii_is_digit(*at) && digits < AGO_DIGITS_MAX; at++, digits++) {
		n = n * 10 + (*at - '0');
	}
	int64_t unit = *at == 'd' ? SECONDS_PER_DAY : *at == 'h' ? 3600 : *at == 'm' ? 60 : 0;
	*ret_seconds = n * unit;
	return digits > 0 && unit > 0 && at[1] == '\0';
}

static bool parse(const char *text, time_t now, time_t *ret) {
	struct tm tm;
	struct tm today;
	int64_t seconds = 0;
	if (!localtime_r(&now, &today)) {
		return false;
	}
	today.tm_isdst = -1;
	if (date(text, &tm)) {
		*ret = mktime(&tm);
		return true;
	}
	if (ago(text, &seconds)) {
		*ret = now - (time_t)seconds;
		return true;
	}
	if (STR_IN(text, "today", "yesterday")) {
		today.tm_hour = today.tm_min = today.tm_sec = 0;
		today.tm_mday -= streq(text, "yesterday");
		*ret = mktime(&today);
		return true;
	}
	if (!time_of_day(text, &today)) {
		return false;
	}
	*ret = mktime(&today);
	if (*ret > now) {
		today.tm_mday--;
		today.tm_isdst = -1;
		*ret = mktime(&today);
	}
	return true;
}

int since_parse(const char *text, int64_t now_ns, int64_t *ret_ns, struct err *err) {
	time_t at = 0;
	if (!parse(text, (time_t)(now_ns / NS_PER_S), &at) || at <= 0) {
		return err_set(
			err, -EINVAL,
			"option '--since': expected a time as 2026-11-20, '2026-11-20 14:02', "
			"14:02, yesterday, 3d, 12h or 30m, got '%s'",
			text);
	}
	*ret_ns = (int64_t)at * NS_PER_S;
	return *ret_ns > now_ns
	               ? err_set(err, -EINVAL, "option '--since': '%s' has not come yet", text)
	               : 0;
}
