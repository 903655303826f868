/* SPDX-License-Identifier: MIT
 */
#include "world/waits.h"

#include "base/clock.h"
#include "base/fd.h"
#include "world/editors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ANCESTORS_MAX 12
#define ROUNDS_MAX    4
/* Between the two samples: a busy thread has then used a third of it even beside two others. */
#define INTERVAL_NS (40 * NS_PER_MS)

static int64_t parent_of(const struct waits *w, int64_t pid) {
	struct slice text;
	struct proc_stat ps;

	return proc_read(w->arena, w->proc_fd, pid, "stat", WAITS_TEXT_CAP, &text) == 0 &&
	                       proc_stat_parse(text, &ps)
	               ? ps.ppid
	               : 0;
}

/* Up to the editor; without one, the parent alone matters: it holds the other ends. */
void waits_add_ancestors(struct waits *w, int64_t pid) {
	int64_t chain[ANCESTORS_MAX];
	size_t count = 0, keep = 1;

	for (pid = parent_of(w, pid); pid > 1 && count < ANCESTORS_MAX; pid = parent_of(w, pid)) {
		struct slice text;
		struct proc_stat ps;

		chain[count++] = pid;
		if (proc_read(w->arena, w->proc_fd, pid, "stat", WAITS_TEXT_CAP, &text) != 0 ||
		    !proc_stat_parse(text, &ps)) {
			continue;
		}
		if (editor_kind_of_comm(ps.comm)) {
			keep = count;
			break;
		}
		keep = str_starts(ps.comm, "gopls") ? count : keep;
	}
	for (size_t i = 0; i < count && i < keep; i++) {
		waits_add(w, chain[i], WAITS_ANCESTOR);
	}
}

bool waits_in_call_on(const struct waits_process *p, int fd) {
	static const char *const calls[] = {"read",    "write",  "readv",   "writev", "recvfrom",
	                                    "recvmsg", "sendto", "sendmsg", "connect"};

	for (size_t i = 0; i < p->thread_count; i++) {
		for (size_t k = 0; k < sizeof calls / sizeof *calls; k++) {
			if (streq(p->threads[i].call, calls[k]) &&
			    p->threads[i].args[0] == (uint64_t)fd) {
				return true;
			}
		}
	}
	return false;
}

bool waits_may_wait_on(const struct waits_process *p, int fd) {
	return waits_in_call_on(p, fd) || (fd > 2 && str_starts(p->ps.comm, "gopls"));
}

static bool comm_is_server(const struct waits *w, int64_t pid) {
	struct slice text;

	return proc_read(w->arena, w->proc_fd, pid, "comm", WAITS_TEXT_CAP, &text) == 0 &&
	       (slice_starts(text, "gopls") || slice_starts(text, "dlv"));
}

/* gopls -remote=ADDRESS: all it does is to hand on, to whoever is there. */
static bool has_remote(const struct waits *w, int64_t pid) {
	struct slice text, word;

	if (!comm_is_server(w, pid) ||
	    proc_read(w->arena, w->proc_fd, pid, "cmdline", WAITS_TEXT_CAP, &text) != 0) {
		return false;
	}
	while (slice_cut(&text, '\0', &word)) {
		if (slice_starts(word, "-remote") || slice_starts(word, "--remote")) {
			return true;
		}
	}
	return false;
}

/* A connection whose other end has not taken everything. */
static bool has_unsent(const struct waits *w, int64_t pid, int fd) {
	for (size_t i = 0; i < w->holder_count; i++) {
		const struct waits_holder *h = &w->holders[i];
		struct waits_socket s;

		if (h->pid == pid && h->fd == fd && !h->is_pipe && waits_socket_of(w, h->ino, &s)) {
			return (s.inet && s.inet->unsent > 0) || (s.local && s.local->unsent > 0);
		}
	}
	return false;
}

/* Whoever has the other end of this descriptor matters: the process talks to nobody else over it, is
 * in a call on it, it is a server that serves another one, or a pipe may not end. */
