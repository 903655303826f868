/* SPDX-License-Identifier: MIT
 * The beginning of what lies unread in a stream of LSP or DAP messages: names and lengths only. The
 * stretch may begin in the middle of a message and end in one. Sources: Language Server Protocol 3.17,
 * "Base Protocol"; Debug Adapter Protocol, "Base Protocol" (the same framing; "type", "command" and
 * "event" in place of "method").
 */
#ifndef WIRE_UNREAD_H
#define WIRE_UNREAD_H

#include "base/arena.h"

#include <stdbool.h>

struct unread_message {
	const char *name; /* "initialize", "textDocument/hover"; "answer to 3" for a response; ""
	                     when what there is of it does not say */
	size_t bytes;     /* of the whole message, without its header */
	bool partial;     /* its end is not here */
};

/* Up to max messages into ret; returns how many. *ret_skipped: bytes before the first of them. */
size_t unread_read(struct arena *arena, struct slice bytes, struct unread_message *ret, size_t max,
                   size_t *ret_skipped);

#endif
