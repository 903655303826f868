/* SPDX-License-Identifier: MIT
 * Which Go files a build takes: file name suffixes, //go:build and // +build lines, and why not.
 * Source: go/build (matchFile, shouldBuild, goodOSArchFile), go/build/constraint, internal/syslist
 * of Go 1.26.
 */
#ifndef GOFILE_CONSTRAINT_H
#define GOFILE_CONSTRAINT_H

#include "base/arena.h"

#include <stdbool.h>

struct constraint_context {
	const char *goos;
	const char *goarch;
	const char *const *tags; /* of -tags */
	size_t tag_count;
	bool cgo;
	int go_minor; /* 26 for go1.26: the release tags go1.1 … go1.26 are set */
};

enum constraint_verdict {
	CONSTRAINT_INCLUDED,
	CONSTRAINT_NOT_GO,         /* the name does not end in .go */
	CONSTRAINT_IGNORED_NAME,   /* the name starts with _ or . */
	CONSTRAINT_OTHER_PLATFORM, /* the name ends in a GOOS or GOARCH that is not ours */
	CONSTRAINT_EXCLUDED,       /* a //go:build or // +build line is false */
	CONSTRAINT_BROKEN,         /* a //go:build line go cannot read, or two of them */
};

struct constraint_result {
	enum constraint_verdict verdict;
	const char *expression; /* the text of the deciding line without its marker; "" when none */
	const char *tag;        /* the first tag or suffix to blame; "" when none */
	bool wanted;         /* the tag would have to be set (false: it is set and must not be) */
	int line;            /* of the deciding line; 0 for names */
	const char *message; /* BROKEN: what is wrong; "" otherwise */
};

/* True when the tag is set in this context: GOOS, GOARCH, unix, cgo, gc, go1.N, -tags. */
bool constraint_tag(const struct constraint_context *ctx, const char *tag);

/* One //go:build expression (without the marker). line is 0. */
struct constraint_result constraint_match(struct arena *arena, const struct constraint_context *ctx,
                                          struct slice expression);
/* A file name (no directory) alone. */
struct constraint_result
constraint_match_name(struct arena *arena, const struct constraint_context *ctx, const char *name);
/* Name and text of a file. */
struct constraint_result constraint_match_file(struct arena *arena,
                                               const struct constraint_context *ctx,
                                               const char *name, struct slice text);

#endif
