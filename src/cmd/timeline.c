/* SPDX-License-Identifier: MIT
 * `dialtone timeline FILE [OTHER]`: a recorded start laid out in time; of two, where they part.
 */
#include "cmd/timeline.h"

#include "base/str.h"
#include "cmd/failure.h"
#include "cmd/output.h"
#include "trace/store_read.h"

struct timeline_options {
	const char *baseline;
	const char *html;
	bool all, json;
	const char *color;
};

#define AT(member) offsetof(struct timeline_options, member)
static const struct option_spec specs[] = {
	{"baseline", 'b', "FILE", OPTION_TEXT, AT(baseline),
         "a recording of a healthy start: what it has too is noise"},
	{"all", 'a', NULL, OPTION_FLAG, AT(all), "every process and message, and noise"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "for programs"},
	{"html", 0, "FILE", OPTION_TEXT, AT(html), "also write a page for a browser"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

/* Two passes: what happened when, then what each phase did. */
static int read_line(struct arena *arena, struct reader *reader, struct timeline **ret,
                     struct err *err) {
	struct testimony *testimony =
		testimony_new(arena, reader_meta_number(reader, "wall_offset_ns"));
	struct event_sink first = testimony_sink(testimony);
	const struct event_filter all = {0};
	const struct event_filter bare = {.no_data = true};
	int r = reader_each(reader, &all, &first, err);
	*ret = r < 0 ? NULL : timeline_make(arena, testimony);
	testimony_free(testimony);
	if (r < 0) {
		return r;
	}
	struct event_sink second = timeline_sink(*ret);
	return reader_each(reader, &bare, &second, err);
}

static int open_line(struct arena *arena, const char *file, struct timeline **ret,
                     struct err *err) {
	struct reader reader = {0};
	int r = reader_open(&reader, file, err);
	r = r < 0 ? r : read_line(arena, &reader, ret, err);
	reader_close(&reader);
	return r;
}

static int show(struct arena *arena, const struct timeline_options *o,
                const struct timeline_view *view, int status) {
	struct terminal terminal = terminal_find(o->color);
	struct report_style style = {
		.colour = terminal.colour, .utf8 = terminal.utf8, .columns = terminal.columns};
	struct strbuf out;
	struct err err;
	strbuf_init(&out, arena);
	if (o->html) {
		struct strbuf page;
		strbuf_init(&page, arena);
		timeline_html(&page, view);
		if (output_file(o->html, &page, "<!DOCTYPE html>\n<!-- dialtone timeline -->\n",
		                &err) < 0) {
			output_complain("%s", err.msg);
			return STATUS_UNKNOWN;
		}
	}
	if (o->json) {
		timeline_json(&out, view);
	} else {
		timeline_text(&out, view, &style);
	}
	return output_write(&out, status);
}

static int run_in(struct arena *arena, const struct timeline_options *o,
                  const char *const *operands, size_t count) {
	struct timeline_view view = {.file = operands[0], .all = o->all};
	struct timeline *healthy = NULL;
	struct err err = {0};
	int r = open_line(arena, operands[0], &view.line, &err);
	if (r == 0 && count > 1) {
		view.other_file = operands[1];
		r = open_line(arena, operands[1], &view.other, &err);
	}
	if (r == 0 && o->baseline) {
		r = open_line(arena, o->baseline, &healthy, &err);
	}
	if (r < 0) {
		return failure_of_file(&err, r);
	}
	if (healthy) {
		episodes_compare(&view.line->episodes, &healthy->episodes);
	}
	if (view.other) {
		view.divergence = timeline_compare(arena, view.line, view.other);
	}
	return show(arena, o, &view, view.divergence.found ? STATUS_FOUND : STATUS_HEALTHY);
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct timeline_options *o = options;
	if (!color_is_valid(o->color)) {
		return STATUS_USAGE;
	}
	if (operand_count == 0) {
		output_complain(
			"timeline: expected the file of a recording (dialtone trace -o FILE)");
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	int status = run_in(arena, o, operands, operand_count);
	arena_free(arena);
	return status;
}

const struct command command_timeline = {
	.name = "timeline",
	.synopsis = "FILE [OTHER]",
	.summary = "Lay out a recorded start in time; of two, tell where they part",
	.options = specs,
	.options_size = sizeof(struct timeline_options),
	.notes = "FILE is what `dialtone trace -o FILE` wrote. Status: 0, or 1 when two differ.\n",
	.max_operands = 2,
	.run = run,
};
