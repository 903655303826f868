/* SPDX-License-Identifier: MIT
 * A process as a core file keeps it. Which mappings are in a core is for its writer to choose: the
 * kernel leaves out file mappings that were not written to but for their first page (core(5)), an
 * emulator those with code. So bytes at an address come from the core, and, where it has none and the
 * program could not change them, from the program. That it is the same program is shown by the build
 * id in the first page, or by comparing what both have.
 */
#include "base/fd.h"
#include "gofile/binary.h"
#include "gostack/bytes.h"
#include "gostack/corefile.h"
#include "gostack/elfimage.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((uint64_t)1 << 44)
#define INSIDE_MAX     ((uint64_t)512 * 1024 * 1024) /* of a program taken out of the core */
#define COMPARE_MAX    ((uint64_t)256 * 1024 * 1024)
#define FIRST_PAGE     ((uint64_t)4096)
#define ID_MAX         ((size_t)256)
#define NOTE_GNU_ID    3U
#define NOTE_GO_ID     4U /* cmd/internal/buildid */

struct mapped {
	void *data;
	size_t bytes;
};

struct memory_core {
	struct corefile core;
	struct elf_image program;
	uint64_t bias;
	struct mapped core_file, program_file, inside;
};

/* ---- reading ---- */

/* What the program file has at an address that nobody writes to. */
static struct slice unwritten_at(const struct memory_core *c, uint64_t address) {
	for (size_t i = 0; i < c->program.segment_count; i++) {
		const struct elf_segment *s = &c->program.segments[i];
		uint64_t at = address - c->bias - s->address;
		if (s->type == PT_LOAD && (s->flags & PF_W) == 0 && at < s->file_bytes &&
		    address - c->bias >= s->address) {
			return bytes_sub(bytes_sub(c->program.file, s->offset, s->file_bytes), at,
			                 UINT64_MAX);
		}
	}
	return (struct slice){0};
}

static int core_read(struct memory *memory, struct memory_part *parts, size_t count) {
	const struct memory_core *c = memory->state;
	for (size_t i = 0; i < count; i++) {
		struct memory_part *p = &parts[i];
		while (p->got < p->len && p->address + p->got >= p->address) {
			uint64_t hole = 0;
			uint64_t at = p->address + p->got;
			struct slice s = corefile_at(&c->core, at, &hole);
			if (s.len == 0) {
				s = bytes_sub(unwritten_at(c, at), 0, hole);
			}
			if (s.len == 0) {
				break;
			}
			s = bytes_sub(s, 0, p->len - p->got);
			memcpy((char *)p->into + p->got, s.data, s.len);
			p->got += s.len;
		}
	}
	return 0;
}

static int core_registers(struct memory *memory, uint64_t tid, struct memory_registers *ret) {
	const struct memory_core *c = memory->state;
	const struct core_thread *t = corefile_thread(&c->core, tid);
	if (!t) {
		return -ENODATA;
	}
	*ret = t->registers;
	return 0;
}

/* ---- is it the same program ---- */

static void add_hex(char *text, size_t size, struct slice id) {
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;
	for (size_t i = 0; i < id.len && n + 3 <= size; i++) {
		text[n++] = digits[(unsigned char)id.data[i] >> 4];
		text[n++] = digits[id.data[i] & 15];
	}
	text[n] = '\0';
}

/* "" when it has none. */
static void build_id(const struct elf_image *elf, char text[ID_MAX]) {
	text[0] = '\0';
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		struct slice notes = bytes_sub(elf->file, s->offset, s->file_bytes);
		while (s->type == PT_NOTE && notes.len >= sizeof(Elf64_Nhdr)) {
			Elf64_Nhdr n;
			memcpy(&n, notes.data, sizeof(n));
			uint64_t at = sizeof(n) + (((uint64_t)n.n_namesz + 3) & ~(uint64_t)3);
			struct slice owner = bytes_sub(notes, sizeof(n), n.n_namesz);
			struct slice id = bytes_sub(notes, at, n.n_descsz);
			if (owner.len == 4 && id.len > 0 &&
			    ((n.n_type == NOTE_GNU_ID && memcmp(owner.data, "GNU", 4) == 0) ||
			     (n.n_type == NOTE_GO_ID && memcmp(owner.data, "Go\0", 4) == 0))) {
				add_hex(text, ID_MAX, id);
				return;
			}
			notes = bytes_sub(notes, at + (((uint64_t)n.n_descsz + 3) & ~(uint64_t)3),
			                  UINT64_MAX);
		}
	}
}

