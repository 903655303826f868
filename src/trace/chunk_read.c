/* SPDX-License-Identifier: MIT
 * The bytes are from outside: every number is checked before it is an index or a size.
 */
#include "trace/chunk.h"

#include "base/grow.h"

#include <errno.h>
#include <stdlib.h>

#define HEAD_MAX     ((size_t)32 << 20) /* plain */
#define DATA_MAX     ((size_t)96 << 20)
#define EVENTS_MAX   ((size_t)1 << 17)
#define PAYLOADS_MAX ((size_t)1 << 20)
#define STACKS_MAX   ((size_t)8 << 20) /* addresses */
#define STRINGS_MAX  ((size_t)4 << 20)

struct key {
	enum event_kind kind;
	enum event_arch arch;
	int number;
	uint64_t last_args[6];
};

struct thread {
	pid_t pid, tid;
};

struct head {
	struct column_reader columns[HEAD_COLUMNS];
	struct thread *threads;
	size_t thread_count;
	struct key *keys;
	size_t key_count;
};

void chunk_free(struct chunk *c) {
	free(c->events);
	free(c->payloads);
	free(c->stacks);
	free(c->head);
	free(c->data);
	*c = (struct chunk){0};
}

static struct column_reader next_column(struct column_reader *all) {
	uint64_t len = column_get(all);
	return column_reader_of(column_get_bytes(all, len));
}

static int head_open(struct head *h, struct column_reader *all) {
	for (size_t i = 0; i < HEAD_COLUMNS; i++) {
		h->columns[i] = next_column(all);
	}
	struct column_reader *t = &h->columns[HEAD_THREADS], *k = &h->columns[HEAD_KEYS];
	if (all->bad || h->thread_count > (size_t)(t->end - t->at) ||
	    h->key_count > (size_t)(k->end - k->at)) {
		return -EBADMSG; /* each takes a byte and more */
	}
	h->threads = calloc(h->thread_count + 1, sizeof(*h->threads));
	h->keys = calloc(h->key_count + 1, sizeof(*h->keys));
	if (!h->threads || !h->keys) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < h->thread_count; i++) {
		h->threads[i].pid = (pid_t)column_get_signed(t);
		h->threads[i].tid =
			(pid_t)((uint32_t)column_get_signed(t) + (uint32_t)h->threads[i].pid);
	}
	for (size_t i = 0; i < h->key_count; i++) {
		uint64_t kind = column_get(k), arch = column_get(k);
		if (kind > EVENT_LOST || arch > ARCH_ARM) {
			return -EBADMSG;
		}
		h->keys[i].kind = (enum event_kind)kind;
		h->keys[i].arch = (enum event_arch)arch;
		h->keys[i].number = (int)column_get_signed(k);
	}
	return t->bad || k->bad ? -EBADMSG : 0;
}

static void get_args(struct head *h, struct key *key, struct event *e, size_t count) {
	for (size_t i = 0; i < count; i++) {
		key->last_args[i] += (uint64_t)column_get_signed(&h->columns[HEAD_ARG + i]);
		e->args[i] = key->last_args[i];
	}
}

static void get_rest(struct head *h, struct key *key, struct event *e) {
	struct column_reader *extra = &h->columns[HEAD_EXTRA];
	uint32_t pid = (uint32_t)e->pid;
	switch (e->kind) {
	case EVENT_CALL:
		get_args(h, key, e, 6);
		e->duration_ns = (int64_t)(column_get(&h->columns[HEAD_DURATION]) & INT64_MAX) - 1;
		if (e->duration_ns >= 0) {
			e->result = column_get_signed(&h->columns[HEAD_RESULT]);
		}
		break;
	case EVENT_FORK:
		get_args(h, key, e, 1);
		e->child = (pid_t)((uint32_t)column_get_signed(extra) + pid);
		e->child_pid = (pid_t)((uint32_t)column_get_signed(extra) + pid);
		break;
	case EVENT_SIGNAL:
		e->sender = (pid_t)column_get_signed(extra);
		e->status = (int)column_get_signed(extra);
		break;
	case EVENT_EXIT:
	case EVENT_STOP:
	case EVENT_RESUME:
		e->status = (int)column_get_signed(extra);
		break;
	case EVENT_LOST:
		e->lost = column_get(extra);
		break;
	case EVENT_EXEC:
	case EVENT_STATE:
		break;
	}
}

static int read_events(struct chunk *c, struct head *h) {
	uint64_t start = 0;
	for (size_t i = 0; i < c->count; i++) {
		uint64_t thread = column_get(&h->columns[HEAD_THREAD]);
		uint64_t key = column_get(&h->columns[HEAD_KEY]);
		if (thread >= h->thread_count || key >= h->key_count) {
			return -EBADMSG;
		}
		struct key *k = &h->keys[key];
		struct event *e = &c->events[i];
		start += (uint64_t)column_get_signed(&h->columns[HEAD_START]);
		*e = (struct event){.kind = k->kind,
		                    .arch = k->arch,
		                    .number = k->number,
		                    .start_ns = (int64_t)start,
		                    .pid = h->threads[thread].pid,
		                    .tid = h->threads[thread].tid};
		get_rest(h, k, e);
	}
	struct column_reader *marked = &h->columns[HEAD_MARKED];
	for (uint64_t at = 0; marked->at < marked->end;) {
		uint64_t word = column_get(marked), step = word >> 2;
		if (step >= c->count - at) {
			return -EBADMSG;
		}
		at += step;
		c->events[at].injected = (int)(word & 1);
		c->events[at].unseen = (int)(word >> 1 & 1);
	}
	for (size_t i = 0; i < HEAD_COLUMNS; i++) {
		if (h->columns[i].bad) {
			return -EBADMSG;
		}
	}
	return 0;
}

