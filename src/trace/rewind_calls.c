/* SPDX-License-Identifier: MIT
 * What a call that succeeded did to descriptors, the working directory and locks. Which call it is
 * is looked up once: an action by number.
 */
#include "trace/rewind_private.h"

#include "base/str.h"
#include "trace/address.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define NO_CWD "?"

/* What a call does. flag: which argument has O_CLOEXEC, NEVER none, ALWAYS when the kernel sets it unasked; of calls with a
 * path which argument that is stands in `at`. name: as the links in /proc/PID/fd spell it (fs/anon_inodes.c, fs/eventpoll.c
 * and the others of Linux 6.1). */
struct what {
	const char *call;
	void (*act)(struct rewind *r, struct rewind_process *p, const struct event *e,
	            const struct what *w);
	int flag;
	const char *name;
	int at;
};

#define NEVER  (-1)
#define ALWAYS (-2)

static int64_t end_of(const struct event *e) {
	return e->start_ns + e->duration_ns;
}

static enum rewind_cloexec cloexec_of(const struct what *w, const struct event *e) {
	return w->flag == ALWAYS                                     ? CLOEXEC_YES
	       : w->flag >= 0 && (e->args[w->flag] & O_CLOEXEC) != 0 ? CLOEXEC_YES
	                                                             : CLOEXEC_NO;
}

static struct rewind_file *open_as(struct rewind *r, struct rewind_process *p, int64_t fd,
                                   const char *path, enum rewind_cloexec cloexec,
                                   const struct event *e) {
	struct rewind_file *file = rewind_new_file(r, p, path, end_of(e));
	if (!file || fd < 0 || fd > REWIND_FD_MAX) {
		rewind_put(r, p, -1, file, cloexec, end_of(e));
		return NULL;
	}
	rewind_put(r, p, (int)fd, file, cloexec, end_of(e));
	return file;
}

static void do_open(struct rewind *r, struct rewind_process *p, const struct event *e,
                    const struct what *w) {
	int path_at = w->at;
	const struct payload *path = event_payload(e, PAYLOAD_STRING, path_at);
	int dir = path_at == 0 ? AT_FDCWD : (int)e->args[0];
	enum rewind_cloexec cloexec = cloexec_of(w, e);
	uint64_t how = 0;
	if (w->flag == NEVER && path_at == 1 && event_struct(e, 2, &how, sizeof(how))) {
		cloexec = how & O_CLOEXEC ? CLOEXEC_YES : CLOEXEC_NO;
	}
	open_as(r, p, e->result, path ? rewind_path(r, p, dir, path->bytes) : "", cloexec, e);
}

static void do_two(struct rewind *r, struct rewind_process *p, const struct event *e,
                   const struct what *w) {
	bool pipe = w->at == 0;
	int fds[2];
	if (!event_struct(e, w->at, fds, sizeof(fds))) {
		return;
	}
	r->pairs++;
	for (int i = 0; i < 2; i++) {
		struct rewind_file *file =
			open_as(r, p, fds[i], pipe ? "pipe:" : "socket:", cloexec_of(w, e), e);
		if (file) {
			file->pair = r->pairs;
		}
	}
}

static void dup_to(struct rewind *r, struct rewind_process *p, const struct event *e, int64_t to,
                   enum rewind_cloexec cloexec) {
	const struct rewind_fd *from = rewind_get(p, (int)e->args[0]);
	if (from && to == from->fd) {
		return;
	}
	if (from) {
		rewind_put(r, p, (int)to, from->file, cloexec, end_of(e));
	} else {
		open_as(r, p, to, "", cloexec, e);
	}
}

static void do_dup(struct rewind *r, struct rewind_process *p, const struct event *e,
                   const struct what *w) {
	dup_to(r, p, e, e->result, cloexec_of(w, e));
}

