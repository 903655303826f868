/* SPDX-License-Identifier: MIT
 * The few members of the kernel's structures that trace.bpf.c reads. The offsets are those of the
 * running kernel: libbpf puts them in when the program is loaded (CO-RE,
 * Documentation/bpf/libbpf/libbpf_overview.rst). Names as in Linux 5.11 to 6.18.
 */
#ifndef TRACE_EBPF_KERNEL_BPF_H
#define TRACE_EBPF_KERNEL_BPF_H

#include <linux/types.h>

#define CO_RE __attribute__((preserve_access_index))

struct thread_info {
	unsigned long flags;
	__u32 status; /* x86 */
} CO_RE;

struct ns_common {
	unsigned int inum;
} CO_RE;

struct pid_namespace {
	struct ns_common ns;
} CO_RE;

struct upid {
	int nr;
	struct pid_namespace *ns;
} CO_RE;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} CO_RE;

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
} CO_RE;

struct mm_struct {
	unsigned long arg_start, arg_end, env_start, env_end;
} CO_RE;

struct linux_binprm {
	const char *filename;
} CO_RE;

struct task_struct {
	struct thread_info thread_info;
	struct mm_struct *mm;
	void *files;
	void *fs;
	int pid;
	int tgid;
	int exit_code;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	struct pid *thread_pid;
} CO_RE;

struct kernel_siginfo;

typedef void (*signal_handler)(int);

struct sigaction {
	signal_handler sa_handler;
} CO_RE;

struct k_sigaction {
	struct sigaction sa;
} CO_RE;

#if defined(__TARGET_ARCH_x86)
/* arch/x86/include/asm/thread_info.h: the call came in through a 32-bit entry. */
#define TS_COMPAT       0x0002
#define X32_SYSCALL_BIT 0x40000000

struct pt_regs {
	unsigned long bp;
	unsigned long bx;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
} CO_RE;
#elif defined(__TARGET_ARCH_arm64)
/* arch/arm64/include/asm/thread_info.h */
#define TIF_32BIT 22

struct user_pt_regs {
	__u64 regs[31];
} CO_RE;

struct pt_regs {
	struct user_pt_regs user_regs;
	__u64 orig_x0;
} CO_RE;
#else
#error "no system call registers known for this architecture"
#endif

#endif
