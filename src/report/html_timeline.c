/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "report/html.h"
#include "wire/rpc.h"
#include "wire/transcript.h"

#define ROWS_MAX   40
#define DOTS_MAX   200
#define ROW_HEIGHT 18
#define LABEL      200 /* columns of the drawing that hold the names */
#define WIDTH      900

struct row {
	const char *method;
	int64_t id, from_ns, to_ns; /* to_ns -1: never answered */
};

struct timeline {
	struct arena *arena;
	struct row rows[ROWS_MAX];
	size_t count;
	int64_t errors_ns[DOTS_MAX]; /* when the server said that something is wrong */
	size_t error_count;
	int64_t end_ns;
};

static void take_sent(struct timeline *t, const struct rpc_message *m, int64_t at_ns) {
	if (m->kind == RPC_REQUEST && t->count < ROWS_MAX) {
		t->rows[t->count++] = (struct row){
			.method = arena_strdup(t->arena, m->method),
			.id = json_object_get_int64(m->id),
			.from_ns = at_ns,
			.to_ns = -1,
		};
	}
}

static bool is_complaint(const struct rpc_message *m) {
	struct json_object *type = NULL;
	return (streq(m->method, "window/showMessage") || streq(m->method, "window/logMessage")) &&
	       json_object_object_get_ex(m->params, "type", &type) &&
	       json_object_get_int64(type) == 1;
}

static void take_received(struct timeline *t, const struct rpc_message *m, int64_t at_ns) {
	for (size_t i = 0; m->kind == RPC_RESPONSE && i < t->count; i++) {
		if (t->rows[i].to_ns < 0 && rpc_has_id(m, t->rows[i].id)) {
			t->rows[i].to_ns = at_ns;
			return;
		}
	}
	if (m->kind == RPC_NOTIFICATION && is_complaint(m) && t->error_count < DOTS_MAX) {
		t->errors_ns[t->error_count++] = at_ns;
	}
}

static void read_events(struct timeline *t, struct slice bytes) {
	struct transcript_reader reader;
	struct transcript_event event;
	struct err err;
	if (transcript_reader_init(&reader, bytes, &err) < 0) {
		return;
	}
	while (transcript_next(&reader, &event, &err) == 1) {
		struct rpc_message m = {0};
		t->end_ns = event.at_ns > t->end_ns ? event.at_ns : t->end_ns;
		if (event.kind == TRANSCRIPT_SENT || event.kind == TRANSCRIPT_RECEIVED) {
			rpc_parse(event.payload, &m);
			if (event.kind == TRANSCRIPT_SENT) {
				take_sent(t, &m, event.at_ns);
			} else {
				take_received(t, &m, event.at_ns);
			}
			rpc_message_release(&m);
		}
	}
}

static double place(const struct timeline *t, int64_t ns) {
	return LABEL + (double)ns / (double)t->end_ns * (WIDTH - LABEL - 60);
}

/* 1, 2 or 5 times a power of ten, so that there are four to ten marks. */
static int64_t step_ms(int64_t total_ms) {
	static const int64_t factors[] = {1, 2, 5};
	for (int64_t power = 1; power <= 1000000; power *= 10) {
		for (size_t i = 0; i < sizeof(factors) / sizeof(*factors); i++) {
			if (total_ms / (factors[i] * power) < 10) {
				return factors[i] * power;
			}
		}
	}
	return total_ms + 1;
}

static void draw_axis(struct strbuf *out, const struct timeline *t, int height) {
	int64_t total_ms = t->end_ns / NS_PER_MS;
	int64_t step = step_ms(total_ms);
	for (int64_t ms = 0; ms <= total_ms; ms += step) {
		double x = place(t, ms * NS_PER_MS);
		strbuf_printf(out,
		              "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>",
		              x, x, height - 16);
		strbuf_printf(out, "<text x=\"%.1f\" y=\"%d\">%lld ms</text>\n", x, height - 4,
		              (long long)ms);
	}
}

static void draw_row(struct strbuf *out, const struct timeline *t, size_t i) {
	const struct row *row = &t->rows[i];
	int64_t end_ns = row->to_ns < 0 ? t->end_ns : row->to_ns;
	double from = place(t, row->from_ns), to = place(t, end_ns);
	int y = (int)i * ROW_HEIGHT;
	const char *name = strrchr(row->method, '/');
	strbuf_printf(out, "<text x=\"0\" y=\"%d\">", y + 13);
	html_text(out, name ? name + 1 : row->method);
	strbuf_printf(
		out, "</text><rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"12\"/>",
		row->to_ns < 0 ? "open" : "bar", from, y + 3, to - from < 2 ? 2 : to - from);
	strbuf_printf(out, "<text x=\"%.1f\" y=\"%d\">", to + 4, y + 13);
	if (row->to_ns < 0) {
		strbuf_add(out, "no answer");
	} else {
		strbuf_printf(out, "%lld ms", (long long)((end_ns - row->from_ns) / NS_PER_MS));
	}
	strbuf_add(out, "</text>\n");
}

void html_timeline(struct strbuf *out, struct slice transcript) {
	struct timeline *t = arena_new_of(out->arena, struct timeline);
	size_t answered = 0;
	t->arena = out->arena;
	t->end_ns = NS_PER_MS;
	read_events(t, transcript);
	if (t->count == 0) {
		return;
	}
	for (size_t i = 0; i < t->count; i++) {
		answered += t->rows[i].to_ns >= 0;
	}
	int height = (int)t->count * ROW_HEIGHT + 26;
	strbuf_printf(
		out,
		"<h3>The conversation over time</h3>\n<p class=\"soft\">%zu of %zu questions were "
		"answered within %lld ms; %zu error messages came meanwhile%s.</p>\n"
		"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Timeline\">"
		"<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"A bar for each question, "
		"from "
		"when it was asked to its answer\">\n",
		answered, t->count, (long long)(t->end_ns / NS_PER_MS), t->error_count,
		t->error_count > 0 ? " (marked at the bottom)" : "", WIDTH, height);
	draw_axis(out, t, height);
	for (size_t i = 0; i < t->count; i++) {
		draw_row(out, t, i);
	}
	for (size_t i = 0; i < t->error_count; i++) {
		strbuf_printf(out, "<circle class=\"said\" cx=\"%.1f\" cy=\"%d\" r=\"3\"/>",
		              place(t, t->errors_ns[i]), (int)t->count * ROW_HEIGHT + 6);
	}
	strbuf_add(out, "</svg></div>\n");
}
