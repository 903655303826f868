/* SPDX-License-Identifier: MIT
 * The pins themselves: links in the data directory, and settings. Both are steps of a plan (core/plan.h), so they are
 * written down first and `dialtone undo` takes them back.
 */
#include "apply/resolve.h"
#include "apply/steps.h"
#include "apply/turn.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "cmd/conflict.h"
#include "cmd/pin.h"
#include "settings/layers.h"

#include <errno.h>

/* ---- links ---- */

static void link_to(struct pin_run *run, const char *path, const char *target) {
	struct arena *arena = run->arena;
	const char *now = store_link(arena, path);
	struct step *step = plan_link(&run->plan, path, now, target);
	if (step) {
		step->what =
			now ? arena_printf(arena, "%s: now %s instead of %s", path, target, now)
			    : arena_printf(arena, "%s: a link to %s", path, target);
	}
}

static void remember_previous(struct pin_run *run, const struct pin_item *item) {
	const struct pin_tool *tool = item->spec.tool;
	if (item->was && !streq(item->was, item->spec.version)) {
		link_to(run, store_previous(run->arena, run->root, tool),
		        store_target(run->arena, tool, item->was));
	}
}

/* The last step but for shims that were not there is the switch: one rename. */
static void plan_links(struct pin_run *run, const struct pin_item *item) {
	struct arena *arena = run->arena;
	const struct pin_tool *tool = item->spec.tool;
	remember_previous(run, item);
	link_to(run, store_current(arena, run->root, tool),
	        store_target(arena, tool, item->spec.version));
	for (size_t i = 0; tool->programs[i]; i++) {
		link_to(run, store_shim(arena, run->root, tool->programs[i]),
		        store_shim_target(arena, tool, tool->programs[i]));
	}
	if (tool->is_go) {
		/* By this name a go command finds another toolchain on PATH: cmd/go/internal/toolchain. */
		link_to(run,
		        store_shim(arena, run->root,
		                   arena_printf(arena, "go%s", item->spec.version)),
		        arena_printf(arena, "%s/bin/go",
		                     store_target(arena, tool, item->spec.version)));
	}
}

static void plan_no_links(struct pin_run *run, const struct pin_item *item) {
	const struct pin_tool *tool = item->spec.tool;
	remember_previous(run, item);
	for (size_t i = 0; tool->programs[i]; i++) {
		plan_remove(&run->plan, store_shim(run->arena, run->root, tool->programs[i]));
	}
	plan_remove(&run->plan, store_current(run->arena, run->root, tool));
}

/* ---- settings ---- */

static const char *quoted(struct arena *arena, const char *text) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add_char(&out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			strbuf_add_char(&out, '\\');
		}
		strbuf_add_char(&out, *text);
	}
	strbuf_add_char(&out, '"');
	return out.data;
}

/* A key that is not there needs not be taken away: the file may not be there either. */
static void plan_settings(struct pin_run *run, const struct pin_item *item, const char *file,
                          const char *program) {
	struct arena *arena = run->arena;
	const struct pin_tool *tool = item->spec.tool;
	bool none = item->state == PIN_UNPIN;
	const struct evidence *ev = world_look(run->world, LOOK_STAT, file, LOOK_CAP_SMALL);
	if (none && ev->state == EV_ABSENT) {
		return;
	}
	plan_setting(&run->plan, file, arena_printf(arena, "go.alternateTools/%s", tool->name),
	             none ? NULL : quoted(arena, program));
	if (tool->is_go && run->options->workspace) {
		plan_setting(&run->plan, file, "go.toolsEnvVars/GOTOOLCHAIN",
		             none ? NULL
		                  : quoted(arena, arena_printf(arena, "go%s", item->spec.version)));
	}
}

static const char *user_settings(struct pin_run *run) {
	struct layers layers;
	const char *home = envset_get(&run->env, "HOME");
	const struct layers_where where = {
		.home = home ? home : "",
		.config = envset_get(&run->env, "XDG_CONFIG_HOME"),
		.data = envset_get(&run->env, "XDG_DATA_HOME"),
		.portable = envset_get(&run->env, "VSCODE_PORTABLE"),
		.workspace = run->workspace,
	};
	layers_read(&layers, run->arena, run->world, &where);
	return layers_file(&layers, run->arena, &where, LAYER_USER);
}

static int plan_item(struct pin_run *run, const struct pin_item *item, struct err *err) {
	const struct pin_tool *tool = item->spec.tool;
	if (run->options->workspace) {
		plan_settings(run, item,
		              path_join(run->arena, run->workspace, ".vscode/settings.json"),
		              path_join(run->arena, item->dir, tool->programs[0]));
		return 0;
	}
	if (item->state == PIN_UNPIN) {
		plan_no_links(run, item);
	} else {
		plan_links(run, item);
	}
	if (run->options->user_settings) {
		const char *file = user_settings(run);
		if (!file) {
			return err_set(err, -ENOENT, "nothing says where the user settings are");
		}
		plan_settings(run, item, file,
		              store_shim(run->arena, run->root, tool->programs[0]));
	}
	return 0;
}

int pin_switch_plan(struct pin_run *run, struct err *err) {
	const char *subject = "";
	for (size_t i = 0; i < run->count; i++) {
		const struct pin_item *item = &run->items[i];
		subject = arena_printf(run->arena, "%s%s%s@%s", subject, i > 0 ? " " : "",
		                       item->spec.tool->name, item->spec.version);
	}
	plan_init(&run->plan, run->arena, "pin", subject);
	run->plan.workspace = run->options->workspace ? run->workspace : NULL;
	run->plan.why = arena_printf(run->arena, "pin %s", subject);
	for (size_t i = 0; i < run->count; i++) {
		int r = plan_item(run, &run->items[i], err);
		if (r < 0) {
			return r;
		}
	}
	if (run->plan.step_count == 0) {
		return 0;
	}
	int r = plan_resolve(run->arena, &run->plan, &run->repair, err);
	return r == 0 && run->plan.needs_root
	               ? err_set(err, -EACCES, "what is to be changed does not belong to you")
	               : r;
}

int pin_switch_may(struct pin_run *run, struct err *err) {
	if (run->repair.change_count == 0) {
		return 0;
	}
	CLEANUP(journal_closep) struct journal *journal = journal_open(true, err);
	return journal ? journal_refuse_interrupted(journal, run->arena, err) : err->code;
}

int pin_switch(struct pin_run *run, struct err *err) {
	struct steps steps;
	CLEANUP(turn_end) struct turn turn = turn_take(run->arena, err);
	if (!turn.journal) {
		return err->code;
	}
	int64_t begin = clock_now_ns();
	steps_init(&steps, run->arena, turn.journal);
	int r = steps_apply(&steps, &run->repair, err);
	run->switch_ns = clock_now_ns() - begin;
	run->notes = steps.notes.data;
	if (r < 0 && !run->options->json) {
		conflict_show(&steps);
	}
	run->done = r == 0;
	return r;
}
