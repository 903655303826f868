/* SPDX-License-Identifier: MIT
 * Goroutines out of core files: what is in them, what comes from the program, what does not fit.
 */
#include "gostack_fixture.h"

#include "gostack/bytes.h"
#include "gostack/corefile.h"
#include "gostack/traceback.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct traceback_options plain = {0};

static const char *text_of(struct gostack *s) {
	struct traceback_place next = {0};
	struct strbuf out;
	strbuf_init(&out, s->arena);
	while (traceback_text(&out, s, &plain, &next)) {
	}
	return out.data;
}

static struct slice program_of(const struct fixture *x) {
	return slice_of(x->file, FIX_BSS - FIX_BASE);
}

static void open_core(struct arena *arena, struct slice core, struct slice program,
                      struct gostack *ret, struct memory_core_notes *notes) {
	struct memory *memory = NULL;
	struct err err;
	assert_int_equal(memory_core_of(arena, core, program, &memory, notes, &err), 0);
	assert_int_equal(gostack_open(arena, memory, NULL, ret, &err), 0);
	assert_int_equal(gostack_read(ret, &err), 0);
}

static int refusal(struct arena *arena, struct slice core, struct slice program) {
	struct memory *memory = NULL;
	struct memory_core_notes notes;
	struct err err;
	return memory_core_of(arena, core, program, &memory, &notes, &err);
}

/* The same as out of a process; the program is compared when there is something to compare. */
static void test_same(void **state) {
	(void)state;
	for (int arm64 = 0; arm64 <= 1; arm64++) {
		for (int held = 0; held <= 1; held++) {
			struct arena *arena = arena_new();
			struct fixture x;
			struct gostack live, core;
			struct memory_core_notes notes;
			struct err err;
			fix_init(&x, 26, arm64 != 0);
			fix_two(&x);
			struct memory *memory =
				memory_image_open(arena, fix_image(arena, &x, "go1.26.3"));
			assert_int_equal(gostack_open(arena, memory, NULL, &live, &err), 0);
			assert_int_equal(gostack_read(&live, &err), 0);
			struct fix_core o = {.program = held != 0, .many = held != 0};
			open_core(arena, fix_core(arena, &x, &o), program_of(&x), &core, &notes);
			assert_int_equal(notes.program,
			                 held != 0 ? CORE_PROGRAM_PROVEN : CORE_PROGRAM_UNPROVEN);
			assert_int_equal(notes.missing_bytes, 0);
			assert_false(notes.cut);
			assert_string_equal(text_of(&core), text_of(&live));
			arena_free(arena);
		}
	}
}

static void test_inside(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	struct memory_core_notes notes;
	fix_init(&x, 26, false);
	fix_two(&x);
	struct fix_core o = {.program = true};
	open_core(arena, fix_core(arena, &x, &o), (struct slice){0}, &s, &notes);
	assert_int_equal(notes.program, CORE_PROGRAM_INSIDE);
	assert_int_equal(s.all.count, 2);
	assert_non_null(strstr(text_of(&s), "main.inner(...)\n"));
	memory_core_close(s.memory);
	arena_free(arena);
}

static void test_other_program(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x, other;
	fix_init(&x, 26, false);
	fix_two(&x);
	struct fix_core held = {.program = true};
	struct fix_core without = {.names = true};
	struct slice core = fix_core(arena, &x, &held);
	other = x;
	other.file[FIX_GOFUNC + 0x40 - FIX_BASE] ^= 1;
	assert_int_equal(refusal(arena, core, program_of(&other)), -EXDEV);
	/* What is written to may differ. */
	other = x;
	other.file[FIX_DATA + 0x40 - FIX_BASE] ^= 1;
	assert_int_equal(refusal(arena, core, program_of(&other)), 0);
	fix_init(&other, 26, true);
	assert_int_equal(refusal(arena, core, program_of(&other)), -EXDEV);
	assert_int_equal(refusal(arena, core, slice_str("#!/bin/sh\n")), -ENOEXEC);
	assert_int_equal(refusal(arena, fix_core(arena, &x, &without), (struct slice){0}),
	                 -ENODATA);
	assert_int_equal(refusal(arena, program_of(&x), program_of(&x)), -ENOEXEC);
	assert_int_equal(refusal(arena, slice_str("\x28\xb5\x2f\xfd"), program_of(&x)), -ENOEXEC);
	assert_int_equal(refusal(arena, (struct slice){0}, program_of(&x)), -ENOEXEC);
	arena_free(arena);
}

static void test_corefile(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct corefile core;
	uint64_t hole = 0;
	fix_init(&x, 26, true);
	fix_two(&x);
	struct fix_core o = {.tid = 77, .pc = 1, .sp = 2, .lr = 3, .names = true};
	assert_int_equal(corefile_read(arena, fix_core(arena, &x, &o), &core, NULL), 0);
	assert_string_equal(core.program, "/nothing/at/all");
	assert_int_equal(core.entry, FIX_TEXT);
	assert_null(corefile_thread(&core, 76));
	const struct core_thread *t = corefile_thread(&core, 77);
	assert_non_null(t);
	assert_int_equal(t->registers.pc, 1);
	assert_int_equal(t->registers.sp, 2);
	assert_int_equal(t->registers.lr, 3);
	assert_int_equal(corefile_at(&core, FIX_DATA + 8, &hole).len, sizeof(x.data) - 8);
	assert_int_equal(corefile_at(&core, FIX_DATA - 8, &hole).len, 0);
	assert_int_equal(hole, 8);
	assert_int_equal(corefile_at(&core, UINT64_MAX, &hole).len, 0);
	assert_int_equal(hole, UINT64_MAX);
	arena_free(arena);
}

