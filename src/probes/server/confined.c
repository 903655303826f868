/* SPDX-License-Identifier: MIT
 * When something is wrong: the server and go as they were started may live in a sandbox that a
 * wrapper made, so that the same words come from another world than ours.
 */
#include "probes/server/confined.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/complaint.h"
#include "core/infer.h"
#include "core/storage.h"
#include "probes/go/go_run.h"
#include "probes/scratch.h"
#include "probes/server/handshake.h"
#include "probes/server/server_flags.h"

#include <errno.h>

#define LOOKS_MAX       5 /* while it starts; each waits a moment for it */
#define STEP_NS         (1 * NS_PER_MS)
#define LIST_LIMIT_NS   (1500 * NS_PER_MS)
#define SERVER_LIMIT_NS (500 * NS_PER_MS)

struct process {
	struct slice block;
	const char *exe;
	bool mounts, network, user, no_new_privs, seccomp;
	const char *label;
};

static const char *value_of(struct arena *arena, struct slice block, const char *key) {
	const char *value = keyline_get(arena, block, key);
	return value ? value : "";
}

static bool is_other(struct arena *arena, struct slice block, const char *key) {
	return streq(value_of(arena, block, key), "other");
}

/* Our own state, to compare with. */
static void own_state(struct exam *exam, bool *ret_nnp, int64_t *ret_filters, const char **label) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_CONFINED, "pid self", LOOK_CAP_SMALL);
	struct slice text = evidence_has_bytes(ev) ? ev->bytes : slice_of("", 0);
	*ret_nnp = streq(value_of(exam->arena, text, "no_new_privs"), "1");
	*ret_filters = 0;
	(void)str_to_int64(value_of(exam->arena, text, "filters"), ret_filters);
	*label = value_of(exam->arena, text, "label");
}

static struct process parse_process(struct exam *exam, struct slice block) {
	struct arena *arena = exam->arena;
	bool nnp;
	int64_t own_filters, filters = 0;
	const char *own_label;

	own_state(exam, &nnp, &own_filters, &own_label);
	(void)str_to_int64(value_of(arena, block, "filters"), &filters);
	const char *label = value_of(arena, block, "label");
	return (struct process){
		.block = block,
		.exe = value_of(arena, block, "exe"),
		.mounts = is_other(arena, block, "mnt"),
		.network = is_other(arena, block, "net"),
		.user = is_other(arena, block, "user"),
		.no_new_privs = !nnp && streq(value_of(arena, block, "no_new_privs"), "1"),
		.seccomp = filters > own_filters,
		.label = streq(label, own_label) ? "" : label,
	};
}

static bool is_confined(const struct process *p) {
	return p->mounts || p->network || p->user || p->no_new_privs || p->seccomp ||
	       !str_empty(p->label);
}

static const char *own_words(struct exam *exam, const char *role, const char *path) {
	const struct fact_place *p = facts_place(exam->facts, role);
	if (p && streq(p->path, path)) {
		return p->read_only ? "read_only" : p->state;
	}
	return world_stat(exam->world, path).exists ? "ok" : "absent";
}

static const char *role_of(const struct exam *exam, const char *path) {
	facts_each (place, p, exam->facts) {
		if (streq(p->path, path)) {
			return p->role;
		}
	}
	return streq(path, exam->target->server_go) ? "go" : "server";
}

static void state_paths(struct exam *exam, const char *who, struct slice block,
                        const struct evidence *ev) {
	struct slice line;
	while (slice_line(&block, &line)) {
		struct slice state, ro, same;
		if (!slice_starts(line, "seen=")) {
			continue;
		}
		line = slice_of(line.data + 5, line.len - 5);
		if (!slice_cut(&line, ' ', &state) || !slice_cut(&line, ' ', &ro) ||
		    !slice_cut(&line, ' ', &same)) {
			continue;
		}
		const char *path = arena_slicedup(exam->arena, line);
		const char *role = role_of(exam, path);
		const char *own = own_words(exam, role, path);
		bool other = slice_eq(state, "ok") && slice_eq(same, "0");
		if (!slice_eq(state, own) || other || slice_eq(ro, "1")) {
			FACTS_ADD(exam->facts, confined_path, ev, .who = who, .role = role,
			          .path = path, .state = arena_slicedup(exam->arena, state),
			          .read_only = slice_eq(ro, "1"), .own = own, .other = other);
		}
	}
}

static bool stated(const struct exam *exam, const char *who) {
	facts_each (confined, c, exam->facts) {
		if (streq(c->who, who)) {
			return true;
		}
	}
	return false;
}

static void state_process(struct exam *exam, const char *who, const char *started,
                          const struct process *p, const struct evidence *ev) {
	int64_t pid = 0;
	(void)str_to_int64(value_of(exam->arena, p->block, "pid"), &pid);
	/* A go that the server started may have a wrapper of its own. */
	if (streq(path_base(p->exe), "go") && exam->target->server_go &&
	    !streq(exam->target->server_go, p->exe)) {
		started = exam->target->server_go;
	}
	FACTS_ADD(exam->facts, confined, ev, .who = who, .pid = pid, .exe = p->exe,
	          .wrapper = streq(started, p->exe) ? "" : started, .mounts = p->mounts,
	          .network = p->network, .user = p->user, .no_new_privs = p->no_new_privs,
	          .seccomp = p->seccomp, .label = p->label,
	          .flatpak = streq(value_of(exam->arena, p->block, "flatpak"), "1"));
	state_paths(exam, who, p->block, ev);
}

