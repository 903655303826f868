/* SPDX-License-Identifier: MIT
 * What the programs we started wait for on the network. Sources: proc(5), /proc/PID/task/TID/children
 * (CONFIG_PROC_CHILDREN); sock_diag(7) and struct tcp_info of linux/tcp.h (bytes_received: 4.1).
 */
#include "base/clock.h"
#include "base/fd.h"
#include "world/procfs.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROCESSES_MAX   128
#define DESCRIPTORS_MAX 256
#define ANSWER_SIZE     32768
#define TEXT_CAP        ((size_t)64 * 1024)

enum { STATE_ESTABLISHED = 1, STATE_SYN_SENT = 2 }; /* include/net/tcp_states.h */

struct family {
	struct arena *arena;
	struct look_reply *reply;
	int proc_fd;
	int64_t boot_ns;
	size_t count;
};

struct owner {
	int64_t pid;
	struct proc_stat ps;
	uint64_t inodes[DESCRIPTORS_MAX];
	size_t inode_count;
};

/* ---- sockets ---- */

static void put_socket(struct family *f, const struct owner *o, struct inet_diag_msg *m,
                       size_t len) {
	char text[INET6_ADDRSTRLEN] = "";
	int64_t received = -1;
	struct slice cmdline;
	/* The macros of the kernel take their const away; left may end below zero. */
	int left = (int)(len - NLMSG_ALIGN(sizeof *m));

	for (struct rtattr *a = (struct rtattr *)(m + 1); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		struct tcp_info info = {0};
		size_t size = RTA_PAYLOAD(a) < sizeof info ? RTA_PAYLOAD(a) : sizeof info;

		if (a->rta_type == INET_DIAG_INFO) {
			memcpy(&info, RTA_DATA(a), size);
			received = (int64_t)info.tcpi_bytes_received;
		}
	}
	inet_ntop(m->idiag_family, m->id.idiag_dst, text, sizeof text);
	strbuf_printf(&f->reply->bytes, "pid=%" PRId64 "\nppid=%" PRId64 "\n", o->pid, o->ps.ppid);
	keyline_put(&f->reply->bytes, "comm", o->ps.comm);
	strbuf_printf(&f->reply->bytes, "age_ms=%" PRId64 "\n",
	              (clock_wall_ns() - proc_start_wall_ns(f->boot_ns, o->ps.start_ticks)) /
	                      NS_PER_MS);
	strbuf_printf(&f->reply->bytes, "address=%s\nport=%u\nstate=%s\nreceived=%" PRId64 "\n",
	              text, ntohs(m->id.idiag_dport),
	              m->idiag_state == STATE_SYN_SENT ? "connecting" : "connected", received);
	if (proc_read(f->arena, f->proc_fd, o->pid, "cmdline", TEXT_CAP, &cmdline) == 0) {
		proc_put_cmdline(&f->reply->bytes, f->arena, cmdline);
	}
	strbuf_add_char(&f->reply->bytes, '\n');
}

static bool owns(const struct owner *o, uint64_t inode) {
	for (size_t i = 0; i < o->inode_count; i++) {
		if (o->inodes[i] == inode) {
			return true;
		}
	}
	return false;
}

/* One datagram of the dump; false at its end. */
static bool take_answer(struct family *f, const struct owner *o, char *bytes, size_t len) {
	for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)bytes; NLMSG_OK(h, len);
	     h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
			return false;
		}
		struct inet_diag_msg *m = NLMSG_DATA(h);

		if (h->nlmsg_len >= NLMSG_LENGTH(sizeof *m) && owns(o, m->idiag_inode)) {
			put_socket(f, o, m, h->nlmsg_len - NLMSG_HDRLEN);
		}
	}
	return true;
}

static void ask_sockets(struct family *f, const struct owner *o, int family) {
	CLEANUP(fd_closep)
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {.header = {.nlmsg_len = sizeof message,
	                        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	             .request = {.sdiag_family = (uint8_t)family,
	                         .sdiag_protocol = IPPROTO_TCP,
	                         .idiag_ext = 1 << (INET_DIAG_INFO - 1),
	                         .idiag_states = 1 << STATE_ESTABLISHED | 1 << STATE_SYN_SENT}};
	char *answer = arena_alloc(f->arena, ANSWER_SIZE);
	ssize_t n;

	if (fd < 0 || send(fd, &message, sizeof message, 0) < 0) {
		return;
	}
	do {
		n = recv(fd, answer, ANSWER_SIZE, 0);
	} while (n > 0 && take_answer(f, o, answer, (size_t)n));
}

static void find_sockets(struct family *f, struct owner *o) {
	char path[64], target[64];

	snprintf(path, sizeof path, "%" PRId64 "/fd", o->pid);
	int fd = openat(f->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		return;
	}
	for (const struct dirent *e = readdir(dir); e && o->inode_count < DESCRIPTORS_MAX;
	     e = readdir(dir)) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		if (str_starts(target, "socket:[")) {
			o->inodes[o->inode_count++] = strtoull(target + 8, NULL, 10);
		}
	}
	closedir(dir);
	if (o->inode_count > 0) {
		ask_sockets(f, o, AF_INET);
		ask_sockets(f, o, AF_INET6);
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
