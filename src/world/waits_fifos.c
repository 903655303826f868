/* SPDX-License-Identifier: MIT
 * Who else has a named pipe open that somebody reads or writes. Its descriptors show a path, not the number of a pipe,
 * so they are looked for only when a thread is in a call on one.
 */
#include "base/fd.h"
#include "world/proc_opened.h"
#include "world/waits.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define LINK_SIZE 512

bool waits_fifo_of(const struct waits *w, int64_t pid, int fd, uint64_t *ret_ino) {
	char path[64];
	struct statx st;

	snprintf(path, sizeof path, "%" PRId64 "/fd/%d", pid, fd);
	/* What it leads to may lie on a file system that does not answer: that is not asked. */
	if (statx(w->proc_fd, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO,
	          &st) < 0 ||
	    !S_ISFIFO(st.stx_mode)) {
		return false;
	}
	*ret_ino = st.stx_ino;
	return true;
}

static bool is_known(const struct waits *w, uint64_t ino, const char *path) {
	for (size_t i = 0; i < w->fifo_count; i++) {
		if (w->fifos[i].ino == ino && streq(w->fifos[i].path, path)) {
			return true;
		}
	}
	return false;
}

static void add_end(struct waits *w, const struct waits_fifo *f, int64_t pid, int fd) {
	struct waits_holder h = {.ino = f->ino, .pid = pid, .fd = fd, .is_pipe = true};
	uint64_t ino;

	if (w->fifo_end_count < WAITS_FIFO_ENDS_MAX && waits_fifo_of(w, pid, fd, &ino) &&
	    ino == f->ino) {
		w->fifo_ends[w->fifo_end_count++] = h;
		waits_add(w, pid, WAITS_PEER);
	}
}

/* Those who have one of the named pipes from first on open. A path may mean another file elsewhere, so the number of the
 * file counts, too. */
static void find_ends(struct waits *w, size_t first) {
	struct proc_opened o;

	if (proc_opened_open(&o, w->proc_fd) != 0) {
		return;
	}
	while (proc_opened_next(&o)) {
		for (size_t i = first; i < w->fifo_count; i++) {
			if (streq(o.link, w->fifos[i].path)) {
				add_end(w, &w->fifos[i], o.pids.number, o.fds.number);
			}
		}
	}
	proc_opened_close(&o);
}

static void take_fifos(struct waits *w, const struct waits_process *p) {
	struct proc_numbers fds;
	char link[LINK_SIZE];
	uint64_t ino;

	if (proc_fds_open(&fds, w->proc_fd, p->pid) != 0) {
		return;
	}
	while (w->fifo_count < WAITS_FIFOS_MAX && proc_numbers_next(&fds)) {
		if (waits_may_wait_on(p, fds.number) &&
		    proc_numbers_link(&fds, link, sizeof link) && link[0] == '/' &&
		    !str_starts(link, "/dev/") && waits_fifo_of(w, p->pid, fds.number, &ino) &&
		    !is_known(w, ino, link)) {
			w->fifos[w->fifo_count++] =
				(struct waits_fifo){arena_strdup(w->arena, link), ino};
		}
	}
	proc_numbers_close(&fds);
}

bool waits_find_fifos(struct waits *w) {
	size_t count = w->count, first = w->fifo_count;

	for (size_t i = 0; i < count; i++) {
		take_fifos(w, w->list[i]);
	}
	if (w->fifo_count > first) {
		find_ends(w, first);
	}
	return w->count > count;
}
