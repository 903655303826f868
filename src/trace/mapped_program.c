/* SPDX-License-Identifier: MIT
 * Where a program lies that is always loaded at the addresses its file says, as those of Go are: known without the process.
 * Source: ELF gABI, program headers; elf(5).
 */
#include "base/fd.h"
#include "trace/mapped.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE          ((uint64_t)4096)
#define SEGMENTS_MAX  64
#define DOWN(address) ((address) & ~(PAGE - 1))

static bool read_headers(int fd, Elf64_Phdr segments[SEGMENTS_MAX], size_t *ret_count) {
	Elf64_Ehdr head;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_type != ET_EXEC || head.e_phentsize != sizeof(*segments) ||
	    head.e_phnum > SEGMENTS_MAX) {
		return false;
	}
	size_t bytes = head.e_phnum * sizeof(*segments);

	*ret_count = head.e_phnum;
	return pread(fd, segments, bytes, (off_t)head.e_phoff) == (ssize_t)bytes;
}

void mapped_program(struct strbuf *out, const char *path) {
	int fd CLEANUP(fd_closep) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	Elf64_Phdr segments[SEGMENTS_MAX];
	struct stat st;
	size_t count = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !read_headers(fd, segments, &count)) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const Elf64_Phdr *s = &segments[i];

		if (s->p_type == PT_LOAD && (s->p_flags & PF_X) != 0 &&
		    s->p_filesz <= (uint64_t)st.st_size && s->p_vaddr <= UINT64_MAX / 2) {
			strbuf_printf(out, "%" PRIx64 "-%" PRIx64 " r-xp %" PRIx64 " 00:00 0 %s\n",
			              DOWN(s->p_vaddr), DOWN(s->p_vaddr + s->p_filesz + PAGE - 1),
			              DOWN(s->p_offset), path);
		}
	}
}
