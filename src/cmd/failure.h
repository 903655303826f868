/* SPDX-License-Identifier: MIT
 * What a command ends with when it could not begin: the sentence on stderr and its exit status.
 */
#ifndef CMD_FAILURE_H
#define CMD_FAILURE_H

#include "cmd/interrupt.h"
#include "core/world.h"

/* Both write err's sentence. STATUS_USAGE when the command line asks for what is not there or makes no sense, else
 * STATUS_UNKNOWN. error: negative errno, or 0 when the failure has none. */

/* Of what should be examined: EINVAL, ENOENT and ESRCH (no such process) are the user's. */
int failure_of_target(const struct err *err, int error);
/* Of a case file: ENOENT, ENOTDIR and EISDIR are the user's; what is in a file that is there is not. */
int failure_of_file(const struct err *err, int error);

/* Of a user who stopped it: STATUS_HEALTHY when nobody did, else a sentence and 128 and the signal. */
int failure_of_interrupt(const struct interrupt *interrupt);

/* STATUS_HEALTHY when the folder can be looked into. operand: how it was given on the command line, or NULL; a word
 * that looks like a command is answered with that command. */
int failure_of_folder(struct world *world, const char *dir, const char *operand);

#endif
