/* SPDX-License-Identifier: MIT
 * The report for people: the answer first, then its proof, what they feel of it, and what to do.
 */
#include "base/clock.h"
#include "core/editor.h"
#include "report/agreement.h"
#include "report/changes.h"
#include "report/harmless.h"
#include "report/history.h"
#include "report/sheet.h"

#define PROOF_LINES_MAX   ((size_t)5) /* of the first cause; the others get OTHER_PROOF_MAX */
#define OTHER_PROOF_MAX   ((size_t)2)
#define FIXES_MAX         ((size_t)3)
#define OTHER_FIXES_MAX   ((size_t)1)
#define HISTORY_MAX       ((size_t)3) /* the latest words of logs; of those that were given GIVEN_MAX */
#define GIVEN_MAX         ((size_t)12)
#define CHANGES_SHOWN_MAX ((size_t)3)
#define DETAIL_LINES_MAX  ((size_t)3)
#define EXCERPT_LINES_MAX ((size_t)2)

struct text {
	struct sheet sheet;
	const struct report *report;
	struct arena *arena;
};

static enum ink verdict_ink(enum verdict verdict) {
	switch (verdict) {
	case VERDICT_HEALTHY:
		return INK_GREEN;
	case VERDICT_BROKEN:
		return INK_RED;
	case VERDICT_DEGRADED:
	case VERDICT_UNKNOWN:
		break;
	}
	return INK_YELLOW;
}

/* "WORD: sentence", the sentence wrapped. */
static void headline(struct text *t, enum ink ink, const char *word, const char *sentence) {
	sheet_ink(&t->sheet, ink, arena_printf(t->arena, "%s:", word));
	strbuf_add_char(t->sheet.out, ' ');
	sheet_prose(&t->sheet, strlen(word) + 2, 2, 0, sentence);
}

static void heading(struct text *t, const char *word) {
	sheet_ink(&t->sheet, INK_BOLD, word);
	strbuf_add_char(t->sheet.out, '\n');
}

static void indented(struct text *t, size_t indent, size_t max_lines, const char *sentence) {
	for (size_t i = 0; i < indent; i++) {
		strbuf_add_char(t->sheet.out, ' ');
	}
	sheet_prose(&t->sheet, indent, indent + 2, max_lines, sentence);
}

static void proof(struct text *t, const struct finding *f, size_t max) {
	bool verbose = t->sheet.style->verbose;
	size_t shown = verbose || f->cite_count < max ? f->cite_count : max;
	if (shown > 0 || f->proof) {
		heading(t, "Proof");
	}
	for (size_t i = 0; i < shown; i++) {
		const struct fact *fact = f->cites[i];
		const char *state =
			fact->ev && fact->ev->state != EV_READ
				? arena_printf(t->arena, " (%s)", ev_state_name(fact->ev->state))
				: "";
		/* What was concluded from several looks has no one place. */
		const char *source =
			fact->ev ? arena_printf(t->arena, "%s%s: ", fact_source(t->arena, fact),
		                                state)
				 : "";
		indented(t, 2, verbose ? 0 : EXCERPT_LINES_MAX,
		         arena_printf(t->arena, "%s%s", source, fact_excerpt(t->arena, fact)));
	}
	if (f->proof) {
		indented(t, 2, 0, f->proof->words);
	}
}

static const char *joined(struct arena *arena, const char *const *names, bool words) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; names[i]; i++) {
		strbuf_add(&out, i == 0 ? "" : names[i + 1] ? ", " : " and ");
		strbuf_add(&out, words ? feature_in_words(names[i]) : names[i]);
	}
	return out.data;
}

static void felt(struct text *t, const struct finding *f) {
	const char *const *impact = report_impact(t->arena, t->report->facts, f);
	if (impact[0]) {
		heading(t, "You notice");
		indented(t, 2, 0,
		         arena_printf(t->arena, "trouble with %s", joined(t->arena, impact, true)));
	}
}

