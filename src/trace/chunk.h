/* SPDX-License-Identifier: MIT
 * Some thousand events as columns in two zstd frames: the head (what happened, to whom, when, with
 * which result) and the data (paths, buffers, stacks). A chunk needs no other: a file whose
 * recorder was killed is whole up to its last one. The layout is in docs/trace-format.md.
 */
#ifndef TRACE_CHUNK_H
#define TRACE_CHUNK_H

#include "trace/column.h"
#include "trace/dictionary.h"
#include "trace/event.h"
#include "trace/event_filter.h"
#include "trace/squeeze.h"

#define CHUNK_EVENTS       ((size_t)16384)
#define CHUNK_STRING_BYTES ((size_t)4 << 20) /* when a chunk has so many it is full */

enum head_column {
	HEAD_THREADS, /* pid, tid of each thread number */
	HEAD_KEYS,    /* kind, arch, number of each key number */
	HEAD_THREAD,
	HEAD_KEY,
	HEAD_START,
	HEAD_DURATION,
	HEAD_RESULT,
	HEAD_ARG, /* and five more */
	HEAD_EXTRA = HEAD_ARG + 6,
	HEAD_MARKED,
	HEAD_COLUMNS,
};

enum data_column {
	DATA_COUNT,
	DATA_WHAT,
	DATA_CUT,
	DATA_STRING,
	DATA_STACK,
	DATA_COLUMNS,
};

struct chunk_writer {
	struct column head[HEAD_COLUMNS];
	struct column data[DATA_COLUMNS];
	struct dictionary threads, keys, strings;
	int64_t (*last_args)[6]; /* by key */
	size_t last_args_count;
	int64_t last_start;
	size_t payloads, last_marked;
	size_t events;
	bool failed; /* no memory */
};

void chunk_writer_free(struct chunk_writer *writer);
void chunk_put(struct chunk_writer *writer, const struct event *event);
bool chunk_is_full(const struct chunk_writer *writer);
/* Gives both parts, plain, appended to empty columns of the caller; the writer is empty again.
 * -ENOMEM when any put failed. */
int chunk_take(struct chunk_writer *writer, struct column *ret_head, struct column *ret_data);

/* A chunk that was read; used again for the next one. */
struct chunk {
	struct event *events; /* those that are wanted */
	uint32_t *positions;  /* of each among all of the chunk, from 0 */
	size_t count, total;
	struct payload *payloads;
	uint64_t *stacks;
	size_t event_slots, position_slots, payload_slots, stack_slots;
	char *head, *data; /* plain */
	size_t head_bytes, data_bytes;
};

void chunk_free(struct chunk *chunk);
/* filter may be NULL. Without the data there are no payloads and no stacks. The events point into the
 * chunk. 0, -EBADMSG when what was looked at is damaged, -EFBIG, -ENOMEM. */
int chunk_read(struct chunk *chunk, struct squeeze *squeeze, struct slice head, struct slice data,
               const struct event_filter *filter);
/* The same of plain parts. */
int chunk_parse(struct chunk *chunk, struct slice head, struct slice data,
                const struct event_filter *filter);

#endif
