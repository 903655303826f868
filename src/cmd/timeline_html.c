/* SPDX-License-Identifier: MIT
 * A recorded start as a page for a browser: processes, phases, messages and waits on one axis, as an
 * inline SVG, and the same in words below it. No scripts, nothing from elsewhere.
 */
#include "base/clock.h"
#include "cmd/timeline.h"
#include "report/html.h"

#define WIDTH          1000
#define LABEL          230
#define ROW_HEIGHT     18
#define PROCESSES_MAX  200
#define MESSAGES_MAX   400
#define EPISODES_SHOWN 60

static const char style[] =
	"body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;"
	"color:#1a1a1a;background:#fff}h1{font-size:1.3rem}svg{width:100%;height:auto}"
	"text{font:11px system-ui,sans-serif;fill:#1a1a1a}"
	".axis{stroke:#bbb}.phase{fill:#eef2f7}.phase.odd{fill:#e0e7f0}.bar{fill:#2f6f9f}"
	".bad{fill:#a3333d}.client{stroke:#3b7d4f;stroke-width:2}.server{stroke:#8a5a00;stroke-"
	"width:2}"
	".wait{fill:#c46a1b}table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;"
	"text-align:left;vertical-align:top}td.n{text-align:right}";

struct drawing {
	struct strbuf *out;
	struct arena *arena;
	const struct timeline *line;
};

static double seconds(int64_t ns) {
	return (double)ns / (double)NS_PER_S;
}

static double place(const struct drawing *d, int64_t ns) {
	int64_t span = d->line->end_ns - d->line->start_ns;
	int64_t at = ns < d->line->start_ns ? 0 : ns - d->line->start_ns;
	return LABEL + (span > 0 ? (double)at / (double)span * (WIDTH - LABEL - 20) : 0);
}

static void rectangle(const struct drawing *d, const char *class, int64_t from_ns, int64_t to_ns,
                      int y, int height, const char *title) {
	double from = place(d, from_ns);
	double width = place(d, to_ns) - from;
	strbuf_printf(d->out,
	              "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>",
	              class, from, y, width < 1 ? 1 : width, height);
	html_text(d->out, title);
	strbuf_add(d->out, "</title></rect>\n");
}

static void label(const struct drawing *d, int y, const char *text) {
	strbuf_printf(d->out, "<text x=\"0\" y=\"%d\">", y);
	html_text(d->out, text);
	strbuf_add(d->out, "</text>\n");
}

static void draw_phases(const struct drawing *d, int height) {
	for (size_t i = 0; i < d->line->phase_count; i++) {
		const struct phase *p = &d->line->phases[i];
		rectangle(d, i % 2 ? "phase odd" : "phase", p->start_ns, p->end_ns, 0, height,
		          arena_printf(d->arena, "%s, %.3f s", phase_name(p->kind),
		                       seconds(p->end_ns - p->start_ns)));
	}
}

static void draw_axis(const struct drawing *d, int height) {
	int64_t span = d->line->end_ns - d->line->start_ns;
	for (int i = 0; i <= 5; i++) {
		double x = LABEL + i * (WIDTH - LABEL - 20) / 5.0;
		strbuf_printf(d->out,
		              "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>"
		              "<text x=\"%.1f\" y=\"%d\">%.2f s</text>\n",
		              x, x, height, x, height + 12, seconds(span) * i / 5);
	}
}

static void draw_processes(const struct drawing *d, size_t count) {
	for (size_t i = 0; i < count; i++) {
		const struct timeline_process *p = &d->line->processes[i];
		int y = (int)i * ROW_HEIGHT;
		const char *name =
			arena_printf(d->arena, "%.*s%s %s", p->depth < 6 ? p->depth * 2 : 12,
		                     "            ", p->program, p->words);
		label(d, y + 13, arena_printf(d->arena, "%.36s", name));
		rectangle(d, p->ended && p->status != 0 ? "bad" : "bar", p->start_ns, p->end_ns,
		          y + 3, 12,
		          arena_printf(d->arena, "%s, pid %d, %.3f s", name, (int)p->pid,
		                       seconds(p->end_ns - p->start_ns)));
	}
}

