/* SPDX-License-Identifier: MIT
 * Who waits for whom, out of bytes: what a goroutine waits on, who has a deferred Unlock, what is
 * said when either is missing or moves, hostile lists.
 */
#include "gostack_fixture.h"

#include "gostack/why.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct why *why_of(struct arena *arena, const struct fixture *x, struct gostack *ret) {
	struct err err;
	const char *version = arena_printf(arena, "go1.%d.1", x->minor);
	struct memory *memory = memory_image_open(arena, fix_image(arena, x, version));
	assert_int_equal(gostack_open(arena, memory, NULL, ret, &err), 0);
	assert_int_equal(gostack_read(ret, &err), 0);
	return why_find(ret);
}

static void test_holder(void **state) {
	static const int minors[] = {22, 24, 25, 26, 27};
	(void)state;
	for (int arm64 = 0; arm64 <= 1; arm64++) {
		for (size_t i = 0; i < sizeof(minors) / sizeof(minors[0]); i++) {
			struct arena *arena = arena_new();
			struct fixture x;
			struct gostack s;
			fix_init(&x, minors[i], arm64 != 0);
			fix_deadlock(&x);
			struct why *why = why_of(arena, &x, &s);
			assert_int_equal(why->object_count, 1);
			const struct why_object *o = &why->objects[0];
			assert_int_equal(o->kind, WHY_MUTEX);
			assert_int_equal(o->address, FIX_MUTEX);
			assert_true(o->known && o->locked && !o->starving && !o->once);
			assert_int_equal(o->waiter_count, 1);
			assert_int_equal(s.all.items[o->waiters[0].goroutine].id, 7);
			assert_int_equal(o->holder_count, 1);
			assert_int_equal(s.all.items[o->holders[0].goroutine].id, 1);
			assert_int_equal(o->holders[0].proof, WHY_LIKELY);
			assert_int_equal(o->holders[0].reason, WHY_BY_DEFER);
			/* It sleeps: whoever waits for it is in no circle. */
			assert_int_equal(why->cycle_count, 0);
			arena_free(arena);
		}
	}
}

static size_t holders(struct fixture *x) {
	struct arena *arena = arena_new();
	struct gostack s;
	struct why *why = why_of(arena, x, &s);
	assert_int_equal(why->object_count, 1);
	size_t n = why->objects[0].holder_count;
	arena_free(arena);
	return n;
}

/* Each step of the proof is needed. */
static void test_no_holder(void **state) {
	(void)state;
	struct fixture x;
	fix_init(&x, 26, false);
	fix_deadlock(&x);
	assert_int_equal(holders(&x), 1);
	/* The closure holds something else; calls something else; the frame is not on the stack. */
	fix_heap_u64(&x, FIX_CLOSURE + 8, FIX_MUTEX + 8);
	assert_int_equal(holders(&x), 0);
	fix_heap_u64(&x, FIX_CLOSURE + 8, FIX_MUTEX);
	fix_call(&x, FIX_ENTRY(FIX_WRAP) + 0x10, FIX_ENTRY(FIX_WORK));
	assert_int_equal(holders(&x), 0);
	fix_call(&x, FIX_ENTRY(FIX_WRAP) + 0x10, FIX_ENTRY(FIX_UNLOCK));
	fix_heap_u64(&x, FIX_DEFER + 8, FIX_STACKS + 8);
	assert_int_equal(holders(&x), 0);
	/* A list that goes round is left. */
	fix_heap_u64(&x, FIX_DEFER + 32, FIX_DEFER);
	assert_int_equal(holders(&x), 0);
}

static void test_not_found(void **state) {
	(void)state;
	static const int minors[] = {25, 26};
	for (size_t i = 0; i < 2; i++) {
		struct arena *arena = arena_new();
		struct fixture x;
		struct gostack s;
		fix_init(&x, minors[i], false);
		fix_deadlock(&x);
		/* The sudog is another goroutine's. */
		fix_heap_u64(&x, FIX_SUDOG, fix_g_address(0));
		struct why *why = why_of(arena, &x, &s);
		assert_int_equal(why->object_count, 0);
		assert_int_equal(why->untold, 1);
		arena_free(arena);
	}
}

