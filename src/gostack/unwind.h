/* SPDX-License-Identifier: MIT
 * From a program counter and a stack pointer to the chain of callers, by the frame sizes of the
 * table of functions. Source: Go 1.20-1.27 src/runtime/traceback.go (unwinder).
 */
#ifndef GOSTACK_UNWIND_H
#define GOSTACK_UNWIND_H

#include "gostack/arch.h"
#include "gostack/memory.h"
#include "gostack/symbols.h"

/* A stack as it was read: some of [low, high) is here, the rest is read when it is needed. */
struct unwind_stack {
	struct memory *memory;
	uint64_t low, high; /* bounds: nothing outside is looked at */
	uint64_t base;      /* address of bytes */
	struct slice bytes;
	char *window;  /* UNWIND_WINDOW bytes for the rest; NULL: there is no rest */
	bool refilled; /* some was read later than bytes */
	uint64_t *sps; /* NULL, or room for the stack pointer of each frame */
};

#define UNWIND_WINDOW ((size_t)64 * 1024)

struct unwind_start {
	uint64_t pc, sp;
	uint64_t lr;     /* arm64; 0 when it is on the stack */
	bool in_syscall; /* pc and sp were saved on entering a system call */
	bool exact;      /* pc is the instruction itself: registers of a thread that was caught */
};

enum unwind_end {
	UNWIND_COMPLETE, /* it reached the function every goroutine begins with */
	UNWIND_FOREIGN,  /* it came to code that sets the stack pointer by itself, or is not Go */
	UNWIND_LOST,     /* a return address that is none, or a frame outside the stack */
	UNWIND_LIMIT,    /* too many frames */
};

/* Appends indices of symbols->pcs, the innermost first, at most max of them to ret; *ret_count may
 * be 0. */
enum unwind_end unwind(const struct go_arch *arch, struct symbols *symbols,
                       struct unwind_stack *stack, const struct unwind_start *start, uint32_t *ret,
                       size_t max, size_t *ret_count);

#endif
