/* SPDX-License-Identifier: MIT
 * Who may let the waiting ones go on: out of the stacks of all goroutines that hold still.
 */
#include "base/str.h"
#include "base/vec.h"
#include "gostack/bytes.h"
#include "gostack/lockflow.h"
#include "gostack/stackmap.h"
#include "gostack/why.h"

#include <stdlib.h>

#define FRAMES_SEEN ((size_t)1024) /* innermost frames of a goroutine that are looked at */

struct search {
	struct gostack *s;
	struct why *why;
	struct code_cache *cache;
	struct lock_flows *flows;
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
	bool lent[FRAMES_SEEN]; /* one it has called may have given back what it has */
	bool doubt
		[FRAMES_SEEN]; /* it gives locks back itself, and it is not seen that it has one */
	uint64_t lowest, highest; /* a word outside of these is no pointer that matters */
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

static const struct go_line *frame_line(const struct search *x, uint32_t pc) {
	const struct go_pc *p = &x->s->symbols.pcs[pc];
	return p->line_count > 0 ? &x->s->symbols.lines[p->first_line + p->line_count - 1U] : NULL;
}

/* The lock a goroutine waits for; 0 when it waits for none. */
static uint64_t awaited_lock(const struct search *x) {
	for (size_t i = 0; i < x->why->object_count; i++) {
		const struct why_object *o = &x->why->objects[i];
		if ((o->kind == WHY_MUTEX || o->kind == WHY_RWMUTEX) && waits_on(o, x->goroutine)) {
			return o->address;
		}
	}
	return 0;
}

/* sync.Cond.Wait gives its lock back while it waits, and locks it again. Its notifyList lies behind
 * the Locker, an interface whose second word is the lock. */
static void find_given_back(struct search *x) {
	uint64_t list = 0;
	x->given_back = 0;
	x->gives_back = false;
	for (size_t i = 0; i < x->frames.count && !x->gives_back; i++) {
		const struct go_line *line = frame_line(x, x->pcs[i]);
		x->gives_back = line && streq(line->function, "sync.(*Cond).Wait");
	}
	if (!x->gives_back) {
		return;
	}
	if (!str_starts(gostack_status(x->s, x->g), "sync.Cond.Wait")) {
		x->given_back = awaited_lock(x);
	} else if ((list = why_notify_list(x->s, x->g)) == 0 ||
	           memory_get(x->s->memory, list - 8, &x->given_back, 8) < 0) {
		x->given_back = 0;
	}
	x->gives_back = x->given_back == 0;
}

/* ---- deferred calls ---- */

static bool releases(const struct why_object *o, uint16_t calls) {
	static const uint16_t releasing[] = {
		[WHY_CHANNEL] = CALLS_CLOSE,
		[WHY_MUTEX] = CALLS_UNLOCK,
		[WHY_RWMUTEX] = CALLS_RUNLOCK | CALLS_RW_UNLOCK,
		[WHY_WAITGROUP] = CALLS_DONE,
		[WHY_COND] = CALLS_WAKE,
		[WHY_FD_READ] = CALLS_FD_READ,
		[WHY_FD_WRITE] = CALLS_FD_WRITE,
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

static bool is_lock(const struct why_object *o) {
	return o->kind == WHY_MUTEX || o->kind == WHY_RWMUTEX;
}

/* Somebody has it, or nothing is known of that. */
static bool is_held(const struct why_object *o) {
	return !o->known || o->locked || (o->kind == WHY_RWMUTEX && o->count > 0);
}

/* An FD begins with its locks: the pointer that is deferred is to it. */
static uint64_t inside_of(uint16_t calls) {
	return (calls & CALLS_FD_READ) != 0    ? WHY_FD_RSEMA
	       : (calls & CALLS_FD_WRITE) != 0 ? WHY_FD_WSEMA
	                                       : 0;
}

/* Whether the function that has deferred the Unlock still has the lock. */
static bool may_be_lent(const struct search *x, const struct why_object *o, uint32_t frame_pc) {
	bool lent = x->gives_back || !is_held(o);
	for (size_t i = 0; i < x->frames.count; i++) {
		lent = lent || (x->pcs[i] == frame_pc && (x->lent[i] || x->doubt[i]));
	}
	return lent;
}

static void look_at_defers(struct search *x) {
	size_t n = defers_pending(x->s, x->cache, x->g, &x->frames, x->defers);
	for (size_t i = 0; i < n; i++) {
		const struct deferred *d = &x->defers[i];
		size_t words = d->only && d->word_count > 1 ? 1 : d->word_count;
		for (size_t k = 0; k < words && d->calls != 0; k++) {
			struct why_object *o =
				why_object_at(x->why, d->words[k] + inside_of(d->calls));
			if (!o || !releases(o, d->calls) || o->address == x->given_back) {
				continue;
			}
			const struct go_line *where = frame_line(x, d->pc);
			/* These take the lock first, and defer then. */
			bool proven = d->only && where &&
			              (streq(where->function, "sync.(*Once).doSlow") ||
			               ((o->kind == WHY_FD_READ || o->kind == WHY_FD_WRITE) &&
			                str_starts(where->function, "internal/poll.")));

			if (!proven && !locks_itself(x, o, d->pc)) {
				continue;
			}
			bool lent = is_lock(o) && may_be_lent(x, o, d->pc);
			enum why_proof proof = proven ? WHY_PROVEN
			                       : lent ? WHY_POSSIBLE
			                              : WHY_LIKELY;
			add_holder(x, o,
			           (struct why_holder){
					   .proof = proof,
					   .reason = proven && o->kind == WHY_MUTEX ? WHY_BY_ONCE
			                                                            : WHY_BY_DEFER,
					   .calls = d->calls,
					   .where = proven ? why_line(x->s, x->g) : where});
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

/* Between which a word has to be to matter. */
static void find_bounds(struct search *x) {
	x->lowest = UINT64_MAX;
	for (size_t i = 0; i < x->why->object_count; i++) {
		uint64_t address = x->why->objects[i].address;
		x->lowest = address < x->lowest ? address : x->lowest;
		x->highest = address > x->highest ? address : x->highest;
	}
}

static bool is_users(const struct go_line *line) {
	return line && !str_starts(line->function, "runtime.") &&
	       !str_starts(line->function, "sync.") &&
	       !str_starts(line->function, "internal/sync.");
}

/* What the stack pointer was when the function of a frame was entered. */
static uint64_t entry_sp(const struct search *x, size_t frame) {
	return x->sps[frame] + (uint64_t)(int64_t)x->s->symbols.pcs[x->pcs[frame]].frame;
}

static bool word_at(const struct search *x, uint64_t address, uint64_t *ret) {
	return bytes_u64(slice_of(x->stack, x->stack_bytes), address - goroutine_start(x->g).sp,
	                 ret);
}

/* ---- what the code says ---- */

static void claim(struct search *x, size_t frame, const struct lock_held *held, bool given) {
	uint64_t address = held->address;
	if (!held->global) {
		if (!word_at(x, entry_sp(x, frame) + (uint64_t)held->slot, &address)) {
			return;
		}
		address += (uint64_t)held->inside;
	}
	struct why_object *o = why_object_at(x->why, address);
	if (o && is_lock(o) && o->address != x->given_back) {
		given = given || !is_held(o);
		add_holder(x, o,
		           (struct why_holder){.proof = given ? WHY_POSSIBLE : WHY_LIKELY,
		                               .reason = given ? WHY_BY_REFERENCE : WHY_BY_CODE,
		                               .where = frame_line(x, x->pcs[frame])});
	}
}

/* From the innermost frame on: a function that was called may have given back what its caller has. */
static void look_at_code(struct search *x) {
	const uint16_t unlocks = CALLS_UNLOCK | CALLS_RUNLOCK | CALLS_RW_UNLOCK;
	bool given = x->gives_back;
	for (size_t i = 0; i < x->frames.count; i++) {
		const struct go_pc *p = &x->s->symbols.pcs[x->pcs[i]];
		bool only = false;
		uint16_t calls = is_users(frame_line(x, x->pcs[i]))
		                         ? code_calls(x->s, x->cache, p->entry, &only)
		                         : 0;
		x->lent[i] = given;
		x->doubt[i] = false;
		if ((calls & (unlocks | CALLS_LOCK)) == 0) {
			continue;
		}
		const struct lock_flow *flow =
			p->exact ? NULL : lock_flow_at(x->s, x->flows, p->pc);
		for (size_t k = 0; flow && k < flow->count; k++) {
			claim(x, i, &flow->held[k], given);
		}
		bool known = flow && flow->known;
		x->doubt[i] = (calls & unlocks) != 0 && (!known || flow->kept == 0);
		given = given || (known ? flow->gives_back : (calls & unlocks) != 0);
	}
}

/* ---- pointers ---- */

/* Does the function of a frame still use that word of its own, or of its arguments? */
static bool is_live(const struct search *x, size_t frame, uint64_t address) {
	const struct go_pc *p = &x->s->symbols.pcs[x->pcs[frame]];
	int64_t offset = (int64_t)(address - entry_sp(x, frame));
	struct pcln_function f;
	struct stackmap map;
	return pclntab_function(&x->s->tab, p->entry, &f) &&
	       stackmap_read(&x->s->tab, &f, p->exact ? p->pc + 1 : p->pc, &map) &&
	       (stackmap_is_live(&map, offset) || stackmap_is_object(&x->s->tab, &f, offset));
}

/* A word of the stack, in a frame, or an argument of the function that was called from there. */
static void look_at_pointer(struct search *x, uint64_t address, uint64_t value) {
	struct why_object *o = why_object_at(x->why, value);
	size_t frame = o ? frame_at(x, address) : 0;
	const struct go_line *where = o ? frame_line(x, x->pcs[frame]) : NULL;
	if (o && is_users(where) && !waits_on(o, x->goroutine) && o->address != x->given_back &&
	    (is_live(x, frame, address) || (frame > 0 && is_live(x, frame - 1, address)))) {
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

/* One alone can have a Mutex: when several look likely, none is. */
static void doubt_several(struct why_object *o) {
	size_t sure = 0;
	for (size_t i = 0; i < o->holder_count; i++) {
		sure += o->holders[i].proof != WHY_POSSIBLE ? 1 : 0;
	}
	for (size_t i = 0; i < o->holder_count && o->kind == WHY_MUTEX && sure > 1; i++) {
		struct why_holder *h = &o->holders[i];
		h->proof = h->proof == WHY_LIKELY ? WHY_POSSIBLE : h->proof;
		h->reason = h->reason == WHY_BY_CODE ? WHY_BY_REFERENCE : h->reason;
	}
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
		doubt_several(&o);
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
	x->flows = lock_flows_new(s->arena);
	find_bounds(x);
	for (uint32_t i = 0; i < s->all.count && x->stack && why->object_count > 0; i++) {
		if (!read_stack(x, i)) {
			continue;
		}
		find_given_back(x);
		look_at_code(x);
		look_at_defers(x);
		look_at_stack(x);
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
