/* SPDX-License-Identifier: MIT
 * Who may let the waiting ones go on: out of the stacks of all goroutines that hold still.
 */
#include "base/str.h"
#include "base/vec.h"
#include "gostack/bytes.h"
#include "gostack/why.h"

#include <elf.h>
#include <stdlib.h>

#define GLOBALS_MAX ((size_t)16)
#define INSIDE_MAX  ((uint64_t)4096) /* a lock so far inside a struct */
#define CLAIMS_MAX  ((size_t)16)
#define FRAMES_SEEN ((size_t)1024) /* innermost frames of a goroutine that are looked at */
#define SUDOG_ELEM  32             /* since go1.26 */

struct search {
	struct gostack *s;
	struct why *why;
	struct code_cache *cache;
	char *stack;        /* WHY_STACK_MAX */
	size_t stack_bytes; /* of it that were read */
	uint32_t pcs[FRAMES_SEEN];
	uint64_t sps[FRAMES_SEEN];
	struct deferred defers[DEFERS_MAX];
	struct defer_frames frames;
	uint32_t goroutine;
	const struct goroutine *g;
	uint64_t given_back; /* the lock it gave back while it waits in sync.Cond.Wait; 0: none */
	bool gives_back;     /* it waits there, and the lock may be any */
	uint64_t globals[GLOBALS_MAX];
	uint8_t *global_no[GLOBALS_MAX]; /* by index of pc: 1 when that code does not hold it */
	size_t global_count;
	size_t global_pcs;
	uint64_t *locks; /* addresses, ascending */
	size_t lock_count;
	uint64_t lowest, highest; /* a word outside of these is no pointer that matters */
	struct {
		struct why_object *object;
		size_t frame;
	} claims[CLAIMS_MAX];
	size_t claim_count;
};

static void add_holder(struct search *x, struct why_object *o, struct why_holder h) {
	h.goroutine = x->goroutine;
	for (size_t i = 0; i < o->holder_count; i++) {
		if (o->holders[i].goroutine == h.goroutine) {
			if (h.proof < o->holders[i].proof) {
				o->holders[i] = h;
			}
			return;
		}
	}
	if (o->holder_count == WHY_HOLDERS_MAX) {
		o->dropped = true;
		return;
	}
	VEC_ROOM(x->s->arena, o->holders, o->holder_count, &o->holder_slots);
	o->holders[o->holder_count++] = h;
}

/* Waiters stand in the order of the goroutines. */
static bool waits_on(const struct why_object *o, uint32_t goroutine) {
	size_t low = 0;
	size_t high = o->waiter_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (o->waiters[middle].goroutine < goroutine) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < o->waiter_count && o->waiters[low].goroutine == goroutine;
}

/* ---- a goroutine and its frames ---- */

static bool read_stack(struct search *x, uint32_t index) {
	struct gostack *s = x->s;
	const struct goroutine *g = &s->all.items[index];
	if (g->state != GOROUTINE_CERTAIN || g->stack == STACK_NONE || g->status == GO_RUNNING) {
		return false;
	}
	struct unwind_start start = goroutine_start(g);
	uint64_t left = g->stack_high - start.sp;
	struct memory_part part = {start.sp, x->stack,
	                           left < WHY_STACK_MAX ? (size_t)left : WHY_STACK_MAX, 0};
	if (memory_read(s->memory, &part, 1) < 0 || part.got < 8) {
		return false;
	}
	x->stack_bytes = part.got;
	x->claim_count = 0;
	x->goroutine = index;
	x->g = g;
	size_t count = 0;
	struct unwind_stack stack = {.memory = s->memory,
	                             .low = g->stack_low,
	                             .high = g->stack_high,
	                             .base = start.sp,
	                             .bytes = slice_of(x->stack, part.got),
	                             .sps = x->sps};
	(void)unwind(s->arch, &s->symbols, &stack, &start, x->pcs, FRAMES_SEEN, &count);
	x->frames = (struct defer_frames){x->pcs, x->sps, count};
	return true;
}

/* sync.Cond.Wait gives its lock back while it waits. Since go1.26 the goroutine tells which Cond: its
 * notifyList lies behind the Locker, an interface whose second word is the lock. */
