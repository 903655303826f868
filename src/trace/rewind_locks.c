/* SPDX-License-Identifier: MIT
 * Locks as the kernel keeps them: flock(2) and OFD locks belong to an open file description, POSIX
 * locks to a process and go with any descriptor of the file that it closes (fcntl(2)).
 */
#include "trace/rewind_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>

static void drop(struct rewind *r, size_t at) {
	r->locks[at] = r->locks[--r->lock_count];
}

static void add(struct rewind *r, const struct rewind_lock *lock) {
	if (r->lock_count == r->lock_slots) {
		size_t more = r->lock_slots > 0 ? r->lock_slots * 2 : 16;
		struct rewind_lock *bigger = realloc(r->locks, more * sizeof(*bigger));
		if (!bigger) {
			r->no_memory = true;
			return;
		}
		r->locks = bigger;
		r->lock_slots = more;
	}
	r->locks[r->lock_count++] = *lock;
}

void rewind_locks_of_file(struct rewind *r, const struct rewind_file *file) {
	for (size_t i = r->lock_count; i-- > 0;) {
		if (r->locks[i].kind != LOCK_KIND_POSIX && r->locks[i].file == file) {
			drop(r, i);
		}
	}
}

void rewind_locks_of_process(struct rewind *r, pid_t pid, const char *path) {
	for (size_t i = r->lock_count; i-- > 0;) {
		const struct rewind_lock *l = &r->locks[i];
		if (l->kind == LOCK_KIND_POSIX && l->pid == pid && (!path || l->path == path)) {
			drop(r, i);
		}
	}
}

void rewind_flock(struct rewind *r, struct rewind_process *p, const struct event *e) {
	const struct rewind_fd *f = rewind_get(p, (int)e->args[0]);
	if (!f || e->result != 0) {
		return;
	}
	for (size_t i = r->lock_count; i-- > 0;) {
		if (r->locks[i].kind == LOCK_KIND_FLOCK && r->locks[i].file == f->file) {
			drop(r, i);
		}
	}
	if (!(e->args[1] & LOCK_UN)) {
		struct rewind_lock lock = {.kind = LOCK_KIND_FLOCK,
		                           .exclusive = (e->args[1] & LOCK_EX) != 0,
		                           .pid = p->pid,
		                           .file = f->file,
		                           .path = f->file->path,
		                           .since_ns = e->start_ns + e->duration_ns,
		                           .waited_ns = e->duration_ns};
		add(r, &lock);
	}
}

#define FOREVER INT64_MAX

static int64_t end_of(int64_t start, int64_t len) {
	return len == 0 || start > FOREVER - len ? FOREVER : start + len;
}

/* What the new range takes of the old ones of the same owner goes; what lies beside it stays. */
static void cut(struct rewind *r, const struct rewind_lock *by) {
	int64_t from = by->start, to = end_of(by->start, by->len);
	for (size_t i = r->lock_count; i-- > 0;) {
		struct rewind_lock old = r->locks[i];
		bool same =
			old.kind == by->kind &&
			(old.kind == LOCK_KIND_OFD ? old.file == by->file
		                                   : old.pid == by->pid && old.path == by->path);
		int64_t end = end_of(old.start, old.len);
		if (!same || old.start >= to || end <= from) {
			continue;
		}
		drop(r, i);
		if (old.start < from) {
			struct rewind_lock left = old;
			left.len = from - old.start;
			add(r, &left);
		}
		if (end > to) {
			struct rewind_lock right = old;
			right.start = to;
			right.len = old.len == 0 ? 0 : end - to;
			add(r, &right);
		}
	}
}

void rewind_fcntl_lock(struct rewind *r, struct rewind_process *p, const struct event *e) {
	const struct rewind_fd *f = rewind_get(p, (int)e->args[0]);
	struct flock lock;
	if (!f || e->result != 0 || !event_struct(e, 2, &lock, sizeof(lock))) {
		return;
	}
	bool ofd = e->args[1] == F_OFD_SETLK || e->args[1] == F_OFD_SETLKW;
	struct rewind_lock taken = {.kind = ofd ? LOCK_KIND_OFD : LOCK_KIND_POSIX,
	                            .exclusive = lock.l_type == F_WRLCK,
	                            .pid = p->pid,
	                            .file = f->file,
	                            .path = f->file->path,
	                            .start = lock.l_start < 0 ? 0 : lock.l_start,
	                            .len = lock.l_len < 0 ? 0 : lock.l_len,
	                            .since_ns = e->start_ns + e->duration_ns,
	                            .waited_ns = e->duration_ns};
	cut(r, &taken);
	if (lock.l_type != F_UNLCK) {
		add(r, &taken);
	}
}
