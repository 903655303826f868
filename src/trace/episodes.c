/* SPDX-License-Identifier: MIT */
#include "trace/episodes.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/vec.h"
#include "trace/call.h"
#include "trace/episodes_work.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#define EPISODES_MAX  ((size_t)20000)
#define WAIT_WORTH_NS (100 * NS_PER_MS) /* what a user could feel */
#define CALL_WORTH_NS (300 * NS_PER_MS) /* a local file system answers sooner */
#define SLEEP_WORTH   (1 * NS_PER_S)

/* Errors that are part of ordinary work say nothing: searching (ENOENT, ENOTDIR), descriptors that would
 * block (EAGAIN), what is there already (EEXIST), no terminal (ENOTTY). */
bool episodes_refusal(int error) {
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOLCK:
	case ESTALE:
	case ETXTBSY:
	case ELOOP:
	case ENOEXEC:
	case EIO:
	case ENOMEM:
	case EFBIG:
	case ENAMETOOLONG:
	case ENOTCONN:
		return true;
	default:
		return false;
	}
}

const char *testimony_program(struct testimony *t, pid_t pid) {
	const struct witness *w = testimony_witness(t, pid);
	const char *name = path_base(w->exe);
	return str_empty(name) ? path_base(testimony_string(t, w->argv, 0)) : name;
}

/* The one of this kind, process, error and place; a new one when there is none yet. */
static struct episode *episode_of(struct testimony *t, enum episode_kind kind,
                                  const struct event *e, int error, const char *path) {
	struct episode_book *book = &t->episodes;
	const char *program = testimony_program(t, e->pid);
	/* What several processes of a program do alike is one story; how each of them ended is not. */
	const char *who =
		kind == EPISODE_DEATH ? arena_printf(t->arena, "%d", (int)e->pid) : program;
	const char *key = arena_printf(t->arena, "%d %s %d %s", (int)kind, who, error, path);
	size_t id = dictionary_id(&book->ids, slice_str(key));
	if (id < book->count) {
		return &book->items[id];
	}
	book->items =
		vec_room(t->arena, book->items, book->count, &book->size, sizeof(*book->items));
	book->items[book->count] = (struct episode){.kind = kind,
	                                            .pid = e->pid,
	                                            .program = program,
	                                            .call = "",
	                                            .path = path,
	                                            .error = error,
	                                            .start_ns = e->start_ns};
	return &book->items[book->count++];
}

static void count_in(struct episode *episode, const struct event *e, const struct call *call) {
	int64_t ns = e->duration_ns > 0 ? e->duration_ns : 0;
	episode->call = str_empty(episode->call) ? call->name : episode->call;
	episode->count++;
	episode->waited_ns += ns;
	episode->end_ns = e->start_ns + ns;
}

/* A cache spreads its files over directories of two hexadecimal digits: they are one place. */
static const char *place_of(struct testimony *t, const char *path) {
	const char *dir = path_parent(t->arena, path);
	const char *name = path_base(dir);
	bool spread = strlen(name) == 2 && ascii_hex(name[0]) >= 0 && ascii_hex(name[1]) >= 0;
	return spread ? path_parent(t->arena, dir) : dir;
}

static const char *subject_of(struct testimony *t, const struct event *e, const struct call *call) {
	for (int at = 0; at < 6; at++) {
		if (call->args[at].shape == ARG_PATH) {
			return testimony_path(t, e, call, at);
		}
	}
	return call->args[0].shape == ARG_FD ? testimony_fd_path(t, e->pid, (int)e->args[0]) : NULL;
}

/* ---- kinds ---- */

static bool is_on_path(struct testimony *t, pid_t pid, const char *dir) {
	struct slice env = testimony_witness(t, pid)->env;
	struct slice var;
	while (slice_cut(&env, '\0', &var)) {
		struct slice part;
		if (!slice_starts(var, "PATH=")) {
			continue;
		}
		var = slice_from(var, strlen("PATH="));
		while (slice_cut(&var, ':', &part)) {
			if (slice_eq(part, dir)) {
				return true;
			}
		}
	}
	return false;
}

