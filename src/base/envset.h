/* SPDX-License-Identifier: MIT
 * A set of environment variables, as execve(2) takes it. The last assignment of a name wins, as in libc and Go.
 */
#ifndef BASE_ENVSET_H
#define BASE_ENVSET_H

#include "base/arena.h"

struct envset {
	struct arena *arena;
	char **vars;  /* "NAME=value", NULL-terminated, names are unique */
	size_t count; /* without the NULL */
	size_t size;  /* slots allocated */
};

void envset_init(struct envset *env, struct arena *arena);
void envset_copy(struct envset *env, const struct envset *from);

/* The value, "" when set but empty, NULL when not set. */
const char *envset_get(const struct envset *env, const char *name);
void envset_set(struct envset *env, const char *name, const char *value);
void envset_unset(struct envset *env, const char *name);
/* changes: "NAME=value" is set, "NAME" taken away; ended by NULL, or NULL. */
void envset_change(struct envset *env, const char *const *changes);

/* Adds the NUL-separated "NAME=value" entries of /proc/PID/environ or `env -0`. Entries without '=' are left out. */
void envset_add_block(struct envset *env, struct slice block);
/* The name of the i-th variable as a slice into vars[i]; *ret_value points behind its '='. */
struct slice envset_name(const struct envset *env, size_t i, const char **ret_value);

#endif
