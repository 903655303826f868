/* SPDX-License-Identifier: MIT
 * Calls that failed, told apart from those that fail whenever all is well: by comparison with the recording of a healthy run,
 * since most of what fails is a search that finds at the next place. A failure is a program, a call, an error and a place;
 * what differs from run to run in a name does not count.
 */
#ifndef TRACE_FAILURES_H
#define TRACE_FAILURES_H

#include "base/arena.h"
#include "trace/event.h"

#include <stdbool.h>

struct failures;

/* Finds failures among events that are handed in in order. NULL without memory. */
struct failures *failures_new(void);
void failures_free(struct failures *failures);

struct failure {
	const char *program; /* base name */
	const char *call;
	int error;
	const char *path; /* as it was meant, "" none */
	const char *key;  /* the same for the same failure in another run */
};

/* Takes the next event. True when it is a call that failed and not by the way (would block, was interrupted, goes on, ran out
 * of the time it was given); the texts live until the next event. */
bool failures_take(struct failures *failures, const struct event *event, struct failure *ret);

/* The program that runs in the process now, "" not known. */
const char *failures_program(const struct failures *failures, pid_t pid);

/* Which failures a run had, and which programs it ran. */
struct baseline;

struct baseline *baseline_new(void);
void baseline_free(struct baseline *baseline);
/* Learns from the events of a healthy run; the baseline outlives the sink. */
struct event_sink baseline_sink(struct baseline *baseline);
bool baseline_knows(struct baseline *baseline, const struct failure *failure);
/* A program that ran there under the same name from another place: that place, else NULL. path absolute. */
const char *baseline_other_program(const struct baseline *baseline, const char *path);
/* What "go version" said there, "" nobody asked. */
const char *baseline_go_version(const struct baseline *baseline);

/* "go version go1.26.8 linux/amd64" when the event is a write of that on standard output, else false; into words. */
bool failures_go_version(const struct event *event, char *words, size_t bytes);

/* A path without what is made up anew in each run: numbers of processes, names of temporary files, hashes. In the arena. */
const char *failures_place(struct arena *arena, const char *path);

#endif
