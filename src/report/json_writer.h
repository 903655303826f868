/* SPDX-License-Identifier: MIT
 * Writes JSON. Strings leave here as valid UTF-8 whatever came in: bad bytes become U+FFFD, what
 * could harm a terminal is escaped so that even `cat report.json` is safe, passwords in URLs are
 * masked.
 */
#ifndef REPORT_JSON_WRITER_H
#define REPORT_JSON_WRITER_H

#include "base/str.h"

struct json {
	struct strbuf *out;
	bool filled; /* the object or array that is open already has a member */
};

/* Commas come by themselves. */
void json_open(struct json *json, char bracket);
void json_close(struct json *json, char bracket);
/* Begins an element of an array. */
void json_element(struct json *json);
/* Begins a member of an object; its value follows. */
void json_key(struct json *json, const char *key);
/* Both, and the bracket of the value. */
void json_open_element(struct json *json, char bracket);
void json_open_member(struct json *json, const char *key, char bracket);
/* A newline and blanks before the next member, for readers of the raw text. */
void json_newline(struct json *json, size_t indent);

/* A value: at most max_bytes of text, cut between characters. */
void json_string(struct json *json, const char *text, size_t max_bytes);

/* Whole members. NULL texts are null; negative milliseconds are null. */
void json_put(struct json *json, const char *key, const char *text);
/* The same, and "" is null too. */
void json_put_or_null(struct json *json, const char *key, const char *text);
void json_put_number(struct json *json, const char *key, int64_t number);
/* 0 is null. */
void json_put_number_or_null(struct json *json, const char *key, int64_t number);
void json_put_ms(struct json *json, const char *key, int64_t ms);
void json_put_bool(struct json *json, const char *key, bool yes);
/* names: NULL-terminated, or NULL for none. */
void json_put_names(struct json *json, const char *key, const char *const *names);

#endif
