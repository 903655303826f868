/* SPDX-License-Identifier: MIT */
#include "trace/frames.h"

size_t frames_walk(const struct capture_source *memory, uint64_t pc, uint64_t frame,
                   uint64_t ret_stack[EVENT_STACK_MAX]) {
	uint64_t link[2]; /* the caller's frame, and where the call returns to */
	size_t depth = 0;

	ret_stack[depth++] = pc;
	while (depth < EVENT_STACK_MAX && frame % sizeof(frame) == 0 &&
	       memory->read(memory->data, frame, link, sizeof(link)) == sizeof(link) &&
	       link[1] != 0) {
		ret_stack[depth++] = link[1];
		if (link[0] <= frame) {
			break;
		}
		frame = link[0];
	}
	return depth;
}
