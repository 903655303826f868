/* SPDX-License-Identifier: MIT
 * One line on a terminal that says what is waited for and, from the first second on, for how long;
 * gone at the end.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
	size_t columns;   /* of the terminal */
	const char *what; /* NULL: nothing is shown */
	int64_t since_ns; /* clock_now_ns() when it began */
	int64_t shown_s;
};

/* what lives until the next begin or the end. */
void progress_begin(struct progress *progress, const char *what);
/* Counts the seconds; context is the struct progress (for core/world.h, on_wait). */
void progress_tick(void *context);
void progress_end(struct progress *progress);

#endif
