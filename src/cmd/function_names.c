/* SPDX-License-Identifier: MIT */
#include "cmd/function_names.h"

#include "base/fd.h"
#include "base/vec.h"
#include "gostack/elfimage.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((off_t)1 << 30)
#define FILES_MAX      256
#define FUNCTIONS_MAX  ((size_t)1 << 20) /* of a file */

struct function {
	uint64_t start, bytes; /* an address of the file; 0 bytes: up to the next */
	struct slice name;
};

struct function_file {
	const char *path;
	struct slice bytes; /* mapped; empty when it could not be read */
	struct elf_image elf;
	struct function *functions; /* ascending */
	size_t count, slots;
};

void function_names_init(struct function_names *names, struct arena *arena) {
	*names = (struct function_names){.arena = arena};
}

void function_names_free(struct function_names *names) {
	for (size_t i = 0; i < names->count; i++) {
		if (names->files[i].bytes.len > 0) {
			munmap((void *)(uintptr_t)names->files[i].bytes.data,
			       names->files[i].bytes.len);
		}
	}
	names->count = 0;
}

static struct slice map_file(const char *path) {
	int fd CLEANUP(fd_closep) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	void *at = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= FILE_BYTES_MAX) {
		at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	return at == MAP_FAILED ? slice_of("", 0) : slice_of(at, (size_t)st.st_size);
}

static void add_symbols(struct function_names *n, struct function_file *f, const char *section) {
	struct elf_symbols all = elf_image_symbols(&f->elf, section);
	struct elf_symbol s;

	while (f->count < FUNCTIONS_MAX && elf_symbols_next(&all, &s)) {
		if (!s.is_function || s.value == 0) {
			continue;
		}
		VEC_ROOM(n->arena, f->functions, f->count, &f->slots);
		f->functions[f->count++] =
			(struct function){.start = s.value, .bytes = s.bytes, .name = s.name};
	}
}

static int by_start(const void *a, const void *b) {
	const struct function *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static struct function_file *file_of(struct function_names *n, const char *path) {
	struct err err = {0};

	for (size_t i = 0; i < n->count; i++) {
		if (streq(n->files[i].path, path)) {
			return &n->files[i];
		}
	}
	if (n->count == FILES_MAX) {
		return NULL;
	}
	VEC_ROOM(n->arena, n->files, n->count, &n->slots);
	struct function_file *f = &n->files[n->count++];

	*f = (struct function_file){.path = arena_strdup(n->arena, path), .bytes = map_file(path)};
	if (f->bytes.len > 0 && elf_image_read(n->arena, f->bytes, &f->elf, &err) == 0) {
		add_symbols(n, f, ".symtab");
		add_symbols(n, f, ".dynsym");
		if (f->count > 0) {
			qsort(f->functions, f->count, sizeof(*f->functions), by_start);
		}
	}
	return f;
}

/* False when no segment has that part of the file. */
static bool address_of(const struct elf_image *elf, uint64_t offset, uint64_t *ret) {
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (s->type == PT_LOAD && offset >= s->offset &&
		    offset - s->offset < s->file_bytes) {
			*ret = s->address + (offset - s->offset);
			return true;
		}
	}
	return false;
}

/* The last that begins at or before the address, if it reaches so far. */
static const struct function *function_at(const struct function_file *f, uint64_t address) {
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->functions[mid].start <= address) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	const struct function *found = low > 0 ? &f->functions[low - 1] : NULL;

	return found && (found->bytes == 0 || address - found->start < found->bytes) ? found : NULL;
}

bool function_names_put(struct function_names *names, struct strbuf *out, const char *path,
                        uint64_t offset) {
	const struct function_file *f = file_of(names, path);
	uint64_t address = 0;
	bool lies = f && address_of(&f->elf, offset, &address);
	const struct function *found = lies ? function_at(f, address) : NULL;

	if (found) {
		strbuf_printf(out, "%.*s+0x%" PRIx64, (int)found->name.len, found->name.data,
		              address - found->start);
	}
	return found != NULL;
}
