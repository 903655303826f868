/* SPDX-License-Identifier: MIT
 * Evidence: bytes with a source, a time and a state. A refusal is evidence too.
 * The store holds everything one run has looked at; a case file is this store written down.
 */
#ifndef CORE_EVIDENCE_H
#define CORE_EVIDENCE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum ev_state {
	EV_READ,         /* complete */
	EV_ABSENT,       /* ENOENT, ENOTDIR: it is not there */
	EV_DENIED,       /* EACCES, EPERM */
	EV_TRUNCATED,    /* read up to its cap, or cut by a deadline: bytes hold the beginning */
	EV_TIMED_OUT,    /* no answer within the deadline */
	EV_FAILED,       /* any other errno, or not a regular file */
	EV_NOT_RECORDED, /* only from a case file: nobody looked when it was made */
};

struct evidence {
	uint32_t id; /* position in the store, from 0 */
	const char
		*source; /* "file:/x/go.mod", "run:go env", "session:gopls"; unique in the store */
	int64_t at_ns;   /* since the start of the run */
	enum ev_state state;
	int error;          /* positive errno, 0 when EV_READ */
	struct slice bytes; /* in the arena of the store; also NUL-terminated behind its end */
};

struct evidence_store {
	struct arena *arena;
	struct evidence **items; /* count of them, in the order they were looked at */
	size_t count;
	size_t size;
	uint32_t *slots; /* open addressing by source: item index + 1, 0 = free */
	size_t slot_count;
	int64_t start_wall_ns; /* clock_wall_ns() at the start of the run; 0: unknown */
};

void evidence_store_init(struct evidence_store *store, struct arena *arena);
/* The evidence with this source, or NULL. */
struct evidence *evidence_find(const struct evidence_store *store, const char *source);
/* Adds an empty one (EV_FAILED, no bytes); the source must be new. Never NULL. */
struct evidence *evidence_add(struct evidence_store *store, const char *source);
/* Adds what `from` of another store says under this source, which must be new. The bytes are shared. Never NULL. */
struct evidence *evidence_add_copy(struct evidence_store *store, const char *source,
                                   const struct evidence *from);
/* What was seen in a second look (cmd/behind.h) stands in the store of the run with this before its source. */
#define EVIDENCE_BEHIND "behind:"
/* The source without that. */
const char *evidence_plain_source(const char *source);

/* The word of the report contract: read, absent, denied, truncated, timed_out (failed,
 * not_recorded). */
const char *ev_state_name(enum ev_state state);
/* Why there is nothing to read, as people say it: "it does not exist". */
const char *evidence_refusal(const struct evidence *ev);
/* EV_READ or EV_TRUNCATED: there are bytes to look at. */
bool evidence_has_bytes(const struct evidence *ev);
/* Nothing is there, as far as anybody looked: absent, or not asked when the case file was made. */
bool evidence_is_absent(const struct evidence *ev);
/* Maps an errno of a failed look to a state. */
enum ev_state ev_state_of_errno(int error);

#endif
