/* SPDX-License-Identifier: MIT
 * Flags of the go command as the server gives them: GOFLAGS, then its buildFlags, later wins.
 */
#ifndef PROBES_MODULES_MODULES_FLAGS_H
#define PROBES_MODULES_MODULES_FLAGS_H

#include "core/probe.h"

/* The value of -name ("true" when it has none), or NULL; *ret_from (may be NULL): "GOFLAGS" or
 * "buildFlags". */
const char *modules_flag(struct exam *exam, const char *name, const char **ret_from);

/* An option that gopls is given, by the last part of its name, or NULL. */
struct jsonc_node;
const struct jsonc_node *modules_option(struct exam *exam, const char *name);

struct modules_tags {
	const char *const *items;
	size_t count;
};

/* The build tags in force: those of the last -tags. */
struct modules_tags modules_tags(struct exam *exam);

#endif
