/* SPDX-License-Identifier: MIT */
#include "gostack/elfimage.h"

#include "base/str.h"
#include "gostack/bytes.h"

#include <elf.h>
#include <errno.h>

#define SECTION_NAME_MAX ((size_t)128)

static void read_segments(struct arena *arena, struct elf_image *elf, const Elf64_Ehdr *h) {
	size_t count = h->e_phentsize == sizeof(Elf64_Phdr) ? h->e_phnum : 0;
	count = count < ELFIMAGE_SEGMENTS_MAX ? count : ELFIMAGE_SEGMENTS_MAX;
	struct elf_segment *all = arena_array_of(arena, struct elf_segment, count);
	struct slice table = bytes_sub(elf->file, h->e_phoff, count * sizeof(Elf64_Phdr));
	for (size_t i = 0; bytes_have(table, i * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr)); i++) {
		Elf64_Phdr p;
		memcpy(&p, table.data + i * sizeof(p), sizeof(p));
		all[i] = (struct elf_segment){p.p_type,  p.p_flags,  p.p_offset,
		                              p.p_vaddr, p.p_filesz, p.p_memsz};
		elf->segment_count = i + 1;
	}
	elf->segments = all;
}

static void read_sections(struct arena *arena, struct elf_image *elf, const Elf64_Ehdr *h) {
	size_t count = h->e_shentsize == sizeof(Elf64_Shdr) ? h->e_shnum : 0;
	count = count < ELFIMAGE_SECTIONS_MAX ? count : ELFIMAGE_SECTIONS_MAX;
	struct slice table = bytes_sub(elf->file, h->e_shoff, count * sizeof(Elf64_Shdr));
	count = table.len / sizeof(Elf64_Shdr);
	if (h->e_shstrndx >= count) {
		return;
	}
	struct elf_section *all = arena_array_of(arena, struct elf_section, count);
	Elf64_Shdr names;
	memcpy(&names, table.data + h->e_shstrndx * sizeof(names), sizeof(names));
	struct slice strings = bytes_sub(elf->file, names.sh_offset, names.sh_size);
	for (size_t i = 0; i < count; i++) {
		Elf64_Shdr s;
		struct slice name = {0};
		memcpy(&s, table.data + i * sizeof(s), sizeof(s));
		all[i] = (struct elf_section){s.sh_type, s.sh_addr, s.sh_offset,
		                              s.sh_size, s.sh_link, ""};
		if (bytes_text(strings, s.sh_name, SECTION_NAME_MAX, &name) && name.len > 0) {
			all[i].name = arena_slicedup(arena, name);
		}
	}
	elf->sections = all;
	elf->section_count = count;
}

int elf_image_read(struct arena *arena, struct slice file, struct elf_image *ret, struct err *err) {
	Elf64_Ehdr h;
	*ret = (struct elf_image){.file = file};
	if (!bytes_have(file, 0, sizeof(h)) || memcmp(file.data, ELFMAG, SELFMAG) != 0) {
		return err_set(err, -ENOEXEC, "the executable is no ELF file");
	}
	memcpy(&h, file.data, sizeof(h));
	if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB) {
		return err_set(err, -ENOEXEC,
		               "the executable is not one of 64 bits and little-endian");
	}
	ret->machine = h.e_machine;
	ret->entry = h.e_entry;
	read_segments(arena, ret, &h);
	read_sections(arena, ret, &h);
	if (ret->segment_count == 0) {
		return err_set(err, -ENOEXEC, "the executable has no program headers");
	}
	return 0;
}

const struct elf_section *elf_image_section(const struct elf_image *elf, const char *name) {
	for (size_t i = 0; i < elf->section_count; i++) {
		if (streq(elf->sections[i].name, name)) {
			return &elf->sections[i];
		}
	}
	return NULL;
}

struct slice elf_image_section_bytes(const struct elf_image *elf, const struct elf_section *s) {
	return bytes_sub(elf->file, s->offset, s->type == SHT_NOBITS ? 0 : s->bytes);
}

struct slice elf_image_at(const struct elf_image *elf, uint64_t address) {
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		if (s->type == PT_LOAD && address >= s->address &&
		    address - s->address < s->file_bytes) {
			struct slice all = bytes_sub(elf->file, s->offset, s->file_bytes);
			return bytes_sub(all, address - s->address, s->file_bytes);
		}
	}
	return (struct slice){0};
}

uint64_t elf_image_bias(const struct elf_image *elf, uint64_t program_headers, uint64_t entry) {
	for (size_t i = 0; i < elf->segment_count && program_headers != 0; i++) {
		if (elf->segments[i].type == PT_PHDR) {
			return program_headers - elf->segments[i].address;
		}
	}
	return entry != 0 ? entry - elf->entry : 0;
}

struct elf_symbols elf_image_symbols(const struct elf_image *elf, const char *section) {
	const struct elf_section *table = elf_image_section(elf, section);
	if (!table || table->link >= elf->section_count) {
		return (struct elf_symbols){0};
	}
	return (struct elf_symbols){
		.symbols = elf_image_section_bytes(elf, table),
		.strings = elf_image_section_bytes(elf, &elf->sections[table->link]),
	};
}

bool elf_symbols_next(struct elf_symbols *it, struct elf_symbol *ret) {
	while (bytes_have(it->symbols, it->at, sizeof(Elf64_Sym))) {
		Elf64_Sym s;
		memcpy(&s, it->symbols.data + it->at, sizeof(s));
		it->at += sizeof(s);
		*ret = (struct elf_symbol){
			.value = s.st_value,
			.bytes = s.st_size,
			.is_function = ELF64_ST_TYPE(s.st_info) == STT_FUNC,
		};
		if (s.st_name != 0 &&
		    bytes_text(it->strings, s.st_name, ELF_SYMBOL_NAME_MAX, &ret->name)) {
			return true;
		}
	}
	return false;
}

uint64_t elf_image_symbol(const struct elf_image *elf, const char *name) {
	struct elf_symbols all = elf_image_symbols(elf, ".symtab");
	struct elf_symbol s;
	while (elf_symbols_next(&all, &s)) {
		if (slice_eq(s.name, name)) {
			return s.value;
		}
	}
	return 0;
}
