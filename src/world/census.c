/* SPDX-License-Identifier: MIT
 * Every editor, language server, debugger and go command, with what is above them.
 *
 * The name of the program file sorts out nearly all processes of a machine with one system call each; where it may
 * not be seen, or is that of an interpreter, comm does. More is read of the few that are left. Children are followed from servers, debuggers and go (they may be called anything), and from editors to find servers under
 * other names, by their build info.
 */
#include "world/census_work.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "core/editor_comm.h"
#include "core/server_comm.h"
#include "world/editors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_CAP          ((size_t)256 * 1024)
#define READ_SIZE         65536
#define COMM_SIZE         16 /* TASK_COMM_LEN of the kernel */
#define ANCESTORS_MAX     32
#define CHILD_DEPTH_MAX   8
#define EDITOR_DEPTH_MAX  4
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

/* ---- who is meant ---- */

/* What one read(2) gives of a file of /proc/PID: such a file comes in one piece. */
static struct slice read_once(const struct census_work *w, int64_t pid, const char *name, char *buf,
                              size_t size) {
	char path[40];

	snprintf(path, sizeof path, "%" PRId64 "/%s", pid, name);
	CLEANUP(fd_closep) int fd = openat(w->proc_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, size);

	return slice_of(buf, n > 0 ? (size_t)n : 0);
}

enum meant { MEANT_NOT, MEANT_PERHAPS, MEANT_YES };

static bool is_go_tool(const char *comm) {
	static const char *const names[] = {"go",  "compile", "link",    "vet", "asm",
	                                    "cgo", "cover",   "buildid", NULL};

	for (size_t i = 0; names[i]; i++) {
		if (streq(comm, names[i])) {
			return true;
		}
	}
	return false;
}

static enum meant meant_by_name(const char *comm) {
	if (editor_of_comm(comm) || str_has(comm, "gopls") || server_of_comm(comm) ||
	    server_of_script(comm) || is_go_tool(comm) || str_starts(comm, "__debug_bin") ||
	    str_starts(comm, "lsp-devtools")) {
		return MEANT_YES;
	}
	return editor_kind_of_comm(comm) || comm_is_interpreter(comm) ? MEANT_PERHAPS : MEANT_NOT;
}

/* The main program of the VS Code family: no --type among its arguments. */
static bool is_code_main(const char *comm) {
	return str_starts(comm, "code") || streq(comm, "codium") || streq(comm, "cursor") ||
	       streq(comm, "windsurf");
}

/* -1: the arguments do not decide. */
static int meant_by_arguments(struct census_work *w, int64_t pid, const char *comm) {
	char buf[READ_SIZE];
	struct slice text = read_once(w, pid, "cmdline", buf, sizeof buf), arg;
	bool has_type = false;

	if (text.len == 0) {
		return 0;
	}
	for (size_t i = 0; slice_cut(&text, '\0', &arg); i++) {
		const char *at = memrchr(arg.data, '/', arg.len);
		size_t skip = at ? (size_t)(at - arg.data) + 1 : 0;

		if (slice_has(arg, "extensionHost") || slice_has(arg, "bootstrap-fork") ||
		    (i < 4 && (slice_has(arg, "lsp-devtools") ||
		               server_of_script(arena_strndup(w->arena, arg.data + skip,
		                                              arg.len - skip))))) {
			return 1;
		}
		has_type = has_type || slice_starts(arg, "--type=");
	}
	return !has_type && is_code_main(comm) ? 1 : -1;
}

/* Variables that only an extension host has (world/editors.h), or what inherits them. */
static bool meant_by_variables(struct census_work *w, int64_t pid) {
	static const char *const names[] = {
		"\nVSCODE_PID=", "\nVSCODE_CWD=", "\nVSCODE_IPC_HOOK_EXTHOST=",
		"\nVSCODE_HANDLES_UNCAUGHT_ERRORS="};
	char buf[READ_SIZE];
	struct slice text = read_once(w, pid, "environ", buf, sizeof buf), var;

	while (slice_cut(&text, '\0', &var)) {
		if (!slice_starts(var, "VSCODE_")) {
			continue;
		}
		/* These two name what the process is. */
		if (slice_starts(var, "VSCODE_ESM_ENTRYPOINT=") ||
		    slice_starts(var, "VSCODE_AMD_ENTRYPOINT=")) {
			return slice_has(var, "xtensionHost");
		}
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			if (slice_starts(var, names[i] + 1)) {
				return true;
			}
		}
	}
	return false;
}

