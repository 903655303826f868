/* SPDX-License-Identifier: MIT
 * The forms of proof by subject, for excerpt.c alone.
 */
#ifndef REPORT_EXCERPT_PRIVATE_H
#define REPORT_EXCERPT_PRIVATE_H

#include "core/facts.h"

/* A fact in words; NULL for kinds that are not theirs. */
const char *excerpt_env(struct arena *arena, const struct fact *fact);     /* start-up, Go, shims */
const char *excerpt_modules(struct arena *arena, const struct fact *fact); /* modules and code */
const char *excerpt_running(struct arena *arena, const struct fact *fact); /* what runs, limits */
const char *excerpt_editor(struct arena *arena, const struct fact *fact);  /* editors, settings */
const char *excerpt_waiting(struct arena *arena,
                            const struct fact *fact); /* waits, ends, runs short */
const char *excerpt_guarded(struct arena *arena,
                            const struct fact *fact); /* confines, refuses, alters */
const char *excerpt_changed(struct arena *arena,
                            const struct fact *fact); /* what was otherwise when it worked */

/* The value, or "***" when the name says that it is a secret; long ones are cut between characters,
 * line breaks and tabs become blanks. */
const char *excerpt_value(struct arena *arena, const char *name, const char *value);
/* "path:12", or the path when there is no line. */
const char *excerpt_place(struct arena *arena, const char *path, int64_t line);
/* The path, or its last component when the source of the fact, which stands before it, names it. */
const char *excerpt_path(struct arena *arena, const struct fact *fact, const char *path);
/* "2026-01-31 12:00:00": local time, for it is compared with clocks on the wall. */
const char *excerpt_when(struct arena *arena, int64_t ns);
/* "owner uid 0, mode 0755" */
const char *excerpt_owner(struct arena *arena, int64_t uid, int64_t mode);

#endif
