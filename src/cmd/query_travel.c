/* SPDX-License-Identifier: MIT
 * Questions that are answered by travelling in time (trace/rewind.h).
 */
#include "base/path.h"
#include "cmd/query.h"
#include "trace/call.h"
#include "trace/rewind.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>

struct journey {
	struct query *query;
	struct rewind *rewind;
	int64_t until_ns;
	const char *wanted; /* of who-opened */
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
	/* Chunks that begin later are not needed. */
	struct event_filter filter = {.to_ns = until_ns == INT64_MAX ? 0 : until_ns};
	return reader_each(q->reader, &filter, &sink, err);
}

static void put_since(struct query *q, int64_t ns) {
	query_put_real(q->rows, (double)(ns - q->began_ns) / 1e9);
}

static const char *what_is(struct query *q, const struct rewind_file *f) {
	const char *path = *f->path ? f->path : "(not known)";
	return *f->peer  ? arena_printf(q->arena, "%s %s", path, f->peer)
	       : f->pair ? arena_printf(q->arena, "%s pair %llu", path, (unsigned long long)f->pair)
	                 : path;
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
		query_put_text(q->rows, what_is(q, f->file));
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
	struct peer *items;
	size_t count, slots;
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

static struct peer *peer_of(struct peers *p, const char *what, pid_t pid) {
	for (size_t i = p->count; i-- > 0;) {
		if (p->items[i].pid == pid && streq(p->items[i].what, what)) {
			return &p->items[i];
		}
	}
	struct query *q = p->journey.query;
	if (p->count == p->slots) {
		size_t more = p->slots > 0 ? p->slots * 2 : 64;
		struct peer *bigger = arena_array_of(q->arena, struct peer, more);
		if (p->count > 0) {
			memcpy(bigger, p->items, p->count * sizeof(*bigger));
		}
		p->items = bigger;
		p->slots = more;
	}
	p->items[p->count] = (struct peer){.what = arena_strdup(q->arena, what), .pid = pid};
	return &p->items[p->count++];
}

static int add_bytes(void *data, const struct event *e) {
	struct peers *p = data;
	bool in;
	if (moves_bytes(e, &in)) {
		const struct rewind_process *process = rewind_process(p->journey.rewind, e->pid);
		const struct rewind_fd *f = process ? rewind_fd(process, (int)e->args[0]) : NULL;
		const char *what =
			f ? what_is(p->journey.query, f->file)
			  : arena_printf(p->journey.query->arena, "fd %d", (int)e->args[0]);
		struct peer *peer = peer_of(p, what, e->pid);
		*(in ? &peer->in : &peer->out) += (uint64_t)e->result;
		peer->calls++;
	}
	return follow(&p->journey, e);
}

int query_peers(struct query *q, const char *argument, struct err *err) {
	struct peers p = {.journey = {.query = q, .rewind = rewind_new(), .until_ns = INT64_MAX}};
	struct event_sink sink = {.data = &p, .take = add_bytes};
	(void)argument;
	int r = p.journey.rewind ? reader_each(q->reader, NULL, &sink, err)
	                         : err_set(err, -ENOMEM, "no memory to follow the recording");
	query_rows_columns(q->rows, "pid,read,written,calls,what");
	/* By what was moved, most first; there are few enough to look for the next each time. */
	for (size_t done = 0; r == 0 && done < p.count && query_rows_more(q->rows); done++) {
		size_t best = done;
		for (size_t i = done + 1; i < p.count; i++) {
			if (p.items[i].in + p.items[i].out > p.items[best].in + p.items[best].out) {
				best = i;
			}
		}
		struct peer peer = p.items[best];
		p.items[best] = p.items[done];
		query_put_number(q->rows, peer.pid);
		query_put_number(q->rows, (int64_t)peer.in);
		query_put_number(q->rows, (int64_t)peer.out);
		query_put_number(q->rows, (int64_t)peer.calls);
		query_put_text(q->rows, peer.what);
	}
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

static int look_at_open(void *data, const struct event *e) {
	struct journey *j = data;
	struct query *q = j->query;
	int at;
	const struct payload *path = opens(e, &at) ? event_payload(e, PAYLOAD_STRING, at) : NULL;
	const struct rewind_process *p = path ? rewind_process(j->rewind, e->pid) : NULL;
	const char *whole =
		p ? rewind_path(j->rewind, p, at ? (int)e->args[0] : AT_FDCWD, path->bytes) : NULL;
	if (whole &&
	    (streq(whole, j->wanted) || fnmatch(j->wanted, whole, 0) == 0 ||
	     slice_eq(path->bytes, j->wanted)) &&
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
	struct event_sink sink = {.data = &j, .take = look_at_open};
	query_rows_columns(q->rows, "at_s,pid,program,result,path");
	q->rows->empty = "Nobody tried to open it while this was recorded.";
	int r = j.rewind ? reader_each(q->reader, NULL, &sink, err)
	                 : err_set(err, -ENOMEM, "no memory to follow the recording");
	rewind_free(j.rewind);
	return r;
}

/* ---- leaks ---- */

/* Inherited through an exec, beyond the three everybody has: not closed by whom it was not meant for. A descriptor that its
 * own process opened and kept is a leak when there are many of one path. */
int query_unclosed(struct query *q, const char *argument, struct err *err) {
	struct journey j = {0};
	size_t count = 0;
	(void)argument;
	int r = travel(&j, q, INT64_MAX, err);
	const struct rewind_process *const *all = r < 0 ? NULL : rewind_processes(j.rewind, &count);
	query_rows_columns(q->rows, "pid,program,fd,execs,opened_by,opened_s,what");
	q->rows->empty = "Every descriptor that went through an exec was closed.";
	for (size_t i = 0; i < count; i++) {
		const struct rewind_process *p = all[i];
		for (size_t k = 0; p->fds && k < p->fds->count; k++) {
			const struct rewind_fd *f = &p->fds->items[k];
			if (f->fd <= 2 || f->execs == 0 || !query_rows_more(q->rows)) {
				continue;
			}
			query_put_number(q->rows, p->pid);
			query_put_text(q->rows, path_base(p->exe));
			query_put_number(q->rows, f->fd);
			query_put_number(q->rows, (int64_t)f->execs);
			query_put_number(q->rows, f->file->opened_by);
			put_since(q, f->file->opened_ns);
			query_put_text(q->rows, what_is(q, f->file));
		}
	}
	rewind_free(j.rewind);
	return r;
}
