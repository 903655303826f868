/* SPDX-License-Identifier: MIT
 * The variables of the go command in force under an environment, computed without running it.
 */
#ifndef PROBES_GO_GOVARS_H
#define PROBES_GO_GOVARS_H

#include "core/probe.h"

/* States a govar fact for each variable that matters, for the environment a server gets and the go
 * it will use (go_path may be NULL). server: what will be started with env, as far as it is known (NULL: not):
 * when it is a script, what it sets counts. A value that settings put there has origin "settings". Once
 * per run. */
void govars_state(struct exam *exam, const struct envset *env, const char *go_path,
                  const char *server);

/* Adds the variables of Go that gopls itself gives to each go command: gopls.build.env
 * (gopls/internal/settings, env). */
void govars_gopls_env(struct exam *exam, struct envset *env);

/* The GOROOT a go binary belongs to: two directories above its real path; NULL when unknown. */
const char *govars_own_goroot(struct exam *exam, const char *go_path);

#endif
