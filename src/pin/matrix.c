/* SPDX-License-Identifier: MIT */
#include "pin/matrix.h"

#include "base/str.h"
#include "base/vec.h"
#include "gofile/goversion.h"

enum column { RELEASE, DATE, GO_LINE, NEEDS, BUILT_BY, READS, SERVES, COLUMNS };

struct matrix matrix_parse(struct arena *arena, struct slice text) {
	struct matrix matrix = {0};
	struct slice line;
	while (slice_line(&text, &line)) {
		const char *column[COLUMNS] = {""};
		struct slice word;
		size_t n = 0;
		int64_t built_by = 0;
		for (; n < COLUMNS && slice_cut(&line, '\t', &word); n++) {
			column[n] = arena_slicedup(arena, word);
		}
		if (n < COLUMNS || column[RELEASE][0] != 'v' ||
		    str_to_int64(column[BUILT_BY], &built_by) < 0) {
			continue;
		}
		VEC_ROOM(arena, matrix.rows, matrix.count, &matrix.slots);
		matrix.rows[matrix.count++] = (struct matrix_row){
			.release = column[RELEASE],
			.date = column[DATE],
			.go_line = column[GO_LINE],
			.needs = column[NEEDS],
			.built_by = (int)built_by,
			.reads = column[READS],
			.serves = column[SERVES],
		};
	}
	return matrix;
}

const struct matrix_row *matrix_find(const struct matrix *matrix, const char *release) {
	for (size_t i = 0; i < matrix->count; i++) {
		if (streq(matrix->rows[i].release, release)) {
			return &matrix->rows[i];
		}
	}
	return NULL;
}

const char *matrix_why_not(struct arena *arena, const struct matrix_row *row,
                           const struct matrix_want *want) {
	int line = goversion_minor(want->go_line);
	if (goversion_compare(want->builder, row->needs) < 0) {
		return arena_printf(arena, "%s needs Go %s to be built, and the Go here is %s",
		                    row->release, row->needs, want->builder);
	}
	if (row->built_by != 0 && goversion_minor(want->builder) > row->built_by) {
		return arena_printf(arena, "%s does not compile with Go %s: 1.%d is the newest",
		                    row->release, want->builder, row->built_by);
	}
	if (line > goversion_minor(row->reads)) {
		return arena_printf(arena, "%s does not read a go.mod of Go %s", row->release,
		                    want->go_line);
	}
	/* It type-checks with the library of the Go that built it: "package requires newer Go version". */
	if (line > goversion_minor(want->builder)) {
		return arena_printf(arena,
		                    "a gopls that Go %s built does not take code of Go %s: that "
		                    "Go has to build it",
		                    want->builder, want->go_line);
	}
	if (goversion_minor(want->serves) > goversion_minor(want->builder)) {
		return arena_printf(arena,
		                    "a gopls that Go %s built does not take the library of Go %s, "
		                    "which is used here",
		                    want->builder, want->serves);
	}
	if (goversion_compare(want->serves, row->serves) < 0) {
		return arena_printf(arena, "%s does not work with the go command of %s",
		                    row->release, want->serves);
	}
	return "";
}

const struct matrix_row *matrix_newest(struct arena *arena, const struct matrix *matrix,
                                       const struct matrix_want *want, const char **ret_why) {
	*ret_why = "";
	for (size_t i = matrix->count; i-- > 0;) {
		const char *why = matrix_why_not(arena, &matrix->rows[i], want);
		if (!*why) {
			return &matrix->rows[i];
		}
		/* Of releases that are too new for the builder the next older one may do. */
		if (goversion_compare(want->builder, matrix->rows[i].needs) >= 0 && !**ret_why) {
			*ret_why = why;
		}
	}
	if (!**ret_why && matrix->count > 0) {
		*ret_why = matrix_why_not(arena, &matrix->rows[0], want);
	}
	return NULL;
}
