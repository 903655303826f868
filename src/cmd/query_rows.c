/* SPDX-License-Identifier: MIT */
#include "cmd/query_rows.h"

#include "base/vec.h"
#include "report/harmless.h"
#include "report/json_frame.h"

#define CELL_BYTES_MAX ((size_t)64 * 1024)
#define LEAST_WIDTH    ((size_t)12) /* of the last column, on a narrow terminal */

void query_rows_init(struct query_rows *rows, struct arena *arena, size_t max_rows) {
	*rows = (struct query_rows){.arena = arena,
	                            .max_rows = max_rows,
	                            .empty = "Nothing of that kind was recorded."};
}

void query_rows_columns(struct query_rows *rows, const char *names) {
	struct slice rest = slice_str(names), name;
	while (slice_cut(&rest, ',', &name) && rows->columns < QUERY_COLUMNS_MAX) {
		rows->names[rows->columns++] = arena_slicedup(rows->arena, slice_trim(name));
	}
}

bool query_rows_more(struct query_rows *rows) {
	if (rows->max_rows > 0 && rows->count >= rows->max_rows * rows->columns) {
		rows->cut = true;
		return false;
	}
	return true;
}

static void put(struct query_rows *rows, struct query_cell cell) {
	VEC_ROOM(rows->arena, rows->cells, rows->count, &rows->slots);
	rows->cells[rows->count++] = cell;
}

void query_put_bytes(struct query_rows *rows, struct slice s) {
	s.len = s.len < CELL_BYTES_MAX ? s.len : CELL_BYTES_MAX;
	put(rows, (struct query_cell){.kind = s.data ? CELL_TEXT : CELL_NULL,
	                              .text = s.data ? arena_slicedup(rows->arena, s) : NULL});
}

void query_put_text(struct query_rows *rows, const char *text) {
	query_put_bytes(rows, slice_str(text));
}

void query_put_number(struct query_rows *rows, int64_t number) {
	put(rows, (struct query_cell){.kind = CELL_NUMBER, .number = number});
}

void query_put_real(struct query_rows *rows, double real) {
	put(rows, (struct query_cell){.kind = CELL_REAL, .real = real});
}

/* ---- a table ---- */

static const char *cell_text(const struct query_rows *rows, const struct query_cell *c, bool utf8) {
	switch (c->kind) {
	case CELL_TEXT:
		return harmless(rows->arena, c->text, utf8);
	case CELL_NUMBER:
		return arena_printf(rows->arena, "%lld", (long long)c->number);
	case CELL_REAL:
		return arena_printf(rows->arena, "%.6g", c->real);
	case CELL_NULL:
		break;
	}
	return "";
}

static size_t width_of(const char *text) {
	struct slice rest = slice_str(text);
	size_t width = 0;
	while (rest.len > 0) {
		width += codepoint_columns(utf8_next(&rest));
	}
	return width;
}

/* So much of the text as fits; the rest is said by an ellipsis. */
static void add_cell(struct strbuf *out, const char *text, size_t width, bool last, bool right,
                     bool utf8) {
	struct slice rest = slice_str(text);
	size_t whole = width_of(text), used = 0;
	if (right) {
		for (; used + whole < width; used++) {
			strbuf_add_char(out, ' ');
		}
	}
	size_t limit = whole > width ? width - 1 : whole;
	for (size_t shown = 0; rest.len > 0;) {
		struct slice before = rest;
		shown += codepoint_columns(utf8_next(&rest));
		if (shown > limit) {
			break;
		}
		strbuf_add_n(out, before.data, before.len - rest.len);
	}
	used += whole > width ? width : whole;
	strbuf_add(out, whole > width ? (utf8 ? "\xe2\x80\xa6" : "~") : "");
	for (; used < width && !last; used++) {
		strbuf_add_char(out, ' ');
	}
	strbuf_add(out, last ? "\n" : "  ");
}