static void find_given_back(struct search *x) {
	uint64_t list = 0;
	x->given_back = 0;
	x->gives_back = str_starts(gostack_status(x->s, x->g), "sync.Cond.Wait");
	if (x->gives_back && x->s->minor >= 26 &&
	    memory_get(x->s->memory, x->g->waiting + SUDOG_ELEM, &list, 8) == 0 &&
	    memory_get(x->s->memory, list - 8, &x->given_back, 8) == 0) {
		x->gives_back = x->given_back == 0;
	}
}

static const struct go_line *frame_line(const struct search *x, uint32_t pc) {
	const struct go_pc *p = &x->s->symbols.pcs[pc];
	return p->line_count > 0 ? &x->s->symbols.lines[p->first_line + p->line_count - 1U] : NULL;
}

/* ---- deferred calls ---- */

static bool releases(const struct why_object *o, uint8_t calls) {
	static const uint8_t releasing[] = {
		[WHY_CHANNEL] = CALLS_CLOSE,
		[WHY_MUTEX] = CALLS_UNLOCK,
		[WHY_RWMUTEX] = CALLS_RUNLOCK | CALLS_RW_UNLOCK,
		[WHY_WAITGROUP] = CALLS_DONE,
	};
	return (calls & releasing[o->kind]) != 0;
}

/* One that waits for the very lock it will give back: it has it only when an outer function locked
 * it. In the function that calls Lock it has given it back before, and takes it again. */
static bool locks_itself(const struct search *x, const struct why_object *o, uint32_t frame_pc) {
	if (!waits_on(o, x->goroutine)) {
		return true;
	}
	for (size_t i = 0; i < x->frames.count; i++) {
		const struct go_line *line = frame_line(x, x->pcs[i]);
		if (line && !str_starts(line->function, "runtime.") &&
		    !str_starts(line->function, "sync.") &&
		    !str_starts(line->function, "internal/sync.")) {
			return x->pcs[i] != frame_pc;
		}
	}
	return false;
}

static void look_at_defers(struct search *x) {
	size_t n = defers_pending(x->s, x->cache, x->g, &x->frames, x->defers);
	for (size_t i = 0; i < n; i++) {
		const struct deferred *d = &x->defers[i];
		size_t words = d->only && d->word_count > 1 ? 1 : d->word_count;
		for (size_t k = 0; k < words && d->calls != 0; k++) {
			struct why_object *o = why_object_at(x->why, d->words[k]);
			if (!o || !releases(o, d->calls) || o->address == x->given_back) {
				continue;
			}
			const struct go_line *where = frame_line(x, d->pc);
			bool once =
				d->only && where && streq(where->function, "sync.(*Once).doSlow");
			/* doSlow takes the lock first, and defers then. */
			if (!once && !locks_itself(x, o, d->pc)) {
				continue;
			}
			enum why_proof proof = once            ? WHY_PROVEN
			                       : x->gives_back ? WHY_POSSIBLE
			                                       : WHY_LIKELY;
			add_holder(
				x, o,
				(struct why_holder){.proof = proof,
			                            .reason = once ? WHY_BY_ONCE : WHY_BY_DEFER,
			                            .calls = d->calls,
			                            .where = once ? why_line(x->s, x->g) : where});
		}
	}
}

/* ---- pointers and code ---- */

/* The frame that holds an address of the stack. */
static size_t frame_at(const struct search *x, uint64_t address) {
	size_t i = 0;
	while (i + 1 < x->frames.count && x->sps[i + 1] <= address) {
		i++;
	}
	return i;
}

static bool is_lock(const struct why_object *o) {
	return o->kind == WHY_MUTEX || o->kind == WHY_RWMUTEX;
}

static int by_address(const void *left, const void *right) {
	const uint64_t *a = left;
	const uint64_t *b = right;
	return *a < *b ? -1 : *a > *b;
}

