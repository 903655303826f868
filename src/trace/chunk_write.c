/* SPDX-License-Identifier: MIT */
#include "trace/chunk.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(PAYLOAD_FD_INFO <= 7, "a kind has three bits");

#define KEYS_MAX          ((size_t)4096)
#define PAYLOADS_MAX      ((size_t)1 << 18) /* in a chunk */
#define PAYLOADS_OF_EVENT ((size_t)1 << 16)
#define PAYLOAD_BYTES_MAX ((size_t)8 << 20)
#define EVENT_BYTES_MAX   ((size_t)32 << 20)

void chunk_writer_free(struct chunk_writer *w) {
	for (size_t i = 0; i < HEAD_COLUMNS; i++) {
		column_free(&w->head[i]);
	}
	for (size_t i = 0; i < DATA_COLUMNS; i++) {
		column_free(&w->data[i]);
	}
	dictionary_free(&w->threads);
	dictionary_free(&w->keys);
	dictionary_free(&w->strings);
	free(w->last_args);
	*w = (struct chunk_writer){0};
}

bool chunk_is_full(const struct chunk_writer *w) {
	return w->events >= CHUNK_EVENTS || w->strings.bytes.len >= CHUNK_STRING_BYTES ||
	       w->payloads >= PAYLOADS_MAX || w->keys.count >= KEYS_MAX;
}

static size_t thread_of(struct chunk_writer *w, const struct event *e) {
	int32_t pair[2] = {e->pid, e->tid};
	size_t before = w->threads.count;
	size_t id = dictionary_id(&w->threads, slice_of((const char *)pair, sizeof(pair)));
	if (w->threads.count > before) {
		column_put_signed(&w->head[HEAD_THREADS], e->pid);
		column_put_signed(&w->head[HEAD_THREADS], (int64_t)e->tid - e->pid);
	}
	return id;
}

static bool room_for_key(struct chunk_writer *w, size_t id) {
	if (id < w->last_args_count) {
		return true;
	}
	size_t count = w->last_args_count > 0 ? w->last_args_count * 2 : 256;
	int64_t(*bigger)[6] = realloc(w->last_args, count * sizeof(*bigger));
	if (!bigger) {
		w->failed = true;
		return false;
	}
	w->last_args = bigger;
	w->last_args_count = count;
	return true;
}

static size_t key_of(struct chunk_writer *w, const struct event *e) {
	int32_t key[3] = {(int32_t)e->kind, (int32_t)e->arch, e->number};
	size_t before = w->keys.count;
	size_t id = dictionary_id(&w->keys, slice_of((const char *)key, sizeof(key)));
	if (w->keys.count > before) {
		column_put(&w->head[HEAD_KEYS], (uint64_t)e->kind);
		column_put(&w->head[HEAD_KEYS], (uint64_t)e->arch);
		column_put_signed(&w->head[HEAD_KEYS], e->number);
		if (room_for_key(w, id)) {
			memset(w->last_args[id], 0, sizeof(w->last_args[id]));
		}
	}
	return id;
}

static void put_args(struct chunk_writer *w, const struct event *e, size_t key, size_t count) {
	for (size_t i = 0; i < count && key < w->last_args_count; i++) {
		int64_t value = (int64_t)e->args[i];
		int64_t difference = (int64_t)((uint64_t)value - (uint64_t)w->last_args[key][i]);
		column_put_signed(&w->head[HEAD_ARG + i], difference);
		w->last_args[key][i] = value;
	}
}

static void put_rest(struct chunk_writer *w, const struct event *e, size_t key) {
	struct column *extra = &w->head[HEAD_EXTRA];
	switch (e->kind) {
	case EVENT_CALL:
		put_args(w, e, key, 6);
		column_put(&w->head[HEAD_DURATION],
		           e->duration_ns < 0 ? 0 : (uint64_t)e->duration_ns + 1);
		if (e->duration_ns >= 0) {
			column_put_signed(&w->head[HEAD_RESULT], e->result);
		}
		break;
	case EVENT_FORK:
		put_args(w, e, key, 1);
		column_put_signed(extra, (int64_t)e->child - e->pid);
		column_put_signed(extra, (int64_t)e->child_pid - e->pid);
		break;
	case EVENT_SIGNAL:
		column_put_signed(extra, e->sender);
		column_put_signed(extra, e->status);
		break;
	case EVENT_EXIT:
	case EVENT_STOP:
	case EVENT_RESUME:
		column_put_signed(extra, e->status);
		break;
	case EVENT_LOST:
		column_put(extra, e->lost);
		break;
	case EVENT_EXEC:
	case EVENT_STATE:
	case EVENT_MAPPED:
	case EVENT_KINDS:
		break;
	}
}

