/* SPDX-License-Identifier: MIT */
#include "trace/registers.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__) || defined(__aarch64__)

static int get_all(pid_t tid, struct user_regs_struct *ret) {
	struct iovec all = {ret, sizeof(*ret)};

	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &all) < 0 ? -errno : 0;
}

#endif

#if defined(__x86_64__)

static int poke(pid_t tid, size_t offset, uint64_t value) {
	return ptrace(PTRACE_POKEUSER, tid, offset, value) < 0 ? -errno : 0;
}

int registers_skip_call(pid_t tid, int64_t result) {
	int code = poke(tid, offsetof(struct user_regs_struct, orig_rax), (uint64_t)-1);

	return code < 0 ? code
	                : poke(tid, offsetof(struct user_regs_struct, rax), (uint64_t)result);
}

/* The same register in both conventions: rdx, edx. */
int registers_set_third(pid_t tid, uint64_t value) {
	return poke(tid, offsetof(struct user_regs_struct, rdx), value);
}

int registers_frame(pid_t tid, uint64_t *ret_pc, uint64_t *ret_frame) {
	struct user_regs_struct regs;
	int code = get_all(tid, &regs);

	if (code == 0) {
		*ret_pc = regs.rip;
		*ret_frame = regs.rbp;
	}
	return code;
}

#elif defined(__aarch64__)

static int set_x(pid_t tid, size_t number, uint64_t value) {
	struct user_regs_struct regs;
	struct iovec set = {&regs, sizeof(regs)};
	int code = get_all(tid, &regs);

	if (code < 0) {
		return code;
	}
	regs.regs[number] = value;
	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &set) < 0 ? -errno : 0;
}

int registers_skip_call(pid_t tid, int64_t result) {
	int none = -1;
	struct iovec set = {&none, sizeof(none)};

	if (ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &set) < 0) {
		return -errno;
	}
	return set_x(tid, 0, (uint64_t)result);
}

int registers_set_third(pid_t tid, uint64_t value) {
	return set_x(tid, 2, value);
}

int registers_frame(pid_t tid, uint64_t *ret_pc, uint64_t *ret_frame) {
	struct user_regs_struct regs;
	int code = get_all(tid, &regs);

	if (code == 0) {
		*ret_pc = regs.pc;
		*ret_frame = regs.regs[29];
	}
	return code;
}

#else

int registers_skip_call(pid_t tid, int64_t result) {
	(void)tid;
	(void)result;
	return -ENOSYS;
}

int registers_set_third(pid_t tid, uint64_t value) {
	(void)tid;
	(void)value;
	return -ENOSYS;
}

int registers_frame(pid_t tid, uint64_t *ret_pc, uint64_t *ret_frame) {
	(void)tid;
	(void)ret_pc;
	(void)ret_frame;
	return -ENOSYS;
}

#endif
