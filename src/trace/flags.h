/* SPDX-License-Identifier: MIT
 * Words with names: flags and values of system calls as strace(1) 6.1 spells them.
 */
#ifndef TRACE_FLAGS_H
#define TRACE_FLAGS_H

#include "base/str.h"

#include <stdint.h>

struct flag {
	const char *name; /* NULL ends a table */
	uint64_t value;
	uint64_t mask; /* what of the word it is about */
};

/* A table of trace/flags.def, or NULL. */
const struct flag *flags_of(const char *table);

/* A|B|0x8000; the table's name for nothing, or 0. */
void flags_add(struct strbuf *out, const struct flag *table, uint64_t word);
/* The name of the value, or NULL. */
const char *flags_value(const struct flag *table, uint64_t word);

#endif
