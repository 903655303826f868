/* SPDX-License-Identifier: MIT
 */
#include "world/sockets_ask.h"

#include "base/fd.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANSWER_SIZE       ((size_t)65536)
#define ALL_BUT_TIME_WAIT (0xfffU & ~(1U << 6)) /* include/net/tcp_states.h; nobody holds those */

/* A cursor over attributes that may be cut short anywhere. */
struct attributes {
	const char *data;
	size_t len;
};

static bool attribute_take(struct attributes *rest, unsigned *ret_type, struct slice *ret_payload) {
	struct rtattr a;

	if (rest->len < sizeof a) {
		return false;
	}
	memcpy(&a, rest->data, sizeof a);
	if (a.rta_len < sizeof a || a.rta_len > rest->len) {
		return false;
	}
	*ret_type = a.rta_type;
	*ret_payload = slice_of(rest->data + sizeof a, a.rta_len - sizeof a);
	size_t step = RTA_ALIGN((size_t)a.rta_len);

	step = step < rest->len ? step : rest->len;
	rest->data += step;
	rest->len -= step;
	return true;
}

static uint32_t u32_of(struct slice payload, size_t at) {
	uint32_t number = 0;

	if (payload.len >= at + sizeof number) {
		memcpy(&number, payload.data + at, sizeof number);
	}
	return number;
}

/* An abstract name begins with NUL. */
static const char *name_text(struct arena *arena, struct slice name) {
	if (name.len > 0 && name.data[0] == '\0') {
		return arena_printf(arena, "@%s",
		                    arena_strndup(arena, name.data + 1, name.len - 1));
	}
	return arena_strndup(arena, name.data, strnlen(name.data, name.len));
}

static void take_unix(struct sockets *s, const char *bytes, size_t len) {
	struct unix_diag_msg m;
	struct attributes rest = {bytes + NLMSG_ALIGN(sizeof m), len - NLMSG_ALIGN(sizeof m)};
	struct slice payload;
	unsigned type;

	memcpy(&m, bytes, sizeof m);
	struct unix_socket *sock = sockets_add_unix(s);

	sock->inode = m.udiag_ino;
	sock->state = (enum socket_state)m.udiag_state;
	while (attribute_take(&rest, &type, &payload)) {
		switch (type) {
		case UNIX_DIAG_NAME:
			sock->path = name_text(s->arena, payload);
			break;
		case UNIX_DIAG_PEER:
			sock->peer = u32_of(payload, 0);
			break;
		case UNIX_DIAG_RQLEN:
			sock->unread = u32_of(payload, 0);
			sock->unsent = u32_of(payload, sizeof(uint32_t));
			break;
		case UNIX_DIAG_SHUTDOWN:
			sock->shutdown = payload.len > 0 ? (unsigned char)payload.data[0] & 3U : 0;
			break;
		case UNIX_DIAG_ICONS: {
			size_t count = payload.len / 4;
			uint64_t *waiting = arena_array_of(s->arena, uint64_t, count);

			for (size_t i = 0; i < count; i++) {
				waiting[i] = u32_of(payload, i * 4);
			}
			sock->waiting = waiting;
			sock->waiting_count = count;
			break;
		}
		default:
			break;
		}
	}
}

/* What the kernel has counted: struct tcp_info, of which an older kernel gives a part. */
static void take_counts(struct inet_socket *sock, struct slice payload) {
	struct tcp_info info = {0};

	if (payload.len < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(uint64_t)) {
		return;
	}
	memcpy(&info, payload.data, payload.len < sizeof info ? payload.len : sizeof info);
	sock->received_bytes = (int64_t)info.tcpi_bytes_received;
	sock->acked_bytes = (int64_t)info.tcpi_bytes_acked;
	sock->unacked = info.tcpi_unacked;
	sock->heard_ms = info.tcpi_last_data_recv;
	sock->sent_ms = info.tcpi_last_data_sent;
	if (info.tcpi_retransmits > sock->retries) {
		sock->retries = info.tcpi_retransmits;
	}
}

static void take_inet(struct sockets *s, const char *bytes, size_t len, bool is_udp) {
	enum { TIMER_RETRANSMIT = 1 }; /* idiag_timer; of another one idiag_retrans counts probes */
	struct inet_diag_msg m;
	struct attributes rest = {bytes + sizeof m, len - sizeof m};
	struct slice payload;
	unsigned type;

	memcpy(&m, bytes, sizeof m);
	struct inet_socket *sock = sockets_add_inet(s);

	sock->inode = m.idiag_inode;
	sock->is_udp = is_udp;
	socket_address_take(sock->local, m.idiag_family, m.id.idiag_src);
	socket_address_take(sock->remote, m.idiag_family, m.id.idiag_dst);
	sock->local_port = ntohs(m.id.idiag_sport);
	sock->remote_port = ntohs(m.id.idiag_dport);
	sock->state = (enum socket_state)(m.idiag_state & 15);
	sock->unread = m.idiag_rqueue;
	sock->unsent = m.idiag_wqueue;
	sock->retries = m.idiag_timer == TIMER_RETRANSMIT ? m.idiag_retrans : 0;
	sock->uid = m.idiag_uid;
	while (attribute_take(&rest, &type, &payload)) {
		if (type == INET_DIAG_INFO) {
			take_counts(sock, payload);
		}
	}
}

