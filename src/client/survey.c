/* SPDX-License-Identifier: MIT
 */
#include "client/survey.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "client/survey_work.h"
#include "wire/frame.h"
#include "wire/json_text.h"

#include <stdlib.h>

#define STDERR_HEAD ((size_t)200)

void survey_send(struct survey *s, struct session *session, const char *body) {
	char header[FRAME_HEADER_SIZE];
	struct slice bytes = slice_str(body);
	s->sent_bytes += bytes.len + frame_header(header, bytes.len);
	session_send(session, bytes);
}

void survey_request(struct survey *s, struct session *session, const char *method,
                    const char *params) {
	struct survey_work *w = s->work;
	w->pending_id = w->next_id++;
	w->asked_ns = s->now_ns;
	w->retry_ns = 0;
	survey_send(s, session, rpc_request(s->arena, w->pending_id, method, params));
}

void survey_go_to(struct survey *s, enum step step) {
	s->work->step = step;
	s->work->step_ns = s->now_ns;
	s->work->pending_id = 0;
	s->work->retry_ns = 0;
}

void survey_close(struct survey *s, struct session *session) {
	survey_go_to(s, STEP_CLOSING);
	survey_request(s, session, "shutdown", NULL);
}

/* Broad, so that a server offers what it has. */
static const char client_capabilities[] =
	"{\"workspace\":{\"applyEdit\":true,\"configuration\":true,\"workspaceFolders\":true,"
	"\"didChangeWatchedFiles\":{\"dynamicRegistration\":true},\"symbol\":{}},"
	"\"textDocument\":{\"publishDiagnostics\":{\"relatedInformation\":true},"
	"\"synchronization\":{\"didSave\":true},"
	"\"completion\":{\"contextSupport\":true,\"completionItem\":{\"snippetSupport\":true}},"
	"\"hover\":{\"contentFormat\":[\"markdown\",\"plaintext\"]},\"signatureHelp\":{},"
	"\"declaration\":{\"linkSupport\":true},\"definition\":{\"linkSupport\":true},"
	"\"typeDefinition\":{\"linkSupport\":true},\"implementation\":{\"linkSupport\":true},"
	"\"references\":{},\"documentHighlight\":{},"
	"\"documentSymbol\":{\"hierarchicalDocumentSymbolSupport\":true},"
	"\"codeAction\":{\"codeActionLiteralSupport\":{\"codeActionKind\":{\"valueSet\":["
	"\"quickfix\","
	"\"refactor\",\"source\"]}}},\"codeLens\":{},\"documentLink\":{},\"formatting\":{},"
	"\"rename\":{\"prepareSupport\":true},\"foldingRange\":{},\"selectionRange\":{},"
	"\"semanticTokens\":{\"requests\":{\"full\":true},\"tokenTypes\":[\"namespace\",\"type\","
	"\"class\",\"function\",\"variable\",\"keyword\",\"string\",\"number\",\"comment\"],"
	"\"tokenModifiers\":[],\"formats\":[\"relative\"]},\"inlayHint\":{},\"callHierarchy\":{},"
	"\"typeHierarchy\":{},\"diagnostic\":{}},"
	"\"window\":{\"workDoneProgress\":true,\"showMessage\":{}},"
	"\"general\":{\"positionEncodings\":[\"utf-16\"]}}";

static void open_conversation(struct survey *s, struct session *session) {
	const char *root = json_text_uri(s->arena, s->script.root);
	const char *name = json_text_quoted(s->arena, slice_str(path_base(s->script.root)));
	const char *options = s->script.options;
	survey_request(s, session, "initialize",
	               arena_printf(s->arena,
	                            "{\"processId\":%lld,\"clientInfo\":{\"name\":\"dialtone\"},"
	                            "\"rootUri\":%s,\"capabilities\":%s%s%s,\"trace\":\"off\","
	                            "\"workspaceFolders\":[{\"uri\":%s,\"name\":%s}]}",
	                            (long long)s->script.process_id, root, client_capabilities,
	                            options ? ",\"initializationOptions\":" : "",
	                            options ? options : "", root, name));
}

/* ---- what comes in ---- */

/* gopls puts a whole JSON text there (internal/debug, VersionInfo). */
static const char *plain_version(struct survey *s, const char *text) {
	struct json_object *inside = text && text[0] == '{' ? json_tokener_parse(text) : NULL;
	struct json_object *value = NULL;
	if (json_object_object_get_ex(inside, "Version", &value) && value) {
		text = json_object_get_string(value);
	}
	const char *copy = arena_strdup(s->arena, text ? text : "");
	json_object_put(inside);
	return copy;
}

