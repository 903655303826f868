/* SPDX-License-Identifier: MIT
 * The questions of a survey, one after the other, each until its answer is worth something.
 */
#include "base/str.h"
#include "client/survey_work.h"
#include "wire/json_text.h"

#include <stdio.h>

#define RETRY_NS         (150 * NS_PER_MS)
#define CONTENT_MODIFIED (-32801) /* LSP 3.17, ErrorCodes */
#define SERVER_CANCELLED (-32802)

/* The value at "a" or "a.b", or NULL when it is absent, null or false. */
static struct json_object *announced(struct json_object *from, const char *path) {
	char name[64];
	for (const char *p = path; from && *p;) {
		size_t len = strcspn(p, ".");
		struct json_object *value = NULL;
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, p);
		bool there = json_object_object_get_ex(from, name, &value) && value;
		bool no = json_object_is_type(value, json_type_boolean) &&
		          !json_object_get_boolean(value);
		from = there && !no ? value : NULL;
		p += len + (p[len] == '.');
	}
	return from;
}

void survey_take_capabilities(struct survey *s, struct json_object *capabilities) {
	for (int i = 0; i < ASK_COUNT; i++) {
		s->work->offered[i] = announced(capabilities, ask_kinds[i].capability) != NULL;
	}
	s->capabilities = arena_strdup(
		s->arena, json_object_to_json_string_ext(capabilities, JSON_C_TO_STRING_PLAIN));
}

/* Announced at the beginning, or registered meanwhile. */
static bool is_offered(const struct survey *s, enum ask ask) {
	const char *wanted = ask_kinds[ask].method;
	for (size_t i = 0; i < s->work->registered_count; i++) {
		const char *method = s->work->registered[i];
		if (streq(method, wanted) ||
		    (ask == ASK_SEMANTIC_TOKENS && streq(method, "textDocument/semanticTokens"))) {
			return true;
		}
	}
	return s->work->offered[ask];
}

static void ask_next(struct survey *s, struct session *session);

void survey_ask_this(struct survey *s, struct session *session) {
	const char *why_not = "";
	enum ask ask = s->work->ask;
	const char *params = ask_params(s->arena, ask, &s->script, &s->work->spots, &why_not);
	if (params) {
		survey_request(s, session, ask_kinds[ask].method, params);
		return;
	}
	s->answers[ask].detail = why_not;
	ask_next(s, session);
}

/* From the question at hand (or the first) to the next one that can be asked. */
static void ask_next(struct survey *s, struct session *session) {
	struct survey_work *w = s->work;
	w->pending_id = 0;
	for (int next = (int)w->ask + 1; next < ASK_COUNT; next++) {
		w->ask = (enum ask)next;
		if (is_offered(s, w->ask)) {
			survey_ask_this(s, session);
			return;
		}
		bool published = w->ask == ASK_DIAGNOSTICS;
		s->answers[next].detail = published ? "" : "not offered by this server";
	}
	survey_go_to(s, STEP_LISTENING);
}

void survey_begin_asking(struct survey *s, struct session *session) {
	struct survey_work *w = s->work;
	const char *uri = NULL;
	survey_send(s, session, rpc_notification(s->arena, "initialized", "{}"));
	if (!s->script.file) {
		survey_close(s, session);
		return;
	}
	uri = json_text_uri(s->arena, s->script.file);
	survey_send(
		s, session,
		rpc_notification(
			s->arena, "textDocument/didOpen",
			arena_printf(s->arena,
	                             "{\"textDocument\":{\"uri\":%s,\"languageId\":%s,"
	                             "\"version\":1,\"text\":%s}}",
	                             uri, json_text_quoted(s->arena, slice_str(s->script.language)),
	                             json_text_quoted(s->arena, s->script.text))));
	s->opened_ns = s->now_ns;
	survey_go_to(s, STEP_ASKING);
	w->ask = (enum ask)0;
	w->spots = spots_find(s->arena, s->script.text, NULL, streq(s->script.language, "go"));
	if (is_offered(s, w->ask)) {
		survey_ask_this(s, session);
	} else {
		s->answers[0].detail = "not offered by this server";
		ask_next(s, session);
	}
}

/* A server that is still reading the project answers with nothing, or asks to be asked again. */
static bool worth_asking_again(const struct survey *s, bool empty, int64_t error_code) {
	bool too_soon = error_code == CONTENT_MODIFIED || error_code == SERVER_CANCELLED;
	bool hoped = empty && ask_kinds[s->work->ask].empty == EMPTY_FULL;
	int64_t limit = s->work->progress > 0 || too_soon ? SURVEY_SETTLE_NS : SURVEY_SETTLE_NS / 4;
	return (too_soon || hoped) && s->now_ns - s->opened_ns < limit &&
	       s->answers[s->work->ask].count == 0 && s->answers[s->work->ask].state != ASKED_OK;
}

static void take_result(struct survey *s, const struct rpc_message *m) {
	struct survey_answer *answer = &s->answers[s->work->ask];
	bool empty = false;
	const char *detail = m->error ? arena_strdup(s->arena, m->error_message)
	                              : ask_result(s->arena, s->work->ask, m->result, &empty);
	int64_t took = s->now_ns - s->work->asked_ns;
	if (worth_asking_again(s, empty, m->error_code)) {
		s->work->retry_ns = s->now_ns + RETRY_NS;
		answer->state = m->error ? ASKED_FAILED : ASKED_NO_ANSWER;
		answer->detail = detail;
		return;
	}
	if (answer->first_ns == 0) {
		/* "Not a type name": the place was no good for such a question. */
		bool hoped = ask_kinds[s->work->ask].empty == EMPTY_FULL;
		answer->state = m->error && hoped              ? ASKED_FAILED
		                : m->error || (empty && hoped) ? ASKED_NO_ANSWER
		                                               : ASKED_OK;
		answer->detail = empty && !hoped ? "nothing here" : detail;
		answer->first_ns = s->work->ask == 0 ? s->now_ns - s->opened_ns : took;
		return;
	}
	if (answer->count < s->script.repeat) {
		answer->times_ns[answer->count++] = took;
	}
}

static void after_result(struct survey *s, struct session *session, struct json_object *result) {
	struct survey_work *w = s->work;
	struct survey_answer *answer = &s->answers[w->ask];
	w->pending_id = 0;
	if (w->retry_ns) {
		return;
	}
	if (w->ask == ASK_DOCUMENT_SYMBOLS && !w->has_spots) {
		w->has_spots = true;
		w->spots = spots_find(s->arena, s->script.text, result,
		                      streq(s->script.language, "go"));
	}
	if (answer->state == ASKED_OK && answer->count < s->script.repeat) {
		survey_ask_this(s, session);
	} else {
		ask_next(s, session);
	}
}

void survey_give_up(struct survey *s, struct session *session) {
	struct survey_work *w = s->work;
	struct survey_answer *answer = &s->answers[w->ask];
	if (w->timed_out_count < TIMED_OUT_MAX) {
		w->timed_out[w->timed_out_count++] = w->pending_id;
	}
	survey_send(s, session,
	            rpc_notification(
			    s->arena, "$/cancelRequest",
			    arena_printf(s->arena, "{\"id\":%lld}", (long long)w->pending_id)));
	answer->state = ASKED_TIMEOUT;
	answer->detail = "";
	ask_next(s, session);
}

void survey_take_answer(struct survey *s, struct session *session, const struct rpc_message *m) {
	take_result(s, m);
	after_result(s, session, m->result);
}
