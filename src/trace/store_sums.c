/* SPDX-License-Identifier: MIT
 * What a chunk comes to, per process and call: so that a first question about millions of events
 * is answered without unpacking one.
 */
#include "base/grow.h"
#include "trace/call.h"
#include "trace/store_private.h"

#include <errno.h>
#include <stdlib.h>

static void add_error(struct store_sums *s, const struct event *e) {
	int32_t key[4] = {e->pid, (int32_t)e->arch, e->number, (int32_t)-e->result};
	size_t before = s->errors.count;
	size_t id = dictionary_id(&s->errors, slice_of((const char *)key, sizeof(key)));
	struct error_sum *rows =
		items_grow(s->error_rows, &s->error_slots, s->errors.count, sizeof(*s->error_rows));
	if (!rows) {
		s->no_memory = true;
		return;
	}
	s->error_rows = rows;
	if (s->errors.count > before) {
		s->error_rows[id] = (struct error_sum){
			.pid = e->pid, .arch = key[1], .number = e->number, .error = key[3]};
	}
	s->error_rows[id].calls++;
}

static void add_call(struct store_sums *s, const struct event *e) {
	int32_t key[3] = {e->pid, (int32_t)e->arch, e->number};
	size_t before = s->calls.count;
	size_t id = dictionary_id(&s->calls, slice_of((const char *)key, sizeof(key)));
	struct call_sum *rows =
		items_grow(s->call_rows, &s->call_slots, s->calls.count, sizeof(*s->call_rows));
	if (!rows) {
		s->no_memory = true;
		return;
	}
	s->call_rows = rows;
	struct call_sum *row = &s->call_rows[id];
	if (s->calls.count > before) {
		*row = (struct call_sum){.pid = e->pid,
		                         .arch = key[1],
		                         .number = e->number,
		                         .shortest_ns = INT64_MAX};
	}
	row->calls++;
	if (e->duration_ns < 0) {
		row->unfinished++;
		return;
	}
	row->total_ns += e->duration_ns;
	row->shortest_ns = e->duration_ns < row->shortest_ns ? e->duration_ns : row->shortest_ns;
	row->longest_ns = e->duration_ns > row->longest_ns ? e->duration_ns : row->longest_ns;
	s->longest_ns = e->duration_ns > s->longest_ns ? e->duration_ns : s->longest_ns;
	if (event_failed(e)) {
		row->failed++;
		s->failed++;
		add_error(s, e);
	}
}

static void add_kind(struct store_sums *s, const struct event *e) {
	int32_t key[2] = {(int32_t)e->kind, e->pid};
	size_t before = s->kinds.count;
	size_t id = dictionary_id(&s->kinds, slice_of((const char *)key, sizeof(key)));
	struct kind_sum *rows =
		items_grow(s->kind_rows, &s->kind_slots, s->kinds.count, sizeof(*s->kind_rows));
	if (!rows) {
		s->no_memory = true;
		return;
	}
	s->kind_rows = rows;
	if (s->kinds.count > before) {
		s->kind_rows[id] = (struct kind_sum){.kind = key[0], .pid = e->pid};
	}
	s->kind_rows[id].events++;
}

void store_sums_add(struct store_sums *s, const struct event *e) {
	int64_t end =
		e->start_ns + (e->kind == EVENT_CALL && e->duration_ns > 0 ? e->duration_ns : 0);
	bool first = s->first_ns == 0 && s->last_ns == 0;
	s->first_ns = first || e->start_ns < s->first_ns ? e->start_ns : s->first_ns;
	s->last_ns = first || end > s->last_ns ? end : s->last_ns;
	if (e->kind == EVENT_CALL) {
		add_call(s, e);
	} else {
		add_kind(s, e);
	}
}

/* A name for each number, so that the file can be read without our tables. */
static int put_name(struct store *store, const struct call_sum *row) {
	const struct call *call = call_by_number((enum event_arch)row->arch, row->number);
	if (!call) {
		return 0;
	}
	return store_run(store, PUT_CALL, "iis", (int64_t)row->arch, (int64_t)row->number,
	                 slice_str(call->name));
}

int store_sums_write(struct store *store) {
	struct store_sums *s = &store->sums;
	int r = s->no_memory || s->calls.failed || s->errors.failed || s->kinds.failed
	                ? err_set(&store->err, -ENOMEM, "no memory to record")
	                : 0;
	for (size_t i = 0; r == 0 && i < s->calls.count; i++) {
		const struct call_sum *row = &s->call_rows[i];
		bool timed = row->calls > row->unfinished;
		r = store_run(store, PUT_SUM, timed ? "iiiiiiiiii" : "iiiiiiiinn", store->chunk_id,
		              (int64_t)row->pid, (int64_t)row->arch, (int64_t)row->number,
		              (int64_t)row->calls, (int64_t)row->failed, (int64_t)row->unfinished,
		              row->total_ns, row->shortest_ns, row->longest_ns);
		r = r < 0 ? r : put_name(store, row);
	}
	for (size_t i = 0; r == 0 && i < s->errors.count; i++) {
		const struct error_sum *row = &s->error_rows[i];
		r = store_run(store, PUT_ERROR, "iiiiii", store->chunk_id, (int64_t)row->pid,
		              (int64_t)row->arch, (int64_t)row->number, (int64_t)row->error,
		              (int64_t)row->calls);
	}
	for (size_t i = 0; r == 0 && i < s->kinds.count; i++) {
		const struct kind_sum *row = &s->kind_rows[i];
		r = store_run(store, PUT_KIND, "iiii", store->chunk_id, (int64_t)row->kind,
		              (int64_t)row->pid, (int64_t)row->events);
	}
	dictionary_clear(&s->calls);
	dictionary_clear(&s->kinds);
	dictionary_clear(&s->errors);
	s->first_ns = s->last_ns = s->longest_ns = 0;
	s->failed = 0;
	return r;
}

void store_sums_free(struct store_sums *s) {
	dictionary_free(&s->calls);
	dictionary_free(&s->errors);
	dictionary_free(&s->kinds);
	free(s->call_rows);
	free(s->error_rows);
	free(s->kind_rows);
	*s = (struct store_sums){0};
}
