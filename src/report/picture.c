/* SPDX-License-Identifier: MIT */
#include "report/picture.h"

#include "base/clock.h"
#include "core/world.h"
#include "report/changes.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "report/sheet.h"

#include <inttypes.h>
#include <stdlib.h>

#define TEXT_MAX    ((size_t)4096)
#define COMMAND_MAX ((size_t)120)

/* ---- words ---- */

static const char *command_of(struct arena *arena, const struct picture_process *p, size_t max) {
	char *text = arena_strndup(arena, p->cmdline, strnlen(p->cmdline, max));

	for (char *c = text; *c; c++) {
		*c = *c == '\x1f' ? ' ' : *c;
	}
	return strlen(p->cmdline) > max ? arena_printf(arena, "%s...", text) : text;
}

static const char *who(struct arena *arena, const struct picture_process *p) {
	return arena_printf(arena, "%s (%" PRId64 ")", p->comm, p->pid);
}

static const char *state_in_words(const char *letter) {
	switch (letter[0]) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "waiting for a disk or file server (D)";
	case 'T':
		return "stopped (T)";
	case 't':
		return "stopped by a debugger (t)";
	case 'Z':
		return "a zombie: it has ended, and its parent has not asked how";
	case 'I':
		return "idle";
	default:
		return letter;
	}
}

static const char *bytes_in_words(struct arena *arena, const char *number) {
	int64_t bytes = 0;

	str_to_int64(number, &bytes);
	return arena_printf(arena, "%.1f MiB", (double)bytes / (1024.0 * 1024.0));
}

static const char *title_of(struct arena *arena, const struct picture_change *c) {
	static const struct {
		enum picture_change_kind kind;
		const char *name, *words;
	} titles[] = {
		{CHANGE_PLACE, "exe", "its program"},
		{CHANGE_PLACE, "cwd", "its working directory"},
		{CHANGE_PLACE, "root", "its root directory"},
		{CHANGE_LIMIT, "nofile", "its limit of open files"},
		{CHANGE_LIMIT, "nproc", "its limit of processes"},
		{CHANGE_LIMIT, "as", "its limit of address space"},
		{CHANGE_LIMIT, "cpu", "its limit of processor seconds"},
		{CHANGE_LIMIT, "fsize", "its limit of file size"},
		{CHANGE_LIMIT, "core", "its limit of core files"},
		{CHANGE_CGROUP, "path", "its control group"},
		{CHANGE_CGROUP, "memory_max", "the memory its control group may have"},
		{CHANGE_CGROUP, "memory_limit", "the memory its control group may have"},
		{CHANGE_CGROUP, "pids_max", "the processes its control group may have"},
		{CHANGE_CGROUP, "pids_limit", "the processes its control group may have"},
		{CHANGE_CGROUP, "cpu_percent", "the processor percent of its control group"},
		{CHANGE_CGROUP, "frozen", "the freezer of its control group"},
		{CHANGE_RIGHTS, "TracerPid", "the process that traces it"},
		{CHANGE_RIGHTS, "Uid", "its user (real, effective, saved, file system)"},
		{CHANGE_RIGHTS, "Gid", "its group (real, effective, saved, file system)"},
		{CHANGE_RIGHTS, "NoNewPrivs", "no_new_privs"},
		{CHANGE_RIGHTS, "Seccomp", "its seccomp mode (0 none, 1 strict, 2 filter)"},
		{CHANGE_RIGHTS, "CapEff", "its effective capabilities"},
		{CHANGE_RIGHTS, "SigBlk", "the signals it blocks"},
		{CHANGE_RIGHTS, "SigIgn", "the signals it ignores"},
		{CHANGE_RIGHTS, "SigPnd", "the signals that wait for its thread"},
		{CHANGE_RIGHTS, "ShdPnd", "the signals that wait for it"},
		{CHANGE_RIGHTS, "Cpus_allowed_list", "the processors it may run on"},
		{CHANGE_NUMBER, "fds", "the number of its descriptors"},
		{CHANGE_NUMBER, "threads", "the number of its threads"},
		{CHANGE_NUMBER, "maps", "the number of its memory maps"},
		{CHANGE_NUMBER, "rss_bytes", "its memory"},
	};

	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
		if (titles[i].kind == c->kind && streq(titles[i].name, c->name)) {
			return titles[i].words;
		}
	}
	return c->kind == CHANGE_LIMIT    ? arena_printf(arena, "its limit %s", c->name)
	       : c->kind == CHANGE_CGROUP ? arena_printf(arena, "%s of its control group", c->name)
	       : c->kind == CHANGE_SPACE  ? arena_printf(arena, "its %s namespace", c->name)
	                                  : c->name;
}

