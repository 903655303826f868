/* SPDX-License-Identifier: MIT */
#include "base/ascii.h"
#include "base/str.h"
#include "gofile/binary_private.h"

#include <elf.h>

#define SEGMENTS_MAX ((size_t)1024)
#define SECTIONS_MAX ((size_t)4096)
#define DYNAMIC_MAX  ((size_t)1024)
#define VERSIONS_MAX ((size_t)1024)
#define ENTRY_MAX    ((size_t)64)        /* bytes of the largest table entry: Elf64_Shdr */
#define NAMES_MAX    ((size_t)64 * 1024) /* bytes of the names of sections that are read */
#define NOTES_MAX    ((size_t)1024)      /* bytes of one segment of notes that are read */

/* Where the tables lie. */
struct header {
	uint64_t ph_offset;
	uint64_t sh_offset;
	size_t ph_entry;
	size_t ph_count;
	size_t sh_entry;
	size_t sh_count;
	size_t sh_names;
};

static uint64_t field(const struct binary_source *src, const unsigned char *p, size_t offset,
                      size_t width) {
	return binary_number(src->big_endian, p + offset, width);
}

/* A field that is 4 bytes wide in 32-bit files and 8 in 64-bit ones. */
static uint64_t word(const struct binary_source *src, const unsigned char *p, size_t offset_32,
                     size_t offset_64) {
	return src->wide ? field(src, p, offset_64, 8) : field(src, p, offset_32, 4);
}

static void fault(struct binary *bin, const char *what) {
	if (bin->fault[0] == '\0') {
		bin->fault = what;
	}
}

/* The headers speak of length bytes at offset. */
static bool claim(const struct binary_source *src, struct binary *bin, uint64_t offset,
                  uint64_t length) {
	uint64_t end = 0;
	if (__builtin_add_overflow(offset, length, &end)) {
		end = UINT64_MAX;
	}
	if (end > bin->wants_bytes) {
		bin->wants_bytes = end;
	}
	if (end > src->size_bytes) {
		bin->truncated = true;
		return false;
	}
	return true;
}

uint64_t binary_address_left(const struct binary_source *src, uint64_t address) {
	for (size_t i = 0; i < src->segment_count; i++) {
		const struct binary_segment *s = &src->segments[i];
		if (s->file_bytes > 0 && address >= s->address &&
		    address - s->address < s->file_bytes) {
			return s->file_bytes - (address - s->address);
		}
	}
	return 0;
}

size_t binary_read_address(const struct binary_source *src, uint64_t address, void *buf,
                           size_t len) {
	for (size_t i = 0; i < src->segment_count; i++) {
		const struct binary_segment *s = &src->segments[i];
		if (s->file_bytes == 0 || address < s->address ||
		    address - s->address >= s->file_bytes) {
			continue;
		}
		uint64_t inside = address - s->address;
		uint64_t left = s->file_bytes - inside;
		uint64_t offset = 0;
		if (__builtin_add_overflow(s->offset, inside, &offset)) {
			return 0;
		}
		return binary_pread(src, offset, buf, left < len ? (size_t)left : len);
	}
	return 0;
}

static const char *goarch_of(const struct binary_source *src, uint16_t machine) {
	bool big = src->big_endian;
	switch (machine) {
	case EM_X86_64:
		return big ? "" : "amd64";
	case EM_386:
		return big ? "" : "386";
	case EM_AARCH64:
		return big ? "" : "arm64";
	case EM_ARM:
		return big ? "" : "arm";
	case EM_RISCV:
		return src->wide ? "riscv64" : "";
	case EM_PPC64:
		return big ? "ppc64" : "ppc64le";
	case EM_S390:
		return src->wide ? "s390x" : "";
	case EM_LOONGARCH:
		return src->wide ? "loong64" : "";
	case EM_MIPS:
		if (src->wide) {
			return big ? "mips64" : "mips64le";
		}
		return big ? "mips" : "mipsle";
	default:
		return "";
	}
}

