/* SPDX-License-Identifier: MIT
 * The report as JSON, as the report contract (version 1) says.
 */
#include "base/clock.h"
#include "core/editor.h"
#include "report/agreement.h"
#include "report/changes.h"
#include "report/history.h"
#include "report/json_frame.h"
#include "report/report.h"

#define EXCERPT_MAX_BYTES ((size_t)200)

struct writer {
	struct json json;
	const struct report *report;
	struct arena *arena;
};

/* Which of several installed products of one family the settings are of. */
static void put_product(struct writer *w) {
	struct json *j = &w->json;
	const struct fact_install *v = facts_first(install, w->report->facts);
	if (v) {
		json_open_member(j, "product", '{');
		json_put(j, "name", v->name);
		json_put(j, "data", v->data);
		json_put_or_null(j, "profile", v->profile);
		json_put(j, "from", v->from);
		json_close(j, '}');
	}
}

/* Every gopls of this user, with the editor it belongs to; judged: of the editor whose environment
 * was examined. */
static void put_running(struct writer *w) {
	struct json *j = &w->json;
	const struct target *t = w->report->target;
	json_open_member(j, "running", '[');
	facts_each (running_server, s, w->report->facts) {
		json_open_element(j, '{');
		json_put_number(j, "pid", s->pid);
		json_put(j, "role", s->role);
		json_put(j, "directory", s->cwd);
		json_put_or_null(j, "remote", s->remote);
		json_put_number(j, "editor_pid", s->editor_pid);
		json_put_or_null(j, "editor", s->editor_kind);
		json_put_bool(j, "judged", t->editor_pid > 0 && s->editor_pid == t->editor_pid);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_target(struct writer *w) {
	struct json *j = &w->json;
	const struct target *t = w->report->target;
	const struct facts *facts = w->report->facts;
	json_open_member(j, "target", '{');
	json_put(j, "workspace", t->workspace);
	json_put(j, "server", "gopls");
	json_put(j, "server_path", t->gopls_path);
	json_put(j, "server_version", report_server_version(facts));
	json_put(j, "go_path", t->go_path);
	json_put(j, "go_version", report_go_version(w->arena, facts));
	json_put(j, "environment", t->environment_label ? t->environment_label : "self");
	json_put(j, "editor", t->editor ? t->editor->name : "none");
	json_put(j, "file", t->open_file ? t->open_file : t->file);
	if (t->window_file) {
		json_put(j, "window", t->window_file);
	}
	put_product(w);
	put_running(w);
	json_close(j, '}');
}

/* What was called, of a cause that the recorded calls show as well. */
static void put_calls(struct writer *w, const struct finding *f) {
	struct json *j = &w->json;
	const struct agreement *a = w->report->agreement;
	for (size_t i = 0; a && i < a->count; i++) {
		const char *const *line =
			a->causes[i].seen == f && a->causes[i].called ? a->causes[i].calls : NULL;
		for (; line && *line; line++) {
			json_open_element(j, '{');
			json_put(j, "source", "trace");
			json_put(j, "state", ev_state_name(EV_READ));
			json_put_number(j, "at_ms", 0);
			json_key(j, "excerpt");
			json_string(j, *line, EXCERPT_MAX_BYTES);
			json_close(j, '}');
		}
	}
}

static void put_evidence(struct writer *w, const struct finding *f) {
	struct json *j = &w->json;
	json_open_member(j, "evidence", '[');
	for (size_t i = 0; i < f->cite_count; i++) {
		const struct fact *fact = f->cites[i];
		json_open_element(j, '{');
		json_put(j, "source", fact_source(w->arena, fact));
		json_put(j, "state", ev_state_name(fact->ev ? fact->ev->state : EV_READ));
		json_put_number(j, "at_ms", fact->ev ? fact->ev->at_ns / NS_PER_MS : 0);
		json_key(j, "excerpt");
		json_string(j, fact_excerpt(w->arena, fact), EXCERPT_MAX_BYTES);
		json_close(j, '}');
	}
	put_calls(w, f);
	json_close(j, ']');
}

static int64_t lines_of(const char *command) {
	int64_t lines = *command ? 1 : 0;
	for (const char *p = command; *p; p++) {
		lines += *p == '\n' && p[1];
	}
	return lines;
}

static void put_fixes(struct writer *w, const struct finding *f) {
	struct json *j = &w->json;
	json_open_member(j, "fixes", '[');
	for (size_t i = 0; i < f->fix_count; i++) {
		const struct fix_advice *fix = &f->fixes[i];
		json_open_element(j, '{');
		json_put(j, "id", arena_printf(w->arena, "%s-%zu", f->rule->id, i + 1));
		json_put(j, "title", fix->title);
		json_put_number(j, "steps",
		                fix->steps ? (int64_t)fix->steps : lines_of(fix->command));
		json_put_bool(j, "reversible", fix->reversible);
		json_put_bool(j, "disruptive", fix->disruptive);
		json_put(j, "rehearsed", f->proof && i == 0 ? f->proof->rehearsed : "not_run");
		json_put(j, "command", fix->command);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_proof(struct writer *w, const struct proof *proof) {
	struct json *j = &w->json;
	json_open_member(j, "proof", '{');
	json_put(j, "result", proof->result);
	json_put(j, "rehearsed", proof->rehearsed);
	json_put(j, "because", *proof->because ? proof->because : NULL);
	json_put(j, "verdict", proof->verdict);
	json_put(j, "confidence_before", confidence_name(proof->before));
	json_put_ms(j, "handshake_ms", proof->handshake_ms);
	json_put_ms(j, "overhead_ms", proof->overhead_ms);
	json_close(j, '}');
}

/* The ids that were folded under this finding, each once. */
static const char *const *explained_ids(const struct report *report, struct arena *arena,
                                        const struct finding *f) {
	const struct diagnosis *d = report->diagnosis;
	const char **ids = arena_array_of(arena, const char *, d->symptom_count + 1);
	size_t count = 0;
	for (size_t i = 0; i < d->symptom_count; i++) {
		bool known = d->symptoms[i]->explained_by != f;
		for (size_t k = 0; k < count && !known; k++) {
			known = streq(ids[k], d->symptoms[i]->rule->id);
		}
		if (!known) {
			ids[count++] = d->symptoms[i]->rule->id;
		}
	}
	return ids;
}

static void put_finding(struct writer *w, const struct finding *f) {
	struct json *j = &w->json;
	json_newline(j, 2);
	json_open(j, '{');
	json_put(j, "id", f->rule->id);
	json_put(j, "layer", rule_layer(w->arena, f->rule));
	json_put(j, "subject", f->subject);
	json_put(j, "title", f->title);
	json_put_or_null(j, "detail", f->detail);
	json_put(j, "severity", severity_name(f->severity));
	json_put(j, "confidence", confidence_name(f->confidence));
	if (f->explained_by) {
		json_put(j, "explained_by", f->explained_by->rule->id);
	}
	json_put_names(j, "impact", report_impact(w->arena, w->report->facts, f));
	put_evidence(w, f);
	json_put_names(j, "explains", explained_ids(w->report, w->arena, f));
	put_fixes(w, f);
	if (f->proof) {
		put_proof(w, f->proof);
	}
	json_close(j, '}');
}

static void put_findings(struct writer *w, const char *name,
                         const struct finding *const *findings) {
	struct json *j = &w->json;
	json_newline(j, 1);
	json_open_member(j, name, '[');
	for (size_t i = 0; findings[i]; i++) {
		put_finding(w, findings[i]);
	}
	json_close(j, ']');
}

static void put_doubts(struct writer *w) {
	struct json *j = &w->json;
	const struct doubt *doubts = w->report->diagnosis->doubts;
	json_newline(j, 1);
	json_open_member(j, "cannot_tell", '[');
	for (size_t i = 0; doubts[i].id; i++) {
		json_newline(j, 2);
		json_open(j, '{');
		json_put(j, "id", doubts[i].id);
		json_put(j, "because", doubts[i].because);
		json_put(j, "needs", doubts[i].needs);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_features(struct writer *w) {
	struct json *j = &w->json;
	json_newline(j, 1);
	json_open_member(j, "features", '{');
	for (size_t i = 0; report_features[i]; i++) {
		const struct fact_feature *f = facts_feature(w->report->facts, report_features[i]);
		bool timed = f && !streq(f->state, "skipped");
		json_open_member(j, report_features[i], '{');
		json_put(j, "state", f ? f->state : "skipped");
		json_put_ms(j, "ms", timed ? f->ms : -1);
		json_put_or_null(j, "detail", f ? f->detail : NULL);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void put_timing(struct writer *w) {
	struct json *j = &w->json;
	json_newline(j, 1);
	json_open_timing(j, &w->report->timings);
	json_put_ms(j, "server_ready", report_server_ready_ms(w->report->facts));
	json_close(j, '}');
}

/* What logs say; history, unless "current". */
static void put_log(struct writer *w) {
	struct json *j = &w->json;
	json_newline(j, 1);
	json_open_member(j, "log", '[');
	facts_each (log_event, e, w->report->facts) {
		const char *at = history_time(w->arena, e);
		json_newline(j, 2);
		json_open(j, '{');
		json_put(j, "source", e->source);
		json_put(j, "file", e->file);
		json_put_number(j, "line", e->line);
		json_put_or_null(j, "at", at);
		json_put(j, "kind", e->kind);
		json_put(j, "text", e->text);
		json_put_bool(j, "current", e->current);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_folders(struct writer *w) {
	struct json *j = &w->json;
	json_newline(j, 1);
	json_open_member(j, "folders", '[');
	for (size_t i = 0; i < w->report->folder_count; i++) {
		const struct report_folder *folder = &w->report->folders[i];
		struct report one = {
			.target = folder->target,
			.facts = folder->facts,
			.diagnosis = folder->diagnosis,
		};
		struct writer part = {.json = *j, .report = &one, .arena = w->arena};
		json_newline(&part.json, 2);
		json_open(&part.json, '{');
		json_put(&part.json, "workspace", folder->target->workspace);
		json_put(&part.json, "verdict", verdict_name(folder->diagnosis->verdict));
		json_put_bool(&part.json, "skipped", folder->skipped);
		json_put(&part.json, "suffers_from", folder->suffers_from);
		put_findings(&part, "causes", folder->diagnosis->causes);
		put_findings(&part, "symptoms", folder->diagnosis->symptoms);
		put_findings(&part, "notes", folder->diagnosis->notes);
		put_doubts(&part);
		put_features(&part);
		json_close(&part.json, '}');
		*j = part.json;
	}
	json_close(j, ']');
}

void report_json(struct strbuf *out, const struct report *report) {
	struct writer writer = {.json = {.out = out}, .report = report, .arena = out->arena};
	struct writer *w = &writer;
	struct json *j = &writer.json;
	json_begin(j, "dialtone.report/1");
	json_put_tool(j);
	put_target(w);
	json_newline(j, 1);
	json_put(j, "verdict", verdict_name(report->diagnosis->verdict));
	put_findings(w, "causes", report->diagnosis->causes);
	put_findings(w, "symptoms", report->diagnosis->symptoms);
	put_findings(w, "notes", report->diagnosis->notes);
	put_doubts(w);
	put_features(w);
	if (facts_first(log_event, report->facts)) {
		put_log(w);
	}
	if (report->folder_count > 0) {
		put_folders(w);
	}
	if (report->target->window_missing && report->target->window_missing[0]) {
		json_newline(j, 1);
		json_put_names(j, "missing_folders", report->target->window_missing);
	}
	if (facts_first(last_good, report->facts)) {
		changes_put(j, w->arena, report->facts, report->diagnosis);
	}
	if (report->agreement) {
		agreement_json(j, report->agreement);
	}
	if (report->put_more) {
		report->put_more(j, report->more);
	}
	put_timing(w);
	json_end(j);
}
