/* SPDX-License-Identifier: MIT
 * The comparison for programs: dialtone.env/1, described in docs/env.md.
 */
#include "report/compare.h"
#include "report/json_frame.h"

static void put_tool(struct json *json, const struct side_tool *tool) {
	json_open_member(json, tool->name, '{');
	json_put(json, "state",
	         !tool->known                              ? "unknown"
	         : tool->path || !str_empty(tool->version) ? "found"
	                                                   : "absent");
	json_put(json, "path", tool->path);
	json_put_or_null(json, "real", tool->real);
	json_put_or_null(json, "via", tool->via);
	json_put_number_or_null(json, "inode", tool->ino);
	json_key(json, "device");
	strbuf_printf(json->out, tool->ino ? "%lld" : "null", (long long)tool->dev);
	json_put_or_null(json, "version", tool->version);
	json_put_or_null(json, "built_with", tool->built_with);
	json_close(json, '}');
}

static void put_side(struct json *json, const struct side *side) {
	json_open(json, '{');
	json_put(json, "id", side->id);
	json_put(json, "kind", side_kind_name(side->kind));
	json_put(json, "label", side->label);
	json_put_or_null(json, "what", side->what);
	json_put_number_or_null(json, "pid", side->pid);
	json_put_number_or_null(json, "started_ns", side->start_ns);
	json_put_or_null(json, "source", side->source);
	json_put_bool(json, "known", side->known);
	json_put_bool(json, "foreign", side->foreign);
	json_put_or_null(json, "remark", side->why);
	json_put_or_null(json, "unit", side->unit);
	json_newline(json, 5);
	json_open_member(json, "tools", '{');
	for (size_t i = 0; i < TOOL_COUNT; i++) {
		json_newline(json, 6);
		put_tool(json, &side->tools[i]);
	}
	json_close(json, '}');
	json_close(json, '}');
}

static void put_cell(struct json *json, const struct side *side, const struct cell *cell) {
	static const char *const states[] = {
		[CELL_UNKNOWN] = "unknown", [CELL_UNSET] = "unset", [CELL_SET] = "set"};
	json_open(json, '{');
	json_put(json, "environment", side->id);
	json_put(json, "state", states[cell->state]);
	json_put(json, "value", cell->state == CELL_SET ? cell->value : NULL);
	json_put_bool(json, "masked", cell->masked);
	json_put_or_null(json, "detail", cell->detail);
	json_put_or_null(json, "origin", cell->origin);
	json_put_or_null(json, "file", cell->file);
	json_put_number_or_null(json, "line", cell->line);
	json_close(json, '}');
}

static void put_difference(struct json *json, const struct comparison *c,
                           const struct difference *d) {
	json_open(json, '{');
	json_put(json, "what", difference_what_name(d->what));
	json_put(json, "name", d->name);
	json_put_bool(json, "matters", d->matters);
	json_put_bool(json, "equal", d->equal);
	json_put_number(json, "rank", d->rank);
	json_put_or_null(json, "follows", d->follows);
	json_put_or_null(json, "because", d->because);
	json_newline(json, 5);
	json_open_member(json, "values", '[');
	for (size_t i = 0; i < c->sides->count; i++) {
		json_newline(json, 6);
		put_cell(json, &c->sides->items[i], &d->cells[i]);
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void put_gaps(struct json *json, const struct sides *sides) {
	json_open_member(json, "cannot_tell", '[');
	for (size_t i = 0; i < sides->gap_count; i++) {
		const struct side_gap *gap = &sides->gaps[i];
		json_newline(json, 4);
		json_open(json, '{');
		json_put(json, "environment", gap->id);
		json_put(json, "because", gap->because);
		json_put_or_null(json, "needs", gap->needs);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void compare_json(struct strbuf *out, const struct comparison *c, const struct compare_view *view) {
	static const char *const verdicts[] = {[COMPARE_SAME] = "same",
	                                       [COMPARE_DIFFERS] = "differs",
	                                       [COMPARE_UNKNOWN] = "unknown"};
	struct json json = {.out = out};
	json_open(&json, '{');
	json_newline(&json, 2);
	json_put(&json, "schema", "dialtone.env/1");
	json_newline(&json, 2);
	json_put_tool(&json);
	json_newline(&json, 2);
	json_put(&json, "workspace", view->workspace);
	json_newline(&json, 2);
	json_put(&json, "verdict", verdicts[compare_verdict(c)]);
	json_newline(&json, 2);
	json_put(&json, "answer", compare_headline(out->arena, c));
	json_newline(&json, 2);
	json_open_member(&json, "environments", '[');
	for (size_t i = 0; i < c->sides->count; i++) {
		json_newline(&json, 4);
		put_side(&json, &c->sides->items[i]);
	}
	json_close(&json, ']');
	json_newline(&json, 2);
	json_open_member(&json, "differences", '[');
	for (size_t i = 0; i < c->count; i++) {
		json_newline(&json, 4);
		put_difference(&json, c, &c->items[i]);
	}
	json_close(&json, ']');
	json_newline(&json, 2);
	put_gaps(&json, c->sides);
	json_newline(&json, 2);
	json_open_timing(&json, &view->timings);
	json_close(&json, '}');
	json_end(&json);
}
