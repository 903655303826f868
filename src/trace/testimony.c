/* SPDX-License-Identifier: MIT */
#include "trace/testimony.h"

#include "base/path.h"
#include "base/vec.h"
#include "trace/call.h"
#include "trace/episodes_work.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#define WITNESSES_MAX ((size_t)200000)
#define PENDING_MAX   ((size_t)4096)

struct testimony *testimony_new(struct arena *arena, int64_t wall_offset_ns) {
	struct testimony *t = arena_new_of(arena, struct testimony);
	t->arena = arena;
	t->wall_offset_ns = wall_offset_ns;
	t->rewind = rewind_new();
	return t;
}

static struct witness *new_witness(struct testimony *t, pid_t pid, int64_t at_ns) {
	struct witness *w = arena_new_of(t->arena, struct witness);
	*w = (struct witness){
		.pid = pid, .start_ns = at_ns, .exe = "", .cwd = "", .uid = -1, .gid = -1};
	for (int i = 0; i < 3; i++) {
		w->flows[i] = testimony_flow_new(t);
	}
	return w;
}

static struct witness *add_witness(struct testimony *t, pid_t pid, int64_t at_ns) {
	t->witnesses = vec_room(t->arena, t->witnesses, t->witness_count, &t->witness_size,
	                        sizeof(struct witness *));
	struct witness *w = new_witness(t, pid, at_ns);
	if (t->witness_count < WITNESSES_MAX) {
		t->witnesses[t->witness_count++] = w;
	}
	t->latest = w;
	return w;
}

/* Most events are of the process that had the last one. */
static struct witness *find(struct testimony *t, pid_t pid) {
	if (t->latest && t->latest->pid == pid) {
		return t->latest;
	}
	for (size_t i = t->witness_count; i > 0; i--) {
		if (t->witnesses[i - 1]->pid == pid) {
			t->latest = t->witnesses[i - 1];
			return t->latest;
		}
	}
	return NULL;
}

struct witness *testimony_witness(struct testimony *t, pid_t pid) {
	struct witness *w = find(t, pid);
	return w ? w : add_witness(t, pid, t->last_ns);
}

const char *testimony_string(struct testimony *t, struct slice block, size_t n) {
	struct slice part;
	while (slice_cut(&block, '\0', &part)) {
		if (n-- == 0) {
			return arena_slicedup(t->arena, part);
		}
	}
	return "";
}

static struct slice keep(struct testimony *t, struct slice bytes) {
	return slice_of(arena_slicedup(t->arena, bytes), bytes.len);
}

/* ---- what events say of processes ---- */

static const char *cwd_of(struct testimony *t, const struct witness *w) {
	const struct rewind_process *p = rewind_process(t->rewind, w->pid);
	const char *cwd = p && p->cwd ? p->cwd->path : NULL;
	return str_empty(cwd) ? w->cwd : arena_strdup(t->arena, cwd);
}

static void take_fork(struct testimony *t, const struct event *e) {
	if (e->child_pid != e->child || e->child_pid == e->pid) {
		return; /* a thread */
	}
	struct witness *parent = testimony_witness(t, e->pid);
	struct witness *w = add_witness(t, e->child, e->start_ns);
	w->parent = parent;
	w->fork_ns = e->start_ns;
	w->ppid = parent->pid;
	w->exe = parent->exe;
	w->cwd = cwd_of(t, parent);
	w->argv = parent->argv;
	w->env = parent->env;
	w->has_env = parent->has_env;
	w->uid = parent->uid;
	w->gid = parent->gid;
	memcpy(w->outputs, parent->outputs, sizeof(w->outputs));
	w->walls = parent->walls;
	w->group = parent->group;
	testimony_inherit_limits(w, parent);
	testimony_walls_of_clone(w, e->args[0]);
}

static void take_exec(struct testimony *t, const struct event *e) {
	struct witness *before = testimony_witness(t, e->pid);
	struct witness *w = add_witness(t, e->pid, e->start_ns);
	const struct payload *exe = event_payload(e, PAYLOAD_STRING, 0);
	const struct payload *argv = event_payload(e, PAYLOAD_STRINGS, 1);
	const struct payload *env = event_payload(e, PAYLOAD_STRINGS, 2);
	before->replaced = true;
	before->replaced_ns = e->start_ns;
	w->parent = before;
	w->ppid = before->ppid;
	w->cwd = cwd_of(t, before);
	w->fork_ns = before->fork_ns;
	w->uid = before->uid;
	w->gid = before->gid;
	w->walls = before->walls;
	w->group = before->group;
	testimony_inherit_limits(w, before);
	w->is_new = true;
	w->exe = exe ? path_join(t->arena, w->cwd, arena_slicedup(t->arena, exe->bytes)) : "";
	w->argv = argv ? keep(t, argv->bytes) : (struct slice){0};
	w->env = env ? keep(t, env->bytes) : (struct slice){0};
	w->has_env = env != NULL;
	testimony_share_flows(t, w);
}