static void see_search(struct testimony *t, const struct event *e, const struct call *call,
                       const char *path) {
	bool asks = str_starts(call->name, "execve") || str_has(call->name, "access") ||
	            str_has(call->name, "stat");
	if (!asks || !is_on_path(t, e->pid, path_parent(t->arena, path))) {
		return;
	}
	/* Nothing is wrong when these are not there. */
	static const char *const optional[] = {"gccgo", "gopackagesdriver", NULL};
	if (str_in(path_base(path), optional)) {
		return;
	}
	struct episode *found = episode_of(t, EPISODE_SEARCH, e, 0, path_base(path));
	if (e->result == 0) {
		found->is_noise = true; /* it was there in the end */
	}
	count_in(found, e, call);
}

static void see_refusal(struct testimony *t, const struct event *e, const struct call *call,
                        const char *path) {
	int error = (int)-e->result;
	if (episodes_refusal(error)) {
		count_in(episode_of(t, EPISODE_REFUSED, e, error, place_of(t, path)), e, call);
	}
}

static void see_lock(struct testimony *t, const struct event *e, const struct call *call,
                     const char *path) {
	bool locks = streq(call->name, "flock") || streq(call->name, "fcntl");
	if (locks && (e->duration_ns >= WAIT_WORTH_NS || e->duration_ns == EVENT_NO_DURATION)) {
		struct episode *lock = episode_of(t, EPISODE_LOCK, e, 0, path);
		count_in(lock, e, call);
		lock->to_the_end = e->duration_ns == EVENT_NO_DURATION;
	}
}

/* Descriptors of pipes, sockets and terminals are waited on rightly. */
static void see_long_call(struct testimony *t, const struct event *e, const struct call *call,
                          const char *path) {
	bool long_one = e->duration_ns >= CALL_WORTH_NS || e->duration_ns == EVENT_NO_DURATION;
	if (long_one && path[0] == '/' && !str_starts(path, "/dev/") &&
	    !str_starts(path, "/proc/") && !streq(call->name, "flock") &&
	    !streq(call->name, "fcntl") && !str_starts(call->name, "exec")) {
		struct episode *slow = episode_of(t, EPISODE_IN_CALL, e, 0, path);
		count_in(slow, e, call);
		slow->to_the_end |= e->duration_ns == EVENT_NO_DURATION;
	}
}

static void see_connect(struct testimony *t, const struct event *e, const struct call *call) {
	const struct descriptor_use *d = testimony_descriptor(t, e->pid, (int)e->args[0]);
	const char *address = testimony_address(t, e);
	int error = event_failed(e) ? (int)-e->result : 0;
	if (!address || (error == 0 && e->duration_ns >= 0 && e->duration_ns < WAIT_WORTH_NS) ||
	    error == EINPROGRESS || error == EALREADY || error == EISCONN || error == EINTR ||
	    (error == ENOENT && !d->is_inet)) {
		return;
	}
	count_in(episode_of(t, EPISODE_CONNECT, e, error, address), e, call);
}

static void see_sleep(struct testimony *t, const struct event *e, const struct call *call) {
	bool sleeps = streq(call->name, "nanosleep") || streq(call->name, "clock_nanosleep");
	if (sleeps && (e->duration_ns >= WAIT_WORTH_NS || e->duration_ns == EVENT_NO_DURATION)) {
		struct episode *nap = episode_of(t, EPISODE_SLEEP, e, 0, "");
		count_in(nap, e, call);
		nap->to_the_end = e->duration_ns == EVENT_NO_DURATION;
	}
}

void episodes_see(struct testimony *t, const struct event *e, const struct call *call) {
	if (t->episodes.count >= EPISODES_MAX) {
		return;
	}
	if (streq(call->name, "connect")) {
		see_connect(t, e, call);
		return;
	}
	see_sleep(t, e, call);
	bool long_one = e->duration_ns >= WAIT_WORTH_NS || e->duration_ns == EVENT_NO_DURATION;
	if (!event_failed(e) && !long_one && !str_starts(call->name, "execve") &&
	    !str_has(call->name, "stat") && !str_has(call->name, "access")) {
		return;
	}
	const char *path = subject_of(t, e, call);
	if (!path || path[0] != '/') {
		return;
	}
	see_search(t, e, call, path);
	see_lock(t, e, call, path);
	if (event_failed(e)) {
		see_refusal(t, e, call, path);
	} else {
		see_long_call(t, e, call, path);
	}
}

