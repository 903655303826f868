/* SPDX-License-Identifier: MIT
 * Who has a lock by the code of its function: each step of the proof is needed.
 */
#include "gostack_fixture.h"

#include "gostack/insn.h"
#include "gostack/why.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- instructions ---- */

static struct insn one(bool arm64, const char *bytes, size_t len) {
	struct insn two[2] = {0};
	size_t n = arm64 ? insn_arm64(slice_of(bytes, len), 0x1000, two)
	                 : insn_amd64(slice_of(bytes, len), 0x1000, two);
	assert_int_equal(n, 1);
	assert_int_equal(two[0].bytes, len);
	return two[0];
}

#define AMD64(bytes) one(false, bytes, sizeof(bytes) - 1)
#define ARM64(bytes) one(true, bytes, 4)

static void test_amd64(void **state) {
	(void)state;
	struct insn i = AMD64("\x48\x89\xc2"); /* mov %rax,%rdx */
	assert_true(i.kind == INSN_MOVE && i.into == 2 && i.from == 0);
	i = AMD64("\x48\x8b\x4c\x24\x18"); /* mov 0x18(%rsp),%rcx */
	assert_true(i.kind == INSN_LOAD && i.into == 1 && i.base == INSN_SP && i.add == 0x18);
	i = AMD64("\x4c\x89\x84\x24\x00\x01\x00\x00"); /* mov %r8,0x100(%rsp) */
	assert_true(i.kind == INSN_STORE && i.from == 8 && i.base == INSN_SP && i.add == 0x100);
	i = AMD64("\x48\x8d\x70\x10"); /* lea 0x10(%rax),%rsi */
	assert_true(i.kind == INSN_MOVE && i.into == 6 && i.from == 0 && i.add == 0x10);
	i = AMD64("\x48\x8d\x05\x08\x00\x00\x00"); /* lea 8(%rip),%rax */
	assert_true(i.kind == INSN_MOVE && i.from == INSN_ABSOLUTE && i.add == 0x100f);
	i = AMD64("\x48\x83\xc0\x10"); /* add $0x10,%rax */
	assert_true(i.kind == INSN_MOVE && i.into == 0 && i.from == 0 && i.add == 0x10);
	i = AMD64("\xf0\x0f\xb1\x7a\x10"); /* lock cmpxchg %edi,0x10(%rdx) */
	assert_true(i.kind == INSN_SWAP && i.base == 2 && i.add == 0x10 && i.spoils == 1);
	i = AMD64("\xf0\x0f\xc1\x5a\x10"); /* lock xadd %ebx,0x10(%rdx) */
	assert_true(i.kind == INSN_ADD && i.base == 2 && i.add == 0x10 && i.spoils == 8);
	i = AMD64("\x48\x8b\x54\xcc\x20"); /* mov 0x20(%rsp,%rcx,8),%rdx */
	assert_true(i.kind == INSN_LOAD && i.base == INSN_SP && i.indexed);
	i = AMD64("\x44\x0f\x11\x7c\x24\x20"); /* movups %xmm15,0x20(%rsp) */
	assert_true(i.kind == INSN_OTHER && i.spoils == 0 && i.writes_bytes == 16);
	i = AMD64("\x84\x00"); /* test %al,(%rax) */
	assert_true(i.spoils == 0 && i.writes_bytes == 0);
	i = AMD64("\xe8\x00\x01\x00\x00");
	assert_true(i.kind == INSN_CALL && i.target == 0x1105);
	i = AMD64("\xff\xd0"); /* call *%rax */
	assert_true(i.kind == INSN_CALL && i.target == 0);
	i = AMD64("\x0f\x86\xcb\x00\x00\x00");
	assert_true(i.kind == INSN_BRANCH && i.target == 0x10d1);
	i = AMD64("\xeb\xfe");
	assert_true(i.kind == INSN_JUMP && i.target == 0x1000);
	i = AMD64("\xff\x24\xc8"); /* jmp *(%rax,%rcx,8) */
	assert_true(i.kind == INSN_LOST);
	i = AMD64("\xc5\xfe\x6f\x06"); /* vmovdqu (%rsi),%ymm0 */
	assert_true(i.kind == INSN_OTHER && i.spoils == 0);
	i = AMD64("\x62\xf1\xfe\x48\x7f\x07"); /* vmovdqu64 %zmm0,(%rdi) */
	assert_true(i.kind == INSN_OTHER && i.writes_bytes == 64);
	i = AMD64("\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08"); /* movabs */
	assert_true(i.kind == INSN_OTHER && i.spoils == 1);
	i = AMD64("\xf3\x48\xab"); /* rep stos */
	assert_true(i.kind == INSN_FILL && i.from == 7);
	struct insn none[2];
	assert_int_equal(insn_amd64(slice_of("\x48\x8b", 2), 0, none), 0);
	assert_int_equal(insn_amd64(slice_of("", 0), 0, none), 0);
}

