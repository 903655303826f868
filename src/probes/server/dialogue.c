/* SPDX-License-Identifier: MIT
 */
#include "probes/server/dialogue.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "probes/server/talk_read.h"
#include "wire/json_text.h"
#include "wire/rpc.h"

/* Behind the last answer, when something is wrong and why has been said: stragglers of the same
 * pass. */
#define QUIET_NS (40 * NS_PER_MS)
/* Behind the last answer, when something is wrong or missing and nobody has said why: the second
 * pass comes after diagnosticsDelay, 1 s by default. */
#define SECOND_PASS_NS (1500 * NS_PER_MS)
/* Diagnostics that come this long behind the last answer are of the second pass: there an empty
 * list is followed at once by what gopls has to say about a file that belongs to no package. */
#define FIRST_PASS_NS (300 * NS_PER_MS)
/* Bytes that are no message have ended the conversation for an editor; so long it may still show
 * what it would have said. */
#define JUNK_NS (500 * NS_PER_MS)
/* Not a word of the protocol behind it: then it may have been said on the way to a server that does not come, and what
 * keeps that is seen when it has lasted. */
#define JUNK_ONLY_NS (4500 * NS_PER_MS)
/* Without an open file: how long the workspace load may take to show that it began. */
#define LOAD_BEGINS_NS (1000 * NS_PER_MS)

/* What vscode-languageclient announces, as far as gopls makes a difference by it. */
static const char capabilities[] =
	"{\"workspace\":{\"applyEdit\":true,\"configuration\":%s,\"workspaceFolders\":true,"
	"\"workspaceEdit\":{\"documentChanges\":true,\"resourceOperations\":[\"create\",\"rename\","
	"\"delete\"],\"failureHandling\":\"textOnlyTransactional\"},"
	"\"didChangeConfiguration\":{\"dynamicRegistration\":true},"
	"\"didChangeWatchedFiles\":{\"dynamicRegistration\":%s,\"relativePatternSupport\":true},"
	"\"symbol\":{\"dynamicRegistration\":true},\"codeLens\":{\"refreshSupport\":true},"
	"\"executeCommand\":{\"dynamicRegistration\":true},"
	"\"semanticTokens\":{\"refreshSupport\":true},\"inlayHint\":{\"refreshSupport\":true},"
	"\"diagnostics\":{\"refreshSupport\":true}},"
	"\"textDocument\":{"
	"\"publishDiagnostics\":{\"relatedInformation\":true,\"versionSupport\":true,"
	"\"tagSupport\":{\"valueSet\":[1,2]},\"codeDescriptionSupport\":true,\"dataSupport\":true},"
	"\"synchronization\":{\"dynamicRegistration\":true,\"willSave\":true,"
	"\"willSaveWaitUntil\":true,\"didSave\":true},"
	"\"completion\":{\"dynamicRegistration\":true,\"contextSupport\":true,"
	"\"completionItem\":{\"snippetSupport\":true,\"commitCharactersSupport\":true,"
	"\"documentationFormat\":[\"markdown\",\"plaintext\"],\"deprecatedSupport\":true,"
	"\"preselectSupport\":true,\"insertReplaceSupport\":true,"
	"\"labelDetailsSupport\":true}},"
	"\"hover\":{\"dynamicRegistration\":true,\"contentFormat\":[\"markdown\",\"plaintext\"]},"
	"\"definition\":{\"dynamicRegistration\":true,\"linkSupport\":true},"
	"\"documentSymbol\":{\"dynamicRegistration\":true,"
	"\"hierarchicalDocumentSymbolSupport\":true},"
	"\"codeAction\":{\"dynamicRegistration\":true,\"isPreferredSupport\":true,"
	"\"codeActionLiteralSupport\":{\"codeActionKind\":{\"valueSet\":[\"\",\"quickfix\","
	"\"refactor\",\"refactor.extract\",\"refactor.inline\",\"refactor.rewrite\",\"source\","
	"\"source.organizeImports\"]}}},"
	"\"codeLens\":{\"dynamicRegistration\":true},"
	"\"rename\":{\"dynamicRegistration\":true,\"prepareSupport\":true},"
	"\"diagnostic\":{\"dynamicRegistration\":true,\"relatedDocumentSupport\":false}},"
	"\"window\":{\"showMessage\":{\"messageActionItem\":{\"additionalPropertiesSupport\":true}}"
	","
	"\"showDocument\":{\"support\":true},\"workDoneProgress\":true},"
	"\"general\":{\"positionEncodings\":[\"utf-16\"]}}";

