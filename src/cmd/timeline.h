/* SPDX-License-Identifier: MIT
 * Between timeline.c, which reads recordings, and how they are shown.
 */
#ifndef CMD_TIMELINE_H
#define CMD_TIMELINE_H

#include "report/report.h"
#include "trace/timeline.h"

#define TIMELINE_SCHEMA "dialtone.timeline/1"

struct timeline_view {
	const char *file;
	struct timeline *line;
	const char *other_file; /* the second of two, or NULL */
	struct timeline *other;
	struct divergence divergence;
	bool all; /* noise too, every process and message */
};

void timeline_text(struct strbuf *out, const struct timeline_view *view,
                   const struct report_style *style);
void timeline_json(struct strbuf *out, const struct timeline_view *view);
/* A page of its own, without scripts. */
void timeline_html(struct strbuf *out, const struct timeline_view *view);

/* "gopls answered initialize after 0.31 s and had diagnostics after 1.20 s": the answer in one sentence. */
const char *timeline_summary(struct arena *arena, const struct timeline *line);

#endif
