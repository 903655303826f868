/* SPDX-License-Identifier: MIT
 */
#include "core/locks.h"

#include "base/str.h"
#include "core/world.h"

#include <stdlib.h>

static const char *text_of(struct arena *arena, struct slice block, const char *key) {
	const char *value = keyline_get(arena, block, key);

	return value ? value : "";
}

static int64_t number_of(struct arena *arena, struct slice block, const char *key,
                         int64_t unknown) {
	int64_t value;

	return str_to_int64(text_of(arena, block, key), &value) == 0 ? value : unknown;
}

static struct lock_place place_of(struct arena *arena, struct slice block) {
	const char *dev = text_of(arena, block, "dev");
	const char *colon = strchr(dev, ':');

	return (struct lock_place){
		.major = (uint32_t)strtoul(dev, NULL, 16),
		.minor = colon ? (uint32_t)strtoul(colon + 1, NULL, 16) : 0,
		.ino = strtoull(text_of(arena, block, "ino"), NULL, 10),
	};
}

static struct lock *lock_of(struct arena *arena, struct slice block) {
	struct lock *lock = arena_new_of(arena, struct lock);
	const char *state = text_of(arena, block, "state");

	*lock = (struct lock){
		.waits = streq(text_of(arena, block, "role"), "waits"),
		.group = number_of(arena, block, "group", -1),
		.depth = number_of(arena, block, "depth", 0),
		.class = text_of(arena, block, "class"),
		.mode = text_of(arena, block, "mode"),
		.lease = text_of(arena, block, "lease"),
		.start = number_of(arena, block, "start", 0),
		.end = number_of(arena, block, "end", -1),
		.place = place_of(arena, block),
		.path = text_of(arena, block, "path"),
		.fstype = text_of(arena, block, "fstype"),
		.fd = number_of(arena, block, "fd", -1),
		.mtime_ns = number_of(arena, block, "mtime_ns", 0),
		.table_pid = number_of(arena, block, "table_pid", 0),
		.pid = number_of(arena, block, "pid", 0),
		.proof = text_of(arena, block, "proof"),
		.unseen = text_of(arena, block, "unseen"),
		.ours = number_of(arena, block, "ours", 0) != 0,
		.tid = number_of(arena, block, "tid", 0),
		.ppid = number_of(arena, block, "ppid", 0),
		.uid = number_of(arena, block, "uid", -1),
		.start_wall_ns = number_of(arena, block, "start_wall_ns", 0),
		.state = *state ? *state : '?',
		.comm = text_of(arena, block, "comm"),
		.exe = text_of(arena, block, "exe"),
		.cwd = text_of(arena, block, "cwd"),
		.wchan = text_of(arena, block, "wchan"),
		.cmdline = text_of(arena, block, "cmdline"),
		.also = text_of(arena, block, "also"),
		.frozen = number_of(arena, block, "frozen", 0) != 0,
		.cpu_ms = number_of(arena, block, "cpu_ms", -1),
		.io_bytes = number_of(arena, block, "io_bytes", -1),
		.leaf = number_of(arena, block, "leaf", 0),
		.leaf_comm = text_of(arena, block, "leaf_comm"),
		.leaf_cmdline = text_of(arena, block, "leaf_cmdline"),
		.peer = text_of(arena, block, "peer"),
		.peer_state = text_of(arena, block, "peer_state"),
	};
	return lock;
}

static void take_summary(struct arena *arena, struct slice block, struct locks *ret) {
	ret->table = text_of(arena, block, "table");
	ret->lines = number_of(arena, block, "lines", 0);
	ret->looked = number_of(arena, block, "looked", 0);
	ret->denied = number_of(arena, block, "denied", 0);
	ret->may_trace = number_of(arena, block, "ptrace", 0) != 0;
}

struct locks locks_parse(struct arena *arena, struct slice text) {
	struct locks locks = {.table = ""};
	struct lock **end = &locks.first;

	while (text.len > 0) {
		const char *gap = memmem(text.data, text.len, "\n\n", 2);
		size_t len = gap ? (size_t)(gap - text.data) + 1 : text.len;
		struct slice block = slice_of(text.data, len);

		len += gap != NULL;
		text = slice_of(text.data + len, text.len - len);
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