/* The id of a request is its feature + 1, so that a recorded conversation fits. */
static const char *const methods[TALK_FEATURE_COUNT] = {
	[TALK_INITIALIZE] = "initialize",
	[TALK_DEFINITION] = "textDocument/definition",
	[TALK_STDLIB_DEFINITION] = "textDocument/definition",
	[TALK_COMPLETION] = "textDocument/completion",
	[TALK_HOVER] = "textDocument/hover",
	[TALK_DOCUMENT_SYMBOLS] = "textDocument/documentSymbol",
	[TALK_DIAGNOSTICS] = "textDocument/diagnostic",
	[TALK_CODE_LENS] = "textDocument/codeLens",
};

static void ask(struct talk *talk, struct session *session, enum talk_feature feature,
                const char *params) {
	struct talk_answer *answer = &talk->answers[feature];

	if (talk->script.unasked & (1u << feature)) {
		return;
	}
	answer->state = TALK_ASKED;
	answer->asked_ns = talk->now_ns;
	session_send(session, slice_str(rpc_request(talk->arena, (int64_t)feature + 1,
	                                            methods[feature], params)));
}

static void tell(struct talk *talk, struct session *session, const char *method,
                 const char *params) {
	session_send(session, slice_str(rpc_notification(talk->arena, method, params)));
}

static const char *options_of(const struct talk *talk) {
	return str_empty(talk->script.init_options) ? "{}" : talk->script.init_options;
}

static const char *capabilities_of(const struct talk *talk) {
	const struct talk_script *s = &talk->script;

	return arena_printf(talk->arena, capabilities, s->no_configuration ? "false" : "true",
	                    s->no_watched_files ? "false" : "true");
}

/* [{"uri":…,"name":…},…], or null when the client has no folder. */
static const char *folders_of(const struct talk *talk) {
	const char *const just_root[] = {talk->script.root, NULL};
	const char *const *folder =
		talk->script.client_folders ? talk->script.client_folders : just_root;
	struct strbuf out;

	if (str_empty(*folder)) {
		return "null";
	}
	strbuf_init(&out, talk->arena);
	for (const char *before = "["; *folder; folder++, before = ",") {
		strbuf_printf(&out, "%s{\"uri\":%s,\"name\":%s}", before,
		              json_text_uri(talk->arena, *folder),
		              json_text_quoted(talk->arena, slice_str(path_base(*folder))));
	}
	strbuf_add_char(&out, ']');
	return out.data;
}

static void ask_initialize(struct talk *talk, struct session *session) {
	const struct talk_script *s = &talk->script;
	bool rootless = str_empty(s->root);
	const char *root = rootless ? "null" : json_text_uri(talk->arena, s->root);
	const char *path = rootless ? "null" : json_text_quoted(talk->arena, slice_str(s->root));
	const char *name = s->client_name ? s->client_name : "dialtone";

	if (s->initialize) {
		ask(talk, session, TALK_INITIALIZE, s->initialize);
		return;
	}

	ask(talk, session, TALK_INITIALIZE,
	    arena_printf(talk->arena,
	                 "{\"processId\":%lld,\"clientInfo\":{\"name\":%s,"
	                 "\"version\":\"" DIALTONE_VERSION "\"},\"locale\":\"en\",\"rootPath\":%s,"
	                 "\"rootUri\":%s,\"capabilities\":%s,\"initializationOptions\":%s,"
	                 "\"trace\":\"off\",\"workspaceFolders\":%s}",
	                 (long long)s->process_id, json_text_quoted(talk->arena, slice_str(name)),
	                 path, root, capabilities_of(talk), options_of(talk), folders_of(talk)));
}

static const char *position_params(const struct talk *talk, const char *document,
                                   const struct talk_spot *spot) {
	return arena_printf(talk->arena,
	                    "{\"textDocument\":{\"uri\":%s},"
	                    "\"position\":{\"line\":%u,\"character\":%u}}",
	                    document, spot->line, spot->character);
}

