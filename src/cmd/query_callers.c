/* SPDX-License-Identifier: MIT
 * Which functions led to a call: its stacks, the most frequent first.
 */
#include "base/vec.h"
#include "cmd/query.h"
#include "cmd/trace_stack.h"
#include "trace/dictionary.h"

#include <errno.h>
#include <stdlib.h>

struct caller {
	const char *frames; /* a line each, innermost first */
	uint64_t calls;
	int64_t total_ns;
};

struct callers {
	struct query *query;
	struct trace_stack stack;
	struct strbuf frames;  /* of the event at hand */
	struct dictionary ids; /* of frames */
	struct caller *items;
	size_t count, size;
};

static int take(void *data, const struct event *e) {
	struct callers *c = data;
	bool is_stack = e->kind == EVENT_CALL && e->stack_depth > 0;

	trace_stack_learn(&c->stack, e);
	if (!is_stack) {
		return 0;
	}
	c->frames.len = 0;
	for (size_t i = 0; i < e->stack_depth && is_stack; i++) {
		is_stack = trace_stack_put(&c->stack, &c->frames, e, i);
		strbuf_add(&c->frames, is_stack ? "\n" : "");
	}
	size_t id = dictionary_id(&c->ids, slice_of(c->frames.data, c->frames.len));

	if (c->ids.failed) {
		return -ENOMEM;
	}
	if (id == c->count) {
		VEC_ROOM(c->query->arena, c->items, c->count, &c->size);
		c->items[c->count++] = (struct caller){
			.frames = arena_strndup(c->query->arena, c->frames.data, c->frames.len)};
	}
	c->items[id].calls++;
	c->items[id].total_ns += e->duration_ns > 0 ? e->duration_ns : 0;
	return 0;
}

static int by_calls(const void *a, const void *b) {
	const struct caller *x = a, *y = b;

	return (x->calls < y->calls) - (x->calls > y->calls);
}

static void put_rows(const struct callers *c) {
	struct query_rows *rows = c->query->rows;

	for (size_t i = 0; i < c->count; i++) {
		struct slice frames = slice_str(c->items[i].frames), frame;
		bool first = true;

		while (slice_line(&frames, &frame) && query_rows_more(rows)) {
			if (first) {
				query_put_number(rows, (int64_t)c->items[i].calls);
				query_put_real(rows, (double)c->items[i].total_ns / 1e6);
			} else {
				query_put_text(rows, NULL);
				query_put_text(rows, NULL);
			}
			query_put_bytes(rows, frame);
			first = false;
		}
	}
}

int query_callers(struct query *q, const char *argument, struct err *err) {
	struct event_filter filter = {.kinds = 1u << EVENT_CALL | 1u << EVENT_EXEC |
	                                       1u << EVENT_EXIT | 1u << EVENT_MAPPED};
	struct callers c = {.query = q};
	const struct event_sink sink = {.data = &c, .take = take};
	int code = call_set_parse(q->arena, argument, &filter.calls, err);

	if (code < 0) {
		return code;
	}
	strbuf_init(&c.frames, q->arena);
	trace_stack_begin(&c.stack);
	code = reader_each(q->reader, &filter, &sink, err);
	query_rows_columns(q->rows, "calls,ms,function");
	q->rows->empty =
		"No such call was recorded with its stack: `dialtone trace --stacks` does.";
	if (code == 0 && c.count > 0) {
		qsort(c.items, c.count, sizeof(*c.items), by_calls);
		put_rows(&c);
	}
	trace_stack_end(&c.stack);
	dictionary_free(&c.ids);
	return code;
}
