/* SPDX-License-Identifier: MIT
 * Inside a survey: how far it is, which question is asked now, and what its answer means.
 */
#ifndef CLIENT_SURVEY_WORK_H
#define CLIENT_SURVEY_WORK_H

#include "client/survey.h"
#include "wire/rpc.h"

#define REGISTERED_MAX 128
#define TIMED_OUT_MAX  64

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

enum step {
	STEP_OPENING,
	STEP_ASKING,
	STEP_LISTENING,
	STEP_CLOSING,
	STEP_SHUT,
	STEP_EXITING,
	STEP_DONE
};

struct survey_work {
	enum step step;
	int64_t next_id;
	int64_t pending_id; /* 0: no question is under way */
	int64_t asked_ns;
	int64_t retry_ns; /* ask again then; 0: no */
	int64_t step_ns;  /* when the step began */
	enum ask ask;
	struct spots spots;
	bool has_spots;
	bool offered[ASK_COUNT];
	const char *registered[REGISTERED_MAX];
	size_t registered_count;
	int64_t timed_out[TIMED_OUT_MAX];
	size_t timed_out_count;
	uint64_t progress; /* begun and not ended */
};

/* ---- survey.c ---- */

void survey_send(struct survey *s, struct session *session, const char *body);
/* params: JSON, or NULL. Its answer is then what is awaited. */
void survey_request(struct survey *s, struct session *session, const char *method,
                    const char *params);
void survey_go_to(struct survey *s, enum step step);
/* shutdown, and what comes behind it. */
void survey_close(struct survey *s, struct session *session);

/* ---- survey_questions.c ---- */

void survey_take_capabilities(struct survey *s, struct json_object *capabilities);
/* Behind the answer to initialize: opens the file and asks the first question. */
void survey_begin_asking(struct survey *s, struct session *session);
/* The question at hand, once more or for the first time. */
void survey_ask_this(struct survey *s, struct session *session);
/* The answer to it, and what is asked then. */
void survey_take_answer(struct survey *s, struct session *session, const struct rpc_message *m);
/* It took too long: the next one. */
void survey_give_up(struct survey *s, struct session *session);

/* ---- survey_server.c ---- */

/* As an editor would answer, but nothing is edited and nobody is asked. */
void survey_take_request(struct survey *s, struct session *session, const struct rpc_message *m);
void survey_take_notification(struct survey *s, const struct rpc_message *m);

#endif
