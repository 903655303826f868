/* SPDX-License-Identifier: MIT */
#include "cmd/trace_text.h"

#include "base/arena.h"
#include "trace/render.h"

#include <errno.h>
#include <unistd.h>

#define BUFFER_BYTES   ((size_t)64 * 1024)
#define LINES_OF_ARENA 256

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

void trace_text_begin(struct trace_text *text, FILE *out) {
	*text = (struct trace_text){.out = out};
	/* On a terminal each line is written when it is there, as stdio does it by itself. */
	if (!isatty(fileno(out))) {
		(void)setvbuf(out, NULL, _IOFBF, BUFFER_BYTES);
	}
}

void trace_text_end(struct trace_text *text) {
	(void)fflush(text->out);
	arena_free(text->arena);
	text->arena = NULL;
}

int trace_text_take(void *data, const struct event *event) {
	struct trace_text *t = data;

	if (t->lines++ % LINES_OF_ARENA == 0) {
		arena_free(t->arena);
		t->arena = arena_new();
		strbuf_init(&t->line, t->arena);
	}
	t->line.len = 0;
	if (!render_line(&t->line, event)) {
		add_more(&t->line, event);
	}
	if (t->line.len > 0) {
		strbuf_add_char(&t->line, '\n');
		(void)fwrite_unlocked(t->line.data, 1, t->line.len, t->out);
	}
	return ferror(t->out) ? (errno == EPIPE ? -EPIPE : -EIO) : 0;
}
