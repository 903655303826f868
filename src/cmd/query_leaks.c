/* SPDX-License-Identifier: MIT
 * Descriptors that live on where nobody meant them to: inherited through an exec and never closed, or left behind by a
 * process each time it starts some program again.
 */
#include "base/ascii.h"
#include "base/path.h"
#include "base/vec.h"
#include "cmd/query.h"
#include "trace/rewind.h"

#include <errno.h>

#define STARTS_WORTH 3 /* as many as are no accident */

/* The same open file, inherited by how many. */
struct inherited {
	const char *program, *what;
	pid_t pid, opened_by;
	int fd;
	int64_t opened_ns;
	size_t execs, processes;
};

struct start {
	pid_t parent, child;
	const char *program;
	int64_t at_ns;
};

/* What a parent left behind of one kind, when it started one program. */
struct remains {
	const char *what;
	size_t starts, count; /* at how many of them, how many in all */
	size_t last_start;    /* 1 + its number */
	int fd;
	int64_t since_ns;
};

struct leaks {
	struct query *query;
	struct rewind *rewind;
	struct inherited *inherited;
	size_t inherited_count, inherited_size;
	struct start *starts;
	size_t start_count, start_size;
};

/* ---- inherited ---- */

static void add_inherited(struct leaks *l, const struct rewind_process *p,
                          const struct rewind_fd *f) {
	for (size_t i = 0; i < l->inherited_count; i++) {
		struct inherited *in = &l->inherited[i];
		if (in->fd == f->fd && in->opened_ns == f->file->opened_ns &&
		    in->opened_by == f->file->opened_by && streq(in->program, path_base(p->exe))) {
			in->processes++;
			return;
		}
	}
	struct arena *arena = l->query->arena;
	l->inherited = vec_room(arena, l->inherited, l->inherited_count, &l->inherited_size,
	                        sizeof(*l->inherited));
	l->inherited[l->inherited_count++] = (struct inherited){
		.program = arena_strdup(arena, path_base(p->exe)),
		.what = arena_strdup(arena, query_what_is(l->query, f->file)),
		.pid = p->pid,
		.opened_by = f->file->opened_by,
		.fd = f->fd,
		.opened_ns = f->file->opened_ns,
		.execs = f->execs,
		.processes = 1,
	};
}

/* What it has beyond the three everybody inherits, and did not open itself since its program began. */
static void see_inherited(struct leaks *l, const struct rewind_process *p) {
	for (size_t k = 0; p->fds && k < p->fds->count; k++) {
		const struct rewind_fd *f = &p->fds->items[k];
		if (f->fd > 2 && f->execs > 0) {
			add_inherited(l, p, f);
		}
	}
}

/* ---- left behind ---- */

static bool has_ended(const struct leaks *l, const struct start *s) {
	const struct rewind_process *p = rewind_process(l->rewind, s->child);
	return !p || p->end_ns != 0 || p->ppid != s->parent;
}

/* Numbers differ from one to the next. */
static const char *kind_of(struct leaks *l, const struct rewind_file *f) {
	char *kind = arena_strdup(l->query->arena, *f->path ? f->path : "(not known)");
	char *to = kind;
	for (const char *p = kind; *p; p++) {
		if (!ascii_is_digit(*p) || to == kind || to[-1] != '#') {
			*to++ = ascii_is_digit(*p) ? '#' : *p;
		}
	}
	*to = '\0';
	return kind;
}

static struct remains *remains_of(struct remains *all, size_t *count, const char *what) {
	for (size_t i = 0; i < *count; i++) {
		if (streq(all[i].what, what)) {
			return &all[i];
		}
	}
	all[*count] = (struct remains){.what = what};
	return &all[(*count)++];
}

/* The start for which it was opened: the first of that program that came after it. */
static size_t start_after(const struct leaks *l, pid_t parent, const char *program, int64_t at_ns) {
	for (size_t i = 0; i < l->start_count; i++) {
		const struct start *s = &l->starts[i];
		if (s->parent == parent && s->at_ns >= at_ns && streq(s->program, program)) {
			return i;
		}
	}
	return l->start_count;
}

static void put_row(struct query *q, pid_t pid, const char *program, int fd, size_t execs,
                    pid_t opened_by, int64_t opened_ns, const char *what, const char *how) {
	if (!query_rows_more(q->rows)) {
		return;
	}
	query_put_number(q->rows, pid);
	query_put_text(q->rows, program);
	query_put_number(q->rows, fd);
	query_put_number(q->rows, (int64_t)execs);
	query_put_number(q->rows, opened_by);
	query_put_real(q->rows, (double)(opened_ns - q->began_ns) / 1e9);
	query_put_text(q->rows, what);
	query_put_text(q->rows, how);
}

