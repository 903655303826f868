/* SPDX-License-Identifier: MIT */
#include "report/ps.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "report/sheet.h"

#include <inttypes.h>

#define CELLS_MAX  12
#define SPLITS_MAX 4
#define VALUE_MAX  48 /* of a value in a sentence on a terminal */

static const char *age_text(struct arena *arena, int64_t ns) {
	int64_t s = ns > 0 ? ns / NS_PER_S : 0;

	if (s < 100) {
		return arena_printf(arena, "%" PRId64 "s", s);
	}
	if (s < 100 * 60) {
		return arena_printf(arena, "%" PRId64 "m", s / 60);
	}
	if (s < 72 * 3600) {
		return arena_printf(arena, "%" PRId64 "h", s / 3600);
	}
	return arena_printf(arena, "%" PRId64 "d", s / 86400);
}

static const char *cpu_text(struct arena *arena, int64_t ms) {
	int64_t s = ms / 1000;

	if (s < 10) {
		return arena_printf(arena, "%" PRId64 ".%" PRId64 "s", s, ms % 1000 / 100);
	}
	if (s < 6000) {
		return arena_printf(arena, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
	}
	return arena_printf(arena, "%" PRId64 "h%02" PRId64, s / 3600, s / 60 % 60);
}

static const char *size_text(struct arena *arena, int64_t bytes) {
	int64_t mib = bytes / (1024 * 1024);

	if (mib < 10000) {
		return arena_printf(arena, "%" PRId64 "M", mib);
	}
	return arena_printf(arena, "%" PRId64 "G", mib / 1024);
}

static const char *place_text(struct arena *arena, const struct ps_view *view, const char *path) {
	size_t len = strlen(view->home);

	if (view->for_terminal && len > 1 && path_below(path, view->home)) {
		return arena_printf(arena, "~%s", path + len);
	}
	return path;
}

static const char *user_text(struct arena *arena, const struct ps_view *view, int64_t uid) {
	const char *name = view->user_fn ? view->user_fn(view->user_data, uid) : NULL;

	return name ? name : arena_printf(arena, "%" PRId64, uid);
}

/* "orphan", "duplicate of 4711"; "" */
static const char *marks_text(struct arena *arena, const struct census_process *p) {
	struct strbuf out;

	strbuf_init(&out, arena);
	for (size_t i = 0; i < p->mark_count; i++) {
		strbuf_printf(&out, "%s%s", i > 0 ? "," : "", census_mark_name(p->marks[i].kind));
		if (p->marks[i].other) {
			strbuf_printf(&out, ":%" PRId64, p->marks[i].other);
		}
	}
	return out.data;
}

static enum ink ink_of(const struct census_process *p) {
	enum ink ink = INK_PLAIN;

	for (size_t i = 0; i < p->mark_count; i++) {
		enum census_mark_kind kind = p->marks[i].kind;

		if (census_mark_is_left_over(kind)) {
			return INK_RED;
		}
		ink = INK_YELLOW;
	}
	return p->role == ROLE_OTHER ? INK_PLAIN : ink;
}

/* ---- the table ---- */

struct table {
	const char *cells[CELLS_MAX];
};

struct column {
	const char *title;
	bool right;
	size_t width;
};

static size_t table_row(struct arena *arena, const struct ps_view *view, size_t index, size_t depth,
                        const char **cells) {
	const struct census *c = view->census;
	const struct census_process *p = &c->items[index];
	const char *what = ps_what(arena, p);
	size_t n = 0;

	cells[n++] = arena_printf(arena, "%" PRId64, p->pid);
	if (c->everybody) {
		cells[n++] = user_text(arena, view, p->uid);
	}
	if (!view->for_terminal) {
		cells[n++] = census_role_name(p->role);
	}
	cells[n++] = view->tree ? arena_printf(arena, "%*s%s", (int)(2 * depth), "", what) : what;
	if (!view->for_terminal) {
		cells[n++] = p->module_version[0] ? p->module_version : "-";
	}
	cells[n++] = arena_printf(arena, "%c", p->state);
	cells[n++] = age_text(arena, c->now_wall_ns - p->start_wall_ns);
	cells[n++] = cpu_text(arena, p->cpu_ms);
	cells[n++] = size_text(arena, p->rss_bytes);
	if (!view->for_terminal) {
		cells[n++] = ps_starter(arena, c, p);
	}
	cells[n++] = ps_connected(arena, c, p);
	if (!view->for_terminal) {
		cells[n++] = marks_text(arena, p);
	}
	return n;
}

static size_t table_columns(const struct ps_view *view, struct column *columns) {
	size_t n = 0;

	columns[n++] = (struct column){"PID", true, 0};
	if (view->census->everybody) {
		columns[n++] = (struct column){"USER", false, 0};
	}
	if (!view->for_terminal) {
		columns[n++] = (struct column){"ROLE", false, 0};
	}
	columns[n++] = (struct column){"WHAT", false, 0};
	if (!view->for_terminal) {
		columns[n++] = (struct column){"VERSION", false, 0};
	}
	columns[n++] = (struct column){"S", false, 0};
	columns[n++] = (struct column){"AGE", true, 0};
	columns[n++] = (struct column){"CPU", true, 0};
	columns[n++] = (struct column){"RSS", true, 0};
	if (!view->for_terminal) {
		columns[n++] = (struct column){"FROM", false, 0};
	}
	columns[n++] = (struct column){"CONNECTED", false, 0};
	if (!view->for_terminal) {
		columns[n++] = (struct column){"MARKS", false, 0};
	}
	return n;
}

/* The end of a path says more than its beginning. */
static const char *cut_left(struct arena *arena, const char *text, size_t width) {
	size_t len = strlen(text);

	return len <= width || width < 8 ? text
	                                 : arena_printf(arena, "...%s", text + len - (width - 3));
}

static void put_cells(struct sheet *sheet, const struct column *columns, size_t count,
                      const char *const *cells, const char *last, enum ink ink) {
	struct strbuf line;

	strbuf_init(&line, sheet->out->arena);
	for (size_t i = 0; i < count; i++) {
		const char *cell = cells[i][0] ? cells[i] : "-";
		int pad = (int)columns[i].width - (int)strlen(cell);

		pad = pad > 0 ? pad : 0;
		if (columns[i].right) {
			strbuf_printf(&line, "%*s%s ", pad, "", cell);
		} else {
			strbuf_printf(&line, "%s%*s ", cell, pad, "");
		}
	}
	strbuf_add(&line, last);
	sheet_ink(sheet, ink, line.data);
	strbuf_add_char(sheet->out, '\n');
}

#define WHAT_MAX 20 /* columns on a terminal; deep trees get more */

static void widths_find(struct column *columns, size_t count, const struct table *rows,
                        size_t row_count, bool for_terminal) {
	for (size_t i = 0; i < count; i++) {
		columns[i].width = strlen(columns[i].title);
		for (size_t k = 0; k < row_count; k++) {
			size_t len = strlen(rows[k].cells[i]);

			columns[i].width = len > columns[i].width ? len : columns[i].width;
		}
		if (for_terminal && !columns[i].right && columns[i].width > WHAT_MAX) {
			columns[i].width = WHAT_MAX;
		}
	}
}

static void put_table(struct sheet *sheet, const struct ps_view *view) {
	struct arena *arena = sheet->out->arena;
	struct column columns[CELLS_MAX] = {0};
	size_t *order, *depth, used = 0;
	size_t row_count = ps_order(arena, view, &order, &depth);
	struct table *rows = arena_array_of(arena, struct table, row_count);
	size_t count = table_columns(view, columns);
	const char *titles[CELLS_MAX];

	for (size_t i = 0; i < row_count; i++) {
		table_row(arena, view, order[i], depth[i], rows[i].cells);
	}
	widths_find(columns, count, rows, row_count, view->for_terminal && !view->tree);
	for (size_t i = 0; i < count; i++) {
		titles[i] = columns[i].title;
		used += columns[i].width + 1;
	}
	put_cells(sheet, columns, count, titles, "WHERE", INK_BOLD);
	size_t room = sheet->style->columns > used ? sheet->style->columns - used : 0;

	for (size_t i = 0; i < row_count; i++) {
		const struct census_process *p = &view->census->items[order[i]];
		const char *where =
			p->role == ROLE_TELEMETRY ? "" : place_text(arena, view, p->cwd);

		if (view->rows && i + 1 >= view->rows) {
			put_cells(sheet, columns, 0, NULL,
			          arena_printf(arena, "and %zu more", row_count - i), INK_PLAIN);
			break;
		}
		for (size_t k = 0; view->for_terminal && k < count; k++) {
			if (!columns[k].right && strlen(rows[i].cells[k]) > columns[k].width) {
				rows[i].cells[k] = arena_printf(
					arena, "%.*s", (int)columns[k].width, rows[i].cells[k]);
			}
		}
		put_cells(sheet, columns, count, rows[i].cells,
		          view->for_terminal ? cut_left(arena, where, room) : where, ink_of(p));
	}
	if (row_count == 0) {
		strbuf_add(sheet->out, "no editor, language server, debugger or go command runs\n");
	}
}

/* ---- what is said about some of them ---- */

static const char *value_text(struct arena *arena, const struct ps_view *view, const char *name,
                              const char *value) {
	bool secret = false;

	if (!value) {
		return "not set";
	}
	value = view->mask_fn ? view->mask_fn(arena, name, value, &secret) : value;
	if (value[0] == '\0') {
		return "empty";
	}
	return view->for_terminal && strlen(value) > VALUE_MAX
	               ? arena_printf(arena, "%.*s...", VALUE_MAX - 3, value)
	               : value;
}

static const char *splits_text(struct arena *arena, const struct ps_view *view,
                               const struct census_mark *mark) {
	struct strbuf out;

	strbuf_init(&out, arena);
	for (size_t i = 0; i < mark->split_count && i < SPLITS_MAX; i++) {
		const struct census_split *s = &mark->splits[i];

		strbuf_printf(&out, "; %s: %s there, %s here", s->name,
		              value_text(arena, view, s->name, s->a),
		              value_text(arena, view, s->name, s->b));
	}
	if (mark->split_count > SPLITS_MAX) {
		strbuf_printf(&out, "; and %zu more (--json)", mark->split_count - SPLITS_MAX);
	}
	if (mark->split_count == 0) {
		strbuf_add(&out, "; nothing that matters differs between them");
	}
	return out.data;
}

static void put_marks(struct sheet *sheet, const struct ps_view *view,
                      const struct census_process *p) {
	struct arena *arena = sheet->out->arena;

	for (size_t i = 0; i < p->mark_count; i++) {
		const struct census_mark *m = &p->marks[i];
		bool left = census_mark_is_left_over(m->kind);
		const char *text;

		if (m->kind == MARK_DUPLICATE) {
			text = arena_printf(arena, "%" PRId64 " %s: duplicate of %" PRId64 ": %s%s",
			                    p->pid, p->name, m->other, m->evidence,
			                    splits_text(arena, view, m));
		} else {
			text = arena_printf(arena, "%" PRId64 " %s: %s%s: %s", p->pid, p->name,
			                    left ? "left over, " : "", census_mark_name(m->kind),
			                    m->evidence);
		}
		sheet_prose(sheet, 0, 2, 0, text);
		if (left) {
			sheet_command(sheet, 6,
			              arena_printf(arena,
			                           p->state == 'T' ? "kill -KILL %" PRId64
			                                           : "kill %" PRId64,
			                           p->pid));
		}
	}
}

/* Who listens at the socket that an environment computes; 0 nobody that is seen. */
static int64_t listener_at(const struct census *c, const char *path) {
	for (size_t i = 0; i < c->count; i++) {
		if (str_starts(c->items[i].listen, "unix;") &&
		    streq(c->items[i].listen + strlen("unix;"), path)) {
			return c->items[i].pid;
		}
	}
	return 0;
}

/* One socket, and whose environments lead to it. */
static void put_socket(struct sheet *sheet, const struct ps_view *view, const char *path) {
	const struct census *c = view->census;
	struct arena *arena = sheet->out->arena;
	int64_t daemon = listener_at(c, path);
	struct strbuf pids;
	size_t count = 0;

	strbuf_init(&pids, arena);
	for (size_t i = 0; i < c->count; i++) {
		if (view->sockets[i] && streq(view->sockets[i], path) &&
		    c->items[i].role != ROLE_DAEMON) {
			strbuf_printf(&pids, "%s%" PRId64, count++ > 0 ? ", " : "",
			              c->items[i].pid);
		}
	}
	if (count == 0) {
		return; /* only the daemon itself */
	}
	const char *listens = daemon ? arena_printf(arena, "where %" PRId64 " listens", daemon)
	                             : "where nobody listens";

	sheet_prose(
		sheet, 0, 2, 0,
		arena_printf(arena, "-remote=auto of %s means %s, %s", pids.data, path, listens));
}

static void put_sockets(struct sheet *sheet, const struct ps_view *view) {
	const struct census *c = view->census;
	bool wanted = false;

	for (size_t i = 0; i < c->count; i++) {
		wanted = wanted || c->items[i].role == ROLE_DAEMON ||
		         c->items[i].role == ROLE_FORWARDER;
	}
	for (size_t i = 0; wanted && view->sockets && i < c->count; i++) {
		bool known = !view->sockets[i];

		for (size_t k = 0; k < i && !known; k++) {
			known = view->sockets[k] && streq(view->sockets[k], view->sockets[i]);
		}
		if (!known) {
			put_socket(sheet, view, view->sockets[i]);
		}
	}
}

void ps_text(struct strbuf *out, const struct ps_view *view, const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};
	const struct census *c = view->census;
	const char *const *unseen = ps_unseen(out->arena, view);

	put_table(&sheet, view);
	for (size_t i = 0; i < c->count; i++) {
		put_marks(&sheet, view, &c->items[i]);
	}
	put_sockets(&sheet, view);
	for (size_t i = 0; unseen[i]; i++) {
		sheet_prose(&sheet, 0, 2, 0, arena_printf(out->arena, "not seen: %s", unseen[i]));
	}
}
