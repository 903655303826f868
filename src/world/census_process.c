/* SPDX-License-Identifier: MIT
 * One process of the census as key=value lines.
 */
#include "world/census_work.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/vec.h"
#include "world/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_CAP       ((size_t)256 * 1024)
#define CLIENTS_MAX    256
#define LISTENS_MAX    8
#define ROOT_DEPTH_MAX 32

static const char deleted_mark[] = " (deleted)"; /* proc(5), /proc/PID/exe */

const struct program *census_program(struct census_work *w, int64_t pid) {
	char path[32];
	struct stat st;

	snprintf(path, sizeof path, "%" PRId64 "/exe", pid);
	CLEANUP(fd_closep) int fd = openat(w->proc_fd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		return NULL;
	}
	for (size_t i = 0; i < w->program_count; i++) {
		if (w->programs[i]->dev == st.st_dev && w->programs[i]->ino == st.st_ino) {
			return w->programs[i];
		}
	}
	struct program *program = arena_new_of(w->arena, struct program);

	VEC_ROOM(w->arena, w->programs, w->program_count, &w->program_slots);
	w->programs[w->program_count++] = program;
	*program = (struct program){.dev = st.st_dev, .ino = st.st_ino, .size = st.st_size};
	program->bin = binary_read(w->arena, fd);
	return program;
}

/* ---- the program ---- */

static void put_build_info(struct strbuf *out, const struct binary *bin, const char *prefix) {
	const struct {
		const char *key, *value;
	} lines[] = {
		{"package", bin->package},
		{"module", bin->module},
		{"module_version", bin->module_version},
		{"go_version", bin->go_version},
		{"build_id", bin->build_id},
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (lines[i].value[0] != '\0') {
			strbuf_add(out, prefix);
			keyline_put(out, lines[i].key, lines[i].value);
		}
	}
}

/* What stands at the path of a program whose file is gone. */
static void put_successor(struct census_work *w, struct strbuf *out, const char *path) {
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		struct binary bin = binary_read(w->arena, fd);

		strbuf_add(out, "now=1\n");
		put_build_info(out, &bin, "now_");
	}
}

static void put_program(struct census_work *w, struct strbuf *out, int64_t pid) {
	const char *exe = proc_link(w->arena, w->proc_fd, pid, "exe");
	const struct program *program = census_program(w, pid);

	if (!exe) {
		return;
	}
	if (str_ends(exe, deleted_mark)) {
		exe = arena_strndup(w->arena, exe, strlen(exe) - strlen(deleted_mark));
		strbuf_add(out, "gone=1\n");
		put_successor(w, out, exe);
	}
	keyline_put(out, "exe", exe);
	if (program && program->bin.is_go) {
		put_build_info(out, &program->bin, "");
	}
}

/* ---- the environment ---- */

/* What decides about the views a server has, and where it keeps things. */
static bool variable_matters(struct slice name) {
	static const char *const names[] = {"PATH",
	                                    "HOME",
	                                    "USER",
	                                    "TMPDIR",
	                                    "CC",
	                                    "CXX",
	                                    "PKG_CONFIG",
	                                    "HTTP_PROXY",
	                                    "HTTPS_PROXY",
	                                    "NO_PROXY",
	                                    "http_proxy",
	                                    "https_proxy",
	                                    "no_proxy",
	                                    "SSL_CERT_FILE",
	                                    "SSL_CERT_DIR",
	                                    "LD_LIBRARY_PATH",
	                                    "LD_PRELOAD",
	                                    "XDG_RUNTIME_DIR",
	                                    "XDG_CACHE_HOME",
	                                    "XDG_CONFIG_HOME",
	                                    "VSCODE_PID",
	                                    "VSCODE_CWD",
	                                    "VSCODE_ESM_ENTRYPOINT",
	                                    "VSCODE_AMD_ENTRYPOINT",
	                                    "VSCODE_IPC_HOOK_EXTHOST",
	                                    "VSCODE_AGENT_FOLDER",
	                                    "NVIM"};

	if (slice_starts(name, "GO") || slice_starts(name, "CGO_") ||
	    slice_starts(name, "PKG_CONFIG_")) {
		return true;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (slice_eq(name, names[i])) {
			return true;
		}
	}
	return false;
}

static bool put_environment(struct census_work *w, struct strbuf *out, int64_t pid) {
	struct slice text, var, name;

	if (proc_read(w->arena, w->proc_fd, pid, "environ", TEXT_CAP, &text) != 0) {
		return false;
	}
	while (slice_cut(&text, '\0', &var)) {
		if (slice_cut(&var, '=', &name) && variable_matters(name)) {
			keyline_put(out,
			            arena_printf(w->arena, "env.%.*s", (int)name.len, name.data),
			            arena_slicedup(w->arena, var));
		}
	}
	return true;
}

/* ---- the ends ---- */

