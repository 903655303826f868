/* SPDX-License-Identifier: MIT
 * Who holds a lock and who waits for it: /proc/locks, and the descriptors of the processes it names. All processes are
 * looked at only when it names none that has the lock. Sources: those of core/lock_line.h.
 */
#include "base/fd.h"
#include "world/lock_search.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <unistd.h>

#define TABLE_CAP ((size_t)4 * 1024 * 1024)
#define TEXT_CAP  ((size_t)64 * 1024)

/* ---- the table ---- */

static struct lock_entry *entry_add(struct lock_search *s, const struct lock_line *line) {
	struct lock_entry *e = arena_new_of(s->arena, struct lock_entry);

	*e = (struct lock_entry){.line = *line, .proof = "none", .unseen = "", .wchan = ""};
	*s->end = e;
	s->end = &e->next;
	return e;
}

static int table_read(struct lock_search *s) {
	struct look_reply text = {.state = EV_FAILED};
	struct slice rest, row;
	int error;

	strbuf_init(&text.bytes, s->arena);
	error = look_read_file(s->proc_fd, "locks", TABLE_CAP, &text);
	rest = slice_of(text.bytes.data, text.bytes.len);
	while (!error && slice_line(&rest, &row) && s->lines < LOCKS_MAX) {
		struct lock_line line;

		if (lock_line_parse(row, &line)) {
			entry_add(s, &line)->in_table = true;
			s->lines++;
		}
	}
	return error;
}

/* ---- which of them ---- */

static void choose_place(struct lock_search *s, const struct lock_place *place) {
	for (struct lock_entry *e = s->first; e; e = e->next) {
		e->chosen =
			e->chosen || (e->line.has_place && lock_place_eq(&e->line.place, place));
	}
}

static void choose_waited(struct lock_search *s) {
	for (struct lock_entry *e = s->first; e; e = e->next) {
		if (e->line.depth > 0 && !e->chosen && e->line.has_place) {
			choose_place(s, &e->line.place);
		}
	}
}

static struct lock_process *known_process(struct lock_search *s, int64_t pid) {
	for (size_t i = 0; i < s->known_count; i++) {
		if (s->known[i]->pid == pid) {
			return s->known[i];
		}
	}
	return NULL;
}

static struct lock_process *read_process(struct lock_search *s, int64_t pid) {
	struct lock_process *p = lock_process_read(s->arena, s->proc_fd, pid);

	s->looked += p->sight == LOCK_SIGHT_READ;
	s->denied += p->sight == LOCK_SIGHT_DENIED;
	return p;
}

struct lock_process *lock_search_process(struct lock_search *s, int64_t pid) {
	struct lock_process *p = known_process(s, pid);

	if (!p) {
		p = read_process(s, pid);
		if (s->known_count < KNOWN_MAX) {
			s->known[s->known_count++] = p;
		}
	}
	return p;
}

static const struct lock_fd *fd_numbered(const struct lock_process *p, int64_t number) {
	for (size_t i = 0; i < p->count; i++) {
		if (p->fds[i].number == number) {
			return &p->fds[i];
		}
	}
	return NULL;
}

/* A waiter that /proc/locks does not show: the lock is held from a pid namespace we are not in, or by another machine. */
static void add_unlisted(struct lock_search *s, struct lock_process *p,
                         const struct lock_wait *wait) {
	const struct lock_fd *fd = fd_numbered(p, wait->fd);
	struct lock_line line = {
		.group = -1, .depth = 1, .end = -1, .class = "FLOCK", .pid = p->pid};
	struct lock_mount mount;

	if (fd && fd->has_ino && lock_mount_of(s->arena, s->proc_fd, p, fd->mnt_id, &mount)) {
		line.has_place = true;
		line.place = (struct lock_place){
			.major = mount.major, .minor = mount.minor, .ino = fd->ino};
		choose_place(s, &line.place);
	}
	struct lock_entry *e = entry_add(s, &line);

	e->chosen = true;
	e->process = p;
	e->fd = fd;
	e->tid = wait->tid;
	e->wchan = wait->wchan;
	e->proof = fd ? "fd" : "wchan";
}

/* Is it one of those in the table that wait? Those of a descriptor (OFDLCK) are listed without a pid. */
static bool is_listed(struct lock_search *s, struct lock_process *p, const struct lock_wait *wait) {
	bool listed = false;

	for (struct lock_entry *e = s->first; e; e = e->next) {
		const struct lock_fd *fd = NULL;

		if (!e->in_table || e->line.depth == 0 || !e->line.has_place ||
		    (e->line.pid > 0 && e->line.pid != p->pid) ||
		    !(fd = lock_process_opens(s->arena, s->proc_fd, p, &e->line.place)) ||
		    (wait->fd >= 0 && fd->number != wait->fd && e->line.pid <= 0)) {
			continue;
		}
		if (!e->process) {
			e->process = p;
			e->fd = fd;
			e->tid = wait->tid;
			e->wchan = wait->wchan;
			e->proof = "fd";
		}
		choose_place(s, &e->line.place);
		listed = true;
	}
	return listed;
}

