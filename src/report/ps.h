/* SPDX-License-Identifier: MIT
 * The forms of `dialtone ps`: a table, a tree, JSON. Nothing here looks or prints.
 */
#ifndef REPORT_PS_H
#define REPORT_PS_H

#include "core/census.h"
#include "report/report.h"

struct ps_view {
	const struct census *census;
	const char *const
		*sockets; /* for each process: where its environment looks for a daemon, or NULL */
	/* What may be shown of a variable, with ***** for what is secret; or NULL. */
	const char *(*mask_fn)(struct arena *arena, const char *name, const char *value,
	                       bool *ret_secret);
	const char *(*user_fn)(void *data, int64_t uid); /* its name; NULL: show the number */
	void *user_data;
	const char *home;  /* shown as ~ on a terminal; "" */
	bool for_terminal; /* fits the width; else nothing is cut */
	bool tree;
	size_t rows; /* at most so many lines, 0: all */
	struct report_timings timings;
};

void ps_text(struct strbuf *out, const struct ps_view *view, const struct report_style *style);
void ps_json(struct strbuf *out, const struct ps_view *view);

/* ---- for both ---- */

/* Indices of what is listed, children behind their parents; depth of each in *ret_depth. */
size_t ps_order(struct arena *arena, const struct ps_view *view, size_t **ret_order,
                size_t **ret_depth);
/* "gopls v0.23.0", "gopls daemon", "dlv dap", "go list", "wrapper sh". */
const char *ps_what(struct arena *arena, const struct census_process *process);
/* "4711 unix", "2 clients", "tty", "closed", "unseen". */
const char *ps_connected(struct arena *arena, const struct census *census,
                         const struct census_process *process);
/* Who started it: "neovim:4711", the nearest editor above, else the parent. */
const char *ps_starter(struct arena *arena, const struct census *census,
                       const struct census_process *process);
/* Sentences about what could not be seen, and what would show it; NULL-terminated. */
const char *const *ps_unseen(struct arena *arena, const struct ps_view *view);

#endif