/* Everything at once, as it would come from an editor in which somebody clicks fast. */
static void open_and_ask(struct talk *talk, struct session *session) {
	const struct talk_script *s = &talk->script;

	tell(talk, session, "initialized", "{}");
	if (!s->file) {
		return;
	}
	const char *uri = json_text_uri(talk->arena, s->file);
	const char *document = arena_printf(talk->arena, "{\"textDocument\":{\"uri\":%s}}", uri);

	tell(talk, session, "textDocument/didOpen",
	     arena_printf(talk->arena,
	                  "{\"textDocument\":{\"uri\":%s,\"languageId\":\"go\",\"version\":1,"
	                  "\"text\":%s}}",
	                  uri, json_text_quoted(talk->arena, s->text)));
	if (s->own.known) {
		ask(talk, session, TALK_DEFINITION, position_params(talk, uri, &s->own));
	}
	if (s->std.known) {
		ask(talk, session, TALK_STDLIB_DEFINITION, position_params(talk, uri, &s->std));
	}
	if (s->completion.known) {
		ask(talk, session, TALK_COMPLETION, position_params(talk, uri, &s->completion));
	}
	if (s->own.known) {
		ask(talk, session, TALK_HOVER, position_params(talk, uri, &s->own));
	}
	ask(talk, session, TALK_DOCUMENT_SYMBOLS, document);
	ask(talk, session, TALK_CODE_LENS, document);
	if (talk->pulls_diagnostics) {
		ask(talk, session, TALK_DIAGNOSTICS, document);
	} else {
		talk->answers[TALK_DIAGNOSTICS].state = TALK_ASKED;
		talk->answers[TALK_DIAGNOSTICS].asked_ns = talk->now_ns;
	}
}

/* NULL: this client does not know the method. */
static const char *configuration_answer(const struct talk *talk, struct json_object *params) {
	const struct talk_script *s = &talk->script;
	const char *options = s->configuration ? s->configuration : options_of(talk);
	struct json_object *items = NULL;
	struct strbuf out;
	size_t count = 0;

	if (s->configuration_reply != REPLY_OPTIONS) {
		return s->configuration_reply == REPLY_UNKNOWN ? NULL : options;
	}
	if (json_object_object_get_ex(params, "items", &items) &&
	    json_object_is_type(items, json_type_array)) {
		count = json_object_array_length(items);
	}
	strbuf_init(&out, talk->arena);
	strbuf_add_char(&out, '[');
	for (size_t i = 0; i < count && i < 100; i++) {
		struct json_object *section = NULL;
		struct json_object *item = json_object_array_get_idx(items, i);
		bool other = json_object_object_get_ex(item, "section", &section) &&
		             !streq(json_object_get_string(section), "gopls");

		strbuf_add(&out, i ? "," : "");
		strbuf_add(&out, other ? "null" : options);
	}
	strbuf_add_char(&out, ']');
	return out.data;
}

/* As the editor would, but nothing is edited and nobody is asked. */
static void answer_request(struct talk *talk, struct session *session,
                           const struct rpc_message *request) {
	static const char *const nothing[] = {
		/* answered with null */
		"client/registerCapability",      "client/unregisterCapability",
		"window/workDoneProgress/create", "window/showMessageRequest",
		"workspace/codeLens/refresh",     "workspace/semanticTokens/refresh",
		"workspace/inlayHint/refresh",    "workspace/diagnostic/refresh",
		"workspace/inlineValue/refresh",  "workspace/foldingRange/refresh",
	};
	const char *method = request->method;
	const char *result = NULL;

	if (talk->requests++ >= TALK_REQUESTS_MAX) {
		return;
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
		if (streq(method, nothing[i])) {
			result = "null";
		}
	}
	if (streq(method, "workspace/configuration")) {
		result = configuration_answer(talk, request->params);
	} else if (streq(method, "workspace/workspaceFolders")) {
		result = folders_of(talk);
	} else if (streq(method, "workspace/applyEdit")) {
		result = "{\"applied\":false,\"failureReason\":\"this client only looks\"}";
	} else if (streq(method, "window/showDocument")) {
		result = "{\"success\":false}";
	} else if (streq(method, "window/showMessageRequest")) {
		talk_read_notification(talk, "window/showMessage", request->params);
	}
	session_send(session,
	             slice_str(result ? rpc_result(talk->arena, request->id, result)
	                              : rpc_error(talk->arena, request->id, RPC_METHOD_NOT_FOUND,
	                                          "method not found")));
}

