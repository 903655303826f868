/* SPDX-License-Identifier: MIT
 * What the server, go or the tools they run complained about, in the words of an errno.
 */
#ifndef CORE_COMPLAINT_H
#define CORE_COMPLAINT_H

#include "core/facts.h"

struct complaint {
	const struct fact *fact; /* who said it; NULL: nobody */
	const char *path;      /* what stands before ": WORDS", when that is an absolute path; "" */
	const char *line;      /* the line it is in */
	const char *text, *at; /* where the words stand: for the next one */
};

/* The first message, run of go, line of the server's stderr or failed feature whose text has
 * ": WORDS" (or WORDS at all, when they begin with a blank). */
struct complaint complaint_find(const struct facts *facts, const char *words);
/* The next one behind `after`; fact NULL at the end. */
struct complaint complaint_next(const struct facts *facts, const char *words,
                                const struct complaint *after);

#endif
