/* SPDX-License-Identifier: MIT
 * Where things lie in a 64-bit little-endian ELF file, read in place: nothing is copied. gofile's
 * reader of executables says what a file is; this one finds the bytes at an address. Sources: ELF
 * gABI, elf.h.
 */
#ifndef GOSTACK_ELFIMAGE_H
#define GOSTACK_ELFIMAGE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

#define ELFIMAGE_SEGMENTS_MAX ((size_t)256)
#define ELFIMAGE_SECTIONS_MAX ((size_t)4096)

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, address, file_bytes, memory_bytes;
};

struct elf_section {
	uint32_t type;
	uint64_t address, offset, bytes;
	uint64_t link;
	const char *name; /* "" when it has none */
};

struct elf_image {
	struct slice file;
	uint16_t machine; /* EM_… */
	uint64_t entry;
	const struct elf_segment *segments;
	size_t segment_count;
	const struct elf_section *sections;
	size_t section_count;
};

/* -ENOEXEC when it is no ELF of 64 bits, little-endian, with program headers. */
int elf_image_read(struct arena *arena, struct slice file, struct elf_image *ret, struct err *err);

/* The section of that name; NULL when there is none. */
const struct elf_section *elf_image_section(const struct elf_image *elf, const char *name);
/* Its bytes in the file, cut off at the file's end; empty for .bss and its kind. */
struct slice elf_image_section_bytes(const struct elf_image *elf, const struct elf_section *s);
/* The file's bytes from this address to the end of their segment; empty when none holds it. */
struct slice elf_image_at(const struct elf_image *elf, uint64_t address);

/* What was added to the addresses of the file when it was loaded. program_headers, entry: AT_PHDR
 * and AT_ENTRY of the process, 0 when not known. */
uint64_t elf_image_bias(const struct elf_image *elf, uint64_t program_headers, uint64_t entry);

struct elf_symbol {
	uint64_t value, bytes;
	bool is_function;
	struct slice name; /* of the file */
};

/* The symbols of a table, one after the other. */
struct elf_symbols {
	struct slice symbols, strings;
	uint64_t at;
};

/* section: ".symtab", ".dynsym". There are none when it is not there. */
struct elf_symbols elf_image_symbols(const struct elf_image *elf, const char *section);
/* The next that has a name, of at most ELF_SYMBOL_NAME_MAX bytes; false at the end. */
#define ELF_SYMBOL_NAME_MAX ((size_t)4096)
bool elf_symbols_next(struct elf_symbols *symbols, struct elf_symbol *ret);
/* The value of a symbol in .symtab; 0 when there is none. */
uint64_t elf_image_symbol(const struct elf_image *elf, const char *name);

#endif
