/* SPDX-License-Identifier: MIT
 */
#include "core/locks.h"

#include "base/str.h"
#include "core/world.h"

#include <stdlib.h>

static struct lock_place place_of(struct arena *arena, struct slice block) {
	const char *dev = keyline_text(arena, block, "dev");
	const char *colon = strchr(dev, ':');

	return (struct lock_place){
		.major = (uint32_t)strtoul(dev, NULL, 16),
		.minor = colon ? (uint32_t)strtoul(colon + 1, NULL, 16) : 0,
		.ino = strtoull(keyline_text(arena, block, "ino"), NULL, 10),
	};
}

static struct lock *lock_of(struct arena *arena, struct slice block) {
	struct lock *lock = arena_new_of(arena, struct lock);
	const char *state = keyline_text(arena, block, "state");

	*lock = (struct lock){
		.waits = streq(keyline_text(arena, block, "role"), "waits"),
		.group = keyline_number(arena, block, "group", -1),
		.depth = keyline_number(arena, block, "depth", 0),
		.class = keyline_text(arena, block, "class"),
		.mode = keyline_text(arena, block, "mode"),
		.lease = keyline_text(arena, block, "lease"),
		.start = keyline_number(arena, block, "start", 0),
		.end = keyline_number(arena, block, "end", -1),
		.place = place_of(arena, block),
		.path = keyline_text(arena, block, "path"),
		.fstype = keyline_text(arena, block, "fstype"),
		.fd = keyline_number(arena, block, "fd", -1),
		.mtime_ns = keyline_number(arena, block, "mtime_ns", 0),
		.table_pid = keyline_number(arena, block, "table_pid", 0),
		.pid = keyline_number(arena, block, "pid", 0),
		.proof = keyline_text(arena, block, "proof"),
		.unseen = keyline_text(arena, block, "unseen"),
		.ours = keyline_number(arena, block, "ours", 0) != 0,
		.tid = keyline_number(arena, block, "tid", 0),
		.ppid = keyline_number(arena, block, "ppid", 0),
		.uid = keyline_number(arena, block, "uid", -1),
		.start_wall_ns = keyline_number(arena, block, "start_wall_ns", 0),
		.start_ticks = keyline_number(arena, block, "start_ticks", 0),
		.state = *state ? *state : '?',
		.comm = keyline_text(arena, block, "comm"),
		.exe = keyline_text(arena, block, "exe"),
		.cwd = keyline_text(arena, block, "cwd"),
		.wchan = keyline_text(arena, block, "wchan"),
		.cmdline = keyline_text(arena, block, "cmdline"),
		.also = keyline_text(arena, block, "also"),
		.frozen = keyline_number(arena, block, "frozen", 0) != 0,
		.cpu_ms = keyline_number(arena, block, "cpu_ms", -1),
		.io_bytes = keyline_number(arena, block, "io_bytes", -1),
		.leaf = keyline_number(arena, block, "leaf", 0),
		.leaf_comm = keyline_text(arena, block, "leaf_comm"),
		.leaf_cmdline = keyline_text(arena, block, "leaf_cmdline"),
		.peer = keyline_text(arena, block, "peer"),
		.peer_state = keyline_text(arena, block, "peer_state"),
	};
	return lock;
}

static void take_summary(struct arena *arena, struct slice block, struct locks *ret) {
	ret->table = keyline_text(arena, block, "table");
	ret->lines = keyline_number(arena, block, "lines", 0);
	ret->looked = keyline_number(arena, block, "looked", 0);
	ret->denied = keyline_number(arena, block, "denied", 0);
	ret->may_trace = keyline_number(arena, block, "ptrace", 0) != 0;
}

struct locks locks_parse(struct arena *arena, struct slice text) {
	struct locks locks = {.table = ""};
	struct lock **end = &locks.first;
	struct slice block;

	while (keyline_block(&text, &block)) {
		if (slice_starts(block, "table=")) {
			take_summary(arena, block, &locks);
		} else if (slice_starts(block, "role=") && locks.count < LOCKS_MAX) {
			*end = lock_of(arena, block);
			end = &(*end)->next;
			locks.count++;
		}
	}
	return locks;
}

/* flock(2) knows nothing of fcntl(2): they lock beside each other (but for NFS). */
static bool same_kind(const struct lock *a, const struct lock *b) {
	return streq(a->class, "FLOCK") == streq(b->class, "FLOCK") || str_starts(a->fstype, "nfs");
}

bool lock_same_file(const struct lock *a, const struct lock *b) {
	return lock_place_eq(&a->place, &b->place) && same_kind(a, b);
}

static bool overlaps(const struct lock *a, const struct lock *b) {
	return (a->end < 0 || b->start <= a->end) && (b->end < 0 || a->start <= b->end);
}

const struct lock *locks_holder(const struct locks *locks, const struct lock *waiter,
                                const struct lock *after) {
	for (const struct lock *l = after ? after->next : locks->first; l; l = l->next) {
		if (!l->waits && lock_same_file(l, waiter) && overlaps(l, waiter) &&
		    (streq(l->mode, "WRITE") || streq(waiter->mode, "WRITE") ||
		     str_empty(waiter->mode))) {
			return l;
		}
	}
	return NULL;
}
