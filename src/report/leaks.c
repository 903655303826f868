/* SPDX-License-Identifier: MIT
 */
#include "report/leaks.h"

#include "report/json_frame.h"
#include "report/sheet.h"

/* What says most about the cause comes first; descriptors are the sum of others, memory comes and goes. */
static const enum usage_kind by_weight[] = {USAGE_SOCKETS,   USAGE_PIPES,   USAGE_FILES,
                                            USAGE_INOTIFY,   USAGE_WATCHES, USAGE_TEMPORARY,
                                            USAGE_PROCESSES, USAGE_THREADS, USAGE_DESCRIPTORS,
                                            USAGE_MAPS,      USAGE_RSS_KIB};

static double least_of(enum usage_kind kind, double first) {
	switch (kind) {
	case USAGE_RSS_KIB:
		return first / 4 > 32768 ? first / 4 : 32768; /* a garbage collector breathes */
	case USAGE_MAPS:
		return first / 5 > 32 ? first / 5 : 32;
	case USAGE_THREADS:
		return 16; /* go makes some as it needs them */
	default:
		return first / 10 > 4 ? first / 10 : 4;
	}
}

static int64_t count_of(const struct usage *u, enum usage_kind kind, const char *pattern) {
	for (size_t i = 0; i < u->name_count; i++) {
		if (u->names[i].kind == kind && streq(u->names[i].pattern, pattern)) {
			return u->names[i].count;
		}
	}
	return 0;
}

static void find_pattern(struct leaks_view *v) {
	const struct usage *first = v->samples[0], *last = v->samples[v->count - 1];
	int64_t most = 0;

	for (size_t i = 0; i < last->name_count; i++) {
		const struct usage_name *n = &last->names[i];
		int64_t before = count_of(first, n->kind, n->pattern);

		if (n->kind == v->worst && n->count - before > most) {
			most = n->count - before;
			v->pattern = n->pattern;
			v->pattern_first = before;
			v->pattern_last = n->count;
		}
	}
}

void leaks_conclude(struct leaks_view *v) {
	v->pattern = "";
	for (int kind = 0; kind < USAGE_KIND_COUNT; kind++) {
		double y[GROWTH_POINTS_MAX];

		for (size_t i = 0; i < v->count; i++) {
			y[i] = (double)v->samples[i]->counts[kind];
		}
		v->growths[kind] =
			growth_fit(v->x, y, v->count,
		                   least_of((enum usage_kind)kind, v->count > 0 ? y[0] : 0));
	}
	for (size_t i = 0; i < sizeof by_weight / sizeof *by_weight && !v->leaks; i++) {
		if (v->growths[by_weight[i]].grows) {
			v->leaks = true;
			v->worst = by_weight[i];
			find_pattern(v);
		}
	}
}

static const char *subject(struct arena *arena, const struct leaks_view *v) {
	return v->pid > 0 ? arena_printf(arena, "%s (process %lld)", v->name, (long long)v->pid)
	                  : v->name;
}

static const char *span(struct arena *arena, const struct leaks_view *v) {
	double length = v->count > 0 ? v->x[v->count - 1] : 0;

	return v->over_restarts ? arena_printf(arena, "%zu restarts", v->count)
	                        : arena_printf(arena, "%.0f s", length);
}

static const char *first_line(struct arena *arena, const struct leaks_view *v) {
	const struct growth *g = &v->growths[v->worst];

	if (v->count < 5) {
		return arena_printf(arena, "%s was seen %zu times only%s: too few to tell.",
		                    subject(arena, v), v->count,
		                    v->ended ? ", because it ended" : "");
	}
	if (!v->leaks) {
		return arena_printf(arena, "%s leaks nothing: no kind of resource grew over %s.",
		                    subject(arena, v), span(arena, v));
	}
	return arena_printf(arena,
	                    "%s leaks %s: %.0f to %.0f over %s, %.1f more with every %s%s%s.",
	                    subject(arena, v), usage_kind_words(v->worst), g->first, g->last,
	                    span(arena, v), g->slope, v->over_restarts ? "restart" : "second",
	                    *v->pattern ? ", most of them " : "", v->pattern);
}

