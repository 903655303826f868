/* SPDX-License-Identifier: MIT
 * Every editor, language server, debugger and go command, with what is above them.
 *
 * Of the few that census_scan leaves more is read. Children are followed from servers, debuggers and go (they may be
 * called anything), and from editors to find servers under other names, by their build info.
 */
#include "world/census_work.h"

#include "base/clock.h"
#include "base/fd.h"
#include "world/editors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_CAP          ((size_t)256 * 1024)
#define ANCESTORS_MAX     32
#define CHILD_DEPTH_MAX   8
#define EDITOR_DEPTH_MAX  4
#define ADOPTED_DEPTH_MAX 3
#define SEARCH_LIMIT_NS   (300 * NS_PER_MS)
#define SEARCHED_ENDS_MAX 64

struct member *census_find(struct census_work *w, int64_t pid) {
	for (size_t i = 0; i < w->count; i++) {
		if (w->members[i].pid == pid) {
			return &w->members[i];
		}
	}
	return NULL;
}

struct member *census_add(struct census_work *w, int64_t pid, enum kin kin) {
	struct member *m = census_find(w, pid);
	struct proc_stat ps;
	struct slice text;

	if (m) {
		m->kin = kin < m->kin ? kin : m->kin;
		return m;
	}
	if (w->count >= CENSUS_MEMBERS_MAX ||
	    proc_read(w->arena, w->proc_fd, pid, "stat", TEXT_CAP, &text) != 0 ||
	    !proc_stat_parse(text, &ps)) {
		return NULL;
	}
	m = &w->members[w->count++];
	*m = (struct member){.pid = pid, .kin = kin, .ps = ps};
	return m;
}

/* ---- kin ---- */

static bool is_ours(struct census_work *w, int64_t pid) {
	struct proc_stat ps = {.ppid = pid};
	struct slice text;

	for (int i = 0; i < ANCESTORS_MAX && ps.ppid > 1; i++) {
		if (ps.ppid == w->looker->self) {
			return true;
		}
		if (proc_read(w->arena, w->proc_fd, ps.ppid, "stat", TEXT_CAP, &text) != 0 ||
		    !proc_stat_parse(text, &ps)) {
			break;
		}
	}
	return false;
}

static bool is_own(const struct census_work *w, int64_t pid) {
	char path[32];
	struct stat st;

	snprintf(path, sizeof path, "%" PRId64, pid);
	return fstatat(w->proc_fd, path, &st, 0) == 0 && st.st_uid == w->looker->uid;
}

static void take_meant(struct census_work *w, int64_t pid) {
	if (!w->everybody && !is_own(w, pid)) {
		w->others++;
	} else if (!is_ours(w, pid)) {
		census_add(w, pid, KIN_SELF);
	}
}

typedef void child_fn(struct census_work *w, int64_t pid, int depth);

/* The children of every thread: a program may fork from any of them. */
static void children_each(struct census_work *w, int64_t pid, int depth, child_fn *fn) {
	char name[64];
	struct slice list, word;
	int64_t child;

	snprintf(name, sizeof name, "%" PRId64 "/task", pid);
	int fd = openat(w->proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (e->d_name[0] == '.' || (size_t)snprintf(name, sizeof name, "task/%s/children",
		                                            e->d_name) >= sizeof name) {
			continue;
		}
		if (proc_read(w->arena, w->proc_fd, pid, name, TEXT_CAP, &list) != 0) {
			continue;
		}
		while (slice_cut(&list, ' ', &word)) {
			if (str_to_int64(arena_slicedup(w->arena, slice_trim(word)), &child) == 0) {
				fn(w, child, depth + 1);
			}
		}
	}
	closedir(dir);
}

/* Everything below a server, a debugger or go. */
static void take_child(struct census_work *w, int64_t pid, int depth) {
	if (depth > CHILD_DEPTH_MAX ||
	    (census_find(w, pid) && depth > 0 && census_find(w, pid)->kin == KIN_SELF)) {
		return;
	}
	if (census_add(w, pid, KIN_SELF)) {
		children_each(w, pid, depth, take_child);
	}
}