static void folded(struct text *t, const struct finding *f) {
	const struct diagnosis *d = t->report->diagnosis;
	const char **ids = arena_array_of(t->arena, const char *, d->symptom_count + 1);
	size_t count = 0;
	for (size_t i = 0; i < d->symptom_count; i++) {
		if (d->symptoms[i]->explained_by == f) {
			ids[count++] = d->symptoms[i]->rule->id;
		}
	}
	if (count > 0) {
		indented(t, 2, 0,
		         arena_printf(t->arena, "also found, but only because of this: %s",
		                      joined(t->arena, ids, false)));
	}
}

static void fixes(struct text *t, const struct finding *f, size_t max) {
	size_t shown = f->fix_count < max || t->sheet.style->verbose ? f->fix_count : max;
	if (shown > 0) {
		heading(t, "Fix");
	}
	for (size_t i = 0; i < shown; i++) {
		const struct fix_advice *fix = &f->fixes[i];
		const char *price = fix->disruptive && !fix->reversible
		                            ? " (ends something that runs; cannot be undone)"
		                    : fix->disruptive  ? " (ends something that runs)"
		                    : !fix->reversible ? " (cannot be undone)"
		                                       : "";
		indented(t, 2, 0,
		         arena_printf(t->arena, "%s%s%s%s", i > 0 ? "or: " : "", fix->title, price,
		                      *fix->command ? ":" : ""));
		sheet_command(&t->sheet, 6, fix->command);
	}
}

/* "; only likely": a cause that is not certain must not be read as if it were. */
static const char *title_of(struct text *t, const struct finding *f) {
	if (f->confidence == CONF_CERTAIN) {
		return f->title;
	}
	return arena_printf(t->arena, "%s (%s)", f->title,
	                    f->confidence == CONF_LIKELY ? "likely, not certain"
	                                                 : "possible, not proven");
}

static void cause(struct text *t, const struct finding *f, bool first) {
	enum verdict verdict = t->report->diagnosis->verdict;
	if (!first) {
		strbuf_add_char(t->sheet.out, '\n');
	}
	headline(t, verdict_ink(verdict), first ? verdict_name(verdict) : "and", title_of(t, f));
	if (*f->detail) {
		indented(t, 2, t->sheet.style->verbose ? 0 : DETAIL_LINES_MAX, f->detail);
	}
	proof(t, f, first ? PROOF_LINES_MAX : OTHER_PROOF_MAX);
	if (first) {
		felt(t, f);
	}
	fixes(t, f, first ? FIXES_MAX : OTHER_FIXES_MAX);
	folded(t, f);
	indented(t, 2, 0, arena_printf(t->arena, "more: dialtone explain %s", f->rule->id));
}

static const char *seconds(struct text *t) {
	return arena_printf(t->arena, "%.2fs",
	                    (double)t->report->timings.total_ns / (double)NS_PER_S);
}

/* The spelling of --environment, in words. */
static const char *environment_in_words(struct text *t) {
	const char *label = t->report->target->environment_label;
	if (!label || streq(label, "self")) {
		return "in this shell";
	}
	if (streq(label, "shell")) {
		return "in a login shell";
	}
	if (streq(label, "desktop")) {
		return "in the desktop session";
	}
	if (str_starts(label, "pid:")) {
		return arena_printf(t->arena, "in the environment of process %s", label + 4);
	}
	return str_starts(label, "file:")
	               ? arena_printf(t->arena, "in the environment of %s", label + 5)
	               : arena_printf(t->arena, "environment %s", label);
}