static void choose_below(struct lock_search *s, int64_t root) {
	const struct proc_children *list = proc_descendants(s->arena, s->proc_fd, root);

	s->ours = list;
	s->root = root;

	for (size_t i = 0; i <= list->count; i++) {
		int64_t pid = i == 0 ? root : list->pids[i - 1];
		struct lock_wait wait;

		if (lock_process_waits(s->arena, s->proc_fd, pid, &wait)) {
			struct lock_process *p = lock_search_process(s, pid);

			if (!is_listed(s, p, &wait)) {
				add_unlisted(s, p, &wait);
			}
		}
	}
}

/* ---- what the table leaves out ---- */

/* Only the first pid namespace is shown every lock (fs/locks.c, locks_translate_pid); include/linux/proc_ns.h,
 * PROC_PID_INIT_INO. */
static bool table_is_whole(struct lock_search *s) {
	const char *own = proc_link(s->arena, s->proc_fd, getpid(), "ns/pid");

	return !own || streq(own, "pid:[4026531836]");
}

/* A lock that several processes share has one entry: that of the first. */
static bool is_entered(struct lock_search *s, const struct lock_line *line) {
	for (struct lock_entry *e = s->first; e; e = e->next) {
		if (e->line.depth == 0 && e->line.has_place && streq(e->line.class, line->class) &&
		    lock_place_eq(&e->line.place, &line->place)) {
			return true;
		}
	}
	return false;
}

/* A lock that this descriptor carries by the words of fdinfo. */
static void enter_lock_of(struct lock_search *s, struct lock_process *p, struct lock_fd *fd,
                          struct lock_line line) {
	line.group = -1;

	struct lock_entry *e = entry_add(s, &line);

	e->chosen = true;
	e->process = p;
	e->fd = fd;
	e->proof = "fdinfo";
}

static void enter_carried(struct lock_search *s, struct lock_process *p) {
	for (size_t i = 0; i < p->count; i++) {
		struct slice rest = p->fds[i].locks;
		struct lock_line line;

		while (fdinfo_lock(&rest, &line)) {
			if (line.has_place && !is_entered(s, &line)) {
				enter_lock_of(s, p, &p->fds[i], line);
			}
		}
	}
}

/* In another pid namespace the locks whose process has ended or is outside are not in the table, nor who waits for
 * them: what the descriptors carry, and what the threads wait for, tells of those. */
