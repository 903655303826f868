/* SPDX-License-Identifier: MIT
 * Processes, programs, signals and losses as rows of ordinary tables.
 */
#include "base/str.h"
#include "trace/json.h"
#include "trace/store_private.h"

#include <stdlib.h>

#define THREADS_FIELD 20 /* of /proc/PID/stat, proc(5) */
#define PPID_FIELD    4

static struct slice payload_text(const struct event *e, enum payload_kind kind, int which) {
	const struct payload *p = event_payload(e, kind, which);
	return p ? p->bytes : slice_of(NULL, 0);
}

/* A JSON array of strings that end with a NUL each. */
static struct slice words_json(struct arena *arena, struct slice strings) {
	struct strbuf out;
	struct slice word;
	if (!strings.data) {
		return slice_of(NULL, 0);
	}
	strbuf_init(&out, arena);
	strbuf_add_char(&out, '[');
	while (slice_cut(&strings, '\0', &word)) {
		strbuf_add(&out, out.len > 1 ? "," : "");
		json_add_string(&out, word);
	}
	strbuf_add_char(&out, ']');
	return slice_of(out.data, out.len);
}

/* The numbers behind the last ')' of /proc/PID/stat; the name before it may hold anything. */
static int64_t stat_field(struct slice stat, unsigned field) {
	const char *behind = stat.len > 0 ? memrchr(stat.data, ')', stat.len) : NULL;
	if (!behind) {
		return 0;
	}
	struct slice rest = slice_of(behind + 1, (size_t)(stat.data + stat.len - behind - 1)), word;
	rest = slice_trim(rest);
	for (unsigned i = 3; slice_cut(&rest, ' ', &word); i++) {
		char text[24] = "";
		if (i == field && word.len < sizeof(text)) {
			memcpy(text, word.data, word.len);
			return strtoll(text, NULL, 10);
		}
	}
	return 0;
}

static int state_row(struct store *s, struct arena *arena, const struct event *e) {
	struct slice stat = payload_text(e, PAYLOAD_FILE, STATE_STAT);
	struct slice words = words_json(arena, payload_text(e, PAYLOAD_FILE, STATE_CMDLINE));
	return store_run(s, PUT_PROCESS, "iiisssi", (int64_t)e->pid, e->start_ns,
	                 stat_field(stat, PPID_FIELD), payload_text(e, PAYLOAD_FILE, STATE_EXE),
	                 words, payload_text(e, PAYLOAD_FILE, STATE_CWD),
	                 stat_field(stat, THREADS_FIELD));
}

static int exec_row(struct store *s, struct arena *arena, const struct event *e) {
	struct slice exe = payload_text(e, PAYLOAD_STRING, 0);
	struct slice argv = words_json(arena, payload_text(e, PAYLOAD_STRINGS, 1));
	int r = store_run(s, PUT_EXEC, "iiissii", e->start_ns, (int64_t)e->pid, (int64_t)e->tid,
	                  exe, argv, s->chunk_id, (int64_t)s->writer.events);
	return r < 0 ? r
	             : store_run(s, SET_PROGRAM, "ssii", exe, argv, (int64_t)1, (int64_t)e->pid);
}

/* The execve that returned: what its exec event did not carry. */
static int exec_filled(struct store *s, struct arena *arena, const struct event *e) {
	const struct payload *argv = NULL, *path = NULL;
	for (size_t i = 0; i < e->payload_count; i++) {
		const struct payload *p = &e->payloads[i];
		argv = !argv && p->kind == PAYLOAD_STRINGS ? p : argv;
		path = !path && p->kind == PAYLOAD_STRING ? p : path;
	}
	if (!argv || e->result != 0 || e->duration_ns < 0) {
		return 0;
	}
	struct slice words = words_json(arena, argv->bytes);
	struct slice exe = path ? path->bytes : slice_of(NULL, 0);
	int r = store_run(s, FILL_EXEC, "ssi", exe, words, (int64_t)e->pid);
	return r < 0 ? r : store_run(s, SET_PROGRAM, "ssni", exe, words, (int64_t)e->pid);
}

static int fork_row(struct store *s, const struct event *e) {
	bool thread = e->child_pid == e->pid;
	int r = store_run(s, PUT_FORK, "iiiiii", e->start_ns, (int64_t)e->pid, (int64_t)e->tid,
	                  (int64_t)e->child, (int64_t)e->child_pid, (int64_t)e->args[0]);
	if (r == 0 && thread) {
		r = store_run(s, COUNT_THREAD, "i", (int64_t)e->pid);
	} else if (r == 0) {
		r = store_run(s, PUT_CHILD, "iii", (int64_t)e->child, e->start_ns, (int64_t)e->pid);
	}
	return r;
}

static int exit_row(struct store *s, const struct event *e) {
	int r = store_run(s, PUT_EXIT, "iiii", e->start_ns, (int64_t)e->pid, (int64_t)e->tid,
	                  (int64_t)e->status);
	r = r < 0 ? r : store_run(s, END_THREAD, "i", (int64_t)e->pid);
	return r < 0 ? r
	             : store_run(s, END_PROCESS, "iii", e->start_ns, (int64_t)e->status,
	                         (int64_t)e->pid);
}

static int rows_in(struct store *s, struct arena *arena, const struct event *e) {
	switch (e->kind) {
	case EVENT_CALL:
		return exec_filled(s, arena, e);
	case EVENT_FORK:
		return fork_row(s, e);
	case EVENT_EXEC:
		return exec_row(s, arena, e);
	case EVENT_EXIT:
		return exit_row(s, e);
	case EVENT_SIGNAL:
		return store_run(s, PUT_SIGNAL, "iiiii", e->start_ns, (int64_t)e->pid,
		                 (int64_t)e->tid, (int64_t)e->status, (int64_t)e->sender);
	case EVENT_STATE:
		return state_row(s, arena, e);
	case EVENT_LOST:
		s->lost += e->lost;
		return store_run(s, PUT_LOST, "iiis", e->start_ns, (int64_t)e->pid,
		                 (int64_t)e->lost, payload_text(e, PAYLOAD_WORDS, 0));
	case EVENT_STOP:
	case EVENT_RESUME:
	case EVENT_MAPPED:
	case EVENT_KINDS:
		break;
	}
	return 0;
}

static bool has_strings(const struct event *e) {
	for (size_t i = 0; i < e->payload_count; i++) {
		if (e->payloads[i].kind == PAYLOAD_STRINGS) {
			return true;
		}
	}
	return false;
}

int store_rows(struct store *s, const struct event *e) {
	if (e->kind == EVENT_CALL && !has_strings(e)) {
		return 0;
	}
	struct arena *arena = arena_new();
	int r = rows_in(s, arena, e);
	arena_free(arena);
	return r;
}