/* The program as the core has it, from its first page on: *ret reaches as far as that piece of the
 * core does. */
static bool first_page(struct arena *arena, const struct corefile *core, struct elf_image *ret,
                       uint64_t *ret_base) {
	struct err err;
	uint64_t hole = 0;
	*ret_base = core->program_headers - sizeof(Elf64_Ehdr);
	if (core->program_headers < sizeof(Elf64_Ehdr)) {
		return false;
	}
	struct slice s = corefile_at(core, *ret_base, &hole);
	return s.len > 0 && elf_image_read(arena, s, ret, &err) == 0;
}

/* Bytes that are in both and nobody may write to. *ret_same counts them; false when some differ. */
static bool compare(const struct memory_core *c, uint64_t *ret_same) {
	*ret_same = 0;
	for (size_t i = 0; i < c->program.segment_count; i++) {
		const struct elf_segment *s = &c->program.segments[i];
		/* Debuggers write into code, so of code only the first page, which has none. */
		uint64_t len = (s->flags & PF_X) == 0                          ? s->file_bytes
		               : s->offset == 0 && s->file_bytes >= FIRST_PAGE ? FIRST_PAGE
		                                                               : 0;
		struct slice ours = bytes_sub(c->program.file, s->offset, len);
		if (s->type != PT_LOAD || (s->flags & PF_W) != 0) {
			continue;
		}
		for (uint64_t at = 0; at < ours.len && *ret_same < COMPARE_MAX;) {
			uint64_t hole = 0;
			struct slice theirs =
				corefile_at(&c->core, s->address + c->bias + at, &hole);
			if (theirs.len == 0) {
				at = hole < ours.len - at ? at + hole : ours.len;
				continue;
			}
			theirs = bytes_sub(theirs, 0, ours.len - at);
			if (memcmp(theirs.data, ours.data + at, theirs.len) != 0) {
				return false;
			}
			*ret_same += theirs.len;
			at += theirs.len;
		}
	}
	return true;
}

static int check_program(struct arena *arena, const struct memory_core *c,
                         struct memory_core_notes *notes, struct err *err) {
	char file_id[ID_MAX], core_id[ID_MAX];
	struct elf_image first;
	uint64_t base = 0;
	uint64_t same = 0;
	if (c->program.machine != c->core.machine) {
		return err_set(err, -EXDEV, "it is for another processor than the core");
	}
	build_id(&c->program, file_id);
	if (first_page(arena, &c->core, &first, &base)) {
		build_id(&first, core_id);
		if (file_id[0] != '\0' && core_id[0] != '\0') {
			notes->program = CORE_PROGRAM_PROVEN;
			return strcmp(file_id, core_id) == 0
			               ? 0
			               : err_set(err, -EXDEV,
			                         "it is another build than the one that ran: its "
			                         "build id is %.64s, that in the core %.64s",
			                         file_id, core_id);
		}
	}
	if (!compare(c, &same)) {
		return err_set(err, -EXDEV,
		               "it is another program than the one that ran: its bytes are not "
		               "those in the core");
	}
	notes->program = same > 0 ? CORE_PROGRAM_PROVEN : CORE_PROGRAM_UNPROVEN;
	return 0;
}

/* ---- a program out of the core ---- */

static bool holds_all(const struct corefile *core, uint64_t address, uint64_t bytes) {
	for (uint64_t at = 0; at < bytes;) {
		uint64_t hole = 0;
		struct slice s = corefile_at(core, address + at, &hole);
		if (s.len == 0) {
			return false;
		}
		at += s.len;
	}
	return true;
}

static void copy_out(const struct corefile *core, uint64_t address, char *into, uint64_t bytes) {
	for (uint64_t at = 0; at < bytes;) {
		uint64_t hole = 0;
		struct slice s = bytes_sub(corefile_at(core, address + at, &hole), 0, bytes - at);
		memcpy(into + at, s.len > 0 ? s.data : "", s.len);
		at = s.len > 0 ? at + s.len : hole < bytes - at ? at + hole : bytes;
	}
}

/* The file as far as it was loaded, without sections; data NULL when the core does not hold what is
 * only read. */
