/* SPDX-License-Identifier: MIT
 * Lines of log files, whoever wrote them: when, and what. Known stamps at the beginning of a line:
 *
 *   2026-11-21 11:00:01.123 [info] …           VS Code (log channels), helix (with T)
 *   [2020-09-18 15:50:29.097] [exthost] [error] …   VS Code before 1.74
 *   [Error - 12:31:12 PM] …                    vscode-languageclient: no date
 *   2026/11/21 11:00:01 …                      the log package of Go: gopls -logfile
 *   [ERROR][2026-11-21 11:00:01] …             Neovim's vim.lsp.log
 *   2026-11-21T11:00:01+0000 host gopls[123]: …     journalctl -o short-iso
 *
 * A stamp may stand in front of another one (gopls's own behind the client's); then the first that
 * has a date counts. A line without one belongs to the line before it.
 */
#ifndef WIRE_LOGTEXT_H
#define WIRE_LOGTEXT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct log_line {
	struct slice text; /* behind the stamps and levels */
	int64_t at_ns;     /* since the epoch; 0: no date. Without a zone it is local time */
	int64_t of_day_ns; /* since midnight, when the stamp has a time and no date; else -1 */
	bool stamped;      /* it begins with a stamp of any kind */
	int64_t pid;       /* of a journal line; else 0 */
};

/* Cuts the next line off *rest; false at the end. Any bytes will do. */
bool log_line_next(struct slice *rest, struct log_line *ret);

/* When a line was written that has a time and no date, behind one of before_ns (0: not known, then
 * 0): on the same day, or after the midnight that came in between. */
int64_t log_line_time(const struct log_line *line, int64_t before_ns);

/* Does text contain the pieces of pattern, which '*' separates, one behind the other? */
bool log_text_matches(struct slice text, const char *pattern);

#endif
