/* SPDX-License-Identifier: MIT
 * What a process waits for at the ends of its pipes and sockets.
 */
#include "waits/private.h"

#include <strings.h>

#define TRICKLE_MS          8000
#define TRICKLE_BYTES_PER_S 256

static int64_t lesser(int64_t a, int64_t b) {
	return a < b ? a : b;
}

bool waits_is_terminal(const struct wait_fd *f) {
	return streq(f->link, "/dev/tty") || str_starts(f->link, "/dev/pts/") ||
	       str_starts(f->link, "/dev/tty");
}

bool waits_reads(const struct wait_thread *t) {
	static const char *const calls[] = {"read",    "readv",   "recvfrom",
	                                    "recvmsg", "pread64", NULL};

	return one_of(t->call, calls);
}

bool waits_writes(const struct wait_thread *t) {
	static const char *const calls[] = {"write", "writev", "sendto", "sendmsg", NULL};

	return one_of(t->call, calls);
}

bool waits_serves(enum wait_role role) {
	return role == ROLE_SERVER || role == ROLE_FORWARDER || role == ROLE_DAEMON ||
	       role == ROLE_DEBUGGER;
}

bool waits_is_above(const struct waits *w, const struct wait_process *p, int64_t pid) {
	int64_t at = p->ppid;

	for (size_t i = 0; i < 16 && at > 0; i++) {
		const struct wait_process *q = waits_process(w, at);

		if (at == pid) {
			return true;
		}
		at = q ? q->ppid : 0;
	}
	return false;
}

/* ---- somebody is to type ---- */

static const char *question_of(const struct wait_process *p) {
	if (str_starts(p->comm, "ssh")) {
		return "ssh asks something there: an unknown host key, a passphrase or a password";
	}
	if (str_starts(p->comm, "git")) {
		return "git asks for a user name or a password there";
	}
	return "it reads there";
}

static bool by_terminal(struct walk *k, const struct wait_process *p, const struct wait_thread *t,
                        const struct wait_fd *f) {
	struct arena *a = k->w->arena;

	return leaf(
		k, p, WAIT_PROMPT, f->link,
		arena_printf(a, "waits for somebody to type at %s: %s", f->link, question_of(p)),
		arena_printf(a, "thread %lld is in %s of fd %lld, %s", (long long)t->tid, t->call,
	                     (long long)f->fd, f->link));
}

/* A program that asks in a window. */
static bool is_asker(const struct wait_process *p) {
	return strstr(p->comm, "askpass") || strstr(p->cmdline, "askpass") ||
	       str_starts(p->comm, "pinentry");
}

/* ---- a thread in a call on a descriptor ---- */

static const char *call_proof(struct walk *k, const struct wait_thread *t,
                              const struct wait_fd *f) {
	return arena_printf(k->w->arena, "thread %lld is in %s of fd %lld, %s", (long long)t->tid,
	                    t->call, (long long)f->fd, f->link);
}

bool waits_looks_held(const struct wait_process *p) {
	return streq(p->state, "T") || streq(p->state, "t") || !str_empty(p->frozen);
}

/* Who would write into the named pipe that p reads; one that has it open for both does so in order to read it. */
static bool by_fifo_writer(struct walk *k, const struct wait_process *p,
                           const struct wait_thread *t, const struct wait_fd *f) {
	struct arena *a = k->w->arena;
	const struct wait_process *writer = NULL;

	for (size_t i = 0; i < f->end_count && !writer; i++) {
		const struct wait_process *q = waits_process(k->w, f->ends[i].pid);

		writer = f->ends[i].way == 'w' && !waits_is_above(k->w, p, f->ends[i].pid) ? q
		                                                                           : NULL;
	}
	if (writer && walk_on(k, writer, HOW_PIPE, f->link, call_proof(k, t, f))) {
		struct wait_leaf *l = &k->chain->leaf;

		if (!waits_does_nothing(l, writer)) {
			return true;
		}
		l->kind = WAIT_FIFO;
		l->on = f->link;
		l->detail = arena_printf(a,
		                         "has the named pipe %s open, which %s reads, and "
		                         "writes nothing",
		                         f->link, waits_name(a, p));
		return true;
	}
	return leaf(k, p, WAIT_FIFO, f->link,
	            arena_printf(a, "reads the named pipe %s, and nothing comes", f->link),
	            call_proof(k, t, f));
}

