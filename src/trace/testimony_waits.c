/* SPDX-License-Identifier: MIT
 * How it stood when the recording ended: the text of LOOK_WAITS (waits/waits.h), out of calls that
 * never returned and sockets that nobody answered.
 */
#include "base/clock.h"
#include "base/path.h"
#include "core/world.h"
#include "trace/address.h"
#include "trace/call.h"
#include "trace/testimony_work.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LOOKS_MAX 9 /* of world_look_anew */

static const char *address_text(struct testimony *t, struct slice bytes, bool *ret_inet) {
	struct inet_address inet;
	*ret_inet = inet_address_read(bytes, &inet);
	if (*ret_inet) {
		char text[INET_ADDRESS_TEXT_BYTES];
		inet_address_text(&inet, text);
		return arena_strdup(t->arena, text);
	}
	bool abstract;
	struct slice path = unix_address_name(bytes, &abstract);
	return address_family(bytes) == AF_UNIX && !abstract && path.len > 0 && path.data[0] == '/'
	               ? arena_slicedup(t->arena, path)
	               : NULL;
}

const char *testimony_address(struct testimony *t, const struct event *e) {
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, 1);
	bool is_inet;
	return p ? address_text(t, p->bytes, &is_inet) : NULL;
}

/* The last address that nobody answered at, or that refused. */
static void note_refusal(struct testimony *t, const struct event *e, const char *remote,
                         bool is_inet) {
	if (t->refused_count < REFUSALS_MAX) {
		t->refused[t->refused_count++] = (struct refused_connect){
			.source = arena_printf(t->arena, "connect:%s:%s", is_inet ? "tcp" : "unix",
		                               remote),
			.error = (int)-e->result,
			.at_ns = e->start_ns};
	}
}

static void see_connect(struct testimony *t, const struct event *e) {
	struct descriptor_use *d = testimony_descriptor(t, e->pid, (int)e->args[0]);
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, 1);
	bool waits = e->duration_ns == EVENT_NO_DURATION || e->result == -EINPROGRESS ||
	             e->result == -EALREADY;
	const char *remote = p ? address_text(t, p->bytes, &d->is_inet) : NULL;
	if (remote && !d->is_inet) {
		testimony_name(t, remote, e->start_ns);
	}
	if (remote && !waits && e->result != 0) {
		note_refusal(t, e, remote, d->is_inet);
	}
	if (!remote || (!waits && e->result != 0)) {
		return;
	}
	*d = (struct descriptor_use){.pid = e->pid,
	                             .fd = (int)e->args[0],
	                             .path = d->path,
	                             .offset = -1,
	                             .remote = remote,
	                             .is_inet = d->is_inet,
	                             .connecting = waits,
	                             .connected_ns = e->start_ns};
}

/* What came of a connect that did not wait (SO_ERROR of socket(7)). */
static void see_outcome(struct testimony *t, const struct event *e,
                        const struct descriptor_use *d) {
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, 3);
	int error = 0;
	if (e->args[1] == SOL_SOCKET && e->args[2] == SO_ERROR && p &&
	    p->bytes.len >= sizeof(error)) {
		memcpy(&error, p->bytes.data, sizeof(error));
	}
	if (error != 0) {
		struct event failed = *e;
		failed.result = -error;
		note_refusal(t, &failed, d->remote, d->is_inet);
	}
}

void testimony_see_socket(struct testimony *t, const struct event *e, const struct call *call) {
	if (streq(call->name, "connect")) {
		see_connect(t, e);
		return;
	}
	if (call->args[0].shape != ARG_FD || e->duration_ns < 0 || e->result < 0) {
		return;
	}
	struct descriptor_use *d = testimony_descriptor(t, e->pid, (int)e->args[0]);
	int64_t end_ns = e->start_ns + e->duration_ns;
	if (streq(call->name, "close")) {
		d->path = NULL;
		d->remote = NULL;
		d->offset = -1;
	} else if (d->remote &&
	           (str_starts(call->name, "write") || str_starts(call->name, "send"))) {
		d->connecting = false;
		d->sent_ns = end_ns;
	} else if (d->remote &&
	           (str_starts(call->name, "read") || str_starts(call->name, "recv"))) {
		d->connecting = false;
		d->heard_ns = end_ns;
		d->received_bytes += e->result;
	} else if (d->remote && d->connecting && streq(call->name, "getsockopt")) {
		see_outcome(t, e, d);
	} else if (d->remote && streq(call->name, "getpeername")) {
		d->connecting = false;
	}
}

