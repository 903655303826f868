/* SPDX-License-Identifier: MIT
 */
#include "world/secret_scan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES  ((size_t)128)
#define AUTHORITY_BYTES ((size_t)1024)

struct scan {
	struct slice bytes;
	unsigned flags;
	secret_found_fn *found_fn;
	void *data;
};

static bool is_word(char c) {
	return isalnum((unsigned char)c) || c == '_';
}

static bool is_name(char c) {
	return is_word(c) || c == '-' || c == '.';
}

/* Ends a value that stands without quotes. */
static bool is_break(char c) {
	return c == '\0' || isspace((unsigned char)c) || strchr("\"'`<>;&|(),[]{}\\", c) != NULL;
}

static bool is_quote(char c) {
	return c == '"' || c == '\'' || c == '`';
}

static void found(const struct scan *scan, size_t start, size_t end) {
	/* What was masked before is no secret. */
	if (end > start && !slice_eq(slice_of(scan->bytes.data + start, end - start), "***")) {
		scan->found_fn(scan->data, start, end - start);
	}
}

static bool starts_at(const struct scan *scan, size_t at, const char *text) {
	size_t len = strlen(text);

	return scan->bytes.len - at >= len && strncasecmp(scan->bytes.data + at, text, len) == 0;
}

static size_t skip_blanks(const struct scan *scan, size_t at) {
	while (at < scan->bytes.len &&
	       (scan->bytes.data[at] == ' ' || scan->bytes.data[at] == '\t')) {
		at++;
	}
	return at;
}

static size_t skip_spaces(const struct scan *scan, size_t at) {
	while (at < scan->bytes.len && isspace((unsigned char)scan->bytes.data[at])) {
		at++;
	}
	return at;
}

static size_t value_end(const struct scan *scan, size_t at) {
	while (at < scan->bytes.len && !is_break(scan->bytes.data[at])) {
		at++;
	}
	return at;
}

static size_t space_end(const struct scan *scan, size_t at) {
	while (at < scan->bytes.len && scan->bytes.data[at] &&
	       !isspace((unsigned char)scan->bytes.data[at])) {
		at++;
	}
	return at;
}

/* ---- names ---- */

/* Letters and digits in upper case, cut at size. */
static void name_squeeze(struct slice name, char *out, size_t size) {
	size_t len = 0;

	for (size_t i = 0; i < name.len && len + 1 < size; i++) {
		if (isalnum((unsigned char)name.data[i])) {
			out[len++] = (char)toupper((unsigned char)name.data[i]);
		}
	}
	out[len] = '\0';
}

static bool has_any(const char *text, const char *const *parts) {
	for (; *parts; parts++) {
		if (strstr(text, *parts)) {
			return true;
		}
	}
	return false;
}

/* The value is a place or a kind, not the secret itself. */
static bool name_is_about(const char *squeezed) {
	static const char *const endings[] = {"FILE", "PATH",  "SOCK", "SOCKET", "DIR",
	                                      "TYPE", "TYPES", "TTL",  "LIMIT"};
	size_t len = strlen(squeezed);

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t n = strlen(endings[i]);

		if (len >= n && strcmp(squeezed + len - n, endings[i]) == 0) {
			return true;
		}
	}
	return false;
}

bool secret_name(struct slice name) {
	static const char *const parts[] = {"TOKEN",      "SECRET",     "PASSWORD",   "PASSWD",
	                                    "APIKEY",     "CREDENTIAL", "PRIVATEKEY", "ACCESSKEY",
	                                    "PASSPHRASE", NULL};
	char squeezed[NAME_MAX_BYTES];

	name_squeeze(name, squeezed, sizeof squeezed);
	return has_any(squeezed, parts) && !name_is_about(squeezed);
}

/* Variables whose names half say so: NPM_AUTH, COOKIE, MY_SESSION; the desktop's own are harmless.
 */
static bool weak_secret_name(struct slice name) {
	static const char *const words[] = {"AUTH",    "AUTHORIZATION", "COOKIE",
	                                    "SESSION", "PASS",          "PAT"};
	static const char *const harmless[] = {"XDG",   "DBUS", "DESKTOP", "MANAGER", "SOCK",
	                                       "GNOME", "KDE",  "GDM",     "TMUX",    NULL};
	char squeezed[NAME_MAX_BYTES];
	struct slice rest = name, word;

	name_squeeze(name, squeezed, sizeof squeezed);
	if (has_any(squeezed, harmless)) {
		return false;
	}
	while (slice_cut(&rest, '_', &word)) {
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			if (slice_eq(word, words[i])) {
				return true;
			}
		}
	}
	return false;
}

static bool value_is_harmless(struct slice value) {
	static const char *const words[] = {"true", "false", "null", "nil", "none",
	                                    "on",   "off",   "yes",  "no"};

	if (value.len == 0 || value.data[0] == '$') {
		return true;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (value.len == strlen(words[i]) &&
		    strncasecmp(value.data, words[i], value.len) == 0) {
			return true;
		}
	}
	return false;
}

