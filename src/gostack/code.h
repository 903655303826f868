/* SPDX-License-Identifier: MIT
 * Which functions of locks the machine code of a function calls. Read out of the file of the program.
 * Sources: Intel SDM volume 2 (CALL); Arm ARM DDI 0487 (BL).
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
	CALLS_WAKE = 64,     /* sync.(*Cond).Broadcast */
	CALLS_FD_READ = 128, /* internal/poll.(*FD).readUnlock */
	CALLS_FD_WRITE = 256,
};

struct code_cache;

struct code_cache *code_cache_new(struct arena *arena);

/* Of the function that begins at entry: CALLS_…; *ret_only: the compiler made it for a deferred call,
 * which is all it does. */
uint16_t code_calls(struct gostack *s, struct code_cache *cache, uint64_t entry, bool *ret_only);

#endif
