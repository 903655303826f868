/* SPDX-License-Identifier: MIT
 * What the environments of a machine share: those of language servers, of windows that have none yet, of go commands in
 * terminals. Which sharing does harm, and what would end it. Pure: the census and what was seen of places comes in.
 *
 * In this order: isolation_init; for each environment isolation_resolve with the text of its `go env -w` file, and
 * isolation_place with the answer about its paths; isolation_judge.
 *
 * Sources of what is safe to share: `go help cache` (the build cache may be used by several at a time), the module
 * reference at go.dev/ref/mod#module-cache (read-only directories, lock files); gopls internal/filecache and
 * internal/lsprpc (a socket of another user is refused; the forwarder sends along what `go env` prints).
 */
#ifndef REPORT_ISOLATION_H
#define REPORT_ISOLATION_H

#include "base/str.h"
#include "core/census.h"
#include "core/seen.h"
#include "gofile/goenvfile.h"
#include "report/report.h"

#define ISOLATION_ENVIRONMENTS_MAX 64
#define ISOLATION_PROGRAMS_MAX     32

/* What can be shared. Published as names: thing_name. */
enum thing {
	THING_DAEMON, /* the socket of gopls -remote */
	THING_HOME,
	THING_GOENV, /* the file of `go env -w` */
	THING_BIN,   /* GOBIN or GOPATH/bin */
	THING_GOCACHE,
	THING_GOMODCACHE,
	THING_LOCKS, /* where the locks of the module cache are */
	THING_TMP,   /* GOTMPDIR, TMPDIR */
	THING_TELEMETRY,
	THING_GOPLS_CACHE,
	THING_PLACES, /* so many are places */
	THING_PORT = THING_PLACES,
};

/* "gopls daemon", "HOME", "go env file", "bin", "GOCACHE", "GOMODCACHE", "module locks", "GOTMPDIR", "telemetry",
 * "gopls cache", "port". */
const char *thing_name(enum thing thing);

struct thing_value {
	const char *path; /* "" none: switched off, or not known */
	const char *from; /* "GOCACHE", "go env file", "HOME", "default"; what decided */
	struct seen_place place;
};

struct isolation_environment {
	const struct census_process *process;
	const char *editor; /* its kind, "" none */
	struct thing_value values[THING_PLACES];
	bool uses_daemon;
	struct seen_place programs[ISOLATION_PROGRAMS_MAX]; /* PATH/go, in the order of PATH */
	size_t program_count;
	struct goenvfile goenv;
};

enum isolation_verdict {
	SHARED_HARMLESS,
	SHARED_HARMFUL,
	SHARED_UNKNOWN, /* what decides could not be seen */
};
/* "harmless", "harmful", "unknown". */
const char *isolation_verdict_name(enum isolation_verdict verdict);

struct isolation_shared {
	enum thing thing;
	const char *place;
	size_t *members; /* indices of environments */
	size_t member_count;
	const int64_t *pids; /* of THING_PORT: the processes that want it */
	enum isolation_verdict verdict;
	const char *reason; /* one sentence without its full stop */
};

/* What would keep one environment apart. Shown, never done. */
struct isolation_step {
	size_t environment;
	enum thing thing;
	const char *name, *value; /* the variable or flag; "" none */
	const char *title;        /* who does what, and where */
	const char *command;      /* a line to paste, or "" */
};

struct isolation {
	struct arena *arena;
	const struct census *census;
	struct isolation_environment *environments;
	size_t count;
	size_t denied; /* processes that have one, which may not be seen */
	bool cut;
	struct isolation_shared *shared;
	size_t shared_count, shared_size;
	struct isolation_step *steps;
	size_t step_count, step_size;
	const char *(*user_fn)(void *data, int64_t uid); /* its name, or NULL */
	void *user_data;
};

void isolation_init(struct isolation *iso, struct arena *arena, const struct census *census);
/* The file to be read for isolation_resolve; "" none. */
const char *isolation_goenv_path(const struct isolation *iso, size_t index);
/* text: of that file, as far as it could be read; socket: where its -remote=auto leads, NULL when not known. */
void isolation_resolve(struct isolation *iso, size_t index, struct slice text, const char *socket);
/* The argument of LOOK_SEEN about its places, and its answer. */
const char *isolation_question(const struct isolation *iso, size_t index);
void isolation_place(struct isolation *iso, size_t index, struct slice answer);
void isolation_judge(struct isolation *iso);

size_t isolation_harmful(const struct isolation *iso);
/* "lena", "1000". */
const char *isolation_user(const struct isolation *iso, int64_t uid);
/* NULL-terminated sentences. */
const char *const *isolation_unseen(const struct isolation *iso);

/* ---- between its parts ---- */

void isolation_judge_place(struct isolation *iso, struct isolation_shared *shared);
void isolation_judge_daemon(struct isolation *iso, struct isolation_shared *shared);
void isolation_ports(struct isolation *iso);
struct isolation_shared *isolation_share(struct isolation *iso, enum thing thing,
                                         const char *place);
/* A variable of its own for one environment, in the words of its editor. */
void isolation_plan_variable(struct isolation *iso, size_t environment, enum thing thing,
                             const char *name, const char *value);
/* Any other step. */
void isolation_plan(struct isolation *iso, const struct isolation_step *step);
/* A directory that is the user's own. */
const char *isolation_own_dir(const struct isolation *iso, size_t environment, const char *leaf);
/* "2 (kim, /home/kim/shop)" */
const char *isolation_label(const struct isolation *iso, size_t environment);

/* ---- forms ---- */

struct isolation_view {
	const struct isolation *iso;
	bool for_terminal;
	const char *home; /* shown as ~ on a terminal; "" */
	struct report_timings timings;
};

void isolation_text(struct strbuf *out, const struct isolation_view *view,
                    const struct report_style *style);
void isolation_json(struct strbuf *out, const struct isolation_view *view);

#endif