static bool read_header(struct binary_source *src, struct binary *bin, struct header *h) {
	unsigned char p[sizeof(Elf64_Ehdr)] = {0};
	size_t n = binary_pread(src, 0, p, sizeof(p));
	if (n < EI_NIDENT || (p[EI_CLASS] != ELFCLASS32 && p[EI_CLASS] != ELFCLASS64)) {
		fault(bin, n < EI_NIDENT ? "header" : "class");
		return false;
	}
	if (p[EI_DATA] != ELFDATA2LSB && p[EI_DATA] != ELFDATA2MSB) {
		fault(bin, "byte-order");
		return false;
	}
	src->wide = p[EI_CLASS] == ELFCLASS64;
	src->big_endian = p[EI_DATA] == ELFDATA2MSB;
	bin->elf_class = src->wide ? 64 : 32;
	bin->big_endian = src->big_endian;
	if (!claim(src, bin, 0, src->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr))) {
		fault(bin, "header");
		return false;
	}
	bin->type = (uint16_t)field(src, p, 16, 2);
	bin->machine = (uint16_t)field(src, p, 18, 2);
	bin->goarch = goarch_of(src, bin->machine);
	size_t counts = src->wide ? 54 : 42; /* e_phentsize; five more 2-byte fields follow */
	*h = (struct header){
		.ph_offset = word(src, p, 28, 32),
		.sh_offset = word(src, p, 32, 40),
		.ph_entry = field(src, p, counts, 2),
		.ph_count = field(src, p, counts + 2, 2),
		.sh_entry = field(src, p, counts + 4, 2),
		.sh_count = field(src, p, counts + 6, 2),
		.sh_names = field(src, p, counts + 8, 2),
	};
	return true;
}

static struct binary_segment segment_of(const struct binary_source *src, const unsigned char *p) {
	return (struct binary_segment){
		.type = (uint32_t)field(src, p, 0, 4),
		.flags = (uint32_t)field(src, p, src->wide ? 4 : 24, 4),
		.offset = word(src, p, 4, 8),
		.address = word(src, p, 8, 16),
		.file_bytes = word(src, p, 16, 32),
		.memory_bytes = word(src, p, 20, 40),
	};
}

static void read_segments(struct binary_source *src, struct binary *bin, const struct header *h) {
	size_t entry = src->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	if (h->ph_count == 0 || h->ph_offset == 0) {
		return;
	}
	if (h->ph_entry != entry || !claim(src, bin, h->ph_offset, entry * h->ph_count)) {
		fault(bin, "program-headers");
		return;
	}
	size_t count = h->ph_count < SEGMENTS_MAX ? h->ph_count : SEGMENTS_MAX;
	src->segments = arena_array_of(src->arena, struct binary_segment, count);
	for (size_t i = 0; i < count; i++) {
		unsigned char p[ENTRY_MAX] = {0};
		if (binary_pread(src, h->ph_offset + i * entry, p, entry) != entry) {
			return;
		}
		struct binary_segment s = segment_of(src, p);
		src->segments[src->segment_count++] = s;
		claim(src, bin, s.offset, s.file_bytes);
	}
}

/* A NUL-terminated string within len bytes at offset; "" when there is none. */
static const char *string_at(const struct binary_source *src, uint64_t offset, uint64_t len) {
	size_t n = len < BINARY_STRING_MAX ? (size_t)len : BINARY_STRING_MAX;
	char *buf = arena_alloc(src->arena, n + 1);
	size_t got = binary_pread(src, offset, buf, n);
	return memchr(buf, '\0', got) ? buf : "";
}

static void read_interpreter(struct binary_source *src, struct binary *bin) {
	for (size_t i = 0; i < src->segment_count; i++) {
		const struct binary_segment *s = &src->segments[i];
		if (s->type == PT_INTERP) {
			bin->interpreter = string_at(src, s->offset, s->file_bytes);
			if (bin->interpreter[0] == '\0') {
				fault(bin, "interpreter");
			}
			return;
		}
	}
}

