/* SPDX-License-Identifier: MIT
 * A recorded start as text: the answer, the phases, the processes as bars, what happened.
 */
#include "base/clock.h"
#include "base/path.h"
#include "cmd/timeline.h"
#include "report/harmless.h"
#include "report/sheet.h"

#include <sys/wait.h>

#define LABEL_COLUMNS   26
#define BAR_MIN         20
#define PROCESSES_SHOWN 24
#define MESSAGES_SHOWN  16
#define EPISODES_SHOWN  12

static double seconds(int64_t ns) {
	return (double)ns / (double)NS_PER_S;
}

static const struct phase *open_phase(const struct timeline *line) {
	const struct phase *last =
		line->phase_count > 0 ? &line->phases[line->phase_count - 1] : NULL;
	return last && last->is_open && last->kind != PHASE_WORK ? last : NULL;
}

static const char *stuck_words(enum phase_kind kind) {
	switch (kind) {
	case PHASE_SPAWN:
		return "was never executed";
	case PHASE_RUNTIME:
		return "never read its standard input";
	case PHASE_WAITING:
		return "was never sent initialize";
	case PHASE_INIT:
		return "never answered initialize";
	case PHASE_COMMANDS:
		return "never got an end of its go commands";
	default:
		return "never published diagnostics";
	}
}

const char *timeline_summary(struct arena *arena, const struct timeline *line) {
	if (line->phase_count == 0) {
		return "no language server was started while this was recorded";
	}
	const struct phase *stuck = open_phase(line);
	const char *where =
		str_empty(line->workspace) ? "" : arena_printf(arena, " in %s", line->workspace);
	if (stuck) {
		return arena_printf(arena, "%s%s %s; %.2f s were recorded", line->server, where,
		                    stuck_words(stuck->kind),
		                    seconds(line->end_ns - line->start_ns));
	}
	for (size_t i = 0; i < line->phase_count; i++) {
		if (line->phases[i].kind == PHASE_LOAD) {
			return arena_printf(arena,
			                    "%s%s had its first diagnostics %.2f s after its start",
			                    line->server, where,
			                    seconds(line->phases[i].end_ns - line->start_ns));
		}
	}
	return arena_printf(arena, "%s%s: %.2f s were recorded", line->server, where,
	                    seconds(line->end_ns - line->start_ns));
}

static const char *waits_of(struct arena *arena, const struct phase *p) {
	struct strbuf out;
	strbuf_init(&out, arena);
	const struct {
		const char *name;
		int64_t ns;
	} parts[] = {{"locks", p->lock_ns},
	             {"network", p->net_ns},
	             {"files", p->file_ns},
	             {"sleep", p->sleep_ns}};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i].ns >= 10 * NS_PER_MS) {
			strbuf_printf(&out, "%s%s %.2f s", out.len > 0 ? ", " : "", parts[i].name,
			              seconds(parts[i].ns));
		}
	}
	return out.data;
}

static void put_phases(struct sheet *sheet, struct arena *arena, const struct timeline *line) {
	sheet_ink(sheet, INK_BOLD, "Phases");
	strbuf_add(sheet->out, "\n");
	for (size_t i = 0; i < line->phase_count; i++) {
		const struct phase *p = &line->phases[i];
		const char *waits = waits_of(arena, p);
		strbuf_printf(sheet->out, "  %-11s%9.3f s%s ", phase_name(p->kind),
		              seconds(p->end_ns - p->start_ns), p->is_open ? "+" : " ");
		sheet_prose(
			sheet, 26, 26, 0,
			arena_printf(arena, "%llu calls, %llu failed%s%s%s",
		                     (unsigned long long)p->calls, (unsigned long long)p->failed,
		                     p->children > 0 ? arena_printf(arena, ", %llu programs",
		                                                    (unsigned long long)p->children)
		                                     : "",
		                     str_empty(waits) ? "" : "; ", waits));
	}
}

/* ---- bars ---- */

struct scale {
	int64_t start_ns, end_ns;
	size_t columns;
	const char *full;
	const char *thin;
};

static size_t column_of(const struct scale *s, int64_t ns) {
	int64_t span = s->end_ns - s->start_ns;
	if (ns <= s->start_ns || span <= 0) {
		return 0;
	}
	size_t at = (size_t)((double)(ns - s->start_ns) * (double)s->columns / (double)span);
	return at < s->columns ? at : s->columns - 1;
}

