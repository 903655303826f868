/* SPDX-License-Identifier: MIT */
#include "trace/mapped.h"

#include "base/fd.h"
#include "base/grow.h"
#include "base/str.h"
#include "base/vec.h"
#include "wire/procmaps.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAPS_BYTES  ((size_t)1024 * 1024)
#define LINES_BYTES ((size_t)64 * 1024) /* of them those that are told */
#define LOOKS_CALLER                                                                               \
	16 /* a program: callers that lie nowhere are common where C keeps no frame pointers */
#define LOOKS_OWN 64 /* … and a thread that stands nowhere is new code */

static struct mapped_process *process_of(const struct mapped *m, pid_t pid) {
	for (size_t i = 0; i < m->count; i++) {
		if (m->processes[i].pid == pid) {
			return &m->processes[i];
		}
	}
	return NULL;
}

static struct mapped_process *process_new(struct mapped *m, pid_t pid) {
	struct mapped_process *all =
		items_grow(m->processes, &m->slots, m->count + 1, sizeof(*all));

	if (!all) {
		return NULL;
	}
	m->processes = all;
	all[m->count] = (struct mapped_process){.pid = pid, .arena = arena_new()};
	return &all[m->count++];
}

static void forget(struct mapped *m, pid_t pid) {
	struct mapped_process *p = process_of(m, pid);

	if (p) {
		arena_free(p->arena);
		*p = m->processes[--m->count];
	}
}

/* Code of a file? */
static bool range_parse(struct slice line, struct procmap *ret) {
	return procmap_parse(line, ret) && ret->executable && slice_starts(ret->path, "/");
}

static void learn(struct mapped *m, pid_t pid, struct slice lines) {
	struct mapped_process *old = process_of(m, pid);
	unsigned looks = old ? old->looks : 0;
	struct slice line;

	forget(m, pid);
	struct mapped_process *p = process_new(m, pid);

	if (!p) {
		return;
	}
	p->looks = looks;
	while (slice_line(&lines, &line)) {
		struct procmap map;

		if (range_parse(line, &map)) {
			VEC_ROOM(p->arena, p->ranges, p->count, &p->slots);
			p->ranges[p->count++] = (struct mapped_range){
				.start = map.start,
				.end = map.end,
				.offset = map.offset,
				.path = arena_slicedup(p->arena, map.path),
			};
		}
	}
}

void mapped_take(struct mapped *m, const struct event *e) {
	const struct payload *maps;

	switch (e->kind) {
	case EVENT_MAPPED:
		maps = event_payload(e, PAYLOAD_FILE, STATE_MAPS);
		learn(m, e->pid, maps ? maps->bytes : slice_of("", 0));
		break;
	case EVENT_EXEC:
		forget(m, e->pid);
		break;
	case EVENT_EXIT:
		if (e->tid == e->pid) {
			forget(m, e->pid);
		}
		break;
	default:
		break;
	}
}

const struct mapped_range *mapped_find(const struct mapped *m, pid_t pid, uint64_t address) {
	const struct mapped_process *p = process_of(m, pid);

	for (size_t i = 0; p && i < p->count; i++) {
		if (address >= p->ranges[i].start && address < p->ranges[i].end) {
			return &p->ranges[i];
		}
	}
	return NULL;
}

void mapped_free(struct mapped *m) {
	for (size_t i = 0; i < m->count; i++) {
		arena_free(m->processes[i].arena);
	}
	free(m->processes);
	*m = (struct mapped){0};
}

/* ---- looking ---- */

/* Of /proc/PID/maps the lines that count; empty when it is gone. */
static struct slice look(struct arena *arena, pid_t pid) {
	char path[32], *text = arena_alloc(arena, MAPS_BYTES);
	struct slice all, line;
	struct procmap map;
	struct strbuf out;
	size_t len = 0;
	ssize_t n = 1;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	int fd CLEANUP(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && n > 0 && len < MAPS_BYTES) {
		n = read(fd, text + len, MAPS_BYTES - len);
		len += n > 0 ? (size_t)n : 0;
	}
	strbuf_init(&out, arena);
	all = slice_of(text, len);
	while (slice_line(&all, &line) && out.len + line.len < LINES_BYTES) {
		if (range_parse(line, &map)) {
			strbuf_add_n(&out, line.data, line.len);
			strbuf_add_char(&out, '\n');
		}
	}
	return slice_of(out.data, out.len);
}

static bool is_news(const struct mapped *m, const struct event *e) {
	const struct mapped_process *p = process_of(m, e->pid);
	unsigned looks = p ? p->looks : 0;

	for (size_t i = 0; i < e->stack_depth && looks < (i == 0 ? LOOKS_OWN : LOOKS_CALLER); i++) {
		if (!mapped_find(m, e->pid, e->stack[i])) {
			return true;
		}
	}
	return false;
}

/* When the process is gone: of the program that an exec tells of. */
static struct slice program_of(struct arena *arena, const struct event *exec) {
	const struct payload *path = event_payload(exec, PAYLOAD_STRING, 0);
	struct strbuf out;

	strbuf_init(&out, arena);
	if (path) {
		mapped_program(&out, arena_slicedup(arena, path->bytes));
	}
	return slice_of(out.data, out.len);
}

static int tell(struct mapped_teller *t, const struct event *why) {
	struct arena *arena = arena_new();
	struct payload maps = {
		.kind = PAYLOAD_FILE, .which = STATE_MAPS, .bytes = look(arena, why->pid)};
	struct event event = {
		.kind = EVENT_MAPPED,
		.start_ns = why->start_ns,
		.pid = why->pid,
		.tid = why->pid,
		.payloads = &maps,
		.payload_count = 1,
	};
	struct mapped_process *p = process_of(&t->known, why->pid);
	int code = 0;

	if (maps.bytes.len == 0 && why->kind == EVENT_EXEC) {
		maps.bytes = program_of(arena, why);
	}
	maps.full_bytes = (uint32_t)maps.bytes.len;
	if (maps.bytes.len > 0) {
		mapped_take(&t->known, &event);
		code = t->next.take(t->next.data, &event);
		p = process_of(&t->known, why->pid);
	} else if (!p) {
		p = process_new(&t->known, why->pid);
	}
	if (p) {
		p->looks++;
	}
	arena_free(arena);
	return code;
}

int mapped_teller_take(void *data, const struct event *event) {
	struct mapped_teller *t = data;
	int code = 0;

	mapped_take(&t->known, event);
	if (event->stack_depth > 0 && is_news(&t->known, event)) {
		code = tell(t, event);
	}
	code = code == 0 ? t->next.take(t->next.data, event) : code;
	return code == 0 && event->kind == EVENT_EXEC ? tell(t, event) : code;
}
