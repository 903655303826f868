/* SPDX-License-Identifier: MIT
 * A wrapper script, read and not run: which variables it surely sets for the program it starts, and
 * which program that is.
 *
 * Surely: the assignment stands outside every if, loop, case, function, subshell and behind no && or
 * ||, and its value is known as text: words, quotes, $NAME and ${NAME:-word} of the environment or of
 * an earlier line. What a command would print is not known, and what is not known is not said.
 * Source: POSIX Shell Command Language, sections 2.2 to 2.10; env(1).
 */
#ifndef WIRE_SCRIPT_ENV_H
#define WIRE_SCRIPT_ENV_H

#include "base/envset.h"

#include <stdbool.h>

#define SCRIPT_ENV_MAX_BYTES ((size_t)(16 * 1024))
#define SCRIPT_ENV_SETS_MAX  ((size_t)64)

struct script_set {
	const char *name;
	const char *value; /* NULL: it is taken out of the environment */
	int line;          /* from 1 */
};

struct script_env {
	struct script_set *sets; /* in the order they take effect; of one name the last counts */
	size_t count;
	int cleared_line; /* of `env -i` before that program, 0 when there is none */
	/* What it starts under that name, a path or a bare name; NULL when that is not known. */
	const char *program;
	int program_line;
	bool opaque; /* it takes in other scripts */
};

/* env: what the script is started with. tool: the name of the program it stands for ("go"). A longer
 * text than SCRIPT_ENV_MAX_BYTES is read so far. */
struct script_env script_env_parse(struct arena *arena, struct slice text, const struct envset *env,
                                   const char *tool);

/* The last word on name, or NULL. */
const struct script_set *script_env_find(const struct script_env *script, const char *name);

#endif
