/* SPDX-License-Identifier: MIT
 */
#include "world/editors.h"

#include "base/fd.h"
#include "base/path.h"
#include "core/editor_comm.h"
#include "world/proc_scan.h"
#include "world/procfs.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define CANDIDATES_MAX 512
#define PROC_TEXT_CAP  ((size_t)256 * 1024)

enum editor_kind {
	KIND_NONE,
	KIND_CODE,
	KIND_REMOTE,
	KIND_CODE_SERVER,
	KIND_NEOVIM,
	KIND_EMACS,
	KIND_HELIX,
	KIND_ZED,
	KIND_SUBLIME,
	KIND_KAKOUNE,
	KIND_AGENT,
	KIND_OTHER,
	KIND_GOPLS,
	KIND_COUNT
};

struct candidate {
	int64_t pid;
	int64_t ppid;
	uint64_t start_ticks;
	enum editor_kind kind;
	bool counts; /* it is an editor and has the workspace open */
	bool is_editor;
	bool is_code_server;
	bool at_workspace; /* its working directory is the workspace or below */
	bool has_server;   /* a gopls of its own, and that works in the workspace */
	bool by_directory; /* only its (inherited) working directory speaks for the workspace */
	bool comes_last;
	bool has_other_server; /* its gopls works elsewhere */
};

struct scan {
	struct arena *arena;
	int proc_fd;
	const char *workspace;
	const char *workspace_real;
	struct candidate candidates[CANDIDATES_MAX];
	size_t count;
};

static const char *const kind_names[KIND_COUNT] = {
	[KIND_CODE] = "vscode",
	[KIND_REMOTE] = "vscode-remote",
	[KIND_CODE_SERVER] = "code-server",
	[KIND_NEOVIM] = "neovim",
	[KIND_EMACS] = "emacs",
	[KIND_HELIX] = "helix",
	[KIND_ZED] = "zed",
	[KIND_SUBLIME] = "sublime",
	[KIND_KAKOUNE] = "kakoune",
	[KIND_AGENT] = "agent",
	[KIND_OTHER] = "other",
};

static const char *kind_name(enum editor_kind kind) {
	return kind_names[kind] ? kind_names[kind] : "other";
}

/* KIND_CODE still has to be proven. Node names its main thread: comm is then "MainThread" or
 * "node-MainThread". */
static enum editor_kind kind_of_comm(const char *comm) {
	static const char *const codes[] = {"codium",        "cursor",     "electron",
	                                    "windsurf",      "exthost",    "extensionHost",
	                                    "cursor-server", "MainThread", NULL};

	if (streq(comm, "gopls")) {
		return KIND_GOPLS;
	}
	const char *known = editor_of_comm(comm);
	for (int kind = KIND_NEOVIM; known && kind <= KIND_OTHER; kind++) {
		if (streq(kind_names[kind], known)) {
			return (enum editor_kind)kind;
		}
	}
	if (str_starts(comm, "node") || str_starts(comm, "code") || str_in(comm, codes)) {
		return KIND_CODE;
	}
	return KIND_NONE;
}

const char *editor_kind_of_comm(const char *comm) {
	enum editor_kind kind = kind_of_comm(comm);

	return kind == KIND_NONE || kind == KIND_GOPLS ? NULL : kind_name(kind);
}

static bool in_workspace(const struct scan *scan, const char *path) {
	const char *clean;

	if (!path || path[0] != '/') {
		return false;
	}
	clean = path_clean(scan->arena, path);
	return path_below(clean, scan->workspace) || path_below(clean, scan->workspace_real);
}

static bool argument_in_workspace(const struct scan *scan, const char *arg, const char *cwd) {
	if (str_starts(arg, "file://")) {
		return in_workspace(scan, path_from_uri(scan->arena, arg));
	}
	if (arg[0] == '\0' || arg[0] == '-' || arg[0] == '+') {
		return false;
	}
	return in_workspace(scan, cwd ? path_join(scan->arena, cwd, arg) : arg);
}

static bool is_below_server_dir(const char *text) {
	return str_has(text, ".vscode-server") || str_has(text, ".cursor-server") ||
	       str_has(text, ".vscodium-server") || str_has(text, ".windsurf-server") ||
	       str_has(text, "code-server");
}

/* Of coder/code-server; ".vscode-server" ends in that word too. */
static bool is_code_server(const char *text) {
	return str_has(text, "/code-server");
}

/* What the arguments say: an extension host, a remote one, with the workspace among them. argv[0]
 * names the program. */