static void put_payloads(struct chunk_writer *w, const struct event *e) {
	size_t count = e->payload_count < PAYLOADS_OF_EVENT ? e->payload_count : PAYLOADS_OF_EVENT;
	size_t left = EVENT_BYTES_MAX;
	column_put(&w->data[DATA_COUNT], count);
	for (size_t i = 0; i < count; i++) {
		const struct payload *p = &e->payloads[i];
		struct slice bytes = p->bytes;
		bytes.len = bytes.len < PAYLOAD_BYTES_MAX ? bytes.len : PAYLOAD_BYTES_MAX;
		bytes.len = bytes.len < left ? bytes.len : left;
		left -= bytes.len;
		uint64_t which = (uint64_t)(uint32_t)p->which;
		column_put(&w->data[DATA_WHAT], which << 3 | (uint64_t)p->kind);
		column_put_signed(&w->data[DATA_CUT], (int64_t)p->full_bytes - (int64_t)bytes.len);
		column_put(&w->data[DATA_STRING], dictionary_id(&w->strings, bytes));
	}
	w->payloads += count;
}

static void put_stack(struct chunk_writer *w, const struct event *e) {
	size_t depth = e->stack && e->stack_depth < EVENT_STACK_MAX ? e->stack_depth
	               : e->stack                                   ? EVENT_STACK_MAX
	                                                            : 0;
	uint64_t last = 0;
	column_put(&w->data[DATA_STACK], depth);
	for (size_t i = 0; i < depth; i++) {
		column_put_signed(&w->data[DATA_STACK], (int64_t)(e->stack[i] - last));
		last = e->stack[i];
	}
}

void chunk_put(struct chunk_writer *w, const struct event *e) {
	size_t key = key_of(w, e);
	column_put(&w->head[HEAD_THREAD], thread_of(w, e));
	column_put(&w->head[HEAD_KEY], key);
	column_put_signed(&w->head[HEAD_START], e->start_ns - w->last_start);
	w->last_start = e->start_ns;
	put_rest(w, e, key);
	if (e->injected || e->unseen) {
		uint64_t marks = (e->injected ? 1u : 0u) | (e->unseen ? 2u : 0u);
		column_put(&w->head[HEAD_MARKED], (w->events - w->last_marked) << 2 | marks);
		w->last_marked = w->events;
	}
	put_payloads(w, e);
	put_stack(w, e);
	w->events++;
}

static void add_column(struct column *out, const struct column *column) {
	column_put(out, column->len);
	column_put_bytes(out, slice_of(column->data, column->len));
}

static bool any_failed(const struct chunk_writer *w) {
	bool failed = w->failed || w->threads.failed || w->keys.failed || w->strings.failed;
	for (size_t i = 0; i < HEAD_COLUMNS; i++) {
		failed = failed || w->head[i].failed;
	}
	for (size_t i = 0; i < DATA_COLUMNS; i++) {
		failed = failed || w->data[i].failed;
	}
	return failed;
}

int chunk_take(struct chunk_writer *w, struct column *ret_head, struct column *ret_data) {
	column_put(ret_head, w->events);
	column_put(ret_head, w->threads.count);
	column_put(ret_head, w->keys.count);
	for (size_t i = 0; i < HEAD_COLUMNS; i++) {
		add_column(ret_head, &w->head[i]);
		w->head[i].len = 0;
	}
	column_put(ret_data, w->strings.count);
	for (size_t i = 0; i < DATA_COLUMNS; i++) {
		add_column(ret_data, &w->data[i]);
		w->data[i].len = 0;
	}
	add_column(ret_data, &w->strings.lengths);
	add_column(ret_data, &w->strings.bytes);
	bool failed = any_failed(w) || ret_head->failed || ret_data->failed;
	dictionary_clear(&w->threads);
	dictionary_clear(&w->keys);
	dictionary_clear(&w->strings);
	w->events = w->payloads = w->last_marked = 0;
	w->last_start = 0;
	return failed ? -ENOMEM : 0;
}
