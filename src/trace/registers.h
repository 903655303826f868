/* SPDX-License-Identifier: MIT
 * Registers of a thread that ptrace has stopped at a system call: changing the one it is about to make, and where it
 * comes from. Source: ptrace(2), arch/x86/entry/common.c, arch/arm64/kernel/syscall.c.
 */
#ifndef TRACE_REGISTERS_H
#define TRACE_REGISTERS_H

#include <stdint.h>
#include <sys/types.h>

/* The call is not made and returns `result`. 0 or -errno; -ENOSYS on a machine of another kind. */
int registers_skip_call(pid_t tid, int64_t result);
/* The call is made with another third argument. */
int registers_set_third(pid_t tid, uint64_t value);
/* Where it stands, and the frame pointer: rbp, x29. 0 or -errno. */
int registers_frame(pid_t tid, uint64_t *ret_pc, uint64_t *ret_frame);

#endif
