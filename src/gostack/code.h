/* SPDX-License-Identifier: MIT
 * What the machine code of a function tells of locks: which functions it calls, by lines. Read out of
 * the file of the program; enough of amd64 and arm64 to know a call, a load from the stack and the
 * address of a variable. Hints, not proofs: lines are not the order in which code runs. Sources: Intel
 * SDM volume 2 (CALL, MOV, ModRM); Arm ARM DDI 0487 (BL, LDR, ADRP, ADD).
 */
#ifndef GOSTACK_CODE_H
#define GOSTACK_CODE_H

#include "gostack/gostack.h"

/* What a function calls. */
enum {
	CALLS_UNLOCK = 1,    /* sync.(*Mutex).Unlock */
	CALLS_RUNLOCK = 2,   /* sync.(*RWMutex).RUnlock */
	CALLS_RW_UNLOCK = 4, /* sync.(*RWMutex).Unlock */
	CALLS_DONE = 8,      /* sync.(*WaitGroup).Done */
	CALLS_CLOSE = 16,    /* close of a channel */
	CALLS_LOCK = 32,     /* Lock and RLock of both */
};

struct code_cache;

struct code_cache *code_cache_new(struct arena *arena);

/* Of the function that begins at entry: CALLS_…; *ret_only: the compiler made it for a deferred call,
 * which is all it does. */
uint8_t code_calls(struct gostack *s, struct code_cache *cache, uint64_t entry, bool *ret_only);

/* How a function gets at a lock. */
struct code_operand {
	bool global; /* by its address */
	uint64_t address;
	uint64_t slot;   /* else by a pointer so far above the stack pointer */
	uint64_t inside; /* that points so far before the lock */
};

/* True when the function that stands at pc, behind a call, seems to hold that lock: beside the line it
 * stands on it calls Lock once, on a line before; Unlock only on lines behind; and uses the operand on
 * one of these. */
bool code_holds(struct gostack *s, struct code_cache *cache, uint64_t pc,
                const struct code_operand *operand);

#endif
