/* SPDX-License-Identifier: MIT */
#ifndef REPORT_EXCERPT_ENV_H
#define REPORT_EXCERPT_ENV_H

#include "core/facts.h"

/* A fact about processes, start-up files and installations in words; other kinds in their text
 * form. */
const char *excerpt_env(struct arena *arena, const struct fact *fact);

#endif
