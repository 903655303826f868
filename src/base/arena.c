/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT   ((size_t)16)

struct block {
	struct block *next;
	size_t used;
	size_t size;
	_Alignas(16) char data[];
};

struct arena {
	struct block *blocks; /* the newest first */
};

static _Noreturn void out_of_memory(void) {
	static const char text[] = "dialtone: out of memory\n";
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(70);
}

struct arena *arena_new(void) {
	struct arena *arena = calloc(1, sizeof(*arena));
	if (!arena) {
		out_of_memory();
	}
	return arena;
}

void arena_free(struct arena *arena) {
	if (!arena) {
		return;
	}
	struct block *next = NULL;
	for (struct block *b = arena->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(arena);
}

static struct block *block_add(struct arena *arena, size_t size) {
	size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	struct block *b = malloc(sizeof(*b) + room);
	if (!b) {
		out_of_memory();
	}
	b->used = 0;
	b->size = room;
	b->next = arena->blocks;
	arena->blocks = b;
	return b;
}

/* Not zeroed. */
static void *arena_take(struct arena *arena, size_t size) {
	if (size > SIZE_MAX / 2) {
		out_of_memory();
	}
	size_t need = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	struct block *b = arena->blocks;
	if (!b || b->size - b->used < need) {
		b = block_add(arena, need);
	}
	void *p = b->data + b->used;
	b->used += need;
	return p;
}

void *arena_alloc(struct arena *arena, size_t size) {
	return memset(arena_take(arena, size), 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t len, size_t size) {
	size_t bytes = 0;
	if (__builtin_mul_overflow(len, size, &bytes)) {
		out_of_memory();
	}
	return arena_alloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *s, size_t len) {
	char *copy = arena_alloc(arena, len + 1);
	if (len > 0) {
		memcpy(copy, s, len);
	}
	return copy;
}

char *arena_strdup(struct arena *arena, const char *s) {
	return arena_strndup(arena, s, strlen(s));
}

char *arena_slicedup(struct arena *arena, struct slice s) {
	return arena_strndup(arena, s.data, s.len);
}

/* Written where the next bytes come from (their number is a multiple of ALIGNMENT): what fits there,
 * as nearly everything does, is formatted once only. */
char *arena_vprintf(struct arena *arena, const char *fmt, va_list ap) {
	struct block *b = arena->blocks;
	size_t room = b ? b->size - b->used : 0;
	va_list first;
	va_copy(first, ap);
	int n = vsnprintf(room > 0 ? b->data + b->used : NULL, room, fmt, first);
	va_end(first);
	size_t size = (n > 0 ? (size_t)n : 0) + 1;
	char *s = arena_take(arena, size);
	if (size > room && n > 0) {
		vsnprintf(s, size, fmt, ap);
	}
	s[size - 1] = '\0';
	return s;
}

char *arena_printf(struct arena *arena, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	char *s = arena_vprintf(arena, fmt, ap);
	va_end(ap);
	return s;
}
