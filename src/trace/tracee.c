/* SPDX-License-Identifier: MIT
 * A hash table with linear probing. A dropped one leaves its slot marked, so that going through the
 * table stands still while it is emptied.
 */
#include "trace/tracee.h"

#include <stdlib.h>

#define FIRST_SLOTS 64

static struct tracee *gone_mark(const struct tracee_table *table) {
	return (struct tracee *)(void *)table->slots; /* no thread lives there */
}

static size_t slot_of(const struct tracee_table *table, pid_t tid) {
	return ((uint32_t)tid * 2654435761U) & (table->size - 1);
}

struct tracee *tracee_find(const struct tracee_table *table, pid_t tid) {
	if (table->size == 0) {
		return NULL;
	}
	for (size_t i = slot_of(table, tid);; i = (i + 1) & (table->size - 1)) {
		struct tracee *t = table->slots[i];

		if (!t) {
			return NULL;
		}
		if (t != gone_mark(table) && t->tid == tid) {
			return t;
		}
	}
}

static void put(struct tracee_table *table, struct tracee *tracee) {
	size_t i = slot_of(table, tracee->tid);

	while (table->slots[i]) {
		i = (i + 1) & (table->size - 1);
	}
	table->slots[i] = tracee;
	table->filled++;
}

/* A table of that size without marks. */
static bool rebuild(struct tracee_table *table, size_t size) {
	struct tracee_table bigger = {.size = size, .count = table->count};
	size_t at = 0;

	bigger.slots = calloc(size, sizeof(struct tracee *));
	if (!bigger.slots) {
		return false;
	}
	for (struct tracee *t; (t = tracee_next(table, &at)) != NULL;) {
		put(&bigger, t);
	}
	free((void *)table->slots);
	*table = bigger;
	return true;
}

/* Room for one more, with a quarter of the slots free of threads and marks. */
static bool room(struct tracee_table *table) {
	if (table->size == 0) {
		return rebuild(table, FIRST_SLOTS);
	}
	if (table->filled * 4 < table->size * 3) {
		return true;
	}
	return rebuild(table, table->count * 2 >= table->size ? table->size * 2 : table->size);
}

struct tracee *tracee_add(struct tracee_table *table, pid_t tid) {
	struct tracee *t = tracee_find(table, tid);

	if (t) {
		return t;
	}
	if (!room(table) || !(t = calloc(1, sizeof(*t)))) {
		return NULL;
	}
	t->tid = tid;
	put(table, t);
	table->count++;
	return t;
}

static void take_out(struct tracee_table *table, const struct tracee *tracee) {
	size_t i = slot_of(table, tracee->tid);

	while (table->slots[i] != tracee) {
		i = (i + 1) & (table->size - 1);
	}
	table->slots[i] = gone_mark(table);
}

void tracee_drop(struct tracee_table *table, struct tracee *tracee) {
	take_out(table, tracee);
	table->count--;
	capture_free(&tracee->capture);
	free(tracee);
}

void tracee_rename(struct tracee_table *table, struct tracee *tracee, pid_t tid) {
	struct tracee *other = tracee_find(table, tid);

	if (other == tracee) {
		return;
	}
	if (other) {
		tracee_drop(table, other);
	}
	take_out(table, tracee);
	tracee->tid = tid;
	put(table, tracee);
}

struct tracee *tracee_next(const struct tracee_table *table, size_t *at) {
	while (*at < table->size) {
		struct tracee *t = table->slots[(*at)++];

		if (t && t != gone_mark(table)) {
			return t;
		}
	}
	return NULL;
}

void tracee_table_free(struct tracee_table *table) {
	size_t at = 0;

	for (struct tracee *t; (t = tracee_next(table, &at)) != NULL;) {
		capture_free(&t->capture);
		free(t);
	}
	free((void *)table->slots);
	*table = (struct tracee_table){0};
}