/* A note is three numbers (size of name, size of text, type), the name and the text, each padded to 4. */
static const char *note_build_id(const struct binary_source *src, const struct binary_segment *s) {
	unsigned char p[NOTES_MAX];
	size_t want = s->file_bytes < sizeof(p) ? (size_t)s->file_bytes : sizeof(p);
	size_t len = binary_pread(src, s->offset, p, want);
	for (size_t at = 0; at + 12 <= len;) {
		uint64_t name = field(src, p, at, 4);
		uint64_t text = field(src, p, at + 4, 4);
		uint64_t type = field(src, p, at + 8, 4);
		uint64_t text_at = at + 12 + (name + 3) / 4 * 4;
		if (text_at > len || text > len - text_at) {
			break;
		}
		if (type == 4 && name == 4 && memcmp(p + at + 12, "Go\0", 4) == 0) {
			return arena_strndup(src->arena, (const char *)p + text_at, (size_t)text);
		}
		at = (size_t)(text_at + (text + 3) / 4 * 4);
	}
	return "";
}

static void read_notes(const struct binary_source *src, struct binary *bin) {
	for (size_t i = 0; i < src->segment_count && bin->build_id[0] == '\0'; i++) {
		if (src->segments[i].type == PT_NOTE) {
			bin->build_id = note_build_id(src, &src->segments[i]);
		}
	}
}

#define NOTE_HEAD_BYTES 16U /* three numbers and "GNU" */

/* The names of all sections; section: the header of the one that holds them. */
static struct slice read_names(const struct binary_source *src, const unsigned char *section) {
	uint64_t size = word(src, section, 20, 32);
	size_t want = size < NAMES_MAX ? (size_t)size : NAMES_MAX;
	char *names = arena_alloc(src->arena, want);
	return slice_of(names, binary_pread(src, word(src, section, 16, 24), names, want));
}

static bool is_named(struct slice names, uint64_t at, const char *name) {
	size_t bytes = strlen(name) + 1;
	return at < names.len && names.len - at >= bytes &&
	       memcmp(names.data + at, name, bytes) == 0;
}

static void take_section(struct binary_source *src, struct binary *bin, const unsigned char *p,
                         struct slice names) {
	uint64_t offset = word(src, p, 16, 24), size = word(src, p, 20, 32);
	uint64_t name = field(src, p, 0, 4);

	if (src->buildinfo_bytes == 0 && is_named(names, name, ".go.buildinfo")) {
		src->buildinfo_address = word(src, p, 12, 16);
		src->buildinfo_bytes = size;
	} else if (is_named(names, name, ".note.gnu.build-id") && size > NOTE_HEAD_BYTES) {
		bin->host_id_offset = offset + NOTE_HEAD_BYTES;
		bin->host_id_bytes = size - NOTE_HEAD_BYTES;
	}
}

/* Finds .go.buildinfo and the GNU build ID, and checks that the sections lie in the file. */
static void read_sections(struct binary_source *src, struct binary *bin, const struct header *h) {
	size_t entry = src->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	if (h->sh_offset == 0 || h->sh_count == 0) {
		return;
	}
	bool sane = h->sh_entry == entry && h->sh_names < h->sh_count;
	if (!claim(src, bin, h->sh_offset, entry * h->sh_count) || !sane) {
		fault(bin, "section-headers");
		return;
	}
	unsigned char p[ENTRY_MAX] = {0};
	binary_pread(src, h->sh_offset + h->sh_names * entry, p, entry);
	struct slice names = read_names(src, p);
	size_t count = h->sh_count < SECTIONS_MAX ? h->sh_count : SECTIONS_MAX;
	for (size_t i = 0; i < count; i++) {
		if (binary_pread(src, h->sh_offset + i * entry, p, entry) != entry) {
			return;
		}
		uint64_t size = word(src, p, 20, 32);
		uint32_t type = (uint32_t)field(src, p, 4, 4);
		if (type != SHT_NOBITS && type != SHT_NULL) {
			claim(src, bin, word(src, p, 16, 24), size);
		}
		bin->has_symbols = bin->has_symbols || type == SHT_SYMTAB;
		take_section(src, bin, p, names);
	}
}

/* What the dynamic section says of strings and versions. */
struct dynamic {
	uint64_t strings;
	uint64_t versions;
	uint64_t version_count;
	uint64_t needed[BINARY_NEEDED_MAX];
	size_t needed_count;
};

