/* SPDX-License-Identifier: MIT
 * The comparison for people: one difference a paragraph, sides with the same value on one line.
 */
#include "report/compare.h"
#include "report/harmless.h"
#include "report/sheet.h"

#define LABEL_MAX   24
#define VALUE_LINES 4

static const char *side_label(const struct comparison *c, size_t i) {
	return c->sides->items[i].label;
}

/* "here, login shell": the sides whose cells are the same as that of side `first`. */
static const char *labels_like(struct arena *arena, const struct comparison *c,
                               const struct difference *d, size_t first, bool *done) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = first; i < c->sides->count; i++) {
		bool unknown = d->cells[i].state == CELL_UNKNOWN;
		if (done[i] || unknown || compare_differs(d, first, i) ||
		    !streq(d->cells[first].value, d->cells[i].value)) {
			continue;
		}
		done[i] = true;
		strbuf_printf(&out, "%s%s", out.len > 0 ? ", " : "", side_label(c, i));
	}
	return out.data;
}

static const char *cell_words(struct arena *arena, const struct difference *d,
                              const struct cell *cell) {
	bool program = d->what == DIFF_TOOL;
	if (cell->state == CELL_UNSET) {
		return program                 ? "not found"
		       : d->what == DIFF_LIMIT ? "no limit"
		       : d->what == DIFF_MOUNT ? "no such mount"
		                               : "not set";
	}
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, str_empty(cell->value) ? "set, but empty" : cell->value);
	if (!str_empty(cell->detail) && (program || d->what == DIFF_VARIABLE)) {
		strbuf_printf(&out, " (%s)", cell->detail);
	}
	if (!str_empty(cell->origin)) {
		strbuf_printf(&out, " [%s]", cell->origin);
	}
	return out.data;
}

static const char *title(struct arena *arena, const struct difference *d) {
	switch (d->what) {
	case DIFF_LIMIT:
		return arena_printf(arena, "limit %s", d->name);
	case DIFF_NAMESPACE:
		return arena_printf(arena, "namespace %s", d->name);
	case DIFF_MOUNT:
		return arena_printf(arena, "mount of %s", d->name);
	case DIFF_TOOL:
	case DIFF_GO_ENV:
	case DIFF_VARIABLE:
	case DIFF_CGROUP:
	case DIFF_PROCESS:
		break;
	}
	return d->name;
}

/* Consequences of it: "GOROOT and GOENV follow". */
static const char *followers(struct arena *arena, const struct comparison *c,
                             const struct difference *d) {
	struct strbuf out;
	strbuf_init(&out, arena);
	size_t count = 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct difference *f = &c->items[i];
		if (f->equal || !streq(f->follows, d->name) || f == d) {
			continue;
		}
		strbuf_printf(&out, "%s%s", count > 0 ? ", " : "", f->name);
		count++;
	}
	if (count > 0) {
		strbuf_add(&out, count > 1 ? " follow from it" : " follows from it");
	}
	return out.data;
}

static void blanks(struct strbuf *out, size_t count) {
	for (size_t i = 0; i < count; i++) {
		strbuf_add_char(out, ' ');
	}
}

static size_t label_width(struct arena *arena, const struct comparison *c,
                          const struct difference *d) {
	bool done[SIDES_MAX] = {false};
	size_t width = 0;
	for (size_t i = 0; i < c->sides->count; i++) {
		if (!done[i] && d->cells[i].state != CELL_UNKNOWN) {
			size_t len = strlen(labels_like(arena, c, d, i, done));
			width = len > width && len <= LABEL_MAX ? len : width;
		}
	}
	return width;
}

static void show_difference(struct sheet *sheet, const struct comparison *c,
                            const struct difference *d) {
	struct arena *arena = sheet->out->arena;
	bool done[SIDES_MAX] = {false};
	size_t width = label_width(arena, c, d);
	sheet_ink(sheet, INK_BOLD, title(arena, d));
	strbuf_add_char(sheet->out, '\n');
	for (size_t i = 0; i < c->sides->count; i++) {
		if (done[i] || d->cells[i].state == CELL_UNKNOWN) {
			continue;
		}
		const char *labels =
			harmless(arena, labels_like(arena, c, d, i, done), sheet->style->utf8);
		size_t len = strlen(labels);
		strbuf_add(sheet->out, "  ");
		strbuf_add(sheet->out, labels);
		if (len > width) {
			strbuf_add_char(sheet->out, '\n');
			blanks(sheet->out, 2 + width);
		} else {
			blanks(sheet->out, width - len);
		}
		strbuf_add(sheet->out, "  ");
		sheet_prose(sheet, width + 4, width + 4, sheet->style->verbose ? 0 : VALUE_LINES,
		            cell_words(arena, d, &d->cells[i]));
	}
	const char *follow = followers(arena, c, d);
	if (!str_empty(d->because)) {
		strbuf_add(sheet->out, "  ");
		sheet_prose(sheet, 2, 4, 0, arena_printf(arena, "why: %s", d->because));
	}
	if (!str_empty(follow)) {
		strbuf_add(sheet->out, "  ");
		sheet_prose(sheet, 2, 4, 0, follow);
	}
}

/* The sides that differ from ours in the same way as the first that does. */
static const char *who_differs(struct arena *arena, const struct comparison *c,
                               const struct difference *d, size_t *ret_first) {
	bool done[SIDES_MAX] = {false};
	for (size_t i = 1; i < c->sides->count; i++) {
		if (compare_differs(d, 0, i)) {
			*ret_first = i;
			return labels_like(arena, c, d, i, done);
		}
	}
	*ret_first = 0;
	return "";
}

