/* SPDX-License-Identifier: MIT
 * What `dialtone fix` proposes and has done, for people and for programs.
 */
#include "cmd/fix.h"
#include "core/rule.h"
#include "report/diff.h"
#include "report/harmless.h"
#include "report/json_frame.h"
#include "report/sheet.h"

#define PROSE_INDENT   2
#define COMMAND_INDENT 6

const char *fix_command(struct arena *arena, const char *cause, const char *dir) {
	return arena_printf(arena, "dialtone fix %s %s", cause, str_shell_quote(arena, dir));
}

static const char *outcome_name(enum fix_outcome outcome) {
	static const char *const names[] = {"proposed", "refused", "nothing", "shown",
	                                    "declined", "done",    "no_help", "failed"};
	return names[outcome];
}

/* ---- what changes in files ---- */

/* Several changes of one file are shown as one. */
static bool is_first_of_path(const struct repair *repair, size_t index) {
	for (size_t i = 0; i < index; i++) {
		if (repair->changes[i].kind == CHANGE_FILE &&
		    streq(repair->changes[i].path, repair->changes[index].path)) {
			return false;
		}
	}
	return true;
}

static const struct image *last_of_path(const struct repair *repair, const char *path) {
	const struct image *last = NULL;
	for (size_t i = 0; i < repair->change_count; i++) {
		if (repair->changes[i].kind == CHANGE_FILE &&
		    streq(repair->changes[i].path, path)) {
			last = &repair->changes[i].after;
		}
	}
	return last;
}

static bool is_text(const struct image *image) {
	return !image_exists(image) ||
	       (image->kind == IMAGE_FILE && !image->kept &&
	        (image->bytes.len == 0 || !memchr(image->bytes.data, '\0', image->bytes.len)));
}

static struct slice text_of(const struct image *image) {
	return !image_exists(image) ? slice_of(NULL, 0)
	       : image->bytes.data  ? image->bytes
	                            : slice_of("", 0);
}

/* A difference where there is one to be seen; false: the step's own words must do. */
static bool put_difference(struct strbuf *out, const struct repair *repair, size_t index,
                           const struct report_style *style) {
	const struct journal_change *c = &repair->changes[index];
	const struct image *after = last_of_path(repair, c->path);
	if (c->kind != CHANGE_FILE || !is_text(&c->before) || !is_text(after) ||
	    image_same_bytes(&c->before, after)) {
		return false;
	}
	diff_write(out, harmless(out->arena, c->path, style->utf8), text_of(&c->before),
	           text_of(after), style);
	return true;
}

static void put_changes(struct sheet *sheet, const struct repair *repair) {
	for (size_t i = 0; i < repair->change_count; i++) {
		const struct journal_change *c = &repair->changes[i];
		if (c->kind == CHANGE_FILE && !is_first_of_path(repair, i)) {
			continue;
		}
		if (!put_difference(sheet->out, repair, i, sheet->style)) {
			sheet_command(sheet, PROSE_INDENT, c->what);
		}
	}
}

/* ---- for people ---- */

static void heading(struct sheet *sheet, const char *word) {
	sheet_ink(sheet, INK_BOLD, word);
	strbuf_add_char(sheet->out, '\n');
}

static void prose(struct sheet *sheet, const char *text) {
	strbuf_add(sheet->out, "  ");
	sheet_prose(sheet, PROSE_INDENT, PROSE_INDENT, 0, text);
}

static void put_price(struct sheet *sheet, const struct proposal *p) {
	struct arena *arena = sheet->out->arena;
	const char *back = plan_reversible(p->plan) ? "`dialtone undo` takes all of it back"
	                                            : "not all of it can be taken back";
	const char *more = p->outcome == FIX_SHOWN ? arena_printf(arena, "; %s", p->because) : "";
	heading(sheet, "Price");
	prose(sheet, arena_printf(arena, "%s%s", back, more));
	heading(sheet, "Rehearsal");
	prose(sheet, p->rehearsal);
}