static void put_bar(struct strbuf *out, const struct scale *s, int64_t from_ns, int64_t to_ns) {
	size_t from = column_of(s, from_ns);
	size_t to = column_of(s, to_ns);
	for (size_t i = 0; i < from; i++) {
		strbuf_add(out, " ");
	}
	for (size_t i = from; i <= to; i++) {
		strbuf_add(out, to > from || i > from ? s->full : s->thin);
	}
}

static const char *fate(struct arena *arena, const struct timeline_process *p) {
	if (!p->ended || p->status == 0) {
		return p->ended ? "" : " ...";
	}
	return WIFSIGNALED(p->status) ? arena_printf(arena, " signal %d", WTERMSIG(p->status))
	                              : arena_printf(arena, " status %d", WEXITSTATUS(p->status));
}

static void put_process(struct sheet *sheet, struct arena *arena, const struct scale *s,
                        const struct timeline_process *p) {
	const char *name =
		harmless(arena,
	                 arena_printf(arena, "%*s%s %s", p->depth < 6 ? p->depth * 2 : 12, "",
	                              p->program, p->words),
	                 sheet->style->utf8);
	strbuf_printf(sheet->out, "  %-*.*s ", LABEL_COLUMNS - 3, LABEL_COLUMNS - 3, name);
	put_bar(sheet->out, s, p->start_ns, p->end_ns);
	strbuf_printf(sheet->out, "%s\n", fate(arena, p));
}

/* Beyond so many rows the shortest are left out: they explain least. */
static int64_t shortest_shown(struct arena *arena, const struct timeline *line, bool all) {
	if (all || line->process_count <= PROCESSES_SHOWN) {
		return 0;
	}
	int64_t *spans = arena_array_of(arena, int64_t, PROCESSES_SHOWN + 1);
	for (size_t i = 0; i < line->process_count; i++) {
		int64_t span = line->processes[i].end_ns - line->processes[i].start_ns;
		size_t at = i < PROCESSES_SHOWN ? i : PROCESSES_SHOWN;
		for (; at > 0 && spans[at - 1] < span; at--) {
			spans[at] = spans[at - 1];
		}
		spans[at] = span;
	}
	return spans[PROCESSES_SHOWN - 1];
}

static void put_processes(struct sheet *sheet, struct arena *arena, const struct timeline *line,
                          bool all) {
	size_t columns = sheet->style->columns > 0 ? sheet->style->columns : 80;
	size_t room =
		columns > LABEL_COLUMNS + BAR_MIN + 12 ? columns - LABEL_COLUMNS - 12 : BAR_MIN;
	const struct scale s = {.start_ns = line->start_ns,
	                        .end_ns = line->end_ns,
	                        .columns = room,
	                        .full = sheet->style->utf8 ? "\xe2\x96\x88" : "#",
	                        .thin = sheet->style->utf8 ? "\xe2\x96\x8c" : "|"};
	int64_t least = shortest_shown(arena, line, all);
	size_t hidden = 0;
	size_t shown = 0;
	sheet_ink(sheet, INK_BOLD, "Processes");
	strbuf_printf(sheet->out, "%*s0%*.2f s\n", LABEL_COLUMNS - 9, "", (int)room - 1,
	              seconds(line->end_ns - line->start_ns));
	for (size_t i = 0; i < line->process_count; i++) {
		const struct timeline_process *p = &line->processes[i];
		if (!all && (shown >= PROCESSES_SHOWN ||
		             (p->end_ns - p->start_ns < least && !p->is_server))) {
			hidden++;
			continue;
		}
		put_process(sheet, arena, &s, p);
		shown++;
	}
	if (hidden > 0) {
		strbuf_printf(sheet->out, "  and %zu shorter ones (--all)\n", hidden);
	}
}

/* ---- conversation and episodes ---- */

static bool is_chatter(const struct timeline_message *m) {
	return str_empty(m->name) || streq(m->name, "answer") || streq(m->name, "$/progress") ||
	       (streq(m->name, "window/logMessage") && str_empty(m->text));
}

