/* SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "base/fd.h"
#include "world/editors.h"
#include "world/waits.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define DEPTH_MAX   16
#define STACK_LINES 6
#define PATH_BYTES  512

struct waits_process *waits_find(const struct waits *w, int64_t pid) {
	for (size_t i = 0; i < w->count; i++) {
		if (w->list[i]->pid == pid) {
			return w->list[i];
		}
	}
	return NULL;
}

static DIR *open_tasks(const struct waits *w, int64_t pid) {
	char path[64];

	snprintf(path, sizeof path, "%" PRId64 "/task", pid);
	int fd = openat(w->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

static int task_read(struct waits *w, int64_t pid, int64_t tid, const char *name,
                     struct slice *ret) {
	char path[64];

	snprintf(path, sizeof path, "task/%" PRId64 "/%s", tid, name);
	return proc_read(w->arena, w->proc_fd, pid, path, WAITS_TEXT_CAP, ret);
}

/* Time on a processor so far; from the first number of schedstat (CONFIG_SCHED_INFO), else from the
 * ticks of stat, which are coarse. */
static uint64_t cpu_of(struct waits *w, int64_t pid, int64_t tid) {
	struct slice text;
	struct proc_stat ps;

	if (task_read(w, pid, tid, "schedstat", &text) == 0 && text.len > 0) {
		return strtoull(arena_slicedup(w->arena, text), NULL, 10);
	}
	if (task_read(w, pid, tid, "stat", &text) == 0 && proc_stat_parse(text, &ps)) {
		return ps.cpu_ticks * 10000000;
	}
	return 0;
}

/* "257 0xffffff9c 0x7f…": the call and its arguments; "running" has none. False: not to be seen. */
static bool read_call(struct waits *w, int64_t pid, struct waits_thread *t) {
	struct slice text, word;
	int64_t number;

	t->call = "";
	if (task_read(w, pid, t->tid, "syscall", &text) != 0) {
		return false;
	}
	if (!slice_cut(&text, ' ', &word) ||
	    str_to_int64(arena_slicedup(w->arena, slice_trim(word)), &number) < 0) {
		return true;
	}
	t->call = waits_call_name(number);
	for (size_t i = 0; i < 6 && slice_cut(&text, ' ', &word); i++) {
		t->args[i] = strtoull(arena_slicedup(w->arena, word), NULL, 16);
	}
	return true;
}

/* System calls that read or write, so far: how far it has come when it uses little processor. */
static uint64_t io_of(struct waits *w, int64_t pid) {
	struct slice text, line, key;
	uint64_t sum = 0;

	if (proc_read(w->arena, w->proc_fd, pid, "io", WAITS_TEXT_CAP, &text) != 0) {
		return 0;
	}
	while (slice_line(&text, &line)) {
		if (slice_cut(&line, ':', &key) &&
		    (slice_eq(key, "syscr") || slice_eq(key, "syscw"))) {
			sum += strtoull(arena_slicedup(w->arena, slice_trim(line)), NULL, 10);
		}
	}
	return sum;
}

static void read_threads(struct waits *w, struct waits_process *p) {
	DIR *dir = open_tasks(w, p->pid);

	if (!dir) {
		return;
	}
	for (const struct dirent *e = readdir(dir); e && p->thread_count < WAITS_THREADS_MAX;
	     e = readdir(dir)) {
		struct waits_thread *t = &p->threads[p->thread_count];

		if (str_to_int64(e->d_name, &t->tid) == 0) {
			t->cpu_ns = cpu_of(w, p->pid, t->tid);
			p->denied = !read_call(w, p->pid, t) || p->denied;
			p->thread_count++;
		}
	}
	closedir(dir);
}

struct waits_process *waits_add(struct waits *w, int64_t pid, enum waits_relation relation) {
	struct waits_process *p = waits_find(w, pid);
	struct slice text;

	if (p || pid <= 0 || w->count >= WAITS_PROCESSES_MAX || pid == w->looker->self ||
	    pid == getpid()) {
		return p;
	}
	p = arena_new_of(w->arena, struct waits_process);
	p->pid = pid;
	p->relation = relation;
	if (proc_read(w->arena, w->proc_fd, pid, "stat", WAITS_TEXT_CAP, &text) != 0 ||
	    !proc_stat_parse(text, &p->ps)) {
		return NULL;
	}
	p->seen_ns = clock_now_ns();
	p->io_calls = io_of(w, pid);
	read_threads(w, p);
	w->list[w->count++] = p;
	return p;
}

