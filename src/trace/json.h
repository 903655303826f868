/* SPDX-License-Identifier: MIT
 * JSON text (RFC 8259) out of bytes that may be anything.
 */
#ifndef TRACE_JSON_H
#define TRACE_JSON_H

#include "base/slice.h"
#include "base/str.h"

/* In double quotes; control characters escaped, bytes that are no UTF-8 as U+FFFD. */
void json_add_string(struct strbuf *out, struct slice bytes);

#endif
