/* SPDX-License-Identifier: MIT
 * Who waits for somebody that cannot be seen from here: the other end of a socket belongs to another user, a semaphore
 * has no owner, a password is asked for by a program of root's; and who serves whom.
 */
#include "waits/private.h"

#include <stdlib.h>

static const char *port_of(const char *address) {
	const char *colon = strrchr(address, ':');

	return colon ? colon + 1 : "";
}

/* A unix socket that was accepted has the name of its listener; a TCP one has the port of a listener that its process
 * has, too (net/unix/af_unix.c, unix_stream_connect). */
bool waits_accepted(const struct waits *w, const struct wait_process *p, const struct wait_fd *f) {
	const struct wait_socket *s = waits_socket(w, f->ino);

	if (!s || !streq(s->state, "connected") || streq(s->kind, "udp")) {
		return false;
	}
	if (streq(s->kind, "unix")) {
		return !str_empty(s->name);
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_socket *l =
			p->first_fd[i].pid == p->pid ? waits_socket(w, p->first_fd[i].ino) : NULL;

		if (l && streq(l->state, "listening") && streq(l->kind, "tcp") &&
		    streq(port_of(l->local), port_of(s->local))) {
			return true;
		}
	}
	return false;
}

const char *waits_unseen_peer(const struct waits *w, const struct wait_process *p) {
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];
		const struct wait_socket *s = f->pid == p->pid && f->fd > 2 && f->end_count == 0
		                                      ? waits_socket(w, f->ino)
		                                      : NULL;

		if (s && !str_empty(s->peer_name)) {
			return s->peer_name;
		}
	}
	return NULL;
}

static bool by_unseen_peer(struct walk *k, const struct wait_process *p,
                           const struct wait_thread *t, const struct wait_fd *f) {
	const struct wait_socket *s = waits_socket(k->w, f->ino);

	if (!s || !streq(s->kind, "unix") || str_empty(s->peer_name) || f->end_count > 0) {
		return false;
	}
	bool waits = s->peer == 0 && s->waits_at != 0;

	return leaf(k, p, WAIT_PEER, s->peer_name,
	            arena_printf(k->w->arena,
	                         waits ? "waits for whoever listens at %s, which has not accepted "
	                                 "its connection"
	                               : "waits for an answer of whoever listens at %s",
	                         s->peer_name),
	            arena_printf(k->w->arena,
	                         "thread %lld is in %s of fd %lld, %s; who has its other end may "
	                         "not be seen",
	                         (long long)t->tid, t->call, (long long)f->fd, f->link));
}

static const char *kernel_thing(const char *call) {
	static const struct {
		const char *call, *words;
	} things[] = {
		{"semop", "waits for a semaphore (System V) that somebody else has"},
		{"semtimedop", "waits for a semaphore (System V) that somebody else has"},
		{"msgrcv", "waits for a message in a queue (System V)"},
		{"msgsnd", "waits for room in a queue of messages (System V)"},
		{"mq_timedreceive", "waits for a message in a queue (POSIX)"},
		{"mq_timedsend", "waits for room in a queue of messages (POSIX)"},
	};

	for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
		if (streq(call, things[i].call)) {
			return things[i].words;
		}
	}
	return NULL;
}

/* f: what the thread reads, NULL when it waits for several things at once. */
static bool has_watch(const struct wait_process *p, const struct wait_fd *f) {
	static const char link[] = "anon_inode:inotify";

	for (size_t i = 0; i < p->fd_count && !f; i++) {
		if (p->first_fd[i].pid == p->pid && streq(p->first_fd[i].link, link)) {
			return true;
		}
		if (str_starts(p->first_fd[i].link, "socket:") && p->first_fd[i].fd > 2) {
			return false;
		}
	}
	return f && streq(f->link, link);
}

bool waits_by_unseen(struct walk *k, const struct wait_process *p) {
	static const char *const reading[] = {"read", "readv", "recvfrom", "recvmsg", NULL};
	static const char *const watching[] = {"read",     "poll",       "ppoll",       "select",
	                                       "pselect6", "epoll_wait", "epoll_pwait", NULL};
	enum wait_role role = waits_role(k->w->arena, p);

	if (role != ROLE_OTHER) {
		return false;
	}
	each_thread(t, p) {
		const char *words = t->still ? kernel_thing(t->call) : NULL;
		const struct wait_fd *f = t->still && one_of(t->call, reading)
		                                  ? waits_fd(p, (int64_t)waits_arg(t, 0))
		                                  : NULL;
		const char *proof = arena_printf(k->w->arena, "thread %lld is in %s",
		                                 (long long)t->tid, t->call);

		if (words) {
			return leaf(k, p, WAIT_PEER, "", words, proof);
		}
		if (t->still && p->threads <= 1 && one_of(t->call, watching) && has_watch(p, f)) {
			return leaf(k, p, WAIT_PEER, "", "waits for a file to change",
			            arena_printf(k->w->arena, "%s, and it watches files (inotify)",
			                         proof));
		}
		if (f && by_unseen_peer(k, p, t, f)) {
			return true;
		}
	}
	return false;
}

/* Programs of root that ask for a password at the terminal before they do anything, and then do it in a child. */
bool waits_by_hidden_prompt(struct walk *k, const struct wait_process *p) {
	static const char *const askers[] = {"su",    "sudo", "doas",   "pkexec", "run0",
	                                     "login", "sg",   "newgrp", "ksu",    NULL};

	if (!p->denied || !one_of(p->comm, askers) || p->terminal == 0) {
		return false;
	}
	for (size_t i = 0; i < k->w->process_count; i++) {
		if (k->w->processes[i].ppid == p->pid) {
			return false;
		}
	}
	return leaf(k, p, WAIT_PROMPT, "",
	            arena_printf(k->w->arena,
	                         "has started nothing yet and has a terminal: %s asks there for a "
	                         "password",
	                         p->comm),
	            "its name; it has no child");
}
