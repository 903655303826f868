/* SPDX-License-Identifier: MIT
 * Goroutines out of a hostile core file and a hostile program: four bytes with the length of the
 * program (0: none), the program, the core. Whatever they say, reading ends and stays inside.
 */
#include "gostack/bytes.h"
#include "gostack/corefile.h"
#include "gostack/traceback.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
	if (!holds) {
		abort();
	}
}

static void check_core(struct arena *arena, struct slice bytes) {
	struct corefile core;
	if (corefile_read(arena, bytes, &core, NULL) < 0) {
		return;
	}
	for (size_t i = 0; i < core.segment_count; i++) {
		const struct core_segment *s = &core.segments[i];
		uint64_t hole = 0;
		check(i == 0 || core.segments[i - 1].address <= s->address);
		check(s->bytes.len <= s->memory_bytes);
		(void)corefile_at(&core, s->address, &hole);
		check(hole > 0);
		check(s->bytes.len == 0 ||
		      (s->bytes.data >= bytes.data &&
		       s->bytes.data + s->bytes.len <= bytes.data + bytes.len));
	}
	for (size_t i = 0; i < core.thread_count; i++) {
		check(corefile_thread(&core, core.threads[i].tid) != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const struct traceback_options all = {.system = true, .full = true};
	struct arena *arena = arena_new();
	struct slice input = slice_of((const char *)data, size);
	struct memory *memory = NULL;
	struct memory_core_notes notes;
	struct gostack stack;
	struct strbuf out;
	struct traceback_place next = {0};
	uint32_t len = 0;
	(void)bytes_u32(input, 0, &len);
	struct slice program = bytes_sub(input, 4, len);
	struct slice core = bytes_sub(input, 4 + (uint64_t)program.len, UINT64_MAX);
	check_core(arena, core);
	if (memory_core_of(arena, core, program, &memory, &notes, NULL) == 0) {
		if (gostack_open(arena, memory, NULL, &stack, NULL) == 0 &&
		    gostack_read(&stack, NULL) == 0) {
			strbuf_init(&out, arena);
			while (traceback_text(&out, &stack, &all, &next)) {
			}
		}
		memory_core_close(memory);
	}
	arena_free(arena);
	return 0;
}
