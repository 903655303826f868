/* SPDX-License-Identifier: MIT
 * Which words of a frame are live pointers where its function stands in a call: what the garbage
 * collector goes by. A word the maps do not name is left over from before. Offsets count from the stack
 * pointer at the entry of the function: words below -8 are its variables, from +8 on its arguments, and
 * the room in which arguments that come in registers are kept. Sources: Go 1.18-1.27
 * src/runtime/stkframe.go (getStackMap), traceback.go (varp, argp), src/internal/abi/symtab.go.
 */
#ifndef GOSTACK_STACKMAP_H
#define GOSTACK_STACKMAP_H

#include "gostack/pclntab.h"

struct stackmap {
	struct slice locals, args; /* a bit for each word */
	int64_t locals_first;      /* where the variables with pointers begin: not above -8 */
	int64_t args_end;          /* and the arguments end */
};

/* Of a function that stands before pc, where it returns to. False when its tables are not whole. */
bool stackmap_read(const struct pclntab *tab, const struct pcln_function *f, uint64_t pc,
                   struct stackmap *ret);
bool stackmap_is_live(const struct stackmap *map, int64_t offset);
/* Something else in the program has the address of this word. */
bool stackmap_is_object(const struct pclntab *tab, const struct pcln_function *f, int64_t offset);

#endif