/* ---- the tree below ---- */

static void add_children(struct waits *w, int64_t pid, enum waits_relation relation, int depth) {
	DIR *dir = open_tasks(w, pid);
	int64_t children[WAITS_TREE_MAX];
	size_t count = 0;

	if (!dir || depth > DEPTH_MAX) {
		if (dir) {
			closedir(dir);
		}
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		struct slice text, word;
		int64_t tid;

		if (str_to_int64(e->d_name, &tid) < 0 ||
		    task_read(w, pid, tid, "children", &text) != 0) {
			continue;
		}
		while (count < WAITS_TREE_MAX && slice_cut(&text, ' ', &word)) {
			count += str_to_int64(arena_slicedup(w->arena, slice_trim(word)),
			                      &children[count]) == 0;
		}
	}
	closedir(dir);
	for (size_t i = 0; i < count && w->count < WAITS_TREE_MAX; i++) {
		bool is_new = !waits_find(w, children[i]);

		if (is_new && waits_add(w, children[i], relation)) {
			add_children(w, children[i], relation, depth + 1);
		}
	}
}

void waits_add_tree(struct waits *w, int64_t pid, enum waits_relation relation) {
	if (waits_add(w, pid, relation)) {
		add_children(w, pid, relation == WAITS_TARGET ? WAITS_BELOW : relation, 0);
	}
}

/* ---- writing it down ---- */

static const char *const relations[] = {
	[WAITS_TARGET] = "target", [WAITS_ANCESTOR] = "ancestor", [WAITS_BELOW] = "below",
	[WAITS_HOLDER] = "holder", [WAITS_PEER] = "peer",         [WAITS_TRACER] = "tracer",
	[WAITS_SERVES] = "serves",
};

/* What decides how go, git and ssh ask for things, and through whom. */
static const char *const variables[] = {
	"GOPROXY",   "HTTP_PROXY",  "HTTPS_PROXY",     "http_proxy",       "https_proxy",
	"ALL_PROXY", "GIT_ASKPASS", "SSH_ASKPASS",     "GOPACKAGESDRIVER", "GIT_TERMINAL_PROMPT",
	"GIT_SSH",   "GOFLAGS",     "GIT_SSH_COMMAND",
};

static void put_variables(struct waits *w, int64_t pid) {
	struct slice text, part;

	if (proc_read(w->arena, w->proc_fd, pid, "environ", LOOK_CAP_DIR, &text) != 0) {
		return;
	}
	while (slice_cut(&text, '\0', &part)) {
		for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
			size_t len = strlen(variables[i]);

			if (part.len > len + 1 && part.data[len] == '=' &&
			    memcmp(part.data, variables[i], len) == 0) {
				keyline_put(w->out, "env", arena_slicedup(w->arena, part));
			}
		}
	}
}

/* Lines of status and limits under our own keys. */
static void put_lines(struct waits *w, int64_t pid) {
	static const struct {
		const char *title, *key;
	} lines[] = {{"Uid:", "uid"},
	             {"Threads:", "threads"},
	             {"SigPnd:", "pending"},
	             {"ShdPnd:", "shared_pending"}};
	struct slice text, line;

	strbuf_printf(w->out, "tracer=%" PRId64 "\n", waits_tracer_of(w, pid));
	if (proc_read(w->arena, w->proc_fd, pid, "status", WAITS_TEXT_CAP, &text) != 0) {
		return;
	}
	while (slice_line(&text, &line)) {
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
			size_t len = strlen(lines[i].title);

			if (slice_starts(line, lines[i].title)) {
				struct slice rest =
					slice_trim(slice_of(line.data + len, line.len - len));
				struct slice word;

				if (slice_cut(&rest, '\t', &word)) {
					strbuf_printf(w->out, "%s=%.*s\n", lines[i].key,
					              (int)word.len, word.data);
				}
			}
		}
		/* "NSpid:\t19\t2": here, and in each namespace below; the last is its own. */
		const char *last =
			slice_starts(line, "NSpid:") ? memrchr(line.data, '\t', line.len) : NULL;

		if (last) {
			strbuf_printf(w->out, "own_pid=%.*s\n",
			              (int)(line.data + line.len - last - 1), last + 1);
		}
	}
	if (proc_read(w->arena, w->proc_fd, pid, "limits", WAITS_TEXT_CAP, &text) == 0) {
		while (slice_line(&text, &line)) {
			if (slice_starts(line, "Max open files")) {
				struct slice rest =
					slice_trim(slice_of(line.data + 14, line.len - 14));
				struct slice word;

				if (slice_cut(&rest, ' ', &word)) {
					strbuf_printf(w->out, "fd_limit=%.*s\n", (int)word.len,
					              word.data);
				}
			}
		}
	}
}