static const char *variable_in_words(struct arena *arena, const struct picture_change *c) {
	if (!c->from) {
		return arena_printf(arena, "%s is set now, to '%s'", c->name, c->to);
	}
	if (!c->to) {
		return arena_printf(arena, "%s is not set any more; before it was '%s'", c->name,
		                    c->from);
	}
	return arena_printf(arena, "%s is '%s'; before it was '%s'", c->name, c->to, c->from);
}

static const char *files_in_words(struct arena *arena, const struct picture_change *c) {
	int64_t from = 0, to = 0;

	str_to_int64(c->from, &from);
	str_to_int64(c->to, &to);
	return arena_printf(arena, "it has %" PRId64 " %s open for %s (%s; before %s)",
	                    to > from ? to - from : from - to, to > from ? "more" : "fewer",
	                    c->name, c->to, c->from);
}

/* Without the process. */
static const char *what_in_words(struct arena *arena, const struct picture_change *c) {
	bool is_bytes = c->kind == CHANGE_NUMBER && streq(c->name, "rss_bytes");

	switch (c->kind) {
	case CHANGE_GONE:
		return arena_printf(arena, "it is gone: %s",
		                    command_of(arena, c->before, COMMAND_MAX));
	case CHANGE_NEW:
		return arena_printf(arena, "it is new, started by %" PRId64 ": %s", c->after->ppid,
		                    command_of(arena, c->after, COMMAND_MAX));
	case CHANGE_REPLACED:
		return arena_printf(arena,
		                    "it is another process than before (%" PRId64
		                    "), with the same arguments",
		                    c->before->pid);
	case CHANGE_STATE:
		return arena_printf(arena, "it is %s; before it was %s", state_in_words(c->to),
		                    state_in_words(c->from));
	case CHANGE_PARENT:
		return arena_printf(arena, "its parent is %s; before it was %s", c->to, c->from);
	case CHANGE_VARIABLE:
		return variable_in_words(arena, c);
	case CHANGE_MOUNT:
		return arena_printf(arena, "it %s the mount '%s'",
		                    c->to ? "sees" : "does not see any more", c->name);
	case CHANGE_FILES:
		return files_in_words(arena, c);
	case CHANGE_WAIT:
		return arena_printf(arena, "its first thread is in %s; before it was in %s", c->to,
		                    c->from);
	case CHANGE_UNREAD:
		return arena_printf(arena, "%s bytes lie unread in its socket %s; before %s", c->to,
		                    c->name, c->from);
	default:
		return arena_printf(arena, "%s is %s; before it was %s", title_of(arena, c),
		                    !c->to     ? "not known"
		                    : is_bytes ? bytes_in_words(arena, c->to)
		                               : c->to,
		                    !c->from   ? "not known"
		                    : is_bytes ? bytes_in_words(arena, c->from)
		                               : c->from);
	}
}

const char *picture_change_in_words(struct arena *arena, const struct picture_change *c) {
	return arena_printf(arena, "%s: %s", who(arena, c->after ? c->after : c->before),
	                    what_in_words(arena, c));
}

/* ---- two of them ---- */

struct tally {
	size_t came, went, differ;
};

static struct tally tally_of(const struct picture_changes *all) {
	struct tally t = {0};
	const struct picture_process *last = NULL;

	for (size_t i = 0; i < all->count; i++) {
		const struct picture_change *c = &all->items[i];

		t.came += c->kind == CHANGE_NEW;
		t.went += c->kind == CHANGE_GONE;
		t.differ += c->before && c->after && c->before != last;
		last = c->before;
	}
	return t;
}

