/* SPDX-License-Identifier: MIT
 * Goroutines out of a hostile image of a process (gostack/memory.h): its executable, its tables, its
 * memory. Whatever they say, reading ends, stays inside, and what is told holds together.
 */
#include "gostack/summary.h"
#include "gostack/why.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
	if (!holds) {
		abort();
	}
}

static void check_goroutines(const struct gostack *s) {
	const struct goroutines *all = &s->all;
	check(all->count + all->dead <= all->listed);
	for (size_t i = 0; i < all->count; i++) {
		const struct goroutine *g = &all->items[i];
		check(g->stack == STACK_NONE || g->stack < all->stack_count);
		check(g->state != GOROUTINE_CERTAIN || g->stack != STACK_NONE);
	}
	for (size_t i = 0; i < all->stack_count; i++) {
		check(all->stacks[i].count > 0 && all->stacks[i].count <= FRAMES_MAX);
		for (uint32_t k = 0; k < all->stacks[i].count; k++) {
			check(all->stacks[i].pcs[k] < s->symbols.pc_count);
		}
	}
	for (size_t i = 0; i < s->symbols.pc_count; i++) {
		const struct go_pc *p = &s->symbols.pcs[i];
		check(p->first_line + p->line_count <= s->symbols.line_count);
	}
}

static void check_text(struct gostack *s, const struct traceback_options *options) {
	struct traceback_place next = {0};
	struct strbuf out;
	strbuf_init(&out, s->arena);
	while (traceback_text(&out, s, options, &next)) {
	}
	struct summary summary = summary_make(s, options);
	size_t goroutines = 0;
	for (size_t i = 0; i < summary.count; i++) {
		goroutines += summary.groups[i].count;
	}
	check(goroutines == summary.goroutines);
	summary_text(&out, s, &summary, options);
}

static void check_why(struct gostack *s) {
	struct why *why = why_find(s);
	struct strbuf out;
	for (size_t i = 0; i < why->object_count; i++) {
		const struct why_object *o = &why->objects[i];
		check(o->waiter_count > 0);
		for (size_t k = 0; k < o->waiter_count; k++) {
			check(o->waiters[k].goroutine < s->all.count);
		}
		for (size_t k = 0; k < o->holder_count; k++) {
			check(o->holders[k].goroutine < s->all.count);
			check(k == 0 || o->holders[k - 1].proof <= o->holders[k].proof);
		}
	}
	for (size_t i = 0; i < why->cycle_count; i++) {
		const struct why_cycle *c = &why->cycles[i];
		check(c->count > 0 && c->proof != WHY_POSSIBLE);
		for (size_t k = 0; k < c->count; k++) {
			check(c->goroutines[k] < s->all.count);
			check(c->objects[k] < why->object_count);
		}
	}
	strbuf_init(&out, s->arena);
	why_text(&out, s, why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const struct traceback_options plain = {0};
	static const struct traceback_options all = {.system = true, .full = true};
	struct arena *arena = arena_new();
	struct gostack stack;
	struct err err;
	struct memory *memory = memory_image_open(arena, slice_of((const char *)data, size));
	if (gostack_open(arena, memory, NULL, &stack, &err) == 0 &&
	    gostack_read(&stack, &err) == 0) {
		check_goroutines(&stack);
		check_text(&stack, &plain);
		check_text(&stack, &all);
		check_why(&stack);
	}
	arena_free(arena);
	return 0;
}
