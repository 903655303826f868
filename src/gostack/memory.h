/* SPDX-License-Identifier: MIT
 * The seam to whatever holds a process: its memory, where that is mapped, the file it runs, the
 * auxiliary vector and the registers of its threads. A live process (memory_live.c), an image in
 * one piece of bytes (memory_image.c), a core file (memory_core.c) look alike from here on.
 */
#ifndef GOSTACK_MEMORY_H
#define GOSTACK_MEMORY_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

#define MEMORY_MAPPINGS_MAX ((size_t)65536)

struct memory_mapping {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* in the file */
	bool readable, writable, executable;
	const char *path; /* "" when anonymous */
};

/* One piece of a batch. */
struct memory_part {
	uint64_t address;
	void *into;
	size_t len; /* bytes wanted */
	size_t got; /* bytes read, always from the start; filled by memory_read */
};

/* What a thread had in its registers when it was looked at. */
struct memory_registers {
	uint64_t pc, sp;
	uint64_t lr; /* arm64 */
	uint64_t g;  /* in the register that holds the goroutine: R14 on amd64, R28 on arm64 */
	struct slice stack; /* from sp on, at the same instant; empty: memory has not moved since */
};

struct memory {
	/* Reads every part; what is not mapped or not to be had leaves got < len. 0, or a negative
	 * errno when nothing at all can be read any more: -ESRCH gone, -EPERM, -EACCES. */
	int (*read)(struct memory *memory, struct memory_part *parts, size_t count);
	/* Registers of a thread; -ENODATA when it runs or nobody knows them. May be NULL. */
	int (*registers)(struct memory *memory, uint64_t tid, struct memory_registers *ret);
	/* State letter of a thread as in /proc/PID/stat; '\0' when not known. May be NULL. */
	char (*thread_state)(struct memory *memory, uint64_t tid);
	void *state; /* of the source */

	struct slice executable;     /* the file the process runs */
	uint64_t program_headers;    /* AT_PHDR; 0 when not known */
	uint64_t entry;              /* AT_ENTRY; 0 when not known */
	int64_t now_ns;              /* CLOCK_MONOTONIC of the process when it was looked at; 0 when
	                                not known */
	const char *go_version;      /* of the build info, "" when it says none */
	const char *default_godebug; /* build setting DefaultGODEBUG, "" when none */
	const char *godebug;         /* GODEBUG of the process, "" when none or not known */

	const struct memory_mapping *mappings; /* ascending */
	size_t mapping_count;
};

/* Reads a batch of any size; as struct memory.read. */
int memory_read(struct memory *memory, struct memory_part *parts, size_t count);
/* Reads len bytes; 0 only when all were there. -EFAULT when they were not. */
int memory_get(struct memory *memory, uint64_t address, void *into, size_t len);

struct memory_live;

/* A live process; nothing of it is stopped, attached to or written. The memory lives in the arena
 * and is good until memory_live_close. -ESRCH no such process, -ENOENT it has no executable (kernel
 * thread, zombie), -EPERM, -EACCES it may not be read (the sentence says why), -ENOEXEC its file
 * cannot be mapped. */
int memory_live_open(struct arena *arena, int pid, struct memory **ret, struct err *err);
/* From now on tells the registers and stacks of threads that are on a processor (sample.h); each call
 * waits some milliseconds at most, all of them together SAMPLING_MAX_NS. *ret_refused: set to the
 * negative errno of the first one that the kernel refused; 0 before. */
#define SAMPLING_MAX_NS ((int64_t)200 * 1000 * 1000)
void memory_live_sample(struct arena *arena, struct memory *memory, int *ret_refused);
/* True while it is still the same process that runs the same file. */
bool memory_live_is_there(struct memory *memory);
void memory_live_close(struct memory *memory);

/* How sure it is that the program that goes with a core file is the one that ran. */
enum core_program {
	CORE_PROGRAM_PROVEN,   /* the same build id, or the same bytes where the core has them */
	CORE_PROGRAM_UNPROVEN, /* the core has nothing of it that could be compared */
	CORE_PROGRAM_INSIDE,   /* there is no file: the core holds the program as well */
};

struct memory_core_notes {
	enum core_program program;
	const char *program_path; /* "" when it is inside */
	uint64_t missing_bytes;   /* the core file was cut off */
	bool cut;                 /* it has more segments or threads than are read */
};

/* A core file (corefile.h). A core has often only what was written to; what the program may not
 * write is then taken from the file of the program. program: its path; NULL: the core says where it
 * was, or holds it. Good until memory_core_close. -ENOENT and the like: a file cannot be read;
 * -ENOEXEC it is no core file, or the program is none; -EXDEV the program is another one; -ENODATA
 * there is no program, and the core does not hold it. The sentence names the file it is about. */
int memory_core_open(struct arena *arena, const char *path, const char *program,
                     struct memory **ret, struct memory_core_notes *ret_notes, struct err *err);
void memory_core_close(struct memory *memory);
/* The same of bytes; program: empty when there is none. */
int memory_core_of(struct arena *arena, struct slice core, struct slice program,
                   struct memory **ret, struct memory_core_notes *ret_notes, struct err *err);

/* An image in one piece, for tests: numbers are little-endian and 8 bytes wide. "dtimage1", program
 * headers, entry, now, number of regions, bytes of the executable, bytes of the version; then address
 * and length of each region; then version, executable and regions. Never fails: what is cut off is
 * not there. */
#define MEMORY_IMAGE_MAGIC       "dtimage1"
#define MEMORY_IMAGE_REGIONS_MAX ((uint64_t)4096)
struct memory *memory_image_open(struct arena *arena, struct slice bytes);

#endif