/* What the other end of a socket is called; else the descriptor's own link. */
static const char *place_of(const struct waits *w, const struct wait_fd *f) {
	const struct wait_socket *s = waits_socket(w, f->ino);
	const struct wait_socket *there =
		s ? waits_socket(w, s->peer ? s->peer : s->waits_at) : NULL;

	return s && !str_empty(s->remote)         ? s->remote
	       : there && !str_empty(there->name) ? there->name
	       : s && !str_empty(s->peer_name)    ? s->peer_name
	                                          : f->link;
}

static bool by_reading(struct walk *k, const struct wait_process *p, const struct wait_thread *t,
                       const struct wait_fd *f) {
	bool is_pipe = str_starts(f->link, "pipe:");

	if (waits_is_terminal(f)) {
		return by_terminal(k, p, t, f);
	}
	if (f->fifo) {
		return by_fifo_writer(k, p, t, f);
	}
	for (size_t i = 0; i < f->end_count; i++) {
		const struct wait_process *q = waits_process(k->w, f->ends[i].pid);

		if ((is_pipe && f->ends[i].way == 'r') || waits_is_above(k->w, p, f->ends[i].pid)) {
			continue;
		}
		/* Whoever serves others waits for what they ask next; only one that cannot ask keeps it. */
		if (waits_accepted(k->w, p, f) && !(q && waits_looks_held(q))) {
			continue;
		}
		if (walk_on(k, q, is_pipe ? HOW_PIPE : HOW_SOCKET, place_of(k->w, f),
		            call_proof(k, t, f))) {
			waits_say_unanswered(k, p, q, f, t);
			return true;
		}
	}
	return false;
}

/* It wants to connect, and whoever listens there takes no more. */
static bool by_connecting(struct walk *k, const struct wait_process *p,
                          const struct wait_thread *t) {
	const struct waits *w = k->w;
	const char *proof = arena_printf(w->arena, "thread %lld is in connect", (long long)t->tid);

	for (size_t i = 0; i < w->fd_count; i++) {
		const struct wait_socket *s = waits_socket(w, w->fds[i].ino);

		if (s && streq(s->state, "listening") && streq(s->name, t->path) &&
		    walk_on(k, waits_process(w, w->fds[i].pid), HOW_SOCKET, t->path, proof)) {
			return true;
		}
	}
	return leaf(k, p, WAIT_PEER, t->path,
	            arena_printf(w->arena,
	                         "waits for a place in the queue of %s: whoever listens there "
	                         "takes no connection",
	                         t->path),
	            proof);
}

bool waits_by_descriptor(struct walk *k, const struct wait_process *p) {
	enum wait_role role = waits_role(k->w->arena, p);

	if (is_asker(p)) {
		return leaf(k, p, WAIT_PROMPT, "",
		            "asks for a password in a window and waits for the answer", "its name");
	}
	each_thread(t, p) {
		if (streq(t->call, "connect") && t->still && !str_empty(t->path)) {
			return by_connecting(k, p, t);
		}
		bool reads = waits_reads(t), writes = waits_writes(t);
		const struct wait_fd *f =
			reads || writes ? waits_fd(p, (int64_t)waits_arg(t, 0)) : NULL;

		/* What a server does all day. */
		if (!f || (reads && f->fd == 0 && (waits_serves(role) || role == ROLE_EDITOR))) {
			continue;
		}
		if (reads ? by_reading(k, p, t, f)
		          : waits_by_writing(k, p, f, t, call_proof(k, t, f))) {
			return true;
		}
	}
	return false;
}

