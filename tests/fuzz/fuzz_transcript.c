/* SPDX-License-Identifier: MIT
 * Session transcripts from hostile bytes; what could be read is written again and reads back the
 * same.
 */
#include "wire/transcript.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(struct slice a, struct slice b) {
	struct transcript_reader left;
	struct transcript_reader right;
	struct transcript_event x;
	struct transcript_event y;
	transcript_reader_init(&left, a, NULL);
	if (transcript_reader_init(&right, b, NULL) != 0) {
		abort();
	}
	while (transcript_next(&left, &x, NULL) == 1) {
		if (transcript_next(&right, &y, NULL) != 1 || x.kind != y.kind ||
		    x.at_ns != y.at_ns || x.payload.len != y.payload.len ||
		    (x.payload.len > 0 &&
		     memcmp(x.payload.data, y.payload.data, x.payload.len) != 0)) {
			abort();
		}
	}
	if (transcript_next(&right, &y, NULL) != 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice bytes = slice_of((const char *)data, size);
	struct transcript_reader reader;
	struct transcript_event event;
	struct transcript copy;
	transcript_init(&copy);
	if (transcript_reader_init(&reader, bytes, NULL) == 0) {
		while (transcript_next(&reader, &event, NULL) == 1) {
			if (transcript_add(&copy, event.kind, event.at_ns, event.payload) != 0) {
				abort();
			}
		}
		if (!copy.truncated) {
			check_same(bytes, transcript_bytes(&copy));
		}
	}
	transcript_release(&copy);
	return 0;
}
