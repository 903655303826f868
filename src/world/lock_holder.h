/* SPDX-License-Identifier: MIT
 * What a process that holds a lock does meanwhile: does it work, and if not, what does it wait for? Sources: proc(5),
 * /proc/PID/net/tcp and tcp6 (state 1 established, 2 SYN sent), /proc/PID/io; the kernel's
 * Documentation/admin-guide/cgroup-v2.rst (cgroup.events) and cgroup-v1/freezer-subsystem.rst.
 */
#ifndef WORLD_LOCK_HOLDER_H
#define WORLD_LOCK_HOLDER_H

#include "base/str.h"

/* The lines "frozen=" to "peer_state=" of core/locks.h. */
void lock_holder_put(struct arena *arena, int proc_fd, int64_t pid, struct strbuf *out);

/* A row of /proc/PID/net/tcp or tcp6: its address as text, when the socket of that inode is connected or connecting.
 * False when it is another, or no such row. */
struct tcp_row {
	uint64_t inode;
	bool connecting;
	char peer[64]; /* "10.0.0.1:443", "[fe80::1]:443" */
};
bool tcp_row_parse(struct slice line, struct tcp_row *ret);

#endif