static struct mapped program_inside(struct arena *arena, const struct corefile *core) {
	struct elf_image first;
	uint64_t base = 0;
	uint64_t total = 0;
	uint64_t reads = 0;
	if (!first_page(arena, core, &first, &base)) {
		return (struct mapped){0};
	}
	uint64_t bias = elf_image_bias(&first, core->program_headers, core->entry);
	for (size_t i = 0; i < first.segment_count; i++) {
		const struct elf_segment *s = &first.segments[i];
		if (s->type != PT_LOAD) {
			continue;
		}
		if (s->offset > INSIDE_MAX || s->file_bytes > INSIDE_MAX ||
		    ((s->flags & (PF_W | PF_X)) == 0 &&
		     !holds_all(core, s->address + bias, s->file_bytes))) {
			return (struct mapped){0};
		}
		reads += (s->flags & (PF_W | PF_X)) == 0 ? s->file_bytes : 0;
		total = s->offset + s->file_bytes > total ? s->offset + s->file_bytes : total;
	}
	if (reads == 0 || total > INSIDE_MAX || total > core->held_bytes ||
	    total < sizeof(Elf64_Ehdr)) {
		return (struct mapped){0};
	}
	char *all = mmap(NULL, (size_t)total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                 -1, 0);
	if (all == MAP_FAILED) {
		return (struct mapped){0};
	}
	for (size_t i = 0; i < first.segment_count; i++) {
		const struct elf_segment *s = &first.segments[i];
		if (s->type == PT_LOAD) {
			copy_out(core, s->address + bias, all + s->offset, s->file_bytes);
		}
	}
	Elf64_Ehdr h;
	memcpy(&h, first.file.data, sizeof(h));
	struct slice table = bytes_sub(first.file, h.e_phoff, h.e_phnum * sizeof(Elf64_Phdr));
	if (h.e_phoff < total && table.len <= total - h.e_phoff) {
		memcpy(all + h.e_phoff, table.len > 0 ? table.data : "", table.len);
	}
	h.e_shoff = 0;
	h.e_shnum = h.e_shstrndx = 0;
	memcpy(all, &h, sizeof(h));
	return (struct mapped){all, (size_t)total};
}

/* ---- opening ---- */

static struct memory *memory_of(struct arena *arena, struct memory_core *c) {
	struct memory *memory = arena_new_of(arena, struct memory);
	memory->read = core_read;
	memory->registers = core_registers;
	memory->state = c;
	memory->program_headers = c->core.program_headers;
	memory->entry = c->core.entry;
	memory->go_version = memory->default_godebug = memory->godebug = "";
	return memory;
}

/* c->core is read already. */
static int take_program(struct arena *arena, struct memory_core *c, struct slice program,
                        struct memory_core_notes *notes, struct err *err) {
	int r = elf_image_read(arena, program, &c->program, err);
	if (r < 0) {
		return r;
	}
	c->bias = elf_image_bias(&c->program, c->core.program_headers, c->core.entry);
	r = check_program(arena, c, notes, err);
	if (r < 0) {
		c->program = (struct elf_image){0};
	}
	return r;
}

static int take_inside(struct arena *arena, struct memory_core *c, struct memory_core_notes *notes,
                       struct err *err) {
	c->inside = program_inside(arena, &c->core);
	if (!c->inside.data) {
		return -ENODATA;
	}
	notes->program = CORE_PROGRAM_INSIDE;
	notes->program_path = "";
	struct slice all = slice_of(c->inside.data, c->inside.bytes);
	int r = elf_image_read(arena, all, &c->program, err);
	c->bias = elf_image_bias(&c->program, c->core.program_headers, c->core.entry);
	return r < 0 ? -ENODATA : 0;
}

static void note_core(const struct corefile *core, struct memory_core_notes *notes) {
	*notes = (struct memory_core_notes){
		.program_path = "", .missing_bytes = core->missing_bytes, .cut = core->cut};
}

int memory_core_of(struct arena *arena, struct slice core, struct slice program,
                   struct memory **ret, struct memory_core_notes *ret_notes, struct err *err) {
	struct memory_core *c = arena_new_of(arena, struct memory_core);
	int r = corefile_read(arena, core, &c->core, err);
	if (r < 0) {
		return r;
	}
	note_core(&c->core, ret_notes);
	if (program.len > 0) {
		r = take_program(arena, c, program, ret_notes, err);
	} else {
		r = take_inside(arena, c, ret_notes, err);
		if (r < 0) {
			return err_set(err, r, "it does not hold the program");
		}
	}
	if (r == 0) {
		*ret = memory_of(arena, c);
		(*ret)->executable = c->program.file;
	}
	return r;
}

