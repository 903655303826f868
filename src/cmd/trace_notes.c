/* SPDX-License-Identifier: MIT */
#include "cmd/trace_notes.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/case.h"
#include "cmd/check_trace.h"
#include "core/world.h"
#include "probes/server/memory_groups.h"
#include "trace/store.h"
#include "trace/testimony.h"
#include "world/casefile.h"
#include "world/codec.h"
#include "world/live.h"
#include "world/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXAM_NS        (6 * NS_PER_S)  /* of looking around */
#define LIMIT_NS       (10 * NS_PER_S) /* with reading the recording and writing it down */
#define HEAD_BYTES_MAX ((size_t)64)    /* so many tell whether a file can be read at all */
#define TEXT_MAX       ((size_t)32 << 20)
/* What was recorded is held in memory meanwhile, some 400 bytes for an event; the start of a server has not a tenth of
 * these. */
#define EVENTS_MAX 500000
#define NOTES_KEY  "notes"
#define MEMORY_KEY "memory"

/* ---- one look ---- */

struct noting {
	struct arena *arena;
	struct testimony *testimony;
	struct world *eyes;
	struct evidence_store *notes;
	const struct evidence_store *told; /* by the calls */
	int64_t until_ns;                  /* nothing is looked at afterwards */
};

/* About a place itself: what was named, what leads there, and what is below it. */
static bool is_named(struct noting *n, const char *path) {
	/* Below /proc "self" would be who looks. */
	return path[0] == '/' && !path_below(path, "/proc") &&
	       (testimony_names(n->testimony, path) || testimony_names_below(n->testimony, path));
}

/* A file system has more places than those that were named. */
static bool is_on_the_way(struct noting *n, const char *path) {
	for (; path[0] == '/' && path[1]; path = path_parent(n->arena, path)) {
		if (is_named(n, path)) {
			return true;
		}
	}
	return false;
}

/* A module's directory below a module cache, when calls asked the cache what it knows of that module: whether it is
 * unpacked there, go asks only when it needs it (golang.org/ref/mod#module-cache). */
static bool is_module(struct noting *n, const char *path) {
	const char *version = strrchr(path, '@');
	for (const char *at = path; version && (at = strchr(at + 1, '/')) && at < version;) {
		const char *known = arena_printf(n->arena, "%.*s/cache/download%.*s/@v",
		                                 (int)(at - path), path, (int)(version - at), at);
		if (testimony_names_below(n->testimony, known)) {
			return true;
		}
	}
	return false;
}

/* The answer about a directory above that is not there: then nothing is below it. NULL: none is known to be absent. */
static const struct evidence *absent_above(struct noting *n, const char *path) {
	while (path[0] == '/' && path[1]) {
		path = path_parent(n->arena, path);
		const struct evidence *ev =
			evidence_find(n->told, arena_printf(n->arena, "stat:%s", path));
		if (ev) {
			return ev->state == EV_ABSENT && ev->error == ENOENT ? ev : NULL;
		}
	}
	return NULL;
}

static const char *first_line(struct noting *n, const char *arg) {
	struct slice rest = slice_str(arg), line;
	return slice_line(&rest, &line) ? arena_slicedup(n->arena, line) : "";
}

/* An installation of Go that was used tells by this file which one it is; go itself reads it on few occasions. */
static bool is_version(struct noting *n, const char *path) {
	return streq(path_base(path), "VERSION") && is_named(n, path_parent(n->arena, path));
}

/* How often the kernel has killed in the group of a victim, or above (probes/server/memory). */
static bool is_kill_count(struct noting *n, const char *path) {
	const char *group = testimony_group(n->testimony);
	bool counts = streq(path_base(path), "memory.events") ||
	              streq(path_base(path), "memory.oom_control");
	return counts && group && path_below(group, path_parent(n->arena, path));
}