/* The first lock at or behind an address, when it may be part of what lies there. */
static struct why_object *lock_from(const struct search *x, uint64_t address) {
	size_t low = 0;
	size_t high = x->lock_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (x->locks[middle] < address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < x->lock_count && x->locks[low] - address < INSIDE_MAX
	               ? why_object_at(x->why, x->locks[low])
	               : NULL;
}

/* All addresses in order, and between which a word has to be to matter. */
static void sort_objects(struct search *x) {
	x->locks = arena_array_of(x->s->arena, uint64_t, x->why->object_count);
	x->lowest = UINT64_MAX;
	for (size_t i = 0; i < x->why->object_count; i++) {
		const struct why_object *o = &x->why->objects[i];
		uint64_t first = o->address > INSIDE_MAX ? o->address - INSIDE_MAX : 1;
		x->lowest = first < x->lowest ? first : x->lowest;
		x->highest = o->address > x->highest ? o->address : x->highest;
		if (is_lock(o)) {
			x->locks[x->lock_count++] = o->address;
		}
	}
	if (x->lock_count > 0) {
		qsort(x->locks, x->lock_count, sizeof(*x->locks), by_address);
	}
}

/* A function that has one lock, and refers to two others wait for: it may be either. */
static bool claim(struct search *x, struct why_object *o, size_t frame) {
	for (size_t i = 0; i < x->claim_count; i++) {
		if (x->claims[i].frame == frame && x->claims[i].object != o) {
			struct why_object *other = x->claims[i].object;
			for (size_t k = 0; k < other->holder_count; k++) {
				struct why_holder *h = &other->holders[k];
				if (h->goroutine == x->goroutine && h->reason == WHY_BY_CODE) {
					h->proof = WHY_POSSIBLE;
					h->reason = WHY_BY_REFERENCE;
				}
			}
			return false;
		}
	}
	if (x->claim_count < CLAIMS_MAX) {
		x->claims[x->claim_count].object = o;
		x->claims[x->claim_count++].frame = frame;
		return true;
	}
	return false;
}

static bool is_users(const struct go_line *line) {
	return line && !str_starts(line->function, "runtime.") &&
	       !str_starts(line->function, "sync.") &&
	       !str_starts(line->function, "internal/sync.");
}

/* Does the function of that frame hold the lock, as its code goes? */
static bool holds(struct search *x, struct why_object *o, size_t frame,
                  const struct code_operand *operand) {
	const struct go_line *where = frame_line(x, x->pcs[frame]);
	if (x->gives_back || !is_users(where) ||
	    !code_holds(x->s, x->cache, x->s->symbols.pcs[x->pcs[frame]].pc, operand) ||
	    !claim(x, o, frame)) {
		return false;
	}
	add_holder(x, o,
	           (struct why_holder){.proof = WHY_LIKELY, .reason = WHY_BY_CODE, .where = where});
	return true;
}

/* A word of the stack, in a frame, or an argument of the function that was called from there. */
static void look_at_pointer(struct search *x, uint64_t address, uint64_t value) {
	struct why_object *o = lock_from(x, value);
	size_t frame = frame_at(x, address);
	if (o && !waits_on(o, x->goroutine) && o->address != x->given_back) {
		struct code_operand operand = {.slot = address - x->sps[frame],
		                               .inside = o->address - value};
		if (!holds(x, o, frame, &operand) && frame > 0) {
			operand.slot = address - x->sps[frame - 1];
			(void)holds(x, o, frame - 1, &operand);
		}
	}
	o = why_object_at(x->why, value);
	const struct go_line *where = frame_line(x, x->pcs[frame]);
	if (o && is_users(where) && !waits_on(o, x->goroutine) && o->address != x->given_back) {
		add_holder(x, o,
		           (struct why_holder){.proof = WHY_POSSIBLE,
		                               .reason = WHY_BY_REFERENCE,
		                               .where = where});
	}
}

static void look_at_stack(struct search *x) {
	uint64_t base = goroutine_start(x->g).sp;
	for (size_t at = 0; at + 8 <= x->stack_bytes && x->frames.count > 0; at += 8) {
		uint64_t value = bytes_get_u64(x->stack + at);
		if (value >= x->lowest && value <= x->highest) {
			look_at_pointer(x, base + at, value);
		}
	}
}

static void look_at_globals(struct search *x) {
	for (size_t k = 0; k < x->global_count && !x->gives_back; k++) {
		struct why_object *o = why_object_at(x->why, x->globals[k]);
		struct code_operand operand = {.global = true, .address = x->globals[k]};
		if (!o || waits_on(o, x->goroutine) || o->address == x->given_back) {
			continue;
		}
		for (size_t i = 0; i < x->frames.count; i++) {
			uint32_t pc = x->pcs[i];
			uint8_t *no = pc < x->global_pcs ? &x->global_no[k][pc] : NULL;
			if (no && *no == 0 && !holds(x, o, i, &operand)) {
				*no = 1;
			}
		}
	}
}

/* Locks that are variables of the program: no stack needs a pointer to them. */
static void find_globals(struct search *x) {
	x->global_pcs = x->s->symbols.pc_count;
	for (size_t i = 0; i < x->why->object_count && x->global_count < GLOBALS_MAX; i++) {
		const struct why_object *o = &x->why->objects[i];
		for (size_t k = 0; k < x->s->elf.segment_count && is_lock(o); k++) {
			const struct elf_segment *g = &x->s->elf.segments[k];
			uint64_t at = o->address - x->s->bias - g->address;
			if (g->type == PT_LOAD && at < g->memory_bytes &&
			    o->address - x->s->bias >= g->address) {
				x->global_no[x->global_count] =
					arena_array_of(x->s->arena, uint8_t, x->global_pcs);
				x->globals[x->global_count++] = o->address;
				break;
			}
		}
	}
}

/* ---- all ---- */

/* A writer that waits for the readers has the RWMutex against everybody else. */
static void add_writers(struct search *x) {
	for (size_t i = 0; i < x->why->object_count; i++) {
		struct why_object *o = &x->why->objects[i];
		for (size_t k = 0; k < o->waiter_count; k++) {
			x->goroutine = o->waiters[k].goroutine;
			if (o->waiters[k].how == WHY_AWAITS_READERS) {
				add_holder(x, o,
				           (struct why_holder){
						   .proof = WHY_PROVEN,
						   .reason = WHY_BY_WRITER,
						   .where = why_line(
							   x->s, &x->s->all.items[x->goroutine])});
			}
		}
	}
}

static bool held_still(struct gostack *s, uint32_t goroutine) {
	const struct goroutine *g = &s->all.items[goroutine];
	struct goroutine now;
	return goroutine_read(s->memory, s->arch, s->layout, g->address, &now) &&
	       goroutine_same_state(g, &now);
}

static int by_proof(const void *left, const void *right) {
	const struct why_holder *a = left;
	const struct why_holder *b = right;
	if (a->proof != b->proof) {
		return a->proof < b->proof ? -1 : 1;
	}
	return a->goroutine < b->goroutine ? -1 : a->goroutine > b->goroutine;
}

/* Whatever was said of a goroutine that ran meanwhile may be wrong. */
static void drop_moved(struct gostack *s, struct why *why) {
	size_t kept = 0;
	for (size_t i = 0; i < why->object_count; i++) {
		struct why_object o = why->objects[i];
		size_t waiters = 0, holders = 0;
		for (size_t k = 0; k < o.waiter_count; k++) {
			bool still = held_still(s, o.waiters[k].goroutine);
			o.waiters[waiters] = o.waiters[k];
			waiters += still ? 1 : 0;
			why->moved += still ? 0 : 1;
		}
		for (size_t k = 0; k < o.holder_count && waiters > 0; k++) {
			o.holders[holders] = o.holders[k];
			holders += held_still(s, o.holders[k].goroutine) ? 1 : 0;
		}
		o.waiter_count = waiters;
		o.holder_count = holders;
		if (holders > 0) {
			qsort(o.holders, holders, sizeof(*o.holders), by_proof);
		}
		if (waiters > 0) {
			why->objects[kept++] = o;
		}
	}
	why->object_count = kept;
	why->table_size = 0; /* it does not fit any more */
}

void why_find_holders(struct gostack *s, struct why *why) {
	struct search *x = arena_new_of(s->arena, struct search);
	uint64_t read = 0;
	x->s = s;
	x->why = why;
	x->stack = malloc(WHY_STACK_MAX);
	x->cache = code_cache_new(s->arena);
	sort_objects(x);
	find_globals(x);
	for (uint32_t i = 0; i < s->all.count && x->stack && why->object_count > 0; i++) {
		if (!read_stack(x, i)) {
			continue;
		}
		find_given_back(x);
		look_at_defers(x);
		look_at_stack(x);
		look_at_globals(x);
		read += x->stack_bytes;
		if (read > WHY_STACKS_MAX) {
			why->cut = true;
			break;
		}
	}
	free(x->stack);
	add_writers(x);
	drop_moved(s, why);
}
