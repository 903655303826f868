/* SPDX-License-Identifier: MIT */
#include "gostack/running.h"

#include "base/str.h"
#include "gostack/bytes.h"

#include <elf.h>
#include <stdlib.h>

#define SIGNALS_MAX     8 /* one in the other */
#define SIGNAL_FRAMES   ((size_t)256)
#define SIGNAL_STACK    ((uint64_t)1 << 20) /* no signal stack is larger */
#define RUNNING_MAX     ((size_t)65536)     /* goroutines that are looked at */
#define FRAME_BYTES_MAX ((size_t)456)       /* of a signal frame that are read */

struct running {
	struct memory *memory;
	const struct go_arch *arch;
	const struct go_layout *layout;
	struct symbols *symbols;
	char *window;
	uint32_t *frames; /* FRAMES_MAX */
};

static bool inside(uint64_t sp, uint64_t low, uint64_t high) {
	return low < sp && sp < high;
}

static bool word(const struct running *r, uint64_t address, uint64_t *ret) {
	return address != 0 && memory_get(r->memory, address, ret, 8) == 0;
}

/* The registers a signal interrupted; frame: where the kernel put ucontext (amd64) or siginfo,
 * followed by ucontext (arm64). */
static bool interrupted(const struct running *r, uint64_t frame, struct memory_registers *ret) {
	char bytes[FRAME_BYTES_MAX];
	bool arm = r->arch->link_register;
	uint64_t context = frame + (arm ? 128 : 0);
	if (memory_get(r->memory, context, bytes, sizeof(bytes)) < 0) {
		return false;
	}
	*ret = arm ? (struct memory_registers){.g = bytes_get_u64(bytes + 408),
	                                       .lr = bytes_get_u64(bytes + 424),
	                                       .sp = bytes_get_u64(bytes + 432),
	                                       .pc = bytes_get_u64(bytes + 440)}
	           : (struct memory_registers){.g = bytes_get_u64(bytes + 88),
	                                       .sp = bytes_get_u64(bytes + 160),
	                                       .pc = bytes_get_u64(bytes + 168)};
	return true;
}

/* Follows the handler's frames down to sigtramp, which the kernel called: its stack pointer was the
 * address of the signal frame; on amd64 above the address it returns to. */
static bool leave_handler(struct running *r, uint64_t low, uint64_t high,
                          struct memory_registers *regs) {
	uint64_t sps[SIGNAL_FRAMES];
	uint32_t frames[SIGNAL_FRAMES];
	size_t count = 0;
	struct unwind_start start = {.pc = regs->pc, .sp = regs->sp, .lr = regs->lr, .exact = true};
	struct unwind_stack stack = {.memory = r->memory,
	                             .low = low,
	                             .high = high,
	                             .base = regs->sp,
	                             .window = r->window,
	                             .sps = sps};
	(void)unwind(r->arch, r->symbols, &stack, &start, frames, SIGNAL_FRAMES, &count);
	for (size_t i = 0; i < count; i++) {
		const struct go_pc *p = &r->symbols->pcs[frames[i]];
		if (streq(symbols_function(r->symbols, p->pc), "runtime.sigtramp") &&
		    p->frame >= 0) {
			uint64_t frame = sps[i] + (uint64_t)p->frame + r->arch->return_bytes;
			return inside(frame, low, high) && interrupted(r, frame, regs);
		}
	}
	return false;
}

/* What was sampled of a live thread belongs to the goroutine when its stack is that of the goroutine,
 * and was before and after: a stack is given to another goroutine only when that has ended, and no
 * number of a goroutine is used twice. */
static bool is_still(const struct running *r, const struct goroutine *g) {
	struct goroutine now;
	return goroutine_read(r->memory, r->arch, r->layout, g->address, &now) && now.id == g->id &&
	       now.stack_low == g->stack_low && now.stack_high == g->stack_high;
}

/* Registers in the goroutine's own code, or what it was saved with when the thread left its stack. */
static bool find_start(struct running *r, const struct goroutine *g, struct unwind_start *ret,
                       struct slice *ret_stack) {
	struct memory_registers regs;
	uint64_t current = 0, handler = 0, low = 0, high = 0;
	if (r->memory->registers(r->memory, g->thread, &regs) < 0 ||
	    !word(r, g->m + r->layout->m_current, &current) || current != g->address) {
		return false;
	}
	*ret_stack = regs.stack;
	if (regs.stack.len > 0) {
		*ret = (struct unwind_start){
			.pc = regs.pc, .sp = regs.sp, .lr = regs.lr, .exact = true};
		return inside(regs.sp, g->stack_low, g->stack_high) && is_still(r, g);
	}
	bool has_handler = word(r, g->m + r->layout->m_thread + 8, &handler) &&
	                   word(r, handler + G_STACK_LO, &low) &&
	                   word(r, handler + G_STACK_HI, &high) && low < high &&
	                   high - low <= SIGNAL_STACK;
	/* A signal may come while another is handled. */
	for (int i = 0; has_handler && inside(regs.sp, low, high); i++) {
		if (i == SIGNALS_MAX || !leave_handler(r, low, high, &regs)) {
			return false;
		}
	}
	if (inside(regs.sp, g->stack_low, g->stack_high)) {
		*ret = (struct unwind_start){
			.pc = regs.pc, .sp = regs.sp, .lr = regs.lr, .exact = true};
		return true;
	}
	/* systemstack clears what it saved when it is back: 0 is no place. */
	*ret = (struct unwind_start){.pc = g->pc, .sp = g->sp, .lr = g->lr};
	return inside(g->sp, g->stack_low, g->stack_high);
}

static void read_one(struct running *r, struct arena *arena, struct goroutine *g,
                     struct goroutines *all) {
	struct unwind_start start;
	size_t count = 0;
	struct slice sampled;
	if (!find_start(r, g, &start, &sampled)) {
		return;
	}
	struct unwind_stack stack = {.memory = r->memory,
	                             .low = g->stack_low,
	                             .high = g->stack_high,
	                             .base = start.sp,
	                             .bytes = sampled,
	                             .window = sampled.len > 0 ? NULL : r->window};
	enum unwind_end end =
		unwind(r->arch, r->symbols, &stack, &start, r->frames, FRAMES_MAX, &count);
	if (end != UNWIND_COMPLETE) {
		return;
	}
	uint32_t index = goroutines_add_stack(arena, all, r->frames, count);
	if (index != STACK_NONE) {
		g->stack = index;
		g->end = end;
		g->state = GOROUTINE_CERTAIN;
	}
}

void running_read(struct arena *arena, struct memory *memory, const struct go_arch *arch,
                  const struct go_layout *layout, struct symbols *symbols, struct goroutines *all) {
	size_t looked_at = 0;
	if (!memory->registers) {
		return;
	}
	struct running r = {.memory = memory, .arch = arch, .layout = layout, .symbols = symbols};
	r.window = malloc(UNWIND_WINDOW);
	r.frames = malloc(FRAMES_MAX * sizeof(*r.frames));
	for (size_t i = 0; i < all->count && r.window && r.frames; i++) {
		struct goroutine *g = &all->items[i];
		if (g->state == GOROUTINE_RUNNING && g->thread != 0 && looked_at++ < RUNNING_MAX) {
			read_one(&r, arena, g, all);
		}
	}
	free(r.window);
	free(r.frames);
}
