/* SPDX-License-Identifier: MIT */
#include "gostack/goroutines.h"

#include "base/vec.h"
#include "gostack/bytes.h"
#include "gostack/running.h"

#include <errno.h>
#include <stdlib.h>

#define CHUNK         ((size_t)64)         /* goroutines of one batch */
#define STACKS_BYTES  ((size_t)256 * 1024) /* of all stacks of one batch */
#define STACK_FIRST   ((size_t)16 * 1024)  /* of one stack in a batch */
#define STACK_MAX     ((uint64_t)4 << 30)  /* no stack is larger: runtime/debug.SetMaxStack */
#define GAP_MAX       ((size_t)512)        /* between two g's that are read as one piece */
#define SLOTS_FIRST   ((size_t)16384)
#define ROUNDS        3
#define POINTERS      ((size_t)4096)
#define ADDRESS_MAX   ((uint64_t)1 << 56)
#define THREADS_ASKED ((size_t)256)

struct scratch {
	char gs[CHUNK * (G_BYTES + GAP_MAX)];
	char stacks[STACKS_BYTES];
	char window[UNWIND_WINDOW];
	uint32_t frames[FRAMES_MAX];
};

struct reader {
	struct arena *arena;
	struct memory *memory;
	const struct go_arch *arch;
	const struct go_layout *layout;
	struct symbols *symbols;
	struct goroutines *out;
	struct scratch *scratch;
	struct memory_part parts[CHUNK];
	size_t part_of[CHUNK]; /* the goroutine of the chunk each part is about */
	struct goroutine chunk[CHUNK];
	struct slice read[CHUNK]; /* its stack from where it stands, as far as it was read */
};

/* ---- equal stacks, once ---- */

static uint32_t frames_hash(const uint32_t *pcs, size_t count) {
	uint32_t h = 2166136261U;
	for (size_t i = 0; i < count; i++) {
		h = (h ^ pcs[i]) * 16777619U;
	}
	return h ^ (h >> 15);
}

static void stacks_rehash(struct arena *arena, struct goroutines *out, size_t size) {
	uint32_t *table = arena_array_of(arena, uint32_t, size);
	for (size_t i = 0; i < out->stack_count; i++) {
		size_t at = out->stacks[i].hash & (size - 1);
		while (table[at] != 0) {
			at = (at + 1) & (size - 1);
		}
		table[at] = (uint32_t)i + 1;
	}
	out->stack_table = table;
	out->stack_table_size = size;
}

uint32_t goroutines_add_stack(struct arena *arena, struct goroutines *out, const uint32_t *pcs,
                              size_t count) {
	uint32_t h = frames_hash(pcs, count);
	if (out->stack_count * 2 >= out->stack_table_size) {
		stacks_rehash(arena, out,
		              out->stack_table_size > 0 ? out->stack_table_size * 2 : 512);
	}
	size_t at = h & (out->stack_table_size - 1);
	for (; out->stack_table[at] != 0; at = (at + 1) & (out->stack_table_size - 1)) {
		const struct go_stack *s = &out->stacks[out->stack_table[at] - 1];
		if (s->hash == h && s->count == count &&
		    memcmp(s->pcs, pcs, count * sizeof(*pcs)) == 0) {
			return out->stack_table[at] - 1;
		}
	}
	if (out->frame_count + count > FRAMES_TOTAL_MAX) {
		return STACK_NONE;
	}
	VEC_ROOM(arena, out->stacks, out->stack_count, &out->stack_slots);
	uint32_t *copy = arena_array_of(arena, uint32_t, count);
	memcpy(copy, pcs, count * sizeof(*copy));
	out->frame_count += count;
	out->stacks[out->stack_count] =
		(struct go_stack){.pcs = copy, .count = (uint32_t)count, .hash = h};
	out->stack_table[at] = (uint32_t)++out->stack_count;
	return (uint32_t)out->stack_count - 1;
}

/* ---- one goroutine ---- */

/* What tells one state of a goroutine from another. The sequence moves with every stop; a system
 * call entered on the fast path leaves it alone, so those fields count as well. */
bool goroutine_same_state(const struct goroutine *a, const struct goroutine *b) {
	return a->stack_low == b->stack_low && a->stack_high == b->stack_high &&
	       a->status == b->status && a->id == b->id && a->sp == b->sp && a->pc == b->pc &&
	       a->syscall_sp == b->syscall_sp && a->syscall_pc == b->syscall_pc &&
	       a->sequence == b->sequence;
}

static bool is_alive(const struct goroutine *g) {
	return g->status != GO_IDLE && g->status != GO_DEAD && g->status != GO_DEAD_EXTRA;
}

