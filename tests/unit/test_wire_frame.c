/* SPDX-License-Identifier: MIT */
#include "wire/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void feed(struct frame_reader *reader, const char *s) {
	assert_int_equal(frame_feed(reader, slice_str(s)), 0);
}

static void expect(struct frame_reader *reader, enum frame_kind kind, const char *bytes) {
	struct frame frame;
	assert_int_equal(frame_next(reader, &frame), kind);
	assert_int_equal(frame.kind, kind);
	assert_int_equal(frame.bytes.len, strlen(bytes));
	assert_memory_equal(frame.bytes.data, bytes, frame.bytes.len);
}

static void expect_more(struct frame_reader *reader) {
	struct frame frame;
	assert_int_equal(frame_next(reader, &frame), FRAME_MORE);
}

static void expect_error(struct frame_reader *reader, enum frame_error error) {
	struct frame frame;
	assert_int_equal(frame_next(reader, &frame), FRAME_ERROR);
	assert_int_equal(frame.error, error);
}

static void test_two_frames_in_one_feed(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 0);
	feed(&r, "Content-Length: 5\r\n\r\nhelloContent-Length: 0\r\n\r\n");
	expect(&r, FRAME_BODY, "hello");
	expect(&r, FRAME_BODY, "");
	expect_more(&r);
	assert_int_equal(r.frames, 2);
	assert_int_equal(r.junk_bytes, 0);
	frame_reader_release(&r);
}

static void test_byte_by_byte_gives_the_same(void **state) {
	(void)state;
	const char *wire =
		"Starting server...\nContent-Length: 2\r\n\r\n{}noise Content-Length: 3\r\n"
		"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\nabc";
	struct frame_reader r;
	frame_reader_init(&r, 0);
	char bodies[64] = "";
	size_t junk = 0;
	for (const char *p = wire; *p; p++) {
		assert_int_equal(frame_feed(&r, slice_of(p, 1)), 0);
		struct frame f;
		while (frame_next(&r, &f) != FRAME_MORE) {
			assert_int_not_equal(f.kind, FRAME_ERROR);
			if (f.kind == FRAME_BODY) {
				strncat(bodies, f.bytes.data, f.bytes.len);
				strcat(bodies, "|");
			} else {
				junk += f.bytes.len;
			}
		}
	}
	assert_string_equal(bodies, "{}|abc|");
	assert_int_equal(junk, strlen("Starting server...\nnoise "));
	assert_int_equal(r.junk_bytes, junk);
	frame_reader_release(&r);
}

static void test_banner_without_newline(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 0);
	feed(&r, "hello Content-Length: 2\r\n\r\n[]");
	expect(&r, FRAME_JUNK, "hello ");
	expect(&r, FRAME_BODY, "[]");
	frame_reader_release(&r);
}

static void test_junk_before_the_first_frame_is_counted(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 0);
	char line[101];
	memset(line, 'x', 99);
	line[99] = '\n';
	line[100] = '\0';
	for (int i = 0; i < 100; i++) {
		line[0] = (char)('0' + i % 10);
		feed(&r, line);
		expect(&r, FRAME_JUNK, line);
	}
	feed(&r, "Content-Length: 1\n\nA");
	struct frame f;
	assert_int_equal(frame_next(&r, &f), FRAME_BODY);
	assert_true(f.lf_only);
	assert_int_equal(r.junk_bytes, 10000);
	frame_reader_release(&r);
}

static void test_header_names_in_any_case(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 0);
	feed(&r, "content-type: x\r\nCONTENT-LENGTH:3\r\nX-Other: 1\r\n\r\nabc");
	expect(&r, FRAME_BODY, "abc");
	frame_reader_release(&r);
}

static void test_lengths_that_cannot_be_obeyed(void **state) {
	(void)state;
	static const struct {
		const char *block;
		enum frame_error error;
	} cases[] = {
		{"Content-Length: -1\r\n\r\n", FRAME_ERROR_NEGATIVE},
		{"Content-Length: five\r\n\r\n", FRAME_ERROR_NOT_NUMBER},
		{"Content-Length: 5x\r\n\r\n", FRAME_ERROR_NOT_NUMBER},
		{"Content-Length: -\r\n\r\n", FRAME_ERROR_NOT_NUMBER},
		{"Content-Length:\r\n\r\n", FRAME_ERROR_NOT_NUMBER},
		{"Content-Type: application/json\r\n\r\n", FRAME_ERROR_NO_LENGTH},
		{"Content-Length: 2147483648\r\n\r\n", FRAME_ERROR_TOO_LARGE},
		{"Content-Length: 67108865\r\n\r\n", FRAME_ERROR_TOO_LARGE},
		{"Content-Length: 99999999999999999999999\r\n\r\n", FRAME_ERROR_TOO_LARGE},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame_reader r;
		frame_reader_init(&r, 0);
		feed(&r, cases[i].block);
		expect_error(&r, cases[i].error);
		assert_true(r.size <=
		            (size_t)64 << 10); /* by what came, never by what was announced */
		feed(&r, "Content-Length: 2\r\n\r\n{}");
		expect(&r, FRAME_BODY, "{}");
		frame_reader_release(&r);
	}
}