static const char *question(struct exam *exam, const char *word) {
	static const char *const roles[] = {"HOME",       "GOCACHE", "GOMODCACHE",
	                                    "GOPLSCACHE", "GOPATH",  "GOTMPDIR",
	                                    "TMPDIR",     "GOROOT",  "workspace"};
	struct strbuf arg;
	strbuf_init(&arg, exam->arena);
	strbuf_printf(&arg, "below %s\n", word);
	if (exam->target->recorded) {
		/* Nobody looked at more than how they were confined (trace/testimony_walls.c). */
		return arena_printf(exam->arena, "below %s", word);
	}
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		const struct fact_place *p = facts_place(exam->facts, roles[i]);
		if (p && p->path[0] == '/') {
			strbuf_printf(&arg, "%s\n", p->path);
		}
	}
	if (exam->target->server_go) {
		strbuf_printf(&arg, "%s\n", exam->target->server_go);
	}
	return arg.data;
}

bool confined_look(struct exam *exam, const char *who, const char *started, const char *word) {
	const struct evidence *ev = world_look(exam->world, LOOK_CONFINED, question(exam, word),
	                                       (size_t)4 * LOOK_CAP_SMALL);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of("", 0);
	struct slice block = slice_of(rest.data, 0), line;
	struct process deepest = {0};
	bool plain = false;

	/* A parent comes before its children, so the last one that is confined is the one inside. */
	while (slice_line(&rest, &line)) {
		if (line.len > 0) {
			block.len = (size_t)(line.data + line.len - block.data);
			continue;
		}
		struct process p = parse_process(exam, block);
		if (is_confined(&p)) {
			deepest = p;
		}
		plain = plain || str_starts(path_base(p.exe), who[0] == 'g' ? "go" : "gopls");
		block = slice_of(rest.data, 0);
	}
	/* By the time of the answer what was started is what it will be, whatever its name. */
	bool inside =
		deepest.exe && (str_starts(path_base(deepest.exe), "go") || streq(word, "answer"));
	if (inside && !stated(exam, who)) {
		state_process(exam, who, started, &deepest, ev);
	}
	return inside || plain;
}

/* ---- what has ended already is started once more ---- */

static bool never_done(const struct dialogue *self) {
	(void)self;
	return false;
}

static void watch_server(struct exam *exam) {
	const struct target *t = exam->target;
	struct talk_script script = exam->handshake->talk->script;
	script.file = NULL;
	script.text = (struct slice){0};
	struct talk *talk = talk_new(exam->arena, &script);
	talk->base.is_done = never_done;
	const char *scratch = server_flags_write(t->server_argv)
	                              ? scratch_make(exam->arena, envset_get(&t->own, "TMPDIR"))
	                              : NULL;
	struct session *session = world_session_start(
		exam->world,
		&(struct session_spec){
			.label = "gopls watched",
			.argv = server_flags_tame(exam->arena, t->server_argv, scratch),
			.env = &t->launch,
			.cwd = t->server_cwd ? t->server_cwd : t->workspace,
			.dialogue = &talk->base,
			.nofile = t->nofile,
		});
	int64_t until = world_now_ns(exam->world) + SERVER_LIMIT_NS;
	for (int i = 0; i < LOOKS_MAX && world_now_ns(exam->world) < until; i++) {
		const char *word = arena_printf(exam->arena, "server%d gopls", i);
		if (confined_look(exam, "server", t->server_argv[0], word) ||
		    talk->life == TALK_EXITED || talk->life == TALK_FAILED) {
			break;
		}
		world_session_wait(exam->world, session, world_now_ns(exam->world) + STEP_NS);
	}
	world_session_stop(exam->world, session);
	scratch_remove(scratch);
}

static void watch_go(struct exam *exam) {
	const struct target *t = exam->target;
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOPROXY", "off");
	const char *const argv[] = {t->server_go, "list", "-e", "-deps", "std", NULL};
	struct run_spec spec = {.label = "go watched",
	                        .argv = argv,
	                        .env = &env,
	                        .cwd = t->workspace,
	                        .deadline_ns = LIST_LIMIT_NS,
	                        .cap_bytes = LOOK_CAP_SMALL};
	world_run_ahead(exam->world, &spec);
	for (int i = 0; i < LOOKS_MAX; i++) {
		if (confined_look(exam, "go", t->server_go,
		                  arena_printf(exam->arena, "go%d go", i))) {
			break;
		}
	}
	struct run_result run = world_run(exam->world, &spec);
	FACTS_ADD(exam->facts, go_run, run.ev, .name = "watched", .exit_code = run.exit_code,
	          .signal = run.signal, .timed_out = run.timed_out, .started = run.started,
	          .error = run.ev->error, .ms = run.ms, .out = "",
	          .err = arena_slicedup(exam->arena, run.err));
}

