/* SPDX-License-Identifier: MIT */
#include "core/picture.h"

#include "base/str.h"
#include "base/vec.h"
#include "core/world.h"

struct shared {
	int64_t id;
	struct slice text;
};

struct reading {
	struct arena *arena;
	struct picture *picture;
	size_t slots;
	struct shared *shared;
	size_t shared_count, shared_slots;
};

static void take_process(struct reading *r, struct slice text) {
	struct picture *p = r->picture;
	struct arena *a = r->arena;
	const char *state = keyline_text(a, text, "state");
	int64_t pid = keyline_number(a, text, "pid", 0);

	if (pid <= 0 || p->count >= PICTURE_PROCESSES_MAX) {
		return;
	}
	VEC_ROOM(a, p->processes, p->count, &r->slots);
	p->processes[p->count++] = (struct picture_process){
		.pid = pid,
		.ppid = keyline_number(a, text, "ppid", 0),
		.uid = keyline_number(a, text, "uid", -1),
		.start_ticks = keyline_number(a, text, "start_ticks", 0),
		.state = state[0] ? state[0] : '?',
		.comm = keyline_text(a, text, "comm"),
		.cmdline = keyline_text(a, text, "cmdline"),
		.cwd = keyline_text(a, text, "cwd"),
		.text = text,
	};
}

static void take_shared(struct reading *r, struct slice text) {
	VEC_ROOM(r->arena, r->shared, r->shared_count, &r->shared_slots);
	r->shared[r->shared_count++] =
		(struct shared){.id = keyline_number(r->arena, text, "id", 0), .text = text};
}

static struct slice shared_of(const struct reading *r, struct slice text, const char *key) {
	int64_t id = keyline_number(r->arena, text, key, 0);

	for (size_t i = 0; id != 0 && i < r->shared_count; i++) {
		if (r->shared[i].id == id) {
			return r->shared[i].text;
		}
	}
	return slice_of("", 0);
}

struct picture *picture_parse(struct arena *arena, struct slice text) {
	struct reading r = {.arena = arena, .picture = arena_new_of(arena, struct picture)};
	struct picture *p = r.picture;
	struct strbuf sockets;
	struct slice block;

	strbuf_init(&sockets, arena);
	while (keyline_block(&text, &block)) {
		if (slice_starts(block, "record=process\n")) {
			take_process(&r, block);
		} else if (slice_starts(block, "record=whole\n")) {
			p->whole = block;
		} else if (slice_starts(block, "record=sockets\n")) {
			strbuf_add_n(&sockets, block.data, block.len);
		} else if (slice_starts(block, "record=")) {
			take_shared(&r, block);
		}
	}
	p->now_wall_ns = keyline_number(arena, p->whole, "now_wall_ns", 0);
	p->took_us = keyline_number(arena, p->whole, "took_us", 0);
	p->sockets = slice_of(sockets.data, sockets.len);
	for (size_t i = 0; i < p->count; i++) {
		struct picture_process *at = &p->processes[i];

		at->environ = shared_of(&r, at->text, "environ");
		at->limits = shared_of(&r, at->text, "limits");
		at->cgroup = shared_of(&r, at->text, "cgroup");
		at->spaces = shared_of(&r, at->text, "spaces");
		at->mapped = shared_of(&r, at->text, "mapped");
		at->mounts = shared_of(&r, at->text, "mounts");
	}
	return p->count > 0 && p->whole.len > 0 ? p : NULL;
}
