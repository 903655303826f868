/* SPDX-License-Identifier: MIT
 * The names of people and their tokens; see redact.h.
 */
#ifndef WORLD_REDACT_NAMES_H
#define WORLD_REDACT_NAMES_H

#include "core/evidence.h"

#define REDACT_NAMES_MAX 64

struct redact_name {
	struct slice name;
	const char *token;
	const char *parent; /* directory of the home ("/home"), or NULL */
	bool anywhere;      /* as a whole word, not only in the places of a name */
};

struct redact_names {
	struct arena *arena;
	struct redact_name items[REDACT_NAMES_MAX];
	size_t count;
	unsigned tokens; /* user-N given so far */
};

/* Collects: the last element of home, USER and LOGNAME of the recorded environment of dialtone, and
 * the people of the recorded /etc/passwd. */
void redact_names_collect(struct redact_names *names, struct arena *arena,
                          const struct evidence_store *store, const char *home, int64_t uid);

/* bytes with the tokens put in; the same bytes when there was nothing to do. */
struct slice redact_names_apply(const struct redact_names *names, struct slice bytes);

/* The text of /etc/passwd with the full names of people left out. */
struct slice redact_passwd(struct arena *arena, struct slice text);

#endif