static void take_initialize(struct survey *s, struct session *session,
                            const struct rpc_message *m) {
	struct json_object *value = NULL, *info = NULL;
	s->ready_ns = s->now_ns;
	if (m->error) {
		s->initialize_error = arena_strdup(s->arena, m->error_message);
		survey_close(s, session);
		return;
	}
	if (json_object_object_get_ex(m->result, "capabilities", &value) && value) {
		survey_take_capabilities(s, value);
	}
	if (json_object_object_get_ex(m->result, "serverInfo", &info)) {
		if (json_object_object_get_ex(info, "name", &value)) {
			s->server_name = arena_strdup(s->arena, json_object_get_string(value));
		}
		if (json_object_object_get_ex(info, "version", &value)) {
			s->server_version = plain_version(s, json_object_get_string(value));
		}
	}
	survey_begin_asking(s, session);
}

static void take_stray(struct survey *s, const struct rpc_message *m, struct slice body) {
	struct survey_work *w = s->work;
	int64_t id = json_object_is_type(m->id, json_type_int) ? json_object_get_int64(m->id) : -1;
	bool known = id > 0 && id < w->next_id;
	for (size_t i = 0; i < w->timed_out_count; i++) {
		if (w->timed_out[i] == id) {
			w->timed_out[i] = 0; /* late, and only once */
			return;
		}
	}
	conformance_note(&s->conformance, known ? BREACH_SECOND_ANSWER : BREACH_UNKNOWN_ID,
	                 s->now_ns, body);
}

static void take_response(struct survey *s, struct session *session, const struct rpc_message *m,
                          struct slice body) {
	struct survey_work *w = s->work;
	if (w->pending_id == 0 || !rpc_has_id(m, w->pending_id)) {
		take_stray(s, m, body);
		return;
	}
	switch (w->step) {
	case STEP_OPENING:
		take_initialize(s, session, m);
		break;
	case STEP_ASKING:
		survey_take_answer(s, session, m);
		break;
	case STEP_CLOSING:
		survey_go_to(s, STEP_SHUT);
		break;
	default:
		break;
	}
}

static void take_frame(struct survey *s, struct session *session, struct slice body) {
	CLEANUP(rpc_message_release) struct rpc_message m = {0};
	enum rpc_kind kind = rpc_parse(body, &m);
	s->received_bytes += body.len;
	conformance_message(&s->conformance, body, &m, s->ready_ns > 0 || kind == RPC_RESPONSE,
	                    s->now_ns);
	switch (kind) {
	case RPC_RESPONSE:
		take_response(s, session, &m, body);
		break;
	case RPC_REQUEST:
		survey_take_request(s, session, &m);
		break;
	case RPC_NOTIFICATION:
		survey_take_notification(s, &m);
		break;
	case RPC_INVALID:
		break;
	}
}

/* ---- time ---- */

static void listen_on(struct survey *s, struct session *session) {
	bool pulled = s->answers[ASK_DIAGNOSTICS].state != ASKED_SKIPPED;
	if (s->diagnostics_ns > 0 || pulled || s->now_ns - s->opened_ns > SURVEY_PUBLISH_NS) {
		survey_close(s, session);
	}
}

static void take_time(struct survey *s, struct session *session) {
	struct survey_work *w = s->work;
	int64_t step_took = s->now_ns - w->step_ns;
	switch (w->step) {
	case STEP_OPENING:
		if (step_took > SURVEY_OPENING_NS) {
			survey_go_to(s, STEP_DONE);
		}
		break;
	case STEP_ASKING:
		if (w->retry_ns && s->now_ns >= w->retry_ns) {
			survey_ask_this(s, session);
		} else if (w->pending_id && s->now_ns - w->asked_ns > SURVEY_REQUEST_NS) {
			survey_give_up(s, session);
		}
		break;
	case STEP_LISTENING:
		listen_on(s, session);
		break;
	case STEP_CLOSING:
		if (step_took > SURVEY_CLOSING_NS) {
			conformance_note(&s->conformance, BREACH_NO_SHUTDOWN, s->now_ns,
			                 slice_str(""));
			survey_go_to(s, STEP_DONE);
		}
		break;
	case STEP_EXITING:
		if (step_took > SURVEY_CLOSING_NS) {
			conformance_note(&s->conformance, BREACH_NO_EXIT, s->now_ns,
			                 slice_str("still running"));
			survey_go_to(s, STEP_DONE);
		}
		break;
	case STEP_SHUT:
	case STEP_DONE:
		break;
	}
}