static void read_arguments(struct scan *scan, struct candidate *c, const char *cwd,
                           bool *ret_is_remote) {
	struct slice text, arg;
	bool is_first = true;

	if (proc_read(scan->arena, scan->proc_fd, c->pid, "cmdline", PROC_TEXT_CAP, &text) != 0) {
		return;
	}
	while (slice_cut(&text, '\0', &arg)) {
		const char *word = arena_slicedup(scan->arena, arg);

		if (c->kind == KIND_CODE && is_below_server_dir(word)) {
			*ret_is_remote = true;
			c->is_code_server = c->is_code_server || is_code_server(word);
		}
		if (str_has(word, "extensionHost") || str_has(word, "bootstrap-fork")) {
			c->is_editor = true;
		}
		if (!is_first && argument_in_workspace(scan, word, cwd)) {
			c->counts = true;
			/* A relative one only says what the directory says. */
			c->by_directory =
				c->by_directory && word[0] != '/' && !str_starts(word, "file://");
		}
		is_first = false;
	}
}

/* The same from the variables, for extension hosts only. */
static void read_variables(struct scan *scan, struct candidate *c, bool *ret_is_remote) {
	static const char *const proofs[] = {"VSCODE_PID",
	                                     "VSCODE_CWD",
	                                     "VSCODE_IPC_HOOK_EXTHOST",
	                                     "VSCODE_ESM_ENTRYPOINT",
	                                     "VSCODE_AMD_ENTRYPOINT",
	                                     "VSCODE_HANDLES_UNCAUGHT_ERRORS",
	                                     NULL};
	struct slice text, var, name;

	if (proc_read(scan->arena, scan->proc_fd, c->pid, "environ", PROC_TEXT_CAP, &text) != 0) {
		return;
	}
	while (slice_cut(&text, '\0', &var)) {
		const char *word;

		if (!slice_starts(var, "VSCODE_") || !slice_cut(&var, '=', &name)) {
			continue;
		}
		word = arena_slicedup(scan->arena, name);
		if (str_in(word, proofs)) {
			c->is_editor = true;
		}
		if (streq(word, "VSCODE_AGENT_FOLDER")) {
			*ret_is_remote = true;
		}
		if (streq(word, "VSCODE_CWD") &&
		    in_workspace(scan, arena_slicedup(scan->arena, var))) {
			c->counts = true;
		}
	}
}

static void candidate_read(struct scan *scan, struct candidate *c) {
	const char *cwd = proc_link(scan->arena, scan->proc_fd, c->pid, "cwd");
	const char *exe = proc_link(scan->arena, scan->proc_fd, c->pid, "exe");
	bool is_remote = exe && is_below_server_dir(exe);

	c->at_workspace = in_workspace(scan, cwd);
	if (c->kind == KIND_GOPLS) {
		return;
	}
	c->is_editor = c->kind != KIND_CODE;
	c->counts = c->at_workspace;
	c->by_directory = true;
	read_arguments(scan, c, cwd, &is_remote);
	if (c->kind == KIND_CODE) {
		read_variables(scan, c, &is_remote);
		c->is_code_server = c->is_code_server || (exe && is_code_server(exe));
		c->kind = c->is_code_server ? KIND_CODE_SERVER
		          : is_remote       ? KIND_REMOTE
		                            : KIND_CODE;
	}
}

static bool candidate_seen(void *data, int64_t pid, const char *name) {
	struct scan *scan = data;
	enum editor_kind kind = kind_of_comm(name);
	struct candidate *c = &scan->candidates[scan->count];
	struct proc_stat ps;
	struct slice text;

	if (kind == KIND_NONE ||
	    proc_read(scan->arena, scan->proc_fd, pid, "stat", PROC_TEXT_CAP, &text) != 0 ||
	    !proc_stat_parse(text, &ps) || ps.state == 'Z') {
		return true;
	}
	*c = (struct candidate){
		.pid = pid, .ppid = ps.ppid, .start_ticks = ps.start_ticks, .kind = kind};
	candidate_read(scan, c);
	scan->count++;
	return scan->count < CANDIDATES_MAX;
}

static struct candidate *candidate_find(struct scan *scan, int64_t pid) {
	for (size_t i = 0; i < scan->count; i++) {
		if (scan->candidates[i].pid == pid) {
			return &scan->candidates[i];
		}
	}
	return NULL;
}

static bool is_code(const struct candidate *c) {
	return c->kind == KIND_CODE || c->kind == KIND_REMOTE || c->kind == KIND_CODE_SERVER;
}

/* A running gopls tells what its parent has open; a child of an extension host is not a second one.
 */
static void candidates_relate(struct scan *scan) {
	for (size_t i = 0; i < scan->count; i++) {
		const struct candidate *c = &scan->candidates[i];
		struct candidate *parent = candidate_find(scan, c->ppid);

		if (parent && c->kind == KIND_GOPLS && c->at_workspace) {
			parent->counts = true;
			parent->has_server = true;
		} else if (parent && c->kind == KIND_GOPLS) {
			parent->has_other_server = true;
		}
	}
	for (size_t i = 0; i < scan->count; i++) {
		struct candidate *c = &scan->candidates[i];
		struct candidate *parent = candidate_find(scan, c->ppid);

		if (parent && is_code(c) && is_code(parent) && c->is_editor && parent->is_editor) {
			parent->counts = parent->counts || c->counts;
			c->counts = false;
		}
	}
}

