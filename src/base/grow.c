/* SPDX-License-Identifier: MIT */
#include "base/grow.h"

#include <stdint.h>
#include <stdlib.h>

#define FIRST_SLOTS ((size_t)16)

void *items_grow(void *items, size_t *slots, size_t need, size_t item_bytes) {
	if (items && need <= *slots) {
		return items;
	}
	size_t more = *slots > 0 ? *slots * 2 : FIRST_SLOTS;
	more = more > need ? more : need;
	void *bigger = more <= SIZE_MAX / item_bytes ? realloc(items, more * item_bytes) : NULL;
	if (bigger) {
		*slots = more;
	}
	return bigger;
}