static bool may_look(struct noting *n, enum look what, const char *arg, size_t cap) {
	switch ((int)what) {
	case LOOK_FILE:
		return is_version(n, arg) || is_kill_count(n, arg) ||
		       (cap <= HEAD_BYTES_MAX && is_named(n, arg));
	case LOOK_STAT:
		return is_named(n, arg) || is_version(n, arg) || is_module(n, arg) ||
		       absent_above(n, arg);
	case LOOK_LINK:
	case LOOK_BINARY:
	case LOOK_BUILD_HASH:
	case LOOK_FILECAPS:
	case LOOK_ALLOWED:
	case LOOK_OWNERS:
		return is_named(n, arg);
	case LOOK_MOUNT:
		return is_on_the_way(n, arg);
	case LOOK_GUARDS:
		return true;
	case LOOK_MEMORY:
		return streq(arg, "self " MEMORY_AFTER);
	case LOOK_GOCACHE:
	case LOOK_GOMODS:
	case LOOK_MODULE:
		return is_named(n, first_line(n, arg));
	default:
		return false;
	}
}

static void copy_key(struct strbuf *out, struct slice text, const char *key, struct arena *arena) {
	const char *value = keyline_get(arena, text, key);

	if (value) {
		keyline_put(out, key, value);
	}
}

/* What was refused to the program stays refused, whoever else might. */
static int64_t both(const struct evidence *told, const struct evidence *seen, struct arena *arena,
                    const char *key) {
	int64_t by_call = told ? keyline_number(arena, told->bytes, key, 1) : 1;

	return by_call && keyline_number(arena, seen->bytes, key, 0);
}

const struct evidence *trace_notes_join(struct arena *arena, const struct evidence *told,
                                        const struct evidence *seen, bool fenced) {
	static const char *const keys[] = {"type",          "mode",     "uid",      "gid",
	                                   "size",          "mtime_ns", "ctime_ns", "btime_ns",
	                                   "link_ctime_ns", "dev",      "ino",      "nlink"};
	static const char *const may[] = {"read", "write", "exec"};
	bool is_stat = str_starts(seen->source, "stat:");

	if (told && (!is_stat || !evidence_has_bytes(told) || !evidence_has_bytes(seen))) {
		return NULL;
	}
	struct evidence *joined = arena_new_of(arena, struct evidence);

	*joined = *seen;
	if (told) {
		struct strbuf text;

		strbuf_init(&text, arena);
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
			copy_key(&text, seen->bytes, keys[i], arena);
		}
		for (size_t i = 0; i < sizeof(may) / sizeof(*may); i++) {
			int64_t is = fenced ? keyline_number(arena, seen->bytes, may[i], 0)
			                    : both(told, seen, arena, may[i]);
			strbuf_printf(&text, "%s=%d\n", may[i], (int)is);
		}
		copy_key(&text, seen->bytes, "real", arena);
		joined->bytes = slice_of(text.data, text.len);
		joined->at_ns = told->at_ns;
	}
	return joined;
}

static struct slice without(struct arena *arena, struct slice text, const char *key) {
	struct strbuf out;
	struct slice line;

	strbuf_init(&out, arena);
	while (slice_line(&text, &line)) {
		if (!slice_starts(line, key)) {
			strbuf_add_n(&out, line.data, line.len);
			strbuf_add_char(&out, '\n');
		}
	}
	return slice_of(out.data, out.len);
}

/* Where the server, or a program of its own, was killed. How often that had happened there
 * before is not known. */
static const struct evidence *ask_group(struct noting *n, const char *arg, size_t cap) {
	const char *dir =
		streq(arg, MEMORY_VICTIM " " MEMORY_DURING) ? testimony_group(n->testimony) : NULL;
	const struct evidence *seen =
		dir ? world_look(n->eyes, LOOK_MEMORY,
	                         arena_printf(n->arena, "%s " MEMORY_DURING, dir), cap)
		    : NULL;

	if (!seen || !evidence_has_bytes(seen)) {
		return NULL;
	}
	struct evidence *note = evidence_add(n->notes, arena_printf(n->arena, "memory:%s", arg));

	note->state = seen->state;
	note->bytes = without(n->arena, seen->bytes, "kills=");
	return note;
}