/* "end0=unix held 4711,4712"; "held~" when guessed. */
static void put_end(struct census_work *w, struct strbuf *out, int64_t pid, int fd) {
	struct end end = peers_end(&w->peers, pid, fd);
	struct peer peer = peers_of(&w->peers, &end);

	strbuf_printf(out, "end%d=%s %s%s ", fd, end_kind_name(end.kind),
	              peer_state_name(peer.state), peer.guessed ? "~" : "");
	for (size_t i = 0; i < peer.holder_count; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++) {
			again = again || peer.holders[k]->pid == peer.holders[i]->pid;
		}
		if (!again) {
			strbuf_printf(out, "%s%" PRId64, i > 0 ? "," : "", peer.holders[i]->pid);
		}
	}
	strbuf_add_char(out, '\n');
	if (end.kind == END_FILE || end.kind == END_FIFO || end.kind == END_TTY) {
		keyline_put(out, arena_printf(w->arena, "target%d", fd), end.target);
	}
	if (peer.because[0]) {
		keyline_put(out, arena_printf(w->arena, "because%d", fd), peer.because);
	}
	if (peer.unread > 0) {
		strbuf_printf(out, "unread%d=%" PRId64 "\n", fd, peer.unread);
	}
}

struct listeners {
	struct census_work *work;
	const char *paths[LISTENS_MAX];
	unsigned ports[LISTENS_MAX];
	size_t path_count, port_count;
	struct strbuf list;           /* addresses with \x1f between them */
	int64_t clients[CLIENTS_MAX]; /* the pid, 0 when it may not be seen */
	size_t client_count;
	size_t waiting;
};

static bool listener_seen(void *data, const struct end *end) {
	struct listeners *l = data;
	const struct unix_socket *u = peers_unix(&l->work->peers, end);
	const struct inet_socket *t = peers_tcp(&l->work->peers, end);
	const char *sep = l->list.len > 0 ? "\x1f" : "";

	if (u && u->state == SOCKET_LISTENING && l->path_count < LISTENS_MAX) {
		l->paths[l->path_count++] = u->path;
		l->waiting += u->waiting_count;
		strbuf_printf(&l->list, "%sunix;%s", sep, u->path);
	}
	if (t && t->state == SOCKET_LISTENING && l->port_count < LISTENS_MAX) {
		l->ports[l->port_count++] = t->local_port;
		l->waiting += (size_t)t->unread;
		strbuf_printf(&l->list, "%s%s", sep,
		              socket_address_text(l->work->arena, t->local, t->local_port));
	}
	return true;
}

static bool is_served(const struct listeners *l, const struct end *end) {
	const struct unix_socket *u = peers_unix(&l->work->peers, end);
	const struct inet_socket *t = peers_tcp(&l->work->peers, end);

	for (size_t i = 0; u && u->state == SOCKET_ESTABLISHED && i < l->path_count; i++) {
		if (streq(u->path, l->paths[i])) {
			return true;
		}
	}
	for (size_t i = 0; t && t->state == SOCKET_ESTABLISHED && i < l->port_count; i++) {
		if (t->local_port == l->ports[i]) {
			return true;
		}
	}
	return false;
}

static bool client_seen(void *data, const struct end *end) {
	struct listeners *l = data;

	if (is_served(l, end) && l->client_count < CLIENTS_MAX) {
		struct peer peer = peers_of(&l->work->peers, end);

		l->clients[l->client_count++] = peer.holder_count > 0 ? peer.holders[0]->pid : 0;
	}
	return true;
}

static void put_listeners(struct census_work *w, struct strbuf *out, int64_t pid) {
	struct listeners *l = arena_new_of(w->arena, struct listeners);

	l->work = w;
	strbuf_init(&l->list, w->arena);
	peers_each(&w->peers, pid, listener_seen, l);
	if (l->list.len == 0) {
		return;
	}
	peers_each(&w->peers, pid, client_seen, l);
	keyline_put(out, "listen", l->list.data);
	strbuf_add(out, "clients=");
	for (size_t i = 0; i < l->client_count; i++) {
		strbuf_printf(out, "%s%" PRId64, i > 0 ? "," : "", l->clients[i]);
	}
	strbuf_printf(out, "\nwaiting=%zu\n", l->waiting);
}

/* ---- all of it ---- */

