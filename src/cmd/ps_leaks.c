/* SPDX-License-Identifier: MIT
 * A running server is only looked at. Over restarts, its program is started anew as often, with its own arguments,
 * environment and directory, beside the one that runs; each is greeted, given time to load, looked at, and asked to end.
 */
#include "cmd/ps_leaks.h"

#include "base/clock.h"
#include "base/path.h"
#include "cmd/check_options.h"
#include "cmd/failure.h"
#include "core/census.h"
#include "core/rights.h"
#include "core/world.h"
#include "probes/scratch.h"
#include "probes/server/server_flags.h"
#include "report/leaks.h"
#include "wire/rpc.h"
#include "world/live.h"

#include <time.h>

#define SECONDS_DEFAULT "10"
#define SAMPLES         20
#define RESTARTS_MAX    GROWTH_POINTS_MAX
#define USAGE_CAP       ((size_t)1024 * 1024)
#define ARGUMENTS_MAX   256
#define HELLO_NS        (20 * NS_PER_S)
#define SETTLE_NS                                                                                  \
	(500 * NS_PER_MS) /* from its answer on: what it starts to load has been started */
#define BYE_NS (5 * NS_PER_S)

struct leaks_run {
	struct arena *arena;
	struct evidence_store store;
	struct world *world;
	struct interrupt interrupt;
	const struct ps_options *options;
	int64_t pid;
	const char *name, *exe, *cwd, *cmdline, *tmpdir;
	struct envset env;
	size_t looks;
	struct leaks_view view;
};

/* ---- whose ---- */

static bool find_process(struct leaks_run *r) {
	const char *pid = arena_printf(r->arena, "%lld", (long long)r->pid);
	const struct evidence *ev = world_look(r->world, LOOK_PROCESS, pid, LOOK_CAP_SETTINGS);
	const struct evidence *env = world_look(r->world, LOOK_ENVIRON, pid, LOOK_CAP_SETTINGS);

	if (!evidence_has_bytes(ev)) {
		output_complain("there is no process %lld", (long long)r->pid);
		return false;
	}
	envset_init(&r->env, r->arena);
	if (evidence_has_bytes(env)) {
		envset_add_block(&r->env, env->bytes);
	} else {
		output_complain("process %lld belongs to another user: its descriptors cannot be "
		                "seen (needs " RIGHTS_TO_SEE_OTHERS ")",
		                (long long)r->pid);
		return false;
	}
	r->name = keyline_text(r->arena, ev->bytes, "comm");
	r->exe = keyline_text(r->arena, ev->bytes, "exe");
	r->cwd = keyline_text(r->arena, ev->bytes, "cwd");
	r->cmdline = keyline_text(r->arena, ev->bytes, "cmdline");

	const char *tmpdir = envset_get(&r->env, "TMPDIR");

	r->tmpdir = str_empty(tmpdir) ? "/tmp" : tmpdir;
	return true;
}

/* The one language server of this user. */
static bool find_server(struct leaks_run *r) {
	const struct evidence *ev = world_look(r->world, LOOK_CENSUS, "own", CENSUS_CAP);
	struct census c = census_read(r->arena, ev->bytes);
	struct strbuf pids;
	size_t found = 0;

	strbuf_init(&pids, r->arena);
	for (size_t i = 0; i < c.count; i++) {
		if (c.items[i].role == ROLE_SERVER || c.items[i].role == ROLE_DAEMON) {
			r->pid = c.items[i].pid;
			strbuf_printf(&pids, " %lld", (long long)r->pid);
			found++;
		}
	}
	if (found != 1) {
		output_complain(found == 0 ? "no language server runs; give a PID"
		                           : "several language servers run; give one of%s",
		                pids.data);
	}
	return found == 1;
}

/* ---- samples ---- */

static const struct usage *look(struct leaks_run *r, const char *what, int64_t pid) {
	const char *arg = arena_printf(r->arena, "%s %lld %zu\n%s\n%s", what, (long long)pid,
	                               r->looks++, r->tmpdir, r->name);
	const struct evidence *ev = world_look(r->world, LOOK_USAGE, arg, USAGE_CAP);

	return usage_parse(r->arena, ev->bytes);
}

static void keep(struct leaks_run *r, double x, const struct usage *u) {
	struct leaks_view *v = &r->view;

	if (v->count < GROWTH_POINTS_MAX) {
		v->x[v->count] = x;
		v->samples[v->count++] = u;
	}
}

