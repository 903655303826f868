/* SPDX-License-Identifier: MIT
 * Facts about what runs, what limits it and what it keeps on disk as one line of proof.
 */
#include "base/clock.h"
#include "base/str.h"
#include "report/excerpt_private.h"

#include <string.h>

#define AS(kind) ((const struct fact_##kind *)fact)

static const char *running_server_line(struct arena *a, const struct fact_running_server *s) {
	struct strbuf out;
	strbuf_init(&out, a);
	const char *role = streq(s->role, "forwarder") ? "gopls that hands on to a daemon"
	                   : streq(s->role, "daemon")  ? "gopls daemon"
	                   : streq(s->role, "mcp")     ? "gopls for an agent"
	                                               : "gopls";
	strbuf_printf(&out, "process %lld, %s: %s", (long long)s->pid, role, s->exe);
	strbuf_printf(&out, "%s%s%s", s->gone ? " (deleted since)" : "", *s->version ? ", " : "",
	              s->version);
	if (!str_empty(s->args)) {
		strbuf_printf(&out, ", arguments: %s", excerpt_value(a, "", s->args));
	}
	if (s->editor_pid > 0) {
		strbuf_printf(&out, ", started by process %lld%s%s%s", (long long)s->editor_pid,
		              *s->editor_kind ? " (" : "", s->editor_kind,
		              *s->editor_kind ? ")" : "");
	}
	if (s->start_ns > 0) {
		strbuf_printf(&out, ", running since %s", excerpt_when(a, s->start_ns));
	}
	if (s->other) {
		strbuf_printf(&out, "; the same start runs now %s%s%s", s->path,
		              *s->path_version ? ", " : "", s->path_version);
	}
	return out.data;
}

static const char *count_or_none(struct arena *a, int64_t n) {
	return n < 0 ? "any number of" : arena_printf(a, "%lld", (long long)n);
}

static const char *limit_line(struct arena *a, const struct fact_limit *l) {
	const char *who = streq(l->scope, "own")
	                          ? "dialtone"
	                          : arena_printf(a, "process %lld", (long long)l->pid);
	return arena_printf(a, "%s may have %s files open (hard limit: %s)", who,
	                    count_or_none(a, l->soft),
	                    l->hard < 0 ? "none" : count_or_none(a, l->hard));
}

static const char *remote_line(struct arena *a, const struct fact_remote *r) {
	const char *from = str_empty(r->from) ? "" : arena_printf(a, " (from %s)", r->from);
	const char *state = r->reachable   ? "somebody listens"
	                    : r->error > 0 ? strerror((int)r->error)
	                                   : "nobody answers";
	return arena_printf(a, "%s%s: %s", r->address, from, state);
}

static const char *server_end_line(struct arena *a, const struct fact_server_end *e) {
	const char *how =
		e->signal > 0 ? arena_printf(a, "was ended by signal %lld%s", (long long)e->signal,
	                                     e->ours ? " of dialtone" : "")
			      : arena_printf(a, "ended with status %lld", (long long)e->exit_code);
	return arena_printf(
		a, "the trial server %s; it had used %lld MiB and %lld ms of processor time", how,
		(long long)(e->peak_bytes >> 20), (long long)e->cpu_ms);
}

static const char *memory_line(struct arena *a, const struct fact_memory *m) {
	return arena_printf(a, "%lld of %lld MiB of memory are free, %lld MiB of swap; %s",
	                    (long long)(m->available >> 20), (long long)(m->total >> 20),
	                    (long long)(m->swap_free >> 20),
	                    m->killed > 0   ? "the kernel ended processes for want of it meanwhile"
	                    : m->killed < 0 ? "whether the kernel ended processes is not known"
	                                    : "the kernel ended no process meanwhile");
}

static const char *memory_group_line(struct arena *a, const struct fact_memory_group *g) {
	const char *limit =
		g->limit < 0 ? "no limit"
			     : arena_printf(a, "a limit of %lld MiB", (long long)(g->limit >> 20));
	return arena_printf(
		a,
		"the control group %s has %s; processes ended in it for want of memory: "
		"%lld, %lld of them meanwhile",
		g->path, limit, (long long)g->kills, (long long)g->killed);
}

static const char *daemon_place_line(struct arena *a, const struct fact_daemon_place *d) {
	const char *state = streq(d->state, "ok")        ? "can be used"
	                    : streq(d->state, "absent")  ? "does not exist"
	                    : streq(d->state, "not_dir") ? "is no directory"
	                    : streq(d->state, "long")    ? "makes the name of a socket too long"
	                                                 : "cannot be written by this user";
	return arena_printf(a, "%s, the place of the daemon's sockets (%s), %s", d->dir,
	                    streq(d->origin, "default") ? "the default"
	                                                : arena_printf(a, "by %s", d->origin),
	                    state);
}