static void test_cap_is_configurable_and_bounds_the_backlog(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 10);
	feed(&r, "Content-Length: 11\r\n\r\n");
	expect_error(&r, FRAME_ERROR_TOO_LARGE);
	size_t big = 10 + FRAME_HEADER_BYTES_MAX + FRAME_BACKLOG_BYTES;
	char *block = calloc(1, big + 1);
	assert_non_null(block);
	assert_int_equal(frame_feed(&r, slice_of(block, big + 1)), -ENOBUFS);
	assert_int_equal(frame_feed(&r, slice_of(block, big)), 0);
	assert_int_equal(frame_feed(&r, slice_of(block, 1)), -ENOBUFS);
	free(block);
	frame_reader_release(&r);
}

static void test_end_in_the_middle(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 0);
	feed(&r, "Content-Length: 100\r\n\r\n{\"half\":");
	expect_more(&r);
	frame_end(&r);
	struct frame f;
	assert_int_equal(frame_next(&r, &f), FRAME_ERROR);
	assert_int_equal(f.error, FRAME_ERROR_TRUNCATED);
	assert_int_equal(f.body_bytes, 100);
	assert_int_equal(f.bytes.len - f.header_bytes, 8);
	expect_more(&r);
	assert_int_equal(frame_feed(&r, slice_str("x")), -EPIPE);
	frame_reader_release(&r);
}

static void test_end_in_the_header_is_junk(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 0);
	feed(&r, "Content-Length: 10");
	expect_more(&r);
	frame_end(&r);
	expect(&r, FRAME_JUNK, "Content-Length: 10");
	expect_more(&r);
	frame_reader_release(&r);
}

static void test_mention_of_the_header_in_a_log_line(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 0);
	feed(&r, "debug: Content-Length: 7\nnot a header line\nContent-Length: 2\r\n\r\n{}");
	expect(&r, FRAME_JUNK, "debug: ");
	expect(&r, FRAME_JUNK, "Content-Length: 7\n");
	expect(&r, FRAME_JUNK, "not a header line\n");
	expect(&r, FRAME_BODY, "{}");
	frame_reader_release(&r);
}

/* A header line that never ends must not hide the frames behind it, nor be kept for ever. */
static void test_endless_line(void **state) {
	(void)state;
	struct frame_reader r;
	frame_reader_init(&r, 0);
	feed(&r, "Content-Length: ");
	char spaces[1001];
	memset(spaces, ' ', 1000);
	spaces[1000] = '\0';
	for (int i = 0; i < 1000; i++) {
		struct frame f;
		feed(&r, spaces);
		while (frame_next(&r, &f) != FRAME_MORE) {
			assert_int_equal(f.kind, FRAME_JUNK);
		}
		assert_true(r.end - r.start <= FRAME_HEADER_BYTES_MAX + 1000);
	}
	feed(&r, "Content-Length: 2\r\n\r\n{}");
	struct frame f;
	while (frame_next(&r, &f) == FRAME_JUNK) {
	}
	assert_int_equal(f.kind, FRAME_BODY);
	assert_true(slice_eq(f.bytes, "{}"));
	frame_reader_release(&r);
}

static void test_header_round_trip(void **state) {
	(void)state;
	char buf[FRAME_HEADER_SIZE];
	assert_int_equal(frame_header(buf, 123), strlen("Content-Length: 123\r\n\r\n"));
	assert_string_equal(buf, "Content-Length: 123\r\n\r\n");
	assert_true(frame_header(buf, SIZE_MAX) < FRAME_HEADER_SIZE);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_frames_in_one_feed),
		cmocka_unit_test(test_byte_by_byte_gives_the_same),
		cmocka_unit_test(test_banner_without_newline),
		cmocka_unit_test(test_junk_before_the_first_frame_is_counted),
		cmocka_unit_test(test_header_names_in_any_case),
		cmocka_unit_test(test_lengths_that_cannot_be_obeyed),
		cmocka_unit_test(test_cap_is_configurable_and_bounds_the_backlog),
		cmocka_unit_test(test_end_in_the_middle),
		cmocka_unit_test(test_end_in_the_header_is_junk),
		cmocka_unit_test(test_mention_of_the_header_in_a_log_line),
		cmocka_unit_test(test_endless_line),
		cmocka_unit_test(test_header_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