/* Windows of one VS Code inherit the same directory: then it is the one whose gopls works here, and
 * in any case not one whose gopls works elsewhere. */
static void windows_tell_apart(struct scan *scan) {
	bool served = false;

	for (size_t i = 0; i < scan->count; i++) {
		served =
			served || (is_code(&scan->candidates[i]) && scan->candidates[i].has_server);
	}
	for (size_t i = 0; i < scan->count; i++) {
		struct candidate *c = &scan->candidates[i];

		c->comes_last = is_code(c) && c->by_directory && !c->has_server &&
		                (served || c->has_other_server);
	}
}

static int compare_likely_first(const void *a, const void *b) {
	const struct candidate *left = a, *right = b;

	/* An agent in a terminal of the editor is younger, and not meant. */
	bool left_last = left->comes_last || left->kind == KIND_AGENT;
	bool right_last = right->comes_last || right->kind == KIND_AGENT;

	if (left_last != right_last) {
		return left_last ? 1 : -1;
	}
	if (left->start_ticks != right->start_ticks) {
		return left->start_ticks < right->start_ticks ? 1 : -1;
	}
	return (left->pid < right->pid) - (left->pid > right->pid);
}

void look_editors(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct scan *scan = arena_new_of(request->arena, struct scan);
	char real[PATH_MAX];
	int error;

	if (proc_fd < 0) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	scan->arena = request->arena;
	scan->proc_fd = proc_fd;
	scan->workspace = path_clean(scan->arena, request->arg);
	scan->workspace_real = realpath(request->arg, real) ? real : scan->workspace;
	error = proc_scan(looker->names, proc_fd, looker->uid, candidate_seen, scan);
	look_reply_errno(reply, error);
	candidates_relate(scan);
	windows_tell_apart(scan);
	qsort(scan->candidates, scan->count, sizeof *scan->candidates, compare_likely_first);
	for (size_t i = 0; i < scan->count; i++) {
		const struct candidate *c = &scan->candidates[i];

		if (c->counts && c->is_editor && c->kind != KIND_GOPLS) {
			strbuf_printf(&reply->bytes, "%" PRId64 " %s\n", c->pid,
			              kind_name(c->kind));
		}
	}
}

/* ---- the desktop ---- */

/* In the order in which their environment is that of a program started by a click. comm has at most
 * 15 bytes. */
static const char *const desktop_comms[] = {"gnome-shell",
                                            "plasmashell",
                                            "cinnamon",
                                            "budgie-panel",
                                            "xfce4-panel",
                                            "mate-panel",
                                            "lxqt-panel",
                                            "lxpanel",
                                            "gnome-session-b",
                                            "ksmserver",
                                            "cinnamon-sessio",
                                            "budgie-session",
                                            "xfce4-session",
                                            "mate-session",
                                            "lxqt-session",
                                            "lxsession",
                                            "kwin_wayland",
                                            "kwin_x11",
                                            "sway",
                                            "Hyprland",
                                            "river",
                                            "i3",
                                            "openbox",
                                            "awesome",
                                            "bspwm",
                                            NULL};

struct desktop {
	int64_t pid;
	size_t rank; /* index into desktop_comms */
	int proc_fd;
	struct arena *arena;
	int error;
	struct slice environ_bytes;
};

static bool desktop_seen(void *data, int64_t pid, const char *name) {
	struct desktop *desktop = data;
	struct slice text;
	int error;
	size_t rank = 0;

	while (desktop_comms[rank] && !streq(desktop_comms[rank], name)) {
		rank++;
	}
	if (!desktop_comms[rank] || (desktop->pid && rank >= desktop->rank)) {
		return true;
	}
	error = proc_read(desktop->arena, desktop->proc_fd, pid, "environ", PROC_TEXT_CAP, &text);
	if (error || text.len == 0) {
		desktop->error = desktop->pid ? 0 : error;
		return true;
	}
	desktop->pid = pid;
	desktop->rank = rank;
	desktop->error = 0;
	desktop->environ_bytes = text;
	return true;
}

void look_desktop(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct desktop desktop = {.proc_fd = proc_fd, .arena = request->arena, .error = ENOENT};
	int error;

	if (proc_fd < 0) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	error = proc_scan(looker->names, proc_fd, looker->uid, desktop_seen, &desktop);
	look_reply_errno(reply, error ? error : desktop.error);
	strbuf_add_n(&reply->bytes, desktop.environ_bytes.data, desktop.environ_bytes.len);
}
