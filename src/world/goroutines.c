/* SPDX-License-Identifier: MIT
 * What the goroutines of a process do. It is one more window on a process, so it is a look like the others: it runs in
 * the child that may be abandoned, is kept as evidence, and is answered from a case file. That is why this room alone
 * may see gostack (tools/check-layers): probes ask the world, and whoever thinks about the answer gets text.
 */
#include "base/clock.h"
#include "gostack/memory.h"
#include "gostack/traceback.h"
#include "world/looks.h"

#include <errno.h>
#include <time.h>

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

/* The argument "PID WHAT MS": not before so much time has passed. */
static void rest(struct look_request const *request, struct slice ms) {
	int64_t number = 0;

	if (str_to_int64(arena_slicedup(request->arena, ms), &number) < 0 || number <= 0) {
		return;
	}
	int64_t until = clock_now_ns() + number * NS_PER_MS;

	until = until < request->until_ns ? until : request->until_ns;
	for (int64_t left = until - clock_now_ns(); left > 0; left = until - clock_now_ns()) {
		nanosleep(&(struct timespec){.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S},
		          NULL);
	}
}

void look_goroutines(const struct looker *looker, const struct look_request *request,
                     struct look_reply *reply) {
	struct slice arg = slice_str(request->arg), word, what;
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
	if (slice_cut(&arg, ' ', &what)) {
		rest(request, arg);
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