/* ---- sockets that no call tells of: Go and node wait for all of them at once ---- */

/* The address stands in it; or its host, and no other port. */
static bool names_address(const char *value, const char *remote, const char *host) {
	const char *at = strstr(value, host);

	return strstr(value, remote) || (at && at[strlen(host)] != ':');
}

const char *waits_variable_naming(struct arena *arena, const struct wait_process *p,
                                  const char *remote) {
	const char *colon = strrchr(remote, ':');
	const char *host = colon ? arena_strndup(arena, remote, (size_t)(colon - remote)) : NULL;

	for (size_t i = 0; i < p->var_count && host; i++) {
		const char *equals = strchr(p->vars[i], '=');

		if (equals && names_address(equals + 1, remote, host)) {
			return arena_strndup(arena, p->vars[i], (size_t)(equals - p->vars[i]));
		}
	}
	return NULL;
}

/* What was asked for, when a word of the command line is an address. */
static const char *url_of(struct walk *k, const struct wait_process *p) {
	for (size_t i = 1; i < 32; i++) {
		const char *word = waits_word(k->w->arena, p, i);
		const char *at = word ? strstr(word, "://") : NULL;

		if (!word) {
			return NULL;
		}
		if (at) {
			const char *user = memchr(at, '@', strcspn(at + 3, "/") + 3);

			return arena_printf(k->w->arena, "%.*s://%s", (int)(at - word), word,
			                    user ? user + 1 : at + 3);
		}
	}
	return NULL;
}

static const char *whom(struct walk *k, const struct wait_process *p, const char *remote) {
	const char *variable = waits_variable_naming(k->w->arena, p, remote);
	const char *url = url_of(k, p);

	return variable ? arena_printf(k->w->arena, "%s, which %s names", remote, variable)
	       : url    ? arena_printf(k->w->arena, "%s, for %s", remote, url)
	                : remote;
}

/* What comes now and then, and would not be enough in an hour. */
static bool trickles(const struct wait_process *p, const struct wait_socket *s) {
	return s->received_bytes > 0 && p->age_ms >= TRICKLE_MS &&
	       s->received_bytes * 1000 / p->age_ms < TRICKLE_BYTES_PER_S && s->heard_ms >= 0 &&
	       s->heard_ms < TRICKLE_MS && s->sent_ms >= TRICKLE_MS;
}

/* How long the thread has waited that waits longest for a descriptor: another one may look at the clock every second
 * (git). Of one whose threads are not known, as long as none of it has run. */
static int64_t longest_poll(const struct wait_process *p) {
	static const char *const calls[] = {"poll",     "ppoll",      "select",
	                                    "pselect6", "epoll_wait", "epoll_pwait",
	                                    "recvfrom", "recvmsg",    NULL};
	int64_t longest = -1;

	each_thread(t, p) {
		if (one_of(t->call, calls) && t->rested_ms > longest) {
			longest = t->rested_ms;
		}
	}
	return longest >= 0 ? longest : p->rested_ms >= 0 ? p->rested_ms : p->age_ms;
}

/* The host of a URL, without a user. */
static const char *host_of_url(struct arena *a, const char *url) {
	const char *at = strstr(url, "://");
	const char *host = at ? at + 3 : "";
	const char *user = memchr(host, '@', strcspn(host, "/,|"));

	host = user ? user + 1 : host;
	return arena_strndup(a, host, strcspn(host, ":/,|"));
}

/* " about HOST": whose name go or a program it has started looks up. With a proxy for HTTP it is that one's, or another. */
static const char *about_whom(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	const char *url = url_of(k, p), *proxy = waits_var(p, "GOPROXY");

	for (size_t i = 0; i < p->var_count; i++) {
		size_t name = strcspn(p->vars[i], "=");

		if (name > 6 && strncasecmp(p->vars[i] + name - 6, "_proxy", 6) == 0 &&
		    !str_empty(p->vars[i] + name + 1)) {
			return "";
		}
	}
	const char *host = url                                          ? host_of_url(a, url)
	                   : streq(p->comm, "go") && strchr(proxy, ':') ? host_of_url(a, proxy)
	                                                                : "";

	return str_empty(host) ? ""
	       : url           ? arena_printf(a, " about %s", host)
	                       : arena_printf(a, " (GOPROXY names %s)", host);
}

