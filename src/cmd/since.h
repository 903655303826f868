/* SPDX-License-Identifier: MIT
 * A moment in the past, as people write it.
 */
#ifndef CMD_SINCE_H
#define CMD_SINCE_H

#include "base/err.h"

#include <stdint.h>

/* "2026-11-20", "2026-11-20 14:02[:13]" (or with T), "today", "yesterday", "14:02" (of today, else of yesterday), "3d",
 * "12h", "30m": local time. Wall clock; 0, or -EINVAL with a sentence. Not later than now. */
int since_parse(const char *text, int64_t now_ns, int64_t *ret_ns, struct err *err);

#endif
