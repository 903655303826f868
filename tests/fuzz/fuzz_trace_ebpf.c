/* SPDX-License-Identifier: MIT
 * Records out of the ring buffer, one after the other: two bytes say how long each is. What they tell goes where a recording's
 * events go, into a chunk, and must come out of it.
 */
#include "base/slice.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef DIALTONE_EBPF

#include "trace/chunk.h"
#include "trace/ebpf/decode.h"

#include <stdlib.h>

static void expect(bool it_is_so) {
	if (!it_is_so) {
		abort();
	}
}

/* Reads every byte there is: an over-read would be seen. */
static int take(void *data, const struct event *e) {
	volatile uint64_t sum = 0;
	expect(e->payload_count <= EVENT_PAYLOADS && e->stack_depth <= EVENT_STACK_MAX);
	for (size_t i = 0; i < e->payload_count; i++) {
		for (size_t k = 0; k < e->payloads[i].bytes.len; k++) {
			sum += (unsigned char)e->payloads[i].bytes.data[k];
		}
	}
	for (size_t i = 0; i < e->stack_depth; i++) {
		sum += e->stack[i];
	}
	chunk_put(data, e);
	(void)sum;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct chunk_writer writer = {0};
	struct event_sink sink = {.data = &writer, .take = take};
	struct decoder decoder = {.sink = &sink};
	struct column head = {0}, rest = {0};
	struct chunk chunk = {0};
	while (size >= 2) {
		size_t len = data[0] | (size_t)data[1] << 8;
		data += 2;
		size -= 2;
		len = len < size ? len : size;
		/* A copy of its own: what lies behind it is another's. */
		char *record = malloc(len > 0 ? len : 1);
		expect(record != NULL);
		memcpy(record, data, len);
		(void)decode_record(&decoder, slice_of(record, len));
		free(record);
		data += len;
		size -= len;
	}
	decode_free(&decoder);
	size_t events = writer.events;
	expect(events == decoder.events);
	expect(chunk_take(&writer, &head, &rest) == 0);
	expect(chunk_parse(&chunk, slice_of(head.data, head.len), slice_of(rest.data, rest.len),
	                   NULL) == 0);
	expect(chunk.count == events);
	chunk_free(&chunk);
	chunk_writer_free(&writer);
	column_free(&head);
	column_free(&rest);
	return 0;
}

#else

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	(void)data;
	(void)size;
	return 0;
}

#endif
