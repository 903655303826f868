/* SPDX-License-Identifier: MIT
 * Between the parts of `dialtone stacks`.
 */
#ifndef CMD_STACKS_H
#define CMD_STACKS_H

#include "gostack/summary.h"
#include "gostack/why.h"
#include "report/json_writer.h"

/* Where it came from. */
struct stacks_source {
	int pid;          /* 0 for a core file */
	const char *core; /* path; NULL for a process */
	const struct memory_core_notes *notes;
	int64_t took_ns;
};

/* What was read, and when, as dialtone.stacks/1; summary NULL: all goroutines, else its groups. */
void stacks_json(struct strbuf *out, struct gostack *stack, const struct stacks_source *source,
                 const struct summary *summary, const struct traceback_options *options);

/* Who waits for whom, as dialtone.stacks.why/1. */
void stacks_why_json(struct strbuf *out, struct gostack *stack, const struct stacks_source *source,
                     const struct why *why);
/* The keys that name the source, into an object that is open. */
void stacks_put_source(struct json *json, const struct stacks_source *source);

#endif