/* "gopls v0.23.0, go1.26.8, as VS Code, in the environment of process 7" */
static const char *patient(struct text *t) {
	const struct target *target = t->report->target;
	const char *server = report_server_version(t->report->facts);
	const char *go = report_go_version(t->arena, t->report->facts);
	const char *editor = target->editor && !streq(target->editor->name, "none")
	                             ? arena_printf(t->arena, "as %s", target->editor->title)
	                             : "no editor";
	return arena_printf(t->arena, "%s%s, %s, %s, %s",
	                    server || target->gopls_path ? "gopls" : "no gopls found",
	                    server               ? arena_printf(t->arena, " %s", server)
	                    : target->gopls_path ? " (version not known)"
	                                         : "",
	                    go                ? go
	                    : target->go_path ? "go (version not known)"
	                                      : "no go found",
	                    editor, environment_in_words(t));
}

/* Something is wrong and no rule knows why: what is known is said. */
static void unexplained(struct text *t) {
	const struct facts *facts = t->report->facts;
	const struct diagnosis *d = t->report->diagnosis;
	if (d->verdict == VERDICT_UNKNOWN) {
		const char *why = d->doubt_count > 0 ? d->doubts[0].because : NULL;
		headline(t, INK_YELLOW, "unknown",
		         why ? arena_printf(t->arena, "no verdict, because %s", why)
		             : "nothing wrong was found, but the server was not asked");
		return;
	}
	headline(t, verdict_ink(d->verdict), verdict_name(d->verdict),
	         report_unexplained(t->arena, facts));
	const struct fact_server *server = facts_first(server, facts);
	if (server) {
		indented(t, 2, EXCERPT_LINES_MAX, fact_excerpt(t->arena, &server->base));
	}
	size_t shown = 0;
	facts_each (message, m, facts) {
		if (shown < OTHER_PROOF_MAX && streq(m->level, "error")) {
			indented(t, 2, EXCERPT_LINES_MAX, fact_excerpt(t->arena, &m->base));
			shown++;
		}
	}
	facts_each (feature, f, facts) {
		if (!streq(f->state, "ok") && !streq(f->state, "skipped")) {
			indented(t, 2, 1, fact_excerpt(t->arena, &f->base));
		}
	}
}

static void feature_table(struct text *t) {
	strbuf_add_char(t->sheet.out, '\n');
	heading(t, "Features");
	for (size_t i = 0; report_features[i]; i++) {
		const struct fact_feature *f = facts_feature(t->report->facts, report_features[i]);
		const char *state = f ? f->state : "skipped";
		bool timed = f && !streq(state, "skipped");
		indented(t, 2, 0,
		         arena_printf(t->arena, "%s: %s%s%s%s",
		                      feature_in_words(report_features[i]), state,
		                      timed ? arena_printf(t->arena, " %lld ms", (long long)f->ms)
		                            : "",
		                      f && *f->detail ? ", " : "", f ? f->detail : ""));
	}
}

/* The text form, but without the value of a variable whose name says that it is a secret. */
static const char *fact_line(struct arena *arena, const struct fact *fact) {
	const struct fact_var *var = (const struct fact_var *)(const void *)fact;
	const struct fact_startup *startup = (const struct fact_startup *)(const void *)fact;
	if (fact->kind == FACT_var && name_is_secret(var->name)) {
		struct fact_var copy = *var;
		copy.value = "***";
		return fact_to_text(arena, &copy.base);
	}
	if (fact->kind == FACT_startup && name_is_secret(startup->name)) {
		struct fact_startup copy = *startup;
		copy.value = "***";
		return fact_to_text(arena, &copy.base);
	}
	return fact_to_text(arena, fact);
}

static void every_fact(struct text *t) {
	strbuf_add_char(t->sheet.out, '\n');
	heading(t, "Facts");
	for (size_t kind = 0; kind < FACT_KIND_COUNT; kind++) {
		for (const struct fact *f = t->report->facts->first[kind]; f; f = f->next) {
			const char *source =
				f->ev ? arena_printf(t->arena, "  [%s, %s, %lld ms]", f->ev->source,
			                             ev_state_name(f->ev->state),
			                             (long long)(f->ev->at_ns / NS_PER_MS))
				      : "";
			sheet_command(&t->sheet, 2,
			              harmless(t->arena,
			                       arena_printf(t->arena, "%s%s",
			                                    fact_line(t->arena, f), source),
			                       t->sheet.style->utf8));
		}
	}
}

