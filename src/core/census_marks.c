/* SPDX-License-Identifier: MIT
 * What is wrong with a process of a census: orphans, left-overs, duplicates.
 */
#include "core/census.h"

#include "base/path.h"
#include "base/str.h"

#include <inttypes.h>

static struct census_mark *mark_add(struct census_process *p, enum census_mark_kind kind,
                                    const char *evidence) {
	static const struct census_mark none;

	if (p->mark_count == CENSUS_MARKS_MAX) {
		return NULL;
	}
	struct census_mark *mark = &p->marks[p->mark_count++];

	*mark = none;
	mark->kind = kind;
	mark->evidence = evidence;
	return mark;
}

/* ---- left behind ---- */

/* The first process of a machine or container, or another that takes orphans in: prctl(2),
 * PR_SET_CHILD_SUBREAPER. */
static bool is_foster(const struct census_process *p) {
	static const char *const names[] = {"systemd",     "init",      "tini",      "dumb-init",
	                                    "docker-init", "catatonit", "s6-svscan", NULL};

	if (!p || p->pid == 1) {
		return true;
	}
	for (size_t i = 0; names[i]; i++) {
		if (streq(p->comm, names[i])) {
			return true;
		}
	}
	return str_starts(p->comm, "containerd-shim");
}

static bool is_lost(const struct census_end *end) {
	return streq(end->state, "closed");
}

static const char *foster_words(struct census *c, const struct census_process *p) {
	const struct census_process *parent = census_by_pid(c, p->ppid);

	return parent ? arena_printf(c->arena, "its parent is now pid %" PRId64 " (%s)", p->ppid,
	                             parent->comm)
	              : "its parent is gone";
}

static bool may_be_left(enum census_role role) {
	return role == ROLE_SERVER || role == ROLE_FORWARDER || role == ROLE_COMMAND ||
	       role == ROLE_DEBUGGER || role == ROLE_GO || role == ROLE_TOOL ||
	       role == ROLE_HELPER || role == ROLE_WRAPPER;
}

static bool has_terminal(const struct census_process *p) {
	return streq(p->ends[0].kind, "tty") || streq(p->ends[1].kind, "tty") ||
	       streq(p->ends[2].kind, "tty");
}

static void mark_left(struct census *c, struct census_process *p) {
	bool fostered = p->ppid > 0 && is_foster(census_by_pid(c, p->ppid));
	bool in = is_lost(&p->ends[0]), out = is_lost(&p->ends[1]);
	const char *where = in && out ? "nobody holds the other ends of its stdin and stdout"
	                    : in      ? "nobody holds the other end of its stdin"
	                              : "nobody reads its stdout";

	if (may_be_left(p->role) && fostered && (in || out)) {
		mark_add(p, MARK_ORPHAN,
		         arena_printf(c->arena, "%s; %s", foster_words(c, p), where));
	} else if ((p->role == ROLE_SERVER || p->role == ROLE_FORWARDER) && in && out) {
		mark_add(p, MARK_DESERTED, where);
	} else if (p->role == ROLE_DEBUGGER && fostered && p->client_count == 0 &&
	           p->waiting == 0 && p->listen[0] && !has_terminal(p)) {
		mark_add(p, MARK_LEFT_OVER,
		         arena_printf(c->arena, "%s, and no client is connected to it",
		                      foster_words(c, p)));
	} else if (p->role == ROLE_DEBUGGEE && fostered && p->tracer == 0 && !p->denied &&
	           str_starts(p->comm, "__debug_bin")) {
		mark_add(
			p, MARK_LEFT_OVER,
			arena_printf(c->arena, "%s, and no debugger holds it", foster_words(c, p)));
	} else if (p->role == ROLE_DAEMON && p->gone && !p->denied && p->client_count == 0 &&
	           p->waiting == 0) {
		mark_add(p, MARK_LEFT_OVER, "its program file is deleted, and it has no client");
	}
}

static void mark_state(struct census *c, struct census_process *p) {
	if (p->state == 'Z') {
		mark_add(p, MARK_ZOMBIE,
		         arena_printf(c->arena, "it ended, and pid %" PRId64 " has not asked how",
		                      p->ppid));
	} else if (p->state == 'T') {
		mark_add(p, MARK_STOPPED, "its state is T: a signal stopped it");
	}
	if (p->gone && p->role != ROLE_DEBUGGEE) {
		mark_add(p, MARK_REPLACED,
		         p->now_module_version[0]
		                 ? arena_printf(c->arena, "%s was replaced: there is %s now",
		                                p->exe, p->now_module_version)
		         : p->now ? arena_printf(c->arena, "%s was replaced", p->exe)
		                  : arena_printf(c->arena, "%s is deleted", p->exe));
	}
}

/* ---- duplicates ---- */

/* Variables by how much they tell; GO* that are not here come before PATH. */
static const char *const telling[] = {"GOFLAGS",
                                      "GOOS",
                                      "GOARCH",
                                      "GOWORK",
                                      "GO111MODULE",
                                      "GOPACKAGESDRIVER",
                                      "GOROOT",
                                      "GOPATH",
                                      "GOTOOLCHAIN",
                                      "GOMODCACHE",
                                      "GOCACHE",
                                      "GOENV",
                                      "GOPROXY",
                                      "GOPRIVATE",
                                      "CGO_ENABLED",
                                      "CC",
                                      "HOME",
                                      "XDG_RUNTIME_DIR",
                                      "TMPDIR",
                                      "USER",
                                      "XDG_CACHE_HOME",
                                      "XDG_CONFIG_HOME",
                                      NULL};

