/* SPDX-License-Identifier: MIT
 * The report as one page that asks for nothing from anywhere.
 */
#include "report/html.h"

#include "base/clock.h"
#include "core/editor.h"
#include "core/registry.h"
#include "report/harmless.h"

#define VARIABLES_MAX 60

void html_text(struct strbuf *out, const char *text) {
	struct arena *arena = out->arena;
	for (const char *p = harmless(arena, mask_urls(arena, text ? text : ""), true); *p; p++) {
		switch (*p) {
		case '<':
			strbuf_add(out, "&lt;");
			break;
		case '>':
			strbuf_add(out, "&gt;");
			break;
		case '&':
			strbuf_add(out, "&amp;");
			break;
		case '"':
			strbuf_add(out, "&quot;");
			break;
		default:
			strbuf_add_char(out, *p);
		}
	}
}

static void tagged(struct strbuf *out, const char *open, const char *text, const char *close) {
	strbuf_add(out, open);
	html_text(out, text);
	strbuf_add(out, close);
}

static const char *style_sheet(void) {
	for (size_t i = 0; registry_data[i].id; i++) {
		if (streq(registry_data[i].id, "report.css")) {
			return registry_data[i].text;
		}
	}
	return "";
}

static void commands(struct strbuf *out, const char *command) {
	if (str_empty(command)) {
		return;
	}
	struct slice rest = slice_str(command), line;
	strbuf_add(out, "<pre tabindex=\"0\"><code>");
	while (slice_line(&rest, &line)) {
		tagged(out, "", arena_slicedup(out->arena, line), "\n");
	}
	strbuf_add(out, "</code></pre>\n");
}

static void proof(struct strbuf *out, const struct finding *f) {
	if (f->cite_count == 0) {
		return;
	}
	strbuf_add(out, "<h3>Proof</h3>\n<ul class=\"proof\">\n");
	for (size_t i = 0; i < f->cite_count; i++) {
		const struct fact *fact = f->cites[i];
		tagged(out, "<li><code>", fact_source(out->arena, fact), "</code>");
		if (fact->ev && fact->ev->state != EV_READ) {
			strbuf_printf(out, " (%s)", ev_state_name(fact->ev->state));
		}
		tagged(out, " ", fact_excerpt(out->arena, fact), "</li>\n");
	}
	strbuf_add(out, "</ul>\n");
}

static void fixes(struct strbuf *out, const struct finding *f) {
	if (f->fix_count > 0) {
		strbuf_add(out, "<h3>What to do</h3>\n");
	}
	for (size_t i = 0; i < f->fix_count; i++) {
		const struct fix_advice *fix = &f->fixes[i];
		strbuf_add(out, i > 0 ? "<p>Or: " : "<p>");
		html_text(out, fix->title);
		strbuf_add(out, fix->disruptive ? " (ends something that runs)" : "");
		strbuf_add(out, fix->reversible ? "</p>\n" : " (cannot be undone)</p>\n");
		commands(out, fix->command);
	}
}

static const char *doubt_of(const struct finding *f) {
	return f->confidence == CONF_CERTAIN  ? ""
	       : f->confidence == CONF_LIKELY ? " (likely, not certain)"
	                                      : " (possible, not proven)";
}

/* The title of the first is that of the page. */
static void cause(struct strbuf *out, const struct finding *f, bool first) {
	strbuf_add(out, "<section>\n");
	tagged(out, "<h2>", first ? "Why" : f->title, first ? "" : doubt_of(f));
	strbuf_add(out, "</h2>\n");
	if (*f->detail) {
		tagged(out, "<p>", f->detail, "</p>\n");
	}
	proof(out, f);
	fixes(out, f);
	tagged(out, "<p class=\"soft\">Cause <code>", f->rule->id, "</code></p>\n</section>\n");
}

static void symptoms(struct strbuf *out, const struct diagnosis *d) {
	if (d->symptom_count == 0) {
		return;
	}
	strbuf_add(out, "<section><h2>Only because of this</h2><ul>\n");
	for (size_t i = 0; i < d->symptom_count; i++) {
		tagged(out, "<li>", d->symptoms[i]->title, "</li>\n");
	}
	strbuf_add(out, "</ul></section>\n");
}