struct unwind_start goroutine_start(const struct goroutine *g) {
	if (g->syscall_sp != 0) {
		return (struct unwind_start){
			.pc = g->syscall_pc, .sp = g->syscall_sp, .in_syscall = true};
	}
	return (struct unwind_start){.pc = g->pc, .sp = g->sp, .lr = g->lr};
}

static bool has_stack(const struct goroutine *g) {
	uint64_t sp = goroutine_start(g).sp;
	return g->status != GO_RUNNING && g->status != GO_COPYSTACK && g->stack_low < sp &&
	       sp < g->stack_high && g->stack_high - g->stack_low <= STACK_MAX;
}

static void unwind_one(struct reader *r, struct goroutine *g, struct slice bytes, char *window) {
	struct unwind_start start = goroutine_start(g);
	size_t count = 0;
	struct unwind_stack stack = {
		.memory = r->memory,
		.low = g->stack_low,
		.high = g->stack_high,
		.base = start.sp,
		.bytes = bytes,
		.window = window,
	};
	g->end =
		unwind(r->arch, r->symbols, &stack, &start, r->scratch->frames, FRAMES_MAX, &count);
	g->stack = count > 0 ? goroutines_add_stack(r->arena, r->out, r->scratch->frames, count)
	                     : STACK_NONE;
}

/* A stack that ends where foreign code begins is as complete as the runtime's own traceback. */
static bool is_whole(const struct goroutine *g) {
	return g->stack != STACK_NONE && (g->end == UNWIND_COMPLETE || g->end == UNWIND_FOREIGN);
}

bool goroutine_read(struct memory *memory, const struct go_arch *arch,
                    const struct go_layout *layout, uint64_t address, struct goroutine *ret) {
	char bytes[G_BYTES];
	if (memory_get(memory, address, bytes, sizeof(bytes)) < 0) {
		return false;
	}
	goroutine_decode(arch, layout, address, bytes, sizeof(bytes), ret);
	return true;
}

static bool read_g(struct reader *r, uint64_t address, struct goroutine *ret) {
	return goroutine_read(r->memory, r->arch, r->layout, address, ret);
}

/* Alone, and again when it moved. One that has ended is not alive afterwards. */
static void settle(struct reader *r, struct goroutine *g) {
	struct goroutine now = *g;
	for (int round = 0; round < ROUNDS; round++) {
		struct goroutine then;
		if (!read_g(r, g->address, &then)) {
			break;
		}
		if (!is_alive(&then)) {
			*g = then;
			r->out->dead++;
			return;
		}
		if (then.status == GO_RUNNING) {
			*g = then;
			g->state = GOROUTINE_RUNNING;
			return;
		}
		now = then;
		if (!has_stack(&now)) {
			continue;
		}
		uint64_t sp = goroutine_start(&now).sp;
		uint64_t left = now.stack_high - sp;
		struct memory_part part = {sp, r->scratch->stacks,
		                           left < STACKS_BYTES ? (size_t)left : STACKS_BYTES, 0};
		if (memory_read(r->memory, &part, 1) < 0) {
			break;
		}
		unwind_one(r, &now, slice_of(r->scratch->stacks, part.got), r->scratch->window);
		if (read_g(r, g->address, &then) && goroutine_same_state(&now, &then)) {
			*g = now;
			g->state = is_whole(g) ? GOROUTINE_CERTAIN : GOROUTINE_PARTIAL;
			return;
		}
	}
	*g = now;
	g->state = GOROUTINE_TORN;
}

static void keep(struct reader *r, const struct goroutine *g) {
	struct goroutines *out = r->out;
	if (out->count == out->slots) {
		size_t likely = out->listed < SLOTS_FIRST ? (size_t)out->listed : SLOTS_FIRST;
		size_t bigger = out->slots > 0 ? out->slots * 2 : likely;
		struct goroutine *all = arena_array_of(r->arena, struct goroutine, bigger);
		if (out->count > 0) {
			memcpy(all, out->items, out->count * sizeof(*all));
		}
		out->items = all;
		out->slots = bigger;
	}
	out->items[out->count++] = *g;
	/* Of one that runs or moves, a stack that is just being copied fits nothing for a moment. */
	if (g->state == GOROUTINE_CERTAIN || g->state == GOROUTINE_PARTIAL) {
		out->steady++;
		out->misfits += g->fits ? 0 : 1;
	}
}

/* ---- batches ---- */

/* Reads len bytes of each g; neighbours in one piece, since every piece costs a look at the page
 * tables. ret[i] is NULL when they were not there. */
