/* SPDX-License-Identifier: MIT
 * `dialtone guard install`: shows what would be written; with --yes writes it, through the journal. crontab(1) keeps the file
 * of cron: there the journal holds the table that it is handed, and `guard remove` and `undo` take our lines out of it.
 */
#include "apply/resolve.h"
#include "apply/steps.h"
#include "apply/turn.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/conflict.h"
#include "cmd/guard.h"
#include "core/plan.h"
#include "report/diff.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "world/live.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct install {
	struct guard *g;
	struct world *world;
	struct guard_place place;
	struct guard_job job;
	struct plan plan;
	struct repair repair;
	const char *table; /* cron: the crontab as it will be */
	const char *outcome;
	int64_t id;
};

static const char *dirs_text(const struct guard *g) {
	const char *text = "";
	for (size_t i = 0; g->dirs[i]; i++) {
		text = arena_printf(g->arena, "%s%s%s", text, i > 0 ? " " : "", g->dirs[i]);
	}
	return text;
}

/* ---- the plan ---- */

static void plan_units(struct install *in) {
	struct guard *g = in->g;
	struct plan *plan = &in->plan;
	const struct guard_place *p = &in->place;
	const char *const reload[] = {p->systemctl, "--user", "daemon-reload", NULL};
	const char *const start[] = {p->systemctl, "--user", "start", GUARD_TIMER, NULL};
	const char *const nothing[] = {NULL};
	plan_init(plan, g->arena, "guard", dirs_text(g));
	struct step *first = plan_append(plan, p->service, guard_service_text(g->arena, &in->job));
	first->what = arena_printf(g->arena,
	                           "look every %lld minutes after what the Go language "
	                           "server needs (dialtone guard install)",
	                           (long long)g->every_minutes);
	plan_append(plan, p->timer, guard_timer_text(g->arena, &in->job));
	plan_link(plan, p->wanted, NULL, p->timer);
	plan_run(plan, p->unit_dir, reload, nothing);
	plan_run(plan, p->unit_dir, start, nothing);
}

static int plan_table(struct install *in, struct err *err) {
	const struct guard_place *p = &in->place;
	const char *block;
	int r = guard_cron_block(in->g->arena, &in->job, !p->has_table, &block, err);
	if (r < 0) {
		return r;
	}
	bool open = p->table.len > 0 && p->table.data[p->table.len - 1] != '\n';
	struct arena *arena = in->g->arena;
	in->table = arena_printf(arena, "%.*s%s%s", (int)p->table.len, p->table.data,
	                         open ? "\n" : "", block);
	const char *file = path_join(arena, in->g->state_dir, GUARD_TABLE);
	const char *const set[] = {p->crontab, file, NULL};
	const char *const nothing[] = {NULL};
	plan_init(&in->plan, arena, "guard", dirs_text(in->g));
	/* Of a run that was killed: it was not installed, or the lines would have been found. */
	(void)(in->g->options->yes && unlink(file));
	plan_append(&in->plan, file, in->table)->what = arena_printf(
		arena,
		"cron looks every %lld minutes after what the Go language server needs (dialtone "
		"guard install)",
		(long long)in->g->every_minutes);
	plan_run(&in->plan, "/", set, nothing);
	return 0;
}

/* ---- what is there already ---- */

static bool says(struct arena *arena, const char *path, const char *text) {
	struct image image;
	const char *real;
	struct err err;
	return image_read(arena, path, &image, &real, &err) == 0 && image_exists(&image) &&
	       slice_eq(image.bytes, text);
}

static bool is_same(struct install *in) {
	struct arena *arena = in->g->arena;
	const struct guard_place *p = &in->place;
	if (in->place.by == BY_CRON) {
		const char *block;
		struct err err;
		return p->cron.whole &&
		       guard_cron_block(arena, &in->job, p->cron.alone, &block, &err) == 0 &&
		       slice_eq(p->cron.block, block);
	}
	return says(arena, p->service, guard_service_text(arena, &in->job)) &&
	       says(arena, p->timer, guard_timer_text(arena, &in->job)) &&
	       says(arena, p->wanted, guard_timer_text(arena, &in->job));
}

/* ---- showing ---- */

static void put_changes(struct strbuf *out, const struct install *in,
                        const struct report_style *style) {
	struct arena *arena = out->arena;
	if (in->place.by == BY_CRON) {
		struct slice before = in->place.has_table ? in->place.table : slice_of(NULL, 0);
		diff_write(out, "crontab", before, slice_str(in->table), style);
		return;
	}
	for (size_t i = 0; i < in->repair.change_count; i++) {
		const struct journal_change *c = &in->repair.changes[i];
		if (c->kind == CHANGE_FILE && c->after.kind == IMAGE_FILE) {
			diff_write(out, harmless(arena, c->path, style->utf8), slice_of(NULL, 0),
			           c->after.bytes, style);
		} else {
			strbuf_printf(out, "  %s\n", harmless(arena, c->what, style->utf8));
		}
	}
}

