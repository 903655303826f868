/* SPDX-License-Identifier: MIT
 */
#include "client/survey.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "client/survey_work.h"
#include "wire/frame.h"
#include "wire/json_text.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_NS         (150 * NS_PER_MS)
#define REGISTERED_MAX   128
#define TIMED_OUT_MAX    64
#define STDERR_HEAD      ((size_t)200)
#define CONTENT_MODIFIED (-32801) /* LSP 3.17, ErrorCodes */
#define SERVER_CANCELLED (-32802)

enum step { STEP_OPENING, STEP_ASKING, STEP_LISTENING, STEP_CLOSING, STEP_EXITING, STEP_DONE };

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

static const char *quoted(struct survey *s, struct slice text) {
	struct strbuf out;
	strbuf_init(&out, s->arena);
	json_text_string(&out, text);
	return out.data;
}

static void send_body(struct survey *s, struct session *session, const char *body) {
	char header[FRAME_HEADER_SIZE];
	struct slice bytes = slice_str(body);
	s->sent_bytes += bytes.len + frame_header(header, bytes.len);
	session_send(session, bytes);
}

static void request(struct survey *s, struct session *session, const char *method,
                    const char *params) {
	struct survey_work *w = s->work;
	w->pending_id = w->next_id++;
	w->asked_ns = s->now_ns;
	w->retry_ns = 0;
	send_body(s, session, rpc_request(s->arena, w->pending_id, method, params));
}

static void go_to(struct survey *s, enum step step) {
	s->work->step = step;
	s->work->step_ns = s->now_ns;
	s->work->pending_id = 0;
	s->work->retry_ns = 0;
}

static void open_conversation(struct survey *s, struct session *session) {
	const char *root = quoted(s, slice_str(path_to_uri(s->arena, s->script.root)));
	const char *name = quoted(s, slice_str(path_base(s->script.root)));
	const char *options = s->script.options;
	request(s, session, "initialize",
	        arena_printf(s->arena,
	                     "{\"processId\":%lld,\"clientInfo\":{\"name\":\"dialtone\"},"
	                     "\"rootUri\":%s,\"capabilities\":%s%s%s,\"trace\":\"off\","
	                     "\"workspaceFolders\":[{\"uri\":%s,\"name\":%s}]}",
	                     (long long)s->script.process_id, root, client_capabilities,
	                     options ? ",\"initializationOptions\":" : "", options ? options : "",
	                     root, name));
}

static void close_conversation(struct survey *s, struct session *session) {
	go_to(s, STEP_CLOSING);
	request(s, session, "shutdown", NULL);
}

/* ---- one question after the other ---- */

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

static void take_capabilities(struct survey *s, struct json_object *capabilities) {
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

static void ask_this(struct survey *s, struct session *session) {
	const char *why_not = "";
	enum ask ask = s->work->ask;
	const char *params = ask_params(s->arena, ask, &s->script, &s->work->spots, &why_not);
	if (params) {
		request(s, session, ask_kinds[ask].method, params);
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
			ask_this(s, session);
			return;
		}
		bool published = w->ask == ASK_DIAGNOSTICS;
		s->answers[next].detail = published ? "" : "not offered by this server";
	}
	go_to(s, STEP_LISTENING);
}

