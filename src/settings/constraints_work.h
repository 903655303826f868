/* SPDX-License-Identifier: MIT
 * Between the parts of settings/constraints.c: what settings and variables say, and how a
 * contradiction is reported.
 */
#ifndef SETTINGS_CONSTRAINTS_WORK_H
#define SETTINGS_CONSTRAINTS_WORK_H

#include "settings/lint.h"

struct constraint {
	struct lint *lint;
	const struct facts *facts;
	struct world *world;
};

#define SAY(c, ...) arena_printf((c)->lint->arena, __VA_ARGS__)

/* The value of a setting; NULL for NULL. */
const struct jsonc_node *constraint_value(struct constraint *c, const struct fact_setting *s);
/* The text of a setting, NULL when it is not set, empty or no text. */
const char *constraint_text(struct constraint *c, const char *key);
/* "go.goroot in /x/settings.json line 3". */
const char *constraint_place_words(struct constraint *c, const struct fact_setting *s);
/* Where a variable of go has its value from. */
const char *constraint_var_words(struct constraint *c, const char *name);
/* s: the setting it is about, or NULL. effective: the value that counts, and origin where it comes
 * from; instead: what to write, or "". */
struct issue *constraint_report(struct constraint *c, const struct fact_setting *s,
                                enum severity severity, const char *message, const char *effective,
                                const char *origin, const char *instead);

void constraint_check_flags(struct constraint *c);
void constraint_check_goflags(struct constraint *c);

#endif
