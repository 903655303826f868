/* SPDX-License-Identifier: MIT
 * Between `dialtone query` (query.c), its canned questions in SQL (query_canned.c) and those that
 * travel in time (query_travel.c), look for leaks (query_leaks.c), compare (query_failures.c), follow environments
 * (query_env.c) or stacks (query_callers.c).
 */
#ifndef CMD_QUERY_H
#define CMD_QUERY_H

#include "base/err.h"
#include "cmd/query_rows.h"
#include "trace/rewind.h"
#include "trace/store_read.h"

struct query {
	struct arena *arena;
	struct reader *reader;
	struct query_rows *rows;
	int64_t began_ns; /* of the recording: times are told from there */
	int64_t deadline_ns;
};

struct canned {
	const char *name;
	const char *argument; /* for help; NULL none, in brackets when it may be missing */
	const char *summary;
	const char *sql; /* ?1 is the argument; NULL: */
	int (*run)(struct query *query, const char *argument, struct err *err);
};

/* Ended by a NULL name. */
extern const struct canned query_canned[];

/* Runs one statement; ?1 is argument when it is not NULL. -EINVAL with what SQLite said, -ETIMEDOUT, -EPERM when it is
 * more than a question. */
int query_sql(struct query *query, const char *sql, const char *argument, struct err *err);

int query_who_opened(struct query *query, const char *argument, struct err *err);
int query_exec_tree(struct query *query, const char *argument, struct err *err);
int query_env_at_exec(struct query *query, const char *argument, struct err *err);
int query_fd_table(struct query *query, const char *argument, struct err *err);
int query_locks(struct query *query, const char *argument, struct err *err);
int query_peers(struct query *query, const char *argument, struct err *err);
int query_failed_new(struct query *query, const char *baseline,
                     struct err *err); /* query_failures.c */
int query_callers(struct query *query, const char *argument, struct err *err); /* query_callers.c */
int query_unclosed(struct query *query, const char *argument, struct err *err);

/* Path, peer or pair of an open file, for people; in the query's arena. */
const char *query_what_is(struct query *query, const struct rewind_file *file);

/* "PID[@SECONDS]": *ret_ns is INT64_MAX without a time. -EINVAL. */
int query_when(const struct query *query, const char *text, pid_t *ret_pid, int64_t *ret_ns,
               struct err *err);

#endif
