/* SPDX-License-Identifier: MIT
 * What a process is confined by, as /proc shows it.
 *
 * Keys of LOOK_CONTEXT, each left out when it cannot be read: umask (octal), no_new_privs, seccomp
 * (0 none, 1 strict, 2 filter), limit_NAME=SOFT:HARD ("unlimited" or a number; NAME nofile nproc as
 * data fsize cpu stack memlock rss core), cgroup (its path), memory_max, pids_max, cpu_percent (the
 * tightest limit of the cgroup and those above it; cgroup v2), ns_NAME=INODE (mnt net pid user ipc
 * uts cgroup time), root (its root directory). Source: proc(5), namespaces(7), and the kernel's
 * Documentation/admin-guide/cgroup-v2.rst.
 */
#ifndef WORLD_CONTEXT_H
#define WORLD_CONTEXT_H

#include "world/looks.h"

/* Lines "limit_NAME=SOFT:HARD" from the text of /proc/PID/limits. */
void context_limits(struct strbuf *out, struct slice text);
/* The path of the process in the text of /proc/PID/cgroup: that of the unified hierarchy when it is
 * not the root, else that of systemd's, else of the memory controller's. Empty when there is none.
 */
struct slice context_cgroup(struct slice text);
/* memory_max=, pids_max= and cpu_percent= of a cgroup of version 2 and those above it, the tightest of each. */
void context_cgroup_limits(struct strbuf *out, const char *cgroup);
/* One line of mountinfo in the form of LOOK_MOUNTS; false when it is none. */
bool context_mount(struct strbuf *out, struct slice line);

#endif
