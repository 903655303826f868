/* SPDX-License-Identifier: MIT
 * What was changed behind the back of a running server, and whether anybody could have told it.
 *
 * gopls hears of files that are not open from its client only (workspace/didChangeWatchedFiles), or
 * with fileWatcher "fsnotify" by itself; both end in an inotify watch of some process of this user.
 * What an editor saves it tells the server itself: only changes that no editor makes count here.
 */
#include "base/ascii.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"

#define MARGIN_NS   (2 * NS_PER_S)
#define CHECKOUT_NS (60 * NS_PER_S) /* git writes its log when all files are written */
#define REFLOG_MAX  8
#define HEAD_CAP    ((size_t)4096)
#define GIT_PARENTS 6
#define TREE_FILES  200

struct checkout {
	int64_t at_ns;
	const char *what;
};

struct hunt {
	struct exam *exam;
	const struct fact_running_server *server;
	struct checkout checkouts[REFLOG_MAX];
	size_t checkout_count;
	const struct evidence *ev; /* of the newest one */
	const char *path, *kind, *what;
	int64_t mtime_ns;
	int64_t count;
};

/* "OLD NEW Name <mail> SECONDS ZONE\tcheckout: moving from a to b": git-reflog(1), files in logs/.
 * A commit leaves the files as they are. */
static void take_reflog_line(struct hunt *h, struct slice line) {
	static const char *const movers[] = {"checkout:",    "pull",    "merge", "rebase", "reset:",
	                                     "cherry-pick:", "revert:", "am:",   NULL};
	struct slice words = line;
	const char *tab = memchr(line.data, '\t', line.len);
	const char *mail = tab ? memrchr(line.data, '>', (size_t)(tab - line.data)) : NULL;
	struct slice word;
	int64_t seconds = 0;

	if (!mail || mail + 2 > tab) {
		return;
	}
	words = slice_of(mail + 2, (size_t)(tab - mail - 2));
	if (!slice_cut(&words, ' ', &word) ||
	    str_to_int64(arena_slicedup(h->exam->arena, word), &seconds) != 0 ||
	    seconds > INT64_MAX / NS_PER_S) {
		return;
	}
	const char *what =
		arena_strndup(h->exam->arena, tab + 1, line.len - (size_t)(tab + 1 - line.data));

	for (size_t i = 0; movers[i]; i++) {
		if (str_starts(what, movers[i]) && (seconds + 1) * NS_PER_S > h->server->start_ns) {
			h->checkouts[h->checkout_count++ % REFLOG_MAX] =
				(struct checkout){.at_ns = seconds * NS_PER_S, .what = what};
			return;
		}
	}
}

static void read_reflog(struct hunt *h) {
	struct exam *exam = h->exam;
	const char *dir = exam->target->workspace;

	for (int i = 0; i < GIT_PARENTS; i++) {
		const struct evidence *ev = world_look(
			exam->world, LOOK_FILE, path_join(exam->arena, dir, ".git/logs/HEAD"),
			LOOK_CAP_SETTINGS);
		struct slice rest = ev->bytes;
		struct slice line;

		while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
			take_reflog_line(h, line);
		}
		if (evidence_has_bytes(ev) || streq(dir, "/")) {
			return;
		}
		dir = path_parent(exam->arena, dir);
	}
}

static const char *checkout_at(const struct hunt *h, int64_t mtime_ns) {
	for (size_t i = 0; i < h->checkout_count && i < REFLOG_MAX; i++) {
		int64_t at_ns = h->checkouts[i].at_ns;

		if (mtime_ns > at_ns - CHECKOUT_NS && mtime_ns < at_ns + MARGIN_NS) {
			return h->checkouts[i].what;
		}
	}
	return NULL;
}