static bool weak_value(struct slice value) {
	return value.len >= 8 && value.data[0] != '/' && !slice_starts(value, "unix:");
}

/* ---- NAME=value and "name": "value" ---- */

/* The name that ends before `end`. */
static struct slice name_before(const struct scan *scan, size_t end) {
	size_t start = end;

	while (start > 0 && end - start < NAME_MAX_BYTES && is_name(scan->bytes.data[start - 1])) {
		start--;
	}
	return slice_of(scan->bytes.data + start, end - start);
}

/* The end of the text in quotes that begins at `at`; a quote may itself be escaped, in JSON inside
 * JSON. */
static size_t quoted_end(const struct scan *scan, size_t at, char quote) {
	const char *data = scan->bytes.data;

	while (at < scan->bytes.len && data[at] != quote && data[at] != '\n' && data[at] != '\0') {
		if (data[at] == '\\' && at + 1 < scan->bytes.len) {
			if (data[at + 1] == quote) {
				return at;
			}
			at++;
		}
		at++;
	}
	return at < scan->bytes.len ? at : scan->bytes.len;
}

/* As quoted_end where an escaped quote belongs to the value. */
static size_t plain_quoted_end(const struct scan *scan, size_t at, char quote) {
	const char *data = scan->bytes.data;

	while (at < scan->bytes.len && data[at] != quote && data[at] != '\n' && data[at] != '\0') {
		at += data[at] == '\\' && at + 1 < scan->bytes.len ? 2 : 1;
	}
	return at < scan->bytes.len ? at : scan->bytes.len;
}

static void scan_equals(const struct scan *scan, size_t at) {
	const char *data = scan->bytes.data;
	size_t name_end = at, start, end;
	struct slice name, value;
	bool weak;

	while (name_end > 0 && data[name_end - 1] == ' ') {
		name_end--;
	}
	name = name_before(scan, name_end);
	weak = weak_secret_name(name);
	if (!weak && !secret_name(name)) {
		return;
	}
	start = (scan->flags & SECRET_SCAN_ENVIRON) ? at + 1 : skip_blanks(scan, at + 1);
	if (scan->flags & SECRET_SCAN_ENVIRON) {
		const char *nul = memchr(data + start, '\0', scan->bytes.len - start);

		end = nul ? (size_t)(nul - data) : scan->bytes.len;
	} else if (start < scan->bytes.len && is_quote(data[start])) {
		end = plain_quoted_end(scan, start + 1, data[start]);
		start++;
	} else {
		end = value_end(scan, start);
	}
	value = slice_of(data + start, end - start);
	if (!value_is_harmless(value) && (!weak || weak_value(value) || secret_name(name))) {
		found(scan, start, end);
	}
}

static bool is_progress_token(struct slice name) {
	return slice_eq(name, "token") || slice_eq(name, "workDoneToken") ||
	       slice_eq(name, "partialResultToken");
}

static void scan_colon(const struct scan *scan, size_t at) {
	const char *data = scan->bytes.data;
	size_t name_end = at, start, end;
	bool escaped = false;
	struct slice name;

	while (name_end > 0 && (data[name_end - 1] == ' ' || data[name_end - 1] == '\t')) {
		name_end--;
	}
	if (name_end < 2 || !is_quote(data[name_end - 1])) {
		return;
	}
	name_end--;
	if (data[name_end - 1] == '\\') {
		escaped = true;
		name_end--;
	}
	name = name_before(scan, name_end);
	if (!secret_name(name) || ((scan->flags & SECRET_SCAN_LSP) && is_progress_token(name))) {
		return;
	}
	start = skip_spaces(scan, at + 1);
	if (escaped && start < scan->bytes.len && data[start] == '\\') {
		start++;
	}
	if (start >= scan->bytes.len || !is_quote(data[start])) {
		return;
	}
	end = escaped ? quoted_end(scan, start + 1, data[start])
	              : plain_quoted_end(scan, start + 1, data[start]);
	if (!value_is_harmless(slice_of(data + start + 1, end - start - 1))) {
		found(scan, start + 1, end);
	}
}

/* ---- URLs, headers, keys ---- */

static void scan_url(const struct scan *scan, size_t at) {
	const char *data = scan->bytes.data;
	size_t start = at + 3, at_sign = 0, scheme = at;
	bool is_http, has_colon;

	while (scheme > 0 && is_name(data[scheme - 1])) {
		scheme--;
	}
	for (size_t i = start; i < scan->bytes.len && i - start < AUTHORITY_BYTES; i++) {
		char c = data[i];

		if (c == '@') {
			at_sign = i;
		} else if (c == '/' || c == '?' || c == '#' || c == '\0' || c == '"' || c == '<' ||
		           c == '>' || isspace((unsigned char)c)) {
			break;
		}
	}
	if (at_sign <= start) {
		return;
	}
	is_http = starts_at(scan, scheme, "http");
	has_colon = memchr(data + start, ':', at_sign - start) != NULL;
	if (is_http || has_colon) {
		found(scan, start, at_sign);
	}
}