/* Nothing but a file: a core may name anything. */
static int map_file(const char *path, struct mapped *ret, int *ret_fd, struct err *err) {
	struct stat st;
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		return err_set(err, -errno, "it cannot be opened (%s)", strerror(errno));
	}
	if (!S_ISREG(st.st_mode) || st.st_size == 0 || (uint64_t)st.st_size > FILE_BYTES_MAX) {
		return err_set(err, -ENOEXEC, "it is %s",
		               S_ISREG(st.st_mode) ? st.st_size == 0 ? "empty" : "too large"
		                                   : "no file that could be read");
	}
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		return err_set(err, -errno, "it cannot be mapped (%s)", strerror(errno));
	}
	*ret = (struct mapped){p, (size_t)st.st_size};
	*ret_fd = fd_take(&fd);
	return 0;
}

static void unmap(struct mapped *m) {
	if (m->data) {
		munmap(m->data, m->bytes);
	}
	*m = (struct mapped){0};
}

static int open_program(struct arena *arena, struct memory *memory, const char *path,
                        struct memory_core_notes *notes, struct err *err) {
	struct memory_core *c = memory->state;
	CLEANUP(fd_closep) int fd = -1;
	int r = map_file(path, &c->program_file, &fd, err);
	if (r < 0) {
		return r;
	}
	struct slice all = slice_of(c->program_file.data, c->program_file.bytes);
	r = take_program(arena, c, all, notes, err);
	if (r < 0) {
		unmap(&c->program_file);
		return r;
	}
	struct binary bin = binary_read(arena, fd);
	const char *setting = binary_setting_find(&bin, "DefaultGODEBUG");
	notes->program_path = path;
	memory->go_version = bin.go_version;
	memory->default_godebug = setting ? setting : "";
	return 0;
}

/* Where the core says the program was; "" when it does not, or only relative to somewhere. */
static const char *program_path(struct arena *arena, const struct memory *memory) {
	const struct memory_core *c = memory->state;
	const char *path = c->core.program;
	uint64_t hole = 0;
	struct slice name = {0};
	if (path[0] == '\0' && bytes_text(corefile_at(&c->core, c->core.program_name, &hole), 0,
	                                  COREFILE_PATH_MAX, &name)) {
		path = arena_slicedup(arena, name);
	}
	return path[0] == '/' ? path : "";
}

static int find_program(struct arena *arena, struct memory *memory, struct memory_core_notes *notes,
                        const char *core_path, struct err *err) {
	struct memory_core *c = memory->state;
	struct err why = {0};
	const char *path = program_path(arena, memory);
	if (path[0] != '\0' && open_program(arena, memory, path, notes, &why) == 0) {
		return 0;
	}
	if (take_inside(arena, c, notes, err) == 0) {
		return 0;
	}
	return path[0] != '\0'
	               ? err_set(err, -ENODATA,
	                         "core file %s does not hold what the program only reads, and "
	                         "the program %s is not to be had: %s; name it with --exe FILE",
	                         core_path, path, why.msg)
	               : err_set(err, -ENODATA,
	                         "core file %s neither holds what the program only reads, nor "
	                         "says where the program was; name it with --exe FILE",
	                         core_path);
}

int memory_core_open(struct arena *arena, const char *path, const char *program,
                     struct memory **ret, struct memory_core_notes *ret_notes, struct err *err) {
	struct memory_core *c = arena_new_of(arena, struct memory_core);
	struct memory *memory = NULL;
	struct err why;
	CLEANUP(fd_closep) int fd = -1;
	int r = map_file(path, &c->core_file, &fd, &why);
	if (r == 0) {
		r = corefile_read(arena, slice_of(c->core_file.data, c->core_file.bytes), &c->core,
		                  &why);
	}
	if (r < 0) {
		unmap(&c->core_file);
		return err_set(err, r, "core file %s: %s", path, why.msg);
	}
	note_core(&c->core, ret_notes);
	memory = memory_of(arena, c);
	if (program) {
		r = open_program(arena, memory, program, ret_notes, &why);
		r = r < 0 ? err_set(err, r, "program %s: %s", program, why.msg) : 0;
	} else {
		r = find_program(arena, memory, ret_notes, path, err);
	}
	memory->executable = c->program.file;
	if (r < 0) {
		memory_core_close(memory);
		return r;
	}
	*ret = memory;
	return 0;
}

void memory_core_close(struct memory *memory) {
	struct memory_core *c = memory->state;
	unmap(&c->core_file);
	unmap(&c->program_file);
	unmap(&c->inside);
}
