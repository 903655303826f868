/* SPDX-License-Identifier: MIT
 */
#include "cmd/pin_bisect.h"

#include "base/clock.h"
#include "base/path.h"
#include "cmd/rehearse.h"
#include "core/editor.h"

#include <errno.h>

#define END_LIMIT_NS (30 * NS_PER_S) /* its caches may be cold */
#define LIMIT_MIN_NS (10 * NS_PER_S)
#define SHELF        ".cache/dialtone-bisect"

/* ---- a trial ---- */

/* On PATH the release stands before all others; in a place of its own it takes the place of the one that is there. */
static void wish_for(struct pin_bisect *b, const struct pin_release *r, struct trial_wish *ret) {
	struct arena *arena = b->run->arena;
	struct condition *c = arena_new_of(arena, struct condition);
	struct trial_file *file = arena_new_of(arena, struct trial_file);
	const char *home = envset_get(&b->run->env, "HOME"),
		   *path = envset_get(&b->run->env, "PATH");
	const char *shelf = path_join(arena, home ? home : "/tmp", SHELF);

	*ret = (struct trial_wish){.limit_ns = b->limit_ns, .condition = &b->condition};
	if (!r->program) {
		return;
	}
	*c = b->condition;
	envset_copy(&c->env, &b->condition.env);
	file->link = r->program;
	file->path = b->by_path ? path_join(arena, shelf, "gopls") : b->program;
	if (b->by_path) {
		envset_set(&c->env, "PATH", arena_printf(arena, "%s:%s", shelf, path ? path : ""));
	}
	ret->condition = c;
	ret->files = file;
	ret->file_count = 1;
}

/* False: no more can be made. */
static bool try_one(struct pin_bisect *b, struct pin_release *r) {
	struct pin_run *run = b->run;
	struct trial_wish wish;

	if (interrupt_came(run->interrupt.fd)) {
		return false;
	}
	r->result = TRIAL_UNRESOLVED;
	if (!pin_release_get(b, r)) {
		return !interrupt_came(run->interrupt.fd);
	}
	wish_for(b, r, &wish);
	if (run->terminal.progress) {
		progress_begin(&run->progress,
		               arena_printf(run->arena, "tries gopls %s", r->version));
	}
	trials_run(run->arena, &b->subject, &wish, 1, &r->outcome);
	if (run->terminal.progress) {
		progress_end(&run->progress);
	}
	r->tried = r->outcome.end == TRIAL_SAID;
	if (r->outcome.end == TRIAL_NOT_MADE) {
		r->left_out = r->outcome.because;
	}
	return r->outcome.end != TRIAL_INTERRUPTED;
}

static bool try_between(void *context, size_t index, enum trial *ret) {
	struct pin_bisect *b = context;
	struct pin_release *r = &b->releases[index];

	if (!try_one(b, r)) {
		return false;
	}
	if (r->tried) {
		r->result = trial_judge(&b->releases[0].outcome, &r->outcome);
		if (r->result == TRIAL_UNRESOLVED) {
			r->left_out = r->outcome.hurt;
		}
	}
	*ret = r->result;
	return true;
}

/* ---- the ends ---- */

static bool says_nothing(struct pin_bisect *b, const struct pin_release *r) {
	if (r->tried && !streq(r->outcome.state, "unknown")) {
		return false;
	}
	const char *why = *r->left_out ? r->left_out : r->outcome.hurt;
	b->end = PIN_NO_TRIAL;
	b->because = arena_printf(b->run->arena, "gopls %s: %s", r->version, why);
	return true;
}

/* True when one is well and the other is not. */
static bool try_ends(struct pin_bisect *b) {
	struct pin_release *good = &b->releases[0], *bad = &b->releases[b->count - 1];

	b->end = PIN_STOPPED;
	b->limit_ns = END_LIMIT_NS;
	if (!try_one(b, good) || says_nothing(b, good)) {
		return false;
	}
	good->result = STR_IN(good->outcome.state, "healthy", "degraded") ? TRIAL_GOOD : TRIAL_BAD;
	b->limit_ns = LIMIT_MIN_NS + 3 * good->outcome.ms * NS_PER_MS;
	if (!try_one(b, bad) || says_nothing(b, bad)) {
		return false;
	}
	bad->result = trial_judge(&good->outcome, &bad->outcome);
	if (good->result == TRIAL_BAD) {
		b->end = PIN_BOTH_HURT;
		return false;
	}
	b->end = PIN_BOTH_WELL;
	return bad->result == TRIAL_BAD;
}

/* ---- what the trials have in common ---- */

static int prepare(struct pin_bisect *b, struct err *err) {
	struct pin_run *run = b->run;
	const struct pin_options *o = run->options;
	struct examination *e = arena_new_of(run->arena, struct examination);

	b->options = arena_new_of(run->arena, struct check_options);
	*b->options = (struct check_options){
		.editor = o->editor, .file = o->file, .trust = o->trust, .environment = "self"};
	if (trial_look(run->arena, b->options, run->workspace, &run->env, run->interrupt.fd, e) !=
	    STATUS_HEALTHY) {
		return err_set(err, -EIO, "the folder could not be looked at");
	}
	const struct fact_tool *tool = facts_chosen(&e->facts, "gopls");
	if (!tool) {
		return err_set(err, -ENOENT,
		               "no gopls is found here, so there is none to be compared; `dialtone "
		               "check` says where it is looked for");
	}
	const struct fact_binary *bin = facts_binary(&e->facts, tool->path);
	b->program = tool->path;
	b->by_path = streq(tool->via, "path");
	b->in_use = bin ? bin->version : "";
	b->options->editor = e->target.editor->name;
	b->options->file = e->target.open_file;
	b->condition.env = run->env;
	const char **touches = arena_array_of(run->arena, const char *, 3);
	touches[0] = b->by_path ? NULL : path_parent(run->arena, tool->path);
	b->subject = (struct trial_subject){
		.options = b->options,
		.dir = run->workspace,
		.interrupt_fd = run->interrupt.fd,
		.writable = rehearse_writable(run->arena, &e->target, &e->facts, touches),
	};
	return 0;
}

int pin_bisect(struct pin_run *run) {
	struct pin_bisect b = {.run = run, .because = "", .in_use = ""};
	int64_t start_ns = clock_now_ns();
	struct err err = {0};
	int r = prepare(&b, &err);

	r = r < 0 ? r : pin_releases_find(&b, &err);
	if (r < 0) {
		output_complain("%s", err.msg);
		return r == -EINVAL ? STATUS_USAGE : STATUS_UNKNOWN;
	}
	if (try_ends(&b)) {
		series_search(run->arena, b.count, try_between, &b, &b.found);
		b.end = b.found.stopped ? PIN_STOPPED : PIN_TURN_FOUND;
	}
	b.timings = report_timings_since(start_ns);
	if (interrupt_signal(&run->interrupt) != 0) {
		output_complain("stopped before there was an answer");
		return STATUS_UNKNOWN;
	}
	return pin_bisect_show(&b);
}