static void wait_until(struct leaks_run *r, int64_t until_ns) {
	while (!r->world->interrupted && clock_now_ns() < until_ns &&
	       interrupt_signal(&r->interrupt) == 0) {
		int64_t left = until_ns - clock_now_ns();
		int64_t step = left < 100 * NS_PER_MS ? left : 100 * NS_PER_MS;
		struct timespec pause = {.tv_nsec = step > 0 ? step : 0};

		nanosleep(&pause, NULL);
	}
}

static void sample_over_time(struct leaks_run *r, int64_t length_ns) {
	int64_t start = clock_now_ns();

	for (int i = 0; i < SAMPLES && interrupt_signal(&r->interrupt) == 0; i++) {
		wait_until(r, start + length_ns / (SAMPLES - 1) * i);

		const struct usage *u = look(r, "pid", r->pid);

		if (!u->known) {
			r->view.ended = true;
			return;
		}
		keep(r, (double)(clock_now_ns() - start) / (double)NS_PER_S, u);
	}
}

/* ---- restarts ---- */

enum { ID_INITIALIZE = 1, ID_SHUTDOWN = 2 };

struct greeting {
	struct dialogue base;
	struct arena *arena;
	const char *params;
	int64_t answered_ns; /* since the start; 0: not yet */
	int64_t now_ns;
	bool leaving, ended;
};

static void take_frame(struct greeting *g, struct session *s, struct slice body) {
	struct rpc_message m;

	if (rpc_parse(body, &m) == RPC_RESPONSE && rpc_has_id(&m, ID_INITIALIZE)) {
		g->answered_ns = g->now_ns > 0 ? g->now_ns : 1;
		session_send(s, slice_str(rpc_notification(g->arena, "initialized", "{}")));
	} else if (m.kind == RPC_RESPONSE && rpc_has_id(&m, ID_SHUTDOWN)) {
		session_send(s, slice_str(rpc_notification(g->arena, "exit", NULL)));
	} else if (m.kind == RPC_REQUEST) {
		const char *result = streq(m.method, "workspace/configuration") ? "[null]" : NULL;

		session_send(s, slice_str(rpc_result(g->arena, m.id, result)));
	}
	rpc_message_release(&m);
}

static void on_event(struct dialogue *self, struct session *s, enum session_event event,
                     struct slice bytes, int64_t at_ns) {
	struct greeting *g = (struct greeting *)(void *)self;

	g->now_ns = at_ns;
	if (event == SESSION_STARTED) {
		session_send(s, slice_str(rpc_request(g->arena, ID_INITIALIZE, "initialize",
		                                      g->params)));
	} else if (event == SESSION_FRAME) {
		take_frame(g, s, bytes);
	} else if (event == SESSION_EXITED || event == SESSION_FAILED) {
		g->ended = true;
	}
}

static bool is_done(const struct dialogue *self) {
	const struct greeting *g = (const struct greeting *)(const void *)self;

	return g->ended ||
	       (!g->leaving && g->answered_ns > 0 && g->now_ns - g->answered_ns >= SETTLE_NS);
}

static const char *const *arguments(struct leaks_run *r, const char *scratch) {
	const char **argv = arena_array_of(r->arena, const char *, ARGUMENTS_MAX + 1);
	struct slice rest = slice_str(r->cmdline), word;
	size_t n = 0;

	while (n < ARGUMENTS_MAX && slice_cut(&rest, '\x1f', &word)) {
		argv[n++] = arena_slicedup(r->arena, word);
	}
	/* As it was found then; for a script that is its interpreter. */
	argv[0] = r->exe;
	return server_flags_tame(r->arena, argv, scratch);
}

/* Its usage once it has greeted; NULL when it did not. */
static const struct usage *start_once(struct leaks_run *r, const char *scratch) {
	struct greeting g = {.base = {.on_event = on_event, .is_done = is_done}, .arena = r->arena};
	const char *uri = path_to_uri(r->arena, r->cwd);
	const struct usage *u = NULL;

	g.params = arena_printf(r->arena,
	                        "{\"processId\":null,\"rootUri\":\"%s\",\"capabilities\":{},"
	                        "\"workspaceFolders\":[{\"uri\":\"%s\",\"name\":\"w\"}]}",
	                        uri, uri);
	struct session *s =
		world_session_start(r->world, &(struct session_spec){.label = "restart",
	                                                             .argv = arguments(r, scratch),
	                                                             .env = &r->env,
	                                                             .cwd = r->cwd,
	                                                             .dialogue = &g.base});

	world_session_wait(r->world, s, clock_now_ns() + HELLO_NS);
	if (g.answered_ns > 0 && !g.ended) {
		u = look(r, "below", s->pid);
		g.leaving = true;
		session_send(s, slice_str(rpc_request(r->arena, ID_SHUTDOWN, "shutdown", NULL)));
		world_session_wait(r->world, s, clock_now_ns() + BYE_NS);
	}
	world_session_stop(r->world, s);
	return u;
}