static void draw_messages(const struct drawing *d, int y) {
	label(d, y + 13, "messages");
	for (size_t i = 0; i < d->line->message_count && i < MESSAGES_MAX; i++) {
		const struct timeline_message *m = &d->line->messages[i];
		double x = place(d, m->at_ns);
		strbuf_printf(
			d->out,
			"<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"><title>",
			m->from_client ? "client" : "server", x, x, m->from_client ? y + 2 : y + 9,
			m->from_client ? y + 8 : y + 15);
		html_text(d->out, m->name);
		strbuf_add(d->out, "</title></line>\n");
	}
}

static void draw_waits(const struct drawing *d, int y) {
	label(d, y + 13, "waits");
	for (size_t i = 0; i < d->line->episodes.count; i++) {
		const struct episode *e = &d->line->episodes.items[i];
		if (e->waited_ns >= 100 * NS_PER_MS && e->kind != EPISODE_SLEEP) {
			rectangle(d, "wait", e->start_ns, e->start_ns + e->waited_ns, y + 3, 12,
			          episode_sentence(d->arena, e));
		}
	}
}

static void put_tables(const struct drawing *d) {
	strbuf_add(d->out,
	           "<h2>Phases</h2>\n<table><tr><th>phase</th><th>seconds</th><th>calls</th>"
	           "<th>failed</th><th>programs</th></tr>\n");
	for (size_t i = 0; i < d->line->phase_count; i++) {
		const struct phase *p = &d->line->phases[i];
		strbuf_printf(d->out,
		              "<tr><td>%s</td><td class=\"n\">%.3f%s</td><td class=\"n\">%llu</td>"
		              "<td class=\"n\">%llu</td><td class=\"n\">%llu</td></tr>\n",
		              phase_name(p->kind), seconds(p->end_ns - p->start_ns),
		              p->is_open ? "+" : "", (unsigned long long)p->calls,
		              (unsigned long long)p->failed, (unsigned long long)p->children);
	}
	strbuf_add(d->out, "</table>\n<h2>What happened</h2>\n<ul>\n");
	for (size_t i = 0, n = 0; i < d->line->episodes.count && n < EPISODES_SHOWN; i++) {
		const struct episode *e = &d->line->episodes.items[i];
		if (!e->is_noise) {
			strbuf_printf(d->out,
			              "<li>%.3f s: ", seconds(e->start_ns - d->line->start_ns));
			html_text(d->out, episode_sentence(d->arena, e));
			strbuf_add(d->out, "</li>\n");
			n++;
		}
	}
	strbuf_add(d->out, "</ul>\n");
}

static void put_drawing(struct strbuf *out, struct arena *arena, const char *file,
                        const struct timeline *line) {
	struct drawing d = {.out = out, .arena = arena, .line = line};
	size_t rows = line->process_count < PROCESSES_MAX ? line->process_count : PROCESSES_MAX;
	int height = (int)(rows + 2) * ROW_HEIGHT + 6;
	strbuf_add(out, "<h1>");
	html_text(out, timeline_summary(arena, line));
	strbuf_add(out, "</h1>\n<p>");
	html_text(out, file);
	strbuf_printf(out,
	              "</p>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"A bar for each "
	              "process, messages and waits below them, over time\">\n",
	              WIDTH, height + 16);
	draw_phases(&d, height);
	draw_axis(&d, height);
	draw_processes(&d, rows);
	draw_messages(&d, (int)rows * ROW_HEIGHT);
	draw_waits(&d, (int)(rows + 1) * ROW_HEIGHT);
	strbuf_add(out, "</svg>\n");
	put_tables(&d);
}

void timeline_html(struct strbuf *out, const struct timeline_view *view) {
	struct arena *arena = arena_new();
	strbuf_printf(out,
	              "<!DOCTYPE html>\n<!-- dialtone timeline -->\n<html lang=\"en\"><head>"
	              "<meta charset=\"utf-8\"><title>dialtone timeline</title><style>%s</style>"
	              "</head><body>\n",
	              style);
	if (view->other) {
		strbuf_add(out, "<p><strong>");
		html_text(out, view->divergence.found ? view->divergence.what
		                                      : "they do not differ in what matters");
		strbuf_add(out, "</strong></p>\n");
	}
	put_drawing(out, arena, view->file, view->line);
	if (view->other) {
		put_drawing(out, arena, view->other_file, view->other);
	}
	strbuf_add(out, "</body></html>\n");
	arena_free(arena);
}
