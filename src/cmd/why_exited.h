/* SPDX-License-Identifier: MIT
 * `dialtone why --exited`: what ended the last server.
 */
#ifndef CMD_WHY_EXITED_H
#define CMD_WHY_EXITED_H

#include <stdbool.h>
#include <stdint.h>

struct why_exited {
	const char *workspace; /* as the user wrote it, or NULL: the current directory */
	const char *color;     /* as in cmd/output.h */
	int64_t pid; /* of the editor, when it runs, or of the server that ended; 0: none given */
	bool json;
};

/* Looks, prints, gives the exit status: 0 none ended (or it ended as asked), 1 it was ended or crashed, 3 there is no
 * trace of one. */
int why_exited(const struct why_exited *options);

#endif
