/* SPDX-License-Identifier: MIT
 * Goroutines out of bytes: tables of functions, layouts by release, torn reads, hostile numbers.
 */
#include "gostack_fixture.h"

#include "gostack/bytes.h"
#include "gostack/summary.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct traceback_options plain = {0};

static const char *text_of(struct gostack *s, const struct traceback_options *options) {
	struct traceback_place next = {0};
	struct strbuf out;
	strbuf_init(&out, s->arena);
	while (traceback_text(&out, s, options, &next)) {
	}
	return out.data;
}

static int open_and_read(struct arena *arena, struct memory *memory, struct gostack *ret) {
	struct err err;
	int r = gostack_open(arena, memory, NULL, ret, &err);
	return r < 0 ? r : gostack_read(ret, &err);
}

static struct memory *memory_of(struct arena *arena, const struct fixture *x, const char *version) {
	return memory_image_open(arena, fix_image(arena, x, version));
}

/* ---- tables ---- */

static struct pclntab table_of(struct fixture *x) {
	struct pclntab tab;
	assert_true(pclntab_parse(slice_of(fix_table(x), 0x900), &tab));
	tab.text = tab.min_pc = FIX_TEXT;
	tab.max_pc = FIX_TEXT + 0x100 * FIX_FUNCTIONS;
	tab.funcdata = slice_of(fix_table(x) + (FIX_GOFUNC - FIX_TABLE), 0x100);
	return tab;
}

static void test_functions(void **state) {
	static const int minors[] = {19, 27};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture x;
		struct pcln_function f;
		struct slice name;
		fix_init(&x, minors[i], false);
		struct pclntab tab = table_of(&x);
		assert_int_equal(tab.old_records, minors[i] == 19);
		for (unsigned k = 0; k < FIX_FUNCTIONS; k++) {
			assert_true(pclntab_function(&tab, FIX_ENTRY(k), &f));
			assert_int_equal(f.entry, FIX_ENTRY(k));
			assert_true(pclntab_function(&tab, FIX_ENTRY(k) + 0xff, &f));
			assert_int_equal(f.entry, FIX_ENTRY(k));
			assert_int_equal(f.flags, k == FIX_GOEXIT ? PCLN_TOP_FRAME : 0);
		}
		assert_true(pclntab_function(&tab, FIX_PC(FIX_GOPARK), &f));
		assert_true(pclntab_name(&tab, f.name, &name));
		assert_true(slice_eq(name, "runtime.gopark"));
		assert_false(pclntab_function(&tab, FIX_TEXT - 1, &f));
		assert_false(pclntab_function(&tab, FIX_ENTRY(FIX_FUNCTIONS), &f));
	}
}

static void test_values(void **state) {
	(void)state;
	struct fixture x;
	struct pcln_function f;
	struct slice file;
	int32_t value = 0;
	fix_init(&x, 26, false);
	struct pclntab tab = table_of(&x);
	assert_true(pclntab_function(&tab, FIX_ENTRY(FIX_WORK), &f));
	assert_true(pclntab_value(&tab, &f, f.stack, FIX_ENTRY(FIX_WORK), &value));
	assert_int_equal(value, 0x20);
	assert_true(pclntab_line(&tab, &f, FIX_ENTRY(FIX_WORK) + 0x3f, &file, &value));
	assert_int_equal(value, 20);
	assert_true(slice_eq(file, "/src/a.go"));
	assert_true(pclntab_line(&tab, &f, FIX_ENTRY(FIX_WORK) + 0x40, &file, &value));
	assert_int_equal(value, 120);
	assert_false(pclntab_value(&tab, &f, f.line, FIX_ENTRY(FIX_WORK) + 0x100, &value));
	assert_false(pclntab_value(&tab, &f, 0, FIX_ENTRY(FIX_WORK), &value));
}

static void test_inlined(void **state) {
	static const int minors[] = {18, 20};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture x;
		struct pcln_function f;
		struct pcln_inline call;
		struct slice name;
		fix_init(&x, minors[i], false);
		struct pclntab tab = table_of(&x);
		assert_true(pclntab_function(&tab, FIX_INLINED, &f));
		assert_true(pclntab_inlined(&tab, &f, FIX_INLINED, &call));
		assert_int_equal(call.parent_pc, FIX_ENTRY(FIX_WORK) + 0x30);
		assert_true(pclntab_name(&tab, call.name, &name));
		assert_true(slice_eq(name, "main.inner"));
		assert_false(pclntab_inlined(&tab, &f, call.parent_pc, &call));
	}
}

