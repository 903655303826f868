/* SPDX-License-Identifier: MIT
 * What a recording of system calls testifies about a start of gopls, as evidence (core/evidence.h): the same sources as a
 * look at the machine would have, so that every probe and rule of `check` runs on it. What nobody did
 * while it was recorded is not there: EV_NOT_RECORDED, and rules stay silent about it.
 *
 *   proc:self, proc:self/environ   who started the server, and the environment it got at exec
 *   stat:PATH file:PATH link:PATH dir:PATH mount:PATH
 *                                  what the calls of any process were answered about PATH
 *   latency:DIR                    how long it took to find names below it, when that is long
 *   session:gopls                  the conversation on the server's descriptors 0, 1 and 2
 *   run:go version, run:go env     what go wrote when the server asked it
 *   waits:PID N                    who was in which call when the recording ended
 *
 * Pure: events in, evidence out.
 */
#ifndef TRACE_TESTIMONY_H
#define TRACE_TESTIMONY_H

#include "core/evidence.h"
#include "trace/event.h"

#include <stdbool.h>

struct testimony;

/* What the recording is about; "" and 0 when it does not say. */
struct testimony_about {
	pid_t server;          /* the gopls that was spoken with, else the first that was started */
	const char *workspace; /* rootUri of its initialize, else its directory */
	const char *file;      /* the first that was opened in it */
	unsigned
		unasked; /* bits of enum talk_feature (probes/server/dialogue.h): no question of its client */
	uint64_t lost;    /* events that are missing */
	int64_t uid, gid; /* what the server became by calls of its own, -1: as who recorded */
};

/* What it gives is the arena's; free it all the same. wall_offset_ns: CLOCK_REALTIME minus CLOCK_MONOTONIC of the recording. */
struct testimony *testimony_new(struct arena *arena, int64_t wall_offset_ns);

/* What it needs beside the arena; what it gave stays. NULL is fine. */
void testimony_free(struct testimony *testimony);

/* Takes the events of a recording, in its order. */
struct event_sink testimony_sink(struct testimony *testimony);

/* Behind the last event: fills the empty store. */
void testimony_give(struct testimony *testimony, struct evidence_store *store,
                    struct testimony_about *ret_about);

/* After testimony_give: whether a call named this path, or (below) one in this directory. */
bool testimony_names(const struct testimony *testimony, const char *path);
bool testimony_names_below(struct testimony *testimony, const char *dir);

/* After testimony_give: whether the server or one of its programs had Landlock around it: what it was refused others may
 * do. */
bool testimony_is_fenced(const struct testimony *testimony);

/* After testimony_give: the directory of the control group into which one that was ended by SIGKILL, without a process that
 * sent it, had gone by a call: the server or a program of its own. NULL: none such. */
const char *testimony_group(const struct testimony *testimony);
/* Whether there is one that was ended so, in whichever group. */
bool testimony_has_victim(const struct testimony *testimony);

/* After testimony_give, for proofs: a line about the calls behind what was given, as people read them, under the source
 * "calls:" and the path, "calls:run:go env" or "calls:session:gopls":
 *   4242 go: openat("/cache/3f") = EACCES (Permission denied), 31 times, at 0.412 s */
#define TESTIMONY_CALLS "calls:"
void testimony_give_calls(struct testimony *testimony, struct evidence_store *store);

#endif