static void sample_over_restarts(struct leaks_run *r, size_t restarts) {
	for (size_t i = 0; i < restarts && interrupt_signal(&r->interrupt) == 0; i++) {
		const char *scratch = scratch_make(r->arena, envset_get(&r->env, "TMPDIR"));
		const struct usage *u = start_once(r, scratch);

		scratch_remove(scratch);
		if (!u || !u->known) {
			r->view.ended = true;
			return;
		}
		/* What lies about is counted when it has gone; the rest while it ran. */
		struct usage *both = arena_new_of(r->arena, struct usage);
		const struct usage *after = look(r, "below", 0);

		*both = *u;
		both->counts[USAGE_TEMPORARY] = after->counts[USAGE_TEMPORARY];
		keep(r, (double)i, both);
	}
}

/* ---- the run ---- */

static void forecast(struct leaks_run *r) {
	struct leaks_view *v = &r->view;
	const struct evidence *ev = NULL;
	struct slice rest, line;

	v->user = look(r, "user", 0);
	v->workspace = r->cwd;
	v->workspace_dirs = -1;
	if (r->cwd[0] == '/' && r->cwd[1]) {
		ev = world_look(r->world, LOOK_WALKED, r->cwd, LOOK_CAP_SMALL);
	}
	rest = ev ? ev->bytes : slice_of(NULL, 0);
	while (slice_line(&rest, &line)) {
		if (slice_starts(line, "dirs ")) {
			(void)str_to_int64(
				arena_slicedup(r->arena, slice_of(line.data + 5, line.len - 5)),
				&v->workspace_dirs);
		}
	}
	v->workspace_cut = ev && ev->state == EV_TRUNCATED;
}

static int show(struct leaks_run *r) {
	struct terminal terminal = terminal_find(r->options->color);
	struct report_style style = {
		.colour = terminal.colour, .utf8 = terminal.utf8, .columns = terminal.columns};
	struct strbuf out;

	strbuf_init(&out, r->arena);
	leaks_conclude(&r->view);
	if (r->options->json) {
		leaks_json(&out, &r->view);
	} else {
		leaks_text(&out, r->arena, &r->view, &style);
	}
	return output_write(&out, r->view.leaks       ? STATUS_FOUND
	                          : r->view.count < 5 ? STATUS_UNKNOWN
	                                              : STATUS_HEALTHY);
}

static int run_in(struct leaks_run *r, int64_t length_ns, int64_t restarts) {
	if ((r->pid == 0 && !find_server(r)) || !find_process(r)) {
		return STATUS_UNKNOWN;
	}
	r->view.name = r->name;
	r->view.pid = restarts ? 0 : r->pid;
	r->view.over_restarts = restarts > 0;
	if (restarts > 0) {
		sample_over_restarts(r, (size_t)restarts);
	} else {
		sample_over_time(r, length_ns);
	}
	int stopped = failure_of_interrupt(&r->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	forecast(r);
	return show(r);
}

int ps_leaks(const struct ps_options *options, const char *pid) {
	struct leaks_run r = {.options = options,
	                      .interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1}};
	const char *length = options->seconds ? options->seconds : SECONDS_DEFAULT;
	int64_t length_ns = 0, restarts = 0;
	int status = STATUS_UNKNOWN;
	struct err err = {0};

	if (options->restarts && (str_to_int64(options->restarts, &restarts) < 0 || restarts < 5 ||
	                          restarts > RESTARTS_MAX || options->seconds)) {
		output_complain("option '--restarts': expected 5 to %d and no --for, got '%s'",
		                RESTARTS_MAX, options->restarts);
		return STATUS_USAGE;
	}
	if (seconds_parse(length, &length_ns) < 0) {
		output_complain("option '--for': expected seconds, more than 0, got '%s'", length);
		return STATUS_USAGE;
	}
	if (pid && (str_to_int64(pid, &r.pid) < 0 || r.pid <= 0)) {
		output_complain("expected a PID, got '%s'", pid);
		return STATUS_USAGE;
	}
	r.arena = arena_new();
	evidence_store_init(&r.store, r.arena);
	interrupt_open(&r.interrupt,
	               clock_now_ns() + length_ns + restarts * (HELLO_NS + BYE_NS) + 30 * NS_PER_S);
	r.world = world_live_open(r.arena, &r.store, r.interrupt.fd, &err);
	if (r.world) {
		status = run_in(&r, length_ns, restarts);
	} else {
		output_complain("%s", err.msg);
	}
	world_close(r.world);
	interrupt_close(&r.interrupt);
	arena_free(r.arena);
	return status;
}
