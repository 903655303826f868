/* SPDX-License-Identifier: MIT
 */
#include "world/lock_process.h"
#include "world/waits.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HOLDERS_MAX 16
#define LINES_MAX   ((size_t)1024)

/* Who has a lock in this place by what their descriptors say: the process that asked for it may have
 * ended and left it to a child, or live in another pid namespace. */
static size_t holders_by_descriptor(struct waits *w, const struct lock_place *place, int64_t *pids,
                                    size_t max) {
	size_t count = 0;
	int fd = openat(w->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && count < max;
	     e = readdir(dir)) {
		int64_t pid;

		if (str_to_int64(e->d_name, &pid) == 0 &&
		    lock_process_has(lock_process_read(w->arena, w->proc_fd, pid), place)) {
			pids[count++] = pid;
		}
	}
	if (dir) {
		closedir(dir);
	}
	return count;
}

/* Is it the process that the table names, as far as one may see? */
static bool is_holder(struct waits *w, const struct lock_line *held) {
	const struct lock_process *p =
		held->pid > 0 ? lock_process_read(w->arena, w->proc_fd, held->pid) : NULL;

	return p && (p->sight == LOCK_SIGHT_DENIED || lock_process_has(p, &held->place));
}

static const char *holder_path(struct waits *w, int64_t waiter) {
	const struct waits_process *p = waits_find(w, waiter);

	for (size_t i = 0; p && i < p->thread_count; i++) {
		const struct waits_thread *t = &p->threads[i];

		if (streq(t->call, "flock") || streq(t->call, "fcntl")) {
			return proc_link(w->arena, w->proc_fd, waiter,
			                 arena_printf(w->arena, "fd/%" PRIu64, t->args[0]));
		}
	}
	return NULL;
}

static const char *carried_path(struct waits *w, int64_t pid, const struct lock_place *place) {
	const struct lock_fd *fd =
		lock_process_has(lock_process_read(w->arena, w->proc_fd, pid), place);

	return fd ? proc_link(w->arena, w->proc_fd, pid,
	                      arena_printf(w->arena, "fd/%" PRId64, fd->number))
	          : NULL;
}

static void put_holders(struct waits *w, const int64_t *pids, size_t count, int64_t waiter) {
	for (size_t i = 0; i < count; i++) {
		if (pids[i] != waiter) {
			strbuf_printf(w->out, "holder=%" PRId64 "\n", pids[i]);
			waits_add_tree(w, pids[i], WAITS_HOLDER);
			waits_add_ancestors(w, pids[i]);
		}
	}
}

/* The mount of the file behind a descriptor, and where that file is in the eyes of the lock table. */
static bool place_of(struct waits *w, int64_t pid, uint64_t fd, struct lock_place *ret,
                     struct lock_mount *ret_mount) {
	struct lock_process *p = lock_process_read(w->arena, w->proc_fd, pid);

	for (size_t i = 0; i < p->count; i++) {
		const struct lock_fd *f = &p->fds[i];

		if ((uint64_t)f->number == fd && f->has_ino &&
		    lock_mount_of(w->arena, w->proc_fd, p, f->mnt_id, ret_mount)) {
			*ret = (struct lock_place){.major = ret_mount->major,
			                           .minor = ret_mount->minor,
			                           .ino = f->ino};
			return true;
		}
	}
	return false;
}

static bool waits_for_lock(const struct waits_thread *t) {
	return streq(t->call, "flock") ||
	       (streq(t->call, "fcntl") && (t->args[1] == F_SETLKW || t->args[1] == F_OFD_SETLKW));
}

/* On which file system: whoever has a lock there need not be on this machine. */
static void put_fstype(struct waits *w, int64_t waiter) {
	const struct waits_process *p = waits_find(w, waiter);

	for (size_t i = 0; p && i < p->thread_count; i++) {
		struct lock_place place;
		struct lock_mount mount;

		if (waits_for_lock(&p->threads[i]) &&
		    place_of(w, waiter, p->threads[i].args[0], &place, &mount)) {
			keyline_put(w->out, "fstype", mount.fstype);
			return;
		}
	}
}