static void do_fcntl(struct rewind *r, struct rewind_process *p, const struct event *e,
                     const struct what *w) {
	(void)w;
	struct rewind_fd *fd = rewind_get(p, (int)e->args[0]);
	switch (e->args[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		dup_to(r, p, e, e->result, e->args[1] == F_DUPFD ? CLOEXEC_NO : CLOEXEC_YES);
		break;
	case F_SETFD:
		if (fd) {
			fd->cloexec = e->args[2] & FD_CLOEXEC ? CLOEXEC_YES : CLOEXEC_NO;
		}
		break;
	case F_GETFD:
		if (fd) {
			fd->cloexec = e->result & FD_CLOEXEC ? CLOEXEC_YES : CLOEXEC_NO;
		}
		break;
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		rewind_fcntl_lock(r, p, e);
		break;
	default:
		break;
	}
}

static void unshare_fds(struct rewind *r, struct rewind_process *p) {
	if (p->fds && p->fds->refs > 1) {
		struct rewind_fds *own = rewind_fds_copy(r, p->fds);
		rewind_fds_drop(r, p);
		p->fds = own;
	}
}

static void do_close_range(struct rewind *r, struct rewind_process *p, const struct event *e,
                           const struct what *w) {
	(void)w;
	uint64_t first = (uint32_t)e->args[0], last = (uint32_t)e->args[1];
	if (e->args[2] & CLOSE_RANGE_UNSHARE) {
		unshare_fds(r, p);
	}
	for (size_t i = p->fds ? p->fds->count : 0; i-- > 0;) {
		struct rewind_fd *fd = &p->fds->items[i];
		if ((uint64_t)fd->fd < first || (uint64_t)fd->fd > last) {
			continue;
		}
		if (e->args[2] & CLOSE_RANGE_CLOEXEC) {
			fd->cloexec = CLOEXEC_YES;
		} else {
			rewind_close(r, p, fd->fd);
		}
	}
}

/* ---- sockets ---- */

static const char *address_name(struct rewind *r, struct slice s) {
	char text[160] = "";
	struct inet_address inet;
	if (address_family(s) == AF_UNSPEC) {
		return "";
	}
	if (inet_address_read(s, &inet)) {
		inet_address_text(&inet, text);
	} else if (address_family(s) == AF_UNIX) {
		bool abstract;
		struct slice name = unix_address_name(s, &abstract);
		snprintf(text, sizeof(text), "unix:%s%.*s", abstract ? "@" : "", (int)name.len,
		         name.data);
	} else {
		snprintf(text, sizeof(text), "family %u", address_family(s));
	}
	return rewind_name(r, slice_str(text));
}

static const char *payload_address(struct rewind *r, const struct event *e) {
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, 1);
	return p ? address_name(r, p->bytes) : "";
}

static void name_peer(struct rewind *r, struct rewind_process *p, const struct event *e,
                      const struct what *w) {
	(void)w;
	struct rewind_fd *fd = rewind_get(p, (int)e->args[0]);
	const char *peer = payload_address(r, e);
	if (fd && *peer) {
		fd->file->peer = peer;
	}
}

/* ---- processes ---- */

/* The kernel takes the lowest free number for a pidfd and writes it where no backend looks. */
static void add_pidfd(struct rewind *r, struct rewind_process *p, const struct event *e,
                      uint64_t flags) {
	if (flags & CLONE_PIDFD && e->result > 0) {
		open_as(r, p, rewind_lowest(p), "anon_inode:[pidfd]", CLOEXEC_YES, e);
	}
}

static void do_clone3(struct rewind *r, struct rewind_process *p, const struct event *e,
                      const struct what *w) {
	(void)w;
	uint64_t flags = 0;
	(void)event_struct(e, 0, &flags, sizeof(flags));
	add_pidfd(r, p, e, flags);
}

static void do_memfd(struct rewind *r, struct rewind_process *p, const struct event *e,
                     const struct what *w) {
	(void)w;
	const struct payload *name = event_payload(e, PAYLOAD_STRING, 0);
	char text[300];
	snprintf(text, sizeof(text), "/memfd:%.*s (deleted)", name ? (int)name->bytes.len : 0,
	         name ? name->bytes.data : "");
	open_as(r, p, e->result, rewind_name(r, slice_str(text)),
	        e->args[1] & 1 ? CLOEXEC_YES : CLOEXEC_NO, e);
}

