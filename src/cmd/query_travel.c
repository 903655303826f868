/* SPDX-License-Identifier: MIT
 * Questions that are answered by travelling in time (trace/rewind.h).
 */
#include "base/grow.h"
#include "base/path.h"
#include "cmd/query.h"
#include "trace/call.h"
#include "trace/dictionary.h"
#include "trace/rewind.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

/* Of who-opened: a path is one pointer while it is travelled (rewind_path), and most are opened again and again. */
struct matched {
	const char *path;
	bool matches;
};
#define MATCHED_SLOTS ((size_t)1 << 14)

struct journey {
	struct query *query;
	struct rewind *rewind;
	int64_t until_ns;
	const char *wanted; /* of who-opened */
	struct matched *matched;
	struct err *err;
};

static int64_t end_of(const struct event *e) {
	return e->start_ns + (e->kind == EVENT_CALL && e->duration_ns > 0 ? e->duration_ns : 0);
}

static int follow(void *data, const struct event *e) {
	struct journey *j = data;
	struct event_sink sink = rewind_sink(j->rewind);
	return end_of(e) <= j->until_ns ? sink.take(sink.data, e) : 0;
}

/* The state after the last event until then; free the rewind. */
static int travel(struct journey *j, struct query *q, int64_t until_ns, struct err *err) {
	*j = (struct journey){.query = q, .rewind = rewind_new(), .until_ns = until_ns, .err = err};
	if (!j->rewind) {
		return err_set(err, -ENOMEM, "no memory to follow the recording");
	}
	struct event_sink sink = {.data = j, .take = follow};
	struct event_filter filter = {.to_ns = until_ns == INT64_MAX ? 0 : until_ns,
	                              .calls = rewind_calls(q->arena)};
	return reader_each(q->reader, &filter, &sink, err);
}

static void put_since(struct query *q, int64_t ns) {
	query_put_real(q->rows, (double)(ns - q->began_ns) / 1e9);
}

#define WHAT_BYTES_MAX 8192 /* of a path and a peer */

/* In text where the path alone does not say it. */
static const char *what_in(char text[WHAT_BYTES_MAX], const struct rewind_file *f) {
	const char *path = *f->path ? f->path : "(not known)";
	if (*f->peer) {
		snprintf(text, WHAT_BYTES_MAX, "%s %s", path, f->peer);
	} else if (f->pair) {
		snprintf(text, WHAT_BYTES_MAX, "%s pair %llu", path, (unsigned long long)f->pair);
	}
	return *f->peer || f->pair ? text : path;
}

const char *query_what_is(struct query *q, const struct rewind_file *f) {
	char text[WHAT_BYTES_MAX];
	return arena_strdup(q->arena, what_in(text, f));
}

static const char *cloexec_name(enum rewind_cloexec c) {
	return c == CLOEXEC_YES ? "yes" : c == CLOEXEC_NO ? "no" : "?";
}

int query_fd_table(struct query *q, const char *argument, struct err *err) {
	struct journey j = {0};
	int64_t until;
	pid_t pid;
	int r = query_when(q, argument, &pid, &until, err);
	r = r < 0 ? r : travel(&j, q, until, err);
	const struct rewind_process *p = r < 0 ? NULL : rewind_process(j.rewind, pid);
	if (r == 0 && !p) {
		r = err_set(err, -EINVAL, "process %d was not recorded, or not yet then", (int)pid);
	}
	query_rows_columns(q->rows, "fd,cloexec,since_s,execs,what");
	q->rows->empty = p && p->end_ns ? "The process had ended: ask for a time before it."
	                                : "Nothing was open.";
	for (size_t i = 0; p && p->fds && i < p->fds->count && query_rows_more(q->rows); i++) {
		const struct rewind_fd *f = &p->fds->items[i];
		query_put_number(q->rows, f->fd);
		query_put_text(q->rows, cloexec_name(f->cloexec));
		put_since(q, f->since_ns);
		query_put_number(q->rows, (int64_t)f->execs);
		query_put_text(q->rows, query_what_is(q, f->file));
	}
	rewind_free(j.rewind);
	return r;
}