static void notes(struct strbuf *out, const struct diagnosis *d) {
	if (d->note_count > 0) {
		strbuf_add(out, "<section><h2>True, but not the reason</h2><ul>\n");
		for (size_t i = 0; i < d->note_count; i++) {
			tagged(out, "<li>", d->notes[i]->title, "</li>\n");
		}
		strbuf_add(out, "</ul></section>\n");
	}
	if (d->doubt_count > 0) {
		strbuf_printf(out,
		              "<section><h2>Could not be told</h2><details><summary>%zu causes "
		              "could not be looked for</summary><ul>\n",
		              d->doubt_count);
		for (size_t i = 0; i < d->doubt_count; i++) {
			tagged(out, "<li><code>", d->doubts[i].id, "</code>: ");
			tagged(out, "", d->doubts[i].because, "</li>\n");
		}
		strbuf_add(out, "</ul></details></section>\n");
	}
}

static void features(struct strbuf *out, const struct report *report) {
	strbuf_add(out,
	           "<section><h2>What works</h2>\n<div class=\"scroll\" role=\"region\" "
	           "tabindex=\"0\" aria-label=\"Features\"><table><caption>Each editor "
	           "feature, tried for real</caption>\n<thead><tr><th "
	           "scope=\"col\">Feature</th><th scope=\"col\">State</th><th "
	           "scope=\"col\">Time</th><th scope=\"col\">Answer</th></tr></thead><tbody>\n");
	for (size_t i = 0; report_features[i]; i++) {
		const struct fact_feature *f = facts_feature(report->facts, report_features[i]);
		const char *state = f ? f->state : "skipped";
		const char *look = streq(state, "ok")        ? "healthy"
		                   : streq(state, "skipped") ? "soft"
		                                             : "broken";
		tagged(out, "<tr><th scope=\"row\">", feature_in_words(report_features[i]),
		       "</th>");
		strbuf_printf(out, "<td class=\"%s\">%s</td><td class=\"number\">", look, state);
		if (f && !streq(state, "skipped")) {
			strbuf_printf(out, "%lld ms", (long long)f->ms);
		}
		tagged(out, "</td><td>", f ? f->detail : "", "</td></tr>\n");
	}
	strbuf_add(out, "</tbody></table></div>\n");
	const struct fact_server *server = facts_first(server, report->facts);
	if (server && server->base.ev && evidence_has_bytes(server->base.ev)) {
		html_timeline(out, server->base.ev->bytes);
	}
	strbuf_add(out, "</section>\n");
}

static const char *value_in(const struct facts *facts, const char *scope, const char *name) {
	facts_each (var, v, facts) {
		if (streq(v->scope, scope) && streq(v->name, name)) {
			return name_is_secret(name) ? "(secret)" : v->value;
		}
	}
	return NULL;
}

static void variable(struct strbuf *out, const struct facts *facts, const char *name) {
	static const char *const scopes[] = {"own", "judged", "server"};
	tagged(out, "<tr><th scope=\"row\">", name, "</th>");
	for (size_t i = 0; i < 3; i++) {
		const char *value = value_in(facts, scopes[i], name);
		tagged(out, value ? "<td>" : "<td class=\"soft\">", value ? value : "not set",
		       "</td>");
	}
	strbuf_add(out, "</tr>\n");
}

/* Variables that the three do not have alike. The server's are known for a few names only. */
static void environment(struct strbuf *out, const struct report *report) {
	const struct facts *facts = report->facts;
	size_t shown = 0;
	struct strbuf rows;
	strbuf_init(&rows, out->arena);
	facts_each (var, v, facts) {
		const char *own = value_in(facts, "own", v->name);
		const char *judged = value_in(facts, "judged", v->name);
		const char *server = value_in(facts, "server", v->name);
		bool first = streq(v->scope, "own") || (streq(v->scope, "judged") && !own) ||
		             (streq(v->scope, "server") && !own && !judged);
		bool differs = !streq(own, judged) || (server && !streq(server, judged));
		if (first && differs && shown < VARIABLES_MAX) {
			variable(&rows, facts, v->name);
			shown++;
		}
	}
	if (shown == 0) {
		return;
	}
	strbuf_add(out, "<section><h2>Environments</h2>\n<div class=\"scroll\" role=\"region\" "
	                "tabindex=\"0\" aria-label=\"Environments\"><table><caption>Variables that "
	                "differ</caption>\n<thead><tr><th scope=\"col\">Variable</th><th "
	                "scope=\"col\">Terminal</th><th scope=\"col\">Editor</th><th "
	                "scope=\"col\">Language server</th></tr></thead><tbody>\n");
	strbuf_add_n(out, rows.data, rows.len);
	strbuf_add(out, "</tbody></table></div></section>\n");
}