static int64_t count_fds(const struct waits *w, int64_t pid) {
	char path[64];
	int64_t count = 0;

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(w->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		return -1;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		count += e->d_name[0] != '.';
	}
	closedir(dir);
	return count;
}

/* Fields 5 to 8 of stat: process group, session, terminal and its foreground group. */
static void put_terminal(struct waits *w, int64_t pid, struct slice stat) {
	const char *close = memrchr(stat.data, ')', stat.len);
	struct slice rest, word;
	static const char *const keys[] = {NULL,      NULL,       "group",
	                                   "session", "terminal", "foreground"};

	(void)pid;
	if (!close || stat.len < (size_t)(close - stat.data) + 3) {
		return;
	}
	rest = slice_of(close + 2, stat.len - (size_t)(close + 2 - stat.data));
	for (size_t i = 0; i < 6 && slice_cut(&rest, ' ', &word); i++) {
		if (keys[i]) {
			strbuf_printf(w->out, "%s=%.*s\n", keys[i], (int)word.len, word.data);
		}
	}
}

/* When a thread last ran, by its processor's own clock: "se.exec_start : 26870347.706011", milliseconds. -1 when the
 * kernel does not say (CONFIG_SCHED_DEBUG). */
static double last_ran(struct waits *w, int64_t pid, int64_t tid) {
	static const char key[] = "se.exec_start";
	struct slice text;

	if (task_read(w, pid, tid, "sched", &text) != 0) {
		return -1;
	}
	const char *at = memmem(text.data, text.len, key, sizeof key - 1);
	const char *colon = at ? memchr(at, ':', text.len - (size_t)(at - text.data)) : NULL;

	return colon ? strtod(colon + 1, NULL) : -1;
}

/* Field 39 of stat: the processor it last ran on; -1 unknown. */
static int processor_of(struct waits *w, int64_t pid, int64_t tid) {
	struct slice text, word;

	if (task_read(w, pid, tid, "stat", &text) != 0) {
		return -1;
	}
	const char *close = memrchr(text.data, ')', text.len);
	struct slice rest = close ? slice_of(close + 1, text.len - (size_t)(close + 1 - text.data))
	                          : slice_of("", 0);

	for (int field = 2; slice_cut(&rest, ' ', &word); field++) {
		if (field == 39) {
			return (int)strtol(arena_slicedup(w->arena, word), NULL, 10);
		}
	}
	return -1;
}

/* What that clock shows now: we run there for a moment. The clocks of two processors may be seconds apart, for they
 * stand still while the machine below gives them no time. */
static double clock_of(struct waits *w, int processor) {
	cpu_set_t before, there;
	double now;

	if (processor < 0 || processor >= WAITS_PROCESSORS_MAX) {
		return -1;
	}
	if (w->clocks[processor] == 0) {
		CPU_ZERO(&there);
		CPU_SET((size_t)processor, &there);
		if (sched_getaffinity(0, sizeof before, &before) < 0 ||
		    sched_setaffinity(0, sizeof there, &there) < 0) {
			w->clocks[processor] = -1;
			return -1;
		}
		now = last_ran(w, getpid(), getpid());
		sched_setaffinity(0, sizeof before, &before);
		w->clocks[processor] = now;
		w->clocks_ns[processor] = clock_now_ns();
	}
	return w->clocks[processor] < 0
	               ? -1
	               : w->clocks[processor] +
	                         (double)(clock_now_ns() - w->clocks_ns[processor]) / 1e6;
}

