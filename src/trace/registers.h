/* SPDX-License-Identifier: MIT
 * Changing the system call a thread is about to make; it is in the stop before it. Source: ptrace(2),
 * arch/x86/entry/common.c, arch/arm64/kernel/syscall.c.
 */
#ifndef TRACE_REGISTERS_H
#define TRACE_REGISTERS_H

#include <stdint.h>
#include <sys/types.h>

/* The call is not made and returns `result`. 0 or -errno; -ENOSYS on a machine of another kind. */
int registers_skip_call(pid_t tid, int64_t result);
/* The call is made with another third argument. */
int registers_set_third(pid_t tid, uint64_t value);

#endif
