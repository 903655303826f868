/* SPDX-License-Identifier: MIT
 * Which events of a recording are wanted, and how much of them. What is not wanted is not unpacked as far as
 * the file allows: whole chunks by the summaries, calls by the chunk's list of them, paths by the chunk's dictionary.
 */
#ifndef TRACE_EVENT_FILTER_H
#define TRACE_EVENT_FILTER_H

#include "trace/call.h"
#include "trace/event.h"

/* Zeros want all. */
struct event_filter {
	pid_t pid;
	int64_t from_ns;              /* that end at or after it */
	int64_t to_ns;                /* that begin at or before it; 0 any */
	int64_t at_least_ns;          /* duration */
	bool failed;                  /* calls with an error only */
	int error;                    /* calls with this errno only; 0 any */
	unsigned kinds;               /* bits 1 << enum event_kind; 0 all */
	const struct call_set *calls; /* of calls those; NULL all */
	const char *path;             /* with this in a path of theirs; NULL any */
	int64_t chunk;                /* 0 any */
	bool no_data;                 /* payloads and stacks are not needed */
	bool no_args;                 /* nor arguments */
};

/* May events of that kind (and, of calls, that number) be wanted? */
static inline bool event_filter_has(const struct event_filter *f, enum event_kind kind,
                                    enum event_arch arch, int number) {
	bool call = kind == EVENT_CALL;
	bool only_calls = f->failed || f->error > 0 || f->at_least_ns > 0;
	return (f->kinds == 0 || (f->kinds >> kind & 1) != 0) && (call || !only_calls) &&
	       (!call || !f->calls || call_set_has(f->calls, arch, number));
}

/* Everything but path and chunk, which are not asked of an event. */
bool event_wanted(const struct event_filter *filter, const struct event *event);

#endif
