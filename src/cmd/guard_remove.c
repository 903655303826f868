/* SPDX-License-Identifier: MIT
 * `dialtone guard remove`: takes away what install wrote, and refuses when that is no longer what it wrote.
 */
#include "apply/lock.h"
#include "apply/program.h"
#include "apply/steps.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/conflict.h"
#include "cmd/guard.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "world/live.h"

#include <errno.h>
#include <unistd.h>

#define REPAIRS_MAX ((size_t)1000)

struct removal {
	struct guard *g;
	struct world *world;
	struct guard_place place;
	struct repair repair;    /* id 0: there is none */
	const char *const *what; /* for people and programs, NULL-terminated */
};

static int tell(struct removal *rm, const char *outcome, int status) {
	struct guard *g = rm->g;
	struct strbuf out;
	strbuf_init(&out, g->arena);
	if (g->options->json) {
		struct json json = {.out = &out};
		guard_json_begin(&json, g);
		json_put(&json, "outcome", outcome);
		json_put_names(&json, "removed", rm->what);
		json_put_number_or_null(&json, "repair", rm->repair.id);
		json_end(&json);
		return output_write(&out, status);
	}
	bool done = streq(outcome, "removed");
	strbuf_add(&out, streq(outcome, "not_installed") ? "The guard is not installed.\n"
	                 : done                          ? "Removed:\n"
	                                                 : "Would be removed:\n");
	for (size_t i = 0; rm->what && rm->what[i]; i++) {
		strbuf_printf(&out, "  %s\n",
		              harmless_lines(g->arena, rm->what[i], g->terminal.utf8));
	}
	if (streq(outcome, "proposed")) {
		strbuf_add(&out, "Nothing was changed. To do it: dialtone guard remove --yes\n");
	}
	return output_write(&out, status);
}

/* ---- units ---- */

static bool is_open(const struct repair *r) {
	return r->state == REPAIR_DONE || r->state == REPAIR_WORKING || r->state == REPAIR_UNDOING;
}

bool guard_repair_is_cron(struct arena *arena, struct journal *journal,
                          const struct repair *repair) {
	for (size_t i = 0; streq(repair->cause, "guard") && i < repair->change_count; i++) {
		struct journal_change c = repair->changes[i];
		struct program program;
		struct err ignored;
		if (c.kind == CHANGE_RUN && journal_load(journal, arena, &c, &ignored) == 0 &&
		    program_decode(arena, c.detail, &program) == 0 &&
		    streq(path_base(program.argv[0]), "crontab")) {
			return true;
		}
	}
	return false;
}

/* The installation that is in the journal and not taken back: repair.id stays 0 when there is none. */
static int find_repair(struct removal *rm, struct journal *journal, struct err *err) {
	bool cron = !rm->place.units_there;
	struct repair *list = NULL;
	size_t count = 0;
	int r = journal_list(journal, rm->g->arena, REPAIRS_MAX, &list, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct repair *found = &list[i];
		if (!streq(found->cause, "guard") || !is_open(found)) {
			continue;
		}
		r = journal_find(journal, rm->g->arena, list[i].id, found, err);
		if (r == 0 && guard_repair_is_cron(rm->g->arena, journal, found) == cron) {
			rm->repair = *found;
			return 0;
		}
	}
	return r;
}

static void list_files(struct removal *rm) {
	const char **what = arena_array_of(rm->g->arena, const char *, rm->repair.change_count + 1);
	size_t n = 0;
	for (size_t i = 0; i < rm->repair.change_count; i++) {
		if (rm->repair.changes[i].kind == CHANGE_FILE) {
			what[n++] = rm->repair.changes[i].path;
		}
	}
	rm->what = what;
}

/* What is loaded goes on until it is told; the files are gone by now. */
static void stop_timer(struct removal *rm) {
	static const char *const stop[] = {"stop", GUARD_TIMER, NULL};
	static const char *const reload[] = {"daemon-reload", NULL};
	if (rm->place.manager) {
		(void)guard_systemctl(rm->g, rm->world, &rm->place, "stop", stop);
		(void)guard_systemctl(rm->g, rm->world, &rm->place, "reload", reload);
	}
}

static int undo(struct removal *rm, struct journal *journal) {
	struct err err;
	struct steps steps;
	CLEANUP(fd_closep) int lock = lock_take(rm->g->arena, LOCK_WAIT_NS, &err);
	if (lock < 0) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	steps_init(&steps, rm->g->arena, journal);
	steps.world = rm->world;
	steps.env = &rm->g->own;
	if (steps_undo(&steps, &rm->repair, &err) < 0) {
		output_complain("%s", err.msg);
		conflict_show(&steps);
		return STATUS_NOT_FIXED;
	}
	if (rm->place.units_there) {
		stop_timer(rm);
	}
	return STATUS_HEALTHY;
}

