/* SPDX-License-Identifier: MIT
 * The recorded life of one server session, as evidence bytes. The format:
 *
 *     dialtone-transcript 1\n
 *     KIND MS LENGTH\n
 *     LENGTH bytes\n
 *     ... more events, oldest first
 *
 *     KIND    one letter:
 *             S  sent to the server, one frame body
 *             R  received from it, one frame body
 *             E  its stderr
 *             J  junk on its stdout
 *             X  its exit
 *             N  a note of ours
 *             T  truncated here
 *     MS      milliseconds since the session began, with three decimals: 123.400
 *     LENGTH  of the payload in bytes, decimal; the payload may hold anything
 *
 * The line feed behind the payload is not part of it.
 *
 * The whole is bounded by TRANSCRIPT_BYTES_MAX. The first event that does not fit is replaced by
 * one T event (its payload: the dropped event's letter), and after it only X and N events are kept,
 * in a reserve, because how a session ended matters most when it was noisy.
 */
#ifndef WIRE_TRANSCRIPT_H
#define WIRE_TRANSCRIPT_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSCRIPT_BYTES_MAX     ((size_t)16 << 20)
#define TRANSCRIPT_RESERVE_BYTES ((size_t)64 << 10) /* of it, for T, X and N events */

enum transcript_kind {
	TRANSCRIPT_SENT = 'S',
	TRANSCRIPT_RECEIVED = 'R',
	TRANSCRIPT_STDERR = 'E',
	TRANSCRIPT_JUNK = 'J',
	TRANSCRIPT_EXIT = 'X',
	TRANSCRIPT_NOTE = 'N',
	TRANSCRIPT_TRUNCATED = 'T',
};

struct transcript {
	char *data; /* own, malloc'ed */
	size_t len;
	size_t size;
	bool truncated;
	uint64_t dropped_bytes; /* payloads that were not kept */
};

/* Allocates nothing. */
void transcript_init(struct transcript *transcript);
/* Frees the bytes. For CLEANUP. */
void transcript_release(struct transcript *transcript);
/* Appends one event; at_ns is relative to the beginning of the session (negative counts as 0).
 * 0 also when the cap made it drop the event (truncated, dropped_bytes); -ENOMEM. */
int transcript_add(struct transcript *transcript, enum transcript_kind kind, int64_t at_ns,
                   struct slice payload);
/* Everything so far: valid until the next add or release. Empty before the first event. */
struct slice transcript_bytes(const struct transcript *transcript);

struct transcript_event {
	enum transcript_kind kind;
	int64_t at_ns;
	struct slice payload; /* in the bytes that are read */
};

struct transcript_reader {
	struct slice rest;
	size_t offset; /* of rest in the whole, for messages */
};

/* Prepares to read any bytes. 0; -EBADMSG when they do not begin like a transcript. No bytes at all
 * are no events. */
int transcript_reader_init(struct transcript_reader *reader, struct slice bytes, struct err *err);
/* 1 and *ret for the next event, 0 at the end, -EBADMSG where the bytes are damaged (and again when
 * asked again). Allocates nothing. */
int transcript_next(struct transcript_reader *reader, struct transcript_event *ret,
                    struct err *err);

#endif
