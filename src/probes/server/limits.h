/* SPDX-License-Identifier: MIT
 * How many files the server may have open.
 */
#ifndef PROBES_SERVER_LIMITS_H
#define PROBES_SERVER_LIMITS_H

#include "core/probe.h"

/* In a trial (target.terms) those that tell what the server gets give what the trial says. */

/* RLIMIT_NOFILE of a process, -1 for unlimited; false when it cannot be read. pid: "self" or a
 * number. */
bool limits_nofile(struct exam *exam, const char *pid, struct limit_pair *ret,
                   const struct evidence **ret_ev);
/* That of the judged process, when its hard limit is lower than ours; else zeros. */
struct limit_pair limits_lower(struct exam *exam);
/* RLIMIT_NPROC of the judged process, when it is lower than ours and no server runs here yet that has
 * its processes already; else zeros. */
struct limit_pair limits_lower_tasks(struct exam *exam);
/* The server said that it could start no process or thread (EAGAIN). */
bool limits_complained_of_tasks(const struct facts *facts);
/* The server or a go run said "too many open files" (EMFILE; not "in system", which is ENFILE). */
bool limits_complained(const struct facts *facts);

/* States the finite ones of enum fatal_limit of a process as facts "limit". */
void limits_state_fatal(struct exam *exam, const char *scope, const char *pid_text, int64_t pid);
/* Of the judged process, those lower than dialtone's own (LIMIT_FATAL_COUNT of them, zeros for the
 * others); NULL when there is none. */
const struct limit_pair *limits_fatal(struct exam *exam);

#endif
