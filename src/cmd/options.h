/* SPDX-License-Identifier: MIT
 * The option table of a command (core/command.h) at work: parsing, help, suggestions.
 * Options and operands may be mixed; `--` ends the options. Long: --x=V, --x V; short: -x, -xV, -x
 * V, -xy for flags. Every command also knows --help, -h and --version.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/err.h"
#include "base/str.h"
#include "core/command.h"

enum options_wish { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

struct parsed_options {
	enum options_wish wish;
	void *options; /* command->options_size bytes, filled; NULL-able only when that is 0 */
	const char **operands;
	size_t operand_count;
};

/* args: what follows the name of the command. 0, or -EINVAL with a sentence that names the option,
 * its value and what was expected. Everything returned lives in the arena or in args. */
int options_parse(struct arena *arena, const struct command *command, const char *const *args,
                  size_t count, struct parsed_options *ret, struct err *err);

/* Usage, summary and a line per option; at most 80 columns. */
void options_help(struct strbuf *out, const struct command *command);

/* The same as the source of a manual page of section 1 in scdoc(5): NAME, SYNOPSIS, OPTIONS. */
void options_manual(struct strbuf *out, const struct command *command);

/* The one of the names (NULL-terminated) a misspelt word was probably meant to be, or NULL. */
const char *options_nearest(const char *word, const char *const *names);

#endif
