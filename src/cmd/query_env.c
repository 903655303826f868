/* SPDX-License-Identifier: MIT
 * The tree of programs, and what each exec changed in the environment.
 */
#include "base/envset.h"
#include "cmd/env_mask.h"
#include "cmd/query.h"

#include <errno.h>

#define DEPTH_MAX 64
#define TREE_SQL                                                                                   \
	"WITH RECURSIVE tree (id, pid, depth, path) AS ("                                          \
	" SELECT id, pid, 0, printf('%012d', id) FROM process WHERE ppid IS NULL OR ppid NOT IN"   \
	" (SELECT pid FROM process)"                                                               \
	" UNION ALL SELECT p.id, p.pid, t.depth + 1, t.path || printf('%012d', p.id)"              \
	" FROM process p JOIN tree t ON p.ppid = t.pid AND p.id > t.id"                            \
	" WHERE t.depth < 64 AND t.id = (SELECT max(o.id) FROM process o"                          \
	" WHERE o.pid = p.ppid AND o.id < p.id))"                                                  \
	" SELECT p.pid, round((p.start_ns - (SELECT value FROM meta WHERE key = 'began_ns'))"      \
	" / 1e9, 3) AS at_s, round((p.end_ns - p.start_ns) / 1e6, 1) AS ms,"                       \
	" CASE WHEN p.end_ns IS NULL THEN '' WHEN p.status & 127 THEN 'signal ' || (p.status & "   \
	"127)"                                                                                     \
	" ELSE p.status >> 8 END AS status, substr('"                                              \
	"                                                                ', 1, 2 * t.depth) ||"    \
	" coalesce((SELECT group_concat(value, ' ') FROM json_each(p.argv)), p.exe, '?')"          \
	" AS program FROM tree t JOIN process p USING (id) ORDER BY t.path"

int query_exec_tree(struct query *q, const char *argument, struct err *err) {
	(void)argument;
	return query_sql(q, TREE_SQL, NULL, err);
}

/* ---- environments ---- */

/* One exec, or what /proc said: a whole environment. */
struct link {
	pid_t pid;
	int64_t at_ns;
	const char *program;
	struct slice environ; /* NAME=value with a NUL each; data NULL: not known */
	struct link *next;    /* later */
};

struct parent {
	pid_t child, parent;
	int64_t at_ns;
	struct parent *next; /* earlier */
};

struct chain {
	struct query *query;
	struct link *first, *last;
	struct parent *parents;
};

static struct slice copy(struct arena *arena, struct slice s) {
	return slice_of(arena_strndup(arena, s.data ? s.data : "", s.len), s.len);
}

static void add_link(struct chain *c, const struct event *e, const struct payload *environ,
                     const char *program) {
	struct arena *arena = c->query->arena;
	struct link *l = arena_new_of(arena, struct link);
	*l = (struct link){.pid = e->pid,
	                   .at_ns = e->start_ns,
	                   .program = program,
	                   .environ = environ ? copy(arena, environ->bytes) : slice_of(NULL, 0)};
	*(c->last ? &c->last->next : &c->first) = l;
	c->last = l;
}

static const struct payload *strings_of(const struct event *e, size_t nth) {
	for (size_t i = 0; i < e->payload_count; i++) {
		if (e->payloads[i].kind == PAYLOAD_STRINGS && nth-- == 0) {
			return &e->payloads[i];
		}
	}
	return NULL;
}

static const char *text_of(struct arena *arena, const struct payload *p) {
	return p ? arena_slicedup(arena, p->bytes) : "";
}