static void test_arm64(void **state) {
	(void)state;
	struct insn i = ARM64("\xe0\x03\x04\xaa"); /* mov x0, x4 */
	assert_true(i.kind == INSN_MOVE && i.into == 0 && i.from == 4);
	i = ARM64("\x03\x40\x00\x91"); /* add x3, x0, #16 */
	assert_true(i.kind == INSN_MOVE && i.into == 3 && i.from == 0 && i.add == 16);
	i = ARM64("\xfd\x23\x00\xd1"); /* sub x29, sp, #8 */
	assert_true(i.kind == INSN_MOVE && i.into == 29 && i.from == INSN_SP && i.add == -8);
	i = ARM64("\xe0\x27\x00\xf9"); /* str x0, [sp, #72] */
	assert_true(i.kind == INSN_STORE && i.from == 0 && i.base == INSN_SP && i.add == 72);
	i = ARM64("\xe2\x2f\x40\xf9"); /* ldr x2, [sp, #88] */
	assert_true(i.kind == INSN_LOAD && i.into == 2 && i.base == INSN_SP && i.add == 88);
	i = ARM64("\xfb\x08\x00\xb0"); /* adrp x27 */
	assert_true(i.kind == INSN_MOVE && i.from == INSN_ABSOLUTE && i.add == 0x11e000);
	i = ARM64("\x64\xfc\xfb\x88"); /* casal w27, w4, [x3] */
	assert_true(i.kind == INSN_SWAP && i.base == 3 && i.spoils == (1U << 27 | 1U << 4));
	i = ARM64("\x24\x00\xe3\xb8"); /* ldaddal w3, w4, [x1] */
	assert_true(i.kind == INSN_ADD && i.base == 1);
	i = ARM64("\x64\xfc\x1b\x88"); /* stlxr w27, w4, [x3] */
	assert_true(i.kind == INSN_EXCLUSIVE && i.base == 3);
	i = ARM64("\x64\x33\x71\x39"); /* ldrb w4, [x27, #3148] */
	assert_true(i.kind == INSN_OTHER && i.spoils == 1U << 4 && i.writes_bytes == 0);
	i = ARM64("\x65\xfc\x5f\x88"); /* ldaxr w5, [x3] */
	assert_true(i.kind == INSN_SWAP && i.base == 3 && (i.spoils & (1U << 3)) == 0 &&
	            (i.spoils & (1U << 5)) != 0);
	i = ARM64("\xfe\x07\x43\xf8"); /* ldr x30, [sp], #48 */
	assert_true((i.spoils & (1U << 30)) != 0);
	i = ARM64("\x61\x84\x40\xf8"); /* ldr x1, [x3], #8 */
	assert_true((i.spoils & (1U << 3)) != 0);
	i = ARM64("\x42\x78\x61\xf8"); /* ldr x2, [x2, x1, lsl #3] */
	assert_true(i.kind == INSN_LOAD && i.into == 2 && i.base == 2 && i.indexed);
	i = ARM64("\x00\x00\x3f\xd6"); /* blr x0 */
	assert_true(i.kind == INSN_CALL && i.target == 0);
	i = ARM64("\xff\xff\xff\x97"); /* bl */
	assert_true(i.kind == INSN_CALL && i.target == 0xffc);
	i = ARM64("\xa5\x00\x00\x37"); /* tbnz w5, #0 */
	assert_true(i.kind == INSN_BRANCH && i.target == 0x1014);
	i = ARM64("\x9b\xff\xff\xb5"); /* cbnz x27 */
	assert_true(i.kind == INSN_BRANCH && i.target == 0xff0);
	i = ARM64("\xc0\x03\x5f\xd6"); /* ret */
	assert_true(i.kind == INSN_END);
	struct insn two[2];
	assert_int_equal(insn_arm64(slice_of("\xe0\x87\x00\xa9", 4), 0, two), 2); /* stp x0, x1 */
	assert_true(two[0].kind == INSN_STORE && two[0].from == 0 && two[0].add == 8);
	assert_true(two[1].from == 1 && two[1].add == 16);
	assert_int_equal(two[0].bytes + two[1].bytes, 4);
}

