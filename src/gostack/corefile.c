/* SPDX-License-Identifier: MIT */
#include "gostack/corefile.h"

#include "base/vec.h"
#include "gostack/arch.h"
#include "gostack/bytes.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#define NOTES_MAX     ((size_t)1 << 20) /* notes that are looked at */
#define SEGMENT_NOTES ((size_t)64)      /* PT_NOTE segments that are looked at */
#define FILES_MAX     ((uint64_t)1 << 18)

/* Offsets in struct elf_prstatus, the same on both processors but for the registers. */
#define STATUS_TID       ((uint64_t)32)
#define STATUS_REGISTERS ((uint64_t)112)

struct reading {
	struct arena *arena;
	struct slice file;
	struct corefile *core;
	struct core_thread *threads;
	size_t thread_slots;
	size_t notes;
	struct slice files; /* NT_FILE */
};

/* ---- segments ---- */

static int by_address(const void *left, const void *right) {
	const struct core_segment *a = left;
	const struct core_segment *b = right;
	return a->address < b->address ? -1 : a->address > b->address;
}

static int by_tid(const void *left, const void *right) {
	const struct core_thread *a = left;
	const struct core_thread *b = right;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

/* A process with too many mappings for 16 bits has their number in the first section header. */
static uint64_t header_count(struct slice file, const Elf64_Ehdr *h) {
	Elf64_Shdr first;
	if (h->e_phnum != PN_XNUM) {
		return h->e_phnum;
	}
	if (!bytes_have(file, h->e_shoff, sizeof(first))) {
		return 0;
	}
	memcpy(&first, file.data + h->e_shoff, sizeof(first));
	return first.sh_info;
}

static bool header_at(struct slice table, size_t index, Elf64_Phdr *ret) {
	if (!bytes_have(table, index * sizeof(*ret), sizeof(*ret))) {
		return false;
	}
	memcpy(ret, table.data + index * sizeof(*ret), sizeof(*ret));
	return true;
}

static void read_segments(struct reading *r, struct slice table, size_t count) {
	struct core_segment *all = arena_array_of(r->arena, struct core_segment, count);
	struct corefile *core = r->core;
	Elf64_Phdr p;
	for (size_t i = 0; i < count && header_at(table, i, &p); i++) {
		if (p.p_type != PT_LOAD || p.p_memsz == 0 || p.p_vaddr + p.p_memsz < p.p_vaddr) {
			continue;
		}
		uint64_t want = p.p_filesz < p.p_memsz ? p.p_filesz : p.p_memsz;
		struct core_segment *s = &all[core->segment_count++];
		*s = (struct core_segment){p.p_vaddr, p.p_memsz,
		                           bytes_sub(r->file, p.p_offset, want)};
		uint64_t missing = want - s->bytes.len;
		core->held_bytes += s->bytes.len;
		core->missing_bytes = core->missing_bytes + missing < missing
		                              ? UINT64_MAX
		                              : core->missing_bytes + missing;
	}
	if (core->segment_count > 0) {
		qsort(all, core->segment_count, sizeof(*all), by_address);
	}
	core->segments = all;
}

/* ---- notes ---- */

static void add_thread(struct reading *r, struct slice status) {
	struct corefile *core = r->core;
	bool arm = core->machine == EM_AARCH64;
	/* x0-x30, sp, pc; or the order of struct user_regs_struct */
	size_t sp = arm ? 31 : 19, pc = arm ? 32 : 16, g = arm ? 28 : 1;
	uint32_t tid = 0;
	struct core_thread t = {0};
	if (!bytes_u32(status, STATUS_TID, &tid) ||
	    !bytes_u64(status, STATUS_REGISTERS + sp * 8, &t.registers.sp) ||
	    !bytes_u64(status, STATUS_REGISTERS + pc * 8, &t.registers.pc) ||
	    !bytes_u64(status, STATUS_REGISTERS + g * 8, &t.registers.g) ||
	    (arm && !bytes_u64(status, STATUS_REGISTERS + 30 * 8, &t.registers.lr))) {
		return;
	}
	t.tid = tid;
	if (core->thread_count >= COREFILE_THREADS_MAX) {
		core->cut = true;
		return;
	}
	VEC_ROOM(r->arena, r->threads, core->thread_count, &r->thread_slots);
	r->threads[core->thread_count++] = t;
}

static void read_auxv(struct corefile *core, struct slice auxv) {
	for (uint64_t at = 0; bytes_have(auxv, at, 16); at += 16) {
		uint64_t value = bytes_get_u64(auxv.data + at + 8);
		switch (bytes_get_u64(auxv.data + at)) {
		case AT_PHDR:
			core->program_headers = value;
			break;
		case AT_PHNUM:
			core->header_count = value;
			break;
		case AT_ENTRY:
			core->entry = value;
			break;
		case AT_EXECFN:
			core->program_name = value;
			break;
		default:
			break;
		}
	}
}

static uint64_t padded(uint32_t len) {
	return ((uint64_t)len + 3) & ~(uint64_t)3;
}

static void read_notes(struct reading *r, struct slice notes) {
	while (notes.len >= sizeof(Elf64_Nhdr) && r->notes++ < NOTES_MAX) {
		Elf64_Nhdr n;
		memcpy(&n, notes.data, sizeof(n));
		uint64_t at = sizeof(n) + padded(n.n_namesz);
		struct slice owner = bytes_sub(notes, sizeof(n), n.n_namesz);
		struct slice text = bytes_sub(notes, at, n.n_descsz);
		bool core = owner.len == 5 && memcmp(owner.data, "CORE", 5) == 0;
		if (core && n.n_type == NT_PRSTATUS) {
			add_thread(r, text);
		} else if (core && n.n_type == NT_AUXV) {
			read_auxv(r->core, text);
		} else if (core && n.n_type == NT_FILE) {
			r->files = text;
		}
		notes = bytes_sub(notes, at + padded(n.n_descsz), UINT64_MAX);
	}
}

/* count, page size, then start, end and offset of each, then the names one behind the other. */
static const char *file_mapped_at(struct arena *arena, struct slice files, uint64_t address) {
	uint64_t count = 0;
	if (!bytes_u64(files, 0, &count) || count > FILES_MAX ||
	    !bytes_have(files, 16, count * 24)) {
		return "";
	}
	struct slice names = bytes_sub(files, 16 + count * 24, UINT64_MAX);
	for (uint64_t i = 0; i < count; i++) {
		const char *p = files.data + 16 + i * 24;
		struct slice name = {0};
		if (!bytes_text(names, 0, COREFILE_PATH_MAX, &name)) {
			break;
		}
		if (address >= bytes_get_u64(p) && address < bytes_get_u64(p + 8)) {
			return arena_slicedup(arena, name);
		}
		names = bytes_sub(names, name.len + 1, UINT64_MAX);
	}
	return "";
}

/* ---- all ---- */

/* What somebody most likely has at hand instead of a core file. */
static int refuse(struct slice file, struct err *err) {
	static const struct {
		const char magic[5], *what;
	} packed[] = {{"\x28\xb5\x2f\xfd", "zstd -d"},
	              {"\x1f\x8b\x08", "gunzip"},
	              {"\xfd"
	               "7zX",
	               "xz -d"},
	              {"\x04\x22\x4d\x18", "lz4 -d"}};
	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		if (slice_starts(file, packed[i].magic)) {
			return err_set(err, -ENOEXEC, "it is packed; unpack it first: %s",
			               packed[i].what);
		}
	}
	return err_set(err, -ENOEXEC, "it is no ELF file, so no core file");
}