static void put_next(struct sheet *sheet, const struct fix_run *run, const struct proposal *p) {
	struct arena *arena = sheet->out->arena;
	const char *command = fix_command(arena, p->plan->cause, examination_name(run->first));
	if (run->options->yes || run->options->interactive) {
		return;
	}
	if (p->outcome == FIX_PROPOSED) {
		heading(sheet, "To do it");
		sheet_command(sheet, COMMAND_INDENT, arena_printf(arena, "%s --yes", command));
	} else if (p->outcome == FIX_SHOWN && !p->plan->needs_root && !plan_network(p->plan)) {
		heading(sheet, "To do it");
		sheet_command(sheet, COMMAND_INDENT,
		              arena_printf(arena, "%s --disruptive --yes", command));
	} else if (p->outcome == FIX_SHOWN) {
		heading(sheet, "As a script, to be read and run by you");
		sheet_command(sheet, COMMAND_INDENT,
		              arena_printf(arena, "%s --script > fix.sh", command));
	}
}

void fix_show(struct strbuf *out, const struct fix_run *run, const struct proposal *p) {
	const struct report_style style = {.colour = run->terminal.colour,
	                                   .utf8 = run->terminal.utf8,
	                                   .columns = run->terminal.columns};
	struct sheet sheet = {.out = out, .style = &style};
	const char *id = p->finding->rule->id;
	sheet_ink(&sheet, INK_BOLD, id);
	strbuf_add(out, ": ");
	sheet_prose(&sheet, strlen(id) + 2, PROSE_INDENT, 0, p->finding->title);
	if (p->outcome == FIX_REFUSED || p->outcome == FIX_NOTHING) {
		heading(&sheet, "Not from here");
		prose(&sheet, p->because);
		for (size_t i = 0; i < p->finding->fix_count; i++) {
			prose(&sheet, p->finding->fixes[i].title);
			sheet_command(&sheet, COMMAND_INDENT, p->finding->fixes[i].command);
		}
		strbuf_add_char(out, '\n');
		return;
	}
	if (*p->plan->why) {
		heading(&sheet, "Why");
		prose(&sheet, p->plan->why);
	}
	heading(&sheet, "What would be done");
	put_changes(&sheet, &p->repair);
	if (*p->plan->keeps) {
		heading(&sheet, "Not touched");
		prose(&sheet, p->plan->keeps);
	}
	put_price(&sheet, p);
	if (*p->plan->then) {
		heading(&sheet, "Left to you");
		prose(&sheet, p->plan->then);
	}
	put_next(&sheet, run, p);
	strbuf_add_char(out, '\n');
}

static bool is_proposed(const struct fix_run *run, const struct finding *f) {
	for (size_t i = 0; i < run->count; i++) {
		const struct finding *own = run->proposals[i]->finding;
		if (streq(own->rule->id, f->rule->id) && streq(own->subject, f->subject) &&
		    run->proposals[i]->outcome == FIX_PROPOSED) {
			return true;
		}
	}
	return false;
}

const char *fix_nothing(enum verdict verdict) {
	return verdict == VERDICT_HEALTHY
	               ? "there is nothing to fix"
	               : "no cause was found that could be mended; `dialtone check "
	                 "-v` says what was seen";
}

void fix_show_left(struct strbuf *out, const struct fix_run *run) {
	const struct report_style style = {.colour = run->terminal.colour,
	                                   .utf8 = run->terminal.utf8,
	                                   .columns = run->terminal.columns};
	struct sheet sheet = {.out = out, .style = &style};
	const struct diagnosis *d = &run->latest->diagnosis;
	for (size_t i = 0; d->causes[i]; i++) {
		const char *id = d->causes[i]->rule->id;
		if (is_proposed(run, d->causes[i])) {
			continue;
		}
		strbuf_printf(out, "Left: %s: ", id);
		sheet_prose(&sheet, strlen("Left: : ") + strlen(id), PROSE_INDENT, 0,
		            d->causes[i]->title);
	}
}

/* ---- for programs ---- */