/* ---- a function ---- */

#define MAPS 0x40 /* in the function data */

struct writer {
	struct fixture *x;
	uint64_t at;
};

static void add_bytes(struct writer *w, const char *bytes, size_t len) {
	memcpy(w->x->file + (w->at - UINT64_C(0x400000)), bytes, len);
	w->at += len;
}

static void add_call(struct writer *w, unsigned function) {
	fix_call(w->x, w->at, FIX_ENTRY(function));
	w->at += w->x->arm64 ? 4 : 5;
}

/* To and from the word at 16(SP). */
static void add_store(struct writer *w) {
	add_bytes(w, w->x->arm64 ? "\xe0\x0b\x00\xf9" : "\x48\x89\x44\x24\x10",
	          w->x->arm64 ? 4 : 5);
}

static void add_load(struct writer *w) {
	add_bytes(w, w->x->arm64 ? "\xe0\x0b\x40\xf9" : "\x48\x8b\x44\x24\x10",
	          w->x->arm64 ? 4 : 5);
}

/* Over the next call, or not. */
static void add_branch(struct writer *w) {
	add_bytes(w, w->x->arm64 ? "\x41\x00\x00\xb4" : "\x74\x05", w->x->arm64 ? 4 : 2);
}

static void add_return(struct writer *w) {
	add_bytes(w, w->x->arm64 ? "\xc0\x03\x5f\xd6" : "\xc3", w->x->arm64 ? 4 : 1);
}

enum variant {
	HOLDS,
	ALREADY_GIVEN,  /* Unlock before the call */
	PERHAPS_LOCKED, /* a way round Lock */
	NEVER_GIVES,    /* no Unlock behind */
	NOT_ALIVE,      /* no map names the word */
	OVERWRITTEN,    /* the word is another one when it calls */
	OTHER_LOCK,     /* the word points to something else */
	INLINED,        /* Lock is a compare and swap, and the function for the rest */
	JUMPS_BY_TABLE,
	LENT, /* who it has called gives the lock back first */
};

/* The code of main.work; returns where the call returns to. */
static uint64_t add_code(struct fixture *x, enum variant v) {
	struct writer w = {x, FIX_ENTRY(FIX_WORK)};
	add_store(&w);
	if (v == PERHAPS_LOCKED) {
		add_branch(&w);
	}
	if (v == INLINED && !x->arm64) {
		add_bytes(&w, "\xf0\x0f\xb1\x08\x74\x05", 6); /* lock cmpxchg %ecx,(%rax); je */
	} else if (v == INLINED) {
		add_bytes(&w, "\x01\xfc\xe2\x88\x41\x00\x00\xb4", 8); /* casal w2, w1, [x0]; cbz */
	}
	add_call(&w, FIX_LOCK);
	if (v == OVERWRITTEN) {
		add_store(&w);
	}
	if (v == ALREADY_GIVEN) {
		add_load(&w);
		add_call(&w, FIX_UNLOCK);
	}
	if (v == JUMPS_BY_TABLE) {
		add_bytes(&w, x->arm64 ? "\x60\x00\x1f\xd6" : "\xff\xe3", x->arm64 ? 4 : 2);
	}
	add_call(&w, FIX_EXPORTED);
	uint64_t back = w.at;
	add_load(&w);
	add_call(&w, v == NEVER_GIVES ? FIX_WRAP : FIX_UNLOCK);
	add_return(&w);
	/* The innermost function of the program, when it is there. */
	w.at = FIX_ENTRY(FIX_WRAP);
	add_call(&w, FIX_UNLOCK);
	w.at = FIX_PC(FIX_WRAP) - (x->arm64 ? 4 : 5);
	add_call(&w, FIX_EXPORTED);
	add_return(&w);
	return back;
}

