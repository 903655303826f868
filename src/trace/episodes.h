/* SPDX-License-Identifier: MIT
 * From lines to sentences: what a recorded process tried again and again, waited for, looked for and
 * did not find. One episode stands for many calls.
 */
#ifndef TRACE_EPISODES_H
#define TRACE_EPISODES_H

#include "base/arena.h"
#include "trace/testimony.h"

#include <stdbool.h>

enum episode_kind {
	EPISODE_SEARCH, /* looked for `path` (a name) in `count` directories of PATH and found none */
	EPISODE_REFUSED, /* `count` calls below `path` failed with `error` */
	EPISODE_LOCK,    /* waited for the lock of `path` */
	EPISODE_CONNECT, /* tried to reach `path` (an address): `error`, or no answer for waited_ns */
	EPISODE_SILENCE, /* was connected to `path` and heard nothing for waited_ns */
	EPISODE_SLEEP,   /* slept, `count` times, waited_ns in all */
	EPISODE_DEATH,   /* ended by a signal, or with a status other than 0: `status` */
	EPISODE_IN_CALL, /* was in one call on `path` for waited_ns: a slow or dead file system */
};

struct episode {
	enum episode_kind kind;
	pid_t pid;
	const char *program; /* base name */
	const char *call;    /* the first of them */
	const char *path;
	int error;  /* errno, 0 none */
	int status; /* wait status of EPISODE_DEATH */
	uint64_t count;
	int64_t start_ns, end_ns; /* CLOCK_MONOTONIC of the recording */
	int64_t waited_ns;
	bool to_the_end; /* it was so when the recording ended */
	bool is_noise;   /* a healthy recording has it too */
};

struct episodes {
	struct episode *items; /* in the arena; the one that explains most first */
	size_t count;
};

/* What the testimony, after its last event, comes to. */
struct episodes testimony_episodes(struct testimony *testimony);

/* Marks as noise what the other recording, of a healthy start with the same versions, has too: the
 * same kind, program, error and place (digits and hashes in names do not count). */
void episodes_compare(struct episodes *episodes, const struct episodes *healthy);

/* "go waited 37.0 s for the lock of /x/cache/lock". In the arena. */
const char *episode_sentence(struct arena *arena, const struct episode *episode);

#endif
