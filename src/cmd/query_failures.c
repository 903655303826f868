/* SPDX-License-Identifier: MIT
 * What failed and does not fail in a healthy run.
 */
#include "cmd/baseline.h"
#include "cmd/query.h"
#include "trace/dictionary.h"

#include <errno.h>

struct new_failure {
	int64_t at_ns;
	pid_t pid;
	const char *program, *call, *path;
	int error;
	uint64_t calls;
};

struct new_failures {
	struct query *query;
	struct comparison comparison;
	struct dictionary ids; /* by key */
	struct new_failure *items;
	size_t count, size;
};

static void add(struct new_failures *n, const struct event *e, const struct failure *f) {
	struct arena *arena = n->query->arena;
	size_t id = dictionary_id(&n->ids, slice_str(f->key));

	if (id < n->count) {
		n->items[id].calls++;
		return;
	}
	if (n->count == n->size) {
		size_t more = n->size > 0 ? n->size * 2 : 64;
		struct new_failure *bigger = arena_array_of(arena, struct new_failure, more);

		if (n->count > 0) {
			memcpy(bigger, n->items, n->count * sizeof(*bigger));
		}
		n->items = bigger;
		n->size = more;
	}
	n->items[n->count++] = (struct new_failure){.at_ns = e->start_ns,
	                                            .pid = e->pid,
	                                            .program = arena_strdup(arena, f->program),
	                                            .call = f->call,
	                                            .path = arena_strdup(arena, f->path),
	                                            .error = f->error,
	                                            .calls = 1};
}

static int take(void *data, const struct event *e) {
	struct new_failures *n = data;
	struct failure failure;

	if (comparison_take(&n->comparison, e, &failure)) {
		add(n, e, &failure);
	}
	return n->ids.failed ? -ENOMEM : 0;
}

int query_failed_new(struct query *q, const char *baseline, struct err *err) {
	struct new_failures n = {.query = q};
	struct event_sink sink = {.data = &n, .take = take};
	int r = comparison_open(&n.comparison, q->arena, baseline, err);

	r = r < 0 ? r : reader_each(q->reader, NULL, &sink, err);
	query_rows_columns(q->rows, "at_s,pid,program,call,errno,calls,path");
	q->rows->empty = arena_printf(
		q->arena, "Nothing failed that does not fail in '%s' as well.", baseline);
	for (size_t i = 0; r == 0 && i < n.count && query_rows_more(q->rows); i++) {
		const struct new_failure *f = &n.items[i];

		query_put_real(q->rows, (double)(f->at_ns - q->began_ns) / 1e9);
		query_put_number(q->rows, f->pid);
		query_put_text(q->rows, f->program);
		query_put_text(q->rows, f->call);
		query_put_text(q->rows, strerrorname_np(f->error));
		query_put_number(q->rows, (int64_t)f->calls);
		query_put_text(q->rows, f->path);
	}
	comparison_close(&n.comparison);
	dictionary_free(&n.ids);
	return r;
}