static bool is_denied(const struct census_work *w, int64_t pid) {
	char path[32];

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(w->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;

	if (fd >= 0) {
		close(fd);
	}
	return error == EACCES || error == EPERM;
}

/* The words behind a title of status, with a blank after each: "Groups:\t4 24 ". */
static bool status_words(struct slice line, const char *title, struct slice *ret) {
	size_t len = strlen(title);

	if (!slice_starts(line, title)) {
		return false;
	}
	*ret = slice_trim(slice_of(line.data + len, line.len - len));
	return true;
}

/* Who traces it, and whose files it may use. */
static void put_status(struct census_work *w, struct strbuf *out, int64_t pid) {
	struct slice text, line, value, word;
	int64_t tracer = proc_tracer(w->arena, w->proc_fd, pid);

	if (tracer > 0) {
		strbuf_printf(out, "tracer=%" PRId64 "\n", tracer);
	}
	if (proc_read(w->arena, w->proc_fd, pid, "status", TEXT_CAP, &text) != 0) {
		return;
	}
	while (slice_line(&text, &line)) {
		if (status_words(line, "Gid:", &value) && slice_cut(&value, '\t', &word) &&
		    slice_cut(&value, '\t', &word)) {
			strbuf_printf(out, "gid=%.*s\n", (int)word.len, word.data);
		} else if (status_words(line, "Groups:", &value) && value.len > 0) {
			strbuf_add(out, "groups=");
			while (slice_cut(&value, ' ', &word)) {
				strbuf_printf(out, "%.*s%s", (int)word.len, word.data,
				              value.len > 0 ? "," : "");
			}
			strbuf_add_char(out, '\n');
		}
	}
}

/* The numbers of its namespaces: the same number is the same tree of mounts, the same network. */
static void put_namespaces(struct census_work *w, struct strbuf *out, int64_t pid) {
	static const char *const names[] = {"mnt", "net"};
	char path[40];
	struct stat st;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%" PRId64 "/ns/%s", pid, names[i]);
		if (fstatat(w->proc_fd, path, &st, 0) == 0) {
			strbuf_printf(out, "%s_ns=%" PRIu64 "\n", names[i], (uint64_t)st.st_ino);
		}
	}
}

/* The directory whose go.work, else whose go.mod holds for the working directory. Nothing is asked of a file server. */
static void put_root(struct census_work *w, struct strbuf *out, int64_t pid, const char *cwd) {
	static const char *const files[] = {"go.work", "go.mod"};
	char path[40];

	if (cwd[0] != '/' || mounts_remote_prefix(cwd) > 0) {
		return;
	}
	snprintf(path, sizeof path, "%" PRId64 "/cwd", pid);
	CLEANUP(fd_closep)
	int fd = openat(w->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < sizeof files / sizeof *files; i++) {
		const char *name = files[i], *dir = cwd;

		for (int depth = 0; depth < ROOT_DEPTH_MAX; depth++) {
			if (faccessat(fd, name, F_OK, 0) == 0) {
				keyline_put(out, "root", dir);
				return;
			}
			if (streq(dir, "/")) {
				break;
			}
			dir = path_parent(w->arena, dir);
			name = arena_printf(w->arena, "../%s", name);
		}
	}
}

void census_put(struct census_work *w, struct strbuf *out, const struct member *m) {
	static const char *const kin[] = {"self", "ancestor", "holder"};
	const struct proc_stat *ps = &m->ps;
	int64_t ticks_per_s = sysconf(_SC_CLK_TCK);
	char path[32];
	struct slice text;
	struct stat st;

	snprintf(path, sizeof path, "%" PRId64, m->pid);
	if (fstatat(w->proc_fd, path, &st, 0) < 0) {
		return; /* it has gone */
	}
	strbuf_printf(out, "pid=%" PRId64 "\nppid=%" PRId64 "\nuid=%u\nkin=%s\nstate=%c\n", m->pid,
	              ps->ppid, st.st_uid, kin[m->kin], ps->state);
	strbuf_printf(
		out, "session=%" PRId64 "\nstart_wall_ns=%" PRId64 "\nstart_ticks=%" PRIu64 "\n",
		ps->session, proc_start_wall_ns(w->boot_ns, ps->start_ticks), ps->start_ticks);
	strbuf_printf(out, "cpu_ms=%" PRId64 "\nrss_bytes=%" PRId64 "\n",
	              (int64_t)ps->own_ticks * 1000 / ticks_per_s,
	              (int64_t)ps->rss_pages * sysconf(_SC_PAGESIZE));
	keyline_put(out, "comm", ps->comm);
	if (proc_read(w->arena, w->proc_fd, m->pid, "cmdline", TEXT_CAP, &text) == 0) {
		proc_put_cmdline(out, w->arena, text);
	}
	if (m->is_watched) {
		const char *cwd = proc_link(w->arena, w->proc_fd, m->pid, "cwd");

		if (cwd) {
			keyline_put(out, "cwd", cwd);
			put_root(w, out, m->pid, cwd);
		}
		put_status(w, out, m->pid);
		put_namespaces(w, out, m->pid);
		put_program(w, out, m->pid);
		put_environment(w, out, m->pid);
		if (is_denied(w, m->pid)) {
			strbuf_add(out, "denied=1\n");
		} else if (ps->state != 'Z') {
			for (int fd = 0; fd < 3; fd++) {
				put_end(w, out, m->pid, fd);
			}
			put_listeners(w, out, m->pid);
		}
	}
	strbuf_add_char(out, '\n');
}