static bool is_alike(const struct picture_change *a, const struct picture_change *b) {
	return a->kind == b->kind && a->kind >= CHANGE_STATE && streq(a->name, b->name) &&
	       streq(a->from, b->from) && streq(a->to, b->to) && !a->from == !b->from &&
	       !a->to == !b->to;
}

/* How many say the same, this one included; 0 when an earlier one has said it. */
static size_t alike(const struct picture_changes *all, size_t at) {
	size_t count = 1;

	for (size_t i = 0; i < at; i++) {
		if (is_alike(&all->items[i], &all->items[at])) {
			return 0;
		}
	}
	for (size_t i = at + 1; i < all->count; i++) {
		count += is_alike(&all->items[i], &all->items[at]);
	}
	return count;
}

static const char *people(struct arena *arena, const struct picture_change *c, size_t count) {
	const char *first = who(arena, c->after ? c->after : c->before);

	return count == 1 ? first
	                  : arena_printf(arena, "%s and %zu other%s", first, count - 1,
	                                 count == 2 ? "" : "s");
}

static const char *processes(struct arena *arena, size_t count) {
	return arena_printf(arena, "%zu process%s", count, count == 1 ? "" : "es");
}

static const char *head_of(const struct picture_view *v) {
	struct arena *arena = v->arena;
	int64_t ns = v->pictures[1]->now_wall_ns - v->pictures[0]->now_wall_ns;
	const char *between =
		ns == 0 ? "taken at the same moment"
			: arena_printf(arena, "taken %s %s", duration_in_words(arena, llabs(ns)),
	                               ns < 0 ? "earlier" : "later");

	if (v->changes->count == 0) {
		return arena_printf(
			arena, "Nothing that matters differs between '%s' (%s) and '%s', %s.",
			v->names[0], processes(arena, v->pictures[0]->count), v->names[1], between);
	}
	struct tally t = tally_of(v->changes);

	return arena_printf(arena, "From '%s' to '%s', %s: %s came, %s went, %s differ%s.",
	                    v->names[0], v->names[1], between, processes(arena, t.came),
	                    processes(arena, t.went), processes(arena, t.differ),
	                    t.differ == 1 ? "s" : "");
}

void picture_diff_text(struct strbuf *out, const struct picture_view *v,
                       const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};

	sheet_prose(&sheet, 0, 0, 0, head_of(v));
	for (size_t i = 0; i < v->changes->count; i++) {
		const struct picture_change *c = &v->changes->items[i];
		size_t count = alike(v->changes, i);

		if (count > 0) {
			strbuf_add(out, "  ");
			sheet_prose(&sheet, 2, 4, 0,
			            arena_printf(v->arena, "%s: %s", people(v->arena, c, count),
			                         what_in_words(v->arena, c)));
		}
	}
}

static void put_side(struct json *json, const struct picture_view *v, int side, const char *key) {
	json_open_member(json, key, '{');
	json_put(json, "file", v->names[side]);
	json_put_ms(json, "at_ms", v->pictures[side]->now_wall_ns / NS_PER_MS);
	json_put_number(json, "processes", (int64_t)v->pictures[side]->count);
	json_close(json, '}');
}

