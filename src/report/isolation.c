/* SPDX-License-Identifier: MIT
 * Whose environments there are, what each leads to, and which of it is the same.
 */
#include "report/isolation.h"

#include "base/path.h"
#include "base/vec.h"
#include "core/rights.h"

#include <inttypes.h>

const char *thing_name(enum thing thing) {
	static const char *const names[] = {
		[THING_DAEMON] = "gopls daemon", [THING_HOME] = "HOME",
		[THING_GOENV] = "go env file",   [THING_BIN] = "bin",
		[THING_GOCACHE] = "GOCACHE",     [THING_GOMODCACHE] = "GOMODCACHE",
		[THING_LOCKS] = "module locks",  [THING_TMP] = "GOTMPDIR",
		[THING_TELEMETRY] = "telemetry", [THING_GOPLS_CACHE] = "gopls cache",
		[THING_PORT] = "port",
	};

	return names[thing];
}

const char *isolation_verdict_name(enum isolation_verdict verdict) {
	static const char *const names[] = {"harmless", "harmful", "unknown"};

	return names[verdict];
}

/* ---- whose they are ---- */

static bool is_gopls(const struct census_process *p) {
	return streq(p->name, "gopls") &&
	       (p->role == ROLE_SERVER || p->role == ROLE_FORWARDER || p->role == ROLE_DAEMON);
}

static bool is_window(const struct census_process *p) {
	return p->role == ROLE_EDITOR || p->role == ROLE_HOST || p->role == ROLE_AGENT;
}

/* A window whose server runs has that server's environment told; of VS Code the extension hosts are the windows. */
static bool is_empty_window(const struct census *c, size_t index) {
	const struct census_process *p = &c->items[index];

	for (size_t i = 0; i < c->count; i++) {
		const struct census_process *other = &c->items[i];

		if ((is_gopls(other) && other->editor == index) ||
		    (p->role == ROLE_EDITOR && other->role == ROLE_HOST && other->uid == p->uid &&
		     streq(other->name, p->name))) {
			return false;
		}
	}
	return is_window(p);
}

/* A go command that somebody typed. */
static bool is_typed(const struct census *c, const struct census_process *p) {
	for (int i = 0; p->role == ROLE_GO && i < 32; i++) {
		const struct census_process *parent = census_by_pid(c, p->ppid);

		if (!parent || parent->role == ROLE_OTHER) {
			return true;
		}
		if (parent->role != ROLE_HELPER && parent->role != ROLE_WRAPPER) {
			return is_window(parent);
		}
		p = parent;
	}
	return false;
}

void isolation_init(struct isolation *iso, struct arena *arena, const struct census *census) {
	*iso = (struct isolation){.arena = arena, .census = census};
	iso->environments =
		arena_array_of(arena, struct isolation_environment, ISOLATION_ENVIRONMENTS_MAX);
	for (size_t i = 0; i < census->count; i++) {
		const struct census_process *p = &census->items[i];

		if (!streq(p->kin, "self") || p->state == 'Z' ||
		    !(is_gopls(p) || is_empty_window(census, i) || is_typed(census, p))) {
			continue;
		}
		if (p->denied || p->env.count == 0) {
			iso->denied += p->denied;
		} else if (iso->count == ISOLATION_ENVIRONMENTS_MAX) {
			iso->cut = true;
		} else {
			struct isolation_environment *e = &iso->environments[iso->count++];

			e->process = p;
			e->editor = is_window(p)               ? p->name
			            : p->editor != CENSUS_NONE ? census->items[p->editor].name
			                                       : "";
			e->uses_daemon = p->role == ROLE_FORWARDER || p->role == ROLE_DAEMON;
		}
	}
}

/* ---- where each of them keeps what ---- */

static const char *variable(const struct isolation_environment *e, const char *name) {
	const char *value = envset_get(&e->process->env, name);

	return value ? value : "";
}

const char *isolation_goenv_path(const struct isolation *iso, size_t index) {
	const char *path = goenv_user_file_path(iso->arena, &iso->environments[index].process->env);

	return path && path[0] == '/' ? path : "";
}

static void set(struct isolation_environment *e, enum thing thing, const char *path,
                const char *from) {
	e->values[thing].path = path[0] == '/' ? path : "";
	e->values[thing].from = from;
}

static void set_go(struct isolation_environment *e, const struct goenv *goenv, enum thing thing,
                   const char *name) {
	struct goenv_value v = goenv_get(goenv, name);

	set(e, thing, v.value,
	    v.origin == GOENV_ENVIRONMENT   ? name
	    : v.origin == GOENV_USER_FILE   ? "go env file"
	    : v.origin == GOENV_GOROOT_FILE ? "go.env of GOROOT"
	                                    : "default");
}

