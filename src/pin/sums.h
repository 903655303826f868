/* SPDX-License-Identifier: MIT
 * Files of checksums: SHA256SUMS as sha256sum(1) writes and checks it, and what a built program says of its modules held
 * against lines of a go.sum.
 */
#ifndef PIN_SUMS_H
#define PIN_SUMS_H

#include "base/err.h"
#include "gofile/binary.h"
#include "gofile/gosum.h"

#define SUMS_MAX_BYTES ((size_t)1024 * 1024)
#define SUMS_HEX_BYTES ((size_t)64)

struct sums_entry {
	const char *hex;  /* 64 small hexadecimal digits */
	const char *path; /* relative, without "." and ".." */
};

struct sums {
	struct sums_entry *entries;
	size_t count;
	size_t slots;
};

/* -EBADMSG with a sentence that names the line: not 64 digits, two blanks (or a blank and '*') and a path; a path that
 * is absolute, leads out, or has a character for which sha256sum uses another form. */
int sums_parse(struct arena *arena, struct slice text, struct sums *ret, struct err *err);
void sums_add(struct arena *arena, struct sums *sums, const char *hex, const char *path);
/* As sha256sum -c reads it. */
const char *sums_text(struct arena *arena, const struct sums *sums);
/* The digits of that path, or NULL. */
const char *sums_find(const struct sums *sums, const char *path);

/* The lines of go.sum for the modules that were built in. NULL when one has no checksum or was replaced: *ret_module is
 * its path then. */
const char *sums_of_modules(struct arena *arena, const struct binary *bin, const char **ret_module);

/* Has every module that was built in its line in sum, and the same checksum? -EBADMSG with a sentence: the first that
 * has not. */
int sums_check_modules(const struct binary *bin, const struct gosum *sum, const char *file,
                       struct err *err);

#endif
