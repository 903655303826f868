/* SPDX-License-Identifier: MIT
 * `dialtone locks` for people: the answer first, then each lock with its proof, then what can be done.
 */
#include "base/clock.h"
#include "core/rights.h"
#include "report/locks_view.h"
#include "report/sheet.h"

#define COMMAND_MAX   44
#define LEFT_OVER_MAX 5

static const char *age(struct arena *arena, int64_t ns) {
	int64_t s = ns / NS_PER_S;

	if (ns < 0 || s > 400 * 86400) {
		return "long";
	}
	return s < 120      ? arena_printf(arena, "%lld s", (long long)s)
	       : s < 7200   ? arena_printf(arena, "%lld min", (long long)(s / 60))
	       : s < 172800 ? arena_printf(arena, "%lld h", (long long)(s / 3600))
	                    : arena_printf(arena, "%lld days", (long long)(s / 86400));
}

static const char *person(const struct locks_view *v, const struct lock *l) {
	const char *doing = lock_doing(v->arena, l);

	if (l->pid == 0) {
		return streq(l->unseen, "denied") ? "a process of another user that we may not see"
		       : streq(l->unseen, "gone")
		               ? "a process that has ended and left the file open to another"
		               : "a process in another container, or on another machine";
	}
	return arena_printf(
		v->arena, "process %lld, %s, runs for %s%s%s%s", (long long)l->pid,
		lock_command(v->arena, l, COMMAND_MAX),
		l->start_wall_ns ? age(v->arena, v->now_ns - l->start_wall_ns) : "an unknown time",
		*doing ? ", " : "", doing, streq(l->proof, "table") ? " (as the kernel says)" : "");
}

static void put_people(struct sheet *sheet, const struct locks_view *v, const char *word,
                       const struct lock *const *list, size_t count) {
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(sheet->out, "  %-9s", word);
		sheet_prose(sheet, 11, 11, 0, person(v, list[i]));
	}
}

static const char *path_of_obstacle(const struct locks_view *v) {
	for (const struct lock_row *row = v->rows; row; row = row->next) {
		if (row->state == LOCK_LEFT_OVER && row->in_the_way) {
			return row->path;
		}
	}
	return "";
}

static const char *first_line_waited(const struct locks_view *v) {
	struct arena *a = v->arena;
	const struct lock_row *row = v->rows;
	const struct lock *h = row->holder_count ? row->holders[0] : NULL;
	const char *doing = h ? lock_doing(a, h) : "";
	const char *waiter =
		arena_printf(a, "%s (process %lld)", lock_command(a, row->waiters[0], COMMAND_MAX),
	                     (long long)row->waiters[0]->pid);
	const char *others =
		v->waited > 1 ? arena_printf(a, " Waited for as well: %zu more.", v->waited - 1)
			      : "";

	if (h && h->pid > 0) {
		return arena_printf(
			a, "%s (process %lld%s%s) holds the lock on %s, and %s waits for it.%s",
			lock_command(a, h, COMMAND_MAX), (long long)h->pid, *doing ? ", " : "",
			doing, row->file.what, waiter, others);
	}
	return arena_printf(
		a, "%s waits for the lock on %s, and who holds it cannot be seen from here.%s",
		waiter, row->file.what, others);
}

static const char *first_line(const struct locks_view *v) {
	struct arena *a = v->arena;

	if (!streq(v->locks.table, "read")) {
		return "Cannot tell who holds a lock: /proc/locks cannot be read here.";
	}
	if (v->waited > 0) {
		return first_line_waited(v);
	}
	if (v->in_the_way > 0) {
		return arena_printf(a, "%s is left over and in the way; nobody waits for a lock.",
		                    path_of_obstacle(v));
	}
	if (v->held > 0) {
		return arena_printf(a, "%zu lock%s held; nobody waits for %s.", v->held,
		                    v->held == 1 ? " is" : "s are", v->held == 1 ? "it" : "any");
	}
	return v->left_over_files + v->left_over > 0
	               ? "No lock is held; the lock files that lie about are harmless."
	               : "No lock is held.";
}

static void put_row(struct sheet *sheet, const struct locks_view *v, const struct lock_row *row) {
	struct arena *a = v->arena;

	strbuf_add_char(sheet->out, '\n');
	sheet_ink(sheet, row->state == LOCK_WAITED ? INK_RED : INK_BOLD,
	          row->state == LOCK_WAITED      ? "waited for"
	          : row->state == LOCK_LEFT_OVER ? "left over"
	          : row->state == LOCK_PRESENT   ? "in use"
	                                         : "held");
	strbuf_add(sheet->out, ": ");
	sheet_prose(sheet, 12, 2, 0, row->file.what);
	put_people(sheet, v, "held by", row->holders, row->holder_count);
	put_people(sheet, v, "waits", row->waiters, row->waiter_count);
	if (row->state == LOCK_PRESENT && row->owner_pid > 0) {
		strbuf_printf(sheet->out, "  owner    process %lld runs\n",
		              (long long)row->owner_pid);
	}
	if (row->state == LOCK_LEFT_OVER) {
		sheet_prose(
			sheet, 0, 2, 0,
			row->in_the_way
				? "  in the way: git refuses to write until it is removed, and no "
				  "git runs"
				: "  harmless: its owner is gone, and the next one replaces it");
	}
	if (*row->path) {
		strbuf_printf(sheet->out, "  file     ");
		sheet_command(sheet, 0, row->path);
	}
	if (row->mtime_ns > 0 && row->state >= LOCK_PRESENT) {
		strbuf_printf(sheet->out, "  since    %s ago\n", age(a, v->now_ns - row->mtime_ns));
	}
}

static void put_left_over(struct sheet *sheet, const struct locks_view *v) {
	if (v->left_over_files == 0) {
		return;
	}
	strbuf_add_char(sheet->out, '\n');
	sheet_prose(
		sheet, 0, 2, 0,
		arena_printf(v->arena,
	                     "%s%zu lock files below %s that nobody holds: left over, as go "
	                     "leaves them, and harmless. The lock is in the kernel and ends with "
	                     "its process; leave the files.",
	                     v->left_over_cut ? "At least " : "", v->left_over_files,
	                     v->left_over_dir));
}

static void put_not_seen(struct sheet *sheet, const struct locks_view *v) {
	if (v->locks.denied > 0) {
		strbuf_add_char(sheet->out, '\n');
		sheet_prose(sheet, 0, 2, 0,
		            arena_printf(v->arena,
		                         "Not seen: the files of %lld processes of other users "
		                         "(needs " RIGHTS_TO_SEE_OTHERS ": sudo dialtone locks).",
		                         (long long)v->locks.denied));
	}
}

void locks_text(struct strbuf *out, const struct locks_view *view,
                const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};
	size_t left_over = 0;

	sheet_prose(&sheet, 0, 0, 0, first_line(view));
	for (const struct lock_row *row = view->rows; row; row = row->next) {
		left_over += row->state == LOCK_LEFT_OVER;
		if (row->state != LOCK_LEFT_OVER || left_over <= LEFT_OVER_MAX || style->verbose) {
			put_row(&sheet, view, row);
		}
	}
	put_left_over(&sheet, view);
	put_not_seen(&sheet, view);
	if (view->plan_count > 0) {
		strbuf_add(out, "\nWhat can be done (nothing was changed):\n");
	}
	for (size_t i = 0; i < view->plan_count; i++) {
		strbuf_add(out, "  ");
		sheet_prose(&sheet, 2, 2, 0, view->plan[i].title);
		sheet_command(&sheet, 6, view->plan[i].command);
	}
}
