/* SPDX-License-Identifier: MIT */
#include "cmd/trace_text.h"

#include "base/arena.h"
#include "trace/render.h"

#include <errno.h>
#include <unistd.h>

/* What strace has no line for and people want to see. */
static void add_more(struct strbuf *line, const struct event *e) {
	switch (e->kind) {
	case EVENT_FORK:
		strbuf_printf(line, "%d  +++ made %s %d +++", (int)e->tid,
		              e->child_pid == e->pid ? "thread" : "process", (int)e->child);
		break;
	case EVENT_LOST:
		strbuf_printf(line, "+++ %llu events lost +++", (unsigned long long)e->lost);
		break;
	default:
		break;
	}
}

int trace_text_take(void *data, const struct event *event) {
	FILE *out = data;
	struct arena *arena = arena_new();
	struct strbuf line;

	strbuf_init(&line, arena);
	if (!render_line(&line, event)) {
		add_more(&line, event);
	}
	if (line.len > 0) {
		strbuf_add_char(&line, '\n');
		(void)fwrite(line.data, 1, line.len, out);
	}
	arena_free(arena);
	return ferror(out) ? (errno == EPIPE ? -EPIPE : -EIO) : 0;
}
