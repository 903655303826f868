/* SPDX-License-Identifier: MIT
 * What the goroutines of a process do. It is one more window on a process, so it is a look like the others: it runs in
 * the child that may be abandoned, is kept as evidence, and is answered from a case file. That is why this room alone
 * may see gostack (tools/check-layers): probes ask the world, and whoever thinks about the answer gets text.
 */
#include "gostack/memory.h"
#include "gostack/traceback.h"
#include "world/looks.h"

#include <errno.h>

static void put_all(struct gostack *stack, size_t cap, struct look_reply *reply) {
	const struct traceback_options options = {0};
	struct traceback_place place = {0};

	reply->state = EV_READ;
	while (reply->bytes.len <= cap && traceback_text(&reply->bytes, stack, &options, &place)) {
	}
	if (reply->bytes.len > cap) {
		reply->bytes.len = cap;
		reply->bytes.data[cap] = '\0';
		reply->state = EV_TRUNCATED;
	}
}

void look_goroutines(const struct looker *looker, const struct look_request *request,
                     struct look_reply *reply) {
	struct slice arg = slice_str(request->arg), word;
	struct memory *memory = NULL;
	struct gostack stack;
	struct err err;
	int64_t pid = -1;

	(void)looker;
	if (!slice_cut(&arg, ' ', &word) ||
	    str_to_int64(arena_slicedup(request->arena, word), &pid) < 0 || pid <= 0 ||
	    pid > INT32_MAX) {
		look_reply_errno(reply, EINVAL);
		return;
	}
	int r = memory_live_open(request->arena, (int)pid, &memory, &err);

	r = r < 0 ? r : gostack_open(request->arena, memory, NULL, &stack, &err);
	r = r < 0 ? r : gostack_read(&stack, &err);
	if (r < 0) {
		look_reply_errno(reply, -r);
	} else {
		put_all(&stack, request->cap, reply);
	}
	if (memory) {
		memory_live_close(memory);
	}
}