static const struct evidence *ask(void *context, enum look what, const char *arg, size_t cap,
                                  const struct evidence *told) {
	struct noting *n = context;

	if (clock_now_ns() > n->until_ns) {
		return NULL;
	}
	if (what == LOOK_MEMORY && !told && !str_starts(arg, "self ")) {
		return ask_group(n, arg, cap);
	}
	if ((told && (what != LOOK_STAT || !evidence_has_bytes(told))) ||
	    !may_look(n, what, arg, cap)) {
		return NULL;
	}
	const struct evidence *seen = world_look(n->eyes, what, arg, cap);
	const struct evidence *joined =
		seen->state == EV_TIMED_OUT || seen->error == EINTR
			? NULL
			: trace_notes_join(n->arena, told, seen, testimony_is_fenced(n->testimony));

	if (joined && !evidence_find(n->notes, seen->source)) {
		struct evidence *note = evidence_add(n->notes, seen->source);

		note->at_ns = told ? told->at_ns : 0;
		note->state = joined->state;
		note->error = joined->error;
		note->bytes = joined->bytes;
	}
	return joined;
}

/* ---- the process that looks around ---- */

/* What a file may be used for depends on who asks. */
static bool become(const struct testimony_about *about) {
	if (geteuid() != 0 || about->uid <= 0) {
		return true;
	}
	gid_t gid = about->gid >= 0 ? (gid_t)about->gid : (gid_t)about->uid;

	return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
	       setresuid((uid_t)about->uid, (uid_t)about->uid, (uid_t)about->uid) == 0;
}

/* It is worth something only when somebody was killed whom no process had sent the signal. */
static void put_before(struct arena *arena, struct reader *reader, struct evidence_store *store) {
	const char *text = reader_meta(reader, arena, MEMORY_KEY);
	if (!str_empty(text) && !evidence_find(store, "memory:self " MEMORY_BEFORE)) {
		struct evidence *ev = evidence_add(store, "memory:self " MEMORY_BEFORE);
		ev->state = EV_READ;
		ev->bytes = slice_str(text);
	}
}

static int read_testimony(struct arena *arena, const char *file, struct noting *n,
                          struct evidence_store *told, struct testimony_about *about) {
	struct reader reader = {0};
	struct event_filter all = {0};
	struct err err = {0};
	int code = reader_open(&reader, file, &err);

	if (code == 0 && reader_events(&reader) <= EVENTS_MAX &&
	    reader_has_program(&reader, arena, "gopls")) {
		n->testimony = testimony_new(arena, reader_meta_number(&reader, "wall_offset_ns"));
		struct event_sink sink = testimony_sink(n->testimony);

		code = reader_each(&reader, &all, &sink, &err);
		testimony_give(n->testimony, told, about);
		if (testimony_has_victim(n->testimony)) {
			put_before(arena, &reader, told);
			put_before(arena, &reader, n->notes);
		}
	}
	reader_close(&reader);
	return code < 0 ? code : str_empty(about->workspace) ? -ENOENT : 0;
}

static int look_around(const char *file, int fd) {
	struct arena *arena = arena_new();
	struct evidence_store told, seen, notes, run;
	struct testimony_about about = {0};
	struct diagnosis diagnosis;
	struct err err = {0};
	struct noting n = {.arena = arena, .notes = &notes, .told = &told};
	static const char *const none[] = {NULL};
	size_t bytes;

	evidence_store_init(&told, arena);
	evidence_store_init(&seen, arena);
	evidence_store_init(&notes, arena);
	evidence_store_init(&run, arena);
	int code = read_testimony(arena, file, &n, &told, &about);

	n.eyes = code == 0 && become(&about) ? world_live_open(arena, &seen, -1, &err) : NULL;
	if (!n.eyes) {
		return code < 0 ? code : -EPERM;
	}
	n.until_ns = clock_now_ns() + EXAM_NS;
	const struct replay_helper helper = {.ask = ask, .context = &n};
	const struct calls_exam plan = {
		.world = world_replay_helped(arena, &run, &told, &helper),
		.workspace = about.workspace,
		.file = str_empty(about.file) ? NULL : about.file,
		.unasked = about.unasked,
		.recorded = true,
		.limit_ns = 24 * 3600 * NS_PER_S,
	};

	code = check_trace_examine(arena, &plan, &diagnosis, &err);
	world_close(plan.world);
	world_close(n.eyes);
	return code < 0 ? code : case_hand_over(&notes, none, fd, &bytes, &err);
}

