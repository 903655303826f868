/* SPDX-License-Identifier: MIT
 * What changed since all worked, for people and for programs.
 */
#ifndef REPORT_CHANGES_H
#define REPORT_CHANGES_H

#include "core/changes.h"
#include "report/json_writer.h"

/* "today 14:02", "on Tuesday 14:02", "on 2026-11-20 14:02": local time. */
const char *when_in_words(struct arena *arena, int64_t at_ns, int64_t now_ns);
/* "12 minutes". */
const char *duration_in_words(struct arena *arena, int64_t ns);

/* "gopls went from v0.20.0 to v0.23.0" */
const char *change_without_time(struct arena *arena, const struct fact_changed *change);
/* "gopls went from v0.20.0 to v0.23.0, on Tuesday 14:02 (apt: gopls), 12 minutes after the last good answer": what, and,
 * as far as it is known, when and by whom. No full stop. good: the state it is held against. */
const char *change_in_words(struct arena *arena, const struct fact_changed *change,
                            const struct fact_last_good *good, int64_t now_ns);

/* The changes that can explain what is wrong, at most max of them, as such sentences, NULL-terminated; or one sentence
 * that nothing changed. Empty when it is not known since when. *ret_more: how many there are besides. */
const char *const *changes_in_words(struct arena *arena, const struct facts *facts,
                                    const struct diagnosis *diagnosis, size_t max, int64_t now_ns,
                                    size_t *ret_more);

/* Members "last_good" (or null) and "changes" of an open object. */
void changes_put(struct json *json, struct arena *arena, const struct facts *facts,
                 const struct diagnosis *diagnosis);

#endif