static void put_lock(struct waits *w, const struct lock_line *wait, const struct lock_line *held) {
	int64_t pids[HOLDERS_MAX];
	size_t count = 0;
	const char *path = holder_path(w, wait->pid);

	if (held && is_holder(w, held)) {
		pids[count++] = held->pid;
	} else {
		count = holders_by_descriptor(w, &wait->place, pids, HOLDERS_MAX);
	}
	/* The one that waits may have been on its way there when it was looked at. */
	for (size_t i = 0; i < count && !path; i++) {
		path = carried_path(w, pids[i], &wait->place);
	}
	strbuf_printf(w->out, "record=lock\npid=%" PRId64 "\nclass=%s\n", wait->pid, wait->class);
	strbuf_printf(w->out, "place=%02x:%02x:%" PRIu64 "\n", wait->place.major, wait->place.minor,
	              wait->place.ino);
	if (path) {
		keyline_put(w->out, "link", path);
	}
	put_fstype(w, wait->pid);
	put_holders(w, pids, count, wait->pid);
	strbuf_add_char(w->out, '\n');
}

/* The lock a process waits for although no line says so: by what it is in a call on. The table leaves out a lock whose
 * process has ended or is in a pid namespace we do not see, with all that wait for it, and names nobody for those of
 * open files (core/lock_line.h). */
static void put_unlisted(struct waits *w, const struct waits_process *p) {
	for (size_t i = 0; i < p->thread_count; i++) {
		const struct waits_thread *t = &p->threads[i];
		struct lock_place place;
		struct lock_mount mount;
		int64_t pids[HOLDERS_MAX];
		size_t count = 0;

		if (!waits_for_lock(t)) {
			continue;
		}
		const char *link = proc_link(w->arena, w->proc_fd, p->pid,
		                             arena_printf(w->arena, "fd/%" PRIu64, t->args[0]));

		strbuf_printf(w->out, "record=lock\npid=%" PRId64 "\nclass=%s\n", p->pid,
		              streq(t->call, "flock")      ? "FLOCK"
		              : t->args[1] == F_OFD_SETLKW ? "OFDLCK"
		                                           : "POSIX");
		if (place_of(w, p->pid, t->args[0], &place, &mount)) {
			keyline_put(w->out, "fstype", mount.fstype);
			strbuf_printf(w->out, "place=%02x:%02x:%" PRIu64 "\n", place.major,
			              place.minor, place.ino);
			count = holders_by_descriptor(w, &place, pids, HOLDERS_MAX);
		} else {
			strbuf_add(w->out, "place=\n");
		}
		if (link) {
			keyline_put(w->out, "link", link);
		}
		put_holders(w, pids, count, p->pid);
		strbuf_add_char(w->out, '\n');
		return;
	}
}

static const struct lock_line *held_in(const struct lock_line *lines, size_t count, int64_t group) {
	for (size_t i = 0; i < count; i++) {
		if (lines[i].group == group && lines[i].depth == 0) {
			return &lines[i];
		}
	}
	return NULL;
}

/* Who waits for a lease to be given back has a line without a file: it is that of the lease, which is the first of the
 * group (fs/locks.c, __break_lease). */
static bool has_file(const struct lock_line *lines, size_t count, struct lock_line *line) {
	const struct lock_line *lease =
		!line->has_place && line->depth > 0 ? held_in(lines, count, line->group) : NULL;

	if (lease) {
		line->has_place = true;
		line->place = lease->place;
	}
	return line->has_place;
}

/* The lines of /proc/locks that have a file. */
static struct lock_line *table_read(struct waits *w, size_t *ret_count) {
	struct look_reply reply = {.state = EV_FAILED};
	struct lock_line *lines = arena_array_of(w->arena, struct lock_line, LINES_MAX);
	struct slice text, part;

	strbuf_init(&reply.bytes, w->arena);
	look_read_file(w->proc_fd, "locks", WAITS_LOCKS_CAP, &reply);
	text = slice_of(reply.bytes.data, reply.bytes.len);
	while (*ret_count < LINES_MAX && slice_line(&text, &part)) {
		struct lock_line *line = &lines[*ret_count];

		*ret_count += lock_line_parse(part, line) && has_file(lines, *ret_count, line);
	}
	return lines;
}

void waits_find_locks(struct waits *w) {
	size_t count = 0;
	const struct lock_line *lines = table_read(w, &count);
	bool *told = arena_array_of(w->arena, bool, WAITS_PROCESSES_MAX);

	/* The list grows by the holders, whose own waits count, too. */
	for (size_t i = 0; i < w->count; i++) {
		for (size_t k = 0; k < count; k++) {
			if (lines[k].depth > 0 && lines[k].pid == w->list[i]->pid) {
				put_lock(w, &lines[k], held_in(lines, count, lines[k].group));
				told[i] = true;
			}
		}
		if (!told[i] && w->list[i]->relation != WAITS_ANCESTOR) {
			put_unlisted(w, w->list[i]);
		}
	}
}
