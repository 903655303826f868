/* SPDX-License-Identifier: MIT
 * A Go installation looked at.
 */
#ifndef PROBES_GO_GOROOT_H
#define PROBES_GO_GOROOT_H

#include "core/probe.h"

/* States the facts goroot, goroot_gap and go_version (with this source) about a tree. own: it is
 * the installation in use, and no variable names it. */
void goroot_look(struct exam *exam, const char *root, bool own, const char *source);

/* This program's architecture in Go's words. */
const char *goroot_host_arch(void);

#endif
