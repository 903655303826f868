/* SPDX-License-Identifier: MIT
 */
#include "waits/waits.h"

#include <stddef.h>
#include <stdlib.h>

enum record {
	REC_NONE,
	REC_MACHINE,
	REC_PROCESS,
	REC_THREAD,
	REC_FD,
	REC_MESSAGE,
	REC_PIPE,
	REC_SOCKET,
	REC_LOCK,
	REC_MOUNT
};

enum type { TEXT, NUMBER, YESNO };

struct field {
	enum record record;
	const char *key;
	enum type type;
	size_t offset;
};

#define F(record_, struct_, key_, member_, type_)                                                  \
	{ REC_##record_, key_, type_, offsetof(struct struct_, member_) }

static const struct field fields[] = {
	F(MACHINE, waits, "target", target, NUMBER),
	F(MACHINE, waits, "now_ns", now_ns, NUMBER),
	F(MACHINE, waits, "uid", uid, NUMBER),
	F(MACHINE, waits, "unreadable", unreadable, NUMBER),
	F(MACHINE, waits, "cut", cut, YESNO),
	F(MACHINE, waits, "memory_full", memory_full, NUMBER),
	F(MACHINE, waits, "io_full", io_full, NUMBER),
	F(PROCESS, wait_process, "pid", pid, NUMBER),
	F(PROCESS, wait_process, "ppid", ppid, NUMBER),
	F(PROCESS, wait_process, "relation", relation, TEXT),
	F(PROCESS, wait_process, "state", state, TEXT),
	F(PROCESS, wait_process, "comm", comm, TEXT),
	F(PROCESS, wait_process, "editor", editor, TEXT),
	F(PROCESS, wait_process, "exe", exe, TEXT),
	F(PROCESS, wait_process, "cwd", cwd, TEXT),
	F(PROCESS, wait_process, "cmdline", cmdline, TEXT),
	F(PROCESS, wait_process, "pidns", pidns, TEXT),
	F(PROCESS, wait_process, "interval_us", interval_us, NUMBER),
	F(PROCESS, wait_process, "io_calls", io_calls, NUMBER),
	F(PROCESS, wait_process, "age_ms", age_ms, NUMBER),
	F(PROCESS, wait_process, "start_ticks", start_ticks, NUMBER),
	F(PROCESS, wait_process, "rested_ms", rested_ms, NUMBER),
	F(PROCESS, wait_process, "cpu_ms", cpu_ms, NUMBER),
	F(PROCESS, wait_process, "fds", fds, NUMBER),
	F(PROCESS, wait_process, "fd_limit", fd_limit, NUMBER),
	F(PROCESS, wait_process, "uid", uid, NUMBER),
	F(PROCESS, wait_process, "threads", threads, NUMBER),
	F(PROCESS, wait_process, "tracer", tracer, NUMBER),
	F(PROCESS, wait_process, "group", group, NUMBER),
	F(PROCESS, wait_process, "own_pid", own_pid, NUMBER),
	F(PROCESS, wait_process, "session", session, NUMBER),
	F(PROCESS, wait_process, "terminal", terminal, NUMBER),
	F(PROCESS, wait_process, "foreground", foreground, NUMBER),
	F(PROCESS, wait_process, "denied", denied, YESNO),
	F(PROCESS, wait_process, "frozen", frozen, TEXT),
	F(PROCESS, wait_process, "frozen_by", frozen_by, TEXT),
	F(PROCESS, wait_process, "frozen_ms", frozen_ms, NUMBER),
	F(PROCESS, wait_process, "quota", quota, TEXT),
	F(PROCESS, wait_process, "quota_us", quota_us, NUMBER),
	F(PROCESS, wait_process, "period_us", period_us, NUMBER),
	F(PROCESS, wait_process, "periods", periods, NUMBER),
	F(PROCESS, wait_process, "throttled", throttled, NUMBER),
	F(PROCESS, wait_process, "pids_full", pids_full, TEXT),
	F(PROCESS, wait_process, "pids_max", pids_max, NUMBER),
	F(PROCESS, wait_process, "pids_now", pids_now, NUMBER),
	F(PROCESS, wait_process, "memory_group", memory_group, TEXT),
	F(PROCESS, wait_process, "starved", starved, TEXT),
	F(PROCESS, wait_process, "memory_full", memory_full, NUMBER),
	F(THREAD, wait_thread, "pid", pid, NUMBER),
	F(THREAD, wait_thread, "tid", tid, NUMBER),
	F(THREAD, wait_thread, "state", state, TEXT),
	F(THREAD, wait_thread, "cpu_us", cpu_us, NUMBER),
	F(THREAD, wait_thread, "rested_ms", rested_ms, NUMBER),
	F(THREAD, wait_thread, "wakes_ms", wakes_ms, NUMBER),
	F(THREAD, wait_thread, "wchan", wchan, TEXT),
	F(THREAD, wait_thread, "call", call, TEXT),
	F(THREAD, wait_thread, "args", args, TEXT),
	F(THREAD, wait_thread, "still", still, YESNO),
	F(THREAD, wait_thread, "path", path, TEXT),
	F(THREAD, wait_thread, "stack", stack, TEXT),
	F(FD, wait_fd, "pid", pid, NUMBER),
	F(FD, wait_fd, "fd", fd, NUMBER),
	F(FD, wait_fd, "link", link, TEXT),
	F(FD, wait_fd, "ino", ino, NUMBER),
	F(FD, wait_fd, "mtime_ns", mtime_ns, NUMBER),
	F(FD, wait_fd, "flags", flags, NUMBER),
	F(FD, wait_fd, "Pid", pidfd, NUMBER),
	F(FD, wait_fd, "fifo", fifo, YESNO),
	F(FD, wait_fd, "fuse_connection", connection, NUMBER),
	F(MESSAGE, wait_message, "pid", pid, NUMBER),
	F(MESSAGE, wait_message, "fd", fd, NUMBER),
	F(MESSAGE, wait_message, "name", name, TEXT),
	F(MESSAGE, wait_message, "bytes", bytes, NUMBER),
	F(MESSAGE, wait_message, "skipped", skipped, NUMBER),
	F(MESSAGE, wait_message, "partial", partial, YESNO),
	F(PIPE, wait_pipe, "ino", ino, NUMBER),
	F(PIPE, wait_pipe, "unread", unread, NUMBER),
	F(PIPE, wait_pipe, "capacity", capacity, NUMBER),
	F(SOCKET, wait_socket, "ino", ino, NUMBER),
	F(SOCKET, wait_socket, "kind", kind, TEXT),
	F(SOCKET, wait_socket, "state", state, TEXT),
	F(SOCKET, wait_socket, "unread", unread, NUMBER),
	F(SOCKET, wait_socket, "unsent", unsent, NUMBER),
	F(SOCKET, wait_socket, "retransmits", retransmits, NUMBER),
	F(SOCKET, wait_socket, "peer", peer, NUMBER),
	F(SOCKET, wait_socket, "waits_at", waits_at, NUMBER),
	F(SOCKET, wait_socket, "local", local, TEXT),
	F(SOCKET, wait_socket, "remote", remote, TEXT),
	F(SOCKET, wait_socket, "name", name, TEXT),
	F(SOCKET, wait_socket, "peer_name", peer_name, TEXT),
	F(SOCKET, wait_socket, "local_peer", local_peer, YESNO),
	F(SOCKET, wait_socket, "received_bytes", received_bytes, NUMBER),
	F(SOCKET, wait_socket, "acked_bytes", acked_bytes, NUMBER),
	F(SOCKET, wait_socket, "heard_ms", heard_ms, NUMBER),
	F(SOCKET, wait_socket, "sent_ms", sent_ms, NUMBER),
	F(SOCKET, wait_socket, "unacked", unacked, NUMBER),
	F(MOUNT, wait_mount, "point", point, TEXT),
	F(MOUNT, wait_mount, "source", source, TEXT),
	F(MOUNT, wait_mount, "connection", connection, NUMBER),
	F(LOCK, wait_lock, "pid", pid, NUMBER),
	F(LOCK, wait_lock, "class", class, TEXT),
	F(LOCK, wait_lock, "place", place, TEXT),
	F(LOCK, wait_lock, "link", link, TEXT),
	F(LOCK, wait_lock, "fstype", fstype, TEXT),
};

static const struct {
	const char *name;
	size_t size;
	size_t list, count; /* in struct waits */
} records[] = {
	[REC_MACHINE] = {"machine", 0, 0, 0},
#define LIST(record_, name_, struct_, list_, count_)                                               \
	[REC_##record_] = {name_, sizeof(struct struct_), offsetof(struct waits, list_),           \
	                   offsetof(struct waits, count_)}
	LIST(PROCESS, "process", wait_process, processes, process_count),
	LIST(THREAD, "thread", wait_thread, threads, thread_count),
	LIST(FD, "fd", wait_fd, fds, fd_count),
	LIST(MESSAGE, "message", wait_message, messages, message_count),
	LIST(PIPE, "pipe", wait_pipe, pipes, pipe_count),
	LIST(SOCKET, "socket", wait_socket, sockets, socket_count),
	LIST(LOCK, "lock", wait_lock, locks, lock_count),
	LIST(MOUNT, "mount", wait_mount, mounts, mount_count),
#undef LIST
};

#define RECORD_COUNT (sizeof records / sizeof *records)

/* Texts are never NULL. */
static void fill_texts(enum record record, char *at) {
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (fields[i].record == record && fields[i].type == TEXT) {
			*(const char **)(void *)(at + fields[i].offset) = "";
		}
	}
}