static bool by_address(struct walk *k, const struct wait_process *p, const struct wait_socket *s) {
	struct arena *a = k->w->arena;
	const char *proof = arena_printf(a, "socket %lld, %s, %lld retransmits", (long long)s->ino,
	                                 s->state, (long long)s->retransmits);

	if (streq(s->kind, "udp")) {
		leaf(k, p, WAIT_DNS, s->remote,
		     arena_printf(a, "waits for the name server %s to answer%s", s->remote,
		                  about_whom(k, p)),
		     proof);
		k->chain->leaf.since_ms = lesser(p->age_ms, longest_poll(p));
		return true;
	}
	if (streq(s->state, "connecting")) {
		leaf(k, p, WAIT_NET, s->remote,
		     arena_printf(a,
		                  "waits for a connection to %s: nothing answers there, "
		                  "tried %lld times",
		                  whom(k, p, s->remote), (long long)s->retransmits + 1),
		     proof);
		/* The kernel tries again after 1, 3, 7 … seconds. */
		k->chain->leaf.since_ms =
			lesser(p->age_ms, ((1LL << lesser(s->retransmits, 12)) - 1) * 1000);
		return true;
	}
	leaf(k, p, WAIT_NET, s->remote,
	     arena_printf(
		     a, "waits for an answer of %s%s", whom(k, p, s->remote),
		     s->retransmits > 0 || s->unacked > 0
			     ? arena_printf(a,
	                                    ", which does not even acknowledge: %lld retransmits",
	                                    (long long)s->retransmits)
		     : s->received_bytes == 0 ? ", which has sent nothing"
					      : ""),
	     arena_printf(a, "%s, %lld bytes received, last data %lld ms ago", proof,
	                  (long long)s->received_bytes, (long long)s->heard_ms));
	if (trickles(p, s)) {
		k->chain->leaf.detail = arena_printf(
			a, "waits for %s, which has sent no more than %lld bytes in %lld s",
			whom(k, p, s->remote), (long long)s->received_bytes,
			(long long)p->age_ms / 1000);
		return true;
	}
	/* Since the last data came, or since the question was put. */
	int64_t quiet = s->received_bytes > 0 ? s->heard_ms : s->sent_ms;

	if (quiet >= 0) {
		k->chain->leaf.since_ms = lesser(p->age_ms, quiet);
	}
	return true;
}

const struct wait_process *waits_other_end(const struct waits *w, const struct wait_fd *f,
                                           const struct wait_process *p) {
	for (size_t i = 0; i < f->end_count; i++) {
		const struct wait_process *q = waits_process(w, f->ends[i].pid);

		if (q && q != p) {
			return q;
		}
	}
	return NULL;
}

static size_t connection_count(const struct waits *w, const struct wait_process *p) {
	size_t count = 0;

	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_socket *s =
			p->first_fd[i].pid == p->pid ? waits_socket(w, p->first_fd[i].ino) : NULL;

		count += s && streq(s->state, "connected");
	}
	return count;
}

/* The one thread of a program that waits for one connection, and can wait for nothing else that anybody would say: nobody
 * is there to write to its stdin. */
static const struct wait_thread *only_poll(const struct waits *w, const struct wait_process *p) {
	static const char *const calls[] = {"poll",       "ppoll",       "select", "pselect6",
	                                    "epoll_wait", "epoll_pwait", NULL};
	const struct wait_fd *in = waits_fd(p, 0);

	if (p->threads > 1 || connection_count(w, p) != 1 || (in && in->end_count > 0)) {
		return NULL;
	}
	each_thread(t, p) {
		if (one_of(t->call, calls)) {
			return t;
		}
	}
	return NULL;
}

