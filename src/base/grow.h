/* SPDX-License-Identifier: MIT
 * Arrays from malloc that grow while they are filled.
 */
#ifndef BASE_GROW_H
#define BASE_GROW_H

#include <stddef.h>

/* items with room for `need` of them: as they are when there is room, else moved, with at least twice the room. NULL
 * without memory; items and *slots are then as they were. Never NULL for need 0. */
void *items_grow(void *items, size_t *slots, size_t need, size_t item_bytes);

#endif
