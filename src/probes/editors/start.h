/* SPDX-License-Identifier: MIT
 * What every editor owes the target in the same way (arrange in core/editor.h).
 */
#ifndef PROBES_EDITORS_START_H
#define PROBES_EDITORS_START_H

#include "core/probe.h"

/* do_not_run_go and do_not_start: may what was found be run, without trust, in the environment that
 * go gets? Once go_path and the variables of go are stated. */
void start_judge(struct exam *exam, const struct envset *env);

/* server_argv: gopls_path, then these, ended by NULL; or NULL for none. */
void start_with(struct exam *exam, const char *const *args);

#endif
