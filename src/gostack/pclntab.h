/* SPDX-License-Identifier: MIT
 * Go's table of functions and lines, as the linker of go1.18 and later writes it: from a program
 * counter to function, frame size, file, line and inlined calls. Read in place; no number in it is
 * believed. Sources: Go 1.18-1.27 src/runtime/symtab.go, symtabinl.go, src/internal/abi/symtab.go,
 * src/cmd/link/internal/ld/pcln.go.
 */
#ifndef GOSTACK_PCLNTAB_H
#define GOSTACK_PCLNTAB_H

#include "gostack/elfimage.h"

#define PCLNTAB_NAME_MAX ((size_t)4096)

struct pclntab {
	struct slice bytes; /* from the header on */
	uint64_t address;   /* in the file */
	bool old_records;   /* go1.18, 1.19: shorter function records, longer inline records */
	unsigned min_lc;    /* bytes of the shortest instruction: 1 amd64, 4 arm64 */
	uint64_t function_count;
	uint64_t names, units, files, values, functions; /* offsets in bytes */

	/* Of the process (moduledata.h): */
	uint64_t text, min_pc, max_pc;
	struct slice funcdata; /* what function data counts from */
};

struct pcln_function {
	uint64_t entry, end;
	uint32_t name;              /* offset of the name */
	uint32_t stack, file, line; /* tables of values */
	uint32_t unit;
	uint8_t id, flags;         /* PCLN_… */
	uint64_t pcdata, funcdata; /* offsets in bytes of the arrays */
	uint32_t pcdata_count, funcdata_count;
};

#define PCLN_TOP_FRAME 1 /* the outermost function of a stack */
#define PCLN_SP_WRITE  2 /* sets the stack pointer in a way no table tells */

/* One step of the expansion of inlined calls. */
struct pcln_inline {
	uint8_t id;
	uint32_t name;
	uint64_t parent_pc; /* where the call stood */
};

/* By section name, or by content in segments that are not written to. -ENOENT when there is none. */
int pclntab_find_in(const struct elf_image *elf, struct pclntab *ret);
/* A header at the start of bytes? */
bool pclntab_parse(struct slice bytes, struct pclntab *ret);

bool pclntab_function(const struct pclntab *tab, uint64_t pc, struct pcln_function *ret);
/* The name; false when there is none. */
bool pclntab_name(const struct pclntab *tab, uint32_t offset, struct slice *ret);
/* The value a table holds for this pc; false when it ends before, or is broken. */
bool pclntab_value(const struct pclntab *tab, const struct pcln_function *f, uint32_t table,
                   uint64_t pc, int32_t *ret);
bool pclntab_line(const struct pclntab *tab, const struct pcln_function *f, uint64_t pc,
                  struct slice *ret_file, int32_t *ret_line);
/* True when pc belongs to an inlined call. */
bool pclntab_inlined(const struct pclntab *tab, const struct pcln_function *f, uint64_t pc,
                     struct pcln_inline *ret);

#endif
