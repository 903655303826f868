/* SPDX-License-Identifier: MIT
 * LSP frames from hostile bytes: however they are cut into pieces, every byte comes out once and in
 * order, and the bodies are the same.
 */
#include "wire/frame.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	uint64_t frames;
	uint64_t body_bytes;
	uint64_t all_bytes;
	uint64_t hash;
};

static void take_all(struct frame_reader *reader, struct outcome *out) {
	struct frame frame;
	while (frame_next(reader, &frame) != FRAME_MORE) {
		out->all_bytes += frame.bytes.len;
		if (frame.kind == FRAME_JUNK && frame.bytes.len == 0) {
			abort(); /* no progress */
		}
		if (frame.kind == FRAME_BODY) {
			out->all_bytes += frame.header_bytes;
			out->body_bytes += frame.bytes.len;
			out->frames++;
			for (size_t i = 0; i < frame.bytes.len; i++) {
				out->hash = out->hash * 31 + (unsigned char)frame.bytes.data[i];
			}
		}
	}
}

static struct outcome run(const uint8_t *data, size_t size, size_t piece) {
	struct frame_reader reader;
	struct outcome out = {0};
	frame_reader_init(&reader, 1000);
	for (size_t i = 0; i < size; i += piece) {
		size_t len = size - i < piece ? size - i : piece;
		if (frame_feed(&reader, slice_of((const char *)data + i, len)) != 0) {
			break;
		}
		take_all(&reader, &out);
	}
	frame_end(&reader);
	take_all(&reader, &out);
	if (reader.frames != out.frames) {
		abort();
	}
	frame_reader_release(&reader);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct outcome whole = run(data, size, size > 0 ? size : 1);
	struct outcome cut = run(data, size, 7);
	if (whole.all_bytes != size || cut.all_bytes != size) {
		abort();
	}
	/* Lines beyond the header cap are cut where the pieces end; below it the frames are the
	 * same. */
	if (size < FRAME_HEADER_BYTES_MAX &&
	    (whole.frames != cut.frames || whole.hash != cut.hash)) {
		abort();
	}
	return 0;
}