static enum record record_of(struct slice name) {
	for (size_t i = 1; i < RECORD_COUNT; i++) {
		if (slice_eq(name, records[i].name)) {
			return (enum record)i;
		}
	}
	return REC_NONE;
}

/* How many records of each kind there are, so that lists need not grow (and records keep their place). */
static void make_room(struct waits *w, struct slice text) {
	size_t counts[RECORD_COUNT] = {0};
	struct slice line;

	while (slice_line(&text, &line)) {
		if (slice_starts(line, "record=")) {
			counts[record_of(slice_of(line.data + 7, line.len - 7))]++;
		}
	}
	for (size_t i = REC_PROCESS; i < RECORD_COUNT; i++) {
		size_t count = counts[i] < WAITS_LIST_MAX ? counts[i] : WAITS_LIST_MAX;

		*(void **)(void *)((char *)w + records[i].list) =
			arena_alloc_array(w->arena, count + 1, records[i].size);
	}
}

static char *record_new(struct waits *w, enum record record) {
	if (record == REC_MACHINE) {
		return (char *)w;
	}
	size_t *count = (size_t *)(void *)((char *)w + records[record].count);
	char *list = *(char **)(void *)((char *)w + records[record].list);

	if (record == REC_NONE || *count >= WAITS_LIST_MAX) {
		return NULL;
	}
	char *at = list + *count * records[record].size;

	(*count)++;
	fill_texts(record, at);
	if (record == REC_PROCESS) {
		((struct wait_process *)(void *)at)->rested_ms = -1;
	}
	if (record == REC_THREAD) {
		((struct wait_thread *)(void *)at)->rested_ms = -1;
		((struct wait_thread *)(void *)at)->wakes_ms = -1;
	}
	return at;
}