/* gopls and dlv under another name. */
bool census_is_known_package(const struct program *program) {
	const char *package = program && program->bin.is_go ? program->bin.package : "";

	return str_starts(package, "golang.org/x/tools/gopls") ||
	       str_starts(package, "github.com/go-delve/delve/cmd/dlv");
}

static void take_below_editor(struct census_work *w, int64_t pid, int depth) {
	const struct member *m = census_find(w, pid);

	if (depth > EDITOR_DEPTH_MAX || (m && m->kin == KIN_SELF)) {
		return;
	}
	if (census_is_known_package(census_program(w, pid))) {
		take_child(w, pid, 0);
		return;
	}
	children_each(w, pid, depth, take_below_editor);
}

static bool takes_orphans(const struct census_work *w, int64_t pid) {
	for (size_t i = 0; i < w->adopters.count; i++) {
		if (w->adopters.list[i] == pid) {
			return true;
		}
	}
	return false;
}

/* Above it there are only the first process and others of its kind, which take in what lost its parent. */
static bool is_adopted(struct census_work *w, int64_t ppid) {
	for (int depth = 0; depth <= ADOPTED_DEPTH_MAX; depth++) {
		struct proc_stat ps;
		struct slice text;

		if (ppid == 1) {
			return true;
		}
		if (!takes_orphans(w, ppid) || census_find(w, ppid) ||
		    (!w->everybody && !is_own(w, ppid)) ||
		    proc_read(w->arena, w->proc_fd, ppid, "stat", TEXT_CAP, &text) != 0 ||
		    !proc_stat_parse(text, &ps)) {
			return false;
		}
		ppid = ps.ppid;
	}
	return false;
}

/* What lost its parent may be a server under another name. */
static void take_adopted(struct census_work *w, int64_t pid) {
	struct proc_stat ps;
	struct slice text;

	if (!census_find(w, pid) && (w->everybody || is_own(w, pid)) &&
	    proc_read(w->arena, w->proc_fd, pid, "stat", TEXT_CAP, &text) == 0 &&
	    proc_stat_parse(text, &ps) && is_adopted(w, ps.ppid) && !is_ours(w, pid)) {
		take_child(w, pid, 0);
	}
}

static void take_ancestors(struct census_work *w, int64_t ppid) {
	for (int i = 0; i < ANCESTORS_MAX && ppid > 0; i++) {
		const struct member *m = census_find(w, ppid);

		if (!m) {
			m = census_add(w, ppid, KIN_ANCESTOR);
		}
		if (!m) {
			return;
		}
		ppid = m->ps.ppid;
	}
}

static bool is_debugger(struct census_work *w, const struct member *m) {
	const struct program *program = m->kin == KIN_SELF ? census_program(w, m->pid) : NULL;

	return program && program->bin.is_go &&
	       str_starts(program->bin.package, "github.com/go-delve/delve/cmd/dlv");
}

/* A debugger that nobody below it is traced by has attached to another process, if to any; only the tracee knows. */
static bool wants_tracee(struct census_work *w) {
	bool wants = false;

	for (size_t i = 0; i < w->count && !wants; i++) {
		if (!is_debugger(w, &w->members[i])) {
			continue;
		}
		wants = true;
		for (size_t k = 0; k < w->count && wants; k++) {
			wants = w->members[k].ps.ppid != w->members[i].pid ||
			        proc_tracer(w->arena, w->proc_fd, w->members[k].pid) !=
			                w->members[i].pid;
		}
	}
	return wants;
}