/* How long no thread of it has run; and each of them. */
static void put_rest(struct waits *w, struct waits_process *p) {
	double least = -1;

	for (size_t i = 0; i < p->thread_count; i++) {
		int64_t tid = p->threads[i].tid;
		double now = clock_of(w, processor_of(w, p->pid, tid));
		double ran = last_ran(w, p->pid, tid);
		double rested = now > ran ? now - ran : 0;

		p->threads[i].rested_ms = now < 0 || ran <= 0 ? -1 : (int64_t)rested;
		if (now < 0 || ran <= 0) {
			continue;
		}
		least = least < 0 || rested < least ? rested : least;
	}
	strbuf_printf(w->out, "rested_ms=%" PRId64 "\n", least < 0 ? -1 : (int64_t)least);
}

static void put_optional(struct waits *w, const char *key, const char *value) {
	if (value) {
		keyline_put(w->out, key, value);
	}
}

/* ---- threads ---- */

const char *waits_path_of(struct waits *w, int64_t pid, const struct waits_thread *t) {
	static const struct {
		const char *call;
		int arg;
	} calls[] = {{"openat", 1},     {"newfstatat", 1}, {"statx", 1},    {"faccessat", 1},
	             {"readlinkat", 1}, {"mkdirat", 1},    {"unlinkat", 1}, {"open", 0},
	             {"stat", 0},       {"lstat", 0},      {"access", 0},   {"readlink", 0},
	             {"execve", 0},     {"statfs", 0},     {"connect", 1}};

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		char bytes[PATH_BYTES];
		void *at = (void *)(uintptr_t)t->args[calls[i].arg]; /* there, not here */
		/* A page at most, which is there as a whole or not at all. */
		size_t room = 4096 - (t->args[calls[i].arg] & 4095);
		struct iovec ours = {bytes, room < sizeof bytes ? room : sizeof bytes};
		struct iovec theirs = {at, ours.iov_len};
		size_t skip = 0;
		sa_family_t family = AF_UNSPEC;

		if (!streq(t->call, calls[i].call)) {
			continue;
		}
		ssize_t n = process_vm_readv((pid_t)pid, &ours, 1, &theirs, 1, 0);

		if (n > (ssize_t)sizeof family && streq(t->call, "connect")) {
			memcpy(&family, bytes, sizeof family);
			skip = sizeof family; /* of struct sockaddr_un */
			if (family != AF_UNIX) {
				return NULL;
			}
		}
		if (n > (ssize_t)skip && bytes[skip] != '\0') {
			return arena_strndup(w->arena, bytes + skip,
			                     strnlen(bytes + skip, (size_t)n - skip));
		}
	}
	return NULL;
}

/* The innermost functions of the kernel stack, when we may see it: "a b c". */
static void put_stack(struct waits *w, int64_t pid, int64_t tid) {
	struct slice text, line, word;
	int count = 0;

	if (task_read(w, pid, tid, "stack", &text) != 0 || text.len == 0) {
		return;
	}
	strbuf_add(w->out, "stack=");
	while (count < STACK_LINES && slice_line(&text, &line)) {
		struct slice name;

		if (slice_cut(&line, ' ', &word) && slice_cut(&line, '+', &name) && name.len > 0) {
			strbuf_printf(w->out, "%s%.*s", count++ ? " " : "", (int)name.len,
			              name.data);
		}
	}
	strbuf_add_char(w->out, '\n');
}

static void put_wakes(struct waits *w, int64_t pid, const struct waits_thread *t) {
	int64_t wakes_ms = waits_wakes_ms(pid, t);

	if (wakes_ms >= 0) {
		strbuf_printf(w->out, "wakes_ms=%" PRId64 "\n", wakes_ms);
	}
}

