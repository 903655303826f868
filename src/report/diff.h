/* SPDX-License-Identifier: MIT
 * The difference of two texts in the unified form, for people: one hunk from the first to the last line that differs.
 */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include "report/report.h"

/* Nothing when they are the same. A text that does not exist (data NULL) shows as /dev/null. */
void diff_write(struct strbuf *out, const char *name, struct slice before, struct slice after,
                const struct report_style *style);

#endif
