/* SPDX-License-Identifier: MIT
 */
#include "base/path.h"
#include "cmd/probe_result.h"
#include "report/harmless.h"
#include "report/sheet.h"

#define ROW_COLUMNS ((size_t)59) /* in front of the detail */

static bool is_answered(enum ask_state state) {
	return state == ASKED_OK;
}

static size_t features_asked(const struct survey *s, size_t *ret_ok) {
	size_t asked = 0;
	*ret_ok = 0;
	for (int i = 0; i < ASK_COUNT; i++) {
		asked += s->answers[i].state != ASKED_SKIPPED;
		*ret_ok += is_answered(s->answers[i].state);
	}
	return asked;
}

static size_t breach_kinds(const struct survey *s) {
	size_t n = 0;
	for (int i = 0; i < BREACH_COUNT; i++) {
		n += s->conformance.breaches[i].count > 0;
	}
	return n;
}

bool probe_is_hurt(const struct probe_result *r) {
	const struct survey *s = r->survey;
	size_t ok = 0, asked = features_asked(s, &ok);
	bool failed = false;
	for (int i = 0; i < ASK_COUNT; i++) {
		failed = failed || s->answers[i].state == ASKED_TIMEOUT ||
		         s->answers[i].state == ASKED_FAILED;
	}
	return s->ready_ns == 0 || s->initialize_error || failed || breach_kinds(s) > 0 ||
	       (asked > 0 && ok == 0);
}

/* "1.2 ms", "44 ms", "3.1 s"; "" for none. */
static const char *span(struct arena *arena, int64_t ns) {
	double ms = (double)ns / (double)NS_PER_MS;
	if (ns <= 0) {
		return "";
	}
	return ms < 10      ? arena_printf(arena, "%.1f ms", ms)
	       : ms < 10000 ? arena_printf(arena, "%.0f ms", ms)
	                    : arena_printf(arena, "%.1f s", ms / 1000);
}

static const char *bytes(struct arena *arena, int64_t n) {
	return n < 10000      ? arena_printf(arena, "%lld B", (long long)n)
	       : n < 10000000 ? arena_printf(arena, "%lld kB", (long long)n / 1000)
	                      : arena_printf(arena, "%lld MB", (long long)n / 1000000);
}

/* The word with the number in it: "14.0.6" of "Debian clangd version 14.0.6". */
static const char *version_word(struct arena *arena, const char *version) {
	struct slice rest = slice_str(version), word;
	while (slice_cut(&rest, ' ', &word)) {
		if (word.len > 0 && strcspn(arena_slicedup(arena, word), "0123456789") < word.len) {
			return arena_slicedup(arena, slice_trim(word));
		}
	}
	return "";
}

static const char *first_line(struct arena *arena, const struct probe_result *r) {
	const struct survey *s = r->survey;
	const char *name = str_empty(s->server_name) ? path_base(r->server) : s->server_name;
	const char *version = s->server_version;
	size_t ok = 0, asked = features_asked(s, &ok);
	if (s->life == SURVEY_FAILED) {
		return arena_printf(arena, "%s could not be %s: %s", r->server,
		                    strchr(r->server, '/') || !strchr(r->server, ':') ? "started"
		                                                                      : "reached",
		                    s->error > 0 ? strerror(s->error) : "no reason was given");
	}
	if (s->ready_ns == 0) {
		return s->by_itself
		               ? arena_printf(arena,
		                              "%s ended (%s) without answering initialize%s%s",
		                              r->server, s->end,
		                              str_empty(s->stderr_head) ? "" : ": ", s->stderr_head)
		               : arena_printf(arena, "%s does not answer initialize", r->server);
	}
	if (s->initialize_error) {
		return arena_printf(arena, "%s refused initialize: %s", r->server,
		                    s->initialize_error);
	}
	version = version_word(arena, version);
	return arena_printf(arena, "%s%s%s%s: %zu of %zu features answer in %s", name,
	                    str_empty(version) ? "" : " ", version,
	                    breach_kinds(s) > 0 ? ", against the protocol" : "", ok, asked,
	                    s->script.file ? s->script.file : r->dir);
}

/* Then there is room for one time only, and for words below it where something is wrong. */
static bool is_narrow(const struct sheet *sheet) {
	return sheet->style->columns < ROW_COLUMNS + 15;
}

static void put_row(struct sheet *sheet, const char *name, const struct survey_answer *a,
                    int64_t first_ns) {
	struct arena *arena = sheet->out->arena;
	const char *detail = harmless(arena, a->detail ? a->detail : "", sheet->style->utf8);
	const char *state = a->state == ASKED_NO_ANSWER ? "no answer" : ask_state_name(a->state);
	bool narrow = is_narrow(sheet);
	bool known = a->count > 0 && !narrow;
	const char *row =
		arena_printf(arena, "  %-19s%-10s%8s %8s %8s", name, state, span(arena, first_ns),
	                     known ? span(arena, survey_percentile(arena, a, 0.5)) : "",
	                     known ? span(arena, survey_percentile(arena, a, 0.95)) : "");
	if (*detail && !narrow) {
		strbuf_printf(sheet->out, "%s  ", row);
		sheet_prose(sheet, ROW_COLUMNS, ROW_COLUMNS, 0, detail);
		return;
	}
	struct slice shown = slice_trim(slice_str(row));
	strbuf_printf(sheet->out, "  %.*s\n", (int)shown.len, shown.data);
	if (*detail && a->state != ASKED_OK) {
		strbuf_add(sheet->out, "    ");
		sheet_prose(sheet, 4, 4, 0, detail);
	}
}