int query_locks(struct query *q, const char *argument, struct err *err) {
	static const char *const kinds[] = {"flock", "posix", "ofd"};
	struct journey j = {0};
	int64_t until;
	pid_t pid;
	size_t count = 0;
	int r = query_when(q, argument, &pid, &until, err);
	r = r < 0 ? r : travel(&j, q, until, err);
	const struct rewind_lock *locks = r < 0 ? NULL : rewind_locks(j.rewind, &count);
	query_rows_columns(q->rows, "pid,kind,mode,since_s,waited_ms,path");
	q->rows->empty = "No lock was held then.";
	for (size_t i = 0; i < count && query_rows_more(q->rows); i++) {
		if (pid > 0 && locks[i].pid != pid) {
			continue;
		}
		query_put_number(q->rows, locks[i].pid);
		query_put_text(q->rows, kinds[locks[i].kind]);
		query_put_text(q->rows, locks[i].exclusive ? "write" : "read");
		put_since(q, locks[i].since_ns);
		query_put_real(q->rows, (double)locks[i].waited_ns / 1e6);
		query_put_text(q->rows, locks[i].path);
	}
	rewind_free(j.rewind);
	return r;
}

/* ---- bytes by peer ---- */

struct peer {
	const char *what;
	pid_t pid;
	uint64_t in, out, calls;
};

struct peers {
	struct journey journey;
	struct dictionary names; /* of pid and what, as in items */
	struct peer *items;
	size_t slots;
};

static bool moves_bytes(const struct event *e, bool *ret_in) {
	const struct call *call = e->kind == EVENT_CALL ? call_by_number(e->arch, e->number) : NULL;
	if (!call || e->duration_ns < 0 || e->result <= 0 || call->args[0].shape != ARG_FD) {
		return false;
	}
	enum arg_shape shape = call->args[1].shape;
	*ret_in = shape == ARG_BUF_OUT || shape == ARG_IOV_OUT || shape == ARG_MSG_OUT;
	return (*ret_in || shape == ARG_BUF_IN || shape == ARG_IOV_IN || shape == ARG_MSG_IN) &&
	       !str_starts(call->name, "getdents");
}

/* NULL without memory. */
static struct peer *peer_of(struct peers *p, const char *what, pid_t pid) {
	char key[sizeof(pid) + WHAT_BYTES_MAX];
	size_t len = strnlen(what, WHAT_BYTES_MAX), before = p->names.count;
	memcpy(key, &pid, sizeof(pid));
	memcpy(key + sizeof(pid), what, len);
	size_t id = dictionary_id(&p->names, slice_of(key, sizeof(pid) + len));
	struct peer *items = items_grow(p->items, &p->slots, p->names.count, sizeof(*items));
	if (!items || p->names.failed) {
		return NULL;
	}
	p->items = items;
	if (p->names.count > before) {
		items[id] = (struct peer){.what = arena_strdup(p->journey.query->arena, what),
		                          .pid = pid};
	}
	return &items[id];
}

static int add_bytes(void *data, const struct event *e) {
	struct peers *p = data;
	bool in;
	if (moves_bytes(e, &in)) {
		const struct rewind_process *process = rewind_process(p->journey.rewind, e->pid);
		const struct rewind_fd *f = process ? rewind_fd(process, (int)e->args[0]) : NULL;
		char text[WHAT_BYTES_MAX];
		snprintf(text, sizeof(text), "fd %d", (int)e->args[0]);
		struct peer *peer = peer_of(p, f ? what_in(text, f->file) : text, e->pid);
		if (!peer) {
			return -ENOMEM;
		}
		*(in ? &peer->in : &peer->out) += (uint64_t)e->result;
		peer->calls++;
	}
	return follow(&p->journey, e);
}

static int more_bytes(const void *a, const void *b) {
	const struct peer *p = a, *q = b;
	uint64_t of_p = p->in + p->out, of_q = q->in + q->out;
	return of_p != of_q       ? (of_p < of_q) - (of_p > of_q)
	       : p->pid != q->pid ? (p->pid > q->pid) - (p->pid < q->pid)
	                          : strcmp(p->what, q->what);
}

