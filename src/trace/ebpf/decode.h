/* SPDX-License-Identifier: MIT
 * Records of the program in the kernel (trace/ebpf/record.h) as events.
 */
#ifndef TRACE_EBPF_DECODE_H
#define TRACE_EBPF_DECODE_H

#include "trace/ebpf/record.h"
#include "trace/event.h"

/* Memory of calls that have begun and not ended, which came ahead of them. */
#define DECODE_PARTS_MAX 1024

struct decode_part {
	int64_t start_ns;
	pid_t tid;
	size_t payloads;
	char *bytes; /* NULL: the place is free */
	size_t len;
};

struct decoder {
	const struct event_sink *sink;
	uint64_t events;
	uint64_t parts_lost;
	pid_t held; /* a program to be: what it does until it is executed is ours, not told; 0 none */
	struct decode_part parts[DECODE_PARTS_MAX];
};

/* Hands the event in that the record tells, if it tells one. 0, -EBADMSG for a record that is not one
 * of ours, or what the sink returned. */
int decode_record(struct decoder *decoder, struct slice record);

/* Of a thread that is in a call when recording ends: a call without a duration. */
int decode_thread(struct decoder *decoder, const struct ebpf_thread *thread);

void decode_free(struct decoder *decoder);

#endif