/* As os.UserCacheDir and os.UserConfigDir do it. */
static const char *user_dir(struct arena *arena, const struct isolation_environment *e,
                            const char *xdg, const char *below_home, const char **ret_from) {
	const char *home = variable(e, "HOME");

	*ret_from = variable(e, xdg)[0] ? xdg : "default";
	return variable(e, xdg)[0] ? variable(e, xdg)
	       : home[0]           ? path_join(arena, home, below_home)
	                           : "";
}

static void set_bin(struct arena *arena, struct isolation_environment *e,
                    const struct goenv *goenv) {
	struct goenv_value bin = goenv_get(goenv, "GOBIN"), gopath = goenv_get(goenv, "GOPATH");
	struct slice rest = slice_str(gopath.value), first;

	if (bin.value[0] == '/') {
		set_go(e, goenv, THING_BIN, "GOBIN");
	} else {
		const char *dir = slice_cut(&rest, ':', &first) ? arena_slicedup(arena, first) : "";

		set(e, THING_BIN, dir[0] ? path_join(arena, dir, "bin") : "",
		    gopath.origin == GOENV_DEFAULT ? "default" : "GOPATH");
	}
}

static void set_caches(struct arena *arena, struct isolation_environment *e) {
	const char *from;
	const char *dir = user_dir(arena, e, "XDG_CONFIG_HOME", ".config", &from);

	set(e, THING_TELEMETRY, dir[0] ? path_join(arena, dir, "go/telemetry") : "", from);
	dir = user_dir(arena, e, "XDG_CACHE_HOME", ".cache", &from);
	if (variable(e, "GOPLSCACHE")[0]) {
		dir = variable(e, "GOPLSCACHE");
		from = "GOPLSCACHE";
	}
	set(e, THING_GOPLS_CACHE, dir[0] ? path_join(arena, dir, "gopls") : "", from);
}

void isolation_resolve(struct isolation *iso, size_t index, struct slice text, const char *socket) {
	struct isolation_environment *e = &iso->environments[index];
	struct arena *arena = iso->arena;
	struct goenv goenv =
		goenv_of(arena, &e->process->env, text, slice_of(NULL, 0), "", "linux", "amd64");
	const char *goenv_path = isolation_goenv_path(iso, index);

	e->goenv = goenvfile_parse(arena, text);
	set(e, THING_HOME, variable(e, "HOME"), "HOME");
	set(e, THING_GOENV, goenv_path, variable(e, "GOENV")[0] ? "GOENV" : "default");
	set_go(e, &goenv, THING_GOCACHE, "GOCACHE");
	set_go(e, &goenv, THING_GOMODCACHE, "GOMODCACHE");
	const char *modules = e->values[THING_GOMODCACHE].path;

	set(e, THING_LOCKS, modules[0] ? path_join(arena, modules, "cache") : "",
	    e->values[THING_GOMODCACHE].from);
	set_go(e, &goenv, THING_TMP, "GOTMPDIR");
	if (!e->values[THING_TMP].path[0]) {
		bool own = variable(e, "TMPDIR")[0] != '\0';

		set(e, THING_TMP, own ? variable(e, "TMPDIR") : "/tmp", own ? "TMPDIR" : "default");
	}
	set_bin(arena, e, &goenv);
	set_caches(arena, e);
	set(e, THING_DAEMON, socket ? socket : "",
	    variable(e, "XDG_RUNTIME_DIR")[0] ? "XDG_RUNTIME_DIR"
	    : variable(e, "TMPDIR")[0]        ? "TMPDIR"
	                                      : "default");
	if (socket && socket[0] != '/') {
		e->values[THING_DAEMON].path = socket; /* host:port */
		e->values[THING_DAEMON].from = "-remote";
	}
}

/* ---- what is there ---- */

const char *isolation_question(const struct isolation *iso, size_t index) {
	const struct isolation_environment *e = &iso->environments[index];
	struct strbuf out;
	struct slice path = slice_str(variable(e, "PATH")), dir;

	strbuf_init(&out, iso->arena);
	strbuf_printf(&out, "%" PRId64 "\n", e->process->pid);
	for (int i = 0; i < THING_PLACES; i++) {
		if (e->values[i].path[0] == '/' && !strchr(e->values[i].path, '\n')) {
			strbuf_printf(&out, "%s\n", e->values[i].path);
		}
	}
	for (size_t n = 0;
	     e->uses_daemon && n < ISOLATION_PROGRAMS_MAX && slice_cut(&path, ':', &dir); n++) {
		if (slice_starts(dir, "/") && !memchr(dir.data, '\n', dir.len)) {
			strbuf_printf(&out, "%s\n",
			              path_join(iso->arena, arena_slicedup(iso->arena, dir), "go"));
		}
	}
	return out.data;
}