static struct dynamic read_dynamic(const struct binary_source *src,
                                   const struct binary_segment *s) {
	struct dynamic d = {0};
	size_t width = src->wide ? 8 : 4;
	for (size_t i = 0; i < DYNAMIC_MAX && (i + 1) * 2 * width <= s->file_bytes; i++) {
		unsigned char p[16] = {0};
		uint64_t offset = 0;
		if (__builtin_add_overflow(s->offset, i * 2 * width, &offset) ||
		    binary_pread(src, offset, p, 2 * width) != 2 * width) {
			break;
		}
		uint64_t tag = field(src, p, 0, width);
		uint64_t value = field(src, p, width, width);
		if (tag == DT_NULL) {
			break;
		}
		if (tag == DT_NEEDED && d.needed_count < BINARY_NEEDED_MAX) {
			d.needed[d.needed_count++] = value;
		}
		d.strings = tag == DT_STRTAB ? value : d.strings;
		uint64_t narrow = src->wide ? tag : (uint64_t)(uint32_t)tag;
		d.versions = narrow == DT_VERNEED ? value : d.versions;
		d.version_count = narrow == DT_VERNEEDNUM ? value : d.version_count;
	}
	return d;
}

static const char *dynamic_string(const struct binary_source *src, const struct dynamic *d,
                                  uint64_t offset) {
	char buf[256] = {0};
	uint64_t address = 0;
	if (__builtin_add_overflow(d->strings, offset, &address)) {
		return "";
	}
	size_t n = binary_read_address(src, address, buf, sizeof(buf) - 1);
	return memchr(buf, '\0', n) ? arena_strdup(src->arena, buf) : "";
}

/* "2.34" of "GLIBC_2.34" as a number that sorts; 0 for other names. */
static uint64_t glibc_order(const char *name) {
	if (!str_starts(name, "GLIBC_")) {
		return 0;
	}
	uint64_t order = 0;
	const char *p = name + strlen("GLIBC_");
	for (int part = 0; part < 3; part++) {
		uint64_t number = 0;
		while (ascii_is_digit(*p)) {
			number = number < 60000 ? number * 10 + (uint64_t)(*p - '0') : number;
			p++;
		}
		order = (order << 20) | number;
		p += *p == '.';
	}
	return *p == '\0' ? order : 0;
}

/* The highest GLIBC_ version among the needed ones: a chain of libraries, each with a chain of
 * versions. */
static void read_versions(const struct binary_source *src, struct binary *bin,
                          const struct dynamic *d) {
	uint64_t best = 0;
	size_t budget = VERSIONS_MAX;
	uint64_t library = d->versions;
	for (uint64_t i = 0; i < d->version_count && library != 0 && budget > 0; i++, budget--) {
		unsigned char p[16] = {0};
		if (binary_read_address(src, library, p, sizeof(p)) != sizeof(p)) {
			return;
		}
		uint64_t count = field(src, p, 2, 2);
		uint64_t entry = library + field(src, p, 8, 4);
		for (; count > 0 && budget > 0; count--, budget--) {
			unsigned char v[16] = {0};
			if (binary_read_address(src, entry, v, sizeof(v)) != sizeof(v)) {
				break;
			}
			const char *name = dynamic_string(src, d, field(src, v, 8, 4));
			uint64_t order = glibc_order(name);
			if (order > best) {
				best = order;
				bin->glibc = name + strlen("GLIBC_");
			}
			entry += field(src, v, 12, 4);
		}
		uint64_t next = field(src, p, 12, 4);
		library = next != 0 ? library + next : 0;
	}
}

static void read_libraries(const struct binary_source *src, struct binary *bin) {
	for (size_t i = 0; i < src->segment_count; i++) {
		if (src->segments[i].type != PT_DYNAMIC) {
			continue;
		}
		struct dynamic d = read_dynamic(src, &src->segments[i]);
		bin->needed = arena_array_of(src->arena, const char *, d.needed_count);
		for (size_t k = 0; k < d.needed_count; k++) {
			const char *name = dynamic_string(src, &d, d.needed[k]);
			if (name[0] != '\0') {
				bin->needed[bin->needed_count++] = name;
			}
		}
		read_versions(src, bin, &d);
		return;
	}
}

void binary_read_elf(struct binary_source *src, struct binary *bin) {
	struct header h;
	if (!read_header(src, bin, &h)) {
		return;
	}
	read_segments(src, bin, &h);
	read_sections(src, bin, &h);
	read_interpreter(src, bin);
	read_notes(src, bin);
	read_libraries(src, bin);
}