static void begin_asking(struct survey *s, struct session *session) {
	struct survey_work *w = s->work;
	const char *uri = NULL;
	send_body(s, session, rpc_notification(s->arena, "initialized", "{}"));
	if (!s->script.file) {
		close_conversation(s, session);
		return;
	}
	uri = quoted(s, slice_str(path_to_uri(s->arena, s->script.file)));
	send_body(s, session,
	          rpc_notification(s->arena, "textDocument/didOpen",
	                           arena_printf(s->arena,
	                                        "{\"textDocument\":{\"uri\":%s,\"languageId\":%s,"
	                                        "\"version\":1,\"text\":%s}}",
	                                        uri, quoted(s, slice_str(s->script.language)),
	                                        quoted(s, s->script.text))));
	s->opened_ns = s->now_ns;
	go_to(s, STEP_ASKING);
	w->ask = (enum ask)0;
	w->spots = spots_find(s->arena, s->script.text, NULL, streq(s->script.language, "go"));
	if (is_offered(s, w->ask)) {
		ask_this(s, session);
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
		ask_this(s, session);
	} else {
		ask_next(s, session);
	}
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
		close_conversation(s, session);
		return;
	}
	if (json_object_object_get_ex(m->result, "capabilities", &value) && value) {
		take_capabilities(s, value);
	}
	if (json_object_object_get_ex(m->result, "serverInfo", &info)) {
		if (json_object_object_get_ex(info, "name", &value)) {
			s->server_name = arena_strdup(s->arena, json_object_get_string(value));
		}
		if (json_object_object_get_ex(info, "version", &value)) {
			s->server_version = plain_version(s, json_object_get_string(value));
		}
	}
	begin_asking(s, session);
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
		take_result(s, m);
		after_result(s, session, m->result);
		break;
	case STEP_CLOSING:
		go_to(s, STEP_EXITING);
		send_body(s, session, rpc_notification(s->arena, "exit", NULL));
		break;
	default:
		break;
	}
}

static void take_published(struct survey *s, struct json_object *params) {
	struct json_object *value = NULL;
	const char *path = NULL;
	if (json_object_object_get_ex(params, "uri", &value) && value) {
		path = path_from_uri(s->arena, json_object_get_string(value));
	}
	if (!path || !streq(path, s->script.file)) {
		return;
	}
	if (s->diagnostics_ns == 0) {
		s->diagnostics_ns = s->now_ns - s->opened_ns;
	}
	s->diagnostics = json_object_object_get_ex(params, "diagnostics", &value) &&
	                                 json_object_is_type(value, json_type_array)
	                         ? json_object_array_length(value)
	                         : 0;
}

static void take_notification(struct survey *s, const struct rpc_message *m) {
	struct json_object *value = NULL, *kind = NULL;
	if (streq(m->method, "textDocument/publishDiagnostics")) {
		take_published(s, m->params);
	} else if (streq(m->method, "$/progress") &&
	           json_object_object_get_ex(m->params, "value", &value) &&
	           json_object_object_get_ex(value, "kind", &kind)) {
		const char *word = json_object_get_string(kind);
		s->work->progress += streq(word, "begin");
		s->work->progress -= streq(word, "end") && s->work->progress > 0;
	}
}

static void take_registrations(struct survey *s, struct json_object *params) {
	struct json_object *list = NULL, *method = NULL;
	size_t count = json_object_object_get_ex(params, "registrations", &list) &&
	                               json_object_is_type(list, json_type_array)
	                       ? json_object_array_length(list)
	                       : 0;
	for (size_t i = 0; i < count && s->work->registered_count < REGISTERED_MAX; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		if (json_object_object_get_ex(one, "method", &method) && method) {
			s->work->registered[s->work->registered_count++] =
				arena_strdup(s->arena, json_object_get_string(method));
		}
	}
}

static const char *configuration(struct survey *s, struct json_object *params) {
	struct json_object *items = NULL;
	struct strbuf out;
	size_t count = json_object_object_get_ex(params, "items", &items) &&
	                               json_object_is_type(items, json_type_array)
	                       ? json_object_array_length(items)
	                       : 0;
	strbuf_init(&out, s->arena);
	for (size_t i = 0; i < count && i < 100; i++) {
		strbuf_printf(&out, "%s%s", i > 0 ? "," : "",
		              s->script.configuration ? s->script.configuration : "null");
	}
	return arena_printf(s->arena, "[%s]", out.data);
}