static const char *unescape(struct arena *arena, struct slice value) {
	char *text = arena_slicedup(arena, value);
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			*to++ = *p == 'n' ? '\n' : *p;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return text;
}

static int64_t number_of(struct arena *arena, struct slice value) {
	int64_t number = 0;

	return str_to_int64(arena_slicedup(arena, value), &number) == 0 ? number : 0;
}

/* "end=4242 3 w" */
static void take_end(struct waits *w, struct wait_fd *f, struct slice value) {
	struct slice pid, fd;

	if (f->end_count < WAITS_ENDS_MAX && slice_cut(&value, ' ', &pid) &&
	    slice_cut(&value, ' ', &fd) && value.len == 1) {
		f->ends[f->end_count++] = (struct wait_end){
			number_of(w->arena, pid), (int)number_of(w->arena, fd), value.data[0]};
	}
}

static void take_field(struct waits *w, enum record record, char *at, struct slice key,
                       struct slice value) {
	if (record == REC_FD && slice_eq(key, "end")) {
		take_end(w, (struct wait_fd *)(void *)at, value);
		return;
	}
	if (record == REC_LOCK && slice_eq(key, "holder")) {
		struct wait_lock *l = (struct wait_lock *)(void *)at;

		if (l->holder_count < WAITS_HOLDERS_MAX) {
			l->holders[l->holder_count++] = number_of(w->arena, value);
		}
		return;
	}
	if (record == REC_PROCESS && slice_eq(key, "env")) {
		struct wait_process *p = (struct wait_process *)(void *)at;

		if (p->var_count < WAITS_VARS_MAX) {
			p->vars[p->var_count++] = unescape(w->arena, value);
		}
		return;
	}
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct field *f = &fields[i];

		if (f->record != record || !slice_eq(key, f->key)) {
			continue;
		}
		if (f->type == TEXT) {
			*(const char **)(void *)(at + f->offset) = unescape(w->arena, value);
		} else if (f->type == NUMBER) {
			*(int64_t *)(void *)(at + f->offset) = number_of(w->arena, value);
		} else {
			*(bool *)(void *)(at + f->offset) = slice_eq(value, "1");
		}
		return;
	}
}