/* When it was looked at. */
static bool lives(const struct testimony *t, const struct witness *w) {
	return w->start_ns <= t->asof_ns && w->exec_error == 0 &&
	       (!w->ended || w->end_ns >= t->asof_ns) &&
	       (!w->replaced || w->replaced_ns >= t->asof_ns);
}

/* ---- the text ---- */

static int64_t fd_number(const struct descriptor_use *d) {
	return ((int64_t)d->pid << 20) + d->fd + 1;
}

static int64_t since_ms(const struct testimony *t, int64_t ns) {
	return (t->asof_ns - ns) / NS_PER_MS;
}

static void put_command(struct testimony *t, struct strbuf *out, const struct witness *w) {
	struct slice rest = w->argv;
	struct slice part;
	strbuf_add(out, "cmdline=");
	const char *program = testimony_interpreter(t, w->exe);
	if (program && slice_cut(&rest, '\0', &part)) {
		/* The kernel has put the program of the first line in front, and the script's place for its name. */
		strbuf_printf(out, "%s\x1f%s", keyline_escape(t->arena, program),
		              keyline_escape(t->arena, w->exe));
	}
	for (bool first = !program; slice_cut(&rest, '\0', &part); first = false) {
		strbuf_add(out, first ? "" : "\x1f");
		strbuf_add(out, keyline_escape(t->arena, arena_slicedup(t->arena, part)));
	}
	strbuf_add(out, "\n");
}

static void put_process(struct testimony *t, struct strbuf *out, const struct witness *w,
                        const char *relation, int64_t ppid) {
	int64_t rested_ns = t->asof_ns - w->start_ns;
	for (size_t i = 0; i < t->pending_count; i++) {
		const struct pending_call *p = &t->pending[i];
		int64_t ns = t->asof_ns - p->start_ns;
		rested_ns = p->pid == w->pid && ns >= 0 && ns < rested_ns ? ns : rested_ns;
	}
	strbuf_printf(out, "record=process\npid=%d\nppid=%" PRId64 "\nrelation=%s\nstate=%s\n",
	              (int)w->pid, ppid, relation, testimony_is_halted(t, w) ? "T" : "S");
	strbuf_printf(out,
	              "interval_us=40000\nio_calls=0\nage_ms=%" PRId64 "\ncpu_ms=0\ndenied=1\n",
	              since_ms(t, w->start_ns));
	strbuf_printf(out, "rested_ms=%" PRId64 "\nfds=-1\nfd_limit=-1\nthreads=1\ntracer=0\n",
	              rested_ns / NS_PER_MS);
	strbuf_printf(out, "comm=%.15s\n", path_base(w->exe));
	keyline_put(out, "exe", w->exe);
	keyline_put(out, "cwd", w->cwd);
	put_command(t, out, w);
	strbuf_add(out, "\n");
}

/* Who looks for a child by a descriptor of it (waitid's P_PIDFD) waits for the one it has just made:
 * no event says which number it got. */
static pid_t child_of(const struct testimony *t, const struct pending_call *p) {
	const struct witness *found = NULL;
	for (size_t i = 0; i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		bool is_child = w->ppid == p->pid && w->pid != p->pid && lives(t, w);
		if (is_child && w->fork_ns <= p->start_ns &&
		    (!found || w->fork_ns > found->fork_ns)) {
			found = w;
		}
	}
	return found ? found->pid : 0;
}

static struct pending_call by_pid(const struct testimony *t, const struct pending_call *p) {
	struct pending_call plain = *p;
	pid_t child = streq(p->call, "waitid") && p->args[0] == P_PIDFD ? child_of(t, p) : 0;
	if (child > 0) {
		plain.args[0] = P_PID;
		plain.args[1] = (uint64_t)child;
	}
	return plain;
}

/* A file system answers these at once or lets wait without hearing signals (state D of proc(5)). */
static bool asks_file_system(const struct pending_call *p) {
	static const char *const calls[] = {
		"open",  "stat",   "lstat",  "newfstatat", "statx",     "readlink", "access",
		"mkdir", "rename", "unlink", "getdents",   "faccessat", "statfs",   "fsync"};
	for (size_t i = 0; p->path[0] == '/' && i < sizeof(calls) / sizeof(*calls); i++) {
		if (str_starts(p->call, calls[i])) {
			return true;
		}
	}
	return false;
}

