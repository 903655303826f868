/* SPDX-License-Identifier: MIT
 * From a plan to a repair: what its steps mean for the files as they are now. Looks and changes nothing.
 */
#ifndef APPLY_RESOLVE_H
#define APPLY_RESOLVE_H

#include "apply/journal.h"
#include "core/plan.h"

/* Before and after of every step; a step that finds its work done adds nothing, so a repair without changes has nothing
 * left to do. Adds steps around those of the plan where this user has write-protected what they edit (apply/protection.h). Sets plan->needs_root when something is not this user's to change.
 *
 * Refused as a whole, with a sentence that names file and line: a precondition does not hold (-EBADMSG and what
 * apply/edit.h says); a path that leads where it should not (apply/place.h); a FIFO, device or directory in place of a
 * file, or a file of more than IMAGE_MAX_BYTES that would be edited; one that has several links; a
 * program of the workspace without trust (-EPERM); a move to another file system (-EXDEV); a step about what a program
 * before it announced (-EINVAL); a plan that is unable (-EINVAL). */
int plan_resolve(struct arena *arena, struct plan *plan, struct repair *ret, struct err *err);

#endif