/* Cut off anywhere, and with any byte spoilt, a table answers or does not; it never reads on. */
static void test_spoilt_table(void **state) {
	(void)state;
	struct fixture x;
	fix_init(&x, 27, false);
	for (size_t i = 0; i < 0x900; i++) {
		char *copy = malloc(0x900);
		assert_non_null(copy);
		memcpy(copy, fix_table(&x), 0x900);
		copy[i] = (char)~copy[i];
		struct pclntab tab;
		struct pcln_function f;
		struct pcln_inline call;
		struct slice text;
		int32_t line = 0;
		if (pclntab_parse(slice_of(copy, 0x900 - i), &tab) ||
		    pclntab_parse(slice_of(copy, 0x900), &tab)) {
			tab.text = tab.min_pc = FIX_TEXT;
			tab.max_pc = UINT64_MAX;
			tab.funcdata = slice_of(copy + 0x800, 0x100);
			for (unsigned k = 0; k < FIX_FUNCTIONS; k++) {
				if (pclntab_function(&tab, FIX_INLINED + k * 0x100 - 0x100, &f)) {
					(void)pclntab_name(&tab, f.name, &text);
					(void)pclntab_line(&tab, &f, FIX_INLINED, &text, &line);
					(void)pclntab_inlined(&tab, &f, FIX_INLINED, &call);
				}
			}
		}
		free(copy);
	}
}

static void test_names(void **state) {
	static const struct {
		const char *name, *shown;
	} cases[] = {
		{"main.f", "main.f"},
		{"main.f[go.shape.int]", "main.f[...]"},
		{"main.(*T[go.shape.[]uint8]).m", "main.(*T[...]).m"},
		{"main.(*T[a]).m[b]", "main.(*T[...]).m[...]"},
		{"main.(*T[map[a]b]).m[c[d]].func1", "main.(*T[...]).m[...].func1"},
		{"main.f]x[", "main.f]x["},
		{"[", "["},
	};
	(void)state;
	struct arena *arena = arena_new();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(symbols_name_for_print(arena, cases[i].name), cases[i].shown);
	}
	arena_free(arena);
}

/* ---- whole processes ---- */

#define TWO_FRAMES                                                                                 \
	"runtime.Gosched(...)\n\t/src/a.go:50 +0x20\nmain.inner(...)\n\t/src/a.go:120\n"           \
	"main.(*T[...]).work%s(...)\n\t/src/a.go:20 +0x50\n"
#define TWO                                                                                        \
	"goroutine 1 [sleep]:\nruntime.gopark(...)\n\t/src/a.go:40 +0x20\n"                        \
	"runtime.main(...)\n\t/src/a.go:10 +0x20\nruntime.goexit(...)\n\t/src/a.go:30 +0x%x\n\n"   \
	"goroutine 7 [select]:\n" TWO_FRAMES "created by main.(*T[...]).work%s%s\n"                \
	"\t/src/a.go:20 +0x20\n"

/* The same program, laid out as each release does. */
static void test_releases(void **state) {
	(void)state;
	for (int arm64 = 0; arm64 <= 1; arm64++) {
		for (int minor = LAYOUT_OLDEST_MINOR; minor <= LAYOUT_NEWEST_MINOR; minor++) {
			struct arena *arena = arena_new();
			struct fixture x;
			struct gostack s;
			const char *type = minor >= 21 ? "[...]" : "[go.shape.int]";
			fix_init(&x, minor, arm64 != 0);
			fix_two(&x);
			const char *version = arena_printf(arena, "go1.%d.3", minor);
			assert_int_equal(open_and_read(arena, memory_of(arena, &x, version), &s),
			                 0);
			assert_true(s.version_known);
			assert_int_equal(s.all.count, 2);
			assert_int_equal(s.all.items[0].state, GOROUTINE_CERTAIN);
			assert_int_equal(s.all.items[1].state, GOROUTINE_CERTAIN);
			assert_string_equal(text_of(&s, &plain),
			                    arena_printf(arena, TWO, arm64 != 0 ? 4U : 1U, type,
			                                 type,
			                                 minor >= 21 ? " in goroutine 1" : ""));
			arena_free(arena);
		}
	}
}

/* A release that is not known is read with a layout that fits it, and it is said. */
static void test_unknown_release(void **state) {
	static const int minors[] = {20, 22, 24, 25, 26};
	(void)state;
	for (size_t i = 0; i < sizeof(minors) / sizeof(minors[0]); i++) {
		struct arena *arena = arena_new();
		struct fixture x;
		struct gostack s;
		fix_init(&x, minors[i], false);
		fix_two(&x);
		assert_int_equal(open_and_read(arena, memory_of(arena, &x, "devel go1.99-abc"), &s),
		                 0);
		assert_false(s.version_known);
		assert_int_equal(s.all.count, 2);
		assert_int_equal(s.all.misfits, 0);
		arena_free(arena);
	}
}

