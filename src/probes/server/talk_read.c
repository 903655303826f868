/* SPDX-License-Identifier: MIT
 */
#include "probes/server/talk_read.h"

#include "base/ascii.h"
#include "base/path.h"

const char *talk_text_of(struct talk *talk, struct json_object *from, const char *key) {
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(from, key, &value) ||
	    !json_object_is_type(value, json_type_string)) {
		return "";
	}
	size_t len = (size_t)json_object_get_string_len(value);

	len = len < TALK_TEXT_BYTES_MAX ? len : TALK_TEXT_BYTES_MAX;
	return arena_strndup(talk->arena, json_object_get_string(value), len);
}

static int64_t number_of(struct json_object *from, const char *key) {
	struct json_object *value = NULL;

	return json_object_object_get_ex(from, key, &value) ? json_object_get_int64(value) : 0;
}

/* What fails is kept even when talk fills the list. */
static void add_message(struct talk *talk, const char *via, const char *level, const char *text) {
	size_t cap = streq(level, "error") ? (size_t)2 * TALK_MESSAGES_MAX : TALK_MESSAGES_MAX;

	if (str_empty(text) || talk->message_count >= cap) {
		return;
	}
	for (const struct talk_message *m = talk->messages; m; m = m->next) {
		if (streq(m->text, text) && streq(m->via, via)) {
			return;
		}
	}
	struct talk_message *message = arena_new_of(talk->arena, struct talk_message);

	*message = (struct talk_message){.via = via, .level = level, .text = text};
	if (talk->last_message) {
		talk->last_message->next = message;
	} else {
		talk->messages = message;
	}
	talk->last_message = message;
	talk->message_count++;
}

/* MessageType of the protocol. */
static const char *level_of(int64_t type) {
	static const char *const names[] = {"log", "error", "warning", "info", "log"};

	return type >= 0 && type <= 4 ? names[type] : "log";
}

/* gopls stamps what it logs: "2026/11/21 08:24:59 text". */
static const char *without_stamp(const char *text) {
	static const char shape[] = "0000/00/00 00:00:00 ";

	for (size_t i = 0; shape[i]; i++) {
		bool digit = ascii_is_digit(text[i]);

		if (shape[i] == '0' ? !digit : text[i] != shape[i]) {
			return text;
		}
	}
	return text + strlen(shape);
}

static bool load_token_open(struct talk *talk, const char *token) {
	for (size_t i = 0; i < TALK_LOADS_MAX; i++) {
		if (!talk->load_tokens[i]) {
			talk->load_tokens[i] = token;
			return true;
		}
	}
	return false;
}

static bool load_token_close(struct talk *talk, const char *token) {
	for (size_t i = 0; i < TALK_LOADS_MAX; i++) {
		if (talk->load_tokens[i] && streq(talk->load_tokens[i], token)) {
			talk->load_tokens[i] = NULL;
			return true;
		}
	}
	return false;
}

/* Titles and texts: gopls internal/server/general.go and internal/cache/load.go, alike in v0.16.2
 * to v0.24.0. */
static void read_progress(struct talk *talk, struct json_object *params) {
	struct json_object *value = NULL;
	struct json_object *token_object = NULL;

	if (!json_object_object_get_ex(params, "value", &value) ||
	    !json_object_object_get_ex(params, "token", &token_object)) {
		return;
	}
	const char *token = arena_strdup(
		talk->arena, json_object_to_json_string_ext(token_object, JSON_C_TO_STRING_PLAIN));
	const char *kind = talk_text_of(talk, value, "kind");
	const char *title = talk_text_of(talk, value, "title");
	const char *text = talk_text_of(talk, value, "message");

	if (streq(kind, "begin") && streq(title, "Setting up workspace")) {
		talk->loads_open += load_token_open(talk, token);
		return;
	}
	if (streq(kind, "begin")) {
		bool error = str_starts(title, "Error");

		add_message(talk, "progress", error ? "error" : "info",
		            arena_printf(talk->arena, "%s: %s", title, text));
		return;
	}
	if (streq(kind, "end")) {
		bool error = str_starts(text, "Error loading");

		if (load_token_close(talk, token)) {
			talk->loads_open--;
			talk->loads_done++;
		}
		add_message(talk, "progress", error ? "error" : "info", text);
	}
}

