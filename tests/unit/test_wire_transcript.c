/* SPDX-License-Identifier: MIT */
#include "wire/transcript.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_round_trip(void **state) {
	(void)state;
	static const struct {
		enum transcript_kind kind;
		int64_t at_ns;
		const char *bytes;
		size_t len;
	} events[] = {
		{TRANSCRIPT_SENT, 0, "{}", 2},
		{TRANSCRIPT_RECEIVED, 123400000, "a\n\0R 1 2\n", 9},
		{TRANSCRIPT_STDERR, 3600000000000, "", 0},
		{TRANSCRIPT_JUNK, 3600000001000, "\n", 1},
		{TRANSCRIPT_NOTE, 3600000002000, "stopped", 7},
		{TRANSCRIPT_EXIT, 3600000003000, "exit 2", 6},
	};
	size_t count = sizeof(events) / sizeof(events[0]);
	struct transcript t;
	transcript_init(&t);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(transcript_add(&t, events[i].kind, events[i].at_ns,
		                                slice_of(events[i].bytes, events[i].len)),
		                 0);
	}
	struct transcript_reader reader;
	struct transcript_event event;
	assert_int_equal(transcript_reader_init(&reader, transcript_bytes(&t), NULL), 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(transcript_next(&reader, &event, NULL), 1);
		assert_int_equal(event.kind, events[i].kind);
		assert_int_equal(event.at_ns, events[i].at_ns);
		assert_int_equal(event.payload.len, events[i].len);
		assert_memory_equal(event.payload.data, events[i].bytes, events[i].len);
	}
	assert_int_equal(transcript_next(&reader, &event, NULL), 0);
	transcript_release(&t);
}

static void test_format(void **state) {
	(void)state;
	struct transcript t;
	transcript_init(&t);
	assert_int_equal(transcript_bytes(&t).len, 0);
	transcript_add(&t, TRANSCRIPT_RECEIVED, 123456789, slice_str("hello"));
	transcript_add(&t, TRANSCRIPT_EXIT, -5, slice_str(""));
	assert_true(slice_eq(transcript_bytes(&t),
	                     "dialtone-transcript 1\nR 123.456 5\nhello\nX 0.000 0\n\n"));
	transcript_release(&t);
}

static void test_cap_keeps_the_end(void **state) {
	(void)state;
	struct transcript t;
	transcript_init(&t);
	size_t len = (size_t)1 << 20;
	char *block = calloc(1, len);
	assert_non_null(block);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(transcript_add(&t, TRANSCRIPT_STDERR, i, slice_of(block, len)), 0);
	}
	assert_true(t.truncated);
	assert_int_equal(t.dropped_bytes, 5 * len);
	assert_int_equal(transcript_add(&t, TRANSCRIPT_RECEIVED, 30, slice_str("late")), 0);
	assert_int_equal(transcript_add(&t, TRANSCRIPT_EXIT, 31, slice_str("signal 9")), 0);
	for (int i = 0; i < 100; i++) { /* notes are bounded too */
		assert_int_equal(transcript_add(&t, TRANSCRIPT_NOTE, 32, slice_of(block, 4096)), 0);
	}
	assert_true(transcript_bytes(&t).len <= TRANSCRIPT_BYTES_MAX);

	struct transcript_reader reader;
	struct transcript_event event;
	char kinds[64] = "";
	size_t kind_count = 0;
	assert_int_equal(transcript_reader_init(&reader, transcript_bytes(&t), NULL), 0);
	while (transcript_next(&reader, &event, NULL) == 1) {
		if (kind_count < 18) {
			kinds[kind_count++] = (char)event.kind;
		}
	}
	assert_string_equal(kinds, "EEEEEEEEEEEEEEETXN");
	assert_int_equal(reader.rest.len, 0);
	free(block);
	transcript_release(&t);
}

static void test_damaged_bytes(void **state) {
	(void)state;
	static const char *const tails[] = {
		"R 1.000 5\nhell\n",
		"R 1.000 5\nhello",
		"R 1.000 5",
		"R 1.000 -5\nhello\n",
		"Q 1.000 5\nhello\n",
		"R 1 5\nhello\n",
		"R 1.00 5\nhello\n",
		"R 1.000 5 \nhello\n",
		"R 1.000 99999999999999999999\nx\n",
		"R 99999999999999999999.000 1\nx\n",
		"\n",
		"R 1.000 18446744073709551615\nx\n",
		"R 1.000 4\nhello\n",
	};
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		char bytes[200];
		snprintf(bytes, sizeof(bytes), "dialtone-transcript 1\nS 0.000 2\n{}\n%s",
		         tails[i]);
		struct transcript_reader reader;
		struct transcript_event event;
		struct err err = {0};
		assert_int_equal(transcript_reader_init(&reader, slice_str(bytes), &err), 0);
		assert_int_equal(transcript_next(&reader, &event, &err), 1);
		assert_int_equal(transcript_next(&reader, &event, &err), -EBADMSG);
		assert_int_equal(err.code, -EBADMSG);
		assert_int_equal(transcript_next(&reader, &event, &err), -EBADMSG);
	}
	struct transcript_reader reader;
	struct transcript_event event;
	assert_int_equal(transcript_reader_init(&reader, slice_str("ELF"), NULL), -EBADMSG);
	assert_int_equal(transcript_next(&reader, &event, NULL), 0);
	assert_int_equal(transcript_reader_init(&reader, slice_str(""), NULL), 0);
	assert_int_equal(transcript_next(&reader, &event, NULL), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_cap_keeps_the_end),
		cmocka_unit_test(test_damaged_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
