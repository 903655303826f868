/* SPDX-License-Identifier: MIT
 * When something is wrong: what this user cannot use of the modules that the open file imports,
 * their directories and what was downloaded for them.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/modules/modules_graph.h"

#define MODULES_MAX 8

static void state_gap(struct exam *exam, const struct file_stat *st, const char *path) {
	FACTS_ADD(exam->facts, owner_gap, st->ev, .role = "module", .path = path,
	          .kind = st->is_dir ? "d" : "f", .uid = st->uid, .mode = st->mode,
	          .read = st->can_read && (st->can_exec || !st->is_dir), .write = st->can_write);
}

/* The highest directory on the way to path that bars it. */
static void state_barrier(struct exam *exam, const char *top, const char *path) {
	const char *dir = path_parent(exam->arena, path);
	if (!path_below(path, top) || streq(path, top)) {
		return;
	}
	struct file_stat st = world_stat(exam->world, dir);
	if (st.known && st.exists && !st.can_exec) {
		state_gap(exam, &st, dir);
	} else if (!st.known && st.ev->state == EV_DENIED) {
		state_barrier(exam, top, dir);
	}
}

static void look_below(struct exam *exam, const char *dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (line.len < 3 || (!slice_starts(line, "f ") && !slice_starts(line, "d "))) {
			continue;
		}
		const char *name =
			arena_slicedup(exam->arena, slice_of(line.data + 2, line.len - 2));
		const char *path = path_join(exam->arena, dir, name);
		struct file_stat st = world_stat(exam->world, path);
		if (st.known && st.exists && !st.can_read) {
			state_gap(exam, &st, path);
			return;
		}
	}
}

static void look_dir(struct exam *exam, const char *top, const char *dir) {
	struct file_stat st = world_stat(exam->world, dir);
	if (!st.known) {
		if (st.ev->state == EV_DENIED) {
			state_barrier(exam, top, dir);
		}
	} else if (st.exists && (!st.can_read || !st.can_exec)) {
		state_gap(exam, &st, dir);
	} else if (st.exists) {
		look_below(exam, dir);
	}
}

static void look_module(struct exam *exam, const char *top, const char *module,
                        const char *version) {
	struct arena *arena = exam->arena;
	const char *path = modules_escape(arena, module);
	const char *at = modules_escape(arena, version);
	look_dir(exam, top, path_join(arena, top, arena_printf(arena, "%s@%s", path, at)));
	look_dir(exam, top,
	         path_join(arena, top, arena_printf(arena, "cache/download/%s/@v", path)));
}

/* A directory that is not there has to be made in the nearest one that is. */
static void look_above(struct exam *exam, const char *top, const char *dir) {
	while (path_below(dir, top) && !streq(dir, top)) {
		dir = path_parent(exam->arena, dir);
		struct file_stat st = world_stat(exam->world, dir);
		if (st.known && st.exists) {
			if (!st.can_write) {
				FACTS_ADD(exam->facts, owner_gap, st.ev, .role = "GOMODCACHE",
				          .path = dir, .kind = "d", .uid = st.uid, .mode = st.mode,
				          .read = st.can_read);
			}
			return;
		}
	}
}

static void look_absent(struct exam *exam, const char *top) {
	size_t count = 0;
	facts_each (mod_absent, m, exam->facts) {
		if (count++ < MODULES_MAX) {
			look_above(exam, top, m->dir);
			look_above(exam, top,
			           path_join(exam->arena, top,
			                     arena_printf(exam->arena, "cache/download/%s/@v/x",
			                                  modules_escape(exam->arena, m->module))));
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct fact_place *place = facts_place(exam->facts, "GOMODCACHE");
	const char *last = "";
	size_t count = 0;
	if (facts_healthy(exam->facts) || !place || !streq(place->state, "ok")) {
		return 0;
	}
	facts_each (file_import, import, exam->facts) {
		if (streq(import->class, "required") && !streq(import->module, last) &&
		    !str_empty(import->version) && count++ < MODULES_MAX) {
			last = import->module;
			look_module(exam, place->path, import->module, import->version);
		}
	}
	look_absent(exam, place->path);
	return 0;
}

const struct probe probe_owners_modules = {
	.id = "owners_modules",
	.title = "modules of the open file that this user cannot read",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(owner_gap),
	.look = look,
};