/* ---- at the end ---- */

static void add_deaths(struct testimony *t) {
	for (size_t i = 0; i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		if (!w->ended || w->replaced || w->status == 0) {
			continue;
		}
		const struct event at = {.pid = w->pid, .start_ns = w->start_ns};
		struct episode *death = episode_of(t, EPISODE_DEATH, &at, 0, w->exe);
		death->status = w->status;
		death->count = 1;
		death->end_ns = w->end_ns;
	}
}

/* Sockets that nobody answered until the end. */
static void add_silences(struct testimony *t) {
	for (size_t i = 0; i < t->fd_count; i++) {
		const struct descriptor_use *d = &t->fds[i];
		int64_t since = d->sent_ns > d->heard_ns ? d->sent_ns : 0;
		int64_t begun = d->connecting ? d->connected_ns : since;
		if (!d->remote || begun == 0 || t->last_ns - begun < WAIT_WORTH_NS) {
			continue;
		}
		const struct event at = {.pid = d->pid, .start_ns = begun};
		struct episode *silence = episode_of(
			t, d->connecting ? EPISODE_CONNECT : EPISODE_SILENCE, &at, 0, d->remote);
		silence->count++;
		silence->waited_ns = t->last_ns - begun;
		silence->end_ns = t->last_ns;
		silence->to_the_end = true;
	}
}

/* The process of an episode, as it was last. */
static const struct witness *find_process(const struct testimony *t, const struct episode *e) {
	for (size_t i = t->witness_count; i > 0; i--) {
		if (t->witnesses[i - 1]->pid == e->pid) {
			return t->witnesses[i - 1];
		}
	}
	return NULL;
}

static bool is_worth(const struct testimony *t, const struct episode *e) {
	if (t->server && !testimony_is_below(find_process(t, e), t->server->pid)) {
		return false; /* the client's, which got as far as a server */
	}
	switch (e->kind) {
	case EPISODE_SEARCH:
		return !e->is_noise && e->count > 1;
	case EPISODE_SLEEP:
		return e->waited_ns >= SLEEP_WORTH || e->to_the_end;
	default:
		return true;
	}
}

