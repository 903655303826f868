/* SPDX-License-Identifier: MIT
 * The steps that change a text, as text to text. Pure. Each gives the text it was given when there is nothing to do; a
 * text whose precondition does not hold is refused with a sentence that names file and line (-EBADMSG).
 */
#ifndef APPLY_EDIT_H
#define APPLY_EDIT_H

#include "base/arena.h"
#include "base/err.h"
#include "core/plan.h"

/* Is it a step that changes a text: STEP_SETTING, STEP_MEMBER, STEP_LINE, STEP_ASSIGN, STEP_APPEND, STEP_GOENV? */
bool edit_is(enum step_kind kind);

/* step: of such a kind; file: its name for sentences. */
int edit_text(struct arena *arena, const struct step *step, const char *file, struct slice text,
              struct slice *ret, struct err *err);

#endif
