/* SPDX-License-Identifier: MIT
 * Byte strings that come again and again, each kept once: its number is the order of its coming.
 */
#ifndef TRACE_DICTIONARY_H
#define TRACE_DICTIONARY_H

#include "trace/column.h"

struct dictionary {
	struct column lengths; /* varints, in order */
	struct column bytes;   /* all strings in a row */
	struct dictionary_slot *slots;
	size_t slot_count; /* a power of two, or 0 */
	size_t count;
	bool failed; /* no memory */
};

void dictionary_free(struct dictionary *dictionary);
/* Empty again; keeps its memory. */
void dictionary_clear(struct dictionary *dictionary);
size_t dictionary_id(struct dictionary *dictionary, struct slice bytes);
/* Whether it has come; adds nothing. */
bool dictionary_has(const struct dictionary *dictionary, struct slice bytes);

#endif