static void put_text(struct strbuf *out, const struct install *in) {
	const struct terminal *t = &in->g->terminal;
	const struct report_style style = {
		.colour = t->colour, .utf8 = t->utf8, .columns = t->columns};
	if (streq(in->outcome, "installed_already")) {
		strbuf_printf(out, "It is installed already, by %s.\n",
		              guard_by_name(in->place.by));
		return;
	}
	if (streq(in->outcome, "proposed")) {
		strbuf_printf(out, "By %s, every %lld minutes:\n", guard_by_name(in->place.by),
		              (long long)in->g->every_minutes);
		put_changes(out, in, &style);
		strbuf_printf(out,
		              "Nothing was changed. To do it: the same with --yes; `dialtone guard "
		              "remove` takes it back.\n");
		return;
	}
	strbuf_printf(out, "Installed, by %s: it looks every %lld minutes%s%s.\n",
	              guard_by_name(in->place.by), (long long)in->g->every_minutes,
	              in->place.by == BY_SYSTEMD ? " while you are logged in" : "",
	              in->id > 0 ? arena_printf(out->arena,
	                                        "; repair %lld, `dialtone guard remove` takes it "
	                                        "back",
	                                        (long long)in->id)
	                         : "; `dialtone guard remove` takes it back");
	struct stat st;
	if (in->place.by == BY_CRON && stat("/run/crond.pid", &st) < 0) {
		strbuf_add(out, "No cron seems to run (there is no /run/crond.pid).\n");
	}
}

static int tell(struct install *in, const char *outcome, int status) {
	struct strbuf out;
	struct strbuf diff;
	strbuf_init(&out, in->g->arena);
	strbuf_init(&diff, in->g->arena);
	in->outcome = outcome;
	if (!in->g->options->json) {
		put_text(&out, in);
		return output_write(&out, status);
	}
	static const struct report_style plain = {.utf8 = true, .columns = 80};
	struct json json = {.out = &out};
	put_changes(&diff, in, &plain);
	guard_json_begin(&json, in->g);
	json_put(&json, "outcome", outcome);
	json_put(&json, "by", guard_by_name(in->place.by));
	json_put_names(&json, "directories", in->g->dirs);
	json_put_number(&json, "every_minutes", in->g->every_minutes);
	json_put_or_null(&json, "diff", diff.data);
	json_put_number_or_null(&json, "repair", in->id);
	json_end(&json);
	return output_write(&out, status);
}

/* ---- doing ---- */

static int apply(struct install *in) {
	struct err err;
	CLEANUP(turn_end) struct turn turn = turn_take(in->g->arena, &err);
	if (!turn.journal) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	struct steps steps;
	steps_init(&steps, in->g->arena, turn.journal);
	steps.world = in->world;
	steps.env = &in->g->own;
	int r = steps_apply(&steps, &in->repair, &err);
	if (r == 0 && in->place.by == BY_CRON) {
		r = guard_crontab_check(in->g, in->world, &in->place, "crontab now", in->table,
		                        false, &err);
	}
	if (r < 0) {
		output_complain("%s", err.msg);
		conflict_show(&steps);
		return STATUS_NOT_FIXED;
	}
	in->id = in->repair.id;
	return STATUS_HEALTHY;
}

static int prepare(struct install *in, struct err *err) {
	int r = guard_job_check(&in->job, err);
	if (r == 0 && in->place.by == BY_CRON) {
		r = plan_table(in, err);
	} else if (r == 0) {
		plan_units(in);
	}
	if (r == 0) {
		r = plan_resolve(in->g->arena, &in->plan, &in->repair, err);
	}
	if (r == 0 && in->plan.needs_root) {
		r = err_set(err, -EPERM, "nothing can be written in '%s' by this user",
		            in->place.by == BY_CRON ? in->g->state_dir : in->place.unit_dir);
	}
	return r;
}

static int refuse_other(const struct install *in) {
	const struct guard_place *p = &in->place;
	if (p->units_there || p->cron.found) {
		output_complain("the guard is installed already, otherwise than this (%s); "
		                "`dialtone guard remove` takes it away",
		                p->units_there ? p->service : "crontab");
		return STATUS_NOT_FIXED;
	}
	return STATUS_HEALTHY;
}

static int install(struct install *in) {
	struct err err;
	guard_place_find(in->g, in->world, &in->place);
	if (in->place.by == BY_NONE) {
		output_complain("nothing here could start it: %s; let what you have run `dialtone "
		                "guard run --quiet DIR`",
		                in->place.because);
		return STATUS_NOT_FIXED;
	}
	in->job = guard_job_of(in->g, &in->place);
	if (is_same(in)) {
		return tell(in, "installed_already", STATUS_HEALTHY);
	}
	int status = refuse_other(in);
	if (status != STATUS_HEALTHY) {
		return status;
	}
	if (prepare(in, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	if (!in->g->options->yes) {
		return tell(in, "proposed", STATUS_HEALTHY);
	}
	status = apply(in);
	return status == STATUS_HEALTHY ? tell(in, "installed", status) : status;
}

int guard_install(struct guard *g) {
	struct err err;
	struct evidence_store store;
	evidence_store_init(&store, g->arena);
	struct install in = {.g = g};
	in.world = world_live_open(g->arena, &store, g->interrupt.fd, &err);
	if (!in.world) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	int status = install(&in);
	world_close(in.world);
	return status;
}