static bool leads_on(const struct waits *w, const struct waits_process *p, int fd, int64_t pid,
                     bool is_pipe) {
	if (p->relation == WAITS_ANCESTOR || p->relation == WAITS_TRACER) {
		return false;
	}
	if (p->relation == WAITS_TARGET) {
		return fd <= 2 || is_pipe || waits_in_call_on(p, fd) || comm_is_server(w, pid) ||
		       has_remote(w, p->pid) || has_unsent(w, p->pid, fd);
	}
	return waits_in_call_on(p, fd) || p->relation == WAITS_BELOW ||
	       p->relation == WAITS_HOLDER || comm_is_server(w, pid);
}

static void add_ends(struct waits *w, const struct waits_process *p, int fd, uint64_t ino) {
	for (const struct waits_holder *h = waits_holder_of(w, ino, NULL); h;
	     h = waits_holder_of(w, ino, h)) {
		if (h->pid != p->pid && leads_on(w, p, fd, h->pid, h->is_pipe)) {
			/* An agent that hides what it has open does not hide whom it has started to ask. */
			if (comm_is_server(w, h->pid) || h->fd < 0) {
				waits_add_tree(w, h->pid, WAITS_PEER);
			} else {
				waits_add(w, h->pid, WAITS_PEER);
			}
		}
	}
}

static void add_peers(struct waits *w, const struct waits_process *p) {
	for (size_t i = 0; i < w->holder_count; i++) {
		const struct waits_holder *h = &w->holders[i];

		if (h->pid != p->pid) {
			continue;
		}
		struct waits_socket s;

		if (h->is_pipe) {
			add_ends(w, p, h->fd, h->ino);
		} else if (waits_socket_of(w, h->ino, &s) && (s.peer || s.waits_at)) {
			add_ends(w, p, h->fd, s.peer ? s.peer : s.waits_at);
		}
	}
}

/* A connection that finds no place in the queue of its listener is not one yet: the call says where it goes. */
static void add_listeners(struct waits *w, const struct waits_process *p) {
	for (size_t i = 0; i < p->thread_count; i++) {
		const char *path = streq(p->threads[i].call, "connect")
		                           ? waits_path_of(w, p->pid, &p->threads[i])
		                           : NULL;

		for (size_t k = 0; path && k < w->sockets.unix_count; k++) {
			const struct unix_socket *s = &w->sockets.unixes[k];
			const struct waits_holder *h =
				streq(s->path, path) && s->state == SOCKET_LISTENING
					? waits_holder_of(w, s->inode, NULL)
					: NULL;

			if (h) {
				waits_add_tree(w, h->pid, WAITS_PEER);
			}
		}
	}
}

int64_t waits_tracer_of(const struct waits *w, int64_t pid) {
	int64_t tracer = proc_tracer(w->arena, w->proc_fd, pid);

	return tracer > 0 && tracer == proc_tracer(w->arena, w->proc_fd, getpid()) ? -1 : tracer;
}

static void add_tracer(struct waits *w, const struct waits_process *p) {
	int64_t tracer = waits_tracer_of(w, p->pid);

	if (tracer > 0) {
		waits_add(w, tracer, WAITS_TRACER);
	}
}

/* Of those in the list from done on, and of those who come to it so; returns how far it has come. */
static size_t add_all_peers(struct waits *w, size_t done) {
	for (size_t round = 0; round < ROUNDS_MAX && done < w->count; round++) {
		size_t count = w->count;

		for (; done < count; done++) {
			add_peers(w, w->list[done]);
			add_listeners(w, w->list[done]);
			add_tracer(w, w->list[done]);
		}
	}
	return done;
}

/* And on from the other ends of named pipes, which may be anybody's. */
static size_t add_through_fifos(struct waits *w, size_t done) {
	for (size_t round = 0; round < ROUNDS_MAX; round++) {
		bool terminals = waits_find_terminals(w);

		if (!waits_find_fifos(w) && !terminals) {
			break;
		}
		waits_find_all_holders(w);
		done = add_all_peers(w, done);
	}
	return done;
}

static void gather(struct waits *w, int64_t pid) {
	bool fuse = false;

	waits_add_tree(w, pid, WAITS_TARGET);
	waits_add_ancestors(w, pid);
	sockets_read(&w->sockets, w->arena, w->proc_fd, 0,
	             SOCKETS_UNIX | SOCKETS_TCP | SOCKETS_UDP | SOCKETS_COUNTS);
	waits_find_holders(w, pid);
	size_t done = add_through_fifos(w, add_all_peers(w, 0));

	waits_find_locks(w);
	if (done < w->count) { /* those who have the locks, and whom they wait for */
		waits_find_all_holders(w);
		add_through_fifos(w, add_all_peers(w, done));
	}
	for (size_t i = 0; i < w->count && !fuse; i++) {
		fuse = waits_on_fuse(w, w->list[i]);
	}
	if (fuse) {
		waits_find_file_servers(w);
	}
}

