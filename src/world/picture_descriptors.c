/* SPDX-License-Identifier: MIT
 * The descriptors of a process, with what fdinfo says of them. Source: proc_pid_fdinfo(5), fs/proc/fd.c (pos, flags,
 * mnt_id; ino: 5.14), show_fdinfo of fs/notify/fdinfo.c, fs/eventpoll.c, fs/eventfd.c, fs/timerfd.c, kernel/fork.c.
 */
#include "world/picture.h"

#include "base/fd.h"
#include "base/vec.h"
#include "world/proc_numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DESCRIPTORS_MAX ((size_t)4096)

struct detail {
	struct slice pos, flags, mount;
	size_t watches, polls;
};

/* What a kind of file adds and what is worth a line of its own: locks it carries, whose process a pidfd is … */
static bool is_worth(struct slice line) {
	return slice_starts(line, "lock:") || slice_starts(line, "Pid:") ||
	       slice_starts(line, "eventfd-count:") || slice_starts(line, "it_value:") ||
	       slice_starts(line, "sigmask:") || slice_starts(line, "fanotify ");
}

static bool take(struct slice line, const char *title, struct slice *ret) {
	if (!slice_starts(line, title)) {
		return false;
	}
	*ret = slice_trim(slice_from(line, strlen(title)));
	return true;
}

static struct detail detail_of(struct picture_work *w, struct slice text, int number,
                               struct strbuf *more) {
	struct detail d = {slice_str("-"), slice_str("-"), slice_str("-"), 0, 0};
	struct slice line;

	while (slice_line(&text, &line)) {
		if (slice_starts(line, "inotify wd:")) {
			d.watches++;
		} else if (slice_starts(line, "tfd:")) {
			d.polls++;
		} else if (!take(line, "pos:", &d.pos) && !take(line, "flags:", &d.flags) &&
		           !take(line, "mnt_id:", &d.mount) && is_worth(line)) {
			strbuf_printf(more, "fdinfo=%d ", number);
			strbuf_add(more,
			           keyline_escape(w->arena,
			                          arena_slicedup(w->arena, slice_trim(line))));
			strbuf_add_char(more, '\n');
		}
	}
	return d;
}

static void note_socket(struct picture_work *w, const struct picture_subject *p,
                        const char *target) {
	VEC_ROOM(w->arena, w->sockets, w->socket_count, &w->socket_size);
	w->sockets[w->socket_count++] = (struct picture_socket_of){
		.net = p->net,
		.inode = strtoull(target + strlen("socket:["), NULL, 10),
		.pid = p->pid,
	};
}

static void put_descriptor(struct picture_work *w, struct picture_subject *p,
                           struct picture_subject *info, const struct proc_numbers *fds) {
	char target[PATH_MAX + 1];
	struct strbuf more;
	struct slice text;

	if (!proc_numbers_link(fds, target, sizeof target)) {
		return; /* it has been closed */
	}
	picture_read(w, info, fds->name, NULL, &text);
	strbuf_init(&more, w->arena);
	struct detail d = detail_of(w, text, fds->number, &more);

	strbuf_printf(w->out, "fd=%d %.*s %.*s %.*s ", fds->number, (int)d.flags.len, d.flags.data,
	              (int)d.pos.len, d.pos.data, (int)d.mount.len, d.mount.data);
	strbuf_add(w->out, keyline_escape(w->arena, target));
	strbuf_add_char(w->out, '\n');
	strbuf_add_n(w->out, more.data, more.len);
	if (streq(target, "anon_inode:inotify")) {
		strbuf_printf(w->out, "watches=%d %zu\n", fds->number, d.watches);
	} else if (streq(target, "anon_inode:[eventpoll]")) {
		strbuf_printf(w->out, "polls=%d %zu\n", fds->number, d.polls);
	} else if (str_starts(target, "socket:[")) {
		note_socket(w, p, target);
	}
}

void picture_put_descriptors(struct picture_work *w, struct picture_subject *p) {
	struct proc_numbers fds;
	size_t count = 0;

	if (proc_numbers_open(&fds, p->dir_fd, "fd") != 0) {
		picture_miss(p, "fds");
		return;
	}
	CLEANUP(fd_closep)
	int info_fd = openat(p->dir_fd, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct picture_subject info = {.pid = p->pid, .dir_fd = info_fd};

	while (proc_numbers_next(&fds)) {
		if (count++ < DESCRIPTORS_MAX) {
			put_descriptor(w, p, &info, &fds);
		}
	}
	proc_numbers_close(&fds);
	strbuf_printf(w->out, "fds=%zu\n", count);
}
