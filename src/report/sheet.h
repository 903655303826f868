/* SPDX-License-Identifier: MIT
 * A sheet of text for a terminal: wraps prose at its width, keeps commands whole, takes out what is
 * harmful.
 */
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include "report/report.h"

enum ink { INK_PLAIN, INK_BOLD, INK_RED, INK_YELLOW, INK_GREEN };

struct sheet {
	struct strbuf *out;
	const struct report_style *style;
};

/* A heading or a word of its own, in colour when the style has colour; no newline. */
void sheet_ink(struct sheet *sheet, enum ink ink, const char *text);
/* Prose from column `at` on (what is already on the line), further lines indented; ends the line.
 * Words are never broken. max_lines 0 = as many as it takes; else the last one ends in "...". */
void sheet_prose(struct sheet *sheet, size_t at, size_t indent, size_t max_lines, const char *text);
/* Commands: indented, never wrapped. */
void sheet_command(struct sheet *sheet, size_t indent, const char *command);

#endif
