/* SPDX-License-Identifier: MIT */
#include "probes/sides/sides.h"

#include "base/path.h"
#include "base/str.h"
#include "probes/sides/side_loaders.h"
#include "probes/sides/side_tools.h"
#include "probes/sides/sides_work.h"
#include "wire/env_dump.h"

#include <errno.h>

#define EDITORS_MAX     6
#define SERVERS_MAX     6
#define LOADERS_RESERVE 3
#define FILE_CAP_BYTES  ((size_t)16 * 1024 * 1024) /* the log of a CI job */
#define MOUNTS_CAP      ((size_t)1024 * 1024)

struct side *sides_new(struct sides_work *c, enum side_kind kind, const char *id,
                       const char *label) {
	struct side *side = &c->sides->items[c->sides->count];
	if (c->sides->count + LOADERS_RESERVE >= SIDES_MAX) {
		return NULL;
	}
	c->sides->count++;
	*side = (struct side){.kind = kind,
	                      .id = id,
	                      .label = label,
	                      .what = "",
	                      .source = "",
	                      .why = "",
	                      .root = "",
	                      .unit = ""};
	envset_init(&side->env, c->arena);
	envset_init(&side->tools_env, c->arena);
	return side;
}

void sides_unknown(struct sides_work *c, struct side *side, const char *because,
                   const char *needs) {
	side->known = false;
	side->why = because;
	sides_gap(c->sides, side->id, because, needs);
}

/* ---- processes ---- */

static const char *key(struct sides_work *c, const struct evidence *ev, const char *name) {
	const char *value = evidence_has_bytes(ev) ? keyline_get(c->arena, ev->bytes, name) : NULL;
	return value ? value : "";
}

static const char *const unit_dirs[] = {"/etc/systemd/user",     "/run/systemd/user",
                                        "/usr/lib/systemd/user", "/etc/systemd/system",
                                        "/run/systemd/system",   "/usr/lib/systemd/system",
                                        "/lib/systemd/system"};

/* The unit file that started a process, by its cgroup: …/code-server.service,
 * …/code-server@lena.service. */
static const char *unit_of(struct sides_work *c, const char *cgroup) {
	struct arena *arena = c->arena;
	const char *name = path_base(cgroup);
	if (!str_ends(name, ".service") || str_starts(name, "user@")) {
		return "";
	}
	const char *at = strchr(name, '@');
	const char *template =
		at ? arena_printf(arena, "%.*s@.service", (int)(at - name), name) : name;
	const char *home = c->exam->target->passwd_home;
	const char *own = path_join(arena, home, ".config/systemd/user");
	for (size_t i = 0; i <= sizeof(unit_dirs) / sizeof(*unit_dirs); i++) {
		const char *dir = i == 0 ? own : unit_dirs[i - 1];
		const char *file = path_join(arena, dir, template);
		if (dir[0] == '/' && world_stat(c->exam->world, file).is_file) {
			return file;
		}
	}
	return "";
}

/* What confines it, and, when it sees other mounts than we do, which. */
static void read_context(struct sides_work *c, struct side *side, const char *pid) {
	struct world *world = c->exam->world;
	struct side *self = &c->sides->items[0];
	const struct evidence *ev = world_look(world, LOOK_CONTEXT, pid, LOOK_CAP_SMALL);
	if (!evidence_has_bytes(ev)) {
		return;
	}
	side->has_context = true;
	side->context = ev->bytes;
	side->unit = unit_of(c, key(c, ev, "cgroup"));
	const char *ours =
		self->has_context ? keyline_get(c->arena, self->context, "ns_mnt") : NULL;
	const char *theirs = key(c, ev, "ns_mnt");
	const char *root = key(c, ev, "root");
	bool other_ns = ours && !str_empty(theirs) && !streq(ours, theirs);
	bool other_root = !str_empty(root) && !streq(root, "/");
	if (side == self || (!other_ns && !other_root)) {
		return;
	}
	side->root = arena_printf(c->arena, "/proc/%s/root", pid);
	ev = world_look(world, LOOK_MOUNTS, pid, MOUNTS_CAP);
	side->mounts = evidence_has_bytes(ev) ? ev->bytes : slice_of("", 0);
	if (self->mounts.len == 0) {
		ev = world_look(world, LOOK_MOUNTS, "self", MOUNTS_CAP);
		self->mounts = evidence_has_bytes(ev) ? ev->bytes : slice_of("", 0);
	}
}

