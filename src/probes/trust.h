/* SPDX-License-Identifier: MIT
 * What the workspace would make us run. A clone can bring settings, wrappers and drivers along;
 * none of them is executed without --trust. Everything found becomes a fact "setting_program".
 */
#ifndef PROBES_TRUST_H
#define PROBES_TRUST_H

#include "core/probe.h"

/* Path lies in the workspace or in the repository around it. HOME or a directory above it is no
 * such boundary: there everything would be inside. */
bool trust_inside(struct exam *exam, const char *path);

/* Options and variables through which go or the server would run a program of the workspace:
 * -toolexec and friends in GOFLAGS and build flags, GOPACKAGESDRIVER, GOCACHEPROG, GOAUTH, CC …,
 * PATH entries, GOROOT. Looks at env as the server gets it. Returns a sentence naming the first
 * one, or NULL. */
const char *trust_look_env(struct exam *exam, const struct envset *env);

/* A tool about to be used. Denied when it lies inside, or when a file of the workspace names it and
 * it is not provably the official program (Go build info). Returns a sentence or NULL. */
const char *trust_look_tool(struct exam *exam, const char *tool, const char *path);

#endif
