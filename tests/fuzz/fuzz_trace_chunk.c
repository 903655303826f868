/* SPDX-License-Identifier: MIT
 * A chunk of a trace file, unpacked: two bytes say how long the head is, the data follows it.
 */
#include "trace/chunk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte there is: an over-read would be seen. */
static uint64_t use(const struct event *e) {
	uint64_t sum = 0;
	for (size_t i = 0; i < e->payload_count; i++) {
		for (size_t k = 0; k < e->payloads[i].bytes.len; k++) {
			sum += (unsigned char)e->payloads[i].bytes.data[k];
		}
	}
	for (size_t i = 0; i < e->stack_depth; i++) {
		sum += e->stack[i];
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size < 2) {
		return 0;
	}
	size_t head = data[0] | (size_t)data[1] << 8;
	struct slice all = slice_of((const char *)data + 2, size - 2);
	head = head < all.len ? head : all.len;
	/* Parts of a chunk are passed over in many ways: which, the last byte says. */
	struct event_filter filter = {.pid = data[size - 1] & 1 ? 4000 : 0,
	                              .failed = data[size - 1] & 2,
	                              .no_args = data[size - 1] & 4,
	                              .path = data[size - 1] & 8 ? "mod" : NULL,
	                              .kinds = data[size - 1] & 16 ? 1u << EVENT_CALL : 0};
	struct chunk chunk = {0};
	volatile uint64_t sum = 0;
	if (chunk_parse(&chunk, slice_of(all.data, head), slice_of(all.data + head, all.len - head),
	                &filter) == 0) {
		for (size_t i = 0; i < chunk.count; i++) {
			sum += use(&chunk.events[i]);
		}
	} else if (chunk.count > 0) {
		abort();
	}
	chunk_free(&chunk);
	(void)sum;
	return 0;
}