void picture_diff_json(struct strbuf *out, const struct picture_view *v) {
	struct json json = {.out = out};
	struct tally t = tally_of(v->changes);

	json_begin(&json, "dialtone.snapshot-diff/1");
	json_put_tool(&json);
	put_side(&json, v, 0, "before");
	put_side(&json, v, 1, "after");
	json_put_number(&json, "came", (int64_t)t.came);
	json_put_number(&json, "went", (int64_t)t.went);
	json_put_number(&json, "differ", (int64_t)t.differ);
	json_open_member(&json, "changes", '[');
	for (size_t i = 0; i < v->changes->count; i++) {
		const struct picture_change *c = &v->changes->items[i];

		json_newline(&json, 2);
		json_open_element(&json, '{');
		json_put(&json, "kind", picture_change_name(c->kind));
		json_put_number_or_null(&json, "pid", c->after ? c->after->pid : 0);
		json_put_number_or_null(&json, "pid_before", c->before ? c->before->pid : 0);
		json_put(&json, "comm", (c->after ? c->after : c->before)->comm);
		json_put(&json, "name", c->name);
		json_put(&json, "before", c->from);
		json_put(&json, "after", c->to);
		json_put(&json, "sentence", picture_change_in_words(v->arena, c));
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_end(&json);
}

/* ---- one of them ---- */

void picture_text(struct strbuf *out, const struct picture_view *v,
                  const struct report_style *style) {
	const struct picture *p = v->pictures[0];
	struct sheet sheet = {.out = out, .style = style};

	sheet_prose(&sheet, 0, 0, 0,
	            arena_printf(v->arena, "%s, seen %s within %.1f ms.",
	                         processes(v->arena, p->count),
	                         when_in_words(v->arena, p->now_wall_ns, clock_wall_ns()),
	                         (double)p->took_us / 1e3));
	for (size_t i = 0; i < p->count; i++) {
		const struct picture_process *at = &p->processes[i];
		int64_t rss = keyline_number(v->arena, at->text, "rss_bytes", 0);

		sheet_command(&sheet, 2,
		              arena_printf(v->arena,
		                           "%7" PRId64 " %7" PRId64 " %c %5" PRId64 " fds %4" PRId64
		                           " threads %8.1f MiB  %s",
		                           at->pid, at->ppid, at->state,
		                           keyline_number(v->arena, at->text, "fds", 0),
		                           keyline_number(v->arena, at->text, "threads", 0),
		                           (double)rss / (1024.0 * 1024.0),
		                           at->cmdline[0] ? command_of(v->arena, at, COMMAND_MAX)
		                                          : at->comm));
	}
}

/* The lines of a block as members of an object; a key that comes again makes no array: the last counts for readers, so
 * lists are told as arrays of lines. */
static void put_block(struct json *json, struct arena *arena, struct slice text) {
	static const char *const lists[] = {"fd",  "fdinfo", "watches", "polls",
	                                    "map", "thread", "record"};
	struct slice rest = text, line, key;

	while (slice_line(&rest, &line)) {
		if (slice_cut(&line, '=', &key)) {
			const char *name = arena_slicedup(arena, key);
			bool is_list = false;

			for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
				is_list = is_list || streq(name, lists[i]);
			}
			if (!is_list) {
				json_put(json, name, arena_slicedup(arena, line));
			}
		}
	}
}

static void put_list(struct json *json, struct arena *arena, struct slice text, const char *key) {
	const char *prefix = arena_printf(arena, "%s=", key);
	struct slice line;

	json_open_member(json, key, '[');
	while (slice_line(&text, &line)) {
		if (slice_starts(line, prefix)) {
			json_element(json);
			json_string(json, arena_slicedup(arena, slice_from(line, strlen(prefix))),
			            TEXT_MAX);
		}
	}
	json_close(json, ']');
}

void picture_json(struct strbuf *out, const struct picture_view *v) {
	static const char *const lists[] = {"fd", "fdinfo", "watches", "polls", "thread"};
	const struct picture *p = v->pictures[0];
	struct json json = {.out = out};

	json_begin(&json, "dialtone.snapshot/1");
	json_put_tool(&json);
	put_side(&json, v, 0, "snapshot");
	json_open_member(&json, "machine", '{');
	put_block(&json, v->arena, p->whole);
	json_close(&json, '}');
	json_open_member(&json, "processes", '[');
	for (size_t i = 0; i < p->count; i++) {
		const struct picture_process *at = &p->processes[i];

		json_newline(&json, 2);
		json_open_element(&json, '{');
		put_block(&json, v->arena, at->text);
		for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
			put_list(&json, v->arena, at->text, lists[k]);
		}
		put_list(&json, v->arena, at->environ, "env");
		put_list(&json, v->arena, at->mapped, "map");
		put_list(&json, v->arena, at->mounts, "mount");
		json_close(&json, '}');
	}
	json_close(&json, ']');
	put_list(&json, v->arena, p->sockets, "socket");
	json_end(&json);
}