/* ---- goroutines that ran ---- */

/* Goroutine 7 runs on a thread; its m lies where no goroutine is. */
static void make_running(struct fixture *x) {
	char *m = fix_g(x, 3);
	fix_u32(fix_g(x, 1) + x->layout->status, GO_RUNNING);
	fix_u64(fix_g(x, 1) + G_M, fix_g_address(3));
	fix_u64(m + x->layout->m_thread, 77);
	fix_u64(m + x->layout->m_current, fix_g_address(1));
}

static enum goroutine_state state_of(struct fixture *x, const struct fix_core *o, bool *ret_same) {
	struct arena *arena = arena_new();
	struct gostack s;
	struct memory_core_notes notes;
	open_core(arena, fix_core(arena, x, o), program_of(x), &s, &notes);
	const char *stack = strstr(text_of(&s), "goroutine 7 [running]:\nruntime.Gosched(...)\n");
	*ret_same = stack && strstr(stack, "main.inner(...)\n");
	enum goroutine_state state = s.all.items[1].state;
	arena_free(arena);
	return state;
}

static void test_running(void **state) {
	(void)state;
	for (int arm64 = 0; arm64 <= 1; arm64++) {
		struct fixture x;
		bool same = false;
		fix_init(&x, 26, arm64 != 0);
		fix_two(&x);
		make_running(&x);
		struct fix_core o = {.tid = 77};
		char *g = fix_g(&x, 1);
		o.pc = bytes_get_u64(g + G_SCHED_PC);
		o.sp = bytes_get_u64(g + G_SCHED_SP);
		assert_int_equal(state_of(&x, &o, &same), GOROUTINE_CERTAIN);
		assert_true(same);
		/* On another stack, the thread works for the runtime: what was saved counts. */
		o.sp = UINT64_C(0x7ffd00001000);
		assert_int_equal(state_of(&x, &o, &same), GOROUTINE_CERTAIN);
		assert_true(same);
		/* Its thread is not in the core; or has another goroutine by now. */
		o.tid = 78;
		assert_int_equal(state_of(&x, &o, &same), GOROUTINE_RUNNING);
		o.tid = 77;
		fix_u64(fix_g(&x, 3) + x.layout->m_current, fix_g_address(0));
		assert_int_equal(state_of(&x, &o, &same), GOROUTINE_RUNNING);
		/* A stack that does not end is not shown. */
		make_running(&x);
		o.pc = 0x1234;
		o.sp = bytes_get_u64(g + G_SCHED_SP);
		assert_int_equal(state_of(&x, &o, &same), GOROUTINE_RUNNING);
	}
}

/* ---- hostile ---- */

static void read_whatever(struct slice core, struct slice program) {
	struct arena *arena = arena_new();
	struct memory *memory = NULL;
	struct memory_core_notes notes;
	struct gostack s;
	struct err err;
	if (memory_core_of(arena, core, program, &memory, &notes, &err) == 0) {
		if (gostack_open(arena, memory, NULL, &s, &err) == 0 &&
		    gostack_read(&s, &err) == 0) {
			assert_non_null(text_of(&s));
		}
		memory_core_close(memory);
	}
	arena_free(arena);
}

/* A copy of just these bytes, so that a sanitizer sees what is read behind them. */
static struct slice exactly(struct arena *arena, struct slice s, size_t len) {
	return slice_of(memcpy(arena_alloc(arena, len), s.data, len), len);
}

static void test_cut_and_spoilt(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct corefile core;
	fix_init(&x, 26, false);
	fix_two(&x);
	make_running(&x);
	struct fix_core o = {.tid = 77, .program = true, .names = true};
	struct slice whole = fix_core(arena, &x, &o);
	for (size_t len = 0; len < whole.len; len += len < 1500 ? 1 : 97) {
		struct arena *scratch = arena_new();
		struct slice part = exactly(scratch, whole, len);
		if (corefile_read(scratch, part, &core, NULL) == 0) {
			assert_true(core.missing_bytes > 0 || len < 700);
		}
		read_whatever(part, program_of(&x));
		read_whatever(part, (struct slice){0});
		arena_free(scratch);
	}
	char *bytes = memcpy(arena_alloc(arena, whole.len), whole.data, whole.len);
	for (size_t i = 0; i < 1500; i++) {
		static const unsigned char marks[] = {0xff, 0x80, 0x01};
		for (size_t k = 0; k < sizeof(marks); k++) {
			bytes[i] = (char)(whole.data[i] ^ (char)marks[k]);
			read_whatever(slice_of(bytes, whole.len), program_of(&x));
			read_whatever(slice_of(bytes, whole.len), (struct slice){0});
		}
		bytes[i] = whole.data[i];
	}
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),          cmocka_unit_test(test_inside),
		cmocka_unit_test(test_other_program), cmocka_unit_test(test_corefile),
		cmocka_unit_test(test_running),       cmocka_unit_test(test_cut_and_spoilt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
