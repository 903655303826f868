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

/* As `strace -k` shows them. */
static void add_stack(struct trace_text *t, const struct event *e) {
	bool is_stack = true;

	for (size_t i = 0; i < e->stack_depth && is_stack; i++) {
		size_t before = t->line.len;

		strbuf_add(&t->line, "\n > ");
		is_stack = trace_stack_put(&t->stack, &t->line, e, i);
		if (!is_stack) {
			t->line.len = before;
		}
	}
}

void trace_text_begin(struct trace_text *text, FILE *out) {
	*text = (struct trace_text){.out = out};
	trace_stack_begin(&text->stack);
	/* On a terminal each line is written when it is there, as stdio does it by itself. */
	if (!isatty(fileno(out))) {
		(void)setvbuf(out, NULL, _IOFBF, BUFFER_BYTES);
	}
}

void trace_text_end(struct trace_text *text) {
	(void)fflush(text->out);
	arena_free(text->arena);
	text->arena = NULL;
	trace_stack_end(&text->stack);
}

int trace_text_take(void *data, const struct event *event) {
	struct trace_text *t = data;

	if (t->lines++ % LINES_OF_ARENA == 0) {
		arena_free(t->arena);
		t->arena = arena_new();
		strbuf_init(&t->line, t->arena);
	}
	t->line.len = 0;
	trace_stack_learn(&t->stack, event);
	if (!render_line(&t->line, event)) {
		add_more(&t->line, event);
	}
	if (t->line.len > 0) {
		add_stack(t, event);
		strbuf_add_char(&t->line, '\n');
		(void)fwrite_unlocked(t->line.data, 1, t->line.len, t->out);
	}
	return ferror(t->out) ? (errno == EPIPE ? -EPIPE : -EIO) : 0;
}
