/* SPDX-License-Identifier: MIT
 * What fails in a run and does not in a healthy one (trace/failures.h): for `trace --baseline` and `query --baseline`.
 */
#ifndef CMD_BASELINE_H
#define CMD_BASELINE_H

#include "base/err.h"
#include "trace/failures.h"

#define BASELINE_TOLD_MAX 8

struct comparison {
	const char *file; /* of the healthy run */
	struct baseline *baseline;
	struct failures *failures;
	struct arena *arena;
	const char *told[BASELINE_TOLD_MAX]; /* programs of which it was said that they differ */
	size_t told_count;
	bool told_version;
};

/* Reads the recording of the healthy run. 0, or -errno with a sentence (reader_open); close it in any case. */
int comparison_open(struct comparison *comparison, struct arena *arena, const char *file,
                    struct err *err);
void comparison_close(struct comparison *comparison);

/* Takes the next event of the run. True when it is a failure that the healthy one has not. Programs of another version or
 * place are told on standard error, each once: then more differs than what is wrong. */
bool comparison_take(struct comparison *comparison, const struct event *event, struct failure *ret);

#endif
