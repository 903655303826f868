/* SPDX-License-Identifier: MIT
 * What can stand for an option's value or a command's operands.
 */
#ifndef CMD_COMPLETION_WORDS_H
#define CMD_COMPLETION_WORDS_H

#include "base/str.h"
#include "core/command.h"

struct completion_words {
	const char *words; /* separated by blanks; "" for none */
	bool files;        /* any file */
	bool directories;
};

/* By the name of its argument: FILE, F and PATH are files, a|b|c are words, and the few names whose
 * values are known elsewhere (editors, probes). */
struct completion_words completion_of_option(struct arena *arena, const struct option_spec *spec);
/* By the words of its synopsis: DIR, CAUSE, COMMAND, a|b|c. */
struct completion_words completion_of_operands(struct arena *arena, const struct command *command);
/* Every command, separated by blanks. */
const char *completion_commands(struct arena *arena);

#endif
