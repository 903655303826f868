/* SPDX-License-Identifier: MIT
 */
#include "cmd/env_bisect.h"

#include "base/clock.h"
#include "base/path.h"
#include "cmd/bisect.h"
#include "cmd/failure.h"
#include "cmd/rehearse.h"
#include "core/editor.h"
#include "probes/sides/side_origin.h"
#include "probes/sides/sides.h"

#include <errno.h>

#define GOOD_DEFAULT "shell"
#define BAD_DEFAULT  "editor"

struct end {
	const char *spec; /* as it was asked for */
	struct sides *sides;
	struct side *side;
	struct condition condition;
};

struct run {
	const struct env_bisect *job;
	struct arena *arena;
	struct end good, bad;
	struct check_options options; /* of the trials */
	struct differences differences;
};

/* ---- the ends ---- */

static bool is_editor_word(const char *spec) {
	return streq(spec, BAD_DEFAULT) || editor_find(spec) != NULL;
}

bool env_bisect_names_end(const char *spec) {
	int64_t pid = 0;

	if (!spec || STR_IN(spec, "self", "shell", "desktop", "systemd") || is_editor_word(spec)) {
		return true;
	}
	return (str_starts(spec, "pid:") && str_to_int64(spec + 4, &pid) == 0 && pid > 0 &&
	        pid <= INT32_MAX) ||
	       (str_starts(spec, "file:") && spec[5] != '\0');
}

static struct side *find_editor(struct sides *sides, const char *spec) {
	const struct editor *wanted = editor_find(spec);

	for (size_t i = 0; i < sides->count; i++) {
		struct side *side = &sides->items[i];
		if (side->kind == SIDE_EDITOR &&
		    (!wanted || editor_of_kind(side->what) == wanted)) {
			return side;
		}
	}
	return NULL;
}

static int collect(struct run *run, struct end *end, const char *option, struct err *err) {
	struct exam *exam = run->job->exam;
	bool running = is_editor_word(end->spec);
	bool own = streq(end->spec, "self");
	struct sides_wish wish = {.against = running || own ? NULL : end->spec, .no_shell = true};

	if (str_starts(end->spec, "file:")) {
		const char *path;
		int r = user_path_absolute(run->arena, exam->world, end->spec + 5, &path, err);
		if (r < 0) {
			return r;
		}
		wish.against = arena_printf(run->arena, "file:%s", path);
	}
	end->sides = arena_new_of(run->arena, struct sides);
	int r = sides_collect(exam, &wish, end->sides, err);
	if (r < 0) {
		const char *said = arena_strdup(run->arena, err->msg);
		const char *old = "--against";

		return err_set(err, r, "%s%s", option,
		               str_starts(said, old) ? said + strlen(old) : said);
	}
	end->side = running                 ? find_editor(end->sides, end->spec)
	            : own                   ? &end->sides->items[0]
	            : end->sides->count > 1 ? &end->sides->items[1]
	                                    : NULL;
	if (!end->side && running) {
		return err_set(err, -ESRCH,
		               "%s %s: no %s has '%s' open; name the environment: %s pid:N, "
		               "desktop, file:F …",
		               option, end->spec,
		               streq(end->spec, BAD_DEFAULT) ? "editor" : end->spec,
		               exam->target->workspace, option);
	}
	if (!end->side) {
		return err_set(err, -ESRCH, "%s %s: it is not there", option, end->spec);
	}
	return end->side->known
	               ? 0
	               : err_set(err, -EACCES, "%s %s: %s", option, end->spec, end->side->why);
}

/* What may not be had here cannot be given to a trial. */
static void lower(struct condition *c, const struct condition *own) {
	for (size_t i = 0; i < CONDITION_LIMITS && own->confined; i++) {
		int64_t most = own->limits[i].hard;
		struct limit_pair *l = &c->limits[i];

		if (most >= 0) {
			l->hard = l->hard < 0 || l->hard > most ? most : l->hard;
			l->soft = l->soft < 0 || l->soft > most ? most : l->soft;
		}
	}
}

/* A server that runs has a directory of its own; all others start it where the editor does. */
static const char *cwd_of(struct run *run, const struct side *side) {
	if (side->kind != SIDE_SERVER) {
		return NULL;
	}
	const struct evidence *ev =
		world_look(run->job->exam->world, LOOK_PROCESS,
	                   arena_printf(run->arena, "%lld", (long long)side->pid), LOOK_CAP_SMALL);
	const char *cwd = evidence_has_bytes(ev) ? keyline_get(run->arena, ev->bytes, "cwd") : NULL;

	return cwd && !streq(cwd, run->job->exam->target->workspace) ? cwd : NULL;
}

static void read_condition(struct run *run, struct end *end) {
	const struct side *self = &end->sides->items[0];
	const struct side *side = end->side->has_context ? end->side : self;
	struct condition own = {0};

	condition_read(run->arena, self->context, &own);
	condition_read(run->arena, side->context, &end->condition);
	end->condition.env = end->side->env;
	end->condition.cwd = cwd_of(run, end->side);
	lower(&end->condition, &own);
}

