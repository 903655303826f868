/* SPDX-License-Identifier: MIT */
#include "wire/rpc.h"

#include "base/str.h"
#include "wire/json_text.h"

_Static_assert(RPC_BODY_BYTES_MAX < INT32_MAX, "json-c takes lengths as int");

static enum rpc_kind invalid(struct rpc_message *message, const char *why) {
	message->kind = RPC_INVALID;
	message->invalid = why;
	return RPC_INVALID;
}

/* The member of that name; *ret_present also when it is null. */
static struct json_object *member(struct json_object *object, const char *name, bool *ret_present) {
	struct json_object *value = NULL;
	*ret_present = json_object_object_get_ex(object, name, &value);
	return value;
}

/* NULL and *ret_why when the body is not exactly one JSON text. */
static struct json_object *parse_strictly(struct slice body, const char **ret_why) {
	struct json_tokener *tokener = json_tokener_new_ex(RPC_DEPTH_MAX);
	if (!tokener) {
		*ret_why = "out of memory";
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	struct json_object *root = json_tokener_parse_ex(tokener, body.data, (int)body.len);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	size_t used = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_success && used == body.len) {
		return root;
	}
	json_object_put(root);
	*ret_why = error == json_tokener_continue      ? "JSON ends too early"
	           : error == json_tokener_success     ? "text behind the JSON"
	           : error == json_tokener_error_depth ? "JSON nested too deeply"
	                                               : "not JSON";
	return NULL;
}

static enum rpc_kind read_error(struct rpc_message *message) {
	bool present = false;
	if (!json_object_is_type(message->error, json_type_object)) {
		return invalid(message, "error is not an object");
	}
	struct json_object *code = member(message->error, "code", &present);
	if (json_object_is_type(code, json_type_int)) {
		message->error_code = json_object_get_int64(code);
	}
	struct json_object *text = member(message->error, "message", &present);
	if (json_object_is_type(text, json_type_string)) {
		message->error_message = json_object_get_string(text);
	}
	return RPC_RESPONSE;
}

static enum rpc_kind read_members(struct rpc_message *message) {
	bool has_id = false;
	bool has_method = false;
	bool has_result = false;
	bool has_error = false;
	bool present = false;
	struct json_object *root = message->root;
	struct json_object *version = member(root, "jsonrpc", &present);
	if (present && (!json_object_is_type(version, json_type_string) ||
	                !streq(json_object_get_string(version), "2.0"))) {
		return invalid(message, "jsonrpc is not \"2.0\"");
	}
	struct json_object *method = member(root, "method", &has_method);
	message->id = member(root, "id", &has_id);
	message->params = member(root, "params", &present);
	message->result = member(root, "result", &has_result);
	message->error = member(root, "error", &has_error);
	if (message->id && !json_object_is_type(message->id, json_type_int) &&
	    !json_object_is_type(message->id, json_type_string)) {
		return invalid(message, "id is neither a number nor a string");
	}
	if (has_method) {
		if (!json_object_is_type(method, json_type_string)) {
			return invalid(message, "method is not a string");
		}
		if (message->params && !json_object_is_type(message->params, json_type_object) &&
		    !json_object_is_type(message->params, json_type_array)) {
			return invalid(message, "params is neither an object nor a list");
		}
		message->method = json_object_get_string(method);
		return message->id ? RPC_REQUEST : RPC_NOTIFICATION;
	}
	if (!has_id) {
		return invalid(message, "neither method nor id");
	}
	if (message->error) {
		return read_error(message);
	}
	/* A null error beside a result is common; nothing at all is no response. */
	return has_result ? RPC_RESPONSE : invalid(message, "neither result nor error");
}

enum rpc_kind rpc_parse(struct slice body, struct rpc_message *ret) {
	*ret = (struct rpc_message){.error_message = ""};
	body = slice_trim(body);
	if (body.len == 0) {
		return invalid(ret, "empty");
	}
	if (body.len > RPC_BODY_BYTES_MAX) {
		return invalid(ret, "too long");
	}
	/* json-c needs the byte behind a bare number or word to know its end; messages are objects
	 * anyway. */
	if (body.data[0] != '{') {
		return invalid(ret,
		               body.data[0] == '[' ? "a list of messages" : "not a JSON object");
	}
	const char *why = NULL;
	ret->root = parse_strictly(body, &why);
	if (!ret->root) {
		return invalid(ret, why);
	}
	ret->kind = read_members(ret);
	return ret->kind;
}

void rpc_message_release(struct rpc_message *message) {
	json_object_put(message->root);
	*message = (struct rpc_message){.error_message = ""};
}

bool rpc_has_id(const struct rpc_message *message, int64_t id) {
	return json_object_is_type(message->id, json_type_int) &&
	       json_object_get_int64(message->id) == id;
}

static char *build_call(struct arena *arena, const char *id_text, const char *method,
                        const char *params_json) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, "{\"jsonrpc\":\"2.0\",");
	if (id_text) {
		strbuf_add(&out, "\"id\":");
		strbuf_add(&out, id_text);
		strbuf_add(&out, ",");
	}
	strbuf_add(&out, "\"method\":");
	json_text_string(&out, slice_str(method));
	if (params_json) {
		strbuf_add(&out, ",\"params\":");
		strbuf_add(&out, params_json);
	}
	strbuf_add(&out, "}");
	return out.data;
}

char *rpc_request(struct arena *arena, int64_t id, const char *method, const char *params_json) {
	return build_call(arena, arena_printf(arena, "%lld", (long long)id), method, params_json);
}

char *rpc_notification(struct arena *arena, const char *method, const char *params_json) {
	return build_call(arena, NULL, method, params_json);
}

static char *build_answer(struct arena *arena, struct json_object *id, const char *name,
                          const char *value_json) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, "{\"jsonrpc\":\"2.0\",\"id\":");
	strbuf_add(&out, id ? json_object_to_json_string_ext(id, JSON_C_TO_STRING_PLAIN) : "null");
	strbuf_add(&out, ",\"");
	strbuf_add(&out, name);
	strbuf_add(&out, "\":");
	strbuf_add(&out, value_json);
	strbuf_add(&out, "}");
	return out.data;
}

char *rpc_result(struct arena *arena, struct json_object *id, const char *result_json) {
	return build_answer(arena, id, "result", result_json ? result_json : "null");
}

char *rpc_error(struct arena *arena, struct json_object *id, int code, const char *message) {
	struct strbuf value;
	strbuf_init(&value, arena);
	strbuf_printf(&value, "{\"code\":%d,\"message\":", code);
	json_text_string(&value, slice_str(message));
	strbuf_add(&value, "}");
	return build_answer(arena, id, "error", value.data);
}
