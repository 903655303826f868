/* SPDX-License-Identifier: MIT
 */
#include "report/locks_view.h"

#include "base/path.h"

static bool is_wanted(const char *const *wanted, const char *path) {
	for (; *wanted; wanted++) {
		if (path_below(path, *wanted)) {
			return true;
		}
	}
	return false;
}

static bool is_developer(const struct lock *l) {
	return streq(l->comm, "go") || str_starts(l->comm, "gopls") || streq(l->comm, "dlv") ||
	       str_starts(l->comm, "git");
}

/* Does the user of an editor of Go care? Databases and desktops lock their own files all the time. */
static bool matters(const struct lock_row *row) {
	bool developer = false;

	for (size_t i = 0; i < row->holder_count; i++) {
		developer = developer || is_developer(row->holders[i]);
	}
	for (size_t i = 0; i < row->waiter_count; i++) {
		developer = developer || is_developer(row->waiters[i]);
	}
	return developer || row->file.kind != LOCKFILE_OTHER;
}

static struct lock_row *row_for(struct lock_row **first, struct arena *arena,
                                const struct lock *lock) {
	struct lock_row **end = first;

	for (; *end; end = &(*end)->next) {
		struct lock_row *row = *end;
		const struct lock *of = row->holder_count ? row->holders[0] : row->waiters[0];

		if (lock_same_file(of, lock)) {
			return row;
		}
	}
	*end = arena_new_of(arena, struct lock_row);
	(*end)->path = "";
	(*end)->state = LOCK_HELD;
	return *end;
}

static bool is_in(const struct lock *const *list, size_t count, const struct lock *lock) {
	for (size_t i = 0; i < count; i++) {
		if (list[i]->pid == lock->pid && lock->pid > 0) {
			return true;
		}
	}
	return false;
}

static void add_person(const struct lock **list, size_t *count, const struct lock *lock) {
	if (*count < LOCKS_VIEW_PEOPLE_MAX && !is_in(list, *count, lock)) {
		list[(*count)++] = lock;
	}
}

static void row_take(struct lock_row *row, const struct lock *lock) {
	if (str_empty(row->path)) {
		row->path = lock->path;
	}
	if (lock->mtime_ns > 0) {
		row->mtime_ns = lock->mtime_ns;
	}
	if (lock->waits) {
		add_person(row->waiters, &row->waiter_count, lock);
		row->state = LOCK_WAITED;
	} else {
		add_person(row->holders, &row->holder_count, lock);
	}
}

static void keep(struct locks_view *view, struct lock_row *row) {
	struct lock_row **at = &view->rows;

	while (*at && (*at)->state <= row->state) {
		at = &(*at)->next;
	}
	row->next = *at;
	*at = row;
	view->waited += row->state == LOCK_WAITED;
	view->held += row->state == LOCK_HELD || row->state == LOCK_PRESENT;
	view->left_over += row->state == LOCK_LEFT_OVER;
	view->in_the_way += row->state == LOCK_LEFT_OVER && row->in_the_way;
}

void locks_view_init(struct locks_view *view, struct arena *arena, struct locks locks,
                     const char *const *wanted, bool all, int64_t now_ns) {
	struct lock_row *rows = NULL, *next;

	*view = (struct locks_view){
		.arena = arena, .locks = locks, .now_ns = now_ns, .left_over_dir = ""};
	for (const struct lock *l = locks.first; l; l = l->next) {
		/* A lease is between a file server and the kernel. */
		if (str_empty(l->lease)) {
			row_take(row_for(&rows, arena, l), l);
		}
	}
	for (; rows; rows = next) {
		next = rows->next;
		rows->file = lockfile_of(arena, rows->path);
		if (all || (wanted ? is_wanted(wanted, rows->path) : matters(rows))) {
			keep(view, rows);
		}
	}
}