/* What never ended, then what took long, then what was refused often. */
static int by_weight(const void *a, const void *b) {
	const struct episode *x = a;
	const struct episode *y = b;
	bool calm_x = x->is_noise || x->kind == EPISODE_SLEEP;
	bool calm_y = y->is_noise || y->kind == EPISODE_SLEEP;
	if (calm_x != calm_y) {
		return calm_x ? 1 : -1;
	}
	if (x->to_the_end != y->to_the_end) {
		return x->to_the_end ? -1 : 1;
	}
	bool long_x = x->waited_ns >= WAIT_WORTH_NS;
	bool long_y = y->waited_ns >= WAIT_WORTH_NS;
	if (long_x != long_y) {
		return long_x ? -1 : 1;
	}
	if (long_x && x->waited_ns != y->waited_ns) {
		return x->waited_ns > y->waited_ns ? -1 : 1;
	}
	if (x->count != y->count) {
		return x->count > y->count ? -1 : 1;
	}
	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

/* A call without an end lasted to the end of its process, which may have come before ours. */
static void settle(const struct testimony *t, struct episode *e) {
	const struct witness *w = find_process(t, e);
	bool lives = w && !w->ended && !w->replaced;
	int64_t last_ns = w && w->ended ? w->end_ns : t->last_ns;
	if (!e->to_the_end) {
		return;
	}
	e->to_the_end = lives;
	if (e->waited_ns < last_ns - e->start_ns) {
		e->waited_ns = last_ns - e->start_ns;
		e->end_ns = last_ns;
	}
}

struct episodes testimony_episodes(struct testimony *t) {
	t->server = t->server ? t->server : testimony_server(t);
	add_deaths(t);
	add_silences(t);
	struct episodes ret = {
		.items = arena_array_of(t->arena, struct episode, t->episodes.count + 1)};
	for (size_t i = 0; i < t->episodes.count; i++) {
		struct episode *e = &t->episodes.items[i];
		settle(t, e);
		if (is_worth(t, e)) {
			ret.items[ret.count++] = *e;
		}
	}
	if (ret.count > 0) {
		qsort(ret.items, ret.count, sizeof(*ret.items), by_weight);
	}
	return ret;
}

/* ---- comparison and words ---- */

/* Names made at random or by hash differ from run to run; what is left of them does not. */
static bool same_place(const char *a, const char *b) {
	while (*a && *b) {
		bool loose_a = ascii_is_digit(*a) || (ascii_hex(*a) >= 0);
		bool loose_b = ascii_is_digit(*b) || (ascii_hex(*b) >= 0);
		if (loose_a && loose_b) {
			while (ascii_hex(*a) >= 0) {
				a++;
			}
			while (ascii_hex(*b) >= 0) {
				b++;
			}
			continue;
		}
		if (*a != *b) {
			return false;
		}
		a++;
		b++;
	}
	return *a == *b;
}

void episodes_compare(struct episodes *episodes, const struct episodes *healthy) {
	for (size_t i = 0; i < episodes->count; i++) {
		struct episode *e = &episodes->items[i];
		for (size_t k = 0; k < healthy->count && !e->is_noise; k++) {
			const struct episode *h = &healthy->items[k];
			e->is_noise = h->kind == e->kind && h->error == e->error &&
			              streq(h->program, e->program) && same_place(h->path, e->path);
		}
	}
	if (episodes->count > 0) {
		qsort(episodes->items, episodes->count, sizeof(*episodes->items), by_weight);
	}
}

static const char *seconds(struct arena *arena, int64_t ns) {
	return arena_printf(arena, "%.*f s", ns < NS_PER_S ? 2 : 1, (double)ns / (double)NS_PER_S);
}

static const char *times(struct arena *arena, uint64_t count) {
	return count == 1   ? ""
	       : count == 2 ? ", twice"
	                    : arena_printf(arena, ", %llu times", (unsigned long long)count);
}

const char *episode_sentence(struct arena *arena, const struct episode *e) {
	const char *who = str_empty(e->program) ? "a process" : e->program;
	const char *waited = seconds(arena, e->waited_ns);
	const char *still = e->to_the_end ? " and still did at the end" : "";
	switch (e->kind) {
	case EPISODE_SEARCH:
		return arena_printf(arena,
		                    "%s looked for %s in %llu directories of PATH and found none",
		                    who, e->path, (unsigned long long)e->count);
	case EPISODE_REFUSED:
		return arena_printf(arena, "%s: %s below %s%s: %s", who, e->call, e->path,
		                    times(arena, e->count), strerror(e->error));
	case EPISODE_LOCK:
		return arena_printf(arena, "%s waited %s for the lock of %s%s", who, waited,
		                    e->path, still);
	case EPISODE_CONNECT:
		return e->error ? arena_printf(arena, "%s could not reach %s%s: %s", who, e->path,
		                               times(arena, e->count), strerror(e->error))
		                : arena_printf(arena, "%s waited %s for %s to accept%s", who,
		                               waited, e->path, still);
	case EPISODE_SILENCE:
		return arena_printf(arena, "%s heard nothing from %s for %s%s", who, e->path,
		                    waited, still);
	case EPISODE_SLEEP:
		return arena_printf(arena, "%s slept %s%s", who, waited, times(arena, e->count));
	case EPISODE_DEATH:
		return WIFSIGNALED(e->status)
		               ? arena_printf(arena, "%s (%d) was ended by signal %d (%s)", who,
		                              (int)e->pid, WTERMSIG(e->status),
		                              strsignal(WTERMSIG(e->status)))
		               : arena_printf(arena, "%s (%d) ended with status %d", who,
		                              (int)e->pid, WEXITSTATUS(e->status));
	case EPISODE_IN_CALL:
		return arena_printf(arena, "%s was %s in %s on %s%s", who, waited, e->call, e->path,
		                    still);
	}
	return "";
}
