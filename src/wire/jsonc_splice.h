/* SPDX-License-Identifier: MIT
 * A change of a text as what was taken out and what was put in; for jsonc_edit.c.
 */
#ifndef WIRE_JSONC_SPLICE_H
#define WIRE_JSONC_SPLICE_H

#include "wire/jsonc_edit.h"

/* a, b and c behind each other, in the arena. */
struct slice jsonc_splice_join(struct arena *arena, struct slice a, struct slice b, struct slice c);
/* From one offset up to the other. */
struct slice jsonc_splice_part(struct slice text, size_t from, size_t to);
/* *ret: the smallest change from one text to the other, and its inverse. */
void jsonc_splice_finish(struct slice before, struct slice after, struct jsonc_edit *ret);

#endif