static void add_attempt(struct testimony *t, const struct event *e, const char *path,
                        struct slice argv, const struct payload *env) {
	struct witness *before = testimony_witness(t, e->pid);
	if (t->attempt_count >= PENDING_MAX) {
		return;
	}
	struct witness *w = new_witness(t, e->pid, e->start_ns);
	w->parent = before;
	w->ppid = before->ppid;
	w->cwd = cwd_of(t, before);
	w->exe = path;
	w->argv = argv;
	w->env = env ? keep(t, env->bytes) : before->env;
	w->has_env = env || before->has_env;
	w->uid = before->uid;
	w->gid = before->gid;
	w->exec_error = (int)-e->result;
	t->attempts = vec_room(t->arena, t->attempts, t->attempt_count, &t->attempt_size,
	                       sizeof(struct witness *));
	t->attempts[t->attempt_count++] = w;
}

static void take_attempt(struct testimony *t, const struct event *e, const struct call *call,
                         bool at) {
	const char *path = testimony_path(t, e, call, at ? 1 : 0);
	const struct payload *argv = event_payload(e, PAYLOAD_STRINGS, at ? 2 : 1);
	if (path) {
		add_attempt(t, e, path, argv ? keep(t, argv->bytes) : (struct slice){0},
		            event_payload(e, PAYLOAD_STRINGS, at ? 3 : 2));
	}
}

/* gopls, or a wrapper that is named after what it starts: gopls.sh, gopls-env. */
static bool is_named_gopls(const char *path) {
	const char *name = path_base(path);
	return str_starts(name, "gopls") && strchr("-._", name[strlen("gopls")]);
}

/* A careful client asks access(2) first and starts nothing that it may not execute. */
static void take_question(struct testimony *t, const struct event *e, const struct call *call) {
	int at = streq(call->name, "access") ? 0 : 1;
	bool asks = str_starts(call->name, at == 0 ? "access" : "faccessat");
	if (!asks || e->result != -EACCES || (e->args[at + 1] & X_OK) == 0) {
		return;
	}
	const char *path = testimony_path(t, e, call, at);
	if (path && is_named_gopls(path)) {
		add_attempt(t, e, path, slice_of(path, strlen(path) + 1), NULL);
	}
}

/* The execve that returned 0 behind its EVENT_EXEC has what that did not carry. */
static void take_exec_call(struct testimony *t, const struct event *e, const struct call *call) {
	bool at = streq(call->name, "execveat");
	if ((!at && !streq(call->name, "execve")) || e->duration_ns < 0) {
		return;
	}
	if (e->result != 0) {
		take_attempt(t, e, call, at);
		return;
	}
	struct witness *w = testimony_witness(t, e->pid);
	const struct payload *argv = event_payload(e, PAYLOAD_STRINGS, at ? 2 : 1);
	const struct payload *env = event_payload(e, PAYLOAD_STRINGS, at ? 3 : 2);
	const char *path = testimony_path(t, e, call, at ? 1 : 0);
	if (str_empty(w->exe) && path) {
		w->exe = path;
	}
	if (w->argv.len == 0 && argv) {
		w->argv = keep(t, argv->bytes);
	}
	if (!w->has_env && env) {
		w->env = keep(t, env->bytes);
		w->has_env = true;
	}
}

static void take_exit(struct testimony *t, const struct event *e) {
	if (e->tid != e->pid) {
		return;
	}
	struct witness *w = testimony_witness(t, e->pid);
	w->ended = true;
	w->status = e->status;
	w->end_ns = e->start_ns;
}

static void take_state(struct testimony *t, const struct event *e) {
	struct witness *w = testimony_witness(t, e->pid);
	for (size_t i = 0; i < e->payload_count; i++) {
		const struct payload *p = &e->payloads[i];
		if (p->kind != PAYLOAD_FILE) {
			continue;
		}
		switch ((enum state_file)p->which) {
		case STATE_CMDLINE:
			w->argv = keep(t, p->bytes);
			break;
		case STATE_ENVIRON:
			w->env = keep(t, p->bytes);
			w->has_env = true;
			break;
		case STATE_CWD:
			w->cwd = arena_slicedup(t->arena, p->bytes);
			break;
		case STATE_EXE:
			w->exe = arena_slicedup(t->arena, p->bytes);
			break;
		default:
			break;
		}
	}
}

