/* SPDX-License-Identifier: MIT */
#include "report/isolation.h"

#include "base/path.h"
#include "report/sheet.h"

#include <inttypes.h>

#define COLUMNS_MAX 6

struct row {
	const char *cells[COLUMNS_MAX];
	enum ink ink;
};

struct grid {
	struct row *rows;
	size_t count, columns;
};

static void put_grid(struct sheet *sheet, const struct grid *grid) {
	size_t widths[COLUMNS_MAX] = {0};

	for (size_t i = 0; i < grid->count; i++) {
		for (size_t k = 0; k < grid->columns; k++) {
			size_t len = strlen(grid->rows[i].cells[k]);

			widths[k] = len > widths[k] ? len : widths[k];
		}
	}
	for (size_t i = 0; i < grid->count; i++) {
		struct strbuf line;

		strbuf_init(&line, sheet->out->arena);
		for (size_t k = 0; k < grid->columns; k++) {
			bool last = k + 1 == grid->columns;

			strbuf_printf(&line, "%s%*s", grid->rows[i].cells[k],
			              last ? 0
			                   : (int)(widths[k] - strlen(grid->rows[i].cells[k]) + 1),
			              "");
		}
		sheet_ink(sheet, grid->rows[i].ink, line.data);
		strbuf_add_char(sheet->out, '\n');
	}
}

static const char *short_path(struct arena *arena, const struct isolation_view *view,
                              const char *path) {
	size_t len = strlen(view->home);

	return view->for_terminal && len > 1 && path_below(path, view->home)
	               ? arena_printf(arena, "~%s", path + len)
	               : path;
}

static const char *role_words(struct arena *arena, const struct isolation_environment *e) {
	const struct census_process *p = e->process;

	switch (p->role) {
	case ROLE_SERVER:
		return arena_printf(arena, "%s %s", p->name, p->module_version);
	case ROLE_GO:
		return "go";
	case ROLE_FORWARDER:
	case ROLE_DAEMON:
		return arena_printf(arena, "%s %s", p->name, census_role_name(p->role));
	default:
		return "no server yet";
	}
}

static void put_environments(struct sheet *sheet, const struct isolation_view *view) {
	const struct isolation *iso = view->iso;
	struct arena *arena = sheet->out->arena;
	struct grid grid = {.columns = 6};

	grid.rows = arena_array_of(arena, struct row, iso->count + 1);
	grid.rows[grid.count++] =
		(struct row){{"#", "USER", "PID", "WHAT", "EDITOR", "WHERE"}, INK_BOLD};
	for (size_t i = 0; i < iso->count; i++) {
		const struct isolation_environment *e = &iso->environments[i];

		grid.rows[grid.count++] = (struct row){
			{arena_printf(arena, "%zu", i + 1), isolation_user(iso, e->process->uid),
		         arena_printf(arena, "%" PRId64, e->process->pid), role_words(arena, e),
		         e->editor[0] ? e->editor : "-", short_path(arena, view, e->process->cwd)},
			INK_PLAIN};
	}
	put_grid(sheet, &grid);
}

static const char *members_text(struct arena *arena, const struct isolation_shared *s) {
	struct strbuf out;

	strbuf_init(&out, arena);
	for (size_t i = 0; i < s->member_count; i++) {
		strbuf_printf(&out, "%s%zu", i ? "," : "", s->members[i] + 1);
	}
	for (size_t i = 0; s->pids && s->pids[i]; i++) {
		strbuf_printf(&out, "%spid %" PRId64, i ? "," : "", s->pids[i]);
	}
	return out.data;
}

static enum ink ink_of(enum isolation_verdict verdict) {
	return verdict == SHARED_HARMFUL    ? INK_RED
	       : verdict == SHARED_HARMLESS ? INK_PLAIN
	                                    : INK_YELLOW;
}

static void put_shared(struct sheet *sheet, const struct isolation_view *view) {
	const struct isolation *iso = view->iso;
	struct arena *arena = sheet->out->arena;
	struct grid grid = {.columns = 4};

	grid.rows = arena_array_of(arena, struct row, iso->shared_count + 1);
	grid.rows[grid.count++] = (struct row){{"SHARED", "BY", "VERDICT", "PLACE"}, INK_BOLD};
	for (size_t i = 0; i < iso->shared_count; i++) {
		const struct isolation_shared *s = &iso->shared[i];

		grid.rows[grid.count++] = (struct row){
			{thing_name(s->thing), members_text(arena, s),
		         isolation_verdict_name(s->verdict), short_path(arena, view, s->place)},
			ink_of(s->verdict)};
	}
	put_grid(sheet, &grid);
}

static void put_reasons(struct sheet *sheet, const struct isolation *iso,
                        enum isolation_verdict verdict) {
	struct arena *arena = sheet->out->arena;

	for (size_t i = 0; i < iso->shared_count; i++) {
		const struct isolation_shared *s = &iso->shared[i];
		bool told = s->verdict != verdict;

		/* The same may be said of two places of one kind: once is enough. */
		for (size_t k = 0; k < i && !told; k++) {
			told = iso->shared[k].thing == s->thing &&
			       streq(iso->shared[k].reason, s->reason);
		}
		if (!told) {
			sheet_prose(sheet, 0, 2, 0,
			            arena_printf(arena, "%s: %s: %s.",
			                         isolation_verdict_name(verdict),
			                         thing_name(s->thing), s->reason));
		}
	}
}

static void put_steps(struct sheet *sheet, const struct isolation *iso) {
	if (iso->step_count == 0) {
		return;
	}
	strbuf_add(sheet->out, "\nPlan (nothing was changed):\n");
	for (size_t i = 0; i < iso->step_count; i++) {
		strbuf_add(sheet->out, "  ");
		sheet_prose(sheet, 2, 2, 0, iso->steps[i].title);
		if (iso->steps[i].command[0]) {
			sheet_command(sheet, 6, iso->steps[i].command);
		}
	}
}

void isolation_text(struct strbuf *out, const struct isolation_view *view,
                    const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};
	const struct isolation *iso = view->iso;
	const char *const *unseen = isolation_unseen(iso);
	size_t harmful = isolation_harmful(iso);

	if (iso->count == 0) {
		strbuf_add(out, "no gopls, editor or go command that may be looked into runs\n");
	} else {
		sheet_ink(&sheet, harmful ? INK_RED : INK_GREEN,
		          arena_printf(out->arena,
		                       "%zu environment%s, %zu thing%s shared, %zu of them "
		                       "harmfully",
		                       iso->count, iso->count == 1 ? "" : "s", iso->shared_count,
		                       iso->shared_count == 1 ? "" : "s", harmful));
		strbuf_add(out, "\n\n");
		put_environments(&sheet, view);
	}
	if (iso->shared_count > 0) {
		strbuf_add_char(out, '\n');
		put_shared(&sheet, view);
		strbuf_add_char(out, '\n');
		put_reasons(&sheet, iso, SHARED_HARMFUL);
		put_reasons(&sheet, iso, SHARED_UNKNOWN);
		put_reasons(&sheet, iso, SHARED_HARMLESS);
		put_steps(&sheet, iso);
	}
	for (size_t i = 0; unseen[i]; i++) {
		sheet_prose(&sheet, 0, 2, 0, arena_printf(out->arena, "not seen: %s", unseen[i]));
	}
}
