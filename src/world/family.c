/* SPDX-License-Identifier: MIT
 * What the programs we started wait for on the network. Sources: proc(5), /proc/PID/task/TID/children
 * (CONFIG_PROC_CHILDREN); those of world/sockets.h.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "world/procfs.h"
#include "world/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#define PROCESSES_MAX   128
#define DESCRIPTORS_MAX 256
#define TEXT_CAP        ((size_t)64 * 1024)

struct family {
	struct arena *arena;
	struct look_reply *reply;
	int proc_fd;
	int64_t boot_ns;
	size_t count;
	struct sockets sockets; /* read when the first of them has one */
};

struct owner {
	int64_t pid;
	struct proc_stat ps;
	uint64_t inodes[DESCRIPTORS_MAX];
	size_t inode_count;
};

/* ---- sockets ---- */

static void put_socket(struct family *f, const struct owner *o, const struct inet_socket *s) {
	struct strbuf *out = &f->reply->bytes;
	struct slice cmdline;

	strbuf_printf(out, "pid=%" PRId64 "\nppid=%" PRId64 "\n", o->pid, o->ps.ppid);
	keyline_put(out, "comm", o->ps.comm);
	strbuf_printf(out, "age_ms=%" PRId64 "\n",
	              (clock_wall_ns() - proc_start_wall_ns(f->boot_ns, o->ps.start_ticks)) /
	                      NS_PER_MS);
	strbuf_printf(out, "address=%s\nport=%u\nstate=%s\nreceived=%" PRId64 "\n",
	              socket_host_text(f->arena, s->remote), s->remote_port,
	              s->state == SOCKET_SYN_SENT ? "connecting" : "connected", s->received_bytes);
	if (proc_read(f->arena, f->proc_fd, o->pid, "cmdline", TEXT_CAP, &cmdline) == 0) {
		proc_put_cmdline(out, f->arena, cmdline);
	}
	strbuf_add_char(out, '\n');
}

static void find_sockets(struct family *f, struct owner *o) {
	o->inode_count = sockets_of_process(f->proc_fd, o->pid, o->inodes, DESCRIPTORS_MAX);
	if (o->inode_count > 0 && !f->sockets.arena) {
		sockets_read(&f->sockets, f->arena, f->proc_fd, 0, SOCKETS_TCP | SOCKETS_COUNTS);
	}
	for (size_t i = 0; i < o->inode_count; i++) {
		const struct inet_socket *s = sockets_inet(&f->sockets, o->inodes[i]);

		if (s && (s->state == SOCKET_ESTABLISHED || s->state == SOCKET_SYN_SENT)) {
			put_socket(f, o, s);
		}
	}
}

/* ---- processes ---- */

static void visit(struct family *f, int64_t pid, int depth);

static void visit_children(struct family *f, int64_t pid, int depth) {
	char path[64];

	snprintf(path, sizeof path, "%" PRId64 "/task", pid);
	int fd = openat(f->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		struct slice text, word;
		int64_t child;

		if (e->d_name[0] == '.' ||
		    proc_read(f->arena, f->proc_fd, pid,
		              arena_printf(f->arena, "task/%s/children", e->d_name), TEXT_CAP,
		              &text) != 0) {
			continue;
		}
		while (slice_cut(&text, ' ', &word)) {
			if (str_to_int64(arena_slicedup(f->arena, word), &child) == 0) {
				visit(f, child, depth + 1);
			}
		}
	}
	closedir(dir);
}

static void visit(struct family *f, int64_t pid, int depth) {
	struct owner *o = arena_new_of(f->arena, struct owner);
	struct slice text;

	if (depth > 16 || f->count++ >= PROCESSES_MAX) {
		return;
	}
	o->pid = pid;
	if (proc_read(f->arena, f->proc_fd, pid, "stat", TEXT_CAP, &text) == 0 &&
	    proc_stat_parse(text, &o->ps)) {
		find_sockets(f, o);
		visit_children(f, pid, depth);
	}
}

void look_family(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct family f = {.arena = request->arena, .reply = reply, .proc_fd = proc_fd};

	if (proc_fd < 0) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	f.boot_ns = proc_boot_wall_ns(request->arena, proc_fd);
	visit_children(&f, looker->self, 0);
	reply->state = EV_READ;
	reply->error = 0;
}
