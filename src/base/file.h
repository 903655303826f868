/* SPDX-License-Identifier: MIT
 * Writing a whole file so that it is there completely or not at all.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/err.h"
#include "base/slice.h"

/* Writes bytes to a new file beside path (mode 0600), syncs it and renames it to path, replacing
 * what was there. 0, or negative errno with a sentence; then path is as it was. */
int file_replace(const char *path, struct slice bytes, struct err *err);

#endif
