/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "wire/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_kinds(void **state) {
	(void)state;
	static const struct {
		const char *body;
		enum rpc_kind kind;
	} cases[] = {
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a/b\",\"params\":{}}", RPC_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"a\"}", RPC_REQUEST},
		{" {\"method\":\"a\",\"params\":[1]}\r\n", RPC_NOTIFICATION},
		{"{\"id\":1,\"result\":null}", RPC_RESPONSE},
		{"{\"id\":1,\"result\":{},\"error\":null}", RPC_RESPONSE},
		{"{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse\"}}", RPC_RESPONSE},
		{"", RPC_INVALID},
		{"null", RPC_INVALID},
		{"1", RPC_INVALID},
		{"[{\"id\":1,\"result\":null}]", RPC_INVALID},
		{"{}", RPC_INVALID},
		{"{\"id\":1}", RPC_INVALID},
		{"{\"result\":1}", RPC_INVALID},
		{"{\"id\":{},\"method\":\"a\"}", RPC_INVALID},
		{"{\"id\":1.5,\"method\":\"a\"}", RPC_INVALID},
		{"{\"id\":1,\"method\":2}", RPC_INVALID},
		{"{\"id\":1,\"method\":\"a\",\"params\":3}", RPC_INVALID},
		{"{\"id\":1,\"error\":\"no\"}", RPC_INVALID},
		{"{\"jsonrpc\":\"1.0\",\"method\":\"a\"}", RPC_INVALID},
		{"{\"method\":\"a\"} trailing", RPC_INVALID},
		{"{\"method\":\"a\"}{\"method\":\"b\"}", RPC_INVALID},
		{"{\"method\":\"a\",}", RPC_INVALID},
		{"{/* c */\"method\":\"a\"}", RPC_INVALID},
		{"{\"method\":\"a\"", RPC_INVALID},
		{"hello", RPC_INVALID},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rpc_message m;
		enum rpc_kind kind = rpc_parse(slice_str(cases[i].body), &m);
		if (kind != cases[i].kind) {
			fail_msg("kind %d instead of %d for %s", kind, cases[i].kind,
			         cases[i].body);
		}
		assert_int_equal(m.kind, kind);
		assert_true((m.invalid != NULL) == (kind == RPC_INVALID));
		rpc_message_release(&m);
		assert_null(m.root);
		rpc_message_release(&m);
	}
}

static void test_members(void **state) {
	(void)state;
	struct rpc_message m;
	rpc_parse(slice_str("{\"id\":7,\"error\":{\"code\":-32601,\"message\":\"no such\"}}"), &m);
	assert_true(rpc_has_id(&m, 7));
	assert_false(rpc_has_id(&m, 8));
	assert_int_equal(m.error_code, RPC_METHOD_NOT_FOUND);
	assert_string_equal(m.error_message, "no such");
	assert_null(m.method);
	rpc_message_release(&m);

	rpc_parse(slice_str("{\"id\":\"7\",\"method\":\"x\",\"params\":{\"k\":[true]}}"), &m);
	assert_false(rpc_has_id(&m, 7));
	assert_string_equal(m.method, "x");
	assert_true(json_object_is_type(m.params, json_type_object));
	rpc_message_release(&m);
}

static void test_depth(void **state) {
	(void)state;
	char body[20100] = "{\"method\":\"a\",\"params\":";
	size_t len = strlen(body);
	memset(body + len, '[', 10000);
	memset(body + len + 10000, ']', 10000);
	body[len + 20000] = '}';
	struct rpc_message m;
	assert_int_equal(rpc_parse(slice_of(body, len + 20001), &m), RPC_INVALID);
	rpc_message_release(&m);
}

/* A body is not NUL-terminated: the byte behind it must not be looked at. */
static void test_reads_only_the_body(void **state) {
	(void)state;
	static const char text[] = "{\"method\":\"a\"}";
	char *body = malloc(sizeof(text) - 1);
	assert_non_null(body);
	memcpy(body, text, sizeof(text) - 1);
	struct rpc_message m;
	assert_int_equal(rpc_parse(slice_of(body, sizeof(text) - 1), &m), RPC_NOTIFICATION);
	rpc_message_release(&m);
	assert_int_equal(rpc_parse(slice_of(body, sizeof(text) - 2), &m), RPC_INVALID);
	rpc_message_release(&m);
	free(body);
}

static void test_what_is_built_is_read(void **state) {
	struct rpc_message m;
	assert_string_equal(
		rpc_request(*state, 1, "initialize", "{\"a\":1}"),
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"a\":1}}");
	assert_string_equal(rpc_notification(*state, "exit", NULL),
	                    "{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}");

	assert_int_equal(rpc_parse(slice_str(rpc_request(*state, 9, "we\"ird\n", "[1]")), &m),
	                 RPC_REQUEST);
	assert_string_equal(m.method, "we\"ird\n");
	assert_true(rpc_has_id(&m, 9));
	rpc_message_release(&m);

	struct rpc_message request;
	rpc_parse(slice_str("{\"id\":\"a\\\"b\",\"method\":\"workspace/configuration\"}"),
	          &request);
	assert_int_equal(rpc_parse(slice_str(rpc_result(*state, request.id, "[null]")), &m),
	                 RPC_RESPONSE);
	assert_true(json_object_equal(m.id, request.id));
	assert_true(json_object_is_type(m.result, json_type_array));
	rpc_message_release(&m);
	assert_int_equal(
		rpc_parse(slice_str(rpc_error(*state, request.id, RPC_METHOD_NOT_FOUND, "what\t?")),
	                  &m),
		RPC_RESPONSE);
	assert_int_equal(m.error_code, RPC_METHOD_NOT_FOUND);
	assert_string_equal(m.error_message, "what\t?");
	rpc_message_release(&m);
	rpc_message_release(&request);
	assert_string_equal(rpc_result(*state, NULL, NULL),
	                    "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":null}");
}

static void test_invalid_utf8_is_carried(void **state) {
	(void)state;
	struct rpc_message m;
	assert_int_equal(rpc_parse(slice_str("{\"method\":\"a\xff\xc3\"}"), &m), RPC_NOTIFICATION);
	assert_string_equal(m.method, "a\xff\xc3");
	rpc_message_release(&m);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_reads_only_the_body),
		cmocka_unit_test(test_what_is_built_is_read),
		cmocka_unit_test(test_invalid_utf8_is_carried),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