static void every_doubt(struct text *t) {
	const struct diagnosis *d = t->report->diagnosis;
	if (d->doubt_count > 0) {
		strbuf_add_char(t->sheet.out, '\n');
		heading(t, "Cannot tell");
	}
	for (size_t i = 0; i < d->doubt_count; i++) {
		indented(t, 2, 0,
		         arena_printf(t->arena, "%s: %s%s%s", d->doubts[i].id, d->doubts[i].because,
		                      *d->doubts[i].needs ? "; needs: " : "", d->doubts[i].needs));
	}
}

static void notes_and_doubts(struct text *t) {
	const struct diagnosis *d = t->report->diagnosis;
	for (size_t i = 0; i < d->note_count; i++) {
		headline(t, INK_BOLD, "note", d->notes[i]->title);
	}
	bool quiet = d->verdict == VERDICT_HEALTHY || t->sheet.style->verbose;
	if (d->doubt_count > 0 && !quiet) {
		headline(t, INK_PLAIN, "cannot tell",
		         arena_printf(t->arena, "%zu cause%s could not be looked for; -v says why",
		                      d->doubt_count, d->doubt_count == 1 ? "" : "s"));
	}
}

/* One line for each folder of the window. */
static void each_folder(struct text *t) {
	for (size_t i = 0; i < t->report->folder_count; i++) {
		const struct report_folder *folder = &t->report->folders[i];
		const struct diagnosis *d = folder->diagnosis;
		const char *why = folder->skipped        ? ", no Go code in it"
		                  : folder->suffers_from ? arena_printf(t->arena, ", because of %s",
		                                                        folder->suffers_from)
		                  : d->cause_count > 0
		                          ? arena_printf(t->arena, ": %s", d->causes[0]->rule->id)
		                          : "";
		headline(t, verdict_ink(d->verdict), "folder",
		         arena_printf(t->arena, "%s is %s%s", folder->target->workspace,
		                      verdict_name(d->verdict), why));
	}
}

/* What the file of the window names and nobody could look at. */
static void missing_folders(struct text *t) {
	const char *const *missing = t->report->target->window_missing;
	for (size_t i = 0; missing && missing[i]; i++) {
		headline(t, INK_YELLOW, "folder",
		         arena_printf(t->arena, "%s %s, though %s names it", missing[i],
		                      missing[i][0] == '/' ? "is not there"
		                                           : "is not on this machine",
		                      t->report->target->window_file));
	}
}

/* The latest words of the logs: what a given one says in any case, the others when something is
 * wrong. */
static void history(struct text *t) {
	const struct facts *facts = t->report->facts;
	bool ask = t->report->diagnosis->verdict != VERDICT_HEALTHY || t->sheet.style->verbose;
	size_t given = 0;
	size_t others = 0;
	facts_each (log_event, e, facts) {
		given += history_tells(e) && streq(e->source, "given");
		others += history_tells(e) && !streq(e->source, "given");
	}
	size_t skip_given = given > GIVEN_MAX ? given - GIVEN_MAX : 0;
	size_t skip_others = !ask ? others : others > HISTORY_MAX ? others - HISTORY_MAX : 0;
	facts_each (log_event, e, facts) {
		size_t *skip = streq(e->source, "given") ? &skip_given : &skip_others;
		if (!history_tells(e)) {
			continue;
		}
		if (*skip > 0) {
			(*skip)--;
			continue;
		}
		headline(t, INK_PLAIN, "log", history_line(t->arena, e));
	}
}

