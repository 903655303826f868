/* SPDX-License-Identifier: MIT
 */
#include "base/fd.h"
#include "world/waits.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* "2: -> FLOCK  ADVISORY  WRITE 10782 fe:00:10054226 0 EOF" */
struct line {
	int64_t group;
	bool waits;
	char class[8];
	int64_t pid;
	const char *place; /* "fe:00:10054226" */
};

static bool line_parse(struct waits *w, struct slice text, struct line *ret) {
	struct slice words[12], word;
	size_t count = 0;

	while (count < 12 && slice_cut(&text, ' ', &word)) {
		if (word.len > 0) {
			words[count++] = word;
		}
	}
	if (count < 6 || words[0].len < 2 || words[0].data[words[0].len - 1] != ':') {
		return false;
	}
	words[0].len--;
	size_t at = 1;

	while (at < count && slice_eq(words[at], "->")) {
		at++;
	}
	if (count < at + 5 || str_to_int64(arena_slicedup(w->arena, words[0]), &ret->group) < 0 ||
	    str_to_int64(arena_slicedup(w->arena, words[at + 3]), &ret->pid) < 0) {
		return false;
	}
	ret->waits = at > 1;
	snprintf(ret->class, sizeof ret->class, "%.*s", (int)words[at].len, words[at].data);
	ret->place = arena_slicedup(w->arena, words[at + 4]);
	return true;
}

/* The descriptor of a process that carries a lock in this place; -1 for none. */
static int fd_with_lock(struct waits *w, int64_t pid, const char *place) {
	char path[64];
	int found = -1;

	snprintf(path, sizeof path, "%" PRId64 "/fdinfo", pid);
	int fd = openat(w->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && found < 0; e = readdir(dir)) {
		struct slice text, line;

		snprintf(path, sizeof path, "fdinfo/%.20s", e->d_name);
		if (e->d_name[0] == '.' ||
		    proc_read(w->arena, w->proc_fd, pid, path, WAITS_TEXT_CAP, &text) != 0) {
			continue;
		}
		while (found < 0 && slice_line(&text, &line)) {
			if (slice_starts(line, "lock:") && slice_has(line, place) &&
			    !slice_has(line, "->")) {
				found = (int)strtol(e->d_name, NULL, 10);
			}
		}
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

/* Who has a lock in this place by what their descriptors say: the process that asked for it may have
 * ended and left it to a child, or live in another pid namespace. */
static size_t holders_by_descriptor(struct waits *w, const char *place, int64_t *pids, size_t max) {
	size_t count = 0;
	int fd = openat(w->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && count < max;
	     e = readdir(dir)) {
		int64_t pid;

		if (str_to_int64(e->d_name, &pid) == 0 && fd_with_lock(w, pid, place) >= 0) {
			pids[count++] = pid;
		}
	}
	if (dir) {
		closedir(dir);
	}
	return count;
}

static bool exists(const struct waits *w, int64_t pid) {
	char path[32];

	snprintf(path, sizeof path, "%" PRId64, pid);
	return pid > 0 && faccessat(w->proc_fd, path, F_OK, 0) == 0;
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

static void put_lock(struct waits *w, const struct line *wait, const struct line *held) {
	int64_t pids[16];
	size_t count = 0;
	const char *path = holder_path(w, wait->pid);

	if (held && exists(w, held->pid)) {
		pids[count++] = held->pid;
	} else {
		count = holders_by_descriptor(w, wait->place, pids, 16);
	}
	/* The one that waits may have been on its way there when it was looked at. */
	for (size_t i = 0; i < count && !path; i++) {
		int fd = fd_with_lock(w, pids[i], wait->place);

		path = fd < 0 ? NULL
		              : proc_link(w->arena, w->proc_fd, pids[i],
		                          arena_printf(w->arena, "fd/%d", fd));
	}
	strbuf_printf(w->out, "record=lock\npid=%" PRId64 "\nclass=%s\n", wait->pid, wait->class);
	keyline_put(w->out, "place", wait->place);
	if (path) {
		keyline_put(w->out, "link", path);
	}
	for (size_t i = 0; i < count; i++) {
		if (pids[i] != wait->pid) {
			strbuf_printf(w->out, "holder=%" PRId64 "\n", pids[i]);
			waits_add_tree(w, pids[i], WAITS_HOLDER);
		}
	}
	strbuf_add_char(w->out, '\n');
}

/* The lock a process waits for although no line says so (another pid namespace): by what it is in a
 * call on. */
static void put_unlisted(struct waits *w, const struct waits_process *p) {
	for (size_t i = 0; i < p->thread_count; i++) {
		const struct waits_thread *t = &p->threads[i];
		bool waits = streq(t->call, "flock") ||
		             (streq(t->call, "fcntl") &&
		              (t->args[1] == F_SETLKW || t->args[1] == F_OFD_SETLKW));

		if (waits) {
			const char *link =
				proc_link(w->arena, w->proc_fd, p->pid,
			                  arena_printf(w->arena, "fd/%" PRIu64, t->args[0]));

			strbuf_printf(w->out, "record=lock\npid=%" PRId64 "\nclass=%s\nplace=\n",
			              p->pid, streq(t->call, "flock") ? "FLOCK" : "POSIX");
			if (link) {
				keyline_put(w->out, "link", link);
			}
			strbuf_add_char(w->out, '\n');
			return;
		}
	}
}

static const struct line *held_in(const struct line *lines, size_t count, int64_t group) {
	for (size_t i = 0; i < count; i++) {
		if (lines[i].group == group && !lines[i].waits) {
			return &lines[i];
		}
	}
	return NULL;
}

void waits_find_locks(struct waits *w) {
	struct look_reply reply = {.state = EV_FAILED};
	struct slice text, part;
	size_t count = 0, size = 1024;
	struct line *lines = arena_array_of(w->arena, struct line, size);
	bool *told = arena_array_of(w->arena, bool, WAITS_PROCESSES_MAX);

	strbuf_init(&reply.bytes, w->arena);
	look_read_file(w->proc_fd, "locks", WAITS_LOCKS_CAP, &reply);
	text = slice_of(reply.bytes.data, reply.bytes.len);
	while (count < size && slice_line(&text, &part)) {
		count += line_parse(w, part, &lines[count]);
	}
	/* The list grows by the holders, whose own waits count, too. */
	for (size_t i = 0; i < w->count; i++) {
		for (size_t k = 0; k < count; k++) {
			if (lines[k].waits && lines[k].pid == w->list[i]->pid) {
				put_lock(w, &lines[k], held_in(lines, count, lines[k].group));
				told[i] = true;
			}
		}
		if (!told[i] && w->list[i]->relation != WAITS_ANCESTOR) {
			put_unlisted(w, w->list[i]);
		}
	}
}