static const char *refusal(struct sides_work *c, const struct evidence *ev, const char *label) {
	return arena_printf(c->arena, "the environment of %s cannot be read: %s", label,
	                    ev->error ? strerror(ev->error) : ev_state_name(ev->state));
}

/* Fills everything about a process whose id, label and what are known. */
static const struct evidence *read_process(struct sides_work *c, struct side *side,
                                           const char *pid) {
	struct world *world = c->exam->world;
	const struct evidence *process = world_look(world, LOOK_PROCESS, pid, LOOK_CAP_SMALL);
	const struct evidence *ev = world_look(world, LOOK_ENVIRON, pid, LOOK_CAP_SETTINGS);
	(void)str_to_int64(pid, &side->pid);
	(void)str_to_int64(key(c, process, "start_wall_ns"), &side->start_ns);
	side->source = ev->source;
	read_context(c, side, pid);
	if (evidence_has_bytes(ev)) {
		side->known = true;
		envset_add_block(&side->env, ev->bytes);
	} else if (ev->state != EV_ABSENT) {
		sides_unknown(c, side, refusal(c, ev, side->label), "the same user, or root");
	}
	return ev;
}

static const char *editor_label(const char *kind, const char *comm) {
	static const char *const names[][2] = {
		{"vscode", "VS Code"}, {"vscode-remote", "VS Code server"},
		{"neovim", "nvim"},    {"emacs", "Emacs"},
		{"helix", "Helix"},    {"code-server", "code-server"},
		{"zed", "Zed"},        {"sublime", "Sublime Text"},
		{"kakoune", "Kakoune"}};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (streq(names[i][0], kind)) {
			return names[i][1];
		}
	}
	return str_empty(comm) ? kind : comm;
}

static const char *comm_of(struct sides_work *c, const char *pid) {
	return key(c, world_look(c->exam->world, LOOK_PROCESS, pid, LOOK_CAP_SMALL), "comm");
}

static struct side *process_side(struct sides_work *c, enum side_kind kind, const char *pid,
                                 const char *name, const char *what) {
	struct side *side = sides_new(c, kind, arena_printf(c->arena, "pid:%s", pid),
	                              arena_printf(c->arena, "%s %s", name, pid));
	if (side) {
		side->what = what;
		const struct evidence *ev = read_process(c, side, pid);
		if (ev->state == EV_ABSENT) {
			c->sides->count--; /* it has ended meanwhile */
			return NULL;
		}
	}
	return side;
}

static bool is_editor_pid(struct sides_work *c, const char *pid) {
	for (size_t i = 0; i < c->sides->count; i++) {
		const struct side *side = &c->sides->items[i];
		if (side->kind == SIDE_EDITOR && streq(side->id + 4, pid)) {
			return true;
		}
	}
	return false;
}