void isolation_place(struct isolation *iso, size_t index, struct slice answer) {
	struct isolation_environment *e = &iso->environments[index];
	struct seen_place place;

	while (seen_take(iso->arena, &answer, &place)) {
		bool taken = false;

		for (int i = 0; i < THING_PLACES; i++) {
			if (streq(e->values[i].path, place.path)) {
				e->values[i].place = place;
				taken = true;
			}
		}
		if (!taken && e->program_count < ISOLATION_PROGRAMS_MAX) {
			e->programs[e->program_count++] = place;
		}
	}
}

/* ---- who has the same ---- */

struct isolation_shared *isolation_share(struct isolation *iso, enum thing thing,
                                         const char *place) {
	VEC_ROOM(iso->arena, iso->shared, iso->shared_count, &iso->shared_size);
	struct isolation_shared *s = &iso->shared[iso->shared_count++];

	*s = (struct isolation_shared){.thing = thing, .place = place, .reason = ""};
	s->members = arena_array_of(iso->arena, size_t, iso->count);
	return s;
}

static bool is_same(const struct isolation_environment *a, const struct isolation_environment *b,
                    enum thing thing) {
	const struct thing_value *x = &a->values[thing], *y = &b->values[thing];

	if (!x->path[0] || !y->path[0]) {
		return false;
	}
	if (x->path[0] != '/' || y->path[0] != '/') {
		return streq(x->path, y->path) && a->process->net_ns == b->process->net_ns;
	}
	if (x->place.known && y->place.known) {
		return seen_is_same(&x->place, &y->place);
	}
	return streq(x->path, y->path) && a->process->mnt_ns != 0 &&
	       a->process->mnt_ns == b->process->mnt_ns;
}

static void share_thing(struct isolation *iso, enum thing thing) {
	bool *done = arena_array_of(iso->arena, bool, iso->count);

	for (size_t i = 0; i < iso->count; i++) {
		struct isolation_shared *s = NULL;

		for (size_t k = i + 1; k < iso->count && !done[i]; k++) {
			if (done[k] ||
			    !is_same(&iso->environments[i], &iso->environments[k], thing)) {
				continue;
			}
			if (!s) {
				s = isolation_share(iso, thing,
				                    iso->environments[i].values[thing].path);
				s->members[s->member_count++] = i;
			}
			s->members[s->member_count++] = k;
			done[k] = true;
		}
		if (s && thing == THING_DAEMON) {
			isolation_judge_daemon(iso, s);
		} else if (s) {
			isolation_judge_place(iso, s);
		}
	}
}

void isolation_judge(struct isolation *iso) {
	for (int thing = 0; thing < THING_PLACES; thing++) {
		share_thing(iso, (enum thing)thing);
	}
	isolation_ports(iso);
}

size_t isolation_harmful(const struct isolation *iso) {
	size_t count = 0;

	for (size_t i = 0; i < iso->shared_count; i++) {
		count += iso->shared[i].verdict == SHARED_HARMFUL;
	}
	return count;
}

const char *isolation_user(const struct isolation *iso, int64_t uid) {
	const char *name = iso->user_fn ? iso->user_fn(iso->user_data, uid) : NULL;

	return name ? name : arena_printf(iso->arena, "%" PRId64, uid);
}

const char *const *isolation_unseen(const struct isolation *iso) {
	const char **list = arena_array_of(iso->arena, const char *, 4);
	size_t n = 0;

	if (iso->denied > 0) {
		list[n++] = arena_printf(
			iso->arena,
			"the environments of %zu process%s of other users: " RIGHTS_TO_SEE_OTHERS
			" (sudo) would show them",
			iso->denied, iso->denied == 1 ? "" : "es");
	}
	if (iso->census->hidden) {
		list[n++] = "processes of other users: /proc is mounted with hidepid; its group "
			    "or " RIGHTS_TO_SEE_OTHERS " (sudo) would show them";
	}
	if (iso->cut) {
		list[n++] = arena_printf(iso->arena, "more than %d environments",
		                         ISOLATION_ENVIRONMENTS_MAX);
	}
	return list;
}