static const char *daemon_socket_line(struct arena *a, const struct fact_daemon_socket *d) {
	const char *state = streq(d->state, "foreign") ? arena_printf(a, "belongs to %s (uid %lld)",
	                                                              d->owner, (long long)d->uid)
	                    : streq(d->state, "full_dir") ? "is a directory that is not empty"
	                                                  : "is no socket of a daemon";
	return arena_printf(a, "%s %s%s", d->path, state,
	                    d->reachable ? "; somebody listens there" : "");
}

static const char *fetch_wait_line(struct arena *a, const struct fact_fetch_wait *w) {
	return arena_printf(
		a, "%s (process %lld) has waited %.1f s for %s%s%s port %lld: %s", w->program,
		(long long)w->pid, (double)w->age_ms / 1000.0, *w->host ? w->host : w->address,
		*w->host ? " " : "", *w->host ? w->address : "", (long long)w->port,
		streq(w->state, "connected") ? "connected, nothing came" : "no connection yet");
}

static const char *external_change_line(struct arena *a, const struct fact_external_change *c) {
	const char *who = streq(c->kind, "generated") ? "by a generator, as its first lines say"
	                  : streq(c->kind, "checkout")
	                          ? arena_printf(a, "by git%s%s", *c->what ? ": " : "", c->what)
	                          : "by a tool, for only tools write it";
	return arena_printf(
		a, "%s changed %s, %s%s", c->path, excerpt_when(a, c->mtime_ns), who,
		c->count > 1 ? arena_printf(a, "; %lld files in all", (long long)c->count) : "");
}

static const char *self_exe_line(struct arena *a, const struct fact_self_exe *s) {
	return streq(s->state, "no_proc")
	               ? "/proc/self/exe is not there"
	               : arena_printf(a, "%s: %s, not readable by this user", s->path,
	                              excerpt_owner(a, s->uid, s->mode));
}

static const char *program_bytes_line(struct arena *a, const struct fact_program_bytes *p) {
	const char *what = streq(p->state, "same")      ? "are those it was built with"
	                   : streq(p->state, "differs") ? "are not those it was built with"
	                   : streq(p->state, "stripped")
	                           ? "are not known: it was stripped"
	                           : "are not known: its paths were rewritten";
	return arena_printf(a, "%s: by the hash in its build ID its bytes %s", p->path, what);
}

const char *excerpt_running(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_running_server:
		return running_server_line(a, AS(running_server));
	case FACT_cpu_quota:
		return arena_printf(a, "%s: %lld of each %lld ms of processor time for all in it",
		                    AS(cpu_quota)->where,
		                    (long long)(AS(cpu_quota)->quota_us / 1000),
		                    (long long)(AS(cpu_quota)->period_us / 1000));
	case FACT_inside:
		return arena_printf(a, "what process %lld lets a server do",
		                    (long long)AS(inside)->pid);
	case FACT_limit:
		return limit_line(a, AS(limit));
	case FACT_limit_source:
		return arena_printf(
			a, "%s sets the number of open files to %s",
			excerpt_place(a, AS(limit_source)->file, AS(limit_source)->line),
			AS(limit_source)->value);
	case FACT_go_replaced:
		return arena_printf(a, "%s was put there %s%s%s", AS(go_replaced)->path,
		                    excerpt_when(a, AS(go_replaced)->ctime_ns),
		                    *AS(go_replaced)->version ? ", now " : "",
		                    AS(go_replaced)->version);
	case FACT_self_exe:
		return self_exe_line(a, AS(self_exe));
	case FACT_program_bytes:
		return program_bytes_line(a, AS(program_bytes));
	case FACT_memory:
		return memory_line(a, AS(memory));
	case FACT_memory_group:
		return memory_group_line(a, AS(memory_group));
	case FACT_server_end:
		return server_end_line(a, AS(server_end));
	case FACT_remote:
		return remote_line(a, AS(remote));
	case FACT_daemon_place:
		return daemon_place_line(a, AS(daemon_place));
	case FACT_daemon_socket:
		return daemon_socket_line(a, AS(daemon_socket));
	case FACT_fetch_wait:
		return fetch_wait_line(a, AS(fetch_wait));
	case FACT_external_change:
		return external_change_line(a, AS(external_change));
	case FACT_health:
		return str_empty(AS(health)->hurt) ? AS(health)->state : AS(health)->hurt;
	default:
		return NULL;
	}
}
