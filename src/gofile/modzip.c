/* SPDX-License-Identifier: MIT */
#include "gofile/modzip.h"

#define END_SIZE     22
#define END_MAX      ((size_t)END_SIZE + 65535) /* with the longest comment */
#define ENTRY_SIZE   46
#define LOCAL_SIZE   30
#define ENTRIES_MAX  ((size_t)65535)
#define CRC_REVERSED 0xedb88320U

static uint32_t number(const char *p, size_t len) {
	uint32_t value = 0;

	for (size_t i = 0; i < len; i++) {
		value |= (uint32_t)(unsigned char)p[i] << (8 * i);
	}
	return value;
}

/* Where the record of the end begins; bytes.len when there is none. */
static size_t find_end(struct slice bytes) {
	size_t first = bytes.len > END_MAX ? bytes.len - END_MAX : 0;

	for (size_t at = bytes.len < END_SIZE ? 0 : bytes.len - END_SIZE + 1; at-- > first;) {
		if (memcmp(bytes.data + at, "PK\5\6", 4) == 0) {
			return at;
		}
	}
	return bytes.len;
}

struct modzip modzip_parse(struct arena *arena, struct slice bytes) {
	struct modzip zip = {0};
	size_t end = find_end(bytes);

	if (end == bytes.len) {
		return zip;
	}
	size_t wanted = number(bytes.data + end + 10, 2);
	size_t at = number(bytes.data + end + 16, 4);

	zip.entries = arena_array_of(arena, struct modzip_entry, wanted > 0 ? wanted : 1);
	while (zip.count < wanted && zip.count < ENTRIES_MAX && at <= end &&
	       end - at >= ENTRY_SIZE && memcmp(bytes.data + at, "PK\1\2", 4) == 0) {
		const char *p = bytes.data + at;
		size_t name = number(p + 28, 2);
		size_t skip = ENTRY_SIZE + name + number(p + 30, 2) + number(p + 32, 2);
		size_t packed = number(p + 20, 4);
		size_t local = number(p + 42, 4);

		if (end - at < skip || local > end || end - local < LOCAL_SIZE ||
		    end - local - LOCAL_SIZE < packed ||
		    memcmp(bytes.data + local, "PK\3\4", 4) != 0) {
			return zip;
		}
		zip.entries[zip.count++] =
			(struct modzip_entry){.name = slice_of(p + ENTRY_SIZE, name),
		                              .size = number(p + 24, 4),
		                              .crc = number(p + 16, 4)};
		at += skip;
	}
	zip.whole = zip.count == wanted;
	return zip;
}

uint32_t modzip_crc(uint32_t crc, struct slice bytes) {
	uint32_t table[256];

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int bit = 0; bit < 8; bit++) {
			c = c & 1 ? CRC_REVERSED ^ (c >> 1) : c >> 1;
		}
		table[i] = c;
	}
	crc = ~crc;
	for (size_t i = 0; i < bytes.len; i++) {
		crc = table[(crc ^ (unsigned char)bytes.data[i]) & 0xff] ^ (crc >> 8);
	}
	return ~crc;
}

const char *modzip_unescape(struct arena *arena, const char *escaped) {
	char *out = arena_strdup(arena, escaped);
	size_t n = 0;

	for (const char *p = escaped; *p; p++) {
		bool capital = *p == '!' && p[1] >= 'a' && p[1] <= 'z';
		out[n++] = capital ? (char)(*++p - 'a' + 'A') : *p;
	}
	out[n] = '\0';
	return out;
}