static void take_traced(struct census_work *w) {
	int fd = wants_tracee(w) ? openat(w->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		int64_t pid;
		const struct member *tracer = NULL;

		if (str_to_int64(e->d_name, &pid) == 0 && (w->everybody || is_own(w, pid))) {
			tracer = census_find(w, proc_tracer(w->arena, w->proc_fd, pid));
		}
		if (tracer && is_debugger(w, tracer)) {
			census_add(w, pid, KIN_SELF);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

static void take_kin(struct census_work *w) {
	size_t count = w->count;

	for (size_t i = 0; i < count; i++) {
		struct member *m = &w->members[i];
		const char *comm = m->ps.comm;

		if (editor_kind_of_comm(comm)) {
			children_each(w, m->pid, 0, take_below_editor);
		} else {
			children_each(w, m->pid, 0, take_child);
		}
	}
	for (size_t i = 0; i < w->renamed.count; i++) {
		take_adopted(w, w->renamed.list[i]);
	}
	take_traced(w);
	count = w->count;
	for (size_t i = 0; i < count; i++) {
		take_ancestors(w, w->members[i].ps.ppid);
	}
}

/* ---- ends ---- */

static void take_ends(struct census_work *w) {
	struct end wanted[SEARCHED_ENDS_MAX];
	size_t wanted_count = 0;

	peers_init(&w->peers, w->arena, w->proc_fd);
	for (size_t i = 0; i < w->count; i++) {
		peers_take(&w->peers, w->members[i].pid);
	}
	for (size_t i = 0; i < w->count; i++) {
		const struct member *m = &w->members[i];

		for (int fd = 0; m->is_watched && fd < 3 && wanted_count < SEARCHED_ENDS_MAX;
		     fd++) {
			struct end end = peers_end(&w->peers, m->pid, fd);

			if (end.kind != END_NONE) {
				wanted[wanted_count++] = end;
			}
		}
	}
	peers_search(&w->peers, wanted, wanted_count, clock_now_ns() + SEARCH_LIMIT_NS);
	for (size_t i = 0; i < wanted_count; i++) {
		struct peer peer = peers_of(&w->peers, &wanted[i]);

		for (size_t k = 0; k < peer.holder_count; k++) {
			census_add(w, peer.holders[k]->pid, KIN_HOLDER);
		}
	}
}

static int compare_pids(const void *a, const void *b) {
	const struct member *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

static void put_head(struct census_work *w, struct strbuf *out) {
	struct stat st;

	strbuf_printf(out, "uid=%u\neverybody=%d\nnow_wall_ns=%" PRId64 "\nprocesses=%zu\n",
	              w->looker->uid, w->everybody, clock_wall_ns(), w->processes);
	/* hidepid of proc(5): pid 1 belongs to root and is seen by everybody otherwise. */
	strbuf_printf(out, "others=%zu\nhidden=%d\ndenied=%zu\n", w->others,
	              faccessat(w->proc_fd, "1", F_OK, 0) < 0, w->peers.denied);
	strbuf_printf(out, "sockets_error=%d\n",
	              w->peers.namespace_count > 0 ? w->peers.sockets[0].error : 0);
	if (fstatat(w->proc_fd, "self/ns/net", &st, 0) == 0) {
		strbuf_printf(out, "net_ns=%" PRIu64 "\n", (uint64_t)st.st_ino);
	}
	strbuf_add_char(out, '\n');
}

void look_census(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct census_work *w = arena_new_of(request->arena, struct census_work);

	if (proc_fd < 0) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	w->looker = looker;
	w->arena = request->arena;
	w->proc_fd = proc_fd;
	w->boot_ns = proc_boot_wall_ns(w->arena, proc_fd);
	w->everybody = str_starts(request->arg, "all");
	w->members = arena_array_of(w->arena, struct member, CENSUS_MEMBERS_MAX);
	look_reply_errno(reply, census_scan(w, take_meant));
	take_kin(w);
	for (size_t i = 0; i < w->count; i++) {
		w->members[i].is_watched = w->members[i].kin == KIN_SELF;
	}
	take_ends(w);
	qsort(w->members, w->count, sizeof *w->members, compare_pids);
	put_head(w, &reply->bytes);
	for (size_t i = 0; i < w->count; i++) {
		census_put(w, &reply->bytes, &w->members[i]);
	}
}