static void do_chdir(struct rewind *r, struct rewind_process *p, const struct event *e,
                     const struct what *w) {
	(void)w;
	const struct payload *path = event_payload(e, PAYLOAD_STRING, 0);
	rewind_place_set(r, p, path ? rewind_path(r, p, AT_FDCWD, path->bytes) : NO_CWD);
}

static void do_fchdir(struct rewind *r, struct rewind_process *p, const struct event *e,
                      const struct what *w) {
	(void)w;
	const struct rewind_fd *fd = rewind_get(p, (int)e->args[0]);
	rewind_place_set(r, p, fd ? fd->file->path : NO_CWD);
}

static void do_ioctl(struct rewind *r, struct rewind_process *p, const struct event *e,
                     const struct what *w) {
	(void)r;
	(void)w;
	struct rewind_fd *fd = rewind_get(p, (int)e->args[0]);
	if (fd && (uint32_t)e->args[1] == FIOCLEX) {
		fd->cloexec = CLOEXEC_YES;
	} else if (fd && (uint32_t)e->args[1] == FIONCLEX) {
		fd->cloexec = CLOEXEC_NO;
	}
}

static void do_execve(struct rewind *r, struct rewind_process *p, const struct event *e,
                      const struct what *w) {
	const struct payload *path = event_payload(e, PAYLOAD_STRING, w->at);
	if (path && path->bytes.len > 0) {
		p->exe = rewind_path(r, p, w->at ? (int)e->args[0] : AT_FDCWD, path->bytes);
	}
}

static void do_socket(struct rewind *r, struct rewind_process *p, const struct event *e,
                      const struct what *w) {
	open_as(r, p, e->result, w->name, cloexec_of(w, e), e);
}

static void do_accept(struct rewind *r, struct rewind_process *p, const struct event *e,
                      const struct what *w) {
	const char *peer = payload_address(r, e);
	struct rewind_file *file = open_as(r, p, e->result, "socket:", cloexec_of(w, e), e);
	if (file) {
		file->peer = peer;
	}
}

static void do_close(struct rewind *r, struct rewind_process *p, const struct event *e,
                     const struct what *w) {
	(void)w;
	rewind_close(r, p, (int)e->args[0]);
}

static void do_flock(struct rewind *r, struct rewind_process *p, const struct event *e,
                     const struct what *w) {
	(void)w;
	rewind_flock(r, p, e);
}

static void do_clone(struct rewind *r, struct rewind_process *p, const struct event *e,
                     const struct what *w) {
	(void)w;
	add_pidfd(r, p, e, e->args[0]);
}

static void do_unshare(struct rewind *r, struct rewind_process *p, const struct event *e,
                       const struct what *w) {
	(void)w;
	if (e->args[0] & CLONE_FILES) {
		unshare_fds(r, p);
	}
}

