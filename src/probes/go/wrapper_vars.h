/* SPDX-License-Identifier: MIT
 * A script named go, or one that stands for the server, and belongs to no version manager: what it
 * puts into the environment of what it starts.
 */
#ifndef PROBES_GO_WRAPPER_VARS_H
#define PROBES_GO_WRAPPER_VARS_H

#include "core/probe.h"
#include "wire/script_env.h"

struct wrapper_vars {
	const char *script; /* NULL: go is no such script, and the rest is nothing */
	const struct evidence *ev;
	struct script_env vars;
	const char *
		go; /* the program it hands on to, as far as its text says; NULL when it does not */
	bool itself; /* that program is this script */
};

/* Of the go on the PATH of env, which is the one a server finds; go_path counts when there is none. */
struct wrapper_vars wrapper_vars_of(struct exam *exam, const struct envset *env,
                                    const char *go_path);

/* Of the program that is started as the server (go and itself stay empty). NULL, or no script: nothing. */
struct wrapper_vars wrapper_vars_of_server(struct exam *exam, const struct envset *env,
                                           const char *server);

/* env as the go behind the wrapper gets it. */
void wrapper_vars_apply(const struct wrapper_vars *wrapper, struct envset *env);

#endif