static int take(void *data, const struct event *e) {
	struct chain *c = data;
	struct arena *arena = c->query->arena;
	const struct payload *path = NULL;
	if (e->kind == EVENT_FORK && e->child_pid != e->pid) {
		struct parent *p = arena_new_of(arena, struct parent);
		*p = (struct parent){.child = e->child,
		                     .parent = e->pid,
		                     .at_ns = e->start_ns,
		                     .next = c->parents};
		c->parents = p;
	} else if (e->kind == EVENT_STATE) {
		add_link(c, e, event_payload(e, PAYLOAD_FILE, STATE_ENVIRON),
		         text_of(arena, event_payload(e, PAYLOAD_FILE, STATE_EXE)));
	} else if (e->kind == EVENT_CALL && e->result == 0 && e->duration_ns >= 0 &&
	           strings_of(e, 1)) {
		for (size_t i = 0; i < e->payload_count && !path; i++) {
			path = e->payloads[i].kind == PAYLOAD_STRING ? &e->payloads[i] : NULL;
		}
		add_link(c, e, strings_of(e, 1), text_of(arena, path));
	} else if (e->kind == EVENT_EXEC && event_payload(e, PAYLOAD_STRINGS, 2)) {
		add_link(c, e, event_payload(e, PAYLOAD_STRINGS, 2),
		         text_of(arena, event_payload(e, PAYLOAD_STRING, 0)));
	}
	return 0;
}

/* The environment pid had before that moment: its own, or of whoever forked it. */
static const struct link *before(const struct chain *c, pid_t pid, int64_t at_ns) {
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const struct link *found = NULL;
		for (const struct link *l = c->first; l; l = l->next) {
			found = l->pid == pid && l->at_ns < at_ns ? l : found;
		}
		if (found) {
			return found;
		}
		const struct parent *p = c->parents;
		while (p && (p->child != pid || p->at_ns >= at_ns)) {
			p = p->next;
		}
		if (!p) {
			return NULL;
		}
		pid = p->parent;
		at_ns = p->at_ns;
	}
	return NULL;
}

static void put_row(struct query *q, const struct link *l, const char *change, const char *name,
                    const char *value) {
	bool secret = false;
	if (!query_rows_more(q->rows)) {
		return;
	}
	query_put_real(q->rows, (double)(l->at_ns - q->began_ns) / 1e9);
	query_put_number(q->rows, l->pid);
	query_put_text(q->rows, change);
	query_put_text(q->rows, name);
	query_put_text(q->rows, value ? env_mask(q->arena, name, value, &secret) : NULL);
}

static struct envset envset_of(struct arena *arena, const struct link *l) {
	struct envset set;
	envset_init(&set, arena);
	if (l && l->environ.data) {
		envset_add_block(&set, l->environ);
	}
	return set;
}

static void tell(struct query *q, const struct link *l, const struct link *old) {
	struct envset now = envset_of(q->arena, l), was = envset_of(q->arena, old);
	put_row(q, l, old ? "exec" : "begins", l->program, NULL);
	for (size_t i = 0; i < now.count; i++) {
		const char *value;
		const char *name = arena_slicedup(q->arena, envset_name(&now, i, &value));
		const char *before_value = old ? envset_get(&was, name) : NULL;
		if (!old || !before_value || !streq(value, before_value)) {
			put_row(q, l, !old ? "has" : before_value ? "changed" : "set", name, value);
		}
	}
	for (size_t i = 0; old && i < was.count; i++) {
		const char *value;
		const char *name = arena_slicedup(q->arena, envset_name(&was, i, &value));
		if (!envset_get(&now, name)) {
			put_row(q, l, "unset", name, NULL);
		}
	}
}

int query_env_at_exec(struct query *q, const char *argument, struct err *err) {
	struct chain c = {.query = q};
	struct event_sink sink = {.data = &c, .take = take};
	const struct link *steps[DEPTH_MAX];
	size_t count = 0;
	int64_t until;
	pid_t pid;
	struct event_filter filter = {.kinds = 1u << EVENT_CALL | 1u << EVENT_FORK |
	                                       1u << EVENT_EXEC | 1u << EVENT_STATE};
	int r = query_when(q, argument, &pid, &until, err);
	r = r < 0 ? r : call_set_parse(q->arena, "execve,execveat", &filter.calls, err);
	r = r < 0 ? r : reader_each(q->reader, &filter, &sink, err);
	if (r < 0) {
		return r;
	}
	query_rows_columns(q->rows, "at_s,pid,change,name,value");
	q->rows->empty = "No program began in that process while it was recorded.";
	for (const struct link *l = before(&c, pid, until); l && count < DEPTH_MAX;
	     l = before(&c, l->pid, l->at_ns)) {
		steps[count++] = l;
	}
	for (size_t i = count; i-- > 0;) {
		tell(q, steps[i], i + 1 < count ? steps[i + 1] : NULL);
	}
	return 0;
}
