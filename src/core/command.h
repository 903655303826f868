/* SPDX-License-Identifier: MIT
 * A command: one file src/cmd/x.c, ending in `const struct command command_x`. Help and errors come
 * from its option table.
 */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* Exit status; part of the report contract. */
enum status {
	STATUS_HEALTHY = 0,
	STATUS_FOUND = 1,
	STATUS_USAGE = 2,
	STATUS_UNKNOWN = 3,
	STATUS_NOT_FIXED = 4,
	STATUS_BUG = 70,
};

enum option_type {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_LIST,
	OPTION_REST, /* named "": what follows "--", a program with its arguments */
};

#define OPTION_LIST_MAX 64

struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};

struct option_spec {
	const char *name;     /* without the dashes; NULL ends the table */
	char letter;          /* short form or 0 */
	const char *argument; /* name of its argument, NULL for a flag */
	enum option_type type;
	size_t offset; /* in the options struct, of a bool, const char *, struct
	                         option_list, or const char *const * (NULL-terminated, NULL
	                         without "--") */
	const char *help;
};

struct command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *summary;  /* one line */
	const struct option_spec *options;
	size_t options_size; /* of the options struct */
	const char *notes;   /* printed behind the options; lines of at most 80 columns, or NULL */
	size_t max_operands;
	int (*run)(const void *options, const char *const *operands, size_t operand_count);
};

#endif
