/* SPDX-License-Identifier: MIT
 */
#include "wire/logpieces.h"

#define STAMPS_BYTES ((size_t)120) /* stamps of a line end before */

/* ---- one piece ---- */

static const char *find(struct slice text, const char *words) {
	size_t len = strlen(words);

	return text.len >= len ? memmem(text.data, text.len, words, len) : NULL;
}

/* The last word of text, between blanks or tabs. */
static struct slice last_word(struct slice text) {
	size_t begin = text.len;

	while (begin > 0 && text.data[begin - 1] != ' ' && text.data[begin - 1] != '\t') {
		begin--;
	}
	return slice_from(text, begin);
}

bool log_piece_of(struct slice line, struct log_piece *ret) {
	static const char *const marks[] = {"\t\"stderr\"\t", " err <- "};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		const char *at = find(line, marks[i]);
		const char *open = at ? at + strlen(marks[i]) : NULL;
		const char *end = line.data + line.len;

		if (!open || open == end || (*open != '"' && *open != '\'')) {
			continue;
		}
		const char *close = memrchr(open, *open, (size_t)(end - open));

		if (close > open) {
			ret->stream = last_word(slice_of(line.data, (size_t)(at - line.data)));
			ret->quoted = slice_of(open + 1, (size_t)(close - open) - 1);
			return true;
		}
	}
	return false;
}

/* \27, \010: as Lua writes other control characters. Returns how many digits were taken. */
static size_t decimal(struct slice text, unsigned *ret) {
	size_t n = 0;

	for (*ret = 0; n < text.len && n < 3 && text.data[n] >= '0' && text.data[n] <= '9'; n++) {
		*ret = *ret * 10 + (unsigned)(text.data[n] - '0');
	}
	return n;
}

void log_piece_words(struct strbuf *out, const struct log_piece *piece) {
	static const char names[] = "ntrabfv";
	static const char meant[] = "\n\t\r\a\b\f\v";
	struct slice q = piece->quoted;

	for (size_t i = 0; i < q.len; i++) {
		unsigned code = 0;

		if (q.data[i] != '\\' || i + 1 == q.len) {
			strbuf_add_char(out, q.data[i]);
			continue;
		}
		i++;
		const char *name = q.data[i] ? strchr(names, q.data[i]) : NULL;
		size_t digits = decimal(slice_from(q, i), &code);

		strbuf_add_char(out, name         ? meant[name - names]
		                     : digits > 0 ? (char)code
		                                  : q.data[i]);
		i += digits > 0 ? digits - 1 : 0;
	}
}

bool log_piece_begins_anew(struct slice line) {
	return slice_starts(line, "[START]") || find(line, "LSP logging initiated") ||
	       find(line, "\t\"Starting RPC client\"");
}

/* ---- a log ---- */

/* "2026-11-21 11:00:01.123 [info] panic: …", "[Error - 12:31:12 PM] …": the words behind the stamps. */
static struct slice without_stamps(struct slice line) {
	static const char *const words[] = {"panic: ",   "fatal error: ", "goroutine ", "SIGQUIT: ",
	                                    "SIGSEGV: ", "SIGABRT: ",     "SIGBUS: ",   "[signal "};

	if (line.len == 0 || (line.data[0] != '[' && (line.data[0] < '0' || line.data[0] > '9'))) {
		return line;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *at =
			find(slice_of(line.data, line.len < STAMPS_BYTES ? line.len : STAMPS_BYTES),
		             words[i]);

		if (at && at > line.data && (at[-1] == ' ' || at[-1] == '\t')) {
			return slice_of(at, line.len - (size_t)(at - line.data));
		}
	}
	return line;
}

static void end_line(struct strbuf *out) {
	if (out->len > 0 && out->data[out->len - 1] != '\n') {
		strbuf_add_char(out, '\n');
	}
}

/* Where the first line begins that is not before `at`; the end when there is none. */
static size_t line_from(const struct strbuf *out, size_t at) {
	while (at > 0 && at < out->len && out->data[at - 1] != '\n') {
		at++;
	}
	return at;
}

static struct slice joined(struct arena *arena, struct slice log, int64_t from,
                           struct slice stream) {
	struct strbuf out;
	struct slice line;
	size_t start = 0;

	strbuf_init(&out, arena);
	for (int64_t number = 1; slice_line(&log, &line); number++) {
		struct log_piece piece;

		start = number == from ? out.len : start;
		if (!log_piece_of(line, &piece)) {
			if (log_piece_begins_anew(line)) {
				end_line(&out);
			}
		} else if (piece.stream.len == stream.len &&
		           (stream.len == 0 ||
		            memcmp(piece.stream.data, stream.data, stream.len) == 0)) {
			log_piece_words(&out, &piece);
		}
	}
	start = line_from(&out, start);
	return slice_of(out.data + start, out.len - start);
}

static struct slice as_they_are(struct arena *arena, struct slice log) {
	struct strbuf out;
	struct slice line;

	strbuf_init(&out, arena);
	while (slice_line(&log, &line)) {
		line = without_stamps(line);
		strbuf_add_n(&out, line.data, line.len);
		strbuf_add_char(&out, '\n');
	}
	return slice_of(out.data, out.len);
}

struct slice log_server_words(struct arena *arena, struct slice log, int64_t from) {
	struct slice rest = log;
	struct slice line;
	struct log_piece piece;

	for (int64_t number = 1; number < from && slice_line(&rest, &line); number++) {
	}
	struct slice behind = rest;

	return slice_line(&rest, &line) && log_piece_of(line, &piece)
	               ? joined(arena, log, from, piece.stream)
	               : as_they_are(arena, behind);
}
