/* SPDX-License-Identifier: MIT */
#include "report/diff.h"

#include "base/str.h"
#include "report/harmless.h"

#define CONTEXT 3

struct lines {
	struct slice *items; /* without their line ends */
	size_t count;
	bool open; /* the last line has no end */
};

static struct lines split(struct arena *arena, struct slice text) {
	struct lines lines = {.open = text.len > 0 && text.data[text.len - 1] != '\n'};
	size_t count = lines.open;
	for (size_t i = 0; i < text.len; i++) {
		count += text.data[i] == '\n';
	}
	lines.items = arena_array_of(arena, struct slice, count + 1);
	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		lines.items[lines.count++] = slice_of(text.data, len);
		text = slice_of(text.data + len + (end != NULL), text.len - len - (end != NULL));
	}
	return lines;
}

static bool same(struct slice a, struct slice b) {
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

struct writer {
	struct strbuf *out;
	const struct report_style *style;
};

static void write_line(struct writer *w, char mark, struct slice line) {
	static const char red[] = "\x1b[31m";
	static const char green[] = "\x1b[32m";
	const char *colour = !w->style->colour || mark == ' ' ? "" : mark == '-' ? red : green;
	/* A carriage return belongs to the line's end. */
	size_t len = line.len > 0 && line.data[line.len - 1] == '\r' ? line.len - 1 : line.len;
	const char *text = arena_strndup(w->out->arena, line.data ? line.data : "", len);
	char *spaced =
		arena_strdup(w->out->arena, harmless_lines(w->out->arena, text, w->style->utf8));
	strbuf_printf(w->out, "%s%c%s%s\n", colour, mark, spaced, *colour ? "\x1b[0m" : "");
}

static void write_range(struct strbuf *out, char mark, size_t from, size_t count) {
	strbuf_printf(out, "%c%zu,%zu", mark, count > 0 ? from + 1 : from, count);
}

void diff_write(struct strbuf *out, const char *name, struct slice before, struct slice after,
                const struct report_style *style) {
	struct writer w = {.out = out, .style = style};
	struct lines a = split(out->arena, before);
	struct lines b = split(out->arena, after);
	size_t head = 0;
	size_t tail = 0;
	if (same(before, after) && (before.data != NULL) == (after.data != NULL)) {
		return;
	}
	while (head < a.count && head < b.count && same(a.items[head], b.items[head])) {
		head++;
	}
	while (tail < a.count - head && tail < b.count - head &&
	       same(a.items[a.count - 1 - tail], b.items[b.count - 1 - tail])) {
		tail++;
	}
	size_t from = head > CONTEXT ? head - CONTEXT : 0;
	size_t behind = tail < CONTEXT ? tail : CONTEXT;
	const char *shown = harmless(out->arena, name, style->utf8);
	strbuf_printf(out, "--- %s\n+++ %s\n@@ ", before.data ? shown : "/dev/null",
	              after.data ? shown : "/dev/null");
	write_range(out, '-', from, a.count - tail + behind - from);
	strbuf_add_char(out, ' ');
	write_range(out, '+', from, b.count - tail + behind - from);
	strbuf_add(out, " @@\n");
	for (size_t i = from; i < head; i++) {
		write_line(&w, ' ', a.items[i]);
	}
	for (size_t i = head; i < a.count - tail; i++) {
		write_line(&w, '-', a.items[i]);
	}
	for (size_t i = head; i < b.count - tail; i++) {
		write_line(&w, '+', b.items[i]);
	}
	for (size_t i = a.count - tail; i < a.count - tail + behind; i++) {
		write_line(&w, ' ', a.items[i]);
	}
}
