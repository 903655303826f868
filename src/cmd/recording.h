/* SPDX-License-Identifier: MIT
 * What `trace` and `check --trace` have in common: how much of each call is copied, what is said of losses, what the
 * end of a recorded program comes to.
 */
#ifndef CMD_RECORDING_H
#define CMD_RECORDING_H

#include "base/arena.h"
#include "trace/backend.h"

#define RECORDING_STRING_BYTES     4096 /* PATH_MAX: no path is cut */
#define RECORDING_DATA_BYTES       512
#define RECORDING_DATA_BYTES_CHECK 65536           /* go.mod and the like, whole */
#define RECORDING_STDIO_BYTES      ((size_t)65536) /* a pipe holds as much */

/* As a shell tells how a program ended. */
int recording_status(int wait_status);
/* Absolute path of this program, in the arena; NULL after a sentence. */
char *recording_self(struct arena *arena);
/* What the recording cannot show must be known. */
void recording_tell_losses(const struct trace_outcome *outcome);

#endif