static void put_budget(struct sheet *sheet, struct arena *arena, const struct leaks_view *v) {
	const struct usage *u = v->user;

	if (!u || u->watches_limit < 0 || u->user_watches < 0) {
		return;
	}
	strbuf_add_char(sheet->out, '\n');
	sheet_prose(sheet, 0, 2, 0,
	            arena_printf(arena,
	                         "inotify of this user: %lld of %lld watches, %lld of %lld "
	                         "instances.",
	                         (long long)u->user_watches, (long long)u->watches_limit,
	                         (long long)u->user_instances, (long long)u->instances_limit));
	if (v->workspace_dirs >= 0) {
		int64_t left = u->watches_limit - u->user_watches;

		sheet_prose(sheet, 0, 2, 0,
		            arena_printf(arena, "An editor that watches %s needs %s%lld more: %s.",
		                         v->workspace, v->workspace_cut ? "at least " : "about ",
		                         (long long)v->workspace_dirs,
		                         left < v->workspace_dirs ? "too many"
		                         : v->workspace_cut       ? "it may be enough"
		                                                  : "there is room"));
	}
}

void leaks_text(struct strbuf *out, struct arena *arena, const struct leaks_view *v,
                const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};

	sheet_prose(&sheet, 0, 0, 0, first_line(arena, v));
	if (v->count == 0) {
		return;
	}
	strbuf_printf(out, "\n%-20s %12s %12s %14s\n", "", "at first", "at last",
	              v->over_restarts ? "each restart" : "each second");
	for (int kind = 0; kind < USAGE_KIND_COUNT; kind++) {
		const struct growth *g = &v->growths[kind];
		bool shown = g->grows || v->samples[v->count - 1]->counts[kind] > 0;

		if (shown) {
			strbuf_printf(out, "%-20s %12lld %12lld %14.2f%s\n",
			              usage_kind_words((enum usage_kind)kind),
			              (long long)v->samples[0]->counts[kind],
			              (long long)v->samples[v->count - 1]->counts[kind], g->slope,
			              g->grows ? "  grows" : "");
		}
	}
	if (*v->pattern) {
		strbuf_printf(out, "\n%s from %lld to %lld, named\n", usage_kind_words(v->worst),
		              (long long)v->pattern_first, (long long)v->pattern_last);
		sheet_command(&sheet, 4, v->pattern);
	}
	put_budget(&sheet, arena, v);
}

static void put_decimal(struct json *json, const char *key, double value) {
	json_key(json, key);
	strbuf_printf(json->out, "%.3f", value);
}

static void put_kind(struct json *json, const struct leaks_view *v, enum usage_kind kind) {
	const struct growth *g = &v->growths[kind];

	json_open_member(json, usage_kind_name(kind), '{');
	json_put_bool(json, "grows", g->grows);
	put_decimal(json, "slope", g->slope);
	put_decimal(json, "late_slope", g->late_slope);
	put_decimal(json, "z2", g->z2);
	json_open_member(json, "samples", '[');
	for (size_t i = 0; i < v->count; i++) {
		json_element(json);
		strbuf_printf(json->out, "%lld", (long long)v->samples[i]->counts[kind]);
	}
	json_close(json, ']');
	json_close(json, '}');
}

void leaks_json(struct strbuf *out, const struct leaks_view *v) {
	struct json json = {.out = out};

	json_begin(&json, "dialtone.leaks/1");
	json_put(&json, "name", v->name);
	json_put_number(&json, "pid", v->pid);
	json_put(&json, "over", v->over_restarts ? "restarts" : "seconds");
	json_put_bool(&json, "ended", v->ended);
	json_put_bool(&json, "leaks", v->leaks);
	json_put(&json, "worst", v->leaks ? usage_kind_name(v->worst) : NULL);
	json_put_or_null(&json, "pattern", v->pattern);
	json_open_member(&json, "at", '[');
	for (size_t i = 0; i < v->count; i++) {
		json_element(&json);
		strbuf_printf(out, "%.3f", v->x[i]);
	}
	json_close(&json, ']');
	json_open_member(&json, "kinds", '{');
	for (int kind = 0; kind < USAGE_KIND_COUNT; kind++) {
		put_kind(&json, v, (enum usage_kind)kind);
	}
	json_close(&json, '}');
	json_open_member(&json, "inotify", '{');
	json_put_number(&json, "watches", v->user ? v->user->user_watches : -1);
	json_put_number(&json, "watches_limit", v->user ? v->user->watches_limit : -1);
	json_put_number(&json, "instances", v->user ? v->user->user_instances : -1);
	json_put_number(&json, "instances_limit", v->user ? v->user->instances_limit : -1);
	json_put_number(&json, "workspace_needs", v->workspace_dirs);
	json_close(&json, '}');
	json_end(&json);
}
