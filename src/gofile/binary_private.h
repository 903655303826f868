/* SPDX-License-Identifier: MIT
 * Between the parts of the binary reader.
 */
#ifndef GOFILE_BINARY_PRIVATE_H
#define GOFILE_BINARY_PRIVATE_H

#include "gofile/binary.h"

struct binary_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t address;
	uint64_t file_bytes;
	uint64_t memory_bytes;
};

/* A file being read, and what of its ELF headers the parts share. */
struct binary_source {
	struct arena *arena;
	int fd;
	uint64_t size_bytes;
	bool big_endian;
	bool wide; /* ELFCLASS64 */
	struct binary_segment *segments;
	size_t segment_count;
	uint64_t buildinfo_address; /* section .go.buildinfo; size 0 when there is none */
	uint64_t buildinfo_bytes;
};

/* Up to len bytes at offset; how many there were (0 beyond the end or on error). */
size_t binary_pread(const struct binary_source *src, uint64_t offset, void *buf, size_t len);
/* The same at an address: within the segment that holds it. */
size_t binary_read_address(const struct binary_source *src, uint64_t address, void *buf,
                           size_t len);
/* Bytes between address and the end of its segment's file part; 0 when no segment holds it. */
uint64_t binary_address_left(const struct binary_source *src, uint64_t address);

uint64_t binary_number(bool big_endian, const unsigned char *p, size_t width);

void binary_read_elf(struct binary_source *src, struct binary *bin);
void binary_read_go(const struct binary_source *src, struct binary *bin);
void binary_read_modinfo(struct arena *arena, struct slice text, struct binary *bin);
/* All strings "", all lists empty. */
struct binary binary_blank(void);

#endif
