/* SPDX-License-Identifier: MIT
 * What follows from the environment of a side: the programs it would run, the variables of go.
 */
#ifndef PROBES_SIDES_SIDE_TOOLS_H
#define PROBES_SIDES_SIDE_TOOLS_H

#include "core/probe.h"
#include "core/side.h"

/* Fills tools_env, tools and govars. An editor of VS Code's family searches as its Go extension
 * does, everybody else along PATH. Nothing is run. */
void side_tools_fill(struct exam *exam, struct side *side);

/* The version of Go that an environment of another machine names (GOLANG_VERSION, GOVERSION, a
 * directory of setup-go or of a toolchain on PATH or in GOROOT): "go1.26.8", or NULL. */
const char *side_go_hint(struct arena *arena, const struct envset *env);

#endif
