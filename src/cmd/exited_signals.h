/* SPDX-License-Identifier: MIT
 * Signals that end servers, and what each tells of the end.
 */
#ifndef CMD_EXITED_SIGNALS_H
#define CMD_EXITED_SIGNALS_H

#include "base/arena.h"

#include <stdint.h>

/* "SIGKILL" or "signal 40", in the arena. */
const char *exited_signal_name(struct arena *arena, int64_t number);
/* "somebody asked it to end"; "" when there is nothing to say. */
const char *exited_signal_meaning(int64_t number);
/* Of the name that text begins with; 0 when it is none of them. */
int64_t exited_signal_number(const char *text);

#endif