/* Nothing was found there: tries the other place. The same id again, the first request being over.
 */
static bool ask_again(struct talk *talk, struct session *session, enum talk_feature feature) {
	const struct talk_spot *spot = feature == TALK_STDLIB_DEFINITION ? &talk->script.std_again
	                                                                 : &talk->script.own_again;

	if (talk->answers[feature].state != TALK_EMPTY || talk->asked_again[feature] ||
	    !spot->known ||
	    (feature != TALK_DEFINITION && feature != TALK_STDLIB_DEFINITION &&
	     feature != TALK_HOVER)) {
		return false;
	}
	talk->asked_again[feature] = true;
	ask(talk, session, feature,
	    position_params(talk, json_text_uri(talk->arena, talk->script.file), spot));
	return true;
}

static void take_answer(struct talk *talk, struct session *session,
                        const struct rpc_message *response) {
	for (int i = 0; i < TALK_FEATURE_COUNT; i++) {
		enum talk_feature feature = (enum talk_feature)i;

		/* Not when answered twice or never asked. */
		if (!rpc_has_id(response, i + 1) || talk->answers[i].state != TALK_ASKED) {
			continue;
		}
		talk_read_answer(talk, feature, response);
		talk->answered_ns = talk->now_ns;
		if (ask_again(talk, session, feature)) {
			return;
		}
		if (feature == TALK_INITIALIZE && talk->answers[i].state == TALK_OK) {
			talk_read_server_info(talk, response->result);
			open_and_ask(talk, session);
		}
		return;
	}
}

static void take_frame(struct talk *talk, struct session *session, struct slice bytes) {
	CLEANUP(rpc_message_release) struct rpc_message message = {0};

	talk->frames++;
	talk->said_ns = talk->now_ns;
	if (bytes.len > TALK_FRAME_BYTES_MAX) {
		talk->bad_frames++;
		return;
	}
	switch (rpc_parse(bytes, &message)) {
	case RPC_REQUEST:
		answer_request(talk, session, &message);
		break;
	case RPC_NOTIFICATION:
		talk_read_notification(talk, message.method, message.params);
		break;
	case RPC_RESPONSE:
		take_answer(talk, session, &message);
		break;
	case RPC_INVALID:
		talk->bad_frames++;
		break;
	}
}

/* Appends as text: NUL bytes would end it. */
static void keep_bytes(struct strbuf *out, struct slice bytes, size_t cap) {
	for (size_t i = 0; i < bytes.len && out->len < cap; i++) {
		strbuf_add_char(out, bytes.data[i] ? bytes.data[i] : ' ');
	}
}

static int number_behind(struct arena *arena, struct slice bytes, const char *word) {
	int64_t number = 0;

	if (!slice_starts(bytes, word)) {
		return -1;
	}
	size_t skip = strlen(word);
	const char *text = arena_slicedup(arena, slice_of(bytes.data + skip, bytes.len - skip));

	return str_to_int64(text, &number) < 0 ? -1 : (int)number;
}

static void take_end(struct talk *talk, enum session_event event, struct slice bytes) {
	int signal = number_behind(talk->arena, bytes, "signal ");

	talk->ended_ns = talk->now_ns;
	if (event == SESSION_FAILED) {
		talk->life = TALK_FAILED;
		talk->error = number_behind(talk->arena, bytes, "errno ");
		return;
	}
	talk->life = TALK_EXITED;
	talk->exit_code = number_behind(talk->arena, bytes, "exit ");
	talk->signal = signal > 0 ? signal : 0;
}

