/* SPDX-License-Identifier: MIT
 * The texts that make the guard run by itself: two units for the user's systemd, or lines of a crontab. They follow from the
 * job alone, so what was written can be told from what somebody made of it.
 * Sources: systemd.unit(5), systemd.service(5) "Command lines", systemd.timer(5), systemd.syntax(7), of systemd 252;
 * crontab(5) of cron 3.0pl1 (a '%' in a command ends it unless it is escaped; lines of at most 998 bytes).
 */
#ifndef GUARD_UNIT_H
#define GUARD_UNIT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define GUARD_SERVICE "dialtone-guard.service"
#define GUARD_TIMER   "dialtone-guard.timer"

#define CRON_LINE_MAX ((size_t)990)

struct guard_job {
	const char *program;     /* absolute */
	const char *const *dirs; /* absolute, NULL-terminated, at least one */
	const char *const *env;  /* "NAME=value", NULL-terminated */
	const char *unit_dir;    /* where the units lie; for crontabs not used */
	int64_t every_minutes;   /* guard_minutes_valid */
};

/* Those that divide an hour, from 5 on. */
bool guard_minutes_valid(int64_t minutes);
/* -EINVAL with a sentence when a path or value has a control character, which no unit and no crontab can hold. */
int guard_job_check(const struct guard_job *job, struct err *err);

const char *guard_service_text(struct arena *arena, const struct guard_job *job);
const char *guard_timer_text(struct arena *arena, const struct guard_job *job);

/* The lines for a crontab, first to last with their line ends. alone: there was no crontab before, so none is to be left.
 * -E2BIG with a sentence when cron could not hold the command. */
int guard_cron_block(struct arena *arena, const struct guard_job *job, bool alone, const char **ret,
                     struct err *err);

struct guard_cron {
	bool found;          /* a line that begins our block is there */
	bool whole;          /* and all of it is as it was written */
	bool alone;          /* as it was written */
	struct slice block;  /* what there is of it */
	const char *without; /* the crontab without it */
};

/* Looks for the block in a crontab. */
struct guard_cron guard_cron_find(struct arena *arena, struct slice crontab);

#endif
