/* SPDX-License-Identifier: MIT
 * What a fork of ours does first, so that it outlives, holds and disturbs nothing.
 */
#ifndef WORLD_SELFCARE_H
#define WORLD_SELFCARE_H

#include <stddef.h>

#define SELFCARE_FIRST_FD 3

/* In a fresh fork: puts keep[0..count) at SELFCARE_FIRST_FD + i (-1: /dev/null there) with
 * close-on-exec, points 0, 1 and 2 at /dev/null (a helper that cannot die must not hold our
 * caller's pipe open), closes all other descriptors, goes to its own process group so that a Ctrl-C
 * at the terminal is ours to handle, ignores the signals of terminals and takes `name` (at most 15
 * bytes) as its name. */
void selfcare_settle(const char *name, const int *keep, size_t count);

/* Default disposition for every signal, none blocked: what a program expects to start with. */
void selfcare_reset_signals(void);

#endif