static void put_table(struct sheet *sheet, const struct survey *s, bool verbose) {
	strbuf_printf(sheet->out, "\n  %-19s%-10s%8s%s\n", "FEATURE", "STATE", "FIRST",
	              is_narrow(sheet) ? "" : "      P50      P95");
	put_row(sheet, "initialize", &(struct survey_answer){.state = ASKED_OK}, s->ready_ns);
	size_t left_out = 0;
	for (int i = 0; i < ASK_COUNT; i++) {
		struct survey_answer a = s->answers[i];
		if (i == ASK_DIAGNOSTICS && s->diagnostics_ns > 0) {
			a.state = ASKED_OK;
			a.detail = arena_printf(sheet->out->arena, "%zu", s->diagnostics);
			a.first_ns = s->diagnostics_ns;
		}
		if (a.state == ASKED_SKIPPED && !verbose) {
			left_out++;
			continue;
		}
		put_row(sheet, ask_name((enum ask)i), &a, a.first_ns);
	}
	if (left_out > 0) {
		strbuf_add(sheet->out, "  ");
		sheet_prose(sheet, 2, 2, 0,
		            arena_printf(sheet->out->arena,
		                         "%zu more %s not offered or %s no place to be asked "
		                         "(--verbose lists %s)",
		                         left_out, left_out == 1 ? "is" : "are",
		                         left_out == 1 ? "has" : "have",
		                         left_out == 1 ? "it" : "them"));
	}
}

static void put_costs(struct sheet *sheet, const struct probe_result *r) {
	struct arena *arena = sheet->out->arena;
	const struct survey *s = r->survey;
	struct strbuf line;
	strbuf_init(&line, arena);
	strbuf_printf(&line, "Cost: %s sent, %s received", bytes(arena, (int64_t)s->sent_bytes),
	              bytes(arena, (int64_t)s->received_bytes));
	if (r->costs.known) {
		strbuf_printf(&line, ", %.2f s of CPU, %s resident at most",
		              (double)r->costs.cpu_ms / 1000, bytes(arena, r->costs.peak_bytes));
	}
	size_t shown = 0;
	for (size_t i = 0; i < r->costs.child_kinds; i++) {
		if (r->costs.children[i].seen > 0) { /* 0: one that only changed its name */
			strbuf_printf(&line, "%s%s x%zu",
			              shown++ == 0 ? ", processes seen: " : ", ",
			              r->costs.children[i].comm, r->costs.children[i].seen);
		}
	}
	strbuf_add(sheet->out, "\n");
	sheet_prose(sheet, 0, 6, 0, line.data);
	if (r->cold) {
		sheet_prose(sheet, 0, 6, 0,
		            arena_printf(arena,
		                         "Cold: with empty caches initialize took %s, the first "
		                         "answer %s; warm %s and %s.",
		                         span(arena, r->cold->ready_ns),
		                         span(arena, r->cold->answers[0].first_ns),
		                         span(arena, s->ready_ns),
		                         span(arena, s->answers[0].first_ns)));
	}
}

static void put_breaches(struct sheet *sheet, const struct survey *s) {
	struct arena *arena = sheet->out->arena;
	for (int i = 0; i < BREACH_COUNT; i++) {
		const struct breach_seen *seen = &s->conformance.breaches[i];
		if (seen->count > 0) {
			sheet_prose(sheet, 0, 10, 3,
			            arena_printf(arena,
			                         "Protocol: %s (%llu time%s, first at %lld ms)%s%s",
			                         breach_title((enum breach)i),
			                         (unsigned long long)seen->count,
			                         seen->count == 1 ? "" : "s",
			                         (long long)(seen->at_ns / NS_PER_MS),
			                         str_empty(seen->example) ? "" : ": ",
			                         seen->example));
		}
	}
	if (breach_kinds(s) == 0 && s->ready_ns > 0) {
		strbuf_add(sheet->out, "Protocol: nothing against it was seen\n");
	}
}

void probe_text(struct strbuf *out, const struct probe_result *r,
                const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};
	sheet_prose(&sheet, 0, 2, 0, first_line(out->arena, r));
	if (r->survey->ready_ns > 0 && !r->survey->initialize_error) {
		put_table(&sheet, r->survey, style->verbose);
		put_costs(&sheet, r);
	}
	put_breaches(&sheet, r->survey);
}
