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
	bool wanted;
	uint64_t last_args[6];
};

struct thread {
	pid_t pid, tid;
	bool wanted;
};

struct head {
	struct column_reader columns[HEAD_COLUMNS];
	struct thread *threads;
	size_t thread_count;
	struct key *keys;
	size_t key_count;
	const struct event_filter *filter;
	bool any;            /* key and any thread is wanted */
	size_t calls, forks; /* so far: numbers in the columns of arguments */
	size_t taken[6];     /* of each such column */
};

void chunk_free(struct chunk *c) {
	free(c->events);
	free(c->positions);
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

static bool read_threads(struct head *h) {
	struct column_reader *t = &h->columns[HEAD_THREADS];
	pid_t pid = h->filter->pid;
	bool any = h->thread_count == 0;
	for (size_t i = 0; i < h->thread_count; i++) {
		struct thread *thread = &h->threads[i];
		thread->pid = (pid_t)column_get_signed(t);
		thread->tid = (pid_t)((uint32_t)column_get_signed(t) + (uint32_t)thread->pid);
		thread->wanted = pid == 0 || pid == thread->pid;
		any = any || thread->wanted;
	}
	h->any = h->any && any;
	return !t->bad;
}

static bool read_keys(struct head *h) {
	struct column_reader *k = &h->columns[HEAD_KEYS];
	bool any = h->key_count == 0;
	for (size_t i = 0; i < h->key_count; i++) {
		uint64_t kind = column_get(k), arch = column_get(k);
		struct key *key = &h->keys[i];
		if (kind >= EVENT_KINDS || arch > ARCH_ARM) {
			return false;
		}
		key->kind = (enum event_kind)kind;
		key->arch = (enum event_arch)arch;
		key->number = (int)column_get_signed(k);
		key->wanted = event_filter_has(h->filter, key->kind, key->arch, key->number);
		any = any || key->wanted;
	}
	h->any = h->any && any;
	return !k->bad;
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
	h->any = true;
	return read_threads(h) && read_keys(h) ? 0 : -EBADMSG;
}

/* Differences to the same key's last: of a key that is not wanted none is needed, and all that came since are passed over. */
static void get_args(struct head *h, struct key *key, struct event *e, size_t count) {
	for (size_t i = 0; i < count && !h->filter->no_args; i++) {
		struct column_reader *column = &h->columns[HEAD_ARG + i];
		size_t before = h->calls + (i == 0 ? h->forks : 0) - 1;
		if (before > h->taken[i]) {
			column_skip(column, before - h->taken[i]);
		}
		h->taken[i] = before + 1;
		key->last_args[i] += (uint64_t)column_get_signed(column);
		e->args[i] = key->last_args[i];
	}
}

static void get_call(struct head *h, struct key *key, struct event *e) {
	e->duration_ns = (int64_t)(column_get(&h->columns[HEAD_DURATION]) & INT64_MAX) - 1;
	if (e->duration_ns >= 0) {
		e->result = column_get_signed(&h->columns[HEAD_RESULT]);
	}
	get_args(h, key, e, 6);
}

static void get_other(struct head *h, struct key *key, struct event *e) {
	struct column_reader *extra = &h->columns[HEAD_EXTRA];
	uint32_t pid = (uint32_t)e->pid;
	switch (e->kind) {
	case EVENT_FORK:
		h->forks++;
		if (key->wanted) {
			get_args(h, key, e, 1);
		}
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
	case EVENT_CALL:
	case EVENT_EXEC:
	case EVENT_STATE:
	case EVENT_MAPPED:
	case EVENT_KINDS:
		break;
	}
}

/* A call of a key that is not wanted, most of them when one asks for something: nothing is kept of it. */
static void pass_call(struct head *h) {
	if ((column_get(&h->columns[HEAD_DURATION]) & INT64_MAX) != 0) {
		(void)column_get(&h->columns[HEAD_RESULT]);
	}
}

/* Marks are few: distances between events of all, looked for among those that are wanted. */
static bool read_marks(struct chunk *c, struct column_reader *marked) {
	size_t next = 0;
	for (uint64_t at = 0; marked->at < marked->end;) {
		uint64_t word = column_get(marked), step = word >> 2;
		if (step >= c->total - at) {
			return false;
		}
		at += step;
		while (next < c->count && c->positions[next] < at) {
			next++;
		}
		if (next < c->count && c->positions[next] == at) {
			c->events[next].injected = (int)(word & 1);
			c->events[next].unseen = (int)(word >> 1 & 1);
		}
	}
	return true;
}

static int read_events(struct chunk *c, struct head *h) {
	uint64_t start = 0;
	/* There is room for one more than all: where the next goes, which may not be wanted. */
	for (size_t i = 0; i < c->total; i++) {
		uint64_t thread = column_get(&h->columns[HEAD_THREAD]);
		uint64_t key = column_get(&h->columns[HEAD_KEY]);
		if (thread >= h->thread_count || key >= h->key_count) {
			return -EBADMSG;
		}
		struct key *k = &h->keys[key];
		struct thread *t = &h->threads[thread];
		struct event *e = &c->events[c->count];
		start += (uint64_t)column_get_signed(&h->columns[HEAD_START]);
		h->calls += k->kind == EVENT_CALL;
		if (k->kind == EVENT_CALL && !k->wanted) {
			pass_call(h);
			continue;
		}
		*e = (struct event){.kind = k->kind,
		                    .arch = k->arch,
		                    .number = k->number,
		                    .start_ns = (int64_t)start,
		                    .pid = t->pid,
		                    .tid = t->tid};
		if (k->kind == EVENT_CALL) {
			get_call(h, k, e);
		} else {
			get_other(h, k, e);
		}
		c->positions[c->count] = (uint32_t)i;
		c->count += k->wanted && t->wanted && event_wanted(h->filter, e);
	}
	if (!read_marks(c, &h->columns[HEAD_MARKED])) {
		return -EBADMSG;
	}
	for (size_t i = 0; i < HEAD_COLUMNS; i++) {
		if (h->columns[i].bad) {
			return -EBADMSG;
		}
	}
	return 0;
}

static int make_room(struct chunk *c) {
	struct event *events =
		items_grow(c->events, &c->event_slots, c->total + 1, sizeof(*c->events));
	c->events = events ? events : c->events;
	uint32_t *positions =
		items_grow(c->positions, &c->position_slots, c->total + 1, sizeof(*c->positions));
	c->positions = positions ? positions : c->positions;
	return events && positions ? 0 : -ENOMEM;
}

static int parse_head(struct chunk *c, struct slice plain, const struct event_filter *filter) {
	struct column_reader all = column_reader_of(plain);
	struct head h = {.filter = filter};
	c->count = 0;
	c->total = column_get_count(&all, EVENTS_MAX);
	h.thread_count = column_get_count(&all, EVENTS_MAX);
	h.key_count = column_get_count(&all, EVENTS_MAX);
	int r = all.bad || c->total > plain.len ? -EBADMSG : head_open(&h, &all);
	r = r < 0 ? r : make_room(c);
	r = r < 0 || !h.any ? r : read_events(c, &h);
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

/* Only what has the text is wanted: which strings those are. NULL when that is not asked. */
static bool *strings_with(const struct slice *strings, size_t count, const char *text,
                          bool *ret_any) {
	bool *with = calloc(count + 1, sizeof(*with));
	*ret_any = false;
	for (size_t i = 0; with && i < count; i++) {
		with[i] = slice_has(strings[i], text);
		*ret_any = *ret_any || with[i];
	}
	return with;
}

struct data {
	struct column_reader columns[DATA_COLUMNS];
	struct slice *strings;
	size_t string_count;
	bool *with;    /* strings that have the filter's path; NULL all */
	size_t passed; /* payloads that nobody wanted yet */
	size_t used;
};

static void pass_payloads(struct data *d) {
	if (d->passed > 0) {
		column_skip(&d->columns[DATA_WHAT], d->passed);
		column_skip(&d->columns[DATA_CUT], d->passed);
		column_skip(&d->columns[DATA_STRING], d->passed);
		d->passed = 0;
	}
}

/* 1 when the event is wanted, 0 when it has not the path. */
static int read_payloads_of(struct data *d, struct payload *payloads, size_t count) {
	bool wanted = !d->with;
	for (size_t k = 0; k < count; k++) {
		uint64_t word = column_get(&d->columns[DATA_WHAT]);
		int64_t cut = column_get_signed(&d->columns[DATA_CUT]);
		uint64_t string = column_get(&d->columns[DATA_STRING]);
		if (string >= d->string_count) {
			return -EBADMSG;
		}
		struct slice bytes = d->strings[string];
		payloads[k] = (struct payload){
			.kind = (enum payload_kind)(word & 7),
			.which = (int)(uint32_t)(word >> 3),
			.full_bytes = (uint32_t)((uint64_t)cut + (uint64_t)bytes.len),
			.bytes = bytes,
		};
		wanted = wanted || (payloads[k].kind == PAYLOAD_STRING && d->with[string]);
	}
	return wanted;
}

static int read_payloads(struct chunk *c, struct data *d) {
	struct column_reader *what = &d->columns[DATA_WHAT];
	size_t total = (size_t)(what->end - what->at); /* each takes a byte and more */
	struct payload *payloads =
		total > PAYLOADS_MAX * VARINT_MAX
			? NULL
			: items_grow(c->payloads, &c->payload_slots, total, sizeof(*payloads));
	if (!payloads) {
		return -ENOMEM;
	}
	c->payloads = payloads;
	size_t seen = 0, next = 0, kept = 0;
	for (size_t i = 0; i < c->total && next < c->count; i++) {
		size_t count = column_get_count(&d->columns[DATA_COUNT], total - seen);
		seen += count;
		if (c->positions[next] != i) {
			d->passed += count;
			continue;
		}
		struct event *e = &c->events[next++];
		pass_payloads(d);
		int r = read_payloads_of(d, &c->payloads[d->used], count);
		if (r < 0) {
			return r;
		}
		if (r > 0) {
			e->payloads = count > 0 ? &c->payloads[d->used] : NULL;
			e->payload_count = count;
			d->used += count;
			c->positions[kept] = (uint32_t)i;
			c->events[kept++] = *e;
		}
	}
	c->count = kept;
	return 0;
}

static int read_stacks(struct chunk *c, struct column_reader *column) {
	size_t total = (size_t)(column->end - column->at), used = 0, next = 0;
	if (total == c->total) {
		return 0; /* no event has one */
	}
	uint64_t *stacks = total > STACKS_MAX
	                           ? NULL
	                           : items_grow(c->stacks, &c->stack_slots, total, sizeof(*stacks));
	if (!stacks) {
		return -ENOMEM;
	}
	c->stacks = stacks;
	for (size_t i = 0; i < c->total && next < c->count; i++) {
		size_t depth = column_get_count(column, EVENT_STACK_MAX);
		uint64_t last = 0;
		if (depth > total - used) {
			return -EBADMSG;
		}
		if (c->positions[next] != i) {
			column_skip(column, depth);
			continue;
		}
		struct event *e = &c->events[next++];
		e->stack = depth > 0 ? &c->stacks[used] : NULL;
		e->stack_depth = depth;
		for (size_t k = 0; k < depth; k++) {
			last += (uint64_t)column_get_signed(column);
			c->stacks[used++] = last;
		}
	}
	return 0;
}

static int parse_data(struct chunk *c, struct slice plain, const struct event_filter *filter) {
	struct column_reader all = column_reader_of(plain);
	struct data d = {0};
	bool any = true;
	d.string_count = column_get_count(&all, STRINGS_MAX);
	for (size_t i = 0; i < DATA_COLUMNS; i++) {
		d.columns[i] = next_column(&all);
	}
	int r = all.bad ? -EBADMSG : read_strings(&all, d.string_count, &d.strings);
	if (r == 0 && filter->path) {
		d.with = strings_with(d.strings, d.string_count, filter->path, &any);
		r = d.with ? 0 : -ENOMEM;
	}
	if (r == 0 && !any) {
		c->count = 0;
	} else if (r == 0) {
		r = read_payloads(c, &d);
		r = r < 0 ? r : read_stacks(c, &d.columns[DATA_STACK]);
	}
	for (size_t i = 0; i < DATA_COLUMNS && r == 0; i++) {
		r = d.columns[i].bad ? -EBADMSG : 0;
	}
	free(d.strings);
	free(d.with);
	return r;
}

static const struct event_filter everything = {0};

int chunk_parse(struct chunk *c, struct slice head, struct slice data,
                const struct event_filter *filter) {
	filter = filter ? filter : &everything;
	int r = parse_head(c, head, filter);
	r = r < 0 || c->count == 0 || filter->no_data ? r : parse_data(c, data, filter);
	if (r < 0) {
		c->count = 0;
	}
	return r;
}

int chunk_read(struct chunk *c, struct squeeze *s, struct slice head, struct slice data,
               const struct event_filter *filter) {
	struct slice plain;
	filter = filter ? filter : &everything;
	c->count = 0;
	int r = squeeze_unpack(s, head, HEAD_MAX, &c->head, &c->head_bytes, &plain);
	r = r < 0 ? r : parse_head(c, plain, filter);
	if (r == 0 && c->count > 0 && !filter->no_data) {
		r = squeeze_unpack(s, data, DATA_MAX, &c->data, &c->data_bytes, &plain);
		r = r < 0 ? r : parse_data(c, plain, filter);
	}
	if (r < 0) {
		c->count = 0;
	}
	return r;
}
