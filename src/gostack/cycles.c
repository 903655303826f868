/* SPDX-License-Identifier: MIT
 * Goroutines that wait for each other in a circle. An edge goes from a goroutine to each of those
 * that all have to go on before it can: so not for select, and not where any of several would do.
 */
#include "gostack/why.h"

#define EDGES_MAX 256 /* of one goroutine */

struct edge {
	uint32_t to;
	uint32_t object;
	enum why_proof proof;
};

struct node {
	const struct edge *edges;
	uint32_t count, next; /* next: how far the walk has come */
	enum { NODE_NEW, NODE_ON_PATH, NODE_DONE } state;
};

struct walk {
	struct gostack *s;
	struct why *why;
	struct node *nodes;
	struct edge
		*path; /* path[i].to is the goroutine; object, proof: how it waits for the next */
	size_t depth;
};

/* Exactly one may hold a lock: when two look likely, neither is. */
static size_t sole_holder(const struct why_object *o, uint16_t calls, struct edge *ret) {
	size_t n = 0;
	for (size_t i = 0; i < o->holder_count; i++) {
		const struct why_holder *h = &o->holders[i];
		if (h->proof == WHY_PROVEN) {
			*ret = (struct edge){.to = h->goroutine, .proof = WHY_PROVEN};
			return 1;
		}
		if (h->proof == WHY_LIKELY && (h->reason != WHY_BY_DEFER || (h->calls & calls))) {
			*ret = (struct edge){.to = h->goroutine, .proof = WHY_LIKELY};
			n++;
		}
	}
	return n == 1 ? 1 : 0;
}

/* All of them have to release it; more than are missing cannot all be meant. */
static size_t all_holders(const struct why_object *o, uint16_t calls, struct edge *ret) {
	size_t n = 0;
	for (size_t i = 0; i < o->holder_count && n < EDGES_MAX; i++) {
		const struct why_holder *h = &o->holders[i];
		if (h->proof == WHY_LIKELY && h->reason == WHY_BY_DEFER && (h->calls & calls)) {
			ret[n++] = (struct edge){.to = h->goroutine, .proof = WHY_LIKELY};
		}
	}
	return !o->known || (int64_t)n > o->count ? 0 : n;
}

static size_t edges_of(const struct why_object *o, const struct why_waiter *w, struct edge *ret) {
	switch (w->how) {
	case WHY_LOCKS:
	case WHY_RLOCKS:
		if (!o->known || (!o->locked && o->kind == WHY_MUTEX)) {
			return 0;
		}
		return sole_holder(o, CALLS_UNLOCK | CALLS_RW_UNLOCK, ret);
	case WHY_AWAITS_READERS:
		return all_holders(o, CALLS_RUNLOCK, ret);
	case WHY_WAITS:
		return all_holders(o, CALLS_DONE, ret);
	case WHY_RECEIVES:
	case WHY_SENDS:
	case WHY_SELECTS:
	case WHY_AWAITS_SIGNAL:
		break;
	}
	return 0;
}

static void make_edges(struct walk *w) {
	struct edge edges[EDGES_MAX];
	for (size_t i = 0; i < w->why->object_count; i++) {
		const struct why_object *o = &w->why->objects[i];
		for (size_t k = 0; k < o->waiter_count; k++) {
			struct node *node = &w->nodes[o->waiters[k].goroutine];
			size_t n = edges_of(o, &o->waiters[k], edges);
			if (n == 0) {
				continue;
			}
			struct edge *all = arena_array_of(w->s->arena, struct edge, n);
			for (size_t e = 0; e < n; e++) {
				all[e] = edges[e];
				all[e].object = (uint32_t)i;
			}
			node->edges = all;
			node->count = (uint32_t)n;
		}
	}
}

static void keep_cycle(struct walk *w, uint32_t first) {
	size_t start = w->depth;
	while (start > 0 && w->path[start - 1].to != first) {
		start--;
	}
	size_t count = w->depth - start + 1;
	if (start == 0 || w->why->cycle_count == WHY_CYCLES_MAX) {
		return;
	}
	start--;
	struct why_cycle *c = &w->why->cycles[w->why->cycle_count++];
	uint32_t *goroutines = arena_array_of(w->s->arena, uint32_t, count);
	uint32_t *objects = arena_array_of(w->s->arena, uint32_t, count);
	*c = (struct why_cycle){goroutines, objects, count, WHY_PROVEN};
	for (size_t i = 0; i < count; i++) {
		goroutines[i] = w->path[start + i].to;
		objects[i] = w->path[start + i].object;
		c->proof =
			w->path[start + i].proof > c->proof ? w->path[start + i].proof : c->proof;
	}
}

static void walk_from(struct walk *w, uint32_t start) {
	w->depth = 1;
	w->path[0].to = start;
	w->nodes[start].state = NODE_ON_PATH;
	while (w->depth > 0) {
		struct edge *top = &w->path[w->depth - 1];
		struct node *node = &w->nodes[top->to];
		if (node->next == node->count) {
			node->state = NODE_DONE;
			w->depth--;
			continue;
		}
		const struct edge *e = &node->edges[node->next++];
		top->object = e->object;
		top->proof = e->proof;
		if (w->nodes[e->to].state == NODE_ON_PATH) {
			keep_cycle(w, e->to);
		} else if (w->nodes[e->to].state == NODE_NEW) {
			w->nodes[e->to].state = NODE_ON_PATH;
			w->path[w->depth++].to = e->to;
		}
	}
}

void why_find_cycles(struct gostack *s, struct why *why) {
	struct walk w = {.s = s, .why = why};
	if (why->object_count == 0) {
		return;
	}
	w.nodes = arena_array_of(s->arena, struct node, s->all.count);
	w.path = arena_array_of(s->arena, struct edge, s->all.count);
	make_edges(&w);
	for (uint32_t i = 0; i < s->all.count; i++) {
		if (w.nodes[i].state == NODE_NEW && w.nodes[i].count > 0) {
			walk_from(&w, i);
		}
	}
}