static bool is_number(const struct query_rows *rows, size_t column) {
	for (size_t i = column; i < rows->count; i += rows->columns) {
		if (rows->cells[i].kind == CELL_TEXT) {
			return false;
		}
	}
	return true;
}

/* The widest column gives until the table fits; on no terminal nothing is cut. */
static void fit(size_t *widths, size_t columns, const struct terminal *t) {
	for (;;) {
		size_t total = 0, widest = 0;
		for (size_t i = 0; i < columns; i++) {
			total += widths[i] + (i > 0 ? 2 : 0);
			widest = widths[i] >= widths[widest] ? i : widest;
		}
		if (!t->is_tty || total <= t->columns || widths[widest] <= LEAST_WIDTH) {
			return;
		}
		widths[widest]--;
	}
}

void query_rows_text(struct strbuf *out, const struct query_rows *rows, const struct terminal *t) {
	size_t widths[QUERY_COLUMNS_MAX] = {0};
	bool right[QUERY_COLUMNS_MAX] = {false};
	if (rows->count == 0) {
		strbuf_printf(out, "%s\n", rows->empty);
		return;
	}
	const char **texts = arena_array_of(rows->arena, const char *, rows->count);
	for (size_t i = 0; i < rows->count; i++) {
		size_t column = i % rows->columns;
		texts[i] = cell_text(rows, &rows->cells[i], t->utf8);
		size_t width = width_of(texts[i]);
		widths[column] = width > widths[column] ? width : widths[column];
	}
	for (size_t i = 0; i < rows->columns; i++) {
		size_t width = width_of(rows->names[i]);
		widths[i] = width > widths[i] ? width : widths[i];
		right[i] = is_number(rows, i);
	}
	fit(widths, rows->columns, t);
	for (size_t i = 0; i < rows->columns; i++) {
		add_cell(out, harmless(rows->arena, rows->names[i], t->utf8), widths[i],
		         i + 1 == rows->columns, right[i], t->utf8);
	}
	for (size_t i = 0; i < rows->count; i++) {
		size_t column = i % rows->columns;
		add_cell(out, texts[i], widths[column], column + 1 == rows->columns, right[column],
		         t->utf8);
	}
	if (rows->cut) {
		strbuf_printf(out, "and more: --limit says how many rows are shown (now %zu)\n",
		              rows->max_rows);
	}
}

/* ---- JSON ---- */

static void put_cell(struct json *json, const struct query_cell *c) {
	switch (c->kind) {
	case CELL_TEXT:
		json_string(json, c->text, CELL_BYTES_MAX);
		return;
	case CELL_NUMBER:
		strbuf_printf(json->out, "%lld", (long long)c->number);
		return;
	case CELL_REAL:
		/* JSON has no infinity and no NaN. */
		strbuf_printf(json->out, __builtin_isfinite(c->real) ? "%.17g" : "null", c->real);
		return;
	case CELL_NULL:
		break;
	}
	strbuf_add(json->out, "null");
}

void query_rows_json(struct strbuf *out, const struct query_rows *rows, const char *question) {
	struct json json = {.out = out};
	json_begin(&json, "dialtone.query/1");
	json_put(&json, "question", question);
	json_open_member(&json, "columns", '[');
	for (size_t i = 0; i < rows->columns; i++) {
		json_element(&json);
		json_string(&json, rows->names[i], CELL_BYTES_MAX);
	}
	json_close(&json, ']');
	json_put_bool(&json, "cut", rows->cut);
	json_open_member(&json, "rows", '[');
	for (size_t i = 0; rows->columns > 0 && i < rows->count; i++) {
		if (i % rows->columns == 0) {
			json_newline(&json, 2);
			json_open_element(&json, '[');
		}
		json_element(&json);
		put_cell(&json, &rows->cells[i]);
		if (i % rows->columns + 1 == rows->columns) {
			json_close(&json, ']');
		}
	}
	json_close(&json, ']');
	json_end(&json);
}
