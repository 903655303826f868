/* SPDX-License-Identifier: MIT
 * GOFLAGS: how go splits it, and what it refuses.
 * Source: cmd/internal/quoted (Split) and cmd/go/internal/base/goflags.go of Go 1.26.
 */
#ifndef GOFILE_GOFLAGS_H
#define GOFILE_GOFLAGS_H

#include "base/arena.h"

#include <stdbool.h>

enum goflags_fault {
	GOFLAGS_OK,
	GOFLAGS_UNTERMINATED, /* an opening quote without its end */
	GOFLAGS_NON_FLAG,     /* a word that does not look like -name or -name=value */
	GOFLAGS_UNKNOWN,      /* a name no go command knows (as of go 1.26) */
};

struct goflags {
	char **words;
	size_t count;
	enum goflags_fault fault; /* the first, which is the one go reports */
	const char *bad; /* the word or flag name ("-x") go names; the quote when UNTERMINATED; ""
	                    when OK */
};

struct goflags goflags_parse(struct arena *arena, const char *text);
/* The value of the last `-name=value` ("true" for a bare -name); NULL when the flag is not there.
 * name without dash. */
const char *goflags_value(const struct goflags *flags, const char *name);

#endif