int corefile_read(struct arena *arena, struct slice file, struct corefile *ret, struct err *err) {
	struct reading r = {.arena = arena, .file = file, .core = ret};
	Elf64_Ehdr h;
	Elf64_Phdr p;
	*ret = (struct corefile){.program = ""};
	if (!bytes_have(file, 0, sizeof(h)) || memcmp(file.data, ELFMAG, SELFMAG) != 0) {
		return refuse(file, err);
	}
	memcpy(&h, file.data, sizeof(h));
	if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB ||
	    !go_arch_of(h.e_machine)) {
		return err_set(err, -ENOEXEC, "it is for another processor than amd64 and arm64");
	}
	if (h.e_type != ET_CORE) {
		return err_set(
			err, -ENOEXEC,
			"it is a program or a library, no core file; expected the core file, "
			"and the program with --exe");
	}
	ret->machine = h.e_machine;
	uint64_t said = h.e_phentsize == sizeof(Elf64_Phdr) ? header_count(file, &h) : 0;
	size_t count = said < COREFILE_SEGMENTS_MAX ? (size_t)said : COREFILE_SEGMENTS_MAX;
	struct slice table = bytes_sub(file, h.e_phoff, count * sizeof(Elf64_Phdr));
	ret->cut = said > count;
	count = table.len / sizeof(Elf64_Phdr);
	read_segments(&r, table, count);
	size_t noted = 0;
	for (size_t i = 0; i < count && header_at(table, i, &p); i++) {
		if (p.p_type == PT_NOTE && noted++ < SEGMENT_NOTES) {
			read_notes(&r, bytes_sub(file, p.p_offset, p.p_filesz));
		}
	}
	if (r.threads) {
		qsort(r.threads, ret->thread_count, sizeof(*r.threads), by_tid);
	}
	ret->threads = r.threads;
	uint64_t inside = ret->program_headers != 0 ? ret->program_headers : ret->entry;
	ret->program = file_mapped_at(arena, r.files, inside);
	if (ret->segment_count == 0) {
		return err_set(err, -ENOEXEC, "it holds no memory: it is cut off or broken");
	}
	return 0;
}

/* ---- questions ---- */

struct slice corefile_at(const struct corefile *core, uint64_t address, uint64_t *ret_hole) {
	size_t low = 0;
	size_t high = core->segment_count;
	/* The first segment that begins behind the address is `low`. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (core->segments[middle].address <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*ret_hole = low < core->segment_count ? core->segments[low].address - address : UINT64_MAX;
	if (low == 0) {
		return (struct slice){0};
	}
	const struct core_segment *s = &core->segments[low - 1];
	return bytes_sub(s->bytes, address - s->address, *ret_hole);
}

const struct core_thread *corefile_thread(const struct corefile *core, uint64_t tid) {
	struct core_thread key = {.tid = tid};
	return core->thread_count > 0 ? bsearch(&key, core->threads, core->thread_count,
	                                        sizeof(*core->threads), by_tid)
	                              : NULL;
}
