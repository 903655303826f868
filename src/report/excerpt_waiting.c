/* SPDX-License-Identifier: MIT
 * Facts about processes that wait, compute, end or run out of something as one line of proof.
 */
#include "base/str.h"
#include "report/excerpt_private.h"

#define AS(kind) ((const struct fact_##kind *)fact)

static const char *lock_wait_line(struct arena *a, const struct fact_lock_wait *l) {
	const char *holder = l->holder > 0 ? arena_printf(a, "process %lld (%s%s%s) has it",
	                                                  (long long)l->holder, l->holder_program,
	                                                  *l->stuck ? ", " : "", l->stuck)
	                     : *l->unseen ? arena_printf(a, "its holder is not seen: %s", l->unseen)
	                                  : "nobody that may be seen has it";
	return arena_printf(a, "process %lld (%s) waits for the lock %s: %s", (long long)l->pid,
	                    l->program, l->path, holder);
}

static const char *wait_leaf_line(struct arena *a, const struct fact_wait_leaf *w) {
	return arena_printf(a, "process %lld (%s) %s%s%s", (long long)w->pid, w->name, w->text,
	                    *w->proof ? "; " : "", w->proof);
}

static const char *death_line(struct arena *a, const struct fact_death *d) {
	const char *who = *d->comm ? d->comm : "a process";
	const char *pid = d->pid > 0 ? arena_printf(a, " (%lld)", (long long)d->pid) : "";
	return arena_printf(a, "%s%s: %s", who, pid, excerpt_value(a, "", d->text));
}

static const char *crash_line(struct arena *a, const struct fact_crash *c) {
	const char *place = excerpt_place(a, c->file, c->line);
	return arena_printf(a, "%s ended in a %s: %s%s%s%s%s%s", c->program, c->kind,
	                    excerpt_value(a, "", c->text), *c->frame ? "; in " : "", c->frame,
	                    *place ? ", " : "", place,
	                    *c->known ? arena_printf(a, "; known: %s", c->known) : "");
}

static const char *task_limit_line(struct arena *a, const struct fact_task_limit *t) {
	const char *whose = streq(t->kind, "rlimit") ? "processes and threads of this user"
	                    : streq(t->kind, "cgroup")
	                            ? "processes and threads of the control group"
	                            : "processes and threads of the system";
	const char *now =
		t->current < 0 ? "" : arena_printf(a, ", there are %lld", (long long)t->current);
	return arena_printf(a, "%s%s%s may be %lld%s", whose, *t->where ? " " : "", t->where,
	                    (long long)t->limit, now);
}

static const char *watch_budget_line(struct arena *a, const struct fact_watch_budget *w) {
	const char *used =
		w->used < 0 ? "" : arena_printf(a, ", %lld are used", (long long)w->used);
	const char *most = w->pid <= 0
	                           ? ""
	                           : arena_printf(a, "; process %lld (%s) holds %lld",
	                                          (long long)w->pid, w->comm, (long long)w->held);
	return arena_printf(a, "%s is %lld%s%s%s", w->where, (long long)w->limit, used,
	                    w->exhausted ? "; one more was refused" : "", most);
}

static const char *watching_line(struct arena *a, const struct fact_watching *w) {
	const char *who = w->pid > 0
	                          ? arena_printf(a, "process %lld (%s)", (long long)w->pid, w->kind)
	                          : "no editor that runs";
	return arena_printf(a, "%s %s", who,
	                    w->watched  ? "watches the workspace"
	                    : w->denied ? "may watch the workspace: not all could be seen"
	                                : "watches nothing of the workspace");
}

static const char *mended_line(struct arena *a, const struct fact_mended *m) {
	const char *what =
		*m->module ? arena_printf(a, "%s %s, %s", m->module, m->version, m->path) : m->path;
	return arena_printf(a, "%s came right %s, after process %lld had begun%s%s", what,
	                    excerpt_when(a, m->at_ns), (long long)m->pid,
	                    *m->kept ? "; that one still says: " : "",
	                    excerpt_value(a, "", m->kept));
}

static const char *cpu_use_line(struct arena *a, const struct fact_cpu_use *c) {
	return arena_printf(a, "process %lld (%s) computed %lld of the last %lld ms, %lld s in all",
	                    (long long)c->pid, c->comm, (long long)c->now_ms,
	                    (long long)c->window_ms, (long long)(c->cpu_ms / 1000));
}

const char *excerpt_waiting(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_lock_wait:
		return lock_wait_line(a, AS(lock_wait));
	case FACT_wait_leaf:
		return wait_leaf_line(a, AS(wait_leaf));
	case FACT_wait_link:
		return arena_printf(a, "process %lld %s", (long long)AS(wait_link)->pid,
		                    AS(wait_link)->text);
	case FACT_wait_unread:
		return arena_printf(a, "%lld bytes %s process %lld unread: %s",
		                    (long long)AS(wait_unread)->bytes,
		                    AS(wait_unread)->incoming ? "for" : "of",
		                    (long long)AS(wait_unread)->pid, AS(wait_unread)->text);
	case FACT_stray:
		return arena_printf(a, "process %lld (%s): %s", (long long)AS(stray)->pid,
		                    AS(stray)->name, AS(stray)->evidence);
	case FACT_death:
		return death_line(a, AS(death));
	case FACT_crash:
		return crash_line(a, AS(crash));
	case FACT_task_limit:
		return task_limit_line(a, AS(task_limit));
	case FACT_watch_budget:
		return watch_budget_line(a, AS(watch_budget));
	case FACT_watching:
		return watching_line(a, AS(watching));
	case FACT_mcp_watch:
		return arena_printf(a, "process %lld, gopls mcp started in %s, watches %lld places",
		                    (long long)AS(mcp_watch)->pid, AS(mcp_watch)->cwd,
		                    (long long)AS(mcp_watch)->watches);
	case FACT_mended:
		return mended_line(a, AS(mended));
	case FACT_counter_file:
		return arena_printf(a, "%s, the counter file of %s, %s", AS(counter_file)->path,
		                    AS(counter_file)->program,
		                    AS(counter_file)->circles > 0 ? "holds a list without an end"
		                                                  : "is sound");
	case FACT_cpu_use:
		return cpu_use_line(a, AS(cpu_use));
	default:
		return NULL;
	}
}
