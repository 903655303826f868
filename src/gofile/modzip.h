/* SPDX-License-Identifier: MIT
 * The list of files at the end of a zip, as the module cache keeps one of each version.
 * Source: APPNOTE.TXT 6.3.10, 4.3.12 (central directory) and 4.3.16 (its end); Go's modules are
 * far below 4 GiB (golang.org/x/mod/zip: 500 MiB), so the fields of zip64 are not read.
 */
#ifndef GOFILE_MODZIP_H
#define GOFILE_MODZIP_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct modzip_entry {
	struct slice name; /* "MODULE@VERSION/path"; points into the bytes given */
	uint32_t size, crc;
};

struct modzip {
	bool whole; /* the list is there and every file it names lies within the bytes */
	struct modzip_entry *entries;
	size_t count; /* what could be read when it is not whole */
};

struct modzip modzip_parse(struct arena *arena, struct slice bytes);

/* CRC-32 of zip (IEEE 802.3) over bytes, carried on from crc (0 to begin). */
uint32_t modzip_crc(uint32_t crc, struct slice bytes);

/* A module path or version as the module cache spells it, read back: "!c" is "C".
 * Source: golang.org/x/mod/module, UnescapePath. */
const char *modzip_unescape(struct arena *arena, const char *escaped);

#endif
