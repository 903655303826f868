/* SPDX-License-Identifier: MIT
 * Inside a survey: which question is asked now, and what its answer means.
 */
#ifndef CLIENT_SURVEY_WORK_H
#define CLIENT_SURVEY_WORK_H

#include "client/survey.h"

enum ask_needs {
	NEEDS_DOCUMENT,
	NEEDS_USE,
	NEEDS_STANDARD,
	NEEDS_MEMBER,
	NEEDS_CALL,
	NEEDS_RANGE,
	NEEDS_FORMAT,
	NEEDS_POSITIONS,
	NEEDS_QUERY,
};

enum ask_empty { EMPTY_FULL, EMPTY_MAYBE };

struct ask_kind {
	const char *name, *method, *capability;
	enum ask_needs needs;
	enum ask_empty empty;
};

extern const struct ask_kind ask_kinds[ASK_COUNT];

/* The params of a question, JSON, or NULL with a reason when there is nothing to ask about. */
const char *ask_params(struct arena *arena, enum ask ask, const struct survey_script *script,
                       const struct spots *spots, const char **ret_why_not);

/* What an answer holds in a few words ("b.go:12", "37"); *ret_empty when there is nothing in it. */
const char *ask_result(struct arena *arena, enum ask ask, struct json_object *result,
                       bool *ret_empty);

#endif