static int remove_units(struct removal *rm) {
	struct err err;
	CLEANUP(journal_closep) struct journal *journal = journal_open(false, &err);
	int r = journal ? find_repair(rm, journal, &err) : err.code;
	if (r < 0 && r != -ENOENT) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	if (rm->repair.id == 0) {
		output_complain("%s is not in the journal, so it is not known what was written; "
		                "remove it yourself: systemctl --user disable --now " GUARD_TIMER,
		                rm->place.service);
		return STATUS_NOT_FIXED;
	}
	list_files(rm);
	if (!rm->g->options->yes) {
		return tell(rm, "proposed", STATUS_HEALTHY);
	}
	int status = undo(rm, journal);
	return status == STATUS_HEALTHY ? tell(rm, "removed", status) : status;
}

/* ---- cron ---- */

static int take_lines(struct removal *rm, struct err *err) {
	const struct guard_cron *cron = &rm->place.cron;
	bool gone = cron->alone && *cron->without == '\0';
	return guard_crontab_write(rm->g, rm->world, &rm->place, cron->without, gone, err);
}

int guard_uninstall_cron(struct arena *arena, struct err *err) {
	struct guard g = {.arena = arena,
	                  .options = arena_new_of(arena, struct guard_options),
	                  .interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
	                  .state_dir = journal_dir(arena)};
	struct removal rm = {.g = &g};
	struct evidence_store store;
	envset_init(&g.own, arena);
	for (char **var = environ; *var; var++) {
		envset_add_block(&g.own, slice_of(*var, strlen(*var) + 1));
	}
	evidence_store_init(&store, arena);
	rm.world = world_live_open(arena, &store, -1, err);
	if (!rm.world) {
		return err->code;
	}
	guard_place_find(&g, rm.world, &rm.place);
	int r = !rm.place.cron.found ? 0
	        : !rm.place.cron.whole
	                ? err_set(err, -EBUSY,
	                          "the lines in the crontab are no longer what was written; take "
	                          "them out yourself with `crontab -e`")
	                : take_lines(&rm, err);
	world_close(rm.world);
	return r;
}

/* The repair is taken back as well, if there is one: before dialtone wrote this down there was none. */
static int close_repair(struct removal *rm) {
	struct err err;
	CLEANUP(journal_closep) struct journal *journal = journal_open(false, &err);
	if (!journal || find_repair(rm, journal, &err) < 0 || rm->repair.id == 0) {
		return STATUS_HEALTHY;
	}
	return undo(rm, journal);
}

static int remove_lines(struct removal *rm) {
	struct guard *g = rm->g;
	struct err err;
	const struct guard_cron *cron = &rm->place.cron;
	const char *block = arena_slicedup(g->arena, slice_trim(cron->block));
	const char **what = arena_array_of(g->arena, const char *, 2);
	what[0] = block;
	rm->what = what;
	if (!cron->whole) {
		output_complain(
			"the lines in the crontab are no longer what was written; take them "
			"out yourself with `crontab -e`:");
		struct strbuf out;
		strbuf_init(&out, g->arena);
		strbuf_add(&out, harmless_lines(g->arena, block, g->terminal.utf8));
		return output_write(&out, STATUS_NOT_FIXED);
	}
	if (!g->options->yes) {
		return tell(rm, "proposed", STATUS_HEALTHY);
	}
	int lock = lock_take(g->arena, LOCK_WAIT_NS, &err);
	int r = lock < 0 ? lock : take_lines(rm, &err);
	if (lock >= 0) {
		(void)close(lock);
	}
	if (r < 0) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	int status = close_repair(rm);
	return status == STATUS_HEALTHY ? tell(rm, "removed", status) : status;
}

int guard_remove(struct guard *g) {
	struct err err;
	struct evidence_store store;
	struct removal rm = {.g = g};
	evidence_store_init(&store, g->arena);
	rm.world = world_live_open(g->arena, &store, g->interrupt.fd, &err);
	if (!rm.world) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	guard_place_find(g, rm.world, &rm.place);
	int status = rm.place.units_there  ? remove_units(&rm)
	             : rm.place.cron.found ? remove_lines(&rm)
	                                   : tell(&rm, "not_installed", STATUS_HEALTHY);
	world_close(rm.world);
	return status;
}
