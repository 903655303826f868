/* SPDX-License-Identifier: MIT
 * When the server or go could not be executed, was ended at its start, or says that something is not
 * permitted: is it the modes, and if not, who can it be?
 */
#include "probes/server/guards.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/complaint.h"
#include "core/infer.h"
#include "core/probe.h"
#include "probes/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define EARLY_MS       1500 /* ended by then: at its start */
#define RUN_LIMIT_NS   (600 * NS_PER_MS)
#define HEAD_BYTES     ((size_t)64)
#define COPY_BYTES_MAX ((int64_t)160 << 20)

void guards_state(struct exam *exam) {
	const struct evidence *ev = world_look(exam->world, LOOK_GUARDS, "", LOOK_CAP_SMALL);
	struct slice rest = ev->bytes, line, kind, pid;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_cut(&line, ' ', &kind) && slice_cut(&line, ' ', &pid)) {
			int64_t number = 0;
			(void)str_to_int64(arena_slicedup(exam->arena, pid), &number);
			FACTS_ADD(exam->facts, guard, ev, .kind = arena_slicedup(exam->arena, kind),
			          .pid = number, .name = arena_slicedup(exam->arena, line));
		}
	}
}

/* A copy in a directory of our own; NULL when it cannot be made. */
static const char *copy_program(struct arena *arena, const char *dir, const char *path) {
	const char *to = path_join(arena, dir, path_base(path));
	int in = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	struct stat st;
	char buffer[65536];
	bool ok = out >= 0 && fstat(in, &st) == 0 && st.st_size <= COPY_BYTES_MAX;
	ssize_t n = ok ? 1 : -1;
	while (n > 0) {
		n = read(in, buffer, sizeof buffer);
		if (n > 0 && write(out, buffer, (size_t)n) != n) {
			n = -1;
		}
	}
	if (in >= 0) {
		close(in);
	}
	if (out >= 0) {
		close(out);
	}
	return n == 0 ? to : NULL;
}

static struct run_result run_version(struct exam *exam, const char *label, const char *path) {
	const char *const argv[] = {path, "version", NULL};
	return world_run(exam->world, &(struct run_spec){.label = label,
	                                                 .argv = argv,
	                                                 .env = &exam->target->launch,
	                                                 .cwd = "/",
	                                                 .deadline_ns = RUN_LIMIT_NS,
	                                                 .cap_bytes = LOOK_CAP_SMALL});
}

/* Ended by SIGKILL: again, and does a copy elsewhere live? */
static const char *try_copy(struct exam *exam, const char *tool, const char *path,
                            const char **ret_to) {
	struct run_result again =
		run_version(exam, arena_printf(exam->arena, "%s version again", tool), path);
	if (!again.started || again.signal != SIGKILL || again.timed_out) {
		return NULL;
	}
	/* In a replay nothing is copied: how the copy fared was recorded. */
	bool replays = world_is_replay(exam->world);
	const char *dir =
		replays ? NULL
			: scratch_make(exam->arena, envset_get(&exam->target->own, "TMPDIR"));
	const char *copy = dir ? copy_program(exam->arena, dir, path) : NULL;
	const char *fared = "";
	if (copy || replays) {
		struct run_result run = run_version(
			exam, arena_printf(exam->arena, "%s copied", tool), copy ? copy : path);
		/* A go without its GOROOT beside it complains and lives. */
		bool ended = run.started && run.signal && !run.timed_out;
		fared = ended ? "ended" : run.started && !run.timed_out ? "runs" : "";
		*ret_to = copy ? copy : "";
	}
	scratch_remove(dir);
	return fared;
}

static void state_refused(struct exam *exam, const char *tool, const char *path, int64_t error,
                          int64_t signal, int64_t ms) {
	struct file_stat st = world_stat(exam->world, path);
	struct mount_stat m = world_mount(exam->world, path);
	facts_each (turned_away, r, exam->facts) {
		if (streq(r->path, path)) {
			return;
		}
	}
	if (!st.is_file || !st.can_exec || m.noexec) {
		return;
	}
	const struct evidence *head = world_look(exam->world, LOOK_FILE, path, HEAD_BYTES);
	const char *to = "", *copy = "";
	if (signal == SIGKILL) {
		copy = try_copy(exam, tool, path, &to);
		if (!copy) {
			return;
		}
	}
	const struct evidence *caps =
		error == EPERM ? world_look(exam->world, LOOK_FILECAPS, path, LOOK_CAP_SMALL)
			       : NULL;
	const char *lacking = caps && evidence_has_bytes(caps)
	                              ? keyline_text(exam->arena, caps->bytes, "lacking")
	                              : "";
	FACTS_ADD(exam->facts, turned_away, st.ev, .what = "exec", .tool = tool, .path = path,
	          .lacking = streq(lacking, "0") ? "" : lacking, .error = error, .signal = signal,
	          .readable = evidence_has_bytes(head) || head->state == EV_NOT_RECORDED,
	          .copy = copy, .copied_to = to, .ms = ms);
}

/* A file somebody was refused and whose modes allow it to us. */
static void state_unread(struct exam *exam, const char *path) {
	struct file_stat st = world_stat(exam->world, path);
	const struct evidence *head =
		st.is_file ? world_look(exam->world, LOOK_FILE, path, HEAD_BYTES) : NULL;
	if (head && st.can_read && head->error == EPERM) {
		FACTS_ADD(exam->facts, turned_away, head, .what = "read", .path = path,
		          .error = head->error);
	}
}