static void put_sockets(struct waits *w) {
	for (size_t i = 0; i < w->holder_count; i++) {
		const struct waits_holder *h = &w->holders[i];
		const struct waits_process *p = h->is_pipe ? NULL : waits_find(w, h->pid);
		struct waits_socket s;

		/* An inode held twice stands side by side. */
		if (p && p->relation != WAITS_TRACER &&
		    (i == 0 || w->holders[i - 1].ino != h->ino) && waits_socket_of(w, h->ino, &s)) {
			waits_put_socket(w, &s);
		}
	}
}

static void put_pressure(struct waits *w, const char *name) {
	struct look_reply reply = {.state = EV_FAILED};
	struct slice text, line;

	strbuf_init(&reply.bytes, w->arena);
	if (look_read_file(w->proc_fd, arena_printf(w->arena, "pressure/%s", name), WAITS_TEXT_CAP,
	                   &reply) != 0) {
		return;
	}
	text = slice_of(reply.bytes.data, reply.bytes.len);
	while (slice_line(&text, &line)) {
		struct slice word;

		if (slice_starts(line, "full avg10=")) {
			line = slice_of(line.data + 11, line.len - 11);
			if (slice_cut(&line, '.', &word)) {
				strbuf_printf(w->out, "%s_full=%.*s\n", name, (int)word.len,
				              word.data);
			}
		}
	}
}

/* Does this kernel note when an anonymous pipe was written to? (Up to 6.12 it does.) */
static bool pipes_tell_time(const int ends[2], const struct stat *before) {
	struct stat after;

	return write(ends[1], "", 1) == 1 && fstat(ends[1], &after) == 0 &&
	       (after.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	        after.st_mtim.tv_nsec != before->st_mtim.tv_nsec);
}

static void rest_until(int64_t when_ns) {
	int64_t left = when_ns - clock_now_ns();

	if (left > 0) {
		nanosleep(&(struct timespec){.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S},
		          NULL);
	}
}

void look_waits(const struct looker *looker, const struct look_request *request,
                struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct waits *w = arena_new_of(request->arena, struct waits);
	struct slice arg = slice_str(request->arg), word;
	int64_t pid = -1, begin_ns = clock_now_ns();
	int ends[2] = {-1, -1};
	struct stat before;

	if (slice_cut(&arg, ' ', &word)) {
		pid = proc_pid_of(looker, arena_slicedup(request->arena, word));
	}
	if (proc_fd < 0 || pid <= 0) {
		look_reply_errno(reply, proc_fd < 0 ? ENOSYS : EINVAL);
		return;
	}
	w->arena = request->arena;
	w->looker = looker;
	w->out = &reply->bytes;
	w->proc_fd = proc_fd;
	w->boot_ns = proc_boot_wall_ns(w->arena, proc_fd);
	w->until_ns = request->until_ns;
	bool have_pipe = pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 && fstat(ends[1], &before) == 0;
	gather(w, pid);
	if (!waits_find(w, pid)) {
		fd_closep(&ends[0]);
		fd_closep(&ends[1]);
		look_reply_errno(reply, ENOENT);
		return;
	}
	rest_until(begin_ns + INTERVAL_NS);
	w->pipes_tell_time = have_pipe && pipes_tell_time(ends, &before);
	fd_closep(&ends[0]);
	fd_closep(&ends[1]);
	strbuf_printf(w->out, "record=machine\ntarget=%" PRId64 "\nnow_ns=%" PRId64 "\nuid=%u\n",
	              pid, clock_wall_ns(), looker->uid);
	strbuf_printf(w->out, "unreadable=%" PRId64 "\ncut=%d\n", w->unreadable, w->holders_cut);
	put_pressure(w, "memory");
	put_pressure(w, "io");
	strbuf_add_char(w->out, '\n');
	for (size_t i = 0; i < w->count; i++) {
		waits_put_process(w, w->list[i]);
	}
	put_sockets(w);
	look_reply_errno(reply, 0);
}
