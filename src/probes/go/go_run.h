/* SPDX-License-Identifier: MIT
 * Runs the go command and states what it said.
 */
#ifndef PROBES_GO_GO_RUN_H
#define PROBES_GO_GO_RUN_H

#include "core/probe.h"

/* argv[0] is the go to run; the fact go_run gets this name. Output is capped, the wait bounded by
 * deadline_ns from now. A replay that has no such run states nothing. */
struct run_result go_run_state(struct exam *exam, const char *name, const char *const *argv,
                               const struct envset *env, const char *cwd, int64_t deadline_ns);

#endif