static int read_gs(struct reader *r, const uint64_t *addresses, size_t count, size_t len,
                   const char **ret) {
	size_t pieces = 0;
	size_t used = 0;
	size_t first[CHUNK];
	for (size_t i = 0; i < count; i++) {
		struct memory_part *last = pieces > 0 ? &r->parts[pieces - 1] : NULL;
		uint64_t end = last ? last->address + last->len : 0;
		uint64_t gap = addresses[i] - end;
		if (last && addresses[i] >= end && gap < GAP_MAX) {
			last->len += gap + len;
			used += gap + len;
		} else {
			first[pieces] = i;
			r->parts[pieces++] =
				(struct memory_part){addresses[i], r->scratch->gs + used, len, 0};
			used += len;
		}
	}
	int e = memory_read(r->memory, r->parts, pieces);
	for (size_t k = 0; k < pieces; k++) {
		const struct memory_part *p = &r->parts[k];
		size_t end = k + 1 < pieces ? first[k + 1] : count;
		for (size_t i = first[k]; i < end; i++) {
			uint64_t at = addresses[i] - p->address;
			ret[i] = at + len <= p->got ? (const char *)p->into + at : NULL;
		}
	}
	return e;
}

/* Reads the g of every pointer; those that are alive stay in r->chunk. */
static int read_chunk(struct reader *r, const uint64_t *pointers, size_t count, size_t *ret_alive) {
	const char *bytes[CHUNK];
	uint64_t wanted[CHUNK] = {0};
	size_t n = 0;
	size_t alive = 0;
	for (size_t i = 0; i < count; i++) {
		if (pointers[i] == 0 || pointers[i] % 8 != 0 || pointers[i] > ADDRESS_MAX) {
			r->out->unreadable++;
		} else {
			wanted[n++] = pointers[i];
		}
	}
	int e = read_gs(r, wanted, n, G_BYTES, bytes);
	for (size_t i = 0; i < n && e == 0; i++) {
		struct goroutine *g = &r->chunk[alive];
		if (!bytes[i]) {
			r->out->unreadable++;
			continue;
		}
		goroutine_decode(r->arch, r->layout, wanted[i], bytes[i], G_BYTES, g);
		r->out->dead += is_alive(g) ? 0 : 1;
		alive += is_alive(g) ? 1 : 0;
	}
	*ret_alive = alive;
	return e;
}

static int read_stacks(struct reader *r, size_t count) {
	size_t used = 0;
	size_t parts = 0;
	for (size_t i = 0; i < count; i++) {
		const struct goroutine *g = &r->chunk[i];
		r->read[i] = (struct slice){0};
		if (!has_stack(g)) {
			continue;
		}
		uint64_t sp = goroutine_start(g).sp;
		uint64_t left = g->stack_high - sp;
		size_t want = left < STACK_FIRST ? (size_t)left : STACK_FIRST;
		if (want > STACKS_BYTES - used) {
			continue;
		}
		r->parts[parts] = (struct memory_part){sp, r->scratch->stacks + used, want, 0};
		r->part_of[parts++] = i;
		used += want;
	}
	int e = memory_read(r->memory, r->parts, parts);
	for (size_t i = 0; i < parts; i++) {
		r->read[r->part_of[i]] = slice_of(r->parts[i].into, r->parts[i].got);
	}
	return e;
}

/* Reads the g's again; marks those that did not move as certain, the rest as torn. */
static int check_chunk(struct reader *r, size_t count) {
	const char *bytes[CHUNK];
	uint64_t addresses[CHUNK] = {0};
	for (size_t i = 0; i < count; i++) {
		addresses[i] = r->chunk[i].address;
	}
	int e = read_gs(r, addresses, count, G_KEY_BYTES, bytes);
	for (size_t i = 0; i < count && e == 0; i++) {
		struct goroutine again = {0};
		if (bytes[i]) {
			goroutine_decode(r->arch, r->layout, addresses[i], bytes[i], G_KEY_BYTES,
			                 &again);
		}
		r->chunk[i].state = bytes[i] && goroutine_same_state(&r->chunk[i], &again)
		                            ? GOROUTINE_CERTAIN
		                            : GOROUTINE_TORN;
	}
	return e;
}

static int take_chunk(struct reader *r, const uint64_t *pointers, size_t count) {
	size_t alive = 0;
	int e = read_chunk(r, pointers, count, &alive);
	e = e < 0 ? e : read_stacks(r, alive);
	e = e < 0 ? e : check_chunk(r, alive);
	/* First all that held still, out of what was read; then the others, which reads anew. */
	for (size_t i = 0; i < alive && e == 0; i++) {
		struct goroutine *g = &r->chunk[i];
		if (g->state == GOROUTINE_CERTAIN && g->status == GO_RUNNING) {
			g->state = GOROUTINE_RUNNING;
		} else if (g->state == GOROUTINE_CERTAIN) {
			unwind_one(r, g, r->read[i], NULL);
			g->state = is_whole(g) ? GOROUTINE_CERTAIN : GOROUTINE_TORN;
		}
	}
	for (size_t i = 0; i < alive && e == 0; i++) {
		if (r->chunk[i].state == GOROUTINE_TORN) {
			settle(r, &r->chunk[i]);
		}
		if (is_alive(&r->chunk[i])) {
			keep(r, &r->chunk[i]);
		}
	}
	return e;
}