static void test_refusals(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	fix_init(&x, 26, false);
	fix_two(&x);
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.17.2"), &s), -ENOEXEC);
	/* Goroutine 1 does not run runtime.main: this is not the list. */
	fix_u64(fix_g(&x, 0) + x.layout->start_pc, FIX_ENTRY(FIX_WORK));
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), -EPROTO);
	fix_init(&x, 26, false);
	fix_u64(x.data + MODULE_PCHEADER, 0);
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), -EPROTO);
	fix_u32(fix_table(&x), 0xfffffffbU);
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), -ENOEXEC);
	x.file[18] = EM_MIPS;
	x.file[19] = 0;
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), -ENOEXEC);
	x.file[0] = 0;
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), -ENOEXEC);
	arena_free(arena);
}

static void test_headers(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	fix_init(&x, 26, false);
	fix_two(&x);
	fix_u64(fix_g(&x, 1) + x.layout->wait_since,
	        UINT64_C(1000000000000) - 150 * UINT64_C(1000000000));
	fix_u64(fix_g(&x, 1) + x.layout->locked_m, FIX_HEAP);
	fix_u32(fix_g(&x, 1) + x.layout->status, GO_WAITING | GO_SCAN);
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), 0);
	assert_non_null(strstr(text_of(&s, &plain),
	                       "goroutine 7 [select (scan), 2 minutes, locked to thread]:\n"));
	assert_int_equal(gostack_waited_s(&s, &s.all.items[1]), 150);
	assert_int_equal(gostack_waited_s(&s, &s.all.items[0]), -1);
	/* On a processor: no stack, but who made it. */
	fix_u32(fix_g(&x, 1) + x.layout->status, GO_RUNNING);
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), 0);
	assert_int_equal(s.all.items[1].state, GOROUTINE_RUNNING);
	assert_non_null(
		strstr(text_of(&s, &plain),
	               "\tgoroutine running on other thread; stack unavailable\ncreated by "));
	/* Dead ones are counted only. */
	fix_u32(fix_g(&x, 1) + x.layout->status, GO_DEAD);
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), 0);
	assert_int_equal(s.all.count, 1);
	assert_int_equal(s.all.dead, 1);
	arena_free(arena);
}

/* A runtime frame is hidden; with --system it is there, and so are the runtime's goroutines. */
static void test_system(void **state) {
	static const struct traceback_options all = {.system = true};
	const struct fix_frame frames[] = {{FIX_PC(FIX_GOPARK), 0x10}};
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	fix_init(&x, 26, false);
	fix_two(&x);
	char *g = fix_goroutine(&x, 9, 4, frames, 1);
	fix_u64(g + x.layout->start_pc, FIX_ENTRY(FIX_GOPARK));
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), 0);
	assert_null(strstr(text_of(&s, &plain), "goroutine 9"));
	assert_non_null(strstr(text_of(&s, &all), "goroutine 9 [select]:\nruntime.gopark(...)\n"));
	arena_free(arena);
}

static void test_deep(void **state) {
	static const struct traceback_options full = {.full = true};
	(void)state;
	for (int minor = 20; minor <= 21; minor++) {
		struct arena *arena = arena_new();
		struct fixture x;
		struct gostack s;
		struct fix_frame frames[150];
		for (size_t i = 0; i < 150; i++) {
			frames[i] = (struct fix_frame){FIX_PC(FIX_WORK), 0x20};
		}
		fix_init(&x, minor, false);
		fix_two(&x);
		fix_goroutine(&x, 8, 4, frames, 150);
		const char *version = minor == 20 ? "go1.20.1" : "go1.21.1";
		assert_int_equal(open_and_read(arena, memory_of(arena, &x, version), &s), 0);
		assert_int_equal(s.all.items[2].state, GOROUTINE_CERTAIN);
		assert_non_null(strstr(text_of(&s, &plain),
		                       minor == 20 ? "\n...additional frames elided...\ncreated by"
		                                   : "\n...50 frames elided...\n"));
		struct traceback_lines lines = traceback_lines(&s, s.all.items[2].stack, &plain);
		assert_int_equal(lines.count, minor == 20 ? 100 : 150);
		assert_int_equal(traceback_lines(&s, s.all.items[2].stack, &full).count, 150);
		assert_null(strstr(text_of(&s, &full), "elided"));
		arena_free(arena);
	}
}