static void put_thread(struct waits *w, const struct waits_process *p,
                       const struct waits_thread *t) {
	struct slice text;
	struct proc_stat ps = {.state = '?'};

	if (task_read(w, p->pid, t->tid, "stat", &text) != 0 || !proc_stat_parse(text, &ps)) {
		return; /* it has ended */
	}
	uint64_t now = cpu_of(w, p->pid, t->tid);

	strbuf_printf(w->out, "record=thread\npid=%" PRId64 "\ntid=%" PRId64 "\nstate=%c\n", p->pid,
	              t->tid, ps.state);
	struct waits_thread again = {.tid = t->tid, .rested_ms = t->rested_ms};

	read_call(w, p->pid, &again);
	strbuf_printf(w->out, "still=%d\n",
	              *t->call && streq(again.call, t->call) &&
	                      memcmp(again.args, t->args, sizeof t->args) == 0);
	strbuf_printf(w->out, "cpu_us=%" PRIu64 "\nrested_ms=%" PRId64 "\n",
	              now > t->cpu_ns ? (now - t->cpu_ns) / 1000 : 0, t->rested_ms);
	if (task_read(w, p->pid, t->tid, "wchan", &text) == 0 && !slice_eq(text, "0")) {
		keyline_put(w->out, "wchan", arena_slicedup(w->arena, slice_trim(text)));
	}
	if (*again.call) {
		strbuf_printf(w->out, "call=%s\nargs=", again.call);
		for (size_t i = 0; i < 6; i++) {
			strbuf_printf(w->out, "%s%" PRIx64, i ? " " : "", again.args[i]);
		}
		strbuf_add_char(w->out, '\n');
		put_optional(w, "path", waits_path_of(w, p->pid, &again));
		put_wakes(w, p->pid, &again);
	}
	if (ps.state == 'D') {
		put_stack(w, p->pid, t->tid);
	}
	strbuf_add_char(w->out, '\n');
}

void waits_put_process(struct waits *w, struct waits_process *p) {
	struct slice text;
	struct proc_stat now;
	const char *kind;
	int64_t interval_us = (clock_now_ns() - p->seen_ns) / 1000;
	uint64_t io = io_of(w, p->pid);

	if (proc_read(w->arena, w->proc_fd, p->pid, "stat", WAITS_TEXT_CAP, &text) != 0 ||
	    !proc_stat_parse(text, &now) || now.start_ticks != p->ps.start_ticks) {
		return; /* it has ended */
	}
	strbuf_printf(w->out, "record=process\npid=%" PRId64 "\nppid=%" PRId64 "\nrelation=%s\n",
	              p->pid, now.ppid, relations[p->relation]);
	strbuf_printf(w->out, "state=%c\ninterval_us=%" PRId64 "\nio_calls=%" PRIu64 "\n",
	              now.state, interval_us, io > p->io_calls ? io - p->io_calls : 0);
	strbuf_printf(w->out, "age_ms=%" PRId64 "\ncpu_ms=%" PRIu64 "\n",
	              (clock_wall_ns() - proc_start_wall_ns(w->boot_ns, now.start_ticks)) /
	                      NS_PER_MS,
	              now.cpu_ticks * 10);
	strbuf_printf(w->out, "start_ticks=%" PRIu64 "\n", now.start_ticks);
	strbuf_printf(w->out, "denied=%d\nfds=%" PRId64 "\n", p->denied, count_fds(w, p->pid));
	put_terminal(w, p->pid, text);
	keyline_put(w->out, "comm", now.comm);
	kind = editor_kind_of_comm(now.comm);
	put_optional(w, "editor", kind);
	put_optional(w, "exe", proc_link(w->arena, w->proc_fd, p->pid, "exe"));
	put_optional(w, "cwd", proc_link(w->arena, w->proc_fd, p->pid, "cwd"));
	put_optional(w, "pidns", proc_link(w->arena, w->proc_fd, p->pid, "ns/pid"));
	put_lines(w, p->pid);
	put_rest(w, p);
	waits_put_cgroup(w, p->pid);
	if (p->relation != WAITS_ANCESTOR) {
		put_variables(w, p->pid);
	}
	if (proc_read(w->arena, w->proc_fd, p->pid, "cmdline", WAITS_TEXT_CAP, &text) == 0) {
		proc_put_cmdline(w->out, w->arena, text);
	}
	strbuf_add_char(w->out, '\n');
	for (size_t i = 0; i < p->thread_count; i++) {
		put_thread(w, p, &p->threads[i]);
	}
	waits_put_descriptors(w, p);
}
