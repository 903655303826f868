/* SPDX-License-Identifier: MIT
 * The registers and the stack of a thread that is on a processor, at one instant, without stopping
 * it: a perf event of its processor time, whose interrupt copies both. Sources: perf_event_open(2);
 * Linux include/uapi/linux/perf_event.h, arch/{x86,arm64}/include/uapi/asm/perf_regs.h;
 * Documentation/admin-guide/sysctl/kernel.rst (perf_event_paranoid: up to 2 one's own threads).
 */
#ifndef GOSTACK_SAMPLE_H
#define GOSTACK_SAMPLE_H

#include "gostack/memory.h"

#define SAMPLE_STACK_MAX ((size_t)32 * 1024) /* of the stack that are copied */

/* into: SAMPLE_STACK_MAX bytes for ret->stack. 0; -ETIMEDOUT when the thread was not in its own code
 * until wait_ns were over; -EACCES, -EPERM, -ENOENT, -EOPNOTSUPP and the like when the kernel does not
 * let us, or cannot. */
int sample_thread(uint64_t tid, int64_t wait_ns, void *into, struct memory_registers *ret);

#endif