/* A forwarder whose connection nobody takes: a daemon that is well takes it at once. Who has the listening socket and is
 * no gopls has inherited it from one that is gone. */
static void say_not_taken(struct walk *k, const struct wait_process *p,
                          const struct wait_process *q, const struct wait_socket *s,
                          const char *on) {
	struct wait_leaf *l = &k->chain->leaf;
	enum wait_role role = waits_role(k->w->arena, q);

	if (waits_role(k->w->arena, p) != ROLE_FORWARDER || s->peer || !s->waits_at ||
	    l->process != q) {
		return;
	}
	if (role == ROLE_DAEMON && l->kind == WAIT_IDLE) {
		l->kind = WAIT_INSIDE;
		l->unread = true;
		l->detail = "does not take the connection";
	} else if (role == ROLE_OTHER &&
	           (l->kind == WAIT_SLEEP || l->kind == WAIT_INSIDE || l->kind == WAIT_IDLE)) {
		l->kind = WAIT_STALE;
		l->on = on;
		l->detail = arena_printf(k->w->arena,
		                         "has the socket %s of a gopls daemon that is gone, is no "
		                         "gopls itself, and takes no connection there",
		                         on);
	} else {
		return;
	}
	l->since_ms = p->age_ms;
}

/* The other end is a process of this machine. */
static bool by_neighbour(struct walk *k, const struct wait_process *p, const struct wait_fd *f,
                         const struct wait_socket *s) {
	struct arena *a = k->w->arena;
	const struct wait_process *q = waits_other_end(k->w, f, p);
	const struct wait_socket *there = waits_socket(k->w, s->peer ? s->peer : s->waits_at);
	enum wait_role role = q ? waits_role(a, q) : ROLE_OTHER;
	bool daemon = role == ROLE_DAEMON || role == ROLE_SERVER;
	const char *on = place_of(k->w, f);

	if (!q || role == ROLE_EDITOR || waits_is_above(k->w, p, q->pid) ||
	    (waits_accepted(k->w, p, f) && !waits_looks_held(q))) {
		return false;
	}
	const char *proof =
		!s->peer && s->waits_at
			? arena_printf(a, "its connection to %s has not been accepted", on)
		: there && there->unread > 0
			? arena_printf(a, "%lld bytes lie unread at the other end of socket %lld",
	                               (long long)there->unread, (long long)s->ino)
			: arena_printf(a, "connected by socket %lld, %s", (long long)s->ino, on);

	if (!walk_on(k, q, daemon ? HOW_DAEMON : HOW_SOCKET, on, proof)) {
		return false;
	}
	say_not_taken(k, p, q, s, on);
	waits_say_unanswered(k, p, q, f, only_poll(k->w, p));
	return true;
}

static bool is_name_server(const struct wait_socket *s) {
	return streq(s->kind, "udp") && str_ends(s->remote, ":53");
}

static bool is_inherited(struct walk *k, const struct wait_process *p, const struct wait_fd *f) {
	for (size_t i = 0; i + 1 < k->chain->link_count; i++) {
		const struct wait_process *q = k->chain->links[i].process;

		for (size_t n = 0; q != p && n < q->fd_count; n++) {
			if (q->first_fd[n].pid == q->pid && q->first_fd[n].ino == f->ino) {
				return true;
			}
		}
	}
	return false;
}

/* The sockets of the first sort that say something, in this order: a connection that does not come about, a name
 * that is not answered, somebody on this machine, somebody elsewhere, somebody here who is not seen. */
