/* SPDX-License-Identifier: MIT
 * What unwinding has to know of a processor. Sources: Go 1.18-1.27 src/internal/goarch,
 * src/runtime/traceback.go, proc.go (newproc1).
 */
#ifndef GOSTACK_ARCH_H
#define GOSTACK_ARCH_H

#include <stdbool.h>
#include <stdint.h>

struct go_arch {
	const char *name;       /* GOARCH */
	uint16_t machine;       /* EM_… */
	bool link_register;     /* a call leaves its return address in a register */
	uint8_t return_bytes;   /* what a call pushes */
	uint8_t injected_bytes; /* what a faked call pushes where there is a link register */
	uint8_t top_gap;        /* stack.hi - stktopsp of every goroutine */
};

/* NULL for a processor that is not known. */
const struct go_arch *go_arch_of(uint16_t machine);

#endif
