/* SPDX-License-Identifier: MIT */
#include "base/str.h"
#include "report/changes.h"
#include "report/excerpt_private.h"

#define AS(kind) ((const struct fact_##kind *)fact)

static const char *last_good_line(struct arena *arena, const struct fact_last_good *good) {
	const char *first = excerpt_when(arena, good->at_ns);
	return arena_printf(arena, "all worked from %s to %s%s%s", first,
	                    excerpt_when(arena, good->until_ns),
	                    str_empty(good->editor) ? "" : ", for ", good->editor);
}

static const char *changed_line(struct arena *arena, const struct fact_changed *change) {
	return arena_printf(arena, "%s%s%s", change_without_time(arena, change),
	                    change->at_ns > 0 ? ", " : "",
	                    change->at_ns > 0 ? excerpt_when(arena, change->at_ns) : "");
}

const char *excerpt_changed(struct arena *arena, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_last_good:
		return last_good_line(arena, AS(last_good));
	case FACT_changed:
		return changed_line(arena, AS(changed));
	default:
		return NULL;
	}
}
