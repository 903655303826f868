/* SPDX-License-Identifier: MIT */
#include "base/slice.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#ifdef DIALTONE_EBPF

#include "base/arena.h"
#include "trace/ebpf/allowed.h"
#include "trace/ebpf/decode.h"
#include "trace/ebpf/plan.h"

#define EVENTS_MAX 8

struct seen {
	struct event events[EVENTS_MAX];
	struct payload payloads[EVENTS_MAX][EVENT_PAYLOADS];
	char text[EVENTS_MAX][EVENT_PAYLOADS][64];
	size_t count;
};

static int take(void *data, const struct event *event) {
	struct seen *seen = data;

	assert_true(seen->count < EVENTS_MAX);
	seen->events[seen->count] = *event;
	for (size_t i = 0; i < event->payload_count; i++) {
		const struct payload *p = &event->payloads[i];

		seen->payloads[seen->count][i] = *p;
		assert_true(p->bytes.len < sizeof(seen->text[0][0]));
		memcpy(seen->text[seen->count][i], p->bytes.data, p->bytes.len);
	}
	seen->count++;
	return 0;
}

struct fixture {
	struct seen seen;
	struct event_sink sink;
	struct decoder decoder;
};

static int setup(void **state) {
	struct fixture *f = calloc(1, sizeof(*f));

	f->sink = (struct event_sink){.data = &f->seen, .take = take};
	f->decoder.sink = &f->sink;
	*state = f;
	return 0;
}

static int teardown(void **state) {
	struct fixture *f = *state;

	decode_free(&f->decoder);
	free(f);
	return 0;
}

/* A record as it comes out of the ring: its head, then payloads. */
struct built {
	char bytes[1024];
	size_t len;
};

static struct built build(struct ebpf_record head) {
	struct built b = {.len = sizeof(head)};

	memcpy(b.bytes, &head, sizeof(head));
	return b;
}

static void build_payload(struct built *b, __u8 which, __u8 kind, const char *text, __u16 kept,
                          __u32 full) {
	struct ebpf_payload head = {.which = which, .kind = kind, .kept = kept, .full = full};
	struct ebpf_record r;

	memcpy(b->bytes + b->len, &head, sizeof(head));
	memcpy(b->bytes + b->len + sizeof(head), text, kept);
	b->len += sizeof(head) + kept;
	memcpy(&r, b->bytes, sizeof(r));
	r.payloads++;
	memcpy(b->bytes, &r, sizeof(r));
}

static int decode(struct fixture *f, const struct built *b) {
	return decode_record(&f->decoder, slice_of(b->bytes, b->len));
}

static void test_call(void **state) {
	struct fixture *f = *state;
	struct built b = build((struct ebpf_record){.kind = EBPF_CALL,
	                                            .flags = EBPF_ENDED,
	                                            .pid = 10,
	                                            .tid = 11,
	                                            .number = 257,
	                                            .start_ns = 1000,
	                                            .end_ns = 1500,
	                                            .result = -2,
	                                            .args = {1, 2, 3, 4, 5, 6}});

	build_payload(&b, 1, EBPF_IS_STRING, "/etc/x", 6, 9);
	assert_int_equal(decode(f, &b), 0);
	const struct event *e = &f->seen.events[0];
	assert_int_equal(f->seen.count, 1);
	assert_int_equal(e->kind, EVENT_CALL);
	assert_int_equal(e->arch, plan_arch(EBPF_NATIVE));
	assert_int_equal(e->pid, 10);
	assert_int_equal(e->tid, 11);
	assert_int_equal(e->number, 257);
	assert_int_equal(e->duration_ns, 500);
	assert_int_equal(e->result, -2);
	assert_int_equal(e->args[5], 6);
	assert_int_equal(e->payload_count, 1);
	assert_int_equal(f->seen.payloads[0][0].kind, PAYLOAD_STRING);
	assert_int_equal(f->seen.payloads[0][0].which, 1);
	assert_int_equal(f->seen.payloads[0][0].full_bytes, 9);
	assert_string_equal(f->seen.text[0][0], "/etc/x");
}

