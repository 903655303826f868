/* SPDX-License-Identifier: MIT
 * Whether cgo is on for the go command of the server, and which C compiler it would call.
 * Source: cmd/go/internal/cfg/cfg.go (defaultContext) of Go 1.20 to 1.27: CGO_ENABLED decides;
 * without it cgo is off for another platform, and off when CC is not in the environment and the
 * default compiler is not on PATH.
 */
#ifndef PROBES_MODULES_CGO_ENV_H
#define PROBES_MODULES_CGO_ENV_H

#include "core/probe.h"

struct cgo_env {
	bool enabled;
	const char *why;    /* as in the fact cgo */
	const char *cc;     /* the compiler go would call, without its arguments */
	const char *path;   /* where it is; "" when it is not found */
	bool path_known;    /* false: PATH could not be looked through */
	const char *origin; /* of CC: env, goenv, default … */
};

struct cgo_env cgo_env(struct exam *exam);

#endif