static void put_messages(struct sheet *sheet, struct arena *arena, const struct timeline *line,
                         bool all) {
	size_t shown = 0;
	size_t hidden = 0;
	if (line->message_count == 0) {
		return;
	}
	sheet_ink(sheet, INK_BOLD, "Conversation");
	strbuf_add(sheet->out, "\n");
	for (size_t i = 0; i < line->message_count; i++) {
		const struct timeline_message *m = &line->messages[i];
		if (!all && (is_chatter(m) || shown >= MESSAGES_SHOWN)) {
			hidden++;
			continue;
		}
		shown++;
		strbuf_printf(sheet->out, "  %8.3f s  %s ", seconds(m->at_ns - line->start_ns),
		              m->from_client ? "->" : "<-");
		sheet_prose(sheet, 17, 17, all ? 0 : 1,
		            str_empty(m->text) ? m->name
		                               : arena_printf(arena, "%s: %s", m->name, m->text));
	}
	if (hidden > 0) {
		strbuf_printf(sheet->out, "  and %zu more (--all)\n", hidden);
	}
}

static void put_episodes(struct sheet *sheet, struct arena *arena, const struct timeline *line,
                         bool all) {
	size_t shown = 0;
	size_t hidden = 0;
	for (size_t i = 0; i < line->episodes.count; i++) {
		const struct episode *e = &line->episodes.items[i];
		if (!all && (e->is_noise || shown >= EPISODES_SHOWN)) {
			hidden++;
			continue;
		}
		if (shown++ == 0) {
			sheet_ink(sheet, INK_BOLD, "What happened");
			strbuf_add(sheet->out, "\n");
		}
		strbuf_printf(sheet->out, "  %8.3f s  ", seconds(e->start_ns - line->start_ns));
		sheet_prose(sheet, 14, 14, 0,
		            arena_printf(arena, "%s%s", episode_sentence(arena, e),
		                         e->is_noise ? " (healthy ones do, too)" : ""));
	}
	if (hidden > 0) {
		strbuf_printf(sheet->out, "  and %zu that matter less (--all)\n", hidden);
	}
}

static void put_line(struct sheet *sheet, struct arena *arena, const struct timeline_view *view,
                     const struct timeline *line) {
	sheet_prose(sheet, 0, 2, 0, timeline_summary(arena, line));
	if (line->lost > 0) {
		sheet_prose(sheet, 0, 2, 0,
		            arena_printf(arena, "%llu events are missing in it",
		                         (unsigned long long)line->lost));
	}
	if (line->phase_count > 0) {
		put_phases(sheet, arena, line);
	}
	put_processes(sheet, arena, line, view->all);
	put_messages(sheet, arena, line, view->all);
	put_episodes(sheet, arena, line, view->all);
}

static void put_difference(struct sheet *sheet, struct arena *arena,
                           const struct timeline_view *view) {
	const struct divergence *d = &view->divergence;
	sheet_prose(sheet, 0, 2, 0,
	            d->found ? arena_printf(arena, "they part after %.2f s: %s", seconds(d->at_ns),
	                                    d->what)
	                     : "they do not differ in what matters");
	sheet_ink(sheet, INK_BOLD, "Phases");
	strbuf_printf(sheet->out, "%*s%12s%12s\n", 8, "", "first", "second");
	for (enum phase_kind kind = 0; kind < PHASE_COUNT; kind++) {
		strbuf_printf(sheet->out, "  %-12s", phase_name(kind));
		const struct timeline *lines[] = {view->line, view->other};
		for (size_t k = 0; k < 2; k++) {
			const char *text = "-";
			for (size_t i = 0; i < lines[k]->phase_count; i++) {
				const struct phase *p = &lines[k]->phases[i];
				if (p->kind == kind) {
					text = arena_printf(arena, "%.3f s%s",
					                    seconds(p->end_ns - p->start_ns),
					                    p->is_open ? "+" : "");
				}
			}
			strbuf_printf(sheet->out, "%12s", text);
		}
		strbuf_add(sheet->out, "\n");
	}
}

void timeline_text(struct strbuf *out, const struct timeline_view *view,
                   const struct report_style *style) {
	struct arena *arena = arena_new();
	struct sheet sheet = {.out = out, .style = style};
	if (view->other) {
		put_difference(&sheet, arena, view);
	} else {
		put_line(&sheet, arena, view, view->line);
	}
	arena_free(arena);
}
