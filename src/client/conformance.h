/* SPDX-License-Identifier: MIT
 * What a server does that the protocol does not allow, as far as a client sees it. Source: Language
 * Server Protocol 3.17, "Base Protocol" and "Server lifecycle"; JSON-RPC 2.0, sections 4 and 5.
 */
#ifndef CLIENT_CONFORMANCE_H
#define CLIENT_CONFORMANCE_H

#include "wire/rpc.h"

#include <stdbool.h>

/* One message method this often within one second, or so often in all, is a storm: an editor that
 * redraws for each of them stands still. */
#define STORM_PER_SECOND 200
#define STORM_TOTAL      5000

enum breach {
	BREACH_OUTSIDE_FRAME, /* bytes on stdout that belong to no frame */
	BREACH_WRONG_LENGTH, /* a header that cannot be obeyed, or a body that ends early or late */
	BREACH_NOT_JSON,     /* a body that is no JSON-RPC message */
	BREACH_INVALID_UTF8, /* in a body */
	BREACH_NO_JSONRPC,   /* a message without "jsonrpc": "2.0" */
	BREACH_UNKNOWN_ID,   /* an answer to nothing that was asked */
	BREACH_SECOND_ANSWER,    /* to the same request */
	BREACH_RESULT_AND_ERROR, /* a response with both, or with neither */
	BREACH_TOO_EARLY,        /* before the answer to initialize, what must not come there */
	BREACH_STORM,            /* a flood of one notification */
	BREACH_NO_SHUTDOWN,      /* shutdown was not answered */
	BREACH_NO_EXIT,          /* it lives on after exit, or does not end with status 0 */
	BREACH_COUNT,
};

struct breach_seen {
	uint64_t count;
	const char *example; /* of the first, a few words; "" when there is nothing to show */
	int64_t at_ns;       /* since the start of the session */
};

#define METHODS_MAX 64

struct method_seen {
	const char *method;
	uint64_t count;
	uint64_t in_second; /* since second_ns */
	uint64_t most;      /* the most within one second */
	int64_t second_ns;
};

struct conformance {
	struct arena *arena;
	struct breach_seen breaches[BREACH_COUNT];
	struct method_seen methods[METHODS_MAX]; /* notifications by method */
	size_t method_count;
};

void conformance_init(struct conformance *c, struct arena *arena);
/* "outside-frame" …: for reports and --compare. */
const char *breach_name(enum breach breach);
/* One sentence without values. */
const char *breach_title(enum breach breach);
/* Takes one down; the first one's example is kept, at most 120 bytes of it. */
void conformance_note(struct conformance *c, enum breach breach, int64_t at_ns,
                      struct slice example);
/* What one message body shows by itself, whatever was asked; initialized: the answer to initialize
 * has come. */
void conformance_message(struct conformance *c, struct slice body,
                         const struct rpc_message *message, bool initialized, int64_t at_ns);
/* Bytes that belong to no frame. */
void conformance_junk(struct conformance *c, struct slice bytes, int64_t at_ns);

#endif