/* go help generate: ^// Code generated .* DO NOT EDIT\.$ before the package clause. */
static bool is_generated(struct exam *exam, const char *path) {
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, path, HEAD_CAP);
	struct slice rest = ev->bytes;
	struct slice line;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_starts(line, "// Code generated ") &&
		    str_ends(arena_slicedup(exam->arena, slice_trim(line)), " DO NOT EDIT.")) {
			return true;
		}
		if (slice_starts(line, "package ")) {
			return false;
		}
	}
	return false;
}

static void take_file(struct hunt *h, const char *path, bool only_tools_write_it) {
	struct file_stat st = world_stat(h->exam->world, path);

	if (!st.known || !st.is_file || st.mtime_ns <= h->server->start_ns + MARGIN_NS) {
		return;
	}
	const char *what = checkout_at(h, st.mtime_ns);
	const char *kind = what                                                   ? "checkout"
	                   : only_tools_write_it                                  ? "sums"
	                   : str_ends(path, ".go") && is_generated(h->exam, path) ? "generated"
	                                                                          : NULL;

	if (!kind) {
		return;
	}
	h->count++;
	if (st.mtime_ns > h->mtime_ns) {
		h->mtime_ns = st.mtime_ns;
		h->path = path;
		h->kind = kind;
		h->what = what;
		h->ev = st.ev;
	}
}

static void take_tree(struct hunt *h) {
	struct exam *exam = h->exam;
	const struct evidence *ev =
		world_look(exam->world, LOOK_WALK, exam->target->workspace, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line, word;
	size_t count = 0;

	while (evidence_has_bytes(ev) && count < TREE_FILES && slice_line(&rest, &line)) {
		if (!slice_cut(&line, ' ', &word)) {
			continue;
		}
		const char *path = arena_slicedup(exam->arena, line);

		if (slice_eq(word, "mod")) {
			take_file(h, path, false);
			take_file(h,
			          path_join(exam->arena, path_parent(exam->arena, path), "go.sum"),
			          true);
		} else if (slice_eq(word, "vendor")) {
			take_file(h, path, true);
		} else if (slice_eq(word, "go") || slice_eq(word, "work")) {
			count++;
			take_file(h, path, false);
		}
	}
}

/* Does somebody watch this directory? -1: some of those who might could not be looked at. */
static int watched(struct exam *exam, const char *dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_WATCHES, dir, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line;
	bool denied = !evidence_has_bytes(ev);

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (line.len > 0 && ascii_is_digit(line.data[0])) {
			return 1;
		}
		denied = denied || (slice_starts(line, "denied ") && !slice_eq(line, "denied 0"));
	}
	return denied ? -1 : 0;
}

static void look_server(struct exam *exam, const struct fact_running_server *server) {
	struct hunt h = {.exam = exam, .server = server};

	read_reflog(&h);
	take_tree(&h);
	if (!h.path) {
		return;
	}
	int here = watched(exam, path_parent(exam->arena, h.path));
	int top = here == 1 ? 1 : watched(exam, exam->target->workspace);

	if (here != 1 && top != 1 && (here < 0 || top < 0)) {
		facts_refuse(exam->facts, FACT_external_change,
		             "not every process that might watch the workspace could be looked at",
		             "the rights of the user who runs the editor");
		return;
	}
	FACTS_ADD(exam->facts, external_change, h.ev, .pid = server->pid, .path = h.path,
	          .kind = h.kind, .what = h.what, .mtime_ns = h.mtime_ns, .count = h.count,
	          .watched = here == 1 || top == 1);
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (!facts_healthy(exam->facts)) {
		return 0; /* what a fresh server finds wrong is no matter of staleness */
	}
	facts_each (running_server, s, exam->facts) {
		if (s->here && s->start_ns > 0 &&
		    (streq(s->role, "server") || streq(s->role, "forwarder"))) {
			look_server(exam, s);
		}
	}
	return 0;
}

const struct probe probe_external_changes = {
	.id = "external_changes",
	.title = "what was changed behind the back of a running server",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(external_change),
	.look = look,
};
