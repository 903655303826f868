/* SPDX-License-Identifier: MIT
 */
#include "core/evidence.h"

#include <errno.h>
#include <stdlib.h>

#define STORE_FIRST_SLOTS ((size_t)256) /* a power of two */

void evidence_store_init(struct evidence_store *store, struct arena *arena) {
	*store = (struct evidence_store){.arena = arena};
	store->slot_count = STORE_FIRST_SLOTS;
	store->slots = arena_array_of(arena, uint32_t, store->slot_count);
	store->size = STORE_FIRST_SLOTS / 2;
	store->items = arena_array_of(arena, struct evidence *, store->size);
}

/* FNV-1a. The store's keys come from our own run or a case file of at most 100,000 entries. */
static size_t source_hash(const char *source) {
	uint64_t hash = 0xcbf29ce484222325U;

	for (; *source; source++) {
		hash = (hash ^ (unsigned char)*source) * 0x100000001b3U;
	}
	return (size_t)(hash ^ (hash >> 32));
}

/* The slot that holds this source, or the free one where it belongs. */
static uint32_t *slot_of(const struct evidence_store *store, const char *source) {
	size_t mask = store->slot_count - 1;
	size_t i = source_hash(source) & mask;

	while (store->slots[i] && strcmp(store->items[store->slots[i] - 1]->source, source) != 0) {
		i = (i + 1) & mask;
	}
	return &store->slots[i];
}

static void store_grow(struct evidence_store *store) {
	struct evidence **items = arena_array_of(store->arena, struct evidence *, store->size * 2);

	memcpy(items, store->items, store->count * sizeof *items);
	store->items = items;
	store->size *= 2;
	store->slot_count *= 2;
	store->slots = arena_array_of(store->arena, uint32_t, store->slot_count);
	for (size_t i = 0; i < store->count; i++) {
		*slot_of(store, items[i]->source) = (uint32_t)(i + 1);
	}
}

struct evidence *evidence_find(const struct evidence_store *store, const char *source) {
	uint32_t slot = *slot_of(store, source);

	return slot ? store->items[slot - 1] : NULL;
}

struct evidence *evidence_add(struct evidence_store *store, const char *source) {
	struct evidence *ev = arena_new_of(store->arena, struct evidence);

	if (store->count == store->size) {
		store_grow(store);
	}
	ev->id = (uint32_t)store->count;
	ev->source = arena_strdup(store->arena, source);
	ev->state = EV_FAILED;
	ev->bytes = slice_of("", 0);
	store->items[store->count++] = ev;
	*slot_of(store, source) = (uint32_t)store->count;
	return ev;
}

struct evidence *evidence_add_copy(struct evidence_store *store, const char *source,
                                   const struct evidence *from) {
	struct evidence *copy = evidence_add(store, source);

	copy->at_ns = from->at_ns;
	copy->state = from->state;
	copy->error = from->error;
	copy->bytes = from->bytes;
	return copy;
}

const char *evidence_plain_source(const char *source) {
	size_t len = strlen(EVIDENCE_BEHIND);

	return strncmp(source, EVIDENCE_BEHIND, len) == 0 ? source + len : source;
}

const char *ev_state_name(enum ev_state state) {
	switch (state) {
	case EV_READ:
		return "read";
	case EV_ABSENT:
		return "absent";
	case EV_DENIED:
		return "denied";
	case EV_TRUNCATED:
		return "truncated";
	case EV_TIMED_OUT:
		return "timed_out";
	case EV_FAILED:
		return "failed";
	case EV_NOT_RECORDED:
		return "not_recorded";
	}
	return "failed";
}

const char *evidence_refusal(const struct evidence *ev) {
	switch (ev->state) {
	case EV_ABSENT:
		return "it does not exist";
	case EV_DENIED:
		return "permission denied";
	case EV_TIMED_OUT:
		return "it did not answer in time";
	case EV_NOT_RECORDED:
		return "it was not looked at when the case was recorded";
	case EV_READ:
	case EV_TRUNCATED:
	case EV_FAILED:
		break;
	}
	return ev->error > 0 ? strerror(ev->error) : "it is no regular file";
}

bool evidence_has_bytes(const struct evidence *ev) {
	return ev->state == EV_READ || ev->state == EV_TRUNCATED;
}

bool evidence_is_absent(const struct evidence *ev) {
	return ev->state == EV_ABSENT || ev->state == EV_NOT_RECORDED;
}

enum ev_state ev_state_of_errno(int error) {
	switch (error) {
	case 0:
		return EV_READ;
	case ENOENT:
	case ENOTDIR:
		return EV_ABSENT;
	case EACCES:
	case EPERM:
		return EV_DENIED;
	case ETIMEDOUT:
	case EINTR:
		return EV_TIMED_OUT;
	default:
		return EV_FAILED;
	}
}
