/* SPDX-License-Identifier: MIT
 * Goroutines that are on a processor, or were when their process came to its end, out of the registers
 * of their threads. A thread stands in the goroutine's own code; or it handles a signal, whose frame
 * holds the registers it interrupted; or it works for the runtime on its own stack, and the goroutine
 * is saved as one that is parked. Sources: Go 1.18-1.27 src/runtime/signal_unix.go, sys_linux_amd64.s,
 * sys_linux_arm64.s (sigtramp, sigreturn), asm_amd64.s, asm_arm64.s (systemstack, mcall); Linux
 * arch/x86/include/uapi/asm/sigcontext.h, arch/arm64/include/uapi/asm/sigcontext.h (the frames).
 */
#ifndef GOSTACK_RUNNING_H
#define GOSTACK_RUNNING_H

#include "gostack/goroutines.h"

/* Gives those of state GOROUTINE_RUNNING a stack and GOROUTINE_CERTAIN when memory knows the
 * registers and a whole stack comes out of them; leaves the others as they are. */
void running_read(struct arena *arena, struct memory *memory, const struct go_arch *arch,
                  const struct go_layout *layout, struct symbols *symbols, struct goroutines *all);

#endif