/* ---- what hangs on them ---- */

/* Reads 8 bytes at an address for each goroutine that has one. */
static void read_words(struct reader *r,
                       uint64_t (*address)(const struct reader *r, const struct goroutine *g),
                       void (*put)(struct goroutine *g, uint64_t value)) {
	uint64_t values[CHUNK];
	struct goroutines *out = r->out;
	for (size_t i = 0; i < out->count;) {
		size_t n = 0;
		for (; i < out->count && n < CHUNK; i++) {
			uint64_t at = address(r, &out->items[i]);
			if (at != 0) {
				r->parts[n] = (struct memory_part){at, &values[n], 8, 0};
				r->part_of[n++] = i;
			}
		}
		if (memory_read(r->memory, r->parts, n) < 0) {
			return;
		}
		for (size_t k = 0; k < n; k++) {
			put(&out->items[r->part_of[k]], r->parts[k].got == 8 ? values[k] : 0);
		}
	}
}

static uint64_t thread_address(const struct reader *r, const struct goroutine *g) {
	return g->m != 0 ? g->m + r->layout->m_thread : 0;
}

static void put_thread(struct goroutine *g, uint64_t value) {
	g->thread = value;
}

static uint64_t group_address(const struct reader *r, const struct goroutine *g) {
	return g->bubble != 0       ? g->bubble + r->layout->bubble_id
	       : g->sync_group != 0 ? g->sync_group + r->layout->group_root
	                            : 0;
}

/* Of go1.24 this is the address of the group's first goroutine. */
static uint64_t root_address(const struct reader *r, const struct goroutine *g) {
	return g->sync_group != 0 && g->group != 0 ? g->group + r->layout->id : 0;
}

static void put_group(struct goroutine *g, uint64_t value) {
	g->group = value;
}

static void read_threads(struct reader *r) {
	size_t asked = 0;
	read_words(r, thread_address, put_thread);
	for (size_t i = 0; i < r->out->count && r->memory->thread_state; i++) {
		struct goroutine *g = &r->out->items[i];
		if (g->thread != 0 && g->thread <= INT32_MAX && asked++ < THREADS_ASKED) {
			g->thread_state = r->memory->thread_state(r->memory, g->thread);
		}
	}
}

/* ---- all ---- */

static int read_list(struct reader *r, uint64_t list, uint64_t count) {
	uint64_t *pointers = arena_array_of(r->arena, uint64_t, POINTERS);
	for (uint64_t at = 0; at < count; at += POINTERS) {
		size_t want = count - at < POINTERS ? (size_t)(count - at) : POINTERS;
		struct memory_part part = {list + at * 8, pointers, want * 8, 0};
		int e = memory_read(r->memory, &part, 1);
		size_t got = part.got / 8;
		for (size_t i = 0; i < got && e == 0; i += CHUNK) {
			e = take_chunk(r, pointers + i, got - i < CHUNK ? got - i : CHUNK);
		}
		if (e < 0) {
			return e;
		}
		if (got < want) {
			r->out->unreadable += count - at - got;
			break;
		}
	}
	return 0;
}

int goroutines_read(struct arena *arena, struct memory *memory, const struct go_arch *arch,
                    const struct go_layout *layout, struct symbols *symbols, uint64_t allgs,
                    struct goroutines *ret) {
	uint64_t header[3];
	*ret = (struct goroutines){0};
	/* An append stores pointer, length and capacity one after the other: a header that reads the
	 * same twice was whole. */
	uint64_t again[3] = {0};
	for (int i = 0; i < ROUNDS; i++) {
		int e = memory_get(memory, allgs, header, sizeof(header));
		e = e < 0 ? e : memory_get(memory, allgs, again, sizeof(again));
		if (e < 0) {
			return e;
		}
		if (memcmp(header, again, sizeof(header)) == 0) {
			break;
		}
	}
	/* Not from the arena: most of it is never touched. */
	struct scratch *scratch = malloc(sizeof(*scratch));
	struct reader *r = arena_new_of(arena, struct reader);
	if (!scratch) {
		return -ENOMEM;
	}
	*r = (struct reader){
		.arena = arena,
		.memory = memory,
		.arch = arch,
		.layout = layout,
		.symbols = symbols,
		.out = ret,
		.scratch = scratch,
	};
	ret->listed = header[1];
	ret->cut = header[1] > GOROUTINES_MAX;
	int e = read_list(r, header[0], ret->cut ? GOROUTINES_MAX : header[1]);
	if (e == 0) {
		read_threads(r);
		running_read(arena, memory, arch, layout, symbols, ret);
		read_words(r, group_address, put_group);
		read_words(r, root_address, put_group);
	}
	free(scratch);
	return e;
}
