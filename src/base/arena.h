/* SPDX-License-Identifier: MIT
 * One arena owns everything made during a run: facts, findings, their strings. Nothing in it is freed alone.
 * Running out of memory ends the program with a sentence (status 70): outside input is capped where it enters,
 * so only a bug or a machine without any memory gets there.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Frees everything allocated from it; NULL is fine. */
void arena_free(struct arena *arena);

/* Zeroed, aligned for any type; size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
/* Copies; the results are NUL-terminated and live as long as the arena. */
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t len);
char *arena_slicedup(struct arena *arena, struct slice s);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#define arena_new_of(arena, type)        ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array_of(arena, type, len) ((type *)arena_alloc_array((arena), (len), sizeof(type)))

/* As arena_alloc(len * size), and ends the program on overflow. */
void *arena_alloc_array(struct arena *arena, size_t len, size_t size);

#endif