static const char *tool_words(struct arena *arena, const struct cell *cell) {
	if (cell->state != CELL_SET) {
		return "none";
	}
	return str_empty(cell->detail) ? cell->value
	                               : arena_printf(arena, "%s (%s)", cell->value, cell->detail);
}

static const char *value_words(struct arena *arena, const struct difference *d,
                               const struct cell *cell) {
	if (cell->state == CELL_SET) {
		return arena_printf(arena, "is %s", str_empty(cell->value) ? "empty" : cell->value);
	}
	return d->what == DIFF_LIMIT ? "is not limited" : "is not set";
}

const char *compare_headline(struct arena *arena, const struct comparison *c) {
	if (c->matter_count == 0) {
		struct strbuf out;
		strbuf_init(&out, arena);
		size_t known = 0;
		for (size_t i = 1; i < c->sides->count; i++) {
			if (c->sides->items[i].known) {
				strbuf_printf(&out, "%s%s", known > 0 ? ", " : "",
				              side_label(c, i));
				known++;
			}
		}
		bool alone = c->sides->count < 2;
		return known == 0 && alone ? "there is nothing to compare this environment with"
		       : known == 0
		               ? "what this environment was to be compared with cannot be seen"
		               : arena_printf(arena,
		                              "nothing that matters differs between here and: %s",
		                              out.data);
	}
	const struct difference *d = &c->items[0];
	size_t first = 0;
	const char *who = who_differs(arena, c, d, &first);
	const struct cell *theirs = &d->cells[first];
	const struct cell *ours = &d->cells[0];
	if (d->what == DIFF_TOOL && theirs->state == CELL_UNSET) {
		return arena_printf(arena, "no %s for %s; here it is %s", d->name, who,
		                    tool_words(arena, ours));
	}
	if (d->what == DIFF_TOOL && ours->state == CELL_UNSET) {
		return arena_printf(arena, "no %s here; for %s it is %s", d->name, who,
		                    tool_words(arena, theirs));
	}
	if (d->what == DIFF_TOOL) {
		return arena_printf(arena, "another %s for %s: %s; here it is %s", d->name, who,
		                    tool_words(arena, theirs), tool_words(arena, ours));
	}
	return arena_printf(arena, "%s %s for %s, and here it %s", title(arena, d),
	                    value_words(arena, d, theirs), who, value_words(arena, d, ours));
}

static void show_gaps(struct sheet *sheet, const struct comparison *c) {
	struct arena *arena = sheet->out->arena;
	if (c->sides->gap_count > 0) {
		sheet_ink(sheet, INK_BOLD, "Not looked at");
		strbuf_add_char(sheet->out, '\n');
	}
	for (size_t i = 0; i < c->sides->gap_count; i++) {
		const struct side_gap *gap = &c->sides->gaps[i];
		strbuf_add(sheet->out, "  ");
		sheet_prose(sheet, 2, 4, 0,
		            str_empty(gap->needs) ? gap->because
		                                  : arena_printf(arena, "%s (needs: %s)",
		                                                 gap->because, gap->needs));
	}
}

static void show_remarks(struct sheet *sheet, const struct comparison *c) {
	struct arena *arena = sheet->out->arena;
	for (size_t i = 0; i < c->sides->count; i++) {
		const struct side *side = &c->sides->items[i];
		if (side->known && !str_empty(side->why)) {
			sheet_prose(sheet, 0, 2, 0,
			            arena_printf(arena, "%s: %s", side->label, side->why));
		}
	}
}

static void show_foot(struct sheet *sheet, const struct comparison *c,
                      const struct compare_view *view) {
	struct arena *arena = sheet->out->arena;
	struct strbuf who;
	size_t differing = 0;
	strbuf_init(&who, arena);
	for (size_t i = 0; i < c->sides->count; i++) {
		if (c->sides->items[i].known) {
			strbuf_printf(&who, "%s%s", who.len > 0 ? ", " : "", side_label(c, i));
		}
	}
	for (size_t i = 0; i < c->count; i++) {
		differing += !c->items[i].equal;
	}
	long long ms = (long long)(view->timings.total_ns / 1000000);
	sheet_prose(
		sheet, 0, 2, 0,
		arena_printf(arena,
	                     "compared for %s: %s; %zu of %zu differences matter%s; %lld.%02llds",
	                     view->workspace, who.data, c->matter_count, differing,
	                     view->everything || differing == c->matter_count
	                             ? ""
	                             : " (--all shows the others)",
	                     ms / 1000, ms % 1000 / 10));
}

void compare_text(struct strbuf *out, const struct comparison *c, const struct compare_view *view,
                  const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};
	struct arena *arena = out->arena;
	size_t matter = c->matter_count;
	static const char *const words[] = {[COMPARE_SAME] = "same: ",
	                                    [COMPARE_DIFFERS] = "differs: ",
	                                    [COMPARE_UNKNOWN] = "unknown: "};
	static const enum ink inks[] = {[COMPARE_SAME] = INK_GREEN,
	                                [COMPARE_DIFFERS] = INK_RED,
	                                [COMPARE_UNKNOWN] = INK_YELLOW};
	enum compare_verdict verdict = compare_verdict(c);
	sheet_ink(&sheet, inks[verdict], words[verdict]);
	sheet_prose(&sheet, strlen(words[verdict]), 2, 0, compare_headline(arena, c));
	for (size_t i = 0; i < c->count; i++) {
		if (c->items[i].matters || view->everything) {
			if (view->everything && i == matter) {
				sheet_ink(&sheet, INK_BOLD, "-- what follows does not matter --");
				strbuf_add_char(out, '\n');
			}
			show_difference(&sheet, c, &c->items[i]);
		}
	}
	show_gaps(&sheet, c);
	show_remarks(&sheet, c);
	show_foot(&sheet, c, view);
}
