/* SPDX-License-Identifier: MIT
 * JSON-RPC 2.0 messages as the Language Server Protocol uses them, over json-c.
 * Source: JSON-RPC 2.0 specification, sections 4 and 5; Language Server Protocol 3.17, "Base
 * Protocol".
 *
 * Building works on JSON text: what is handed in as params or result must be valid JSON and is not
 * checked.
 *
 * Reading is strict: one object, no comments, no trailing comma or text, at most RPC_DEPTH_MAX
 * levels. json-c 0.16 lets single-quoted keys, NaN and Infinity pass even so; an editor's
 * JSON.parse would not.
 */
#ifndef WIRE_RPC_H
#define WIRE_RPC_H

#include "base/arena.h"
#include "base/slice.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#define RPC_DEPTH_MAX      128
#define RPC_BODY_BYTES_MAX ((size_t)64 << 20) /* the largest frame; json-c counts in int */

/* Error codes of JSON-RPC 2.0, section 5.1, and of LSP 3.17. */
#define RPC_METHOD_NOT_FOUND  (-32601)
#define RPC_INVALID_PARAMS    (-32602)
#define RPC_INTERNAL_ERROR    (-32603)
#define RPC_REQUEST_CANCELLED (-32800)

enum rpc_kind {
	RPC_INVALID,
	RPC_REQUEST,      /* method and id */
	RPC_RESPONSE,     /* id, and result or error */
	RPC_NOTIFICATION, /* method, no id */
};

struct rpc_message {
	enum rpc_kind kind;
	const char *invalid; /* RPC_INVALID: why, a few words; else NULL */
	/* Owned: released by rpc_message_release. Everything below is borrowed from it. json-c
	 * shows null as NULL. */
	struct json_object *root;
	struct json_object *id;     /* number or string; NULL in a response whose id is null, and in
	                               notifications */
	const char *method;         /* NULL in responses */
	struct json_object *params; /* object or array; NULL when absent or null */
	struct json_object *result; /* NULL when null or absent */
	struct json_object *error;  /* object; NULL when the response is a success */
	int64_t error_code;         /* of error; 0 when it has none */
	const char *error_message;  /* of error; "" when it has none */
};

/* Reads a frame body. Always fills *ret; returns its kind. A jsonrpc member that is absent is
 * forgiven, another value than "2.0" is not. */
enum rpc_kind rpc_parse(struct slice body, struct rpc_message *ret);
/* Frees root and clears the message; a cleared or zeroed one is fine. For CLEANUP. */
void rpc_message_release(struct rpc_message *message);
/* True when the id is the number id. */
bool rpc_has_id(const struct rpc_message *message, int64_t id);

/* Bodies in the arena, NUL-terminated. params_json NULL: no params member. */
char *rpc_request(struct arena *arena, int64_t id, const char *method, const char *params_json);
char *rpc_notification(struct arena *arena, const char *method, const char *params_json);
/* Answers to a request of the server; id as it came (NULL gives null). result_json NULL gives null.
 */
char *rpc_result(struct arena *arena, struct json_object *id, const char *result_json);
char *rpc_error(struct arena *arena, struct json_object *id, int code, const char *message);
#endif
