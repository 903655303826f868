/* SPDX-License-Identifier: MIT
 * What `dialtone ps` can be told, and its parts.
 */
#ifndef CMD_PS_H
#define CMD_PS_H

#include "base/str.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "core/command.h"
#include "core/evidence.h"

struct ps_options {
	bool tree;
	bool json;
	bool watch;
	const char *every;
	bool all;
	const char *save;
	bool raw;
	const char *from;
	const char *color;
	bool leaks;
	const char *seconds;
	const char *restarts;
	bool isolation;
};

struct census;
struct world;

/* What one look needs. */
struct ps_run {
	struct arena *arena;
	struct world *world;
	const struct evidence *passwd;
};

/* The name of a user, NULL when it is not known; data: struct ps_run. */
const char *ps_user_name(void *data, int64_t uid);
/* Where the environment of each gopls looks for a daemon, NULL where that is not known. */
const char *const *ps_sockets(struct arena *arena, const struct census *census);

/* The report about what environments share; the census is that of all users. STATUS_HEALTHY, or STATUS_FOUND when some
 * sharing does harm. */
int ps_isolation(struct ps_run *run, const struct ps_options *options, const struct census *census,
                 const struct terminal *terminal, int64_t start_ns, struct strbuf *out);

extern const struct command command_ps; /* cmd/ps.c; read again when a case file is opened */

/* One look and its form into out. rows: at most so many lines of the table, 0 all. STATUS_HEALTHY, or another
 * status with a sentence on stderr. */
int ps_once(struct arena *arena, const struct ps_options *options,
            const struct interrupt *interrupt, const struct terminal *terminal, size_t rows,
            struct strbuf *out);

/* Redraws on the terminal until q or a signal, and leaves it as it was. */
int ps_watch(const struct ps_options *options, int64_t every_ns);

/* The case file, as cmd/env_case.h does it. */
int ps_case_save(struct arena *arena, const struct ps_options *options,
                 const struct evidence_store *store, struct err *err);
int ps_case_open(struct arena *arena, struct evidence_store *store, struct ps_options *options,
                 struct err *err);

#endif
