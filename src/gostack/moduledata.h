/* SPDX-License-Identifier: MIT
 * runtime.firstmoduledata: where text, data and the table of functions of the process lie. Found by
 * section name since go1.26, by content before. Source: Go 1.18-1.27 src/runtime/symtab.go.
 */
#ifndef GOSTACK_MODULEDATA_H
#define GOSTACK_MODULEDATA_H

#include "gostack/memory.h"
#include "gostack/pclntab.h"

struct moduledata {
	uint64_t address; /* of itself */
	uint64_t text, etext;
	uint64_t data, edata, bss, ebss;
	uint64_t gofunc; /* what function data counts from; 0 when not found */
};

/* Fills *ret and what of *tab the process decides. minor: of go1.minor, -1 when not known.
 * -ENOENT when no such struct is in the data of the process, other negative errno when it cannot be
 * read. */
int moduledata_find(struct arena *arena, struct memory *memory, const struct elf_image *elf,
                    uint64_t bias, int minor, struct pclntab *tab, struct moduledata *ret);

#endif
