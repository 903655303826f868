/* SPDX-License-Identifier: MIT
 * What a goroutine will still do: the deferred calls of its functions that have not run. The
 * compiler keeps them in the frame, with a bit for each that is pending (open-coded), or in a list of
 * the goroutine; the runtime relies on both when it panics, so they are exact. Sources: Go 1.18-1.27
 * src/cmd/compile/internal/ssagen/ssa.go (emitOpenDeferInfo), src/runtime/panic.go (initOpenCodedDefers,
 * nextDefer, runOpenDeferFrame), runtime2.go (_defer), internal/abi/symtab.go (FUNCDATA), traceback.go
 * (varp); src/cmd/compile/internal/walk/order.go (wrapGoDefer: every deferred call is a closure that
 * holds its arguments).
 */
#ifndef GOSTACK_DEFERS_H
#define GOSTACK_DEFERS_H

#include "gostack/code.h"

#define DEFER_WORDS 4

struct deferred {
	uint32_t pc;    /* index in symbols.pcs: the frame that will run it */
	uint16_t calls; /* CALLS_… */
	bool only;      /* a closure of the compiler's: that call is all it does */
	uint64_t
		words[DEFER_WORDS]; /* what it holds: of the compiler's the first is the receiver */
	size_t word_count;
};

#define DEFERS_MAX ((size_t)64) /* of one goroutine that are looked at */

/* A stack with its frames: sps[i] is the stack pointer of frame pcs[i]. */
struct defer_frames {
	const uint32_t *pcs;
	const uint64_t *sps;
	size_t count;
};

/* What is pending, the innermost frame first; at most DEFERS_MAX. Returns how many. */
size_t defers_pending(struct gostack *s, struct code_cache *cache, const struct goroutine *g,
                      const struct defer_frames *frames, struct deferred *ret);

#endif
