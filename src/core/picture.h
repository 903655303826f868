/* SPDX-License-Identifier: MIT
 * A process tree at one instant, as LOOK_PICTURE saw it. Pure: read from the text, and compared.
 *
 * The text: blocks of key=value lines, each begun by "record=KIND" and ended by an empty line. Keys that are not known
 * are left out. What could not be read is left out too, and named in unseen.
 *
 *  whole     now_wall_ns took_us(how long the instant was) cpu_us(our processor time for it) uid kernel roots(pids, blanks between) cut(1: there were more
 *            processes than PICTURE_PROCESSES_MAX) memory_total memory_available swap_free(bytes) load(of /proc/loadavg)
 *            careful(1: nothing that needs a process's memory was read) net_error(errno of sock_diag)
 *  process   pid ppid uid start_ticks start_wall_ns state comm session cpu_ms rss_bytes oom_score_adj exe cwd root
 *            cmdline(\x1f between arguments) io_NAME(of /proc/PID/io) rollup_NAME(KiB, of smaps_rollup) and of status
 *            status_NAME; environ limits cgroup spaces mounts: the number of a shared block; unseen(words)
 *            fds(how many) fd=NUMBER FLAGS(octal) POS MOUNT TARGET; fdinfo=NUMBER TEXT, what the kind of file adds;
 *            watches=NUMBER COUNT(inotify) polls=NUMBER COUNT(epoll)
 *            maps(how many) map=COUNT BYTES PERMS NAME(one for each file; "" anonymous memory)
 *            threads(how many) thread=TID STATE CPU_TICKS WCHAN CALL COMM("-" unknown; CALL is NAME(FIRST ARGUMENT))
 *  environ   id env=NAME=value
 *  limits    id limit_NAME=SOFT:HARD
 *  cgroup    id path memory_max memory_now pids_max pids_now cpu_max frozen
 *  spaces    id ns_NAME=INODE
 *  mounts    id mount=READ_ONLY FSTYPE SOURCE ROOT POINT
 *  sockets   id(inode of the network namespace) socket=INODE KIND STATE UNREAD UNSENT PEER(inode, 0) NAME(path, or
 *            LOCAL>REMOTE)
 *
 * Sources: proc(5), sock_diag(7), namespaces(7), Documentation/admin-guide/cgroup-v2.rst of the kernel.
 */
#ifndef CORE_PICTURE_H
#define CORE_PICTURE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define PICTURE_CAP           ((size_t)64 * 1024 * 1024)
#define PICTURE_PROCESSES_MAX ((size_t)512)

#endif
