/* SPDX-License-Identifier: MIT
 * Questions that are asked often. Those in SQL are answered from the summaries as far as they go.
 */
#include "cmd/query.h"

/* Calls that wait because nothing is to be done. */
#define WAITS                                                                                      \
	"('futex', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2', 'poll', 'ppoll', 'select', "       \
	"'pselect6', 'nanosleep', 'clock_nanosleep', 'wait4', 'waitid', 'pause', "                 \
	"'rt_sigtimedwait', 'rt_sigsuspend', 'restart_syscall', 'sched_yield')"
#define BEGAN "(SELECT value FROM meta WHERE key = 'began_ns')"
/* No call that was quicker is among the 25 slowest. */
#define TWENTY_FIFTH                                                                               \
	"coalesce((SELECT longest_ns FROM summary WHERE call NOT IN " WAITS                        \
	" AND longest_ns IS NOT NULL ORDER BY longest_ns DESC LIMIT 1 OFFSET 24), 0)"
#define AT  "round((start_ns - " BEGAN ") / 1e9, 6) AS at_s"
#define EXE "(SELECT exe FROM process p WHERE p.pid = s.pid ORDER BY id DESC LIMIT 1) AS exe"

const struct canned query_canned[] = {
	{"slowest", NULL, "the calls that took longest, without those that only wait",
         "SELECT " AT ", round(duration_ns / 1e6, 3) AS ms, pid, call, result, args FROM "
         "(SELECT DISTINCT chunk FROM summary WHERE longest_ns >= " TWENTY_FIFTH
         " AND call NOT IN " WAITS ") CROSS JOIN event USING (chunk) "
         "WHERE duration_ns >= " TWENTY_FIFTH " AND call NOT IN " WAITS
         " ORDER BY duration_ns DESC LIMIT 25",
         NULL},
	{"waiting", NULL, "where the time went: calls by their sum, per process",
         "SELECT call, pid, sum(calls) AS calls, round(sum(total_ns) / 1e6, 3) AS ms, "
         "round(max(longest_ns) / 1e6, 3) AS longest_ms, sum(failed) AS failed, " EXE
         " FROM summary s GROUP BY call, pid ORDER BY sum(total_ns) DESC",
         NULL},
	{"failed", NULL, "calls that failed, by call and error",
         "SELECT call.name AS call, coalesce(n.name, error) AS errno, sum(calls) AS calls, "
         "count(DISTINCT pid) AS processes FROM error_summary s LEFT JOIN call USING (arch, "
         "number) "
         "LEFT JOIN error_name n ON n.number = s.error GROUP BY 1, 2 ORDER BY 3 DESC",
         NULL},
	{"who-opened", "PATH", "who opened it, or tried to; GLOB patterns are fine", NULL,
         query_who_opened},
	{"exec-tree", NULL, "who started whom, with what", NULL, query_exec_tree},
	{"env-at-exec", "PID", "its environment, as differences along the chain of programs", NULL,
         query_env_at_exec},
	{"fd-table", "PID[@SECONDS]", "what it had open then; without SECONDS at the end", NULL,
         query_fd_table},
	{"locks", "[@SECONDS]", "which locks were held then; without SECONDS at the end", NULL,
         query_locks},
	{"connects", NULL, "connections that were tried",
         "SELECT " AT
         ", round(duration_ns / 1e6, 3) AS ms, pid, coalesce(errno, 'ok') AS result, args "
         "FROM event WHERE call = 'connect' ORDER BY start_ns",
         NULL},
	{"bytes-by-peer", NULL, "what was read and written, by file, pipe and socket", NULL,
         query_peers},
	{"callers", "CALL", "which functions led to it (recorded with --stacks)", NULL,
         query_callers},
	{"unclosed", NULL, "descriptors that live on where nobody meant them to", NULL,
         query_unclosed},
	{"signals", NULL, "signals that were delivered",
         "SELECT round((at_ns - " BEGAN ") / 1e9, 6) AS at_s, pid, n.name AS signal, sender "
         "FROM signal s LEFT JOIN signal_name n ON n.number = s.signal ORDER BY at_ns",
         NULL},
	{"lost", NULL, "what the recorder could not keep",
         "SELECT round((at_ns - " BEGAN
         ") / 1e9, 6) AS at_s, pid, lost, why FROM lost ORDER BY at_ns",
         NULL},
	{NULL, NULL, NULL, NULL, NULL},
};