/* A channel whose list of waiters goes round, and one of a timer. */
static void test_channel(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct fixture x;
	struct gostack s;
	fix_init(&x, 27, false);
	fix_deadlock(&x);
	fix_g(&x, 1)[x.layout->wait_reason] = 6;
	fix_heap_u64(&x, FIX_SUDOG + 96, FIX_MUTEX);
	fix_heap_u64(&x, FIX_SUDOG + 72, FIX_SUDOG);
	fix_heap_u64(&x, FIX_MUTEX, 2);
	fix_heap_u64(&x, FIX_MUTEX + 8, 5);
	fix_heap_u64(&x, FIX_MUTEX + 32, FIX_HEAP);
	struct why *why = why_of(arena, &x, &s);
	assert_int_equal(why->object_count, 1);
	const struct why_object *o = &why->objects[0];
	assert_int_equal(o->kind, WHY_CHANNEL);
	assert_int_equal(o->length, 2);
	assert_int_equal(o->capacity, 5);
	assert_true(o->timer);
	assert_int_equal(o->waiters[0].how, WHY_RECEIVES);
	/* The deferred call unlocks, and closes nothing. */
	assert_int_equal(o->holder_count, 0);
	arena_free(arena);
}

/* A Cond: before go1.26 the list has to be whole, and the goroutine in it. */
static void test_cond(void **state) {
	static const int minors[] = {22, 25, 26, 27};
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(minors) / sizeof(minors[0]); i++) {
		struct arena *arena = arena_new();
		struct fixture x;
		struct gostack s;
		int minor = minors[i / 2];
		bool torn = i % 2 != 0;
		fix_init(&x, minor, false);
		fix_deadlock(&x);
		fix_g(&x, 1)[x.layout->wait_reason] = 7;
		uint64_t sp = 0;
		memcpy(&sp, fix_g(&x, 1) + G_SCHED_SP, sizeof(sp));
		fix_u64(x.stacks + (sp + 8 - FIX_STACKS), FIX_MUTEX + 16);
		fix_heap_u64(&x, FIX_SUDOG + (minor >= 26 ? 32 : 24),
		             minor < 26 ? 0
		             : torn     ? FIX_MUTEX + 17
		                        : FIX_MUTEX + 16);
		fix_heap_u64(&x, FIX_MUTEX + 32, FIX_SUDOG);
		fix_heap_u64(&x, FIX_MUTEX + 40, torn ? FIX_SUDOG + 8 : FIX_SUDOG);
		struct why *why = why_of(arena, &x, &s);
		assert_int_equal(why->object_count, torn ? 0 : 1);
		assert_int_equal(why->untold, torn ? 1 : 0);
		if (!torn) {
			assert_int_equal(why->objects[0].kind, WHY_COND);
			assert_int_equal(why->objects[0].address, FIX_MUTEX);
			assert_int_equal(why->objects[0].waiters[0].how, WHY_AWAITS_SIGNAL);
			assert_int_equal(why->cycle_count, 0);
		}
		arena_free(arena);
	}
}

/* ---- what moves ---- */

struct restless {
	struct memory base;
	struct memory *image;
	uint64_t address; /* of a byte that counts once it is set */
	unsigned char count;
};

static int restless_read(struct memory *memory, struct memory_part *parts, size_t count) {
	struct restless *r = memory->state;
	int e = r->image->read(r->image, parts, count);
	for (size_t i = 0; i < count; i++) {
		uint64_t at = r->address - parts[i].address;
		if (r->address >= parts[i].address && at < parts[i].got) {
			((unsigned char *)parts[i].into)[at] = r->count++;
		}
	}
	return e;
}

/* One that ran while it was looked at: nothing is said of it. */
static void test_moved(void **state) {
	(void)state;
	for (size_t index = 0; index < 2; index++) {
		struct arena *arena = arena_new();
		struct fixture x;
		struct gostack s;
		struct err err;
		fix_init(&x, 26, false);
		fix_deadlock(&x);
		struct restless r = {
			.image = memory_image_open(arena, fix_image(arena, &x, "go1.26.1"))};
		r.base = *r.image;
		r.base.read = restless_read;
		r.base.state = &r;
		assert_int_equal(gostack_open(arena, &r.base, NULL, &s, &err), 0);
		assert_int_equal(gostack_read(&s, &err), 0);
		r.address = fix_g_address(index) + x.layout->sequence;
		r.count = 100;
		struct why *why = why_find(&s);
		assert_int_equal(why->object_count, index == 0 ? 1 : 0);
		assert_int_equal(why->moved, index);
		if (index == 0) {
			assert_int_equal(why->objects[0].holder_count, 0);
		}
		arena_free(arena);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holder),    cmocka_unit_test(test_no_holder),
		cmocka_unit_test(test_not_found), cmocka_unit_test(test_channel),
		cmocka_unit_test(test_moved),     cmocka_unit_test(test_cond),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
