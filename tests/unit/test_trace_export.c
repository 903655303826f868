/* SPDX-License-Identifier: MIT
 * Forms other programs read are well-formed whatever the bytes in the events are, and say who is whose child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "trace/export.h"

#include <json.h>

static int collect(void *data, struct slice text) {
	strbuf_add_n(data, text.data, text.len);
	return 0;
}

static const char *exported(struct arena *arena, enum export_format format) {
	struct strbuf *out = arena_new_of(arena, struct strbuf);
	struct export *x = export_new(format, 1000, collect, out);
	struct event_sink sink = export_sink(x);
	const struct payload path = {PAYLOAD_STRING, 0, 9, slice_str("/bin/\"\xff\x1b[")};
	const struct event events[] = {
		{.kind = EVENT_FORK, .start_ns = 5, .pid = 1, .tid = 1, .child = 2, .child_pid = 2},
		{.kind = EVENT_EXEC,
	         .start_ns = 6,
	         .pid = 2,
	         .tid = 2,
	         .payloads = &path,
	         .payload_count = 1},
		{.kind = EVENT_CALL,
	         .start_ns = 7,
	         .duration_ns = 2000000,
	         .pid = 2,
	         .tid = 2,
	         .number = 2,
	         .args = {1},
	         .result = -2,
	         .payloads = &path,
	         .payload_count = 1},
		{.kind = EVENT_CALL,
	         .start_ns = 8,
	         .duration_ns = EVENT_NO_DURATION,
	         .pid = 2,
	         .tid = 2,
	         .number = -7},
		{.kind = EVENT_SIGNAL, .start_ns = 9, .pid = 2, .tid = 2, .status = 9},
		{.kind = EVENT_LOST, .start_ns = 9, .lost = 4},
		{.kind = EVENT_EXIT, .start_ns = 10, .pid = 2, .tid = 2, .status = 9},
	};
	strbuf_init(out, arena);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		assert_int_equal(sink.take(sink.data, &events[i]), 0);
	}
	assert_int_equal(export_finish(x), 0);
	return out->data;
}

static void test_whole_documents(void **state) {
	const enum export_format formats[] = {EXPORT_PERFETTO, EXPORT_OTLP};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct arena *arena = arena_new();
		enum json_tokener_error error;
		json_object *json = json_tokener_parse_verbose(exported(arena, formats[i]), &error);
		assert_int_equal(error, json_tokener_success);
		json_object_put(json);
		arena_free(arena);
	}
}

static void test_lines(void **state) {
	struct arena *arena = arena_new();
	struct slice rest = slice_str(exported(arena, EXPORT_JSONL)), line;
	size_t count = 0;
	(void)state;
	while (slice_line(&rest, &line)) {
		enum json_tokener_error error;
		json_object *json = json_tokener_parse_verbose(arena_slicedup(arena, line), &error);
		assert_int_equal(error, json_tokener_success);
		json_object_put(json);
		count++;
	}
	assert_int_equal(count, 7);
	rest = slice_str(exported(arena, EXPORT_STRACE));
	for (count = 0; slice_line(&rest, &line); count++) {
	}
	assert_int_equal(count, 4);
	arena_free(arena);
}

static void test_parents(void **state) {
	struct arena *arena = arena_new();
	const char *text = exported(arena, EXPORT_OTLP);
	(void)state;
	/* The call below its process, the process below whoever forked it. */
	assert_true(str_has(
		text, "\"spanId\":\"0000000000000003\",\"parentSpanId\":\"0000000000000002\""));
	assert_true(str_has(
		text, "\"spanId\":\"0000000000000002\",\"parentSpanId\":\"0000000000000001\""));
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_documents),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_parents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