static void put_step(struct json *json, const struct step *step) {
	json_newline(json, 4);
	json_element(json);
	json_open(json, '{');
	json_put(json, "kind", step_kind_name(step->kind));
	json_put(json, "what", step->what);
	json_put(json, "path", step->path && *step->path ? step->path : NULL);
	json_put_bool(json, "network", step->network);
	json_put_names(json, "announces", step->announces);
	json_close(json, '}');
}

static void put_change(struct json *json, const struct repair *repair, size_t index) {
	static const struct report_style plain = {.utf8 = true, .columns = 80};
	const struct journal_change *c = &repair->changes[index];
	struct strbuf diff;
	strbuf_init(&diff, json->out->arena);
	json_newline(json, 4);
	json_element(json);
	json_open(json, '{');
	json_put(json, "kind", change_kind_name(c->kind));
	json_put(json, "what", c->what);
	json_put(json, "path", c->path);
	json_put(json, "to", c->kind == CHANGE_MOVE ? c->to : NULL);
	bool seen = is_first_of_path(repair, index) && put_difference(&diff, repair, index, &plain);
	json_put(json, "diff", seen ? diff.data : NULL);
	json_close(json, '}');
}

static void put_plan(struct json *json, const struct proposal *p) {
	const struct plan *plan = p->plan;
	json_put(json, "why", plan->why);
	json_put(json, "keeps", *plan->keeps ? plan->keeps : NULL);
	json_put(json, "then", *plan->then ? plan->then : NULL);
	json_put_bool(json, "needs_root", plan->needs_root);
	json_put_bool(json, "needs_network", plan_network(plan));
	json_put_bool(json, "reversible", plan_reversible(plan));
	json_put_bool(json, "disruptive", plan_disruptive(plan));
	json_key(json, "steps");
	json_open(json, '[');
	for (size_t i = 0; i < plan->step_count; i++) {
		put_step(json, &plan->steps[i]);
	}
	json_close(json, ']');
	json_key(json, "changes");
	json_open(json, '[');
	for (size_t i = 0; i < p->repair.change_count; i++) {
		put_change(json, &p->repair, i);
	}
	json_close(json, ']');
}

void fix_json(struct strbuf *out, const struct fix_run *run) {
	struct json json = {.out = out};
	struct arena *arena = out->arena;
	const char *dir = examination_name(run->first);
	const struct diagnosis *now = &run->latest->diagnosis;
	json_begin(&json, "dialtone.fix/1");
	json_put_tool(&json);
	json_put(&json, "workspace", dir);
	json_put(&json, "verdict_before", verdict_name(run->first->diagnosis.verdict));
	json_put(&json, "verdict",
	         run->latest == run->first && !run->options->yes ? NULL
	                                                         : verdict_name(now->verdict));
	json_put(&json, "cause_left", now->cause_count > 0 ? now->causes[0]->rule->id : NULL);
	json_key(&json, "fixes");
	json_open(&json, '[');
	for (size_t i = 0; i < run->count; i++) {
		const struct proposal *p = run->proposals[i];
		json_newline(&json, 2);
		json_element(&json);
		json_open(&json, '{');
		json_put(&json, "cause", p->finding->rule->id);
		json_put(&json, "subject", p->finding->subject);
		json_put(&json, "title", p->finding->title);
		json_put(&json, "outcome", outcome_name(p->outcome));
		json_put(&json, "because", *p->because ? p->because : NULL);
		json_put(&json, "command", fix_command(arena, p->finding->rule->id, dir));
		put_plan(&json, p);
		json_put(&json, "rehearsed", p->rehearsed);
		json_put(&json, "rehearsal", p->rehearsal);
		json_put(&json, "notes", *p->notes ? p->notes : NULL);
		json_key(&json, "repair");
		if (p->repair.id > 0) {
			strbuf_printf(out, "%lld", (long long)p->repair.id);
		} else {
			strbuf_add(out, "null");
		}
		json.filled = true;
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_end(&json);
}