static void row(struct strbuf *out, const char *name, const char *value) {
	if (!str_empty(value)) {
		tagged(out, "<tr><th scope=\"row\">", name, "</th>");
		tagged(out, "<td>", value, "</td></tr>\n");
	}
}

static void examined(struct strbuf *out, const struct report *report) {
	const struct target *t = report->target;
	struct arena *arena = out->arena;
	strbuf_add(out,
	           "<section><h2>What was examined</h2>\n<div class=\"scroll\" role=\"region\" "
	           "tabindex=\"0\" aria-label=\"What was examined\"><table><tbody>\n");
	row(out, "Folder", t->workspace);
	row(out, "File", t->open_file);
	row(out, "Editor", t->editor ? t->editor->title : "none");
	row(out, "Environment", t->environment_label);
	row(out, "Language server", t->gopls_path);
	row(out, "Its version", report_server_version(report->facts));
	row(out, "Go", t->go_path);
	row(out, "Its version", report_go_version(arena, report->facts));
	row(out, "Time taken",
	    arena_printf(arena, "%lld ms", (long long)(report->timings.total_ns / NS_PER_MS)));
	row(out, "dialtone", DIALTONE_VERSION);
	strbuf_add(out, "</tbody></table></div></section>\n");
}

/* One line for each folder of the window. */
static void folders(struct strbuf *out, const struct report *report) {
	const char *const *missing = report->target->window_missing;
	if (report->folder_count == 0 && (!missing || !missing[0])) {
		return;
	}
	strbuf_add(out, "<section><h2>Folders of the window</h2><ul>\n");
	for (size_t i = 0; i < report->folder_count; i++) {
		const struct report_folder *folder = &report->folders[i];
		const char *verdict = verdict_name(folder->diagnosis->verdict);
		tagged(out, "<li><code>", folder->target->workspace, "</code> ");
		if (folder->skipped) {
			strbuf_add(out, "has no Go code in it");
		} else {
			strbuf_printf(out, "is <span class=\"%s\">%s</span>", verdict, verdict);
		}
		if (folder->suffers_from) {
			tagged(out, ", because of <code>", folder->suffers_from, "</code>");
		}
		strbuf_add(out, "</li>\n");
	}
	for (size_t i = 0; missing && missing[i]; i++) {
		tagged(out, "<li><code>", missing[i],
		       missing[i][0] == '/' ? "</code> is not there</li>\n"
		                            : "</code> is not on this machine</li>\n");
	}
	strbuf_add(out, "</ul></section>\n");
}

static const char *answer(struct arena *arena, const struct report *report) {
	const struct diagnosis *d = report->diagnosis;
	if (d->cause_count > 0) {
		return d->causes[0]->title;
	}
	if (d->verdict == VERDICT_HEALTHY) {
		return "the editor features work";
	}
	return d->verdict == VERDICT_UNKNOWN ? "no verdict"
	                                     : report_unexplained(arena, report->facts);
}

void report_html(struct strbuf *out, const struct report *report) {
	const struct diagnosis *d = report->diagnosis;
	const char *verdict = verdict_name(d->verdict);
	strbuf_add(out, REPORT_HTML_MARK
	           "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	           "content=\"width=device-width, initial-scale=1\">\n<meta name=\"generator\" "
	           "content=\"dialtone " DIALTONE_VERSION "\">\n<meta "
	           "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	           "style-src 'unsafe-inline'\">\n");
	tagged(out, "<title>dialtone: ", verdict, ", ");
	tagged(out, "", report->target->workspace, "</title>\n<style>\n");
	strbuf_add(out, style_sheet());
	strbuf_printf(out, "</style>\n</head>\n<body>\n<main>\n<h1><span class=\"%s\">%s</span>: ",
	              verdict, verdict);
	tagged(out, "", answer(out->arena, report),
	       d->cause_count > 0 ? doubt_of(d->causes[0]) : "");
	strbuf_add(out, "</h1>\n");
	for (size_t i = 0; i < d->cause_count; i++) {
		cause(out, d->causes[i], i == 0);
	}
	symptoms(out, d);
	folders(out, report);
	features(out, report);
	environment(out, report);
	notes(out, d);
	examined(out, report);
	strbuf_add(out, "</main>\n</body>\n</html>\n");
}
