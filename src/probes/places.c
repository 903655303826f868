/* SPDX-License-Identifier: MIT
 * The directories that go, gopls and the user need: whose they are, on what filesystem, with how
 * much room.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/editors/vscode_tools.h"
#include "probes/latency.h"

#include <errno.h>

/* What a network file system, or that of a program, says when the one that serves it is gone, and a disk that cannot be
 * read any more. */
static bool is_gone(int error) {
	static const int errors[] = {ENOTCONN,    ESTALE, EHOSTDOWN, EHOSTUNREACH, ENETDOWN,
	                             ENETUNREACH, EIO,    EREMOTEIO, ECONNABORTED, ENODEV};
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		if (error == errors[i]) {
			return true;
		}
	}
	return false;
}

static const char *state_of(const struct file_stat *st) {
	if (!st->known) {
		return st->ev->state == EV_TIMED_OUT ? "hung"
		       : st->ev->state == EV_DENIED  ? "denied"
		       : is_gone(st->ev->error)      ? "gone"
		       : st->ev->error == ELOOP      ? "loop"
		                                     : "unknown";
	}
	if (!st->exists) {
		return "absent";
	}
	return st->is_dir ? "ok" : "not_dir";
}

static void state_place(struct exam *exam, const char *role, const char *path) {
	if (path[0] != '/') {
		FACTS_ADD(exam->facts, place, NULL, .role = role, .path = path,
		          .state = "relative");
		return;
	}
	path = path_clean(exam->arena, path);
	struct file_stat st = world_stat(exam->world, path);
	const char *state = state_of(&st);
	struct mount_stat m = {0};
	if (streq(state, "gone") || streq(state, "hung")) {
		bool gone = streq(state, "gone");
		(void)latency_stuck(exam, role, path, st.ev, gone ? st.ev->error : 0, gone);
	}
	if (!streq(state, "hung") && !streq(state, "gone")) {
		m = world_mount(exam->world, path);
	}
	const char *nearest = "";
	const char *link = "";
	struct file_stat holder = st;
	if (streq(state, "absent") && m.known) {
		nearest = m.nearest;
		holder = world_stat(exam->world, nearest);
		if (holder.exists && !holder.is_dir) {
			state = "not_dir"; /* the way leads through a file: ENOTDIR */
		}
		const struct evidence *ev =
			world_look(exam->world, LOOK_LINK, path, LOOK_CAP_SMALL);
		link = evidence_has_bytes(ev) ? arena_slicedup(exam->arena, ev->bytes) : "";
	}
	FACTS_ADD(exam->facts, place,
	          st.known ? st.ev
	          : m.ev   ? m.ev
	                   : st.ev,
	          .role = role, .path = path, .state = state, .uid = holder.uid,
	          .mode = holder.mode, .read = holder.can_read, .write = holder.can_write,
	          .nearest = nearest, .link = link, .mount = m.mount, .fstype = m.fstype,
	          .read_only = m.read_only, .bound_ro = m.bound_ro, .noexec = m.noexec,
	          .free_bytes = m.free_bytes, .total_bytes = m.total_bytes,
	          .free_inodes = m.free_inodes, .total_inodes = m.total_inodes);
}

static void state_govar(struct exam *exam, const char *name) {
	const struct fact_govar *v = facts_govar(exam->facts, name);
	bool nowhere = v && streq(v->value, "off") && streq(v->origin, "default");
	if (v && !str_empty(v->value) && !nowhere) {
		state_place(exam, name, v->value);
	}
}

/* Where gopls keeps its file cache: "gopls" below $GOPLSCACHE, below the user's cache directory, or
 * below the directory for temporary files (gopls/internal/filecache, getCacheDir). */
static void state_gopls_cache(struct exam *exam) {
	const struct envset *env = &exam->target->server;
	const char *own = envset_get(env, "GOPLSCACHE");
	const char *xdg = envset_get(env, "XDG_CACHE_HOME");
	const char *home = envset_get(env, "HOME");
	const char *tmp = envset_get(env, "TMPDIR");
	const char *parent = !str_empty(own)    ? own
	                     : !str_empty(xdg)  ? xdg
	                     : !str_empty(home) ? path_join(exam->arena, home, ".cache")
	                     : !str_empty(tmp)  ? tmp
	                                        : "/tmp";
	state_place(exam, "GOPLSCACHE", path_join(exam->arena, parent, "gopls"));
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	state_place(exam, "workspace", t->workspace);
	const char *home = envset_get(&t->server, "HOME");
	if (!str_empty(home)) {
		state_place(exam, "HOME", home);
	}
	const char *tmp = envset_get(&t->server, "TMPDIR");
	state_place(exam, "TMPDIR", str_empty(tmp) ? "/tmp" : tmp);
	state_govar(exam, "GOTMPDIR");
	state_govar(exam, "GOCACHE");
	state_govar(exam, "GOMODCACHE");
	state_govar(exam, "GOROOT");
	const struct fact_govar *goroot = facts_govar(exam->facts, "GOROOT");
	if (goroot && !str_empty(goroot->value)) {
		state_place(exam, "GOTOOLDIR", path_join(exam->arena, goroot->value, "pkg/tool"));
	}
	const struct fact_govar *gopath = facts_govar(exam->facts, "GOPATH");
	struct slice rest = slice_str(gopath ? gopath->value : "");
	struct slice first;
	if (slice_cut(&rest, ':', &first)) {
		state_place(exam, "GOPATH", arena_slicedup(exam->arena, first));
	}
	state_gopls_cache(exam);
	const char *tools = vscode_text(exam, "go.toolsGopath");
	rest = slice_str(tools ? vscode_expand(exam, tools) : "");
	if (tools && slice_cut(&rest, ':', &first)) {
		state_place(exam, "toolsGopath", arena_slicedup(exam->arena, first));
	}
	return 0;
}

const struct probe probe_places = {
	.id = "places",
	.title = "caches, temporary directories and their filesystems",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(place) | FACT_BIT(slow_place),
	.look = look,
};