static pid_t start_process(const char *file, int *ret_fd) {
	int ends[2];
	pid_t above = getpid();

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return -1;
	}
	pid_t pid = fork();

	if (pid == 0) {
		(void)setpgid(0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == above && look_around(file, ends[1]) == 0 ? 0 : 1);
	}
	fd_closep(&ends[1]);
	*ret_fd = ends[0];
	return pid;
}

/* What it writes until its end; false when that does not come in time. */
static bool read_all(int fd, struct strbuf *out) {
	int64_t until = clock_now_ns() + LIMIT_NS;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char buf[65536];
	ssize_t n = 1;

	while (n > 0 && out->len < TEXT_MAX) {
		int64_t left = until - clock_now_ns();

		if (left <= 0 || poll(&poll_fd, 1, (int)(left / NS_PER_MS) + 1) == 0) {
			return false;
		}
		n = read(fd, buf, sizeof(buf));
		n = n < 0 && errno == EINTR ? 1 : n;
		strbuf_add_n(out, buf, n > 0 ? (size_t)n : 0);
	}
	return n == 0;
}

void trace_notes_begin(struct store *store) {
	struct arena *arena = arena_new();
	struct evidence_store seen;
	struct err err = {0};

	evidence_store_init(&seen, arena);
	struct world *eyes = world_live_open(arena, &seen, -1, &err);
	const struct evidence *ev =
		eyes ? world_look(eyes, LOOK_MEMORY, "self " MEMORY_BEFORE, LOOK_CAP_SMALL) : NULL;
	if (ev && evidence_has_bytes(ev)) {
		(void)store_put_text(store, MEMORY_KEY, ev->bytes);
	}
	if (eyes) {
		world_close(eyes);
	}
	arena_free(arena);
}

void trace_notes_take(const char *file, struct store *store) {
	struct arena *arena = arena_new();
	struct strbuf text;
	struct err err = {0};
	int fd = -1, status = 1;
	pid_t pid = store_flush(store, &err) == 0 ? start_process(file, &fd) : -1;

	strbuf_init(&text, arena);
	if (pid > 0) {
		bool whole = read_all(fd, &text);

		(void)kill(-pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		}
		if (whole && text.len > 0) {
			(void)store_put_text(store, NOTES_KEY, slice_of(text.data, text.len));
		}
	}
	fd_closep(&fd);
	arena_free(arena);
}

/* ---- reading ---- */

void trace_notes_add(struct arena *arena, struct reader *reader, struct evidence_store *store) {
	const char *text = reader_meta(reader, arena, NOTES_KEY);
	struct evidence_store notes;
	struct case_meta meta = {0};
	struct err err = {0};
	struct codec *codec CLEANUP(codec_closep) = str_empty(text) ? NULL : codec_open(&err);

	evidence_store_init(&notes, arena);
	if (!codec ||
	    casefile_parse(codec, "the notes", slice_str(text), &notes, &meta, &err) < 0) {
		return;
	}
	for (size_t i = 0; i < notes.count; i++) {
		const struct evidence *note = notes.items[i];
		struct evidence *ev = evidence_find(store, note->source);

		ev = ev ? ev : evidence_add(store, note->source);
		ev->at_ns = note->at_ns;
		ev->state = note->state;
		ev->error = note->error;
		ev->bytes = note->bytes;
	}
}