static void add_complaint(struct talk *talk, const char *path, struct json_object *diagnostic) {
	static const char *const severities[] = {"error", "error", "warning", "information",
	                                         "hint"};
	struct json_object *range = NULL;
	struct json_object *start = NULL;
	struct json_object *code = NULL;
	int64_t severity = number_of(diagnostic, "severity");
	struct talk_complaint *c = NULL;

	if (talk->complaint_count >= TALK_COMPLAINTS_MAX ||
	    !json_object_is_type(diagnostic, json_type_object)) {
		return;
	}
	c = arena_new_of(talk->arena, struct talk_complaint);
	c->path = path;
	if (json_object_object_get_ex(diagnostic, "range", &range) &&
	    json_object_object_get_ex(range, "start", &start)) {
		c->line = (unsigned)number_of(start, "line") + 1;
	}
	c->severity = severities[severity >= 0 && severity <= 4 ? severity : 0];
	c->source = talk_text_of(talk, diagnostic, "source");
	c->text = talk_text_of(talk, diagnostic, "message");
	c->code = "";
	if (json_object_object_get_ex(diagnostic, "code", &code) && code) {
		c->code = arena_strdup(talk->arena, json_object_get_string(code));
	}
	if (talk->last_complaint) {
		talk->last_complaint->next = c;
	} else {
		talk->complaints = c;
	}
	talk->last_complaint = c;
	talk->complaint_count++;
}

static void replace_complaints(struct talk *talk, const char *path, struct json_object *list) {
	size_t count =
		json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (struct talk_complaint *c = talk->complaints; c; c = c->next) {
		c->stale = c->stale || streq(c->path, path);
	}
	for (size_t i = 0; i < count; i++) {
		add_complaint(talk, path, json_object_array_get_idx(list, i));
	}
}

static void diagnostics_came(struct talk *talk, struct json_object *list) {
	struct talk_answer *answer = &talk->answers[TALK_DIAGNOSTICS];
	size_t count =
		json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	if (answer->state == TALK_ASKED) {
		answer->state = TALK_OK;
		answer->answered_ns = talk->now_ns;
	}
	answer->detail = arena_printf(talk->arena, "%zu", count);
}

static void read_diagnostics(struct talk *talk, struct json_object *params) {
	struct json_object *list = NULL;
	const char *path = path_from_uri(talk->arena, talk_text_of(talk, params, "uri"));

	if (!path) {
		return;
	}
	json_object_object_get_ex(params, "diagnostics", &list);
	replace_complaints(talk, path, list);
	if (talk->script.file && streq(path, talk->script.file)) {
		diagnostics_came(talk, list);
	}
}

void talk_read_notification(struct talk *talk, const char *method, struct json_object *params) {
	if (streq(method, "textDocument/publishDiagnostics")) {
		read_diagnostics(talk, params);
	} else if (streq(method, "$/progress")) {
		read_progress(talk, params);
	} else if (streq(method, "window/showMessage")) {
		add_message(talk, "show", level_of(number_of(params, "type")),
		            talk_text_of(talk, params, "message"));
	} else if (streq(method, "window/logMessage")) {
		add_message(talk, "log", level_of(number_of(params, "type")),
		            without_stamp(talk_text_of(talk, params, "message")));
	}
}

/* "path:line" of the first Location or LocationLink, "" when there is none. */
static const char *first_location(struct talk *talk, struct json_object *result) {
	struct json_object *range = NULL;
	struct json_object *start = NULL;
	struct json_object *location = result;

	if (json_object_is_type(result, json_type_array)) {
		location = json_object_array_length(result) > 0
		                   ? json_object_array_get_idx(result, 0)
		                   : NULL;
	}
	if (!json_object_is_type(location, json_type_object)) {
		return "";
	}
	const char *uri = talk_text_of(talk, location, "uri");

	uri = *uri ? uri : talk_text_of(talk, location, "targetUri");
	const char *path = path_from_uri(talk->arena, uri);

	if (!path) {
		return uri;
	}
	if (!json_object_object_get_ex(location, "range", &range)) {
		json_object_object_get_ex(location, "targetSelectionRange", &range);
	}
	json_object_object_get_ex(range, "start", &start);
	return arena_printf(talk->arena, "%s:%lld", path, (long long)number_of(start, "line") + 1);
}