int query_peers(struct query *q, const char *argument, struct err *err) {
	struct peers p = {.journey = {.query = q, .rewind = rewind_new(), .until_ns = INT64_MAX}};
	struct event_sink sink = {.data = &p, .take = add_bytes};
	struct event_filter filter = {0};
	(void)argument;
	int r = p.journey.rewind ? call_set_with(q->arena, rewind_calls(q->arena), "desc,net",
	                                         &filter.calls, err)
	                         : -ENOMEM;
	r = r < 0 ? r : reader_each(q->reader, &filter, &sink, err);
	if (r == -ENOMEM) {
		(void)err_set(err, r, "no memory to follow the recording");
	}
	query_rows_columns(q->rows, "pid,read,written,calls,what");
	if (r == 0 && p.names.count > 0) {
		qsort(p.items, p.names.count, sizeof(*p.items), more_bytes);
	}
	for (size_t i = 0; r == 0 && i < p.names.count && query_rows_more(q->rows); i++) {
		const struct peer *peer = &p.items[i];
		query_put_number(q->rows, peer->pid);
		query_put_number(q->rows, (int64_t)peer->in);
		query_put_number(q->rows, (int64_t)peer->out);
		query_put_number(q->rows, (int64_t)peer->calls);
		query_put_text(q->rows, peer->what);
	}
	dictionary_free(&p.names);
	free(p.items);
	rewind_free(p.journey.rewind);
	return r;
}

/* ---- who opened it ---- */

static bool opens(const struct event *e, int *ret_path_at) {
	const struct call *call = e->kind == EVENT_CALL ? call_by_number(e->arch, e->number) : NULL;
	if (!call || !STR_IN(call->name, "open", "openat", "openat2", "creat")) {
		return false;
	}
	*ret_path_at = call->args[0].shape == ARG_PATH ? 0 : 1;
	return true;
}

static bool matches(struct journey *j, const char *whole) {
	struct matched *m = &j->matched[(uintptr_t)whole / 16 % MATCHED_SLOTS];
	if (m->path != whole) {
		*m = (struct matched){whole,
		                      streq(whole, j->wanted) || fnmatch(j->wanted, whole, 0) == 0};
	}
	return m->matches;
}

static int look_at_open(void *data, const struct event *e) {
	struct journey *j = data;
	struct query *q = j->query;
	int at;
	const struct payload *path = opens(e, &at) ? event_payload(e, PAYLOAD_STRING, at) : NULL;
	const struct rewind_process *p = path ? rewind_process(j->rewind, e->pid) : NULL;
	const char *whole =
		p ? rewind_path(j->rewind, p, at ? (int)e->args[0] : AT_FDCWD, path->bytes) : NULL;
	if (whole && (matches(j, whole) || slice_eq(path->bytes, j->wanted)) &&
	    query_rows_more(q->rows)) {
		put_since(q, e->start_ns);
		query_put_number(q->rows, e->pid);
		query_put_text(q->rows, *p->exe ? path_base(p->exe) : NULL);
		query_put_text(q->rows, event_failed(e)      ? strerrorname_np((int)-e->result)
		                        : e->duration_ns < 0 ? "never returned"
		                                             : "ok");
		query_put_text(q->rows, whole);
	}
	return follow(j, e);
}

int query_who_opened(struct query *q, const char *argument, struct err *err) {
	struct journey j = {
		.query = q, .rewind = rewind_new(), .until_ns = INT64_MAX, .wanted = argument};
	j.matched = arena_array_of(q->arena, struct matched, MATCHED_SLOTS);
	struct event_sink sink = {.data = &j, .take = look_at_open};
	query_rows_columns(q->rows, "at_s,pid,program,result,path");
	q->rows->empty = "Nobody tried to open it while this was recorded.";
	struct event_filter filter = {.calls = rewind_calls(q->arena)};
	int r = j.rewind ? reader_each(q->reader, &filter, &sink, err)
	                 : err_set(err, -ENOMEM, "no memory to follow the recording");
	rewind_free(j.rewind);
	return r;
}