/* A process's threads and descriptors follow it. */
static void join(struct waits *w) {
	for (size_t i = 0; i < w->process_count; i++) {
		struct wait_process *p = &w->processes[i];

		for (size_t k = 0; k < w->thread_count; k++) {
			if (w->threads[k].pid == p->pid) {
				p->first_thread =
					p->thread_count ? p->first_thread : &w->threads[k];
				p->thread_count = (size_t)(&w->threads[k] - p->first_thread) + 1;
			}
		}
		for (size_t k = 0; k < w->fd_count; k++) {
			if (w->fds[k].pid == p->pid) {
				p->first_fd = p->fd_count ? p->first_fd : &w->fds[k];
				p->fd_count = (size_t)(&w->fds[k] - p->first_fd) + 1;
			}
		}
	}
}

/* What runs below a gopls is no editor of it, by whatever name: node is an extension host's as well as that of a driver, a
 * version manager or VS Code's askpass. */
static void demote_editors(struct waits *w) {
	for (size_t i = 0; i < w->process_count; i++) {
		struct wait_process *p = &w->processes[i];
		const struct wait_process *above = waits_process(w, p->ppid);

		for (int depth = 0; above && depth < 16 && !str_empty(p->editor); depth++) {
			if (str_starts(above->comm, "gopls")) {
				p->editor = "";
			}
			above = above->ppid > 0 ? waits_process(w, above->ppid) : NULL;
		}
	}
}

bool waits_parse(struct arena *arena, struct slice text, struct waits *ret) {
	struct slice line, key;
	enum record record = REC_NONE;
	char *at = NULL;

	*ret = (struct waits){.arena = arena};
	make_room(ret, text);
	while (slice_line(&text, &line)) {
		if (slice_starts(line, "record=")) {
			record = record_of(slice_of(line.data + 7, line.len - 7));
			at = record == REC_NONE ? NULL : record_new(ret, record);
		} else if (line.len == 0) {
			at = NULL;
		} else if (at && slice_cut(&line, '=', &key)) {
			take_field(ret, record, at, key, line);
		}
	}
	join(ret);
	demote_editors(ret);
	return waits_process(ret, ret->target) != NULL;
}

const struct wait_process *waits_process(const struct waits *w, int64_t pid) {
	for (size_t i = 0; i < w->process_count; i++) {
		if (w->processes[i].pid == pid) {
			return &w->processes[i];
		}
	}
	return NULL;
}

int64_t waits_child_of(const struct waits *w, int64_t pid) {
	for (size_t i = 0; i < w->process_count; i++) {
		if (w->processes[i].ppid == pid) {
			return w->processes[i].pid;
		}
	}
	return pid;
}

const struct wait_fd *waits_fd(const struct wait_process *p, int64_t fd) {
	for (size_t i = 0; i < p->fd_count; i++) {
		if (p->first_fd[i].pid == p->pid && p->first_fd[i].fd == fd) {
			return &p->first_fd[i];
		}
	}
	return NULL;
}

const struct wait_socket *waits_socket(const struct waits *w, int64_t ino) {
	for (size_t i = 0; ino != 0 && i < w->socket_count; i++) {
		if (w->sockets[i].ino == ino) {
			return &w->sockets[i];
		}
	}
	return NULL;
}

const struct wait_pipe *waits_pipe(const struct waits *w, int64_t ino) {
	for (size_t i = 0; ino != 0 && i < w->pipe_count; i++) {
		if (w->pipes[i].ino == ino) {
			return &w->pipes[i];
		}
	}
	return NULL;
}

const char *waits_var(const struct wait_process *p, const char *name) {
	size_t len = strlen(name);

	for (size_t i = 0; i < p->var_count; i++) {
		if (strncmp(p->vars[i], name, len) == 0 && p->vars[i][len] == '=') {
			return p->vars[i] + len + 1;
		}
	}
	return "";
}

uint64_t waits_arg(const struct wait_thread *t, size_t n) {
	const char *at = t->args;

	for (size_t i = 0; i < n && at; i++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoull(at, NULL, 16) : 0;
}

const char *waits_word(struct arena *arena, const struct wait_process *p, size_t n) {
	struct slice rest = slice_str(p->cmdline), word;

	for (size_t i = 0; slice_cut(&rest, '\x1f', &word); i++) {
		if (i == n) {
			return arena_slicedup(arena, word);
		}
	}
	return NULL;
}
