/* SPDX-License-Identifier: MIT
 * The forms of `dialtone why`, apart from its look: who waits for whom, as text and in the report for programs. Nothing
 * here looks or prints.
 */
#ifndef CMD_WHY_VIEW_H
#define CMD_WHY_VIEW_H

#include "report/json_writer.h"
#include "report/report.h"
#include "waits/waits.h"

struct why_other {         /* a server of the workspace that is not well */
	int64_t pid, leaf; /* leaf: the pid at the end of its chain */
	const char *name;
};

struct why_view {
	struct arena *arena;
	const struct waits *waits;
	const struct wait_chain *chain;
	const struct why_other *others; /* the one of the chain may be among them */
	size_t other_count;
};

/* It hangs on something else than the chain tells of. */
bool why_view_is_apart(const struct why_view *view, const struct why_other *other);

/* What could not be seen, and what would let us; NULL-terminated. */
const char *const *why_view_unseen(const struct why_view *view);
void why_view_text(struct strbuf *out, const struct why_view *view,
                   const struct report_style *style);
/* The keys chain, leaf, unread, others (servers of the workspace that hang on something else: pid, leaf) and not_seen of
 * a report; context: a struct why_view. */
void why_view_json(struct json *j, const void *context);

#endif