static void talk_event(struct dialogue *self, struct session *session, enum session_event event,
                       struct slice bytes, int64_t at_ns) {
	struct talk *talk = (struct talk *)self;

	talk->now_ns = at_ns > talk->now_ns ? at_ns : talk->now_ns;
	talk->heard_bytes += bytes.len;
	switch (event) {
	case SESSION_STARTED:
		talk->life = TALK_ALIVE;
		ask_initialize(talk, session);
		break;
	case SESSION_FRAME:
		take_frame(talk, session, bytes);
		break;
	case SESSION_JUNK:
		talk->junk_ns = talk->junk_bytes == 0 ? talk->now_ns : talk->junk_ns;
		talk->junk_bytes += (int64_t)bytes.len;
		if (talk->frames == 0) {
			keep_bytes(&talk->first_bytes, bytes, TALK_JUNK_BYTES_MAX);
		}
		break;
	case SESSION_STDERR:
		talk->err_bytes += bytes.len;
		keep_bytes(&talk->err, bytes, TALK_ERR_BYTES_MAX);
		break;
	case SESSION_EXITED:
	case SESSION_FAILED:
		take_end(talk, event, bytes);
		break;
	case SESSION_TICK:
		break;
	}
}

bool talk_is_flood(const struct talk *talk) {
	return talk->heard_bytes > TALK_HEARD_BYTES_MAX || talk->err_bytes > TALK_ERR_HEARD_MAX;
}

bool talk_all_answered(const struct talk *talk) {
	if (talk->answers[TALK_INITIALIZE].state != TALK_OK) {
		return false;
	}
	for (size_t i = 0; i < TALK_FEATURE_COUNT; i++) {
		if (i != TALK_DIAGNOSTICS && talk->answers[i].state == TALK_ASKED) {
			return false;
		}
	}
	return talk->loads_open == 0 && (talk->script.file || talk->loads_done > 0);
}

bool talk_has_trouble(const struct talk *talk) {
	for (size_t i = 0; i < TALK_FEATURE_COUNT; i++) {
		enum talk_state state = talk->answers[i].state;

		if (state == TALK_ERROR || (state == TALK_EMPTY && i != TALK_CODE_LENS)) {
			return true;
		}
	}
	return talk_load_trouble(talk, NULL) != NULL;
}

static bool junk_has_settled(const struct talk *talk) {
	int64_t patience_ns = talk->frames > 0 ? JUNK_NS : JUNK_ONLY_NS;

	return talk->junk_bytes > 0 && talk->now_ns - talk->junk_ns >= patience_ns;
}

static bool talk_done(const struct dialogue *self) {
	const struct talk *talk = (const struct talk *)self;
	enum talk_state opening = talk->answers[TALK_INITIALIZE].state;

	if (talk->life == TALK_EXITED || talk->life == TALK_FAILED || talk_is_flood(talk) ||
	    junk_has_settled(talk)) {
		return true;
	}
	if (opening == TALK_ERROR || opening == TALK_EMPTY) {
		return talk->now_ns - talk->said_ns >= QUIET_NS;
	}
	if (!talk_all_answered(talk)) {
		return !talk->script.file && opening == TALK_OK && talk->loads_open == 0 &&
		       talk->now_ns - talk->answered_ns >= LOAD_BEGINS_NS;
	}
	bool heard = !talk->script.file || talk->answers[TALK_DIAGNOSTICS].state != TALK_ASKED;

	bool quiet = talk->now_ns - talk->said_ns >= QUIET_NS;
	bool second_pass =
		talk->answers[TALK_DIAGNOSTICS].answered_ns - talk->answered_ns >= FIRST_PASS_NS;

	if (heard && !talk_has_trouble(talk) && (quiet || !second_pass)) {
		return true;
	}
	if (talk_load_trouble(talk, NULL) && quiet) {
		return true;
	}
	return talk->now_ns - talk->answered_ns >= SECOND_PASS_NS;
}

struct talk *talk_new(struct arena *arena, const struct talk_script *script) {
	struct talk *talk = arena_new_of(arena, struct talk);

	talk->base = (struct dialogue){.on_event = talk_event, .is_done = talk_done};
	talk->arena = arena;
	talk->script = *script;
	talk->version = "";
	talk->exit_code = -1;
	strbuf_init(&talk->err, arena);
	strbuf_init(&talk->first_bytes, arena);
	for (size_t i = 0; i < TALK_FEATURE_COUNT; i++) {
		talk->answers[i].detail = "";
	}
	return talk;
}