static void put_holders(struct testimony *t, struct strbuf *out, const struct pending_call *p) {
	const struct held_lock *held = testimony_lock_on(t, p->path);
	for (size_t i = 0; held && i < held->holder_count; i++) {
		if (held->holders[i] != p->pid) {
			strbuf_printf(out, "holder=%d\n", (int)held->holders[i]);
		}
	}
}

static void put_thread(struct testimony *t, struct strbuf *out, const struct pending_call *p) {
	strbuf_printf(out, "record=thread\npid=%d\ntid=%d\nstate=%s\nstill=1\ncpu_us=0\n",
	              (int)p->pid, (int)p->tid, asks_file_system(p) ? "D" : "S");
	strbuf_printf(out, "rested_ms=%" PRId64 "\ncall=%s\nargs=", since_ms(t, p->start_ns),
	              p->call);
	for (size_t i = 0; i < 6; i++) {
		strbuf_printf(out, "%s%" PRIx64, i > 0 ? " " : "", p->args[i]);
	}
	strbuf_add(out, "\n");
	if (!str_empty(p->path)) {
		keyline_put(out, "path", p->path);
	}
	strbuf_add(out, "\n");
	if (streq(p->call, "flock")) {
		strbuf_printf(out, "record=lock\npid=%d\nclass=FLOCK\n", (int)p->pid);
		keyline_put(out, "link", p->path);
		put_holders(t, out, p);
		strbuf_add(out, "\n");
	}
}

static void put_descriptor(struct testimony *t, struct strbuf *out,
                           const struct descriptor_use *d) {
	strbuf_printf(out, "record=fd\npid=%d\nfd=%d\n", (int)d->pid, d->fd);
	if (!d->remote) {
		keyline_put(out, "link", d->path);
		strbuf_add(out, "flags=02\n\n");
		return;
	}
	strbuf_printf(out, "link=socket:[%" PRId64 "]\nflags=02\nino=%" PRId64 "\n\n", fd_number(d),
	              fd_number(d));
	strbuf_printf(out,
	              "record=socket\nino=%" PRId64 "\nkind=%s\nstate=%s\nunread=0\nunsent=0\n",
	              fd_number(d), d->is_inet ? "tcp" : "unix",
	              d->connecting ? "connecting" : "connected");
	strbuf_printf(out,
	              "received_bytes=%" PRId64 "\nheard_ms=%" PRId64 "\nsent_ms=%" PRId64 "\n",
	              d->received_bytes, d->heard_ns > 0 ? since_ms(t, d->heard_ns) : -1,
	              d->sent_ns > 0 ? since_ms(t, d->sent_ns) : -1);
	keyline_put(out, d->is_inet ? "remote" : "peer_name", d->remote);
	strbuf_add(out, "\n");
}

static bool has_other_threads(const struct testimony *t, const struct pending_call *p) {
	for (size_t i = 0; i < t->pending_count; i++) {
		if (t->pending[i].pid == p->pid && t->pending[i].tid != p->tid) {
			return true;
		}
	}
	return false;
}

/* The runtime of Go sleeps for some microseconds between looks at its own threads. What has no other thread does
 * nothing but sleep. */
static bool is_nap(const struct testimony *t, const struct pending_call *p) {
	return str_has(p->call, "nanosleep") && since_ms(t, p->start_ns) < 1000 &&
	       has_other_threads(t, p);
}

static void put_all_of(struct testimony *t, struct strbuf *out, const struct witness *w) {
	for (size_t i = 0; i < t->pending_count; i++) {
		const struct pending_call *p = &t->pending[i];
		if (p->pid == w->pid && p->start_ns <= t->asof_ns && !is_nap(t, p)) {
			const struct pending_call plain = by_pid(t, p);
			put_thread(t, out, &plain);
		}
	}
	for (size_t i = 0; i < t->fd_count; i++) {
		const struct descriptor_use *d = &t->fds[i];
		if (d->pid == w->pid && (d->path || d->remote)) {
			put_descriptor(t, out, d);
		}
	}
}