int sockets_take_datagram(struct sockets *s, const char *bytes, size_t len, bool is_udp) {
	while (len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;

		memcpy(&h, bytes, sizeof h);
		if (h.nlmsg_len < sizeof h || h.nlmsg_len > len) {
			return 0;
		}
		const char *body = bytes + NLMSG_HDRLEN;
		size_t body_len = h.nlmsg_len - NLMSG_HDRLEN;

		if (h.nlmsg_type == NLMSG_ERROR) {
			int32_t error = (int32_t)u32_of(slice_of(body, body_len), 0);

			return error < 0 && error > -4096 ? error : -EPROTO;
		}
		if (h.nlmsg_type == NLMSG_DONE) {
			/* A dump that failed says so here. */
			int32_t error = (int32_t)u32_of(slice_of(body, body_len), 0);

			return error < 0 && error > -4096 ? error : 0;
		}
		if (h.nlmsg_type == SOCK_DIAG_BY_FAMILY && body_len > 0) {
			if (body[0] == AF_UNIX &&
			    body_len >= NLMSG_ALIGN(sizeof(struct unix_diag_msg)) &&
			    s->unix_count < SOCKETS_MAX) {
				take_unix(s, body, body_len);
			} else if ((body[0] == AF_INET || body[0] == AF_INET6) &&
			           body_len >= sizeof(struct inet_diag_msg) &&
			           s->inet_count < SOCKETS_MAX) {
				take_inet(s, body, body_len, is_udp);
			}
		}
		size_t step = NLMSG_ALIGN((size_t)h.nlmsg_len);

		step = step < len ? step : len;
		bytes += step;
		len -= step;
	}
	return 1;
}

struct asking {
	struct sockets *sockets;
	int fd;
	char *answer;
};

static int ask(const struct asking *a, const void *message, size_t size, bool is_udp) {
	if (send(a->fd, message, size, 0) < 0) {
		return errno;
	}
	for (;;) {
		ssize_t n = recv(a->fd, a->answer, ANSWER_SIZE, 0);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n < 0 ? errno : EPROTO;
		}
		int r = sockets_take_datagram(a->sockets, a->answer, (size_t)n, is_udp);

		if (r <= 0) {
			return -r;
		}
	}
}

static int ask_unix(const struct asking *a) {
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} message = {
		.header = {.nlmsg_len = sizeof message,
	                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = AF_UNIX,
	                    .udiag_states = UINT32_MAX,
	                    .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS |
	                                  UDIAG_SHOW_RQLEN},
	};

	return ask(a, &message, sizeof message, false);
}

static int ask_inet(const struct asking *a, int family, bool is_udp, bool counts) {
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = {.nlmsg_len = sizeof message,
	                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.request = {.sdiag_family = (uint8_t)family,
	                    .sdiag_protocol = is_udp ? IPPROTO_UDP : IPPROTO_TCP,
	                    .idiag_ext = counts ? 1 << (INET_DIAG_INFO - 1) : 0,
	                    .idiag_states = is_udp ? UINT32_MAX : ALL_BUT_TIME_WAIT},
	};
	int error = ask(a, &message, sizeof message, is_udp);

	/* A machine without IPv6 has no such sockets. */
	return family == AF_INET6 && (error == ENOENT || error == EAFNOSUPPORT) ? 0 : error;
}

/* A netlink socket belongs to the namespace it was made in. Negative errno when it cannot be had. */
static int open_in(int proc_fd, int64_t pid) {
	struct stat own_st, its_st;
	char path[48];

	snprintf(path, sizeof path, "%" PRId64 "/ns/net", pid);
	CLEANUP(fd_closep) int own = openat(proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);
	CLEANUP(fd_closep)
	int its = pid > 0 ? openat(proc_fd, path, O_RDONLY | O_CLOEXEC) : -1;

	if (pid > 0 && (own < 0 || its < 0)) {
		return -errno;
	}
	bool elsewhere = pid > 0 && fstat(own, &own_st) == 0 && fstat(its, &its_st) == 0 &&
	                 own_st.st_ino != its_st.st_ino;

	if (elsewhere && setns(its, CLONE_NEWNET) < 0) {
		return -errno;
	}
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int error = fd < 0 ? errno : 0;

	if (elsewhere && setns(own, CLONE_NEWNET) < 0 && !error) {
		error = errno;
	}
	if (error && fd >= 0) {
		close(fd);
	}
	return error ? -error : fd;
}

int sockets_ask(struct sockets *s, int proc_fd, int64_t pid, unsigned what) {
	CLEANUP(fd_closep) int fd = open_in(proc_fd, pid);
	static const int families[] = {AF_INET, AF_INET6};
	struct asking a = {.sockets = s, .fd = fd};
	int error = fd < 0 ? -fd : 0;

	if (!error) {
		a.answer = arena_alloc(s->arena, ANSWER_SIZE);
	}
	if (!error && what & SOCKETS_UNIX) {
		error = ask_unix(&a);
	}
	for (size_t i = 0; !error && i < 2; i++) {
		if (what & SOCKETS_TCP) {
			error = ask_inet(&a, families[i], false, (what & SOCKETS_COUNTS) != 0);
		}
		/* Its diagnosis may be a module that is not there: then it is told of no UDP. */
		if (!error && what & SOCKETS_UDP) {
			ask_inet(&a, families[i], true, false);
		}
	}
	return error;
}
