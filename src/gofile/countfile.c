/* SPDX-License-Identifier: MIT
 */
#include "gofile/countfile.h"

#include <stdint.h>
#include <string.h>

#define HEADER_MAX  ((uint32_t)16384)
#define HEADS       4 /* behind the limit */
#define RECORD_NAME 16
#define RECORD_STEP 32 /* records are aligned to it */
#define NAME_MASK   UINT32_C(0x00ffffff)

static const char prefix[] = "# telemetry/counter file v1\n";

static uint32_t word_at(struct slice bytes, size_t at) {
	const unsigned char *p = (const unsigned char *)bytes.data + at;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The next record of the list; 0 at its end and where go gives up. */
static uint32_t next_of(struct slice bytes, uint32_t header, uint32_t at) {
	if (at < header + HEADS || (size_t)at + RECORD_NAME > bytes.len) {
		return 0;
	}
	uint32_t name_len = word_at(bytes, (size_t)at + 8) & NAME_MASK;

	if (name_len == 0 || (size_t)at + RECORD_NAME + name_len > bytes.len) {
		return 0;
	}
	return word_at(bytes, (size_t)at + 12);
}

struct countfile countfile_read(struct slice bytes) {
	struct countfile file = {0};
	size_t prefix_len = sizeof prefix - 1;

	if (bytes.len < prefix_len + 4 || memcmp(bytes.data, prefix, prefix_len) != 0) {
		return file;
	}
	uint32_t header = word_at(bytes, prefix_len);
	size_t lists = (size_t)HEADS + (size_t)COUNTFILE_LISTS * 4;

	if (header > HEADER_MAX || (size_t)header + lists > bytes.len) {
		return file;
	}
	file.known = true;
	for (size_t i = 0; i < COUNTFILE_LISTS; i++) {
		uint32_t at = word_at(bytes, header + HEADS + i * 4);
		size_t steps = 0;

		while (at != 0 && steps <= bytes.len / RECORD_STEP) {
			at = next_of(bytes, header, at);
			steps++;
		}
		file.circles += at != 0;
	}
	return file;
}
