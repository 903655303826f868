/* SPDX-License-Identifier: MIT
 * What differs between two snapshots, and what one holds, for people and for programs. Nothing here looks or prints.
 */
#ifndef REPORT_PICTURE_H
#define REPORT_PICTURE_H

#include "core/picture.h"
#include "report/report.h"

struct picture_view {
	struct arena *arena;
	const char *names[2]; /* the files */
	const struct picture *pictures[2];
	const struct picture_changes *changes;
};

/* "gopls (4242): its limit of open files is 1024:4096; before it was 65536:65536". No full stop. */
const char *picture_change_in_words(struct arena *arena, const struct picture_change *change);

/* A sentence each; what several processes have in common is told once. */
void picture_diff_text(struct strbuf *out, const struct picture_view *view,
                       const struct report_style *style);
/* dialtone.snapshot-diff/1 */
void picture_diff_json(struct strbuf *out, const struct picture_view *view);

/* Of one (pictures[0]): a line for each process. */
void picture_text(struct strbuf *out, const struct picture_view *view,
                  const struct report_style *style);
/* dialtone.snapshot/1 */
void picture_json(struct strbuf *out, const struct picture_view *view);

#endif
