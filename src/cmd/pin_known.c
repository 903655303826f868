/* SPDX-License-Identifier: MIT
 */
#include "cmd/pin_known.h"

#include "apply/states.h"
#include "base/clock.h"
#include "base/path.h"
#include "core/known_good.h"
#include "report/changes.h"

#include <errno.h>

/* Spelt as a pin is; NULL: it could not be pinned. */
static const char *as_version(struct pin_run *run, const struct pin_tool *tool, const char *text) {
	struct pin_spec spec;
	struct err ignored;
	const char *word = arena_printf(run->arena, "%s@%s", tool->name, text);
	return *text && pin_spec_parse(run->arena, word, &spec, &ignored) == 0 &&
	                       !pin_is_none(&spec)
	               ? spec.version
	               : NULL;
}

static const char *version_of_program(struct pin_run *run, const struct pin_tool *tool,
                                      const char *path) {
	struct binary bin = pin_read_program(run, path);
	if (!bin.is_go || !streq(bin.package, tool->package)) {
		return NULL;
	}
	return as_version(run, tool, tool->is_go ? bin.go_version : bin.module_version);
}

/* The version that is used: the one pinned for the user, else the first on PATH, by its build info. NULL: none, or it has no
 * version that could be pinned. */
static const char *in_use(struct pin_run *run, const struct pin_tool *tool) {
	const char *pinned =
		store_linked(run->arena, store_current(run->arena, run->root, tool), tool);
	const char *found = pinned ? NULL : pin_on_path(run, path_base(tool->programs[0]));
	return found ? version_of_program(run, tool, found) : pinned;
}

/* ---- states in which all worked ---- */

static bool read_states(struct pin_run *run, struct known_good *ret) {
	const char *file = states_file(run->arena, run->workspace);
	struct err ignored;
	const struct evidence *ev =
		file ? world_look(run->world, LOOK_FILE, file, KNOWN_GOOD_FILE_BYTES_MAX) : NULL;
	return ev && ev->state == EV_READ &&
	       known_good_parse(run->arena, ev->bytes, ret, &ignored) == 0 &&
	       streq(ret->workspace, run->workspace);
}

static bool is_still_there(struct pin_run *run, const struct known_good *store,
                           const struct setup_item *item) {
	struct binary bin = pin_read_program(run, item->path);
	return *item->path && bin.kind == BINARY_ELF && *bin.build_id &&
	       streq(item->id, setup_hash(run->arena, store->key, slice_str(bin.build_id)));
}

bool pin_last_good(struct pin_run *run, const struct pin_tool *tool, const char *other_than,
                   struct pin_kept *ret) {
	struct known_good store;
	*ret = (struct pin_kept){.path = ""};
	if (!read_states(run, &store)) {
		return false;
	}
	for (size_t i = 0; i < store.count; i++) {
		const struct setup *s = store.states[i];
		const struct setup_item *item = setup_find(s, ITEM_TOOL, tool->name);
		const char *version = item ? as_version(run, tool, item->value) : NULL;
		if (version && s->until_ns > ret->at_ns && !streq(version, other_than)) {
			*ret = (struct pin_kept){
				.version = version,
				.path = item->path,
				.still_there = is_still_there(run, &store, item),
				.at_ns = s->until_ns,
			};
		}
	}
	return ret->version != NULL;
}

/* ---- --previous ---- */

int pin_previous_find(struct pin_run *run, struct pin_item *item, struct err *err) {
	const struct pin_tool *tool = item->spec.tool;
	struct pin_kept kept;
	const char *now = in_use(run, tool);
	const char *linked =
		store_linked(run->arena, store_previous(run->arena, run->root, tool), tool);
	bool any = pin_last_good(run, tool, NULL, &kept);
	if (any && streq(kept.version, now)) {
		any = !linked && pin_last_good(run, tool, now, &kept);
	}
	if (!any) {
		item->spec.version = linked;
		item->as_before = true;
		return linked ? 0
		              : err_set(err, -ENOENT,
		                        "no %s was pinned before, and no other one is in the "
		                        "states of "
		                        "'%s' in which all worked",
		                        tool->name, run->workspace);
	}
	item->spec.version = kept.version;
	item->at_hand = kept.still_there ? kept.path : NULL;
	run->because = arena_printf(run->arena, "In %s all worked with %s %s, for the last time %s",
	                            run->workspace, tool->name, kept.version,
	                            when_in_words(run->arena, kept.at_ns, clock_wall_ns()));
	return 0;
}
