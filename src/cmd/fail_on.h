/* SPDX-License-Identifier: MIT
 * `check --fail-on`: which verdicts and causes let a gate fail. It only says when the status is another than 0; what each
 * status means stays as it is.
 */
#ifndef CMD_FAIL_ON_H
#define CMD_FAIL_ON_H

#include "base/err.h"
#include "core/command.h"
#include "core/infer.h"

/* 0, or -EINVAL with a sentence that names the word and what was meant. words: each one or several with commas between:
 * never, broken, degraded, note, or ids of rules. */
int fail_on_validate(struct arena *arena, const struct option_list *words,
                     const struct rule *const *rules, struct err *err);

/* The exit status. Without words it is otherwise, that of the report contract; else STATUS_FOUND when the verdict or a
 * finding is among them, STATUS_UNKNOWN when that could not be told, and in all other cases STATUS_HEALTHY. words: valid. */
int fail_on_status(const struct option_list *words, const struct diagnosis *diagnosis,
                   int otherwise);

#endif
