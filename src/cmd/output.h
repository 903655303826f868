/* SPDX-License-Identifier: MIT
 * What commands write with: all of stdout at once, one sentence on stderr, and what kind of
 * terminal there is.
 */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "base/err.h"
#include "base/str.h"
#include "core/command.h"

struct terminal {
	bool colour;
	bool progress;  /* stdout and stderr are terminals that can erase a line */
	bool utf8;      /* codeset of the locale */
	bool is_tty;    /* stdout is a terminal */
	size_t columns; /* 80 when stdout is not a terminal and COLUMNS says nothing */
};

/* color: "auto", "always", "never" or NULL for auto. Looks at stdout, stderr, TERM, NO_COLOR,
 * COLUMNS. */
struct terminal terminal_find(const char *color);

/* NULL, or one of the three words; else a sentence on stderr and false. */
bool color_is_valid(const char *color);

/* Writes to stdout; gives `status` when that worked. A reader that went away (EPIPE) is no error;
 * anything else costs the verdict: STATUS_UNKNOWN and a sentence on stderr. */
int output_write(const struct strbuf *text, int status);

/* Writes text to a file: all of it or nothing. A file that is there is replaced only when it is empty
 * or begins with mark. 0, or negative errno with a sentence. */
int output_file(const char *path, const struct strbuf *text, const char *mark, struct err *err);

/* "dialtone: SENTENCE" on stderr, with whatever could harm a terminal taken out. */
void output_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
