/* SPDX-License-Identifier: MIT
 * Arrays that grow in an arena: {items, count} in public structs, the slot count kept by the one
 * who fills them.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/arena.h"

#define VEC_FIRST_SLOTS ((size_t)8)

/* Gives room for one item more: items itself while count < *slots, else a copy of double the size.
 */
static inline void *vec_room(struct arena *arena, void *items, size_t count, size_t *slots,
                             size_t item_bytes) {
	if (count < *slots) {
		return items;
	}
	size_t bigger = *slots > 0 ? *slots * 2 : VEC_FIRST_SLOTS;
	void *copy = arena_alloc_array(arena, bigger, item_bytes);
	if (items != NULL) {
		memcpy(copy, items, count * item_bytes);
	}
	*slots = bigger;
	return copy;
}

#define VEC_ROOM(arena, items, count, slots)                                                       \
	((items) = vec_room((arena), (items), (count), (slots), sizeof(*(items))))

#endif
