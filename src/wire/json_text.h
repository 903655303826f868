/* SPDX-License-Identifier: MIT
 * Pieces of strict JSON text (RFC 8259) written into a string.
 */
#ifndef WIRE_JSON_TEXT_H
#define WIRE_JSON_TEXT_H

#include "base/slice.h"
#include "base/str.h"

/* s in double quotes, escaped. The bytes are taken to be UTF-8 and are not checked. */
void json_text_string(struct strbuf *out, struct slice s);
/* The same, in the arena. */
const char *json_text_quoted(struct arena *arena, struct slice s);
/* "file:///…" of an absolute path. */
const char *json_text_uri(struct arena *arena, const char *path);

#endif
