/* SPDX-License-Identifier: MIT
 * What an ELF core file of Linux says of a process: its memory, the registers of its threads, where
 * its program lay. Read in place; no number in it is believed. A writer leaves out what it likes
 * (core(5): coredump_filter; debuggers; emulators), so everything may be missing. Sources: ELF gABI;
 * elf.h; core(5); Linux fs/binfmt_elf.c (NT_FILE, PN_XNUM), include/linux/elfcore.h (struct
 * elf_prstatus), arch/{x86,arm64}/include/uapi/asm/ptrace.h (the registers in it).
 */
#ifndef GOSTACK_COREFILE_H
#define GOSTACK_COREFILE_H

#include "gostack/memory.h"

#define COREFILE_SEGMENTS_MAX ((size_t)1 << 18)
#define COREFILE_THREADS_MAX  ((size_t)1 << 16)
#define COREFILE_PATH_MAX     ((size_t)4096)

struct core_segment {
	uint64_t address, memory_bytes;
	struct slice bytes; /* what the file holds of it, from its start */
};

struct core_thread {
	uint64_t tid;
	struct memory_registers registers;
};

struct corefile {
	uint16_t machine;                    /* EM_… */
	const struct core_segment *segments; /* ascending by address */
	size_t segment_count;
	const struct core_thread *threads; /* ascending by tid */
	size_t thread_count;
	uint64_t program_headers, entry; /* AT_PHDR, AT_ENTRY; 0 when not said */
	uint64_t header_count;           /* AT_PHNUM */
	uint64_t program_name;           /* AT_EXECFN: an address */
	const char *program;    /* the file mapped at the program headers; "" when not said */
	uint64_t held_bytes;    /* of memory */
	uint64_t missing_bytes; /* which the file says it has: it was cut off */
	bool cut;               /* it has more of something than is read */
};

/* -ENOEXEC when it is no core file of 64 bits, little-endian, of amd64 or arm64; the sentence does
 * not name the file. What is cut off or makes no sense is left out. */
int corefile_read(struct arena *arena, struct slice file, struct corefile *ret, struct err *err);

/* Bytes the core holds at the address, to the end of their piece; empty when none. *ret_hole, when
 * there are none: how far it is to the next that are held, UINT64_MAX when there are none. */
struct slice corefile_at(const struct corefile *core, uint64_t address, uint64_t *ret_hole);

/* NULL when the thread is not in it. */
const struct core_thread *corefile_thread(const struct corefile *core, uint64_t tid);

#endif