static void enter_unlisted(struct lock_search *s) {
	int fd = openat(s->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
		struct lock_wait wait;
		int64_t pid;

		if (str_to_int64(d->d_name, &pid) != 0) {
			continue;
		}
		struct lock_process *p = lock_search_process(s, pid);

		enter_carried(s, p);
		if (lock_process_waits(s->arena, s->proc_fd, pid, &wait) &&
		    !is_listed(s, p, &wait)) {
			add_unlisted(s, p, &wait);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

/* ---- whose they are ---- */

/* By the pid in the table. False: another process must have it. */
static bool resolve_by_table(struct lock_search *s, struct lock_entry *e) {
	struct lock_process *p = e->line.pid > 0 ? lock_search_process(s, e->line.pid) : NULL;

	if (!p || p->sight == LOCK_SIGHT_GONE) {
		return false;
	}
	if (p->sight == LOCK_SIGHT_DENIED) {
		e->process = p;
		e->proof = "table";
		e->unseen = "denied";
		return true;
	}
	const struct lock_fd *fd =
		e->line.depth == 0 ? lock_process_holds(p, &e->line)
				   : lock_process_opens(s->arena, s->proc_fd, p, &e->line.place);
	if (fd) {
		e->process = p;
		e->fd = fd;
		e->proof = e->line.depth == 0 ? "fdinfo" : "fd";
	}
	return fd != NULL;
}

static bool wants_holder(const struct lock_entry *e) {
	return e->chosen && !e->process && e->line.depth == 0 && e->line.has_place;
}

/* A waiter without a line: who carries a lock on its file? */
static bool is_held(struct lock_search *s, const struct lock_entry *waiter) {
	for (struct lock_entry *e = s->first; e; e = e->next) {
		if (e->line.depth == 0 && e->line.has_place && e->process &&
		    lock_place_eq(&e->line.place, &waiter->line.place)) {
			return true;
		}
	}
	return false;
}

static void take_carried(struct lock_search *s, struct lock_process *p) {
	for (struct lock_entry *e = s->first; e; e = e->next) {
		const struct lock_fd *fd = wants_holder(e) ? lock_process_holds(p, &e->line) : NULL;

		if (fd) {
			e->process = p;
			e->fd = fd;
			e->proof = "fdinfo";
		}
	}
}

static void take_unlisted(struct lock_search *s, struct lock_process *p) {
	for (struct lock_entry *e = s->first; e; e = e->next) {
		if (e->in_table || !e->chosen || e->line.depth == 0 || !e->line.has_place ||
		    e->process == p || is_held(s, e)) {
			continue;
		}
		for (size_t i = 0; i < p->count; i++) {
			struct slice rest = p->fds[i].locks;
			struct lock_line line;

			while (fdinfo_lock(&rest, &line)) {
				if (line.has_place && lock_place_eq(&line.place, &e->line.place)) {
					enter_lock_of(s, p, &p->fds[i], line);
				}
			}
		}
	}
}

static bool is_searched_for(struct lock_search *s) {
	for (struct lock_entry *e = s->first; e; e = e->next) {
		if (wants_holder(e) || (e->chosen && !e->in_table && e->line.depth > 0 &&
		                        e->line.has_place && !is_held(s, e))) {
			return true;
		}
	}
	return false;
}

/* All processes, until every lock has somebody. */
static void search_all(struct lock_search *s) {
	int fd = openat(s->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *d = dir ? readdir(dir) : NULL; d && is_searched_for(s);
	     d = readdir(dir)) {
		int64_t pid;

		if (str_to_int64(d->d_name, &pid) == 0) {
			struct lock_process *p = known_process(s, pid);

			p = p ? p : read_process(s, pid);
			take_carried(s, p);
			take_unlisted(s, p);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

static void resolve(struct lock_search *s) {
	for (struct lock_entry *e = s->first; e; e = e->next) {
		if (e->chosen && !e->process) {
			resolve_by_table(s, e);
		}
	}
	search_all(s);
	for (struct lock_entry *e = s->first; e; e = e->next) {
		if (e->chosen && !e->process) {
			e->unseen = s->denied > 0     ? "denied"
			            : e->line.pid > 0 ? "gone"
			                              : "elsewhere";
		}
	}
}

/* ---- the answer ---- */

/* CAP_SYS_PTRACE, with which the descriptors of others can be read. */
static bool may_trace(struct lock_search *s) {
	static const char key[] = "\nCapEff:\t";
	struct slice text;
	const char *at;

	if (proc_read(s->arena, s->proc_fd, getpid(), "status", TEXT_CAP, &text) != 0 ||
	    !(at = memmem(text.data, text.len, key, strlen(key)))) {
		return false;
	}
	return strtoull(at + strlen(key), NULL, 16) >> CAP_SYS_PTRACE & 1;
}

static bool choose(struct lock_search *s, const struct looker *looker, const char *arg) {
	struct slice rest = slice_str(arg), word = {0};
	int64_t pid;

	slice_cut(&rest, ' ', &word);
	if (slice_eq(word, "all")) {
		for (struct lock_entry *e = s->first; e; e = e->next) {
			e->chosen = true;
		}
		if (!table_is_whole(s)) {
			enter_unlisted(s);
		}
	} else if (slice_eq(word, "waited")) {
		choose_waited(s);
	} else if (slice_eq(word, "below") && slice_cut(&rest, ' ', &word) &&
	           (pid = proc_pid_of(looker, arena_slicedup(s->arena, word))) > 0) {
		choose_below(s, pid);
	} else {
		return false;
	}
	return true;
}

void look_locks(const struct looker *looker, const struct look_request *request,
                struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct lock_search *s = arena_new_of(request->arena, struct lock_search);
	int error;

	s->arena = request->arena;
	s->reply = reply;
	s->proc_fd = proc_fd;
	s->end = &s->first;
	if (proc_fd < 0) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	s->boot_ns = proc_boot_wall_ns(request->arena, proc_fd);
	error = table_read(s);
	if (!choose(s, looker, request->arg)) {
		look_reply_errno(reply, EINVAL);
		return;
	}
	resolve(s);
	for (const struct lock_entry *e = s->first; e; e = e->next) {
		if (e->chosen) {
			lock_entry_put(s, e);
		}
	}
	strbuf_printf(&reply->bytes, "table=%s\nlines=%zu\nlooked=%zu\ndenied=%zu\nptrace=%d\n\n",
	              !error            ? "read"
	              : error == ENOENT ? "absent"
	                                : "denied",
	              s->lines, s->looked, s->denied, may_trace(s));
	look_reply_errno(reply, 0);
}
