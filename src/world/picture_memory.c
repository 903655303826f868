/* SPDX-License-Identifier: MIT
 * What a process has mapped, a line for each file, and what of it is its own. Source: proc_pid_maps(5),
 * proc_pid_smaps(5): smaps_rollup, Linux 4.14.
 */
#include "wire/procmaps.h"
#include "world/picture.h"

#include <inttypes.h>
#include <stdlib.h>

#define MAPS_TOLD_MAX 256
/* smaps_rollup visits every page; of a small process VmRSS and RssAnon say as much. */
#define ROLLUP_LEAST_BYTES ((int64_t)4 * 1024 * 1024)

struct mapped {
	struct slice name;
	size_t count;
	uint64_t bytes;
	bool reads, writes, runs, is_shared;
};

struct maps {
	struct mapped list[MAPS_TOLD_MAX];
	size_t count, lines;
};

/* What a file is mapped as stands together. */
static struct mapped *mapped_of(struct maps *maps, struct slice name) {
	for (size_t i = maps->count; i-- > 0 && (name.len == 0 || i + 1 == maps->count);) {
		if (slice_compare(maps->list[i].name, name) == 0) {
			return &maps->list[i];
		}
	}
	if (maps->count == MAPS_TOLD_MAX) {
		return NULL;
	}
	maps->list[maps->count] = (struct mapped){.name = name};
	return &maps->list[maps->count++];
}

static void take_line(struct maps *maps, struct slice line) {
	struct procmap map;

	if (!procmap_parse(line, &map)) {
		return;
	}
	struct mapped *m = mapped_of(maps, map.path);

	maps->lines++;
	if (!m) {
		return;
	}
	m->count++;
	m->bytes += map.end - map.start;
	m->reads = m->reads || map.readable;
	m->writes = m->writes || map.writable;
	m->runs = m->runs || map.executable;
	m->is_shared = m->is_shared || map.shared;
}

static void put_maps(struct picture_work *w, struct slice text) {
	struct maps maps = {.count = 0};
	struct strbuf out;
	struct slice line;

	while (slice_line(&text, &line)) {
		take_line(&maps, line);
	}
	strbuf_printf(w->out, "maps=%zu\n", maps.lines);
	strbuf_init(&out, w->arena);
	for (size_t i = 0; i < maps.count; i++) {
		const struct mapped *m = &maps.list[i];

		strbuf_printf(&out, "map=%zu %" PRIu64 " %c%c%c%c ", m->count, m->bytes,
		              m->reads ? 'r' : '-', m->writes ? 'w' : '-', m->runs ? 'x' : '-',
		              m->is_shared ? 's' : 'p');
		/* The kernel has escaped the newlines. */
		strbuf_add(&out, keyline_escape(w->arena, arena_slicedup(w->arena, m->name)));
		strbuf_add_char(&out, '\n');
	}
	picture_share(w, "mapped", slice_of(out.data, out.len));
}

static void put_rollup(struct picture_work *w, struct slice text) {
	static const char *const titles[] = {
		"Pss",           "Pss_Dirty", "Private_Clean", "Private_Dirty", "Anonymous",
		"AnonHugePages", "Swap",      "SwapPss",       "Locked",        NULL};
	struct slice line, title, number;

	slice_line(&text, &line); /* the range it is about */
	while (slice_line(&text, &line)) {
		if (slice_cut(&line, ':', &title) &&
		    str_in(arena_slicedup(w->arena, title), titles)) {
			line = slice_trim(line);
			if (slice_number(&line, &number)) {
				strbuf_printf(w->out, "rollup_%.*s=%.*s\n", (int)title.len,
				              title.data, (int)number.len, number.data);
			}
		}
	}
}

void picture_put_memory(struct picture_work *w, struct picture_subject *p) {
	struct slice text;

	if (picture_read(w, p, "maps", "maps", &text) == 0) {
		put_maps(w, text);
	}
	if (p->rss_bytes >= ROLLUP_LEAST_BYTES &&
	    picture_read(w, p, "smaps_rollup", NULL, &text) == 0) {
		put_rollup(w, text);
	}
}
