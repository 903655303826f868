/* SPDX-License-Identifier: MIT
 * The comparison for programs: dialtone.env/1, described in docs/env.md.
 */
#include "report/compare.h"
#include "report/json_frame.h"

static const char *or_null(const char *text) {
	return str_empty(text) ? NULL : text;
}

static void put_tool(struct json *json, const struct side_tool *tool) {
	json_open_member(json, tool->name, '{');
	json_put(json, "state",
	         !tool->known                              ? "unknown"
	         : tool->path || !str_empty(tool->version) ? "found"
	                                                   : "absent");
	json_put(json, "path", tool->path);
	json_put(json, "real", or_null(tool->real));
	json_put(json, "via", or_null(tool->via));
	json_key(json, "inode");
	strbuf_printf(json->out, tool->ino ? "%lld" : "null", (long long)tool->ino);
	json_key(json, "device");
	strbuf_printf(json->out, tool->ino ? "%lld" : "null", (long long)tool->dev);
	json_put(json, "version", or_null(tool->version));
	json_put(json, "built_with", or_null(tool->built_with));
	json_close(json, '}');
}

static void put_side(struct json *json, const struct side *side) {
	json_open(json, '{');
	json_put(json, "id", side->id);
	json_put(json, "kind", side_kind_name(side->kind));
	json_put(json, "label", side->label);
	json_put(json, "what", or_null(side->what));
	json_key(json, "pid");
	strbuf_printf(json->out, side->pid ? "%lld" : "null", (long long)side->pid);
	json_key(json, "started_ns");
	strbuf_printf(json->out, side->start_ns ? "%lld" : "null", (long long)side->start_ns);
	json_put(json, "source", or_null(side->source));
	json_put_bool(json, "known", side->known);
	json_put_bool(json, "foreign", side->foreign);
	json_put(json, "remark", or_null(side->why));
	json_put(json, "unit", or_null(side->unit));
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
	json_put(json, "detail", or_null(cell->detail));
	json_put(json, "origin", or_null(cell->origin));
	json_put(json, "file", or_null(cell->file));
	json_key(json, "line");
	strbuf_printf(json->out, cell->line ? "%lld" : "null", (long long)cell->line);
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
	json_put(json, "follows", or_null(d->follows));
	json_put(json, "because", or_null(d->because));
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
		json_put(json, "needs", or_null(gap->needs));
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
