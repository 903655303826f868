/* SPDX-License-Identifier: MIT
 * CI logs: what is around the output of a command.
 */
#include "base/ascii.h"
#include "base/str.h"
#include "wire/env_dump.h"

#define STAMP_LEAST ((size_t)20) /* 2026-01-02T03:04:05Z */
#define ESCAPE      '\x1b'

/* Length of an RFC 3339 time in UTC and the blank behind it, 0 when the line does not begin so. */
static size_t stamp_len(struct slice line) {
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	size_t len = sizeof form - 1;

	if (line.len < STAMP_LEAST) {
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		if (form[i] == 'd' ? !ascii_is_digit(line.data[i]) : line.data[i] != form[i]) {
			return 0;
		}
	}
	if (line.data[len] == '.') {
		for (len++; len < line.len && ascii_is_digit(line.data[len]); len++) {
		}
	}
	if (len >= line.len || line.data[len] != 'Z') {
		return 0;
	}
	len++;
	return len < line.len && line.data[len] == ' ' ? len + 1 : len;
}

static struct slice behind(struct slice line, size_t len) {
	return slice_from(line, len);
}

/* `gh run view --log` puts job and step in front, with tabs between. */
static struct slice skip_columns(struct slice line) {
	struct slice rest = line, column;

	for (int i = 0; i < 2; i++) {
		if (!slice_cut(&rest, '\t', &column)) {
			return line;
		}
	}
	if (slice_starts(rest, "\xef\xbb\xbf")) {
		rest = behind(rest, 3);
	}
	return stamp_len(rest) > 0 ? rest : line;
}

/* GitLab: "00O " is stdout of stream 0; "00O+" goes on with the line before. */
static size_t stream_len(struct slice line, bool *ret_goes_on) {
	*ret_goes_on = false;
	if (line.len < 4 || !ascii_is_digit(line.data[0]) || !ascii_is_digit(line.data[1]) ||
	    (line.data[2] != 'O' && line.data[2] != 'E') ||
	    (line.data[3] != ' ' && line.data[3] != '+')) {
		return 0;
	}
	*ret_goes_on = line.data[3] == '+';
	return 4;
}

/* Without colours and cursor movements. */
static struct slice strip_escapes(struct arena *arena, struct slice line) {
	struct strbuf out;

	if (line.len == 0 || !memchr(line.data, ESCAPE, line.len)) {
		return line;
	}
	strbuf_init(&out, arena);
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] != ESCAPE || i + 1 >= line.len || line.data[i + 1] != '[') {
			strbuf_add_n(&out, line.data + i, 1);
			continue;
		}
		for (i += 2; i < line.len && (line.data[i] < '@' || line.data[i] > '~'); i++) {
		}
	}
	return slice_of(out.data, out.len);
}

static bool is_section(struct slice line) {
	return slice_has(line, "section_start:") || slice_has(line, "section_end:");
}

struct unlog {
	struct arena *arena;
	struct strbuf out;
	bool in_env; /* behind "env:" in the head of a step of GitHub */
	bool is_log;
};

static void new_step(struct unlog *u) {
	strbuf_add(&u->out, "\f\n");
	u->in_env = false;
}

/* "  NAME: value" of the head of a step. */
static bool add_env_line(struct unlog *u, struct slice line) {
	struct slice rest = line, name;

	if (!u->in_env || !slice_starts(line, "  ") || !slice_has(line, ":")) {
		return false;
	}
	rest = behind(rest, 2);
	if (!slice_cut(&rest, ':', &name)) {
		return false;
	}
	rest = slice_starts(rest, " ") ? behind(rest, 1) : rest;
	strbuf_printf(&u->out, "%.*s=", (int)name.len, name.data);
	strbuf_add_n(&u->out, rest.data, rest.len);
	strbuf_add_char(&u->out, '\n');
	return true;
}

static void add_line(struct unlog *u, struct slice raw, bool goes_on) {
	/* GitHub shows the script of a step in this colour, GitLab its commands in that. */
	bool script = slice_starts(raw, "\x1b[36;1m");
	bool command = slice_starts(raw, "\x1b[32;1m$") || slice_starts(raw, "$ ");
	struct slice line = strip_escapes(u->arena, raw);

	if (is_section(raw) || slice_starts(line, "##[group]") || command) {
		u->is_log = u->is_log || !command;
		new_step(u);
		return;
	}
	if (script || slice_starts(line, "##[")) {
		u->is_log = true;
		u->in_env = false;
		return;
	}
	if (slice_eq(line, "env:")) {
		u->in_env = true;
		return;
	}
	if (add_env_line(u, line)) {
		return;
	}
	u->in_env = false;
	if (goes_on && u->out.len > 0 && u->out.data[u->out.len - 1] == '\n') {
		u->out.len--;
	}
	strbuf_add_n(&u->out, line.data, line.len);
	strbuf_add_char(&u->out, '\n');
}

struct slice env_dump_unlog(struct arena *arena, struct slice text, bool *ret_is_log) {
	struct unlog u = {.arena = arena};
	struct slice rest = text, line;

	strbuf_init(&u.out, arena);
	while (slice_line(&rest, &line)) {
		bool goes_on = false;
		size_t stamp;

		line = skip_columns(line);
		stamp = stamp_len(line);
		if (stamp > 0) {
			u.is_log = true;
			line = behind(line, stamp);
			line = behind(line, stream_len(line, &goes_on));
		}
		add_line(&u, line, goes_on);
	}
	*ret_is_log = u.is_log;
	return u.is_log ? slice_of(u.out.data, u.out.len) : text;
}
