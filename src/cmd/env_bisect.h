/* SPDX-License-Identifier: MIT
 * `dialtone env --bisect`: which of the variables, entries of PATH, limits … flips the server from good to bad.
 */
#ifndef CMD_ENV_BISECT_H
#define CMD_ENV_BISECT_H

#include "cmd/env_case.h"
#include "cmd/exam.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "cmd/progress.h"

struct env_bisect {
	const struct env_options *options;
	struct exam *exam; /* the probes of the environment and settings stages have run */
	const struct interrupt *interrupt;
	const struct terminal *terminal;
	struct progress *progress; /* or NULL */
	int64_t start_ns;
};

/* Tries, tells, and gives the exit status. */
int env_bisect(const struct env_bisect *job);

/* NULL, or a name of an end that makes no sense. */
bool env_bisect_names_end(const char *spec);

#endif