static void collect_editors(struct sides_work *c) {
	const struct evidence *ev = world_look(c->exam->world, LOOK_EDITORS,
	                                       c->exam->target->workspace, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes, line, word;
	for (size_t n = 0; n < EDITORS_MAX && evidence_has_bytes(ev) && slice_line(&rest, &line);
	     n++) {
		if (!slice_cut(&line, ' ', &word)) {
			continue;
		}
		const char *pid = arena_slicedup(c->arena, word);
		const char *kind = arena_slicedup(c->arena, line);
		process_side(c, SIDE_EDITOR, pid, editor_label(kind, comm_of(c, pid)), kind);
	}
}

/* Those that work in the folder, or for an editor that has it open. */
static void collect_servers(struct sides_work *c) {
	const struct evidence *ev = world_look(c->exam->world, LOOK_SERVERS,
	                                       c->exam->target->workspace, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes, line;
	size_t n = 0;
	while (n < SERVERS_MAX && evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		struct slice pid, ppid, inside;
		if (!slice_cut(&line, ' ', &pid) || !slice_cut(&line, ' ', &ppid) ||
		    !slice_cut(&line, ' ', &inside)) {
			continue;
		}
		const char *name = arena_slicedup(c->arena, line);
		if (slice_eq(inside, "1") || is_editor_pid(c, arena_slicedup(c->arena, ppid))) {
			process_side(c, SIDE_SERVER, arena_slicedup(c->arena, pid), name, name);
			n++;
		}
	}
}

/* ---- sessions and shells ---- */

const struct evidence *sides_desktop(struct sides_work *c) {
	return world_look(c->exam->world, LOOK_DESKTOP, "", LOOK_CAP_SETTINGS);
}

static const char *manager_pid(struct sides_work *c) {
	const struct evidence *ev = world_look(c->exam->world, LOOK_MANAGER, "", LOOK_CAP_SMALL);
	return evidence_has_bytes(ev) ? arena_slicedup(c->arena, ev->bytes) : NULL;
}

static struct side *collect_desktop(struct sides_work *c) {
	const struct evidence *ev = sides_desktop(c);
	if (ev->state == EV_ABSENT) {
		return NULL;
	}
	struct side *side = sides_new(c, SIDE_DESKTOP, "desktop", "desktop");
	if (side && evidence_has_bytes(ev)) {
		side->source = ev->source;
		side->known = true;
		envset_add_block(&side->env, ev->bytes);
	} else if (side) {
		sides_unknown(c, side, refusal(c, ev, "the desktop session"), "");
	}
	return side;
}

static struct side *collect_manager(struct sides_work *c) {
	const char *pid = manager_pid(c);
	struct side *side = pid ? sides_new(c, SIDE_MANAGER, "systemd", "systemd --user") : NULL;
	if (side) {
		side->what = "systemd";
		read_process(c, side, pid);
	}
	return side;
}

/* ---- --against ---- */

/* An editor's own PATH may change while it runs (Mason in Neovim): the gopls it has started tells. */
static void tell_editors(struct sides_work *c) {
	struct sides *sides = c->sides;
	for (size_t i = 1; i < sides->count; i++) {
		const struct side *server = &sides->items[i];
		const char *pid = server->id + strlen("pid:");
		if (server->kind != SIDE_SERVER || !streq(server->what, "gopls") ||
		    !server->known) {
			continue;
		}
		const struct evidence *ev =
			world_look(c->exam->world, LOOK_PROCESS, pid, LOOK_CAP_SMALL);
		const char *editor = arena_printf(c->arena, "pid:%s", key(c, ev, "ppid"));
		for (size_t k = 1; k < sides->count; k++) {
			if (sides->items[k].kind == SIDE_EDITOR &&
			    streq(sides->items[k].id, editor)) {
				sides->items[k].tools[TOOL_GOPLS] = server->tools[TOOL_GOPLS];
			}
		}
	}
}

/* Paths mean something only where they were written. */
static bool is_foreign(struct sides_work *c, const struct envset *env, bool is_log) {
	const char *home = envset_get(env, "HOME");
	const char *own = envset_get(&c->exam->target->own, "HOME");
	bool ci = envset_get(env, "GITHUB_ACTIONS") || envset_get(env, "GITLAB_CI");
	return is_log || (ci && !envset_get(&c->exam->target->own, "CI")) || !home ||
	       !streq(home, own);
}

static int against_file(struct sides_work *c, const char *path, struct err *err) {
	const struct evidence *ev = world_look(c->exam->world, LOOK_FILE, path, FILE_CAP_BYTES);
	if (!evidence_has_bytes(ev)) {
		return err_set(err, ev->state == EV_ABSENT ? -ENOENT : -EACCES,
		               "--against file:%s: cannot be read: %s", path,
		               ev->error == EINVAL ? "it is no regular file"
		               : ev->error         ? strerror(ev->error)
		                                   : ev_state_name(ev->state));
	}
	struct env_dump dump = env_dump_parse(c->arena, ev->bytes);
	if (dump.env.count == 0) {
		return err_set(err, -EINVAL,
		               "--against file:%s: there is no environment in it; expected the "
		               "output of `env -0`, `env`, `export -p`, or the log of a CI step "
		               "that ran `env`",
		               path);
	}
	struct side *side =
		sides_new(c, SIDE_FILE, arena_printf(c->arena, "file:%s", path), path_base(path));
	side->what = dump.is_log ? "log" : env_dump_form_name(dump.form);
	side->source = ev->source;
	side->known = true;
	side->foreign = is_foreign(c, &dump.env, dump.is_log);
	if (side->foreign) {
		side->why = "of another machine: its paths are not looked at";
	}
	envset_copy(&side->env, &dump.env);
	side_tools_fill(c->exam, side);
	return 0;
}

static void keep_gaps_of(struct sides *sides, const char *id) {
	size_t kept = 0;
	for (size_t i = 0; i < sides->gap_count; i++) {
		if (streq(sides->gaps[i].id, id)) {
			sides->gaps[kept++] = sides->gaps[i];
		}
	}
	sides->gap_count = kept;
}

static int against_pid(struct sides_work *c, const char *pid, struct err *err) {
	const struct evidence *ev = world_look(c->exam->world, LOOK_PROCESS, pid, LOOK_CAP_SMALL);
	if (ev->state == EV_ABSENT) {
		return err_set(err, -ESRCH, "--against pid:%s: there is no such process", pid);
	}
	const char *comm = comm_of(c, pid);
	/* One that is known as an editor or a server is looked at as such. */
	collect_editors(c);
	collect_servers(c);
	struct sides *sides = c->sides;
	const char *id = arena_printf(c->arena, "pid:%s", pid);
	for (size_t i = 1; i < sides->count; i++) {
		side_tools_fill(c->exam, &sides->items[i]);
	}
	tell_editors(c);
	for (size_t i = 1; i < sides->count; i++) {
		if (streq(sides->items[i].id, id)) {
			sides->items[1] = sides->items[i];
			sides->count = 2;
			keep_gaps_of(sides, id);
			return 0;
		}
	}
	sides->count = 1;
	sides->gap_count = 0;
	struct side *side =
		process_side(c, SIDE_PROCESS, pid, str_empty(comm) ? "process" : comm, comm);
	if (side) {
		side_tools_fill(c->exam, side);
	}
	return side ? 0 : err_set(err, -ESRCH, "--against pid:%s: it has ended", pid);
}

static int against(struct sides_work *c, const char *spec, struct err *err) {
	if (str_starts(spec, "pid:")) {
		return against_pid(c, spec + 4, err);
	}
	if (str_starts(spec, "file:")) {
		return against_file(c, spec + 5, err);
	}
	if (streq(spec, "shell")) {
		sides_shell_begin(c);
		sides_shell_end(c);
		return 0;
	}
	struct side *side = streq(spec, "desktop") ? collect_desktop(c) : collect_manager(c);
	if (!side) {
		return err_set(err, -ESRCH, "--against %s: no %s of this user runs", spec,
		               streq(spec, "desktop") ? "desktop session"
		                                      : "service manager (systemd --user)");
	}
	side_tools_fill(c->exam, side);
	return 0;
}

int sides_collect(struct exam *exam, const struct sides_wish *wish, struct sides *ret,
                  struct err *err) {
	struct sides_work c = {.exam = exam, .arena = exam->arena, .sides = ret};
	*ret = (struct sides){.count = 0};
	struct side *self = sides_new(&c, SIDE_SELF, "self", "here");
	envset_copy(&self->env, &exam->target->own);
	self->known = true;
	self->source = "proc:self/environ";
	read_context(&c, self, "self");
	const struct evidence *own = world_look(exam->world, LOOK_PROCESS, "self", LOOK_CAP_SMALL);
	(void)str_to_int64(key(&c, own, "pid"), &self->pid);
	(void)str_to_int64(key(&c, own, "start_wall_ns"), &self->start_ns);
	if (wish->against) {
		side_tools_fill(exam, self);
		return against(&c, wish->against, err);
	}
	if (!wish->no_shell) {
		sides_shell_begin(&c);
	}
	collect_desktop(&c);
	collect_manager(&c);
	collect_editors(&c);
	collect_servers(&c);
	for (size_t i = 0; i < ret->count; i++) {
		if (&ret->items[i] != c.shell_side) {
			side_tools_fill(exam, &ret->items[i]);
		}
	}
	tell_editors(&c);
	size_t before = ret->count;
	side_loaders_collect(exam, ret);
	for (size_t i = before; i < ret->count; i++) {
		side_tools_fill(exam, &ret->items[i]);
	}
	sides_shell_end(&c);
	return 0;
}
