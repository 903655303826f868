/* SPDX-License-Identifier: MIT
 * The expression inside a constraint line: parsed into nodes, evaluated, explained.
 */
#ifndef GOFILE_CONSTRAINT_EXPR_H
#define GOFILE_CONSTRAINT_EXPR_H

#include "gofile/constraint.h"

/* As many operands as go takes: with it the depth of recursion is bounded too. */
#define CONSTRAINT_OPERANDS_MAX 1000

struct constraint_expr;

/* NULL with *ret_message set when the text is no expression. */
struct constraint_expr *constraint_expr_parse(struct arena *arena, struct slice text,
                                              const char **ret_message);
/* One // +build line: words are alternatives, commas conjunctions. NULL when it is too complex, as
 * in go. */
struct constraint_expr *constraint_expr_parse_plus(struct arena *arena, struct slice text);

/* The truth; when false, *ret_tag is the first tag whose change could make it true, and *ret_wanted
 * how. */
bool constraint_expr_eval(const struct constraint_expr *expr, const struct constraint_context *ctx,
                          const char **ret_tag, bool *ret_wanted);

#endif