static void scan_header(const struct scan *scan, size_t at) {
	size_t start, end;

	if (starts_at(scan, at, "authorization:")) {
		start = skip_blanks(scan, at + strlen("authorization:"));
		end = start;
		while (end < scan->bytes.len && !strchr("\r\n\"'", scan->bytes.data[end])) {
			end++;
		}
		found(scan, start, end);
	} else if (starts_at(scan, at, "bearer ")) {
		start = skip_blanks(scan, at + strlen("bearer "));
		end = value_end(scan, start);
		if (end - start >= 8) {
			found(scan, start, end);
		}
	}
}

static void scan_marked_key(const struct scan *scan, size_t at) {
	static const struct {
		const char *prefix;
		size_t least; /* bytes behind the prefix */
	} marks[] = {{"AKIA", 16},      {"ASIA", 16},  {"ghp_", 20},  {"gho_", 20},
	             {"ghu_", 20},      {"ghs_", 20},  {"ghr_", 20},  {"github_pat_", 20},
	             {"glpat-", 16},    {"xoxb-", 16}, {"xoxp-", 16}, {"xoxa-", 16},
	             {"dckr_pat_", 16}, {"npm_", 30},  {"sk-", 32},   {"eyJ", 40}};
	const char *data = scan->bytes.data;
	size_t end = at;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t len = strlen(marks[i].prefix);

		if (scan->bytes.len - at < len || memcmp(data + at, marks[i].prefix, len) != 0) {
			continue;
		}
		while (end < scan->bytes.len && is_name(data[end])) {
			end++;
		}
		if (end - at >= len + marks[i].least) {
			found(scan, at, end);
		}
		return;
	}
}

static void scan_pem(const struct scan *scan, size_t at) {
	static const char head[] = "PRIVATE KEY-----";
	static const char foot[] = "-----END";
	const char *data = scan->bytes.data;
	size_t line = scan->bytes.len - at < 64 ? scan->bytes.len - at : 64;
	const char *begin = memmem(data + at, line, head, sizeof head - 1);
	const char *end;

	if (!begin) {
		return;
	}
	begin += sizeof head - 1;
	end = memmem(begin, scan->bytes.len - (size_t)(begin - data), foot, sizeof foot - 1);
	found(scan, (size_t)(begin - data), end ? (size_t)(end - data) : scan->bytes.len);
}

/* "login x password y", over any white space. */
static void scan_netrc(const struct scan *scan, size_t at) {
	bool single = (scan->flags & SECRET_SCAN_NETRC) != 0;
	bool is_login = starts_at(scan, at, "login");
	size_t word = at + (is_login ? strlen("login") : strlen("password"));
	size_t start, end, next;

	if (!is_login && !starts_at(scan, at, "password") && !starts_at(scan, at, "account")) {
		return;
	}
	word = starts_at(scan, at, "account") ? at + strlen("account") : word;
	start = skip_spaces(scan, word);
	end = space_end(scan, start);
	if (start == word || end == start) {
		return;
	}
	if (single) {
		found(scan, start, end);
	}
	next = skip_spaces(scan, end);
	if (is_login && next > end && starts_at(scan, next, "password")) {
		found(scan, start, end);
		start = skip_spaces(scan, next + strlen("password"));
		if (start > next + strlen("password")) {
			found(scan, start, space_end(scan, start));
		}
	}
}

/* What begins with a letter, at the beginning of a word. */
static void scan_word(const struct scan *scan, size_t at) {
	switch (scan->bytes.data[at]) {
	case 'a':
	case 'A':
		scan_header(scan, at);
		scan_netrc(scan, at);
		scan_marked_key(scan, at);
		break;
	case 'b':
	case 'B':
		scan_header(scan, at);
		break;
	case 'l':
	case 'p':
		scan_netrc(scan, at);
		break;
	case 'g':
	case 'x':
	case 'd':
	case 'n':
	case 's':
	case 'e':
		scan_marked_key(scan, at);
		break;
	default:
		break;
	}
}

void secret_scan(struct slice bytes, unsigned flags, secret_found_fn *found_fn, void *data) {
	struct scan scan = {.bytes = bytes, .flags = flags, .found_fn = found_fn, .data = data};

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.data[i];

		if (c == '=' && !(flags & SECRET_SCAN_CODE)) {
			scan_equals(&scan, i);
		} else if (c == ':') {
			if (starts_at(&scan, i, "://")) {
				scan_url(&scan, i);
			} else if (!(flags & SECRET_SCAN_CODE)) {
				scan_colon(&scan, i);
			}
		} else if (c == '-' && starts_at(&scan, i, "-----BEGIN ")) {
			scan_pem(&scan, i);
		} else if (isalpha((unsigned char)c) && (i == 0 || !is_word(bytes.data[i - 1]))) {
			scan_word(&scan, i);
		}
	}
}