bool waits_by_socket(struct walk *k, const struct wait_process *p) {
	enum wait_role role = waits_role(k->w->arena, p);
	bool serves = role == ROLE_SERVER || role == ROLE_DAEMON || role == ROLE_DEBUGGER ||
	              role == ROLE_EDITOR;

	for (int round = 0; round < 10; round++) {
		/* First without those that somebody before it in the chain has, too: they came with the fork. */
		for (size_t i = 0; i < p->fd_count; i++) {
			const struct wait_fd *f = &p->first_fd[i];
			const struct wait_socket *s =
				f->pid == p->pid ? waits_socket(k->w, f->ino) : NULL;

			if (!s || streq(s->state, "listening") || !str_starts(f->link, "socket:")) {
				continue;
			}
			bool remote = !streq(s->kind, "unix") && !s->local_peer;
			int turn = round % 5;

			if (is_inherited(k, p, f) != (round >= 5) ||
			    (turn >= 3 && waits_accepted(k->w, p, f))) {
				continue;
			}
			if ((turn == 0 && streq(s->kind, "tcp") && streq(s->state, "connecting") &&
			     by_address(k, p, s)) ||
			    (turn == 1 && is_name_server(s) && by_address(k, p, s)) ||
			    (turn == 2 && !remote && !serves && f->fd > 2 &&
			     by_neighbour(k, p, f, s)) ||
			    (turn == 3 && remote && !serves && streq(s->kind, "tcp") &&
			     streq(s->state, "connected") && by_address(k, p, s)) ||
			    (turn == 4 && s->local_peer && !serves && streq(s->kind, "tcp") &&
			     streq(s->state, "connected") && by_address(k, p, s))) {
				return true;
			}
		}
	}
	return false;
}

/* ---- a pipe that does not end ---- */

/* The last octal digit: O_RDONLY. */
static bool is_read_only(const struct wait_fd *f) {
	return (f->flags % 10 & 3) == 0;
}

static bool has_writing_end(const struct wait_process *p, int64_t ino) {
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];

		if (f->pid == p->pid && f->ino == ino && !is_read_only(f)) {
			return true;
		}
	}
	return false;
}

/* Who has the other end of a pipe that p made for a child of its own, and reads; NULL when that is inherited, or there
 * is nobody. */
static const struct wait_process *keeper_of(const struct waits *w, const struct wait_process *p,
                                            const struct wait_fd *f) {
	const struct wait_process *keeper = NULL;

	if (f->pid != p->pid || f->fd <= 2 || !str_starts(f->link, "pipe:") || !is_read_only(f) ||
	    has_writing_end(p, f->ino)) {
		return NULL;
	}
	for (size_t i = 0; i < f->end_count; i++) {
		const struct wait_process *q = waits_process(w, f->ends[i].pid);

		if (waits_is_above(w, p, f->ends[i].pid)) {
			return NULL;
		}
		if (q && f->ends[i].way == 'w' && waits_role(w->arena, q) == ROLE_OTHER) {
			keeper = q;
		}
	}
	return keeper;
}

/* The program it started has ended and left somebody behind who has its output open: whoever reads that to its end
 * goes on reading (os/exec, Cmd.WaitDelay). */
bool waits_by_kept_pipe(struct walk *k, const struct wait_process *p) {
	if (waits_role(k->w->arena, p) == ROLE_EDITOR) {
		return false;
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];
		const struct wait_process *q = keeper_of(k->w, p, f);

		/* Below a child that lives it is not left behind: that child is at work, or was spoken of. */
		if (!q || is_busy(q) || waits_is_above(k->w, q, p->pid) ||
		    !walk_on(k, q, HOW_PIPE, f->link,
		             arena_printf(k->w->arena, "fd %lld, %s", (long long)f->fd, f->link))) {
			continue;
		}
		struct wait_leaf *l = &k->chain->leaf;

		if (l->kind == WAIT_IDLE || l->kind == WAIT_INSIDE || l->kind == WAIT_SLEEP) {
			l->kind = WAIT_PEER;
			l->on = f->link;
			l->detail = arena_printf(
				k->w->arena,
				"was left behind by a program that %s had started, and keeps its "
				"output open: %s reads on",
				waits_name(k->w->arena, p), waits_name(k->w->arena, p));
			l->since_ms = q->age_ms;
		}
		return true;
	}
	return false;
}
