/* SPDX-License-Identifier: MIT
 * Names of the system calls in which a thread may wait. Source: syscalls(2), <sys/syscall.h>.
 */
#include "world/waits.h"

#include <sys/syscall.h>

static const struct {
	int64_t number;
	const char *name;
} calls[] = {
	{SYS_read, "read"},
	{SYS_write, "write"},
	{SYS_readv, "readv"},
	{SYS_writev, "writev"},
	{SYS_pread64, "pread64"},
	{SYS_pwrite64, "pwrite64"},
	{SYS_fsync, "fsync"},
	{SYS_fdatasync, "fdatasync"},
	{SYS_ftruncate, "ftruncate"},
	{SYS_close, "close"},
	{SYS_openat, "openat"},
	{SYS_newfstatat, "newfstatat"},
	{SYS_statx, "statx"},
	{SYS_fstat, "fstat"},
	{SYS_statfs, "statfs"},
	{SYS_faccessat, "faccessat"},
	{SYS_readlinkat, "readlinkat"},
	{SYS_mkdirat, "mkdirat"},
	{SYS_unlinkat, "unlinkat"},
	{SYS_getdents64, "getdents64"},
	{SYS_execve, "execve"},
	{SYS_mmap, "mmap"},
	{SYS_flock, "flock"},
	{SYS_fcntl, "fcntl"},
	{SYS_ioctl, "ioctl"},
	{SYS_connect, "connect"},
	{SYS_accept, "accept"},
	{SYS_accept4, "accept4"},
	{SYS_recvfrom, "recvfrom"},
	{SYS_recvmsg, "recvmsg"},
	{SYS_sendto, "sendto"},
	{SYS_sendmsg, "sendmsg"},
	{SYS_wait4, "wait4"},
	{SYS_waitid, "waitid"},
	{SYS_ppoll, "ppoll"},
	{SYS_pselect6, "pselect6"},
	{SYS_epoll_pwait, "epoll_pwait"},
	{SYS_epoll_pwait2, "epoll_pwait2"},
	{SYS_futex, "futex"},
	{SYS_nanosleep, "nanosleep"},
	{SYS_clock_nanosleep, "clock_nanosleep"},
	{SYS_rt_sigsuspend, "rt_sigsuspend"},
	{SYS_rt_sigtimedwait, "rt_sigtimedwait"},
	{SYS_io_uring_enter, "io_uring_enter"},
	{SYS_mq_timedreceive, "mq_timedreceive"},
	{SYS_mq_timedsend, "mq_timedsend"},
#ifdef SYS_semop
	{SYS_semop, "semop"},
#endif
#ifdef SYS_semtimedop
	{SYS_semtimedop, "semtimedop"},
#endif
#ifdef SYS_msgrcv
	{SYS_msgrcv, "msgrcv"},
	{SYS_msgsnd, "msgsnd"},
#endif
	{SYS_splice, "splice"},
	{SYS_restart_syscall, "restart_syscall"},
#ifdef SYS_open
	{SYS_open, "open"},
	{SYS_stat, "stat"},
	{SYS_lstat, "lstat"},
	{SYS_access, "access"},
	{SYS_readlink, "readlink"},
	{SYS_poll, "poll"},
	{SYS_select, "select"},
	{SYS_epoll_wait, "epoll_wait"},
	{SYS_pause, "pause"},
	{SYS_vfork, "vfork"},
#endif
};

const char *waits_call_name(int64_t number) {
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		if (calls[i].number == number) {
			return calls[i].name;
		}
	}
	return "";
}