static void take_end(struct survey *s, struct slice bytes) {
	enum step step = s->work->step;
	s->life = SURVEY_EXITED;
	s->end = arena_slicedup(s->arena, bytes);
	s->by_itself = step < STEP_CLOSING;
	if ((step == STEP_SHUT || step == STEP_EXITING) && !streq(s->end, "exit 0")) {
		conformance_note(&s->conformance, BREACH_NO_EXIT, s->now_ns, bytes);
	}
	survey_go_to(s, STEP_DONE);
}

/* The first line, which may come in pieces. */
static void take_stderr(struct survey *s, struct slice bytes) {
	s->stderr_bytes += bytes.len;
	for (size_t i = 0; i < bytes.len && !s->stderr_line_ended; i++) {
		size_t len = strlen(s->stderr_head);
		bool blank = strchr(" \t\r\n", bytes.data[i]) != NULL;
		if (len == 0 && blank) {
			continue;
		}
		size_t end = i;
		while (end < bytes.len && bytes.data[end] != '\n') {
			end++;
		}
		size_t room = STDERR_HEAD - len;
		size_t more = end - i < room ? end - i : room;
		s->stderr_head =
			arena_printf(s->arena, "%s%.*s", s->stderr_head, (int)more, bytes.data + i);
		s->stderr_line_ended = end < bytes.len || more == room;
		break;
	}
}

static int64_t number_behind(struct arena *arena, struct slice text, const char *word) {
	int64_t number = 0;
	const char *copy = arena_slicedup(arena, text);
	return str_starts(copy, word) && str_to_int64(copy + strlen(word), &number) == 0 ? number
	                                                                                 : 0;
}

static void on_event(struct dialogue *self, struct session *session, enum session_event event,
                     struct slice bytes, int64_t at_ns) {
	struct survey *s = (struct survey *)self;
	s->now_ns = at_ns;
	switch (event) {
	case SESSION_STARTED:
		s->life = SURVEY_ALIVE;
		open_conversation(s, session);
		break;
	case SESSION_FRAME:
		take_frame(s, session, bytes);
		break;
	case SESSION_JUNK:
		s->received_bytes += bytes.len;
		/* A message that the end cut off is no breach: it was told to end. */
		if (s->work->step < STEP_SHUT) {
			conformance_junk(&s->conformance, bytes, at_ns);
		}
		break;
	case SESSION_STDERR:
		take_stderr(s, bytes);
		break;
	case SESSION_EXITED:
		take_end(s, bytes);
		break;
	case SESSION_FAILED:
		s->life = SURVEY_FAILED;
		s->error = (int)number_behind(s->arena, bytes, "errno ");
		survey_go_to(s, STEP_DONE);
		break;
	case SESSION_TICK:
		break;
	}
	take_time(s, session);
}

bool survey_is_over(const struct survey *s) {
	return s->work->step == STEP_DONE;
}

bool survey_rests(const struct survey *s) {
	return s->work->step == STEP_SHUT;
}

void survey_exit(struct survey *s, struct session *session) {
	survey_go_to(s, STEP_EXITING);
	survey_send(s, session, rpc_notification(s->arena, "exit", NULL));
}

static bool is_done(const struct dialogue *self) {
	const struct survey *s = (const struct survey *)self;
	return survey_is_over(s) || survey_rests(s);
}

struct survey *survey_new(struct arena *arena, const struct survey_script *script) {
	struct survey *s = arena_new_of(arena, struct survey);
	s->base = (struct dialogue){.on_event = on_event, .is_done = is_done};
	s->arena = arena;
	s->script = *script;
	s->capabilities = "{}";
	s->server_name = s->server_version = s->stderr_head = s->end = "";
	s->work = arena_new_of(arena, struct survey_work);
	s->work->next_id = 1;
	conformance_init(&s->conformance, arena);
	for (size_t i = 0; i < ASK_COUNT; i++) {
		s->answers[i].detail = "";
		s->answers[i].times_ns = arena_array_of(arena, int64_t, script->repeat + 1);
	}
	return s;
}

static int compare_times(const void *a, const void *b) {
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

int64_t survey_percentile(struct arena *arena, const struct survey_answer *answer, double share) {
	if (answer->count == 0) {
		return -1;
	}
	int64_t *sorted = arena_array_of(arena, int64_t, answer->count);
	memcpy(sorted, answer->times_ns, answer->count * sizeof(*sorted));
	qsort(sorted, answer->count, sizeof(*sorted), compare_times);
	size_t rank = (size_t)(share * (double)answer->count + 0.999999);
	rank = rank < 1 ? 1 : rank > answer->count ? answer->count : rank;
	return sorted[rank - 1];
}
