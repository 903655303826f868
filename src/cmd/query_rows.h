/* SPDX-License-Identifier: MIT
 * Answers of `dialtone query`: rows of named columns, as a table of 80 columns or as JSON.
 */
#ifndef CMD_QUERY_ROWS_H
#define CMD_QUERY_ROWS_H

#include "base/str.h"
#include "cmd/output.h"

#include <stdint.h>

#define QUERY_COLUMNS_MAX 64

struct query_cell {
	enum { CELL_NULL, CELL_TEXT, CELL_NUMBER, CELL_REAL } kind;
	const char *text;
	int64_t number;
	double real;
};

struct query_rows {
	struct arena *arena;
	const char *names[QUERY_COLUMNS_MAX];
	size_t columns;
	struct query_cell *cells; /* row by row */
	size_t count, slots;      /* of cells */
	size_t max_rows;          /* 0: no end */
	bool cut;                 /* there were more */
	const char *empty;        /* said instead of an empty table */
};

void query_rows_init(struct query_rows *rows, struct arena *arena, size_t max_rows);
/* Names of the columns, by comma. */
void query_rows_columns(struct query_rows *rows, const char *names);
/* False when there are enough rows: the one that was begun is not wanted. */
bool query_rows_more(struct query_rows *rows);
void query_put_text(struct query_rows *rows, const char *text); /* NULL: nothing */
void query_put_bytes(struct query_rows *rows, struct slice bytes);
void query_put_number(struct query_rows *rows, int64_t number);
void query_put_real(struct query_rows *rows, double real);

void query_rows_text(struct strbuf *out, const struct query_rows *rows,
                     const struct terminal *terminal);
void query_rows_json(struct strbuf *out, const struct query_rows *rows, const char *question);

#endif