void locks_view_existing(struct locks_view *view, const char *path, int64_t mtime_ns,
                         int64_t owner_pid, bool alive, bool in_the_way) {
	struct lock_row *row = arena_new_of(view->arena, struct lock_row);

	for (struct lock_row *known = view->rows; known; known = known->next) {
		if (streq(known->path, path)) {
			return;
		}
	}
	*row = (struct lock_row){
		.state = alive ? LOCK_PRESENT : LOCK_LEFT_OVER,
		.path = path,
		.file = lockfile_of(view->arena, path),
		.mtime_ns = mtime_ns,
		.owner_pid = owner_pid,
		.in_the_way = in_the_way,
	};
	keep(view, row);
}

const char *lock_command(struct arena *arena, const struct lock *lock, size_t max) {
	char *text = arena_strdup(arena, *lock->cmdline ? lock->cmdline : lock->comm);
	size_t first = strcspn(text, "\x1f");
	const char *slash = memrchr(text, '/', first);

	for (char *c = text; *c; c++) {
		*c = (unsigned char)*c < ' ' ? ' ' : *c;
	}
	const char *from = slash ? slash + 1 : text;

	return strlen(from) > max ? arena_printf(arena, "%.*s...", (int)max - 3, from) : from;
}

const char *lock_doing(struct arena *arena, const struct lock *lock) {
	const char *below = lock->leaf > 0 && lock->leaf != lock->pid
	                            ? arena_printf(arena, " (its %s, process %lld)",
	                                           lock->leaf_comm, (long long)lock->leaf)
	                            : "";

	if (lock->state == 'T') {
		return "stopped (Ctrl-Z or SIGSTOP)";
	}
	if (lock->state == 't') {
		return "held by a debugger";
	}
	if (lock->frozen) {
		return "in a frozen cgroup";
	}
	if (streq(lock->peer_state, "connecting")) {
		return arena_printf(arena, "connecting to %s, no answer yet%s", lock->peer, below);
	}
	if (!str_empty(lock->peer)) {
		return arena_printf(arena, "connected to %s%s", lock->peer, below);
	}
	if (*below) {
		return arena_printf(arena, "with %s, process %lld, below it", lock->leaf_comm,
		                    (long long)lock->leaf);
	}
	return lock->state == 'D'   ? "waiting for a disk or a file server"
	       : lock->state == 'Z' ? "ended, not yet taken leave of"
	                            : "";
}

static void add_step(struct locks_view *view, const char *title, const char *command) {
	for (size_t i = 0; i < view->plan_count; i++) {
		if (streq(view->plan[i].command, command)) {
			return;
		}
	}
	if (view->plan_count < LOCKS_VIEW_PLAN_MAX) {
		view->plan[view->plan_count++] =
			(struct lock_step){.title = title, .command = command};
	}
}

static void plan_holder(struct locks_view *view, const struct lock *h) {
	struct arena *a = view->arena;
	long long pid = (long long)h->pid;
	const char *also = *h->also ? arena_printf(a, " %s", h->also) : "";
	const char *program = lock_command(a, h, 40);

	if (h->pid == 0) {
		add_step(view, "see who has it with more rights", "sudo dialtone locks");
	} else if (h->state == 'T') {
		add_step(view, arena_printf(a, "let %s go on, as fg does in its terminal", program),
		         arena_printf(a, "kill -CONT %lld", pid));
		add_step(view, "or end it; its lock goes with it",
		         arena_printf(a, "kill %lld%s; kill -CONT %lld", pid, also, pid));
	} else {
		add_step(view, arena_printf(a, "what does %s wait for?", program),
		         arena_printf(a, "dialtone why %lld", pid));
		add_step(view, "if it will never end, end it; its lock goes with it",
		         arena_printf(a, "kill %lld%s", pid, also));
	}
}

void locks_view_plan(struct locks_view *view) {
	for (const struct lock_row *row = view->rows; row; row = row->next) {
		for (size_t i = 0; row->state == LOCK_WAITED && i < row->holder_count; i++) {
			plan_holder(view, row->holders[i]);
		}
		if (row->state == LOCK_LEFT_OVER && row->in_the_way) {
			add_step(view,
			         arena_printf(view->arena,
			                      "%s was left behind by a git that is gone",
			                      row->file.what),
			         arena_printf(view->arena, "rm -- %s",
			                      str_shell_quote(view->arena, row->path)));
		}
	}
}