/* Windows of other editors have servers too: which one was judged must be clear. */
static void other_windows(struct text *t) {
	pid_t judged = t->report->target->editor_pid;
	facts_each (running_server, s, t->report->facts) {
		bool own = s->editor_pid == judged && judged > 0;
		if (judged <= 0 || s->editor_pid <= 0 || (own && str_empty(s->remote))) {
			continue;
		}
		const char *remote =
			*s->remote ? arena_printf(t->arena, ", through %s", s->remote) : "";
		headline(t, INK_PLAIN, own ? "this window" : "another window",
		         arena_printf(t->arena, "editor pid %lld has gopls pid %lld in %s%s",
		                      (long long)s->editor_pid, (long long)s->pid, s->cwd, remote));
	}
}

/* What changed since it last worked; nothing when that is not known. */
static void what_changed(struct text *t) {
	size_t more = 0;
	const char *const *lines =
		changes_in_words(t->arena, t->report->facts, t->report->diagnosis,
	                         CHANGES_SHOWN_MAX, clock_wall_ns(), &more);
	for (size_t i = 0; lines[i]; i++) {
		headline(t, INK_BOLD, "changed", lines[i]);
	}
	if (lines[0] && more > 0) {
		indented(t, 2, 0,
		         arena_printf(t->arena, "and %zu more: dialtone changed %s", more,
		                      str_shell_quote(t->arena, t->report->target->workspace)));
	}
}

/* What was recorded meanwhile: whether it says the same, and the calls behind the first cause. */
static void what_was_called(struct text *t) {
	const struct agreement *a = t->report->agreement;
	if (!a) {
		return;
	}
	unsigned long long all = a->trace.events + a->trace.lost;
	bool bad = a->word == AGREEMENT_DIFFER || a->word == AGREEMENT_NONE;
	const char *lost = a->trace.lost > 0 ? arena_printf(t->arena, ", %llu of them lost",
	                                                    (unsigned long long)a->trace.lost)
	                                     : "";
	const char *how = a->trace.backend ? arena_printf(t->arena, " (%llu events%s, by %s)", all,
	                                                  lost, a->trace.backend)
	                                   : "";
	headline(t, bad ? INK_YELLOW : INK_PLAIN, "recorded",
	         arena_printf(t->arena, "%s%s", a->sentence, how));
	for (size_t i = 0; i < a->count && (i == 0 || !a->causes[i].seen); i++) {
		for (const char *const *line = a->causes[i].calls; *line; line++) {
			indented(t, 2, EXCERPT_LINES_MAX, *line);
		}
	}
	if (a->trace.file) {
		indented(t, 2, 0,
		         arena_printf(t->arena, "kept: dialtone timeline %s",
		                      str_shell_quote(t->arena, a->trace.file)));
	}
}

void report_text(struct strbuf *out, const struct report *report,
                 const struct report_style *style) {
	struct text t = {
		.sheet = {.out = out, .style = style},
		.report = report,
		.arena = out->arena,
	};
	const struct diagnosis *d = report->diagnosis;
	const char *workspace =
		report->folder_count > 0 ? report->target->window_file : report->target->workspace;
	if (d->verdict == VERDICT_HEALTHY) {
		headline(&t, INK_GREEN, "healthy",
		         arena_printf(t.arena, "the editor features work in %s (%s; %s)", workspace,
		                      patient(&t), seconds(&t)));
	} else if (d->cause_count == 0) {
		unexplained(&t);
	}
	for (size_t i = 0; i < d->cause_count; i++) {
		cause(&t, d->causes[i], i == 0);
	}
	what_was_called(&t);
	each_folder(&t);
	missing_folders(&t);
	notes_and_doubts(&t);
	if (d->verdict != VERDICT_HEALTHY) {
		what_changed(&t);
		headline(&t, INK_PLAIN, "checked",
		         arena_printf(t.arena, "%s (%s) in %s", workspace, patient(&t),
		                      seconds(&t)));
	}
	history(&t);
	if (d->verdict != VERDICT_HEALTHY || style->verbose) {
		other_windows(&t);
	}
	if (style->verbose) {
		feature_table(&t);
		every_doubt(&t);
		every_fact(&t);
	}
}
