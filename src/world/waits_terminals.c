/* SPDX-License-Identifier: MIT
 * Who shows what is written to a pseudoterminal: whoever has its master. The links of masters are all alike; the number of
 * the terminal is in fdinfo ("tty-index:", drivers/tty/pty.c, pty_show_fdinfo, since Linux 4.14). A container has numbers
 * of its own, so that the master has to lie on the same devpts, or be opened by one that sees the same mounts
 * (Documentation/filesystems/devpts.rst).
 */
#include "base/path.h"
#include "world/proc_opened.h"
#include "world/waits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LINK_SIZE 64

static const char prefix[] = "/dev/pts/";

/* The number of the terminal that a link leads to, -1 none. */
static int64_t number_of(const char *link) {
	int64_t number;

	return str_starts(link, prefix) && str_to_int64(link + sizeof prefix - 1, &number) == 0
	               ? number
	               : -1;
}

static bool is_master(const char *link) {
	return streq(link, "/dev/ptmx") || streq(link, "/dev/pts/ptmx");
}

static int64_t index_of(struct waits *w, int64_t pid, int fd) {
	struct slice text, line, key;
	char name[48];
	int64_t index;

	snprintf(name, sizeof name, "fdinfo/%d", fd);
	if (proc_read(w->arena, w->proc_fd, pid, name, WAITS_TEXT_CAP, &text) != 0) {
		return -1;
	}
	while (slice_line(&text, &line)) {
		if (slice_cut(&line, ':', &key) && slice_eq(key, "tty-index")) {
			return str_to_int64(arena_slicedup(w->arena, slice_trim(line)), &index) == 0
			               ? index
			               : -1;
		}
	}
	return -1;
}

static dev_t device_of(const struct waits *w, int64_t pid, int fd) {
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "%" PRId64 "/fd/%d", pid, fd);
	return fstatat(w->proc_fd, path, &st, 0) == 0 ? st.st_dev : 0;
}

static bool is_same_machine(struct waits *w, const struct waits_terminal *t, int64_t pid, int fd) {
	const char *ours = proc_link(w->arena, w->proc_fd, t->pid, "ns/mnt");
	const char *theirs = proc_link(w->arena, w->proc_fd, pid, "ns/mnt");

	return device_of(w, t->pid, t->fd) == device_of(w, pid, fd) ||
	       (ours && theirs && streq(ours, theirs));
}

static void add_master(struct waits *w, int64_t pid, int fd, size_t first) {
	int64_t index = index_of(w, pid, fd);

	for (size_t i = first; i < w->terminal_count; i++) {
		struct waits_terminal *t = &w->terminals[i];

		if (t->index == index && t->master_pid == 0 && is_same_machine(w, t, pid, fd)) {
			t->master_pid = pid;
			t->master_fd = fd;
			waits_add(w, pid, WAITS_PEER);
		}
	}
}

static void find_masters(struct waits *w, size_t first) {
	struct proc_opened o;

	if (proc_opened_open(&o, w->proc_fd) != 0) {
		return;
	}
	while (proc_opened_next(&o)) {
		if (is_master(o.link)) {
			add_master(w, o.pids.number, o.fds.number, first);
		}
	}
	proc_opened_close(&o);
}

static void take_terminals(struct waits *w, const struct waits_process *p) {
	struct proc_numbers fds;
	char link[LINK_SIZE];

	if (proc_fds_open(&fds, w->proc_fd, p->pid) != 0) {
		return;
	}
	while (w->terminal_count < WAITS_TERMINALS_MAX && proc_numbers_next(&fds)) {
		if (waits_may_wait_on(p, fds.number) &&
		    proc_numbers_link(&fds, link, sizeof link) && number_of(link) >= 0) {
			w->terminals[w->terminal_count++] = (struct waits_terminal){
				.pid = p->pid, .fd = fds.number, .index = number_of(link)};
		}
	}
	proc_numbers_close(&fds);
}

bool waits_find_terminals(struct waits *w) {
	size_t count = w->count, first = w->terminal_count;

	for (size_t i = w->terminals_of; i < count; i++) {
		take_terminals(w, w->list[i]);
	}
	w->terminals_of = count;
	if (w->terminal_count > first) {
		find_masters(w, first);
	}
	return w->count > count;
}

void waits_put_master(struct waits *w, int64_t pid, int fd) {
	for (size_t i = 0; i < w->terminal_count; i++) {
		const struct waits_terminal *t = &w->terminals[i];

		if (t->pid == pid && t->fd == fd && t->master_pid > 0) {
			strbuf_printf(w->out, "end=%" PRId64 " %d b\n", t->master_pid,
			              t->master_fd);
		}
	}
}
