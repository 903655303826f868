/* SPDX-License-Identifier: MIT
 * What a server says and asks of itself during a survey.
 */
#include "base/path.h"
#include "base/str.h"
#include "client/survey_work.h"
#include "wire/json_text.h"

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

void survey_take_notification(struct survey *s, const struct rpc_message *m) {
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
void survey_take_request(struct survey *s, struct session *session, const struct rpc_message *m) {
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
		                      json_text_uri(s->arena, s->script.root));
	}
	survey_send(s, session, rpc_result(s->arena, m->id, result));
}