static int find_ends(struct run *run) {
	const struct env_options *o = run->job->options;
	struct err err;
	int r;

	run->good.spec = o->good ? o->good : GOOD_DEFAULT;
	run->bad.spec = o->bad ? o->bad : BAD_DEFAULT;
	r = collect(run, &run->bad, "--bad", &err);
	r = r < 0 ? r : collect(run, &run->good, "--good", &err);
	if (r < 0 || !run->bad.side || !run->good.side) {
		output_complain("%s", err.msg);
		return r == -EINVAL || r == -ENOENT || r == -ESRCH ? STATUS_USAGE : STATUS_UNKNOWN;
	}
	read_condition(run, &run->good);
	read_condition(run, &run->bad);
	run->differences =
		differences_between(run->arena, &run->good.condition, &run->bad.condition);
	if (run->differences.more > 0) {
		output_complain("%s and %s differ in more than %d things", run->good.spec,
		                run->bad.spec, SUBSET_MAX);
		return STATUS_UNKNOWN;
	}
	return STATUS_HEALTHY;
}

/* ---- what the trials have in common ---- */

static int look_as(struct run *run, const struct end *end, struct examination *e) {
	return trial_look(run->arena, &run->options, run->job->exam->target->workspace,
	                  &end->condition.env, run->job->interrupt->fd, e);
}

/* The editor and the file are those of the bad end, so that nothing else differs. */
static int prepare(struct run *run, struct trial_subject *subject) {
	const struct env_options *o = run->job->options;
	const struct editor *runs = editor_of_kind(run->bad.side->what);
	struct examination *bad = arena_new_of(run->arena, struct examination);
	struct examination *good = arena_new_of(run->arena, struct examination);

	run->options = (struct check_options){.editor = o->editor ? o->editor
	                                                : runs    ? runs->name
	                                                          : NULL,
	                                      .file = o->file,
	                                      .trust = o->trust};
	int status = look_as(run, &run->bad, bad);
	if (status == STATUS_HEALTHY) {
		run->options.editor = bad->target.editor->name;
		status = look_as(run, &run->good, good);
	}
	if (status != STATUS_HEALTHY) {
		return status;
	}
	if (!run->options.file) {
		run->options.file =
			good->target.open_file ? good->target.open_file : bad->target.open_file;
	}
	*subject = (struct trial_subject){
		.options = &run->options,
		.dir = run->job->exam->target->workspace,
		.interrupt_fd = run->job->interrupt->fd,
		.writable = rehearse_writable(
			run->arena, &bad->target, &bad->facts,
			rehearse_writable(run->arena, &good->target, &good->facts, NULL)),
	};
	return STATUS_HEALTHY;
}

static void give(void *context, const struct subset *set, struct trial_wish *ret) {
	struct run *run = context;
	struct condition *c = arena_new_of(run->arena, struct condition);

	*c = differences_apply(run->arena, &run->differences, &run->good.condition,
	                       &run->bad.condition, set);
	ret->condition = c;
}

/* ---- telling ---- */

static const char *origin(void *context, const struct element *e) {
	struct run *run = context;
	const struct end *end = e->bad ? &run->bad : &run->good;
	const char *value = e->bad ? e->bad : e->good;

	if (e->kind != ELEMENT_VARIABLE || !value) {
		return "";
	}
	const char *words = side_origin_find(run->job->exam, end->side, e->name, value).words;
	return end == &run->bad || str_empty(words)
	               ? words
	               : arena_printf(run->arena, "%s has it from %s", end->side->label, words);
}

static const char *remark(struct run *run) {
	const struct side *foreign = run->bad.side->foreign    ? run->bad.side
	                             : run->good.side->foreign ? run->good.side
	                                                       : NULL;

	return foreign ? arena_printf(
				 run->arena,
				 "%s is of another machine: its paths were taken as paths here.",
				 foreign->label)
	               : NULL;
}

static int show(struct run *run, struct bisect *b) {
	const struct env_bisect *job = run->job;
	struct strbuf out;

	strbuf_init(&out, run->arena);
	if (job->options->json) {
		bisect_json(&out, b, b->subject.dir, origin, run);
	} else {
		bisect_text(&out, b, job->terminal->utf8, job->options->verbose, origin, run);
	}
	return output_write(&out, bisect_status(b));
}

int env_bisect(const struct env_bisect *job) {
	struct run run = {.job = job, .arena = job->exam->arena};
	struct bisect b = {.arena = run.arena,
	                   .what = "environment",
	                   .start_ns = job->start_ns,
	                   .deadline_ns = job->exam->deadline_ns,
	                   .give = give,
	                   .context = &run,
	                   .progress = job->progress};
	int status = find_ends(&run);

	if (status == STATUS_HEALTHY) {
		status = prepare(&run, &b.subject);
	}
	if (status != STATUS_HEALTHY) {
		return status;
	}
	b.good_name = run.good.side->label;
	b.bad_name = run.bad.side->label;
	b.good_id = run.good.side->id;
	b.bad_id = run.bad.side->id;
	b.elements = run.differences.items;
	b.count = run.differences.count;
	b.remark = remark(&run);
	bisect_run(&b);
	int stopped = failure_of_interrupt(job->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	return show(&run, &b);
}