static void look_at_words(struct exam *exam) {
	static const char *const words[] = {"operation not permitted", "Operation not permitted",
	                                    "permission denied", "Permission denied"};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct complaint c = complaint_find(exam->facts, words[i]);
		if (!c.fact || c.path[0] != '/') {
			continue;
		}
		if (str_has(c.line, "exec")) {
			state_refused(exam, path_base(c.path), c.path, i < 2 ? EPERM : EACCES, 0,
			              0);
		} else if (i < 2) {
			state_unread(exam, c.path);
		}
	}
}

static void look_at_starts(struct exam *exam) {
	const struct fact_server *s = facts_first(server, exam->facts);
	const struct fact_go_run *version = facts_run(exam->facts, "version");
	const char *gopls = s ? s->path : "";
	if (s && streq(s->state, "not_executed") && (s->error == EPERM || s->error == EACCES)) {
		state_refused(exam, "gopls", gopls, s->error, 0, s->end_ms);
	}
	if (s && streq(s->state, "signaled") && s->signal == SIGKILL && s->end_ms < EARLY_MS) {
		state_refused(exam, "gopls", gopls, 0, SIGKILL, s->end_ms);
	}
	if (version && exam->target->server_go && !version->started &&
	    (version->error == EPERM || version->error == EACCES)) {
		state_refused(exam, "go", exam->target->server_go, version->error, 0, 0);
	}
	if (version && version->signal == SIGKILL && !version->timed_out) {
		state_refused(exam, "go", exam->target->server_go, 0, SIGKILL, version->ms);
	}
}

/* ---- files that cannot be read ---- */

static void state_bad_read(struct exam *exam, const char *tool, const char *path) {
	if (str_empty(path)) {
		return;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_READABLE, path, LOOK_CAP_SMALL);
	const char *error = keyline_get(exam->arena, ev->bytes, "error");
	const char *read = keyline_get(exam->arena, ev->bytes, "read");
	const char *size = keyline_get(exam->arena, ev->bytes, "size");
	struct mount_stat m = world_mount(exam->world, path);
	int64_t number = 0, at = 0, bytes = 0;
	if (!error || !read || !size || str_to_int64(error, &number) != 0 ||
	    str_to_int64(read, &at) != 0 || str_to_int64(size, &bytes) != 0 || number == 0) {
		return;
	}
	FACTS_ADD(exam->facts, bad_read, ev, .tool = tool, .path = path, .fstype = m.fstype,
	          .error = number, .at = at, .size = bytes);
}

/* The kernel itself gives SIGSEGV when it cannot read what a program begins with. */
static bool bus_error(const struct exam *exam) {
	const struct fact_server *s = facts_first(server, exam->facts);
	if (s && s->signal == SIGSEGV && str_empty(s->err)) {
		return true;
	}
	facts_each (go_run, run, exam->facts) {
		bool dead = run->signal == SIGSEGV && str_empty(run->err);
		if (dead || run->signal == SIGBUS || str_has(run->err, "SIGBUS")) {
			return true;
		}
	}
	return (s && (s->signal == SIGBUS || str_has(s->err, "SIGBUS"))) ||
	       facts_said(exam->facts, "signal: bus error", NULL) ||
	       facts_said(exam->facts, "SIGBUS", NULL);
}

static void look_below(struct exam *exam, const char *dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	struct slice rest = ev->bytes, line;
	for (size_t i = 0; i < 32 && evidence_has_bytes(ev) && slice_line(&rest, &line); i++) {
		if (slice_starts(line, "f ")) {
			state_bad_read(
				exam, "telemetry",
				path_join(exam->arena, dir,
			                  arena_strndup(exam->arena, line.data + 2, line.len - 2)));
		}
	}
}

/* The server waits for one who is asked before files are opened. */
static bool somebody_asked(const struct facts *facts) {
	facts_each (wait_leaf, l, facts) {
		if (streq(l->kind, "guard")) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	if (!facts_hurt(exam->facts)) {
		return 0;
	}
	look_at_starts(exam);
	look_at_words(exam);
	bool clueless = !infer_is_certain(exam->rules, exam->facts);
	if (facts_first(turned_away, exam->facts) || clueless || somebody_asked(exam->facts) ||
	    complaint_find(exam->facts, "operation not permitted").fact) {
		guards_state(exam);
	}
	if (bus_error(exam)) {
		const char *xdg = envset_get(&t->server, "XDG_CONFIG_HOME");
		const char *home = envset_get(&t->server, "HOME");
		state_bad_read(exam, "gopls", t->gopls_path);
		state_bad_read(exam, "go", t->server_go);
		look_below(exam,
		           path_join(exam->arena,
		                     !str_empty(xdg)
		                             ? xdg
		                             : path_join(exam->arena, home ? home : "/", ".config"),
		                     "go/telemetry/local"));
	}
	return 0;
}

const struct probe probe_guards = {
	.id = "guards",
	.title = "who refuses what modes allow, and how files answer when something is wrong",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(guard) | FACT_BIT(turned_away) | FACT_BIT(bad_read),
	.look = look,
};
