/* SPDX-License-Identifier: MIT
 * The programs each side would run.
 */
#include "report/compare.h"

#include "base/path.h"
#include "core/origin.h"

static void tool_cell(struct arena *arena, struct cell *cell, const struct side_tool *tool) {
	if (!tool->known) {
		return;
	}
	bool hint = streq(tool->via, "hint");
	if (!tool->path && !hint) {
		cell->state = CELL_UNSET;
		return;
	}
	cell->state = CELL_SET;
	/* The version is what counts; a program without one is what its file is. */
	cell->key = str_empty(tool->version)
	                    ? arena_printf(arena, "%lld:%lld", (long long)tool->dev,
	                                   (long long)tool->ino)
	                    : arena_printf(arena, "%s %s", tool->version, tool->built_with);
	cell->value = hint ? tool->version : tool->path;
	struct strbuf detail;
	strbuf_init(&detail, arena);
	if (!hint) {
		strbuf_add(&detail, tool->version);
	}
	if (!str_empty(tool->built_with)) {
		strbuf_printf(&detail, "%sbuilt with %s", detail.len > 0 ? ", " : "",
		              tool->built_with);
	}
	if (streq(tool->format, "script")) {
		strbuf_printf(&detail, "%sa script", detail.len > 0 ? ", " : "");
	}
	if (!hint && !str_empty(tool->real) && !streq(tool->real, tool->path)) {
		strbuf_printf(&detail, "%sis %s", detail.len > 0 ? ", " : "", tool->real);
	}
	cell->detail = detail.data;
}

/* Keys of a hint have no "built with". */
static void level_hints(struct arena *arena, struct comparison *c, struct difference *d,
                        size_t index) {
	bool hint = false;
	for (size_t i = 0; i < c->sides->count; i++) {
		hint = hint || streq(c->sides->items[i].tools[index].via, "hint");
	}
	for (size_t i = 0; hint && i < c->sides->count; i++) {
		const struct side_tool *tool = &c->sides->items[i].tools[index];
		if (d->cells[i].state == CELL_SET && !str_empty(tool->version)) {
			d->cells[i].key = arena_strdup(arena, tool->version);
		}
	}
}

/* The element of a PATH-like list that dir is, from 0; -1 when it is none. */
static int place_in(const char *list, const char *dir) {
	struct slice rest = slice_str(list ? list : "");
	struct slice part;
	for (int i = 0; slice_cut(&rest, ':', &part); i++) {
		while (part.len > 1 && part.data[part.len - 1] == '/') {
			part.len--;
		}
		if (slice_eq(part, dir)) {
			return i;
		}
	}
	return -1;
}

static const char *who_adds(struct arena *arena, const struct facts *facts, const char *dir,
                            const struct side *other) {
	const struct fact_startup *s = facts ? origin_startup(facts, "PATH", dir) : NULL;
	if (!s) {
		return "";
	}
	bool stale = other->start_ns > 0 && s->mtime_ns > other->start_ns;
	return arena_printf(
		arena, "; %s line %lld adds it%s%s", s->file, (long long)s->line,
		streq(s->kind, "interactive") ? ", for interactive shells only" : "",
		stale ? arena_printf(arena, ", and was changed after %s was started", other->label)
		      : "");
}

/* Why side `b` takes another program than side `a`: what its PATH lacks or has first. */
static const char *path_reason(struct arena *arena, const struct facts *facts, const struct side *a,
                               const struct side *b, size_t index) {
	const struct side_tool *x = &a->tools[index];
	const struct side_tool *y = &b->tools[index];
	if (streq(y->via, "hint") || streq(x->via, "hint")) {
		return "";
	}
	if (y->path && !streq(y->via, "path")) {
		return streq(y->via, "running")
		               ? arena_printf(arena, "%s is that program, running", b->label)
		               : arena_printf(arena, "%s has it by %s", b->label,
		                              streq(y->via, "alternate")     ? "go.alternateTools"
		                              : streq(y->via, "gobin")       ? "GOBIN"
		                              : streq(y->via, "gopath")      ? "GOPATH"
		                              : streq(y->via, "toolsgopath") ? "go.toolsGopath"
		                              : streq(y->via, "goroot")      ? "GOROOT"
		                              : streq(y->via, "env")         ? "CC"
		                                                             : y->via);
	}
	const char *mine = x->path ? path_parent(arena, x->path) : NULL;
	const char *theirs = y->path ? path_parent(arena, y->path) : NULL;
	const char *list_a = envset_get(&a->tools_env, "PATH");
	const char *list_b = envset_get(&b->tools_env, "PATH");
	if (mine && place_in(list_b, mine) < 0) {
		return arena_printf(arena, "PATH of %s does not have %s%s", b->label, mine,
		                    who_adds(arena, facts, mine, b));
	}
	if (theirs && place_in(list_a, theirs) < 0) {
		return arena_printf(arena, "PATH of %s has %s, which PATH %s does not%s", b->label,
		                    theirs, a->label, who_adds(arena, facts, theirs, a));
	}
	if (mine && theirs) {
		return arena_printf(arena, "PATH of %s has %s before %s", b->label, theirs, mine);
	}
	return "";
}

/* Editors alone start gopls and dlv: a terminal that finds none works all the same. 0: none. */
static size_t first_that_matters(const struct comparison *c, const struct difference *d,
                                 size_t index) {
	bool for_editors = index == TOOL_GOPLS || index == TOOL_DLV;
	for (size_t i = 1; i < c->sides->count; i++) {
		bool both = d->cells[0].state == CELL_SET && d->cells[i].state == CELL_SET;
		bool editor =
			c->sides->items[i].kind == SIDE_EDITOR && d->cells[0].state == CELL_SET;
		if (!compare_is_aside(c, i) && compare_differs(d, 0, i) &&
		    (!for_editors || both || editor)) {
			return i;
		}
	}
	return 0;
}

void compare_tools(struct comparison *c, struct arena *arena, const struct facts *facts,
                   bool everything) {
	for (size_t k = 0; k < TOOL_COUNT; k++) {
		struct difference *d =
			compare_add(c, arena, DIFF_TOOL, c->sides->items[0].tools[k].name);
		bool missing = false;
		for (size_t i = 0; i < c->sides->count; i++) {
			tool_cell(arena, &d->cells[i], &c->sides->items[i].tools[k]);
			missing = missing || d->cells[i].state == CELL_UNSET;
		}
		level_hints(arena, c, d, k);
		if (!compare_keep(c, everything)) {
			continue;
		}
		size_t other = first_that_matters(c, d, k);
		d->rank = compare_weight_tool(d->name, missing);
		d->matters = other > 0;
		if (other > 0) {
			d->because = path_reason(arena, facts, &c->sides->items[0],
			                         &c->sides->items[other], k);
		}
	}
}
