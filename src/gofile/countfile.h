/* SPDX-License-Identifier: MIT
 * A telemetry counter file of the Go tools (*.v1.count), which each of them maps and walks at its
 * start. Source: golang.org/x/telemetry/internal/counter, file.go (mappedFile, version 1): a line, the
 * length of the header, metadata, then at the header's end the limit, 512 list heads, and records of
 * count, length of the name, next record, name. A list that leads back into itself is walked for ever.
 */
#ifndef GOFILE_COUNTFILE_H
#define GOFILE_COUNTFILE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define COUNTFILE_LISTS 512

struct countfile {
	bool known;     /* it is one of version 1 */
	size_t circles; /* lists without an end; COUNTFILE_LISTS at most */
};

struct countfile countfile_read(struct slice bytes);

#endif