static void tell_remains(struct leaks *l, const struct rewind_process *p, const char *program,
                         const struct remains *r, size_t ended) {
	struct query *q = l->query;
	if (r->starts < STARTS_WORTH || r->starts * 2 <= ended) {
		return;
	}
	put_row(q, p->pid, arena_strdup(q->arena, path_base(p->exe)), r->fd, 0, p->pid, r->since_ns,
	        r->what,
	        arena_printf(q->arena, "%zu left behind by %zu starts of %s", r->count, r->starts,
	                     program));
}

/* Of one program that this process started again and again. */
static void see_remains(struct leaks *l, const struct rewind_process *p, const char *program) {
	size_t count = 0, ended = 0;
	struct remains *all =
		arena_array_of(l->query->arena, struct remains, (p->fds ? p->fds->count : 0) + 1);
	for (size_t i = 0; i < l->start_count; i++) {
		const struct start *s = &l->starts[i];
		ended += s->parent == p->pid && streq(s->program, program) && has_ended(l, s);
	}
	for (size_t k = 0; ended >= STARTS_WORTH && p->fds && k < p->fds->count; k++) {
		const struct rewind_fd *f = &p->fds->items[k];
		size_t at = start_after(l, p->pid, program, f->file->opened_ns);
		if (f->fd <= 2 || f->execs > 0 || f->file->opened_by != p->pid ||
		    at == l->start_count || !has_ended(l, &l->starts[at])) {
			continue;
		}
		struct remains *r = remains_of(all, &count, kind_of(l, f->file));
		r->since_ns = r->count == 0 ? f->file->opened_ns : r->since_ns;
		r->count++;
		r->starts += r->last_start != at + 1;
		r->last_start = at + 1;
		r->fd = f->fd;
	}
	for (size_t i = 0; i < count; i++) {
		tell_remains(l, p, program, &all[i], ended);
	}
}

static void see_starter(struct leaks *l, const struct rewind_process *p) {
	for (size_t i = 0; i < l->start_count; i++) {
		const struct start *s = &l->starts[i];
		if (s->parent == p->pid && start_after(l, p->pid, s->program, 0) == i) {
			see_remains(l, p, s->program);
		}
	}
}

/* ---- the journey ---- */

static void see_process(struct leaks *l, const struct rewind_process *p) {
	see_inherited(l, p);
	see_starter(l, p);
}

/* A shell that gives way to a program is one start, of that program. */
static void see_start(struct leaks *l, const struct event *e) {
	const struct rewind_process *p = rewind_process(l->rewind, e->pid);
	struct arena *arena = l->query->arena;
	if (!p || p->ppid <= 0) {
		return;
	}
	const char *program = arena_strdup(arena, path_base(p->exe));
	for (size_t i = p->execs > 1 ? l->start_count : 0; i > 0; i--) {
		if (l->starts[i - 1].child == e->pid) {
			l->starts[i - 1].program = program;
			return;
		}
	}
	l->starts = vec_room(arena, l->starts, l->start_count, &l->start_size, sizeof(*l->starts));
	l->starts[l->start_count++] = (struct start){
		.parent = p->ppid, .child = e->pid, .program = program, .at_ns = e->start_ns};
}

static int take(void *data, const struct event *e) {
	struct leaks *l = data;
	struct event_sink sink = rewind_sink(l->rewind);
	const struct rewind_process *p =
		e->kind == EVENT_EXIT ? rewind_process(l->rewind, e->pid) : NULL;
	if (p && p->end_ns == 0 && p->threads <= 1) {
		see_process(l, p); /* with its end all is closed */
	}
	int r = sink.take(sink.data, e);
	if (e->kind == EVENT_EXEC) {
		see_start(l, e);
	}
	return r;
}

int query_unclosed(struct query *q, const char *argument, struct err *err) {
	struct leaks l = {.query = q, .rewind = rewind_new()};
	struct event_sink sink = {.data = &l, .take = take};
	size_t count = 0;
	(void)argument;
	query_rows_columns(q->rows, "pid,program,fd,execs,opened_by,opened_s,what,how");
	q->rows->empty =
		"Every descriptor that went through an exec was closed, and nobody left more "
		"behind at each start of a program.";
	int r = l.rewind ? reader_each(q->reader, NULL, &sink, err)
	                 : err_set(err, -ENOMEM, "no memory to follow the recording");
	const struct rewind_process *const *all = r < 0 ? NULL : rewind_processes(l.rewind, &count);
	for (size_t i = 0; i < count; i++) {
		if (all[i]->end_ns == 0) {
			see_process(&l, all[i]);
		}
	}
	for (size_t i = 0; r == 0 && i < l.inherited_count; i++) {
		const struct inherited *in = &l.inherited[i];
		const char *how = in->processes == 1
		                          ? "inherited, never closed"
		                          : arena_printf(q->arena, "inherited by %zu, never closed",
		                                         in->processes);
		put_row(q, in->pid, in->program, in->fd, in->execs, in->opened_by, in->opened_ns,
		        in->what, how);
	}
	rewind_free(l.rewind);
	return r;
}