static void test_summary(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	fix_init(&x, 26, false);
	fix_two(&x);
	const struct fix_frame two[] = {
		{FIX_INLINED, 0x20}, {FIX_PC(FIX_EXPORTED), 0x10}, {FIX_PC(FIX_GOPARK), 0x10}};
	char *g = fix_goroutine(&x, 8, 4, two, 3);
	fix_u64(g + x.layout->wait_since, UINT64_C(1000000000000) - UINT64_C(65000000000));
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), 0);
	struct summary summary = summary_make(&s, &plain);
	assert_int_equal(summary.count, 2);
	assert_int_equal(summary.goroutines, 3);
	assert_int_equal(summary.groups[0].count, 2);
	assert_int_equal(summary.groups[0].longest_s, 65);
	assert_int_equal(summary.groups[0].first->id, 8);
	assert_int_equal(summary.groups[1].longest_s, -1);
	arena_free(arena);
}

/* ---- what moves while it is read ---- */

struct restless {
	struct memory base; /* the image */
	struct memory *image;
	uint64_t address; /* of a byte that counts */
	int moves;        /* so many reads find another value; -1: all */
	unsigned char count;
};

static int restless_read(struct memory *memory, struct memory_part *parts, size_t count) {
	struct restless *r = memory->state;
	int e = r->image->read(r->image, parts, count);
	for (size_t i = 0; i < count; i++) {
		uint64_t at = r->address - parts[i].address;
		if (r->address >= parts[i].address && at < parts[i].got) {
			((unsigned char *)parts[i].into)[at] = r->count;
			if (r->moves != 0) {
				r->count++;
				r->moves -= r->moves > 0;
			}
		}
	}
	return e;
}

static enum goroutine_state state_when(int moves) {
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	struct err err;
	fix_init(&x, 26, false);
	fix_two(&x);
	struct restless r = {.image = memory_of(arena, &x, "go1.26.3")};
	r.base = *r.image;
	r.base.read = restless_read;
	r.base.state = &r;
	assert_int_equal(gostack_open(arena, &r.base, NULL, &s, &err), 0);
	r.address = fix_g_address(1) + x.layout->sequence;
	r.moves = moves;
	assert_int_equal(gostack_read(&s, &err), 0);
	assert_int_equal(s.all.count, 2);
	assert_int_equal(s.all.items[0].state, GOROUTINE_CERTAIN);
	enum goroutine_state state = s.all.items[1].state;
	if (state == GOROUTINE_TORN) {
		assert_non_null(strstr(text_of(&s, &plain), "goroutine 7 [select, torn]:\n"));
	}
	arena_free(arena);
	return state;
}

static void test_torn(void **state) {
	(void)state;
	assert_int_equal(state_when(0), GOROUTINE_CERTAIN);
	assert_int_equal(state_when(1), GOROUTINE_CERTAIN);
	assert_int_equal(state_when(4), GOROUTINE_CERTAIN);
	assert_int_equal(state_when(-1), GOROUTINE_TORN);
}

/* A return address that leads nowhere: what was found is told, and that it is not all. */
static void test_partial(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	fix_init(&x, 26, false);
	fix_two(&x);
	uint64_t sp = bytes_get_u64(fix_g(&x, 1) + G_SCHED_SP);
	fix_u64(x.stacks + (sp + 0x10 - FIX_STACKS), 0x1234);
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), 0);
	assert_int_equal(s.all.items[1].state, GOROUTINE_PARTIAL);
	assert_int_equal(s.all.items[1].end, UNWIND_LOST);
	assert_non_null(strstr(text_of(&s, &plain),
	                       "goroutine 7 [select, partial]:\nruntime.gopark(...)\n"));
	arena_free(arena);
}

/* ---- hostile ---- */

static void test_hostile_list(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	fix_init(&x, 26, false);
	fix_two(&x);
	/* A list that says it is longer than it is. */
	fix_u64(x.data + (FIX_BSS - FIX_DATA) + 0x48, UINT64_C(1) << 23);
	fix_u64(x.data + (FIX_BSS - FIX_DATA) + 0x50, UINT64_C(1) << 23);
	assert_int_equal(open_and_read(arena, memory_of(arena, &x, "go1.26.3"), &s), 0);
	assert_int_equal(s.all.count, 2);
	assert_true(s.all.cut);
	assert_true(s.all.unreadable > 0);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_inlined),
		cmocka_unit_test(test_spoilt_table),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_unknown_release),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_hostile_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
