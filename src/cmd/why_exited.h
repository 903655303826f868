/* SPDX-License-Identifier: MIT
 * `dialtone why`: what it can be told, and `--exited`: what ended the last server.
 */
#ifndef CMD_WHY_EXITED_H
#define CMD_WHY_EXITED_H

#include "core/command.h"

#include <stdint.h>

struct why_options {
	const char *workspace, *save, *from, *color; /* as the user wrote them, or NULL */
	bool json, dot, raw, exited;
};

extern const struct command command_why; /* cmd/why.c; read again when a case file is opened */

/* Looks, prints, gives the exit status: 0 none ended (or it ended as asked), 1 it was ended or crashed, 3 there is no
 * trace of one. pid: of the editor, when it runs, or of the server that ended; 0: none given. Without workspace it is
 * about the current directory. */
int why_exited(const struct why_options *options, int64_t pid);

#endif
