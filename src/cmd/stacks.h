/* SPDX-License-Identifier: MIT
 * Between the parts of `dialtone stacks`.
 */
#ifndef CMD_STACKS_H
#define CMD_STACKS_H

#include "gostack/summary.h"

/* What was read, and when, as dialtone.stacks/1; summary NULL: all goroutines, else its groups. */
void stacks_json(struct strbuf *out, struct gostack *stack, int pid, int64_t took_ns,
                 const struct summary *summary, const struct traceback_options *options);

#endif