/* As an editor would, but nothing is edited and nobody is asked. */
static void take_request(struct survey *s, struct session *session, const struct rpc_message *m) {
	const char *result = "null";
	s->requests++;
	if (streq(m->method, "workspace/configuration")) {
		result = configuration(s, m->params);
	} else if (streq(m->method, "client/registerCapability")) {
		take_registrations(s, m->params);
	} else if (streq(m->method, "workspace/applyEdit")) {
		result = "{\"applied\":false,\"failureReason\":\"this client only looks\"}";
	} else if (streq(m->method, "window/showDocument")) {
		result = "{\"success\":false}";
	} else if (streq(m->method, "workspace/workspaceFolders")) {
		result = arena_printf(s->arena, "[{\"uri\":%s,\"name\":\"workspace\"}]",
		                      quoted(s, slice_str(path_to_uri(s->arena, s->script.root))));
	}
	send_body(s, session, rpc_result(s->arena, m->id, result));
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
		take_request(s, session, &m);
		break;
	case RPC_NOTIFICATION:
		take_notification(s, &m);
		break;
	case RPC_INVALID:
		break;
	}
}

/* ---- time ---- */

static void give_up_question(struct survey *s, struct session *session) {
	struct survey_work *w = s->work;
	struct survey_answer *answer = &s->answers[w->ask];
	if (w->timed_out_count < TIMED_OUT_MAX) {
		w->timed_out[w->timed_out_count++] = w->pending_id;
	}
	send_body(s, session,
	          rpc_notification(
			  s->arena, "$/cancelRequest",
			  arena_printf(s->arena, "{\"id\":%lld}", (long long)w->pending_id)));
	answer->state = ASKED_TIMEOUT;
	answer->detail = "";
	ask_next(s, session);
}

static void listen_on(struct survey *s, struct session *session) {
	bool pulled = s->answers[ASK_DIAGNOSTICS].state != ASKED_SKIPPED;
	if (s->diagnostics_ns > 0 || pulled || s->now_ns - s->opened_ns > SURVEY_PUBLISH_NS) {
		close_conversation(s, session);
	}
}

static void take_time(struct survey *s, struct session *session) {
	struct survey_work *w = s->work;
	int64_t step_took = s->now_ns - w->step_ns;
	switch (w->step) {
	case STEP_OPENING:
		if (step_took > SURVEY_OPENING_NS) {
			go_to(s, STEP_DONE);
		}
		break;
	case STEP_ASKING:
		if (w->retry_ns && s->now_ns >= w->retry_ns) {
			ask_this(s, session);
		} else if (w->pending_id && s->now_ns - w->asked_ns > SURVEY_REQUEST_NS) {
			give_up_question(s, session);
		}
		break;
	case STEP_LISTENING:
		listen_on(s, session);
		break;
	case STEP_CLOSING:
		if (step_took > SURVEY_CLOSING_NS) {
			conformance_note(&s->conformance, BREACH_NO_SHUTDOWN, s->now_ns,
			                 slice_str(""));
			go_to(s, STEP_DONE);
		}
		break;
	case STEP_EXITING:
		if (step_took > SURVEY_CLOSING_NS) {
			conformance_note(&s->conformance, BREACH_NO_EXIT, s->now_ns,
			                 slice_str("still running"));
			go_to(s, STEP_DONE);
		}
		break;
	case STEP_DONE:
		break;
	}
}

static void take_end(struct survey *s, struct slice bytes) {
	enum step step = s->work->step;
	s->life = SURVEY_EXITED;
	s->end = arena_slicedup(s->arena, bytes);
	s->by_itself = step < STEP_CLOSING;
	if (step == STEP_EXITING && !streq(s->end, "exit 0")) {
		conformance_note(&s->conformance, BREACH_NO_EXIT, s->now_ns, bytes);
	}
	go_to(s, STEP_DONE);
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
		if (s->work->step != STEP_EXITING) {
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
		go_to(s, STEP_DONE);
		break;
	case SESSION_TICK:
		break;
	}
	take_time(s, session);
}

static bool is_done(const struct dialogue *self) {
	return ((const struct survey *)self)->work->step == STEP_DONE;
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