/* One word of variables, alive; no arguments, no objects. */
static void add_maps(struct fixture *x, unsigned function, bool alive) {
	size_t fixed = x->minor < 20 ? 40 : 44;
	char *p = fix_table(x) + FIX_FTAB + 0x80 + 0x50 * function + fixed + 12;
	char *maps = x->file + (FIX_GOFUNC + MAPS - UINT64_C(0x400000));
	fix_u32(p, UINT32_MAX);
	fix_u32(p + 4, MAPS);
	fix_u32(p + 8, UINT32_MAX);
	fix_u32(maps, 1);
	fix_u32(maps + 4, 1);
	maps[8] = alive ? 1 : 0;
}

static struct why_holder found(int minor, bool arm64, enum variant v, size_t *ret_count) {
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	struct err err;
	struct why_holder ret = {0};
	fix_init(&x, minor, arm64);
	uint64_t back = add_code(&x, v);
	add_maps(&x, FIX_WORK, v != NOT_ALIVE);
	fix_deadlock(&x);
	fix_u64(fix_g(&x, 0) + G_DEFER, 0);
	const struct fix_frame plain[] = {
		{back, 0x20}, {FIX_PC(FIX_EXPORTED), 0x10}, {FIX_PC(FIX_GOPARK), 0x10}};
	const struct fix_frame lent[] = {{back, 0x20},
	                                 {FIX_PC(FIX_WRAP), 0x10},
	                                 {FIX_PC(FIX_EXPORTED), 0x10},
	                                 {FIX_PC(FIX_GOPARK), 0x10}};
	fix_goroutine(&x, 9, 3, v == LENT ? lent : plain, v == LENT ? 4 : 3);
	uint64_t top = FIX_STACKS + 3 * FIX_STACK - (arm64 ? 48 : 32);
	uint64_t sp = top - 0x20 - (arm64 ? 0 : 8);
	fix_u64(x.stacks + (sp + 0x10 - FIX_STACKS), FIX_MUTEX - (v == OTHER_LOCK ? 8 : 0));
	struct memory *memory = memory_image_open(
		arena, fix_image(arena, &x, arena_printf(arena, "go1.%d.1", minor)));
	assert_int_equal(gostack_open(arena, memory, NULL, &s, &err), 0);
	assert_int_equal(gostack_read(&s, &err), 0);
	struct why *why = why_find(&s);
	assert_int_equal(why->object_count, 1);
	*ret_count = why->objects[0].holder_count;
	if (*ret_count > 0) {
		ret = why->objects[0].holders[0];
		assert_int_equal(s.all.items[ret.goroutine].id, 9);
		ret.where = NULL;
	}
	arena_free(arena);
	return ret;
}

static void test_code(void **state) {
	static const struct {
		enum variant v;
		size_t count;
		enum why_reason reason;
	} cases[] = {
		{HOLDS, 1, WHY_BY_CODE},
		{INLINED, 1, WHY_BY_CODE},
		{ALREADY_GIVEN, 1, WHY_BY_REFERENCE},
		{PERHAPS_LOCKED, 1, WHY_BY_REFERENCE},
		{NEVER_GIVES, 1, WHY_BY_REFERENCE},
		{OVERWRITTEN, 1, WHY_BY_REFERENCE},
		{JUMPS_BY_TABLE, 1, WHY_BY_REFERENCE},
		{LENT, 1, WHY_BY_REFERENCE},
		{NOT_ALIVE, 0, 0},
		{OTHER_LOCK, 0, 0},
	};
	static const int minors[] = {22, 25, 27};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < 6; k++) {
			size_t count = 0;
			struct why_holder h = found(minors[k % 3], k >= 3, cases[i].v, &count);
			if (count != cases[i].count ||
			    (count > 0 &&
			     (h.reason != cases[i].reason ||
			      h.proof != (h.reason == WHY_BY_CODE ? WHY_LIKELY : WHY_POSSIBLE)))) {
				fail_msg("variant %d, go1.%d%s: %zu, reason %d, proof %d",
				         (int)cases[i].v, minors[k % 3], k >= 3 ? " arm64" : "",
				         count, (int)h.reason, (int)h.proof);
			}
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_amd64),
		cmocka_unit_test(test_arm64),
		cmocka_unit_test(test_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