static int parse_head(struct chunk *c, struct slice plain) {
	struct column_reader all = column_reader_of(plain);
	struct head h = {0};
	c->count = column_get_count(&all, EVENTS_MAX);
	h.thread_count = column_get_count(&all, EVENTS_MAX);
	h.key_count = column_get_count(&all, EVENTS_MAX);
	int r = all.bad || c->count > plain.len ? -EBADMSG : head_open(&h, &all);
	if (r == 0) {
		struct event *events =
			items_grow(c->events, &c->event_slots, c->count, sizeof(*c->events));
		c->events = events ? events : c->events;
		r = events ? 0 : -ENOMEM;
	}
	r = r < 0 ? r : read_events(c, &h);
	free(h.threads);
	free(h.keys);
	return r;
}

/* ---- data ---- */

static int read_strings(struct column_reader *all, size_t count, struct slice **ret) {
	struct column_reader lengths = next_column(all);
	struct column_reader bytes = next_column(all);
	if (all->bad || count > (size_t)(lengths.end - lengths.at)) {
		return -EBADMSG;
	}
	struct slice *strings = calloc(count + 1, sizeof(*strings));
	if (!strings) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		strings[i] = column_get_bytes(&bytes, column_get(&lengths));
	}
	*ret = strings;
	return lengths.bad || bytes.bad ? -EBADMSG : 0;
}

static int read_payloads(struct chunk *c, struct column_reader *columns,
                         const struct slice *strings, size_t string_count) {
	struct column_reader *what = &columns[DATA_WHAT];
	size_t total = (size_t)(what->end - what->at); /* each takes a byte and more */
	struct payload *payloads =
		total > PAYLOADS_MAX * VARINT_MAX
			? NULL
			: items_grow(c->payloads, &c->payload_slots, total, sizeof(*payloads));
	if (!payloads) {
		return -ENOMEM;
	}
	c->payloads = payloads;
	size_t used = 0;
	for (size_t i = 0; i < c->count; i++) {
		size_t count = column_get_count(&columns[DATA_COUNT], total - used);
		c->events[i].payloads = count > 0 ? &c->payloads[used] : NULL;
		c->events[i].payload_count = count;
		for (size_t k = 0; k < count; k++) {
			uint64_t word = column_get(what);
			int64_t cut = column_get_signed(&columns[DATA_CUT]);
			uint64_t string = column_get(&columns[DATA_STRING]);
			if (string >= string_count) {
				return -EBADMSG;
			}
			c->payloads[used++] = (struct payload){
				.kind = (enum payload_kind)(word & 7),
				.which = (int)(uint32_t)(word >> 3),
				.full_bytes =
					(uint32_t)((uint64_t)cut + (uint64_t)strings[string].len),
				.bytes = strings[string],
			};
		}
	}
	return 0;
}

static int read_stacks(struct chunk *c, struct column_reader *column) {
	size_t total = (size_t)(column->end - column->at), used = 0;
	uint64_t *stacks = total > STACKS_MAX
	                           ? NULL
	                           : items_grow(c->stacks, &c->stack_slots, total, sizeof(*stacks));
	if (!stacks) {
		return -ENOMEM;
	}
	c->stacks = stacks;
	for (size_t i = 0; i < c->count; i++) {
		size_t depth = column_get_count(column, EVENT_STACK_MAX);
		uint64_t last = 0;
		if (depth > total - used) {
			return -EBADMSG;
		}
		c->events[i].stack = depth > 0 ? &c->stacks[used] : NULL;
		c->events[i].stack_depth = depth;
		for (size_t k = 0; k < depth; k++) {
			last += (uint64_t)column_get_signed(column);
			c->stacks[used++] = last;
		}
	}
	return 0;
}

static int parse_data(struct chunk *c, struct slice plain) {
	struct column_reader all = column_reader_of(plain), columns[DATA_COLUMNS];
	struct slice *strings = NULL;
	size_t count = column_get_count(&all, STRINGS_MAX);
	for (size_t i = 0; i < DATA_COLUMNS; i++) {
		columns[i] = next_column(&all);
	}
	int r = all.bad ? -EBADMSG : read_strings(&all, count, &strings);
	r = r < 0 ? r : read_payloads(c, columns, strings, count);
	r = r < 0 ? r : read_stacks(c, &columns[DATA_STACK]);
	for (size_t i = 0; i < DATA_COLUMNS && r == 0; i++) {
		r = columns[i].bad ? -EBADMSG : 0;
	}
	free(strings);
	return r;
}

int chunk_parse(struct chunk *c, struct slice head, struct slice data, bool with_data) {
	int r = parse_head(c, head);
	r = r < 0 || !with_data ? r : parse_data(c, data);
	if (r < 0) {
		c->count = 0;
	}
	return r;
}

int chunk_read(struct chunk *c, struct squeeze *s, struct slice head, struct slice data) {
	struct slice plain_head, plain_data = {0};
	c->count = 0;
	int r = squeeze_unpack(s, head, HEAD_MAX, &c->head, &c->head_bytes, &plain_head);
	if (r == 0 && data.data) {
		r = squeeze_unpack(s, data, DATA_MAX, &c->data, &c->data_bytes, &plain_data);
	}
	return r < 0 ? r : chunk_parse(c, plain_head, plain_data, data.data != NULL);
}
