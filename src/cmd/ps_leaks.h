/* SPDX-License-Identifier: MIT
 * `dialtone ps --leaks`: what a server has in use over time, or over restarts of it.
 */
#ifndef CMD_PS_LEAKS_H
#define CMD_PS_LEAKS_H

#include "cmd/ps.h"

/* Prints; STATUS_HEALTHY, STATUS_FOUND when something grows, or another status with a sentence on stderr. pid: the
 * operand, NULL: the one language server that runs. */
int ps_leaks(const struct ps_options *options, const char *pid);

#endif
