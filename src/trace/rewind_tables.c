/* SPDX-License-Identifier: MIT */
#include "trace/rewind_private.h"

#include "base/grow.h"
#include "base/path.h"

#include <fcntl.h>
#include <stdlib.h>

const char *rewind_name(struct rewind *r, struct slice text) {
	size_t before = r->names.count;
	size_t id = dictionary_id(&r->names, text);
	const char **names =
		items_grow(r->name_of, &r->name_slots, r->names.count, sizeof(*r->name_of));
	r->name_of = names ? names : r->name_of;
	if (r->names.failed || !names) {
		r->no_memory = true;
		return "";
	}
	if (r->names.count > before) {
		r->name_of[id] = arena_slicedup(r->arena, text);
	}
	return r->name_of[id];
}

/* ---- processes ---- */

static size_t position(const struct rewind *r, pid_t pid) {
	size_t low = 0, high = r->process_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (r->processes[middle]->pid < pid) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct rewind_process *rewind_find(const struct rewind *r, pid_t pid) {
	size_t at = position(r, pid);
	return at < r->process_count && r->processes[at]->pid == pid ? r->processes[at] : NULL;
}

struct rewind_process *rewind_new_process(struct rewind *r, pid_t pid) {
	struct rewind_process *p = rewind_find(r, pid);
	if (p) {
		rewind_end_process(r, p);
	} else {
		size_t at = position(r, pid);
		struct rewind_process **processes =
			items_grow(r->processes, &r->process_slots, r->process_count + 1,
		                   sizeof(*r->processes));
		r->processes = processes ? processes : r->processes;
		p = processes ? calloc(1, sizeof(*p)) : NULL;
		if (!p) {
			r->no_memory = true;
			return NULL;
		}
		memmove(&r->processes[at + 1], &r->processes[at],
		        (r->process_count++ - at) * sizeof(*r->processes));
		r->processes[at] = p;
	}
	*p = (struct rewind_process){.pid = pid, .exe = "", .threads = 1};
	return p;
}

static void place_drop(struct rewind_process *p) {
	if (p->cwd && --p->cwd->refs == 0) {
		free(p->cwd);
	}
	p->cwd = NULL;
}

void rewind_place_set(struct rewind *r, struct rewind_process *p, const char *path) {
	if (!p->cwd) {
		p->cwd = calloc(1, sizeof(*p->cwd));
		if (!p->cwd) {
			r->no_memory = true;
			return;
		}
		p->cwd->refs = 1;
	}
	p->cwd->path = path;
}

void rewind_place_share(struct rewind *r, struct rewind_process *to, struct rewind_process *from,
                        bool same) {
	place_drop(to);
	if (from->cwd && same) {
		to->cwd = from->cwd;
		to->cwd->refs++;
	} else if (from->cwd) {
		rewind_place_set(r, to, from->cwd->path);
	}
}

void rewind_end_process(struct rewind *r, struct rewind_process *p) {
	rewind_locks_of_process(r, p->pid, NULL);
	rewind_fds_drop(r, p);
	place_drop(p);
}

/* ---- files ---- */

struct rewind_file *rewind_new_file(struct rewind *r, struct rewind_process *p, const char *path,
                                    int64_t now_ns) {
	struct rewind_file *f = calloc(1, sizeof(*f));
	if (!f) {
		r->no_memory = true;
		return NULL;
	}
	f->path = path;
	f->peer = "";
	f->opened_ns = now_ns;
	f->opened_by = p->pid;
	return f;
}

static void file_drop(struct rewind *r, struct rewind_file *f) {
	if (f && --f->refs == 0) {
		rewind_locks_of_file(r, f);
		free(f);
	}
}

/* ---- tables ---- */

static size_t fd_position(const struct rewind_fds *fds, int fd) {
	size_t low = 0, high = fds->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (fds->items[middle].fd < fd) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct rewind_fd *rewind_get(const struct rewind_process *p, int fd) {
	size_t at = p->fds ? fd_position(p->fds, fd) : 0;
	return p->fds && at < p->fds->count && p->fds->items[at].fd == fd ? &p->fds->items[at]
	                                                                  : NULL;
}

int rewind_lowest(const struct rewind_process *p) {
	int fd = 0;
	for (size_t i = 0; p->fds && i < p->fds->count && p->fds->items[i].fd == fd; i++) {
		fd++;
	}
	return fd;
}

static struct rewind_fds *fds_of(struct rewind *r, struct rewind_process *p) {
	if (!p->fds) {
		p->fds = calloc(1, sizeof(*p->fds));
		if (!p->fds) {
			r->no_memory = true;
			return NULL;
		}
		p->fds->refs = 1;
	}
	return p->fds;
}

void rewind_put(struct rewind *r, struct rewind_process *p, int fd, struct rewind_file *file,
                enum rewind_cloexec cloexec, int64_t now_ns) {
	struct rewind_fds *fds = fds_of(r, p);
	if (!file) {
		return;
	}
	if (!fds || fd < 0 || fd > REWIND_FD_MAX) {
		file->refs++;
		file_drop(r, file);
		return;
	}
	file->refs++;
	rewind_close(r, p, fd);
	size_t at = fd_position(fds, fd);
	struct rewind_fd *items =
		items_grow(fds->items, &fds->slots, fds->count + 1, sizeof(*fds->items));
	if (!items) {
		r->no_memory = true;
		file_drop(r, file);
		return;
	}
	fds->items = items;
	memmove(&fds->items[at + 1], &fds->items[at], (fds->count++ - at) * sizeof(*fds->items));
	fds->items[at] =
		(struct rewind_fd){.fd = fd, .cloexec = cloexec, .since_ns = now_ns, .file = file};
}

static void take_out(struct rewind *r, struct rewind_fds *fds, size_t at) {
	struct rewind_file *file = fds->items[at].file;
	memmove(&fds->items[at], &fds->items[at + 1], (--fds->count - at) * sizeof(*fds->items));
	file_drop(r, file);
}

void rewind_close(struct rewind *r, struct rewind_process *p, int fd) {
	struct rewind_fd *f = rewind_get(p, fd);
	if (f) {
		const char *path = f->file->path;
		take_out(r, p->fds, (size_t)(f - p->fds->items));
		rewind_locks_of_process(r, p->pid, path);
	}
}

struct rewind_fds *rewind_fds_copy(struct rewind *r, const struct rewind_fds *fds) {
	struct rewind_fds *copy = calloc(1, sizeof(*copy));
	if (copy && fds) {
		copy->items = items_grow(NULL, &copy->slots, fds->count, sizeof(*fds->items));
	}
	if (!copy || (fds && !copy->items)) {
		free(copy);
		r->no_memory = true;
		return NULL;
	}
	copy->refs = 1;
	for (size_t i = 0; fds && i < fds->count; i++) {
		copy->items[copy->count++] = fds->items[i];
		fds->items[i].file->refs++;
	}
	return copy;
}

void rewind_fds_drop(struct rewind *r, struct rewind_process *p) {
	struct rewind_fds *fds = p->fds;
	p->fds = NULL;
	if (!fds || --fds->refs > 0) {
		return;
	}
	for (size_t i = 0; i < fds->count; i++) {
		file_drop(r, fds->items[i].file);
	}
	free(fds->items);
	free(fds);
}

/* Descriptors of which it is not known are taken to be closed, but for the three every program inherits: who has others on
 * purpose is rare, and Go opens everything with O_CLOEXEC. */
void rewind_close_on_exec(struct rewind *r, struct rewind_process *p) {
	if (p->fds && p->fds->refs > 1) {
		struct rewind_fds *own = rewind_fds_copy(r, p->fds);
		rewind_fds_drop(r, p);
		p->fds = own;
	}
	for (size_t i = p->fds ? p->fds->count : 0; i-- > 0;) {
		struct rewind_fd *f = &p->fds->items[i];
		if (f->cloexec == CLOEXEC_YES || (f->cloexec == CLOEXEC_UNKNOWN && f->fd > 2)) {
			rewind_close(r, p, f->fd);
		} else {
			f->execs++;
		}
	}
}

/* From "/" on, without "//", "." and "..": most that is opened. */
static bool is_clean(struct slice path) {
	const char *at = path.data, *end = path.data + path.len;
	if (path.len < 2 || *at != '/' || memchr(at, '\0', path.len)) {
		return false;
	}
	while (at) {
		size_t left = (size_t)(end - ++at);
		bool dot = left > 0 && at[0] == '.', dots = dot && left > 1 && at[1] == '.';
		size_t dotted = (size_t)dot + dots;
		if (left == dotted || at[dotted] == '/') {
			return false; /* nothing, or dots alone, between two slashes */
		}
		at = memchr(at, '/', left);
	}
	return true;
}

const char *rewind_path(struct rewind *r, const struct rewind_process *p, int dir_fd,
                        struct slice path) {
	if (is_clean(path)) {
		return rewind_name(r, path);
	}
	const char *base = p->cwd ? p->cwd->path : "";
	const struct rewind_fd *dir = dir_fd == AT_FDCWD ? NULL : rewind_get(p, dir_fd);
	base = dir_fd == AT_FDCWD ? base : dir ? dir->file->path : "";
	struct arena *arena = arena_new();
	const char *text = arena_slicedup(arena, path);
	const char *whole = text[0] == '/'   ? path_clean(arena, text)
	                    : base[0] == '/' ? path_clean(arena, path_join(arena, base, text))
	                                     : text;
	const char *name = rewind_name(r, slice_str(whole));
	arena_free(arena);
	return name;
}