static const struct what whats[] = {
	{"open", do_open, 1, NULL, 0},
	{"openat", do_open, 2, NULL, 1},
	{"openat2", do_open, NEVER, NULL, 1},
	{"creat", do_open, NEVER, NULL, 0},
	{"socket", do_socket, 1, "socket:", 0},
	{"socketpair", do_two, 1, NULL, 3},
	{"pipe", do_two, NEVER, NULL, 0},
	{"pipe2", do_two, 1, NULL, 0},
	{"dup", do_dup, NEVER, NULL, 0},
	{"dup2", do_dup, NEVER, NULL, 0},
	{"dup3", do_dup, 2, NULL, 0},
	{"fcntl", do_fcntl, NEVER, NULL, 0},
	{"fcntl64", do_fcntl, NEVER, NULL, 0},
	{"close", do_close, NEVER, NULL, 0},
	{"close_range", do_close_range, NEVER, NULL, 0},
	{"chdir", do_chdir, NEVER, NULL, 0},
	{"fchdir", do_fchdir, NEVER, NULL, 0},
	{"flock", do_flock, NEVER, NULL, 0},
	{"connect", name_peer, NEVER, NULL, 0},
	{"bind", name_peer, NEVER, NULL, 0},
	{"accept", do_accept, NEVER, NULL, 0},
	{"accept4", do_accept, 3, NULL, 0},
	{"eventfd", do_socket, NEVER, "anon_inode:[eventfd]", 0},
	{"eventfd2", do_socket, 1, "anon_inode:[eventfd]", 0},
	{"epoll_create", do_socket, NEVER, "anon_inode:[eventpoll]", 0},
	{"epoll_create1", do_socket, 0, "anon_inode:[eventpoll]", 0},
	{"timerfd_create", do_socket, 1, "anon_inode:[timerfd]", 0},
	{"signalfd", do_socket, NEVER, "anon_inode:[signalfd]", 0},
	{"signalfd4", do_socket, 3, "anon_inode:[signalfd]", 0},
	{"inotify_init", do_socket, NEVER, "anon_inode:inotify", 0},
	{"inotify_init1", do_socket, 0, "anon_inode:inotify", 0},
	{"fanotify_init", do_socket, NEVER, "anon_inode:[fanotify]", 0},
	{"pidfd_open", do_socket, ALWAYS, "anon_inode:[pidfd]", 0},
	{"perf_event_open", do_socket, NEVER, "anon_inode:[perf_event]", 0},
	{"userfaultfd", do_socket, 0, "anon_inode:[userfaultfd]", 0},
	{"io_uring_setup", do_socket, ALWAYS, "anon_inode:[io_uring]", 0},
	{"landlock_create_ruleset", do_socket, ALWAYS, "anon_inode:[landlock-ruleset]", 0},
	{"memfd_create", do_memfd, 1, NULL, 0},
	{"pidfd_getfd", do_socket, ALWAYS, "", 0},
	{"clone", do_clone, NEVER, NULL, 0},
	{"clone3", do_clone3, NEVER, NULL, 0},
	{"unshare", do_unshare, NEVER, NULL, 0},
	{"ioctl", do_ioctl, NEVER, NULL, 0},
	{"execve", do_execve, NEVER, NULL, 0},
	{"execveat", do_execve, NEVER, NULL, 1},
};

#define WHATS (sizeof(whats) / sizeof(whats[0]))

const struct call_set *rewind_calls(struct arena *arena) {
	const struct call_set *set = NULL;
	struct strbuf names;
	strbuf_init(&names, arena);
	for (size_t i = 0; i < WHATS; i++) {
		strbuf_printf(&names, "%s%s", i > 0 ? "," : "", whats[i].call);
	}
	return call_set_parse(arena, names.data, &set, NULL) < 0 ? NULL : set;
}

void rewind_actions_init(struct rewind *r) {
	_Static_assert(WHATS < 255, "an action is a byte");
	for (int arch = 0; arch < REWIND_ARCHES; arch++) {
		for (size_t i = 0; i < WHATS; i++) {
			int number = call_number((enum event_arch)arch, whats[i].call);
			if (number >= 0) {
				r->actions[arch][number % CALL_NUMBER_MAX] = (unsigned char)(i + 1);
			}
		}
	}
}

static const struct what *what_of(const struct rewind *r, const struct event *e) {
	int number = e->arch == ARCH_X32 ? e->number & 0x3fffffff : e->number;
	unsigned char at = number >= 0 && number < CALL_NUMBER_MAX && e->arch < REWIND_ARCHES
	                           ? r->actions[e->arch][number]
	                           : 0;
	return at > 0 ? &whats[at - 1] : NULL;
}

/* Calls that failed changed nothing. Exceptions: close frees the number whatever it said but EBADF (close(2)); a connect
 * that goes on in the background has its address. */
void rewind_call(struct rewind *r, struct rewind_process *p, const struct event *e) {
	const struct what *w = what_of(r, e);
	if (!w) {
		return;
	}
	bool closes = w->act == do_close && e->result != -EBADF;
	bool connects = w->act == name_peer && e->result == -EINPROGRESS;
	if (e->result >= 0 || closes || connects) {
		w->act(r, p, e, w);
	}
}
