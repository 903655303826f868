/* SPDX-License-Identifier: MIT
 * What each goroutine waits on, and the state of that.
 */
#include "base/str.h"
#include "base/vec.h"
#include "gostack/bytes.h"
#include "gostack/why.h"

#define LINKS_MAX   256 /* cases of one select */
#define SCAN_WORDS  ((size_t)96)
#define ADDRESS_MAX ((uint64_t)1 << 56)
#define SUDOG_BYTES 104
#define LIST_BYTES  32 /* of a notifyList: wait, notify, lock, head, tail */
#define LIST_HEAD   16
#define LIST_MAX    65536
#define SUDOG_LINK  (s->minor >= 26 ? 72 : 64)
#define SUDOG_CHAN  (s->minor >= 26 ? 96 : 80)
#define SUDOG_ELEM  (s->minor >= 26 ? 32 : 24)

/* ---- objects ---- */

static size_t place(const struct why *why, uint64_t address) {
	size_t at =
		(size_t)((address * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (why->table_size - 1);
	while (why->table[at] != 0 && why->objects[why->table[at] - 1].address != address) {
		at = (at + 1) & (why->table_size - 1);
	}
	return at;
}

struct why_object *why_object_at(const struct why *why, uint64_t address) {
	uint32_t index = why->table_size > 0 ? why->table[place(why, address)] : 0;
	return index > 0 ? &why->objects[index - 1] : NULL;
}

static void grow(struct gostack *s, struct why *why) {
	size_t bigger = why->object_slots > 0 ? why->object_slots * 2 : 64;
	struct why_object *all = arena_array_of(s->arena, struct why_object, bigger);
	if (why->objects) {
		memcpy(all, why->objects, why->object_count * sizeof(*all));
	}
	why->objects = all;
	why->object_slots = bigger;
	why->table_size = bigger * 2;
	why->table = arena_array_of(s->arena, uint32_t, why->table_size);
	for (size_t i = 0; i < why->object_count; i++) {
		why->table[place(why, all[i].address)] = (uint32_t)i + 1;
	}
}

/* The inner mutex of an RWMutex lies where the RWMutex does: whoever knows better says so. */
static struct why_object *object_of(struct gostack *s, struct why *why, enum why_kind kind,
                                    uint64_t address) {
	struct why_object *o = why_object_at(why, address);
	if (o) {
		o->kind = kind == WHY_RWMUTEX ? kind : o->kind;
		return o;
	}
	if (why->object_count >= WHY_OBJECTS_MAX) {
		why->cut = true;
		return NULL;
	}
	if (!why->objects || why->object_count == why->object_slots) {
		grow(s, why);
	}
	o = &why->objects[why->object_count++];
	*o = (struct why_object){.kind = kind, .address = address};
	why->table[place(why, address)] = (uint32_t)why->object_count;
	return o;
}

static void add_waiter(struct gostack *s, struct why_object *o, uint32_t goroutine,
                       enum why_how how) {
	if (!o) {
		return;
	}
	VEC_ROOM(s->arena, o->waiters, o->waiter_count, &o->waiter_slots);
	o->waiters[o->waiter_count++] = (struct why_waiter){goroutine, how};
}

static void add_forever(struct gostack *s, struct why *why, uint32_t goroutine) {
	VEC_ROOM(s->arena, why->forever, why->forever_count, &why->forever_slots);
	why->forever[why->forever_count++] = goroutine;
}

/* ---- channels ---- */

static void find_channels(struct gostack *s, struct why *why, uint32_t index, enum why_how how) {
	const struct goroutine *g = &s->all.items[index];
	uint64_t at = g->waiting;
	size_t found = 0;
	for (int i = 0; at != 0 && at % 8 == 0 && at < ADDRESS_MAX && i < LINKS_MAX; i++) {
		char sudog[SUDOG_BYTES];
		struct memory_part part = {at, sudog, (size_t)SUDOG_CHAN + 8, 0};
		if (memory_read(s->memory, &part, 1) < 0 || part.got < part.len ||
		    bytes_get_u64(sudog) != g->address) {
			break;
		}
		uint64_t channel = bytes_get_u64(sudog + SUDOG_CHAN);
		if (channel != 0 && channel % 8 == 0 && channel < ADDRESS_MAX) {
			add_waiter(s, object_of(s, why, WHY_CHANNEL, channel), index, how);
			found++;
		}
		at = bytes_get_u64(sudog + SUDOG_LINK);
	}
	why->untold += found == 0 ? 1 : 0;
}

/* ---- semaphores ---- */

struct sema_use {
	enum why_kind kind;
	enum why_how how;
	uint8_t offset; /* of the semaphore in the object */
	bool once;
};

static bool is_mutex_code(const char *name) {
	return streq(name, "sync.(*Mutex).lockSlow") || streq(name, "sync.(*Mutex).Lock") ||
	       streq(name, "internal/sync.(*Mutex).lockSlow") ||
	       streq(name, "internal/sync.(*Mutex).Lock");
}

/* Which semaphore it is follows from the function that asked for it. */
static bool find_use(const struct gostack *s, const struct goroutine *g, struct sema_use *ret) {
	const struct go_stack *stack = &s->all.stacks[g->stack];
	bool mutex = false;
	for (uint32_t i = 0; i < stack->count; i++) {
		const struct go_pc *p = &s->symbols.pcs[stack->pcs[i]];
		for (uint16_t k = 0; k < p->line_count; k++) {
			const char *name = s->symbols.lines[p->first_line + k].function;
			if (is_mutex_code(name)) {
				mutex = true;
				*ret = (struct sema_use){WHY_MUTEX, WHY_LOCKS, 4, false};
			} else if (mutex) {
				ret->once = streq(name, "sync.(*Once).doSlow");
				ret->kind = streq(name, "sync.(*RWMutex).Lock") ? WHY_RWMUTEX
				                                                : WHY_MUTEX;
				return true;
			} else if (streq(name, "sync.(*RWMutex).RLock")) {
				*ret = (struct sema_use){WHY_RWMUTEX, WHY_RLOCKS, 12, false};
				return true;
			} else if (streq(name, "sync.(*RWMutex).Lock")) {
				*ret = (struct sema_use){WHY_RWMUTEX, WHY_AWAITS_READERS, 8, false};
				return true;
			} else if (streq(name, "internal/poll.(*fdMutex).rwlock")) {
				*ret = (struct sema_use){WHY_FD_READ, WHY_LOCKS, 0, false};
				return true;
			} else if (streq(name, "sync.(*WaitGroup).Wait")) {
				*ret = (struct sema_use){WHY_WAITGROUP, WHY_WAITS, 8, false};
				return true;
			} else if (!str_starts(name, "runtime.") &&
			           !str_starts(name, "sync.runtime_") &&
			           !str_starts(name, "internal/sync.runtime_") &&
			           !str_starts(name, "internal/poll.runtime_")) {
				return false;
			}
		}
	}
	return false;
}

/* Words at the top of a stack that may point to something elsewhere. */
static size_t read_pointers(struct gostack *s, const struct goroutine *g, uint64_t *ret) {
	char stack[SCAN_WORDS * 8];
	size_t n = 0;
	struct memory_part part = {g->sp, stack, sizeof(stack), 0};
	if (g->stack_high - g->sp < part.len) {
		part.len = (size_t)(g->stack_high - g->sp);
	}
	if (memory_read(s->memory, &part, 1) < 0) {
		return 0;
	}
	for (size_t at = 0; at + 8 <= part.got; at += 8) {
		uint64_t x = bytes_get_u64(stack + at);
		if (x != 0 && x % 8 == 0 && x < ADDRESS_MAX &&
		    (x < g->stack_low || x >= g->stack_high)) {
			ret[n++] = x;
		}
	}
	return n;
}

/* What the sudog of a goroutine names; 0 when it has none. Since go1.26. */
static uint64_t sudog_element(struct gostack *s, const struct goroutine *g) {
	char sudog[SUDOG_BYTES];
	return g->waiting != 0 &&
	                       memory_get(s->memory, g->waiting, sudog, (size_t)SUDOG_ELEM + 8) ==
	                               0 &&
	                       bytes_get_u64(sudog) == g->address
	               ? bytes_get_u64(sudog + SUDOG_ELEM)
	               : 0;
}

/* Since go1.26 the goroutine points to its sudog. Before, semacquire1 has it in its frame: the word
 * on the stack that points to something whose first word is the goroutine, and which names a
 * semaphore. */
static uint64_t find_semaphore(struct gostack *s, const struct goroutine *g) {
	char sudog[SUDOG_BYTES];
	uint64_t pointers[SCAN_WORDS];
	uint64_t first[SCAN_WORDS];
	struct memory_part parts[SCAN_WORDS];
	if (s->minor >= 26) {
		return sudog_element(s, g);
	}
	size_t n = read_pointers(s, g, pointers);
	for (size_t i = 0; i < n; i++) {
		parts[i] = (struct memory_part){pointers[i], &first[i], 8, 0};
	}
	if (memory_read(s->memory, parts, n) < 0) {
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (parts[i].got == 8 && first[i] == g->address &&
		    memory_get(s->memory, parts[i].address, sudog, (size_t)SUDOG_ELEM + 8) == 0 &&
		    bytes_get_u64(sudog + SUDOG_ELEM) != 0) {
			return bytes_get_u64(sudog + SUDOG_ELEM);
		}
	}
	return 0;
}

/* Does a list of waiters lie there that has the goroutine in it? It has to be whole, from its head to
 * its tail. */
static bool is_list_of(struct gostack *s, uint64_t list, const struct goroutine *g) {
	char bytes[LIST_BYTES];
	bool found = false;
	if (memory_get(s->memory, list, bytes, sizeof(bytes)) < 0) {
		return false;
	}
	uint64_t at = bytes_get_u64(bytes + LIST_HEAD);
	uint64_t tail = bytes_get_u64(bytes + LIST_HEAD + 8);
	for (int i = 0; at != 0 && at % 8 == 0 && at < ADDRESS_MAX && i < LIST_MAX; i++) {
		char sudog[24];
		if (memory_get(s->memory, at, sudog, sizeof(sudog)) < 0) {
			return false;
		}
		found = found || bytes_get_u64(sudog) == g->address;
		uint64_t next = bytes_get_u64(sudog + 8);
		if (at == tail) {
			return found && next == 0;
		}
		at = next;
	}
	return false;
}

uint64_t why_notify_list(struct gostack *s, const struct goroutine *g) {
	uint64_t pointers[SCAN_WORDS];
	if (s->minor >= 26) {
		uint64_t list = sudog_element(s, g);
		return list > WHY_COND_LIST && list % 8 == 0 && list < ADDRESS_MAX ? list : 0;
	}
	size_t n = read_pointers(s, g, pointers);
	for (size_t i = 0; i < n; i++) {
		if (pointers[i] > WHY_COND_LIST && is_list_of(s, pointers[i], g)) {
			return pointers[i];
		}
	}
	return 0;
}

static void find_cond(struct gostack *s, struct why *why, uint32_t index) {
	uint64_t list = why_notify_list(s, &s->all.items[index]);
	if (list == 0) {
		why->untold++;
		return;
	}
	add_waiter(s, object_of(s, why, WHY_COND, list - WHY_COND_LIST), index, WHY_AWAITS_SIGNAL);
}

static void find_lock(struct gostack *s, struct why *why, uint32_t index) {
	const struct goroutine *g = &s->all.items[index];
	struct sema_use use = {0};
	uint64_t semaphore = find_use(s, g, &use) ? find_semaphore(s, g) : 0;
	if (semaphore <= use.offset || semaphore % 4 != 0 || semaphore >= ADDRESS_MAX) {
		why->untold++;
		return;
	}
	/* The two of a file follow each other, behind eight bytes at an address that eight divides. */
	if (use.kind == WHY_FD_READ && semaphore % 8 != 0) {
		use.kind = WHY_FD_WRITE;
	}
	struct why_object *o = object_of(s, why, use.kind, semaphore - use.offset);
	if (o) {
		o->once = o->once || use.once;
	}
	add_waiter(s, o, index, use.how);
}

/* ---- states ---- */

static int32_t signed32(const char *p) {
	return (int32_t)bytes_get_u32(p);
}

/* Source: internal/poll/fd_mutex.go: bits of the state; the descriptor is behind the lock. */
static void read_file_state(struct gostack *s, struct why_object *o) {
	char bytes[24];
	bool write = o->kind == WHY_FD_WRITE;
	uint64_t at = o->address - (write ? WHY_FD_WSEMA : WHY_FD_RSEMA);
	if (memory_get(s->memory, at, bytes, sizeof(bytes)) == 0) {
		uint64_t state = bytes_get_u64(bytes);
		o->known = true;
		o->closed = (state & 1) != 0;
		o->locked = (state & (write ? 4 : 2)) != 0;
		o->descriptor = (int64_t)bytes_get_u64(bytes + 16);
	}
}

static void read_state(struct gostack *s, struct why_object *o) {
	if (o->kind == WHY_FD_READ || o->kind == WHY_FD_WRITE) {
		read_file_state(s, o);
		return;
	}
	char bytes[40];
	struct memory_part part = {o->address, bytes, sizeof(bytes), 0};
	size_t need = o->kind == WHY_CHANNEL ? 40 : o->kind == WHY_RWMUTEX ? 24 : 8;
	if (memory_read(s->memory, &part, 1) < 0 || part.got < need) {
		return;
	}
	o->known = true;
	uint32_t state = bytes_get_u32(bytes);
	int32_t readers = 0;
	switch (o->kind) {
	case WHY_CHANNEL:
		o->length = bytes_get_u64(bytes);
		o->capacity = bytes_get_u64(bytes + 8);
		o->closed = bytes_get_u32(bytes + 28) != 0;
		o->timer = s->minor >= 23 && bytes_get_u64(bytes + 32) != 0;
		break;
	case WHY_RWMUTEX:
		readers = signed32(bytes + 16);
		o->locked = readers < 0;
		o->count = readers < 0 ? signed32(bytes + 20) : readers;
		o->starving = (state & 4) != 0;
		break;
	case WHY_MUTEX:
		o->locked = (state & 1) != 0;
		o->starving = (state & 4) != 0;
		break;
	case WHY_WAITGROUP:
		o->count = signed32(bytes + 4);
		break;
	case WHY_COND:
	case WHY_FD_READ:
	case WHY_FD_WRITE:
		break;
	}
}

void why_find_waiters(struct gostack *s, struct why *why) {
	for (size_t i = 0; i < s->all.count; i++) {
		const struct goroutine *g = &s->all.items[i];
		const char *status = gostack_status(s, g);
		if (g->state != GOROUTINE_CERTAIN || g->stack == STACK_NONE ||
		    (g->status != GO_WAITING && g->status != GO_LEAKED) ||
		    gostack_is_system(s, g)) {
			continue;
		}
		if (streq(status, "chan receive (nil chan)") ||
		    streq(status, "chan send (nil chan)") || streq(status, "select (no cases)")) {
			add_forever(s, why, (uint32_t)i);
		} else if (str_starts(status, "chan receive")) {
			find_channels(s, why, (uint32_t)i, WHY_RECEIVES);
		} else if (str_starts(status, "chan send")) {
			find_channels(s, why, (uint32_t)i, WHY_SENDS);
		} else if (str_starts(status, "select")) {
			find_channels(s, why, (uint32_t)i, WHY_SELECTS);
		} else if (str_starts(status, "sync.Cond.Wait")) {
			find_cond(s, why, (uint32_t)i);
		} else if (streq(status, "semacquire") || str_starts(status, "sync.")) {
			find_lock(s, why, (uint32_t)i);
		}
	}
	for (size_t i = 0; i < why->object_count; i++) {
		read_state(s, &why->objects[i]);
	}
}
