/* SPDX-License-Identifier: MIT
 * Who refuses what modes allow: questions that several rules ask.
 */
#ifndef CORE_GUARDS_H
#define CORE_GUARDS_H

#include "base/str.h"
#include "core/facts.h"

/* The first guard of this kind, or NULL. */
static inline const struct fact_guard *guards_of(const struct facts *facts, const char *kind) {
	facts_each (guard, g, facts) {
		if (streq(g->kind, kind)) {
			return g;
		}
	}
	return NULL;
}

/* The first program that was refused (what "exec") or file ("read") with this errno, or, with error
 * 0, ended by this signal; NULL when none. */
static inline const struct fact_turned_away *
guards_refused(const struct facts *facts, const char *what, int64_t error, int64_t signal) {
	facts_each (turned_away, r, facts) {
		if (streq(r->what, what) && r->error == error && r->signal == signal) {
			return r;
		}
	}
	return NULL;
}

#endif