static bool is_meant(struct census_work *w, int64_t pid, const char *comm) {
	enum meant meant = meant_by_name(comm);

	if (meant != MEANT_PERHAPS) {
		return meant == MEANT_YES;
	}
	int by_arguments = meant_by_arguments(w, pid, comm);

	return by_arguments >= 0 ? by_arguments == 1
	                         : !str_starts(comm, "python") && meant_by_variables(w, pid);
}

static bool comm_read(const struct census_work *w, int64_t pid, char comm[COMM_SIZE]) {
	struct slice text = read_once(w, pid, "comm", comm, COMM_SIZE);

	comm[text.len > 0 ? text.len - 1 : 0] = '\0'; /* its newline */
	return text.len > 0;
}

/* Programs that run scripts, or others under their name (process.title of Node). */
static bool runs_others(const char *base) {
	return comm_is_interpreter(base) || str_starts(base, "ruby") || str_starts(base, "perl") ||
	       streq(base, "bun") || streq(base, "deno") || str_starts(base, "electron");
}

/* By the name of its program file, else by comm. Kernel threads have neither file nor interest. */
static bool process_is_meant(struct census_work *w, int64_t pid, const char *digits) {
	char path[32], exe[PATH_MAX], comm[COMM_SIZE];

	snprintf(path, sizeof path, "%s/exe", digits);
	ssize_t n = readlinkat(w->proc_fd, path, exe, sizeof exe - 1);

	if (n < 0 && errno != EACCES && errno != EPERM) {
		return false;
	}
	if (n > 0) {
		exe[n] = '\0';
		if (str_ends(exe, " (deleted)")) {
			exe[n - (ssize_t)strlen(" (deleted)")] = '\0';
		}
		const char *base = path_base(exe);

		if (meant_by_name(base) == MEANT_YES) {
			return true;
		}
		if (meant_by_name(base) == MEANT_NOT && !runs_others(base)) {
			return false;
		}
	}
	return comm_read(w, pid, comm) && is_meant(w, pid, comm);
}

static bool is_own(const struct census_work *w, const char *digits) {
	struct stat st;

	return fstatat(w->proc_fd, digits, &st, 0) == 0 && st.st_uid == w->looker->uid;
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
static bool is_known_package(const struct program *program) {
	const char *package = program && program->bin.is_go ? program->bin.package : "";

	return str_starts(package, "golang.org/x/tools/gopls") ||
	       str_starts(package, "github.com/go-delve/delve/cmd/dlv");
}

static void take_below_editor(struct census_work *w, int64_t pid, int depth) {
	const struct member *m = census_find(w, pid);

	if (depth > EDITOR_DEPTH_MAX || (m && m->kin == KIN_SELF)) {
		return;
	}
	if (is_known_package(census_program(w, pid))) {
		take_child(w, pid, 0);
		return;
	}
	children_each(w, pid, depth, take_below_editor);
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
	strbuf_printf(out, "uid=%u\neverybody=%d\nnow_wall_ns=%" PRId64 "\nprocesses=%zu\n",
	              w->looker->uid, w->everybody, clock_wall_ns(), w->processes);
	/* hidepid of proc(5): pid 1 belongs to root and is seen by everybody otherwise. */
	strbuf_printf(out, "others=%zu\nhidden=%d\ndenied=%zu\n", w->others,
	              faccessat(w->proc_fd, "1", F_OK, 0) < 0, w->peers.denied);
	strbuf_printf(out, "sockets_error=%d\n\n",
	              w->peers.namespace_count > 0 ? w->peers.sockets[0].error : 0);
}

static int take_meant(struct census_work *w) {
	int fd = openat(w->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		return errno;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int64_t pid;

		if (str_to_int64(e->d_name, &pid) < 0) {
			continue;
		}
		w->processes++;
		if (!process_is_meant(w, pid, e->d_name)) {
			continue;
		}
		if (!w->everybody && !is_own(w, e->d_name)) {
			w->others++;
		} else if (!is_ours(w, pid)) {
			census_add(w, pid, KIN_SELF);
		}
	}
	closedir(dir);
	return 0;
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
	look_reply_errno(reply, take_meant(w));
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