static bool says_nothing(const char *name) {
	return str_starts(name, "VSCODE_") || str_starts(name, "GOTELEMETRY_") ||
	       streq(name, "NVIM") || streq(name, "GO_TELEMETRY_CHILD");
}

struct splits {
	struct census_split *list;
	size_t count;
};

static void split_add(struct splits *s, const char *name, const char *a, const char *b) {
	if (a && b && streq(a, b)) {
		return;
	}
	if (a || b) {
		s->list[s->count++] = (struct census_split){.name = name, .a = a, .b = b};
	}
}

static bool is_known_split(const struct splits *s, const char *name) {
	for (size_t i = 0; i < s->count; i++) {
		if (streq(s->list[i].name, name)) {
			return true;
		}
	}
	return false;
}

static void split_rest(struct arena *arena, struct splits *s, const struct envset *of,
                       const struct census_process *a, const struct census_process *b) {
	for (size_t i = 0; i < of->count; i++) {
		const char *value;
		const char *name = arena_slicedup(arena, envset_name(of, i, &value));

		if (!says_nothing(name) && !streq(name, "PATH") && !is_known_split(s, name)) {
			split_add(s, name, envset_get(&a->env, name), envset_get(&b->env, name));
		}
	}
}

static const char *unless_empty(const char *text) {
	return text[0] ? text : NULL;
}

size_t census_splits(struct arena *arena, const struct census_process *a,
                     const struct census_process *b, struct census_split **ret) {
	struct splits s = {0};

	s.list = arena_array_of(arena, struct census_split,
	                        8 + sizeof telling / sizeof *telling + a->env.count + b->env.count);
	*ret = s.list;
	split_add(&s, "version", unless_empty(a->module_version), unless_empty(b->module_version));
	split_add(&s, "go_version", unless_empty(a->go_version), unless_empty(b->go_version));
	split_add(&s, "arguments", a->arguments, b->arguments);
	if (a->denied || b->denied) {
		return s.count;
	}
	for (size_t i = 0; telling[i]; i++) {
		split_add(&s, telling[i], envset_get(&a->env, telling[i]),
		          envset_get(&b->env, telling[i]));
	}
	split_rest(arena, &s, &a->env, a, b);
	split_rest(arena, &s, &b->env, a, b);
	if (s.count == 0 || !is_known_split(&s, "version")) {
		split_add(&s, "program", unless_empty(a->exe), unless_empty(b->exe));
	}
	split_add(&s, "PATH", envset_get(&a->env, "PATH"), envset_get(&b->env, "PATH"));
	return s.count;
}

static bool is_left(const struct census_process *p) {
	for (size_t i = 0; i < p->mark_count; i++) {
		if (census_mark_is_left_over(p->marks[i].kind) || p->marks[i].kind == MARK_ZOMBIE) {
			return true;
		}
	}
	return false;
}

static bool is_auto_daemon(const struct census_process *p) {
	return p->role == ROLE_DAEMON && str_has(p->remote, "-daemon.");
}

/* One works below the other in one module or workspace, which both of them load. */
static bool are_nested(const struct census_process *a, const struct census_process *b) {
	/* Another go.work, or none, may be named there. */
	if (envset_get(&a->env, "GOWORK") || envset_get(&b->env, "GOWORK")) {
		return false;
	}
	return a->root[0] && streq(a->root, b->root) &&
	       (path_below(a->cwd, b->cwd) || path_below(b->cwd, a->cwd));
}

/* Could one of them have done for both? */
static bool are_twins(const struct census_process *a, const struct census_process *b) {
	if (a->uid != b->uid || a->role != b->role || !streq(a->name, b->name)) {
		return false;
	}
	if (a->role == ROLE_DAEMON) {
		return is_auto_daemon(a) && is_auto_daemon(b);
	}
	return a->role == ROLE_SERVER && a->cwd[0] && (streq(a->cwd, b->cwd) || are_nested(a, b));
}

static bool is_older(const struct census_process *a, const struct census_process *b) {
	return a->start_wall_ns != b->start_wall_ns ? a->start_wall_ns < b->start_wall_ns
	                                            : a->pid < b->pid;
}

static void mark_duplicate(struct census *c, struct census_process *p) {
	const struct census_process *oldest = NULL;

	for (size_t i = 0; i < c->count; i++) {
		const struct census_process *other = &c->items[i];

		if (other != p && are_twins(other, p) && !is_left(other) && is_older(other, p) &&
		    (!oldest || is_older(other, oldest))) {
			oldest = other;
		}
	}
	if (!oldest || is_left(p)) {
		return;
	}
	const char *evidence =
		p->role == ROLE_DAEMON ? "two daemons that -remote=auto started"
		: p->editor != CENSUS_NONE && p->editor == oldest->editor
			? arena_printf(c->arena, "the same editor has two of them at %s", p->cwd)
		: !streq(p->cwd, oldest->cwd)
			? arena_printf(c->arena,
	                               "two of them work in %s, at %s and at %s, and both load it",
	                               p->root, oldest->cwd, p->cwd)
			: arena_printf(c->arena, "two of them work at %s", p->cwd);
	struct census_mark *mark = mark_add(p, MARK_DUPLICATE, evidence);

	if (mark) {
		mark->other = oldest->pid;
		mark->split_count = census_splits(c->arena, oldest, p, &mark->splits);
	}
}

void census_marks(struct census *c) {
	for (size_t i = 0; i < c->count; i++) {
		if (census_is_listed(&c->items[i])) {
			mark_left(c, &c->items[i]);
			mark_state(c, &c->items[i]);
		}
	}
	for (size_t i = 0; i < c->count; i++) {
		mark_duplicate(c, &c->items[i]);
	}
}
