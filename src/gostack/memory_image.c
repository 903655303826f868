/* SPDX-License-Identifier: MIT */
#include "gostack/bytes.h"
#include "gostack/memory.h"

#include <errno.h>

#define HEADER_BYTES ((uint64_t)(8 * 7))
#define REGION_BYTES ((uint64_t)16)

struct region {
	uint64_t address;
	struct slice bytes;
};

struct image {
	struct region *regions;
	size_t count;
};

static size_t read_part(const struct image *image, uint64_t address, void *into, size_t len) {
	for (size_t i = 0; i < image->count; i++) {
		const struct region *r = &image->regions[i];
		if (address >= r->address && address - r->address < r->bytes.len) {
			struct slice s = bytes_sub(r->bytes, address - r->address, len);
			memcpy(into, s.data, s.len);
			return s.len;
		}
	}
	return 0;
}

static int image_read(struct memory *memory, struct memory_part *parts, size_t count) {
	for (size_t i = 0; i < count; i++) {
		parts[i].got =
			read_part(memory->state, parts[i].address, parts[i].into, parts[i].len);
	}
	return 0;
}

static uint64_t number(struct slice bytes, uint64_t offset) {
	uint64_t v = 0;
	(void)bytes_u64(bytes, offset, &v);
	return v;
}

static struct slice take(struct slice bytes, uint64_t *offset, uint64_t len) {
	struct slice s = bytes_sub(bytes, *offset, len);
	*offset += s.len;
	return s;
}

struct memory *memory_image_open(struct arena *arena, struct slice bytes) {
	struct memory *memory = arena_new_of(arena, struct memory);
	struct image *image = arena_new_of(arena, struct image);
	uint64_t count = number(bytes, 32);
	uint64_t at = HEADER_BYTES;
	memory->read = image_read;
	memory->state = image;
	memory->go_version = memory->default_godebug = memory->godebug = "";
	if (!slice_starts(bytes, MEMORY_IMAGE_MAGIC)) {
		return memory;
	}
	memory->program_headers = number(bytes, 8);
	memory->entry = number(bytes, 16);
	memory->now_ns = (int64_t)number(bytes, 24);
	count = count < MEMORY_IMAGE_REGIONS_MAX ? count : MEMORY_IMAGE_REGIONS_MAX;
	struct slice table = take(bytes, &at, count * REGION_BYTES);
	struct slice version = take(bytes, &at, number(bytes, 48));
	memory->go_version = arena_slicedup(arena, version);
	memory->executable = take(bytes, &at, number(bytes, 40));
	image->count = table.len / REGION_BYTES;
	image->regions = arena_array_of(arena, struct region, image->count);
	for (size_t i = 0; i < image->count; i++) {
		image->regions[i].address = number(table, i * REGION_BYTES);
		image->regions[i].bytes = take(bytes, &at, number(table, i * REGION_BYTES + 8));
	}
	return memory;
}
