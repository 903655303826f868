/* SPDX-License-Identifier: MIT
 * The calls themselves, as proof of what was concluded from them.
 */
#include "base/clock.h"
#include "base/path.h"
#include "core/target.h"
#include "core/world.h"
#include "trace/call.h"
#include "trace/testimony_work.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/wait.h>

#define WORDS_MAX         4 /* of a command line */
#define WORD_BYTES_MAX    60
#define REFUSALS_TOLD_MAX 64

/* The client is the first program that was started, and what forked off it. */
static bool is_client(const struct testimony *t, const struct witness *w) {
	const char *client = NULL;
	for (size_t i = 0; i < t->witness_count && !client; i++) {
		client = t->witnesses[i]->is_new ? t->witnesses[i]->exe : NULL;
	}
	return client && streq(w->exe, client);
}

/* What the server and its programs were refused says more than what its client was. */
static bool is_better(const struct path_call *old, bool of_client, int error) {
	if (!old->call || (old->of_client && !of_client)) {
		return true;
	}
	bool was_absent = old->error == ENOENT || old->error == ENOTDIR;
	bool is_absent = error == ENOENT || error == ENOTDIR;
	return old->of_client == of_client && was_absent && !is_absent;
}

void testimony_note_call(struct testimony *t, const struct event *e, const struct call *call,
                         struct seen_path *seen) {
	int error = event_failed(e) ? (int)-e->result : 0;
	struct path_call *slot = error ? &seen->refused : &seen->worked;
	bool of_client = is_client(t, testimony_witness(t, e->pid));
	if (slot->call && slot->error == error && slot->of_client == of_client) {
		slot->times++;
	} else if (is_better(slot, of_client, error)) {
		*slot = (struct path_call){.pid = e->pid,
		                           .program = testimony_program(t, e->pid),
		                           .call = call->name,
		                           .error = error,
		                           .at_ns = e->start_ns,
		                           .times = 1,
		                           .of_client = of_client};
	}
}

static const char *at(struct testimony *t, int64_t ns) {
	return arena_printf(t->arena, "at %.3f s", (double)(ns - t->first_ns) / (double)NS_PER_S);
}

static const char *path_line(struct testimony *t, const struct path_call *c, const char *path) {
	const char *times =
		c->times > 1 ? arena_printf(t->arena, ", %llu times", (unsigned long long)c->times)
			     : "";
	const char *result = c->error ? arena_printf(t->arena, "%s (%s)", strerrorname_np(c->error),
	                                             strerror(c->error))
	                              : "ok";
	return arena_printf(t->arena, "%d %s: %s(\"%s\") = %s%s, %s", (int)c->pid, c->program,
	                    c->call, path, result, times, at(t, c->at_ns));
}

static const char *program_line(struct testimony *t, const struct witness *w) {
	struct strbuf text;
	struct slice rest = w->argv, part;
	strbuf_init(&text, t->arena);
	strbuf_printf(&text, "%d execve(\"%s\"", (int)w->pid, w->exe);
	for (size_t i = 0; i < WORDS_MAX && slice_cut(&rest, '\0', &part); i++) {
		size_t n = part.len < WORD_BYTES_MAX ? part.len : WORD_BYTES_MAX;
		strbuf_printf(&text, "%s%.*s", i > 0 ? " " : ", [", (int)n, part.data);
	}
	strbuf_printf(&text, "%s]), %s", rest.len > 0 ? " ..." : "", at(t, w->start_ns));
	if (w->ended && w->stopped_ns == 0) {
		strbuf_printf(&text,
		              WIFSIGNALED(w->status) ? ", ended by signal %d after %.3f s"
		                                     : ", ended with status %d after %.3f s",
		              WIFSIGNALED(w->status) ? WTERMSIG(w->status) : WEXITSTATUS(w->status),
		              (double)(w->end_ns - w->start_ns) / (double)NS_PER_S);
	}
	return text.data;
}

static void put(struct testimony *t, struct evidence_store *store, const char *about, int64_t at_ns,
                const char *line) {
	testimony_put(t, store, arena_printf(t->arena, TESTIMONY_CALLS "%s", about), at_ns,
	              slice_str(line));
}

static void give_programs(struct testimony *t, struct evidence_store *store) {
	for (size_t i = 0; t->server && i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		const char *what = testimony_string(t, w->argv, 1);
		if (w->is_new && streq(path_base(w->exe), "go") && !str_empty(what)) {
			put(t, store, arena_printf(t->arena, "run:go %s", what), w->start_ns,
			    program_line(t, w));
		}
	}
	if (t->server) {
		put(t, store, "session:gopls", t->server->start_ns, program_line(t, t->server));
	}
}

/* Many calls that are one story: of a directory, a lock, an address. */
static void give_episodes(struct testimony *t, struct evidence_store *store) {
	const struct episodes episodes = testimony_episodes(t);
	for (size_t i = 0; i < episodes.count; i++) {
		const struct episode *e = &episodes.items[i];
		if (!e->is_noise && e->kind != EPISODE_SLEEP && e->kind != EPISODE_DEATH) {
			put(t, store, e->path, e->start_ns,
			    arena_printf(t->arena, "%d %s, %s", (int)e->pid,
			                 episode_sentence(t->arena, e), at(t, e->start_ns)));
		}
	}
}

void testimony_give_calls(struct testimony *t, struct evidence_store *store) {
	give_programs(t, store);
	give_episodes(t, store);
	for (size_t i = 0; i < t->path_count; i++) {
		const struct seen_path *p = &t->paths[i];
		const struct path_call *c = p->refused.call ? &p->refused : &p->worked;
		if (c->call) {
			put(t, store, p->path, c->at_ns, path_line(t, c, p->path));
		}
	}
}

/* Of rights, of room, of a disk: the answers that a file system gives for reasons of its own. */
static bool tells_of_place(int error) {
	return error == EACCES || error == EPERM || error == EROFS || error == ENOSPC ||
	       error == EDQUOT || error == EIO;
}

void testimony_give_refusals(struct testimony *t, struct evidence_store *store) {
	struct strbuf text;
	size_t count = 0;
	strbuf_init(&text, t->arena);
	for (size_t i = 0; i < t->path_count && count < REFUSALS_TOLD_MAX; i++) {
		const struct path_call *c = &t->paths[i].refused;
		if (c->call && !c->of_client && tells_of_place(c->error)) {
			strbuf_printf(&text, "%d %" PRIu64 " %s %s %s\n", c->error, c->times,
			              c->call, c->program,
			              keyline_escape(t->arena, t->paths[i].path));
			count++;
		}
	}
	if (count > 0) {
		testimony_put(t, store, "file:" TARGET_RECORDED_REFUSALS, t->first_ns,
		              slice_of(text.data, text.len));
	}
}