/* Memory that came ahead belongs to the call of that thread and time, and to no other. */
static void test_part(void **state) {
	struct fixture *f = *state;
	struct ebpf_record head = {.kind = EBPF_PART, .pid = 10, .tid = 11, .start_ns = 7};
	struct built part = build(head);

	build_payload(&part, 0, EBPF_IS_STRING, "file", 4, 4);
	build_payload(&part, 1, EBPF_IS_STRINGS, "a\0b", 4, 4);
	assert_int_equal(decode(f, &part), 0);
	assert_int_equal(f->seen.count, 0);

	head.kind = EBPF_CALL;
	head.flags = EBPF_ENDED | EBPF_PARTED;
	head.tid = 12;
	struct built other = build(head);
	assert_int_equal(decode(f, &other), 0);
	assert_int_equal(f->seen.events[0].payload_count, 0);

	head.tid = 11;
	struct built own = build(head);
	build_payload(&own, 2, EBPF_IS_BYTES, "xy", 2, 2);
	assert_int_equal(decode(f, &own), 0);
	assert_int_equal(f->seen.events[1].payload_count, 3);
	assert_string_equal(f->seen.text[1][0], "file");
	assert_int_equal(f->seen.payloads[1][1].kind, PAYLOAD_STRINGS);
	assert_int_equal(f->seen.payloads[1][2].which, 2);

	assert_int_equal(decode(f, &own), 0); /* it was taken */
	assert_int_equal(f->seen.events[2].payload_count, 1);
}

/* A thread that never ends its calls does not fill the table: its next call frees the place. */
static void test_part_again(void **state) {
	struct fixture *f = *state;

	for (int i = 0; i < 2 * DECODE_PARTS_MAX; i++) {
		struct built part = build((struct ebpf_record){
			.kind = EBPF_PART, .tid = 11, .start_ns = (__u64)i + 1});

		build_payload(&part, 0, EBPF_IS_STRING, "file", 4, 4);
		assert_int_equal(decode(f, &part), 0);
	}
	assert_int_equal(f->decoder.parts_lost, 0);
	for (__u32 i = 0; i < DECODE_PARTS_MAX; i++) {
		struct built part = build(
			(struct ebpf_record){.kind = EBPF_PART, .tid = 100 + i, .start_ns = 1});

		build_payload(&part, 0, EBPF_IS_STRING, "file", 4, 4);
		assert_int_equal(decode(f, &part), 0);
	}
	assert_int_equal(f->decoder.parts_lost, 1);
}

static void test_processes(void **state) {
	struct fixture *f = *state;
	struct built fork = build((struct ebpf_record){.kind = EBPF_FORK,
	                                               .pid = 10,
	                                               .tid = 11,
	                                               .number = 20,
	                                               .result = 20,
	                                               .args = {0x100}});
	struct built signal = build((struct ebpf_record){
		.kind = EBPF_SIGNAL, .pid = 20, .tid = 20, .number = 15, .result = 10});
	struct built end =
		build((struct ebpf_record){.kind = EBPF_EXIT, .pid = 20, .tid = 20, .number = 15});
	struct built gone = build((struct ebpf_record){.kind = EBPF_EXIT});

	assert_int_equal(decode(f, &fork), 0);
	assert_int_equal(decode(f, &signal), 0);
	assert_int_equal(decode(f, &end), 0);
	assert_int_equal(decode(f, &gone), 0);
	assert_int_equal(f->seen.count, 3);
	assert_int_equal(f->seen.events[0].kind, EVENT_FORK);
	assert_int_equal(f->seen.events[0].child, 20);
	assert_int_equal(f->seen.events[0].child_pid, 20);
	assert_int_equal(f->seen.events[0].args[0], 0x100);
	assert_int_equal(f->seen.events[1].kind, EVENT_SIGNAL);
	assert_int_equal(f->seen.events[1].status, 15);
	assert_int_equal(f->seen.events[1].sender, 10);
	assert_int_equal(f->seen.events[2].kind, EVENT_EXIT);
	assert_int_equal(f->seen.events[2].status, 15);
}

/* What our own child does before it is the program that was asked for. */
static void test_held(void **state) {
	struct fixture *f = *state;
	struct ebpf_record head = {.kind = EBPF_CALL, .pid = 10, .tid = 10, .flags = EBPF_ENDED};
	struct built call = build(head);

	f->decoder.held = 10;
	assert_int_equal(decode(f, &call), 0);
	assert_int_equal(f->seen.count, 0);
	head.kind = EBPF_EXEC;
	struct built exec = build(head);
	assert_int_equal(decode(f, &exec), 0);
	assert_int_equal(decode(f, &call), 0);
	assert_int_equal(f->seen.count, 2);
	assert_int_equal(f->seen.events[0].kind, EVENT_EXEC);
}