static size_t count_of(struct json_object *result) {
	return json_object_is_type(result, json_type_array) ? json_object_array_length(result) : 0;
}

static void found(struct talk *talk, struct talk_answer *answer, size_t count) {
	answer->state = count > 0 ? TALK_OK : TALK_EMPTY;
	answer->detail = arena_printf(talk->arena, "%zu", count);
}

static void read_result(struct talk *talk, enum talk_feature feature, struct json_object *result) {
	struct talk_answer *answer = &talk->answers[feature];
	struct json_object *inner = NULL;

	switch (feature) {
	case TALK_DEFINITION:
	case TALK_STDLIB_DEFINITION:
		answer->detail = first_location(talk, result);
		answer->state = *answer->detail ? TALK_OK : TALK_EMPTY;
		break;
	case TALK_COMPLETION:
		if (json_object_object_get_ex(result, "items", &inner)) {
			result = inner;
		}
		found(talk, answer, count_of(result));
		break;
	case TALK_DOCUMENT_SYMBOLS: /* a file that declares nothing has none */
		found(talk, answer, count_of(result));
		answer->state = talk->script.own.known ? answer->state : TALK_OK;
		break;
	case TALK_CODE_LENS: /* no lens is an answer: most files have none */
		found(talk, answer, count_of(result));
		answer->state = TALK_OK;
		break;
	case TALK_DIAGNOSTICS:
		json_object_object_get_ex(result, "items", &inner);
		if (talk->script.file) {
			replace_complaints(talk, talk->script.file, inner);
		}
		diagnostics_came(talk, inner);
		break;
	case TALK_HOVER:
		answer->state = json_object_object_get_ex(result, "contents", &inner) && inner
		                        ? TALK_OK
		                        : TALK_EMPTY;
		break;
	case TALK_INITIALIZE:
		answer->state =
			json_object_is_type(result, json_type_object) ? TALK_OK : TALK_EMPTY;
		break;
	case TALK_FEATURE_COUNT:
		break;
	}
}

void talk_read_answer(struct talk *talk, enum talk_feature feature,
                      const struct rpc_message *response) {
	struct talk_answer *answer = &talk->answers[feature];

	answer->answered_ns = talk->now_ns;
	if (response->error) {
		answer->state = TALK_ERROR;
		answer->detail = talk_text_of(talk, response->error, "message");
		return;
	}
	read_result(talk, feature, response->result);
}

/* gopls puts the JSON of runtime/debug.BuildInfo with a Version into serverInfo.version. */
static const char *version_in(struct talk *talk, const char *text) {
	struct json_object *main_module = NULL;
	struct json_object *info = *text == '{' ? json_tokener_parse(text) : NULL;
	const char *version = "";

	if (!json_object_is_type(info, json_type_object)) {
		json_object_put(info);
		return text;
	}
	version = talk_text_of(talk, info, "Version");
	if (!*version && json_object_object_get_ex(info, "Main", &main_module)) {
		version = talk_text_of(talk, main_module, "Version");
	}
	json_object_put(info);
	return version;
}

void talk_read_server_info(struct talk *talk, struct json_object *result) {
	struct json_object *info = NULL;
	struct json_object *text = NULL;
	struct json_object *can = NULL;
	struct json_object *pull = NULL;

	if (json_object_object_get_ex(result, "serverInfo", &info) &&
	    json_object_object_get_ex(info, "version", &text) &&
	    json_object_is_type(text, json_type_string)) {
		talk->version =
			version_in(talk, arena_strdup(talk->arena, json_object_get_string(text)));
	}
	talk->pulls_diagnostics = json_object_object_get_ex(result, "capabilities", &can) &&
	                          json_object_object_get_ex(can, "diagnosticProvider", &pull) &&
	                          pull != NULL;
}