/* ---- calls ---- */

static void take_pending(struct testimony *t, const struct event *e, const struct call *call) {
	if (t->pending_count >= PENDING_MAX) {
		return;
	}
	t->pending = vec_room(t->arena, t->pending, t->pending_count, &t->pending_size,
	                      sizeof(*t->pending));
	const char *path = testimony_path(t, e, call, 0);
	bool of_fd = call->args[0].shape == ARG_FD;
	path = path ? path : testimony_path(t, e, call, 1);
	path = path ? path : of_fd ? testimony_fd_path(t, e->pid, (int)e->args[0]) : NULL;
	struct pending_call *p = &t->pending[t->pending_count++];
	*p = (struct pending_call){.pid = e->pid,
	                           .tid = e->tid,
	                           .call = call->name,
	                           .start_ns = e->start_ns,
	                           .path = path ? path : ""};
	memcpy(p->args, e->args, sizeof(p->args));
}

/* setuid(2) and its kin: the effective one counts, which is the last but of setresuid. */
static void take_user(struct testimony *t, const struct event *e, const struct call *call) {
	static const struct {
		const char *call;
		int at;
		bool group;
	} calls[] = {{"setuid", 0, false}, {"setreuid", 1, false}, {"setresuid", 1, false},
	             {"setgid", 0, true},  {"setregid", 1, true},  {"setresgid", 1, true}};
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		bool done =
			e->duration_ns >= 0 && e->result == 0 && (int32_t)e->args[calls[i].at] >= 0;
		if (done && streq(call->name, calls[i].call)) {
			struct witness *w = testimony_witness(t, e->pid);
			*(calls[i].group ? &w->gid : &w->uid) = (int32_t)e->args[calls[i].at];
		}
	}
}

static void take_call(struct testimony *t, const struct event *e) {
	const struct call *call = call_by_number(e->arch, e->number);
	if (!call) {
		return;
	}
	take_exec_call(t, e, call);
	take_question(t, e, call);
	if (str_starts(call->name, "set")) {
		take_user(t, e, call);
	}
	testimony_see_walls(t, e, call);
	testimony_see_group(t, e, call);
	testimony_see_kill(t, e, call);
	testimony_see_limits(t, e, call);
	testimony_see_path(t, e, call);
	testimony_see_pace(t, e, call);
	testimony_hear(t, e, call);
	testimony_see_socket(t, e, call);
	episodes_see(t, e, call);
	if (e->duration_ns == EVENT_NO_DURATION) {
		take_pending(t, e, call);
	}
}

static int take(void *data, const struct event *e) {
	struct testimony *t = data;
	int64_t end_ns = e->start_ns + (e->duration_ns > 0 ? e->duration_ns : 0);
	if (t->first_ns == 0 || e->start_ns < t->first_ns) {
		t->first_ns = e->start_ns;
	}
	t->last_ns = end_ns > t->last_ns ? end_ns : t->last_ns;
	switch (e->kind) {
	case EVENT_CALL:
		take_call(t, e);
		break;
	case EVENT_FORK:
		take_fork(t, e);
		break;
	case EVENT_EXEC:
		take_exec(t, e);
		break;
	case EVENT_EXIT:
		take_exit(t, e);
		break;
	case EVENT_STATE:
		take_state(t, e);
		break;
	case EVENT_LOST:
		t->lost += e->lost;
		break;
	case EVENT_SIGNAL:
		testimony_see_signal(t, e);
		break;
	case EVENT_STOP:
	case EVENT_RESUME:
		testimony_see_halt(t, e);
		break;
	case EVENT_MAPPED:
	case EVENT_KINDS:
		break;
	}
	rewind_take(t->rewind, e);
	return 0;
}

struct event_sink testimony_sink(struct testimony *t) {
	return (struct event_sink){.data = t, .take = take};
}

/* ---- what it comes to ---- */

void testimony_put(struct testimony *t, struct evidence_store *store, const char *source,
                   int64_t at_ns, struct slice bytes) {
	if (evidence_find(store, source)) {
		return;
	}
	struct evidence *ev = evidence_add(store, source);
	ev->at_ns = at_ns > t->first_ns ? at_ns - t->first_ns : 0;
	ev->state = EV_READ;
	ev->bytes = keep(t, bytes);
}

