/* SPDX-License-Identifier: MIT
 * What `dialtone ps --leaks` makes of its samples. Pure.
 */
#ifndef REPORT_LEAKS_H
#define REPORT_LEAKS_H

#include "core/growth.h"
#include "core/usage.h"
#include "report/report.h"

struct leaks_view {
	const char *name; /* "gopls" */
	int64_t pid;      /* 0 over restarts of a command that does not run */
	bool over_restarts;
	bool ended;                  /* it ended before the time was over */
	double x[GROWTH_POINTS_MAX]; /* seconds, or the number of the restart */
	const struct usage *samples[GROWTH_POINTS_MAX];
	size_t count;
	const struct usage *user; /* of the whole user, or NULL */
	const char *workspace;    /* forecast for it; "" */
	int64_t workspace_dirs;   /* directories an editor would watch; -1: not known */
	bool workspace_cut;       /* and there are more */

	/* What follows. */
	struct growth growths[USAGE_KIND_COUNT];
	bool leaks;
	enum usage_kind worst;
	const char *pattern; /* of the names that grow most; "" when they have none */
	int64_t pattern_first, pattern_last;
};

/* Draws the conclusions from what stands above. */
void leaks_conclude(struct leaks_view *view);

void leaks_text(struct strbuf *out, struct arena *arena, const struct leaks_view *view,
                const struct report_style *style);
void leaks_json(struct strbuf *out, const struct leaks_view *view);

#endif