/* The editor may see other files than we do; its server is started by us, outside. */
static void look_at_editor(struct exam *exam) {
	const struct target *t = exam->target;
	if (t->editor_pid <= 0) {
		return;
	}
	const char *arg = question(exam, "");
	arg = arena_printf(exam->arena, "pid %d\n%s%s\n", (int)t->editor_pid, strchr(arg, '\n') + 1,
	                   t->gopls_path ? t->gopls_path : "");
	const struct evidence *ev = world_look(exam->world, LOOK_CONFINED, arg, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	struct process p = parse_process(exam, ev->bytes);
	if (p.mounts) {
		state_process(exam, "editor", p.exe, &p, ev);
	}
	/* What a filter or a ruleset forbids is shown to nobody outside; the server was tried without them. */
	if (p.seccomp || p.no_new_privs) {
		facts_refuse(
			exam->facts, FACT_inside,
			arena_printf(exam->arena,
		                     "the editor (process %d) is confined by %s, which dialtone is "
		                     "not, and so was not the server it started",
		                     (int)t->editor_pid,
		                     p.seccomp ? "a filter of system calls (seccomp)"
		                               : "no_new_privs, as Landlock and sandboxes need it"),
			"dialtone check in a terminal of that editor");
	}
}

/* ---- dialtone itself ---- */

static bool all_users(struct exam *exam) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, "/proc/self/uid_map", LOOK_CAP_SMALL);
	struct slice rest = ev->bytes, line;
	return !evidence_has_bytes(ev) ||
	       (slice_line(&rest, &line) && slice_has(line, "4294967295"));
}

static void state_forbidden(struct exam *exam, const struct fact_place *p) {
	const struct evidence *ev = world_look(exam->world, LOOK_ALLOWED, p->path, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	int64_t list = keyline_number(exam->arena, ev->bytes, "list", 0);
	int64_t write = keyline_number(exam->arena, ev->bytes, "write", 0);
	bool no_list = list == EACCES || list == EPERM;
	bool no_write = p->write && (write == EACCES || write == EPERM || write == EDQUOT);
	if (no_list || no_write) {
		FACTS_ADD(exam->facts, forbidden, ev, .role = p->role, .path = p->path,
		          .what = no_list ? "list" : "write", .error = no_list ? list : write);
	}
}

static bool somewhere_bound(const struct facts *facts) {
	facts_each (place, p, facts) {
		if (p->bound_ro) {
			return true;
		}
	}
	return false;
}

/* A module has to be put there. */
static void look_at_quota(struct exam *exam) {
	const struct fact_place *p = facts_place(exam->facts, "GOMODCACHE");
	if (p && streq(p->state, "ok") && p->write && !p->read_only && facts_hurt(exam->facts) &&
	    storage_module_wanted(exam->facts)) {
		state_forbidden(exam, p);
	}
}

/* What access(2) allows and a policy does not; only when there can be one. */
static void look_at_own(struct exam *exam) {
	bool nnp;
	int64_t filters;
	const char *label;
	own_state(exam, &nnp, &filters, &label);
	bool known = infer_is_certain(exam->rules, exam->facts) && !somewhere_bound(exam->facts);
	if (!nnp || !facts_hurt(exam->facts) || known) {
		return;
	}
	FACTS_ADD(exam->facts, own_sandbox,
	          world_look(exam->world, LOOK_CONFINED, "pid self", LOOK_CAP_SMALL),
	          .no_new_privs = nnp, .filters = filters, .user = !all_users(exam));
	facts_each (place, p, exam->facts) {
		if (streq(p->state, "ok") && p->read && !p->read_only) {
			state_forbidden(exam, p);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	look_at_editor(exam);
	look_at_quota(exam);
	look_at_own(exam);
	const struct fact_server *s = facts_first(server, exam->facts);
	bool started = exam->handshake && exam->handshake->talk;
	bool none = s && (streq(s->state, "not_executed") || streq(s->state, "not_started"));
	/* No other cause makes the kernel say this. */
	bool refused = complaint_find(exam->facts, "function not implemented").fact;
	bool known = infer_is_certain(exam->rules, exam->facts) && !refused;
	if (none || !facts_hurt(exam->facts) || known || !started) {
		return 0;
	}
	if (!stated(exam, "server") && s &&
	    (streq(s->state, "exited") || streq(s->state, "signaled"))) {
		watch_server(exam);
	}
	if (!stated(exam, "server") && t->server_go && !t->do_not_run_go) {
		watch_go(exam);
	}
	return 0;
}

const struct probe probe_confined = {
	.id = "confined",
	.title = "whether the server and go live in a sandbox of their own",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(inside) | FACT_BIT(confined) | FACT_BIT(confined_path) |
                  FACT_BIT(own_sandbox) | FACT_BIT(forbidden),
	.look = look,
};
