/* SPDX-License-Identifier: MIT
 * Which variable of the environment a C compiler complains about: CC and CXX may hold flags beside the program, and the
 * CGO_ ones hold nothing else.
 */
#ifndef CORE_CC_FLAG_H
#define CORE_CC_FLAG_H

#include "core/facts.h"

struct cc_flag {
	const struct fact_govar *var;
	const char *word; /* of its value */
	const char *line; /* what the compiler said */
};

/* text: the compiler's words in the C locale. True when one of its errors is about a word of a variable that somebody set:
 * an error about no place in the code that quotes the word, or what stands behind its "=", or that finds a macro of the
 * command line to be none; or a missing header, and the
 * word leads the search elsewhere. What is found lies in arena, the variable in facts. */
bool cc_flag_find(struct arena *arena, const struct facts *facts, const char *text,
                  struct cc_flag *ret);

#endif