/* The text of LOOK_FAMILY (core/look.def), of sockets as they were in the end. */
static void put_connections(struct testimony *t, struct strbuf *out, const struct witness *w) {
	for (size_t i = 0; i < t->fd_count; i++) {
		const struct descriptor_use *d = &t->fds[i];
		const char *port = d->remote && d->is_inet ? strrchr(d->remote, ':') : NULL;
		if (d->pid != w->pid || !port) {
			continue;
		}
		bool is_six = d->remote[0] == '[';
		size_t len = (size_t)(port - d->remote) - (is_six ? 2 : 0);
		strbuf_printf(out, "pid=%d\nppid=%d\ncomm=%.15s\nage_ms=%" PRId64 "\n", (int)w->pid,
		              (int)w->ppid, path_base(w->exe), since_ms(t, w->start_ns));
		strbuf_printf(out, "address=%.*s\nport=%s\nstate=%s\nreceived=%" PRId64 "\n",
		              (int)len, d->remote + is_six, port + 1,
		              d->connecting ? "connecting" : "connected", d->received_bytes);
		put_command(t, out, w);
		strbuf_add(out, "\n");
	}
}

static void give_family(struct testimony *t, struct evidence_store *store) {
	struct strbuf out;
	strbuf_init(&out, t->arena);
	for (size_t i = 0; i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		if (lives(t, w) && testimony_is_below(w, t->server->pid)) {
			put_connections(t, &out, w);
		}
	}
	for (int i = 1; i <= LOOKS_MAX; i++) {
		testimony_put(t, store, arena_printf(t->arena, "family:%d", i), t->asof_ns,
		              slice_of(out.data, out.len));
	}
}

/* A lock that somebody was waiting for. */
static bool holds_awaited(struct testimony *t, const struct witness *w) {
	for (size_t i = 0; i < t->pending_count; i++) {
		const struct pending_call *p = &t->pending[i];
		const struct held_lock *held =
			streq(p->call, "flock") ? testimony_lock_on(t, p->path) : NULL;
		for (size_t k = 0; held && p->pid != w->pid && k < held->holder_count; k++) {
			if (held->holders[k] == w->pid) {
				return true;
			}
		}
	}
	return false;
}

/* A wrapper started it before its process became the server, which knows nothing of it and waits for none such. */
static bool was_left(const struct witness *w, const struct witness *server) {
	return w->ppid == server->pid && w->fork_ns > 0 && w->fork_ns < server->start_ns;
}

static void put_others(struct testimony *t, struct strbuf *out, const struct witness *server) {
	for (size_t i = 0; i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		bool below = testimony_is_below(w->parent, server->pid);
		bool left = was_left(w, server);
		bool holds = lives(t, w) && (left || !below) && holds_awaited(t, w);
		if (w != server && lives(t, w) && (below || holds)) {
			put_process(t, out, w, holds ? "holder" : "below", left ? 1 : w->ppid);
			put_all_of(t, out, w);
		}
	}
}

void testimony_give_waits(struct testimony *t, struct evidence_store *store) {
	for (size_t i = t->refused_count; i > 0; i--) {
		testimony_put_error(t, store, t->refused[i - 1].source, t->refused[i - 1].at_ns,
		                    t->refused[i - 1].error);
	}
	const struct witness *server = t->server;
	if (!server || !lives(t, server)) {
		return;
	}
	give_family(t, store);
	int64_t above = testimony_session_pid(server);
	struct strbuf out;
	strbuf_init(&out, t->arena);
	strbuf_printf(&out, "record=machine\ntarget=%" PRId64 "\nnow_ns=%" PRId64 "\n", above,
	              t->asof_ns + t->wall_offset_ns);
	strbuf_add(&out, "unreadable=0\ncut=0\nmemory_full=0\nio_full=0\n\n");
	const struct witness *client = testimony_above(server);
	strbuf_printf(&out,
	              "record=process\npid=%" PRId64 "\nppid=0\nrelation=target\nstate=S\n"
	              "interval_us=40000\nage_ms=%" PRId64 "\ncomm=client\n\n",
	              above, since_ms(t, client ? client->start_ns : t->first_ns));
	put_process(t, &out, server, "below", above);
	put_all_of(t, &out, server);
	put_others(t, &out, server);
	for (int i = 1; i <= LOOKS_MAX; i++) {
		static const char *const words[] = {"late", "lock"};
		for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++) {
			testimony_put(t, store,
			              arena_printf(t->arena, "waits:%" PRId64 " %s%d", above,
			                           words[k], i),
			              t->asof_ns, slice_of(out.data, out.len));
		}
	}
}