static void test_unfinished(void **state) {
	struct fixture *f = *state;
	struct ebpf_thread thread = {.start_ns = 5, .number = 0, .tid = 3, .pid = 2};

	assert_int_equal(decode_thread(&f->decoder, &thread), 0);
	assert_int_equal(f->seen.count, 0);
	thread.active = 1;
	assert_int_equal(decode_thread(&f->decoder, &thread), 0);
	assert_int_equal(f->seen.count, 1);
	assert_int_equal(f->seen.events[0].duration_ns, EVENT_NO_DURATION);
}

static void test_broken(void **state) {
	struct fixture *f = *state;
	struct built b = build((struct ebpf_record){.kind = EBPF_CALL, .flags = EBPF_ENDED});

	assert_int_equal(decode_record(&f->decoder, slice_of(b.bytes, b.len - 1)), -EBADMSG);
	build_payload(&b, 0, EBPF_IS_BYTES, "12345", 5, 5);
	for (size_t len = sizeof(struct ebpf_record); len < b.len; len++) {
		assert_int_equal(decode_record(&f->decoder, slice_of(b.bytes, len)), -EBADMSG);
	}
	struct built unknown = build((struct ebpf_record){.kind = 99});
	assert_int_equal(decode(f, &unknown), -EBADMSG);
	assert_int_equal(f->seen.count, 0);
}

static void test_plan(void **state) {
	struct arena *arena = arena_new();
	const struct plan_limits limits = {.string_bytes = 4096, .data_bytes = 64};
	const struct plan_limits no_data = {.string_bytes = 4096};
	const struct call_set *calls = NULL;
	enum event_arch arch = plan_arch(EBPF_NATIVE);
	struct ebpf_plan plan;

	(void)state;
	assert_int_equal(call_set_parse(arena, "openat,read,fcntl", &calls, NULL), 0);
	plan_make(calls, &limits, EBPF_NATIVE, call_number(arch, "openat"), &plan);
	assert_true(plan.wanted && plan.copies_in && !plan.copies_out);
	assert_int_equal(plan.copy[1], EBPF_COPY_STRING_IN);
	plan_make(calls, &limits, EBPF_NATIVE, call_number(arch, "read"), &plan);
	assert_true(plan.wanted && !plan.copies_in && plan.copies_out);
	assert_int_equal(plan.copy[1], EBPF_COPY_RESULT_OUT);
	assert_int_equal(plan.bytes[1], 64);
	plan_make(calls, &no_data, EBPF_NATIVE, call_number(arch, "read"), &plan);
	assert_true(plan.wanted && !plan.copies_out);
	plan_make(calls, &limits, EBPF_NATIVE, call_number(arch, "fcntl"), &plan);
	assert_int_equal(plan.guarded, 3);
	assert_true(plan.commands & 1 << 6);  /* F_SETLK */
	assert_false(plan.commands & 1 << 3); /* F_GETFL */
	assert_int_equal(plan.quiet, 0);
	plan_make(calls, &limits, EBPF_NATIVE, call_number(arch, "write"), &plan);
	assert_false(plan.wanted);
	/* A set that has fcntl by its topic: without F_GETFL and F_SETFL. */
	assert_int_equal(call_set_parse(arena, "anchors", &calls, NULL), 0);
	plan_make(calls, &limits, EBPF_NATIVE, call_number(arch, "fcntl"), &plan);
	assert_true(plan.wanted);
	assert_int_equal(plan.quiet, 1 << 3 | 1 << 4);
	arena_free(arena);
}

/* As the verifier of Linux 6.1 writes. */
static void test_verifier(void **state) {
	char words[64];
	struct err err = {0};

	(void)state;
	allowed_last_words(
		"0: R1=ctx(off=0,imm=0) R10=fp0\n"
		"; x\n7: (79) r1 = *(u64 *)(r1 +400)\ninvalid bpf_context access off=400 size=8\n"
		"processed 8 insns (limit 1000000) max_states_per_insn 0\n",
		words, sizeof(words));
	assert_string_equal(words, "invalid bpf_context access off=400 size=8");
	allowed_last_words("", words, sizeof(words));
	assert_string_equal(words, "");
	assert_int_equal(
		allowed_explain(-EACCES, "R2 invalid mem access\nprocessed 1 insns\n", &err),
		-EACCES);
	assert_non_null(strstr(err.msg, "rejects the program: R2 invalid mem access"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_part_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unfinished, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_verifier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_none(void **state) {
	(void)state;
	skip(); /* this build has no eBPF */
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_none)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