void testimony_put_error(struct testimony *t, struct evidence_store *store, const char *source,
                         int64_t at_ns, int error) {
	if (evidence_find(store, source)) {
		return;
	}
	struct evidence *ev = evidence_add(store, source);
	ev->at_ns = at_ns > t->first_ns ? at_ns - t->first_ns : 0;
	ev->state = ev_state_of_errno(error);
	ev->error = error;
}

bool testimony_is_below(const struct witness *w, pid_t pid) {
	for (int depth = 0; w && depth < 64; depth++, w = w->parent) {
		if (w->pid == pid) {
			return true;
		}
	}
	return false;
}

static bool is_gopls(struct testimony *t, const struct witness *w) {
	return streq(path_base(w->exe), "gopls") ||
	       streq(path_base(testimony_string(t, w->argv, 0)), "gopls");
}

void testimony_free(struct testimony *t) {
	if (t) {
		rewind_free(t->rewind);
		dictionary_free(&t->path_ids);
		dictionary_free(&t->dir_ids);
		dictionary_free(&t->pace_ids);
		dictionary_free(&t->fd_ids);
		dictionary_free(&t->pipe_ids);
		dictionary_free(&t->episodes.ids);
	}
}

/* The last program of that kind that its process asked for in vain, and it became no other. */
static struct witness *refused_program(struct testimony *t, bool wrapper) {
	for (size_t i = t->attempt_count; i > 0; i--) {
		struct witness *w = t->attempts[i - 1];
		bool is_it = wrapper ? is_named_gopls(w->exe) : is_gopls(t, w);
		if (is_it && !w->parent->replaced) {
			return w;
		}
	}
	return NULL;
}

/* What a wrapper of the same name became. */
static struct witness *became(struct testimony *t, struct witness *w) {
	for (size_t i = 0; i < t->witness_count; i++) {
		struct witness *next = t->witnesses[i];
		w = next->parent == w && next->pid == w->pid && is_gopls(t, next) ? next : w;
	}
	return w;
}

/* A conversation beats a start, a start what could not be started, and that a wrapper which did not come to its start; the
 * first of each the later ones. */
struct witness *testimony_server(struct testimony *t) {
	struct witness *first = NULL;
	for (size_t i = 0; i < t->witness_count; i++) {
		struct witness *w = t->witnesses[i];
		struct slice in = slice_of(w->flows[0]->bytes.data, w->flows[0]->bytes.len);
		if (slice_has(in, "\"initialize\"") && slice_has(in, "Content-Length")) {
			return w;
		}
		first = first ? first : is_gopls(t, w) ? w : NULL;
	}
	first = first ? became(t, first) : NULL;
	first = first ? first : refused_program(t, false);
	for (size_t i = 0; !first && i < t->witness_count; i++) {
		struct witness *w = t->witnesses[i];
		first = w->is_new && is_named_gopls(w->exe) ? w : NULL;
	}
	return first ? first : refused_program(t, true);
}

const struct witness *testimony_above(const struct witness *w) {
	pid_t pid = w ? w->pid : 0;
	while (w && w->pid == pid) {
		w = w->parent;
	}
	return w;
}

void testimony_give(struct testimony *t, struct evidence_store *store,
                    struct testimony_about *ret_about) {
	*ret_about = (struct testimony_about){
		.workspace = "", .file = "", .lost = t->lost, .uid = -1, .gid = -1};
	store->start_wall_ns = t->first_ns + t->wall_offset_ns;
	t->server = t->server ? t->server : testimony_server(t);
	t->searcher = t->found_gopls ? NULL : t->searcher;
	testimony_find_stop(t);
	ret_about->server = t->server ? t->server->pid : 0;
	ret_about->uid = t->server ? t->server->uid : t->searcher ? t->searcher->uid : -1;
	ret_about->gid = t->server ? t->server->gid : t->searcher ? t->searcher->gid : -1;
	testimony_give_talk(t, store, ret_about);
	testimony_give_start(t, store);
	testimony_give_runs(t, store);
	testimony_give_packages(t, store, ret_about->file);
	testimony_give_wrapper(t, store);
	testimony_give_refusals(t, store);
	testimony_give_paths(t, store);
	testimony_give_pace(t, store);
	testimony_give_waits(t, store);
	testimony_give_walls(t, store);
	testimony_give_limits(t, store);
	const struct witness *starts = t->server ? t->server : t->searcher;
	if (str_empty(ret_about->workspace) && starts) {
		ret_about->workspace = starts->cwd;
	}
}
