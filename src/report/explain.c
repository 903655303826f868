/* SPDX-License-Identifier: MIT */
#include "report/explain.h"

#include "report/json_frame.h"
#include "report/sheet.h"

#define FENCE "```"

void explain_table(struct strbuf *out, const struct rule *const *rules,
                   const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};
	int id_width = 5;
	for (size_t i = 0; rules[i]; i++) {
		int width = (int)strlen(rules[i]->id);
		id_width = width > id_width ? width : id_width;
	}
	sheet_ink(&sheet, INK_BOLD,
	          arena_printf(out->arena, "%-*s LAYER WAVE WHAT IT IS", id_width, "CAUSE"));
	strbuf_add_char(out, '\n');
	for (size_t i = 0; rules[i]; i++) {
		size_t start = out->len;
		strbuf_printf(out, "%-*s %-5s %-4d ", id_width, rules[i]->id,
		              rule_layer(out->arena, rules[i]), rules[i]->wave);
		sheet_prose(&sheet, out->len - start, out->len - start, 0, rules[i]->title);
	}
}

static void put_rule(struct json *json, const struct rule *rule) {
	json_put(json, "id", rule->id);
	json_put(json, "layer", rule_layer(json->out->arena, rule));
	json_put_number(json, "wave", rule->wave);
	json_put(json, "title", rule->title);
	json_put(json, "severity", severity_name(rule->severity));
}

void explain_table_json(struct strbuf *out, const struct rule *const *rules) {
	struct json json = {.out = out};
	json_open(&json, '[');
	for (size_t i = 0; rules[i]; i++) {
		json_newline(&json, 1);
		json_open(&json, '{');
		put_rule(&json, rules[i]);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	strbuf_add_char(out, '\n');
}

/* Lines that keep their shape: tables, items of lists. */
static bool stands_alone(struct slice line) {
	return slice_starts(line, "|") || slice_starts(line, "- ") || slice_starts(line, "  ");
}

static void end_paragraph(struct sheet *sheet, struct strbuf *prose) {
	if (prose->len > 0) {
		sheet_prose(sheet, 0, 0, 0, prose->data);
		strbuf_init(prose, sheet->out->arena);
	}
}

void explain_page(struct strbuf *out, const char *page, const struct report_style *style) {
	struct sheet sheet = {.out = out, .style = style};
	struct slice rest = slice_str(page);
	struct slice line;
	struct strbuf prose; /* the lines of a paragraph, whatever their length in the file */
	bool code = false;
	strbuf_init(&prose, out->arena);
	while (slice_line(&rest, &line)) {
		const char *text = arena_slicedup(out->arena, line);
		bool fence = slice_starts(line, FENCE);
		if (!fence && !code && line.len > 0 && text[0] != '#' && !stands_alone(line)) {
			strbuf_printf(&prose, "%s%s", prose.len > 0 ? " " : "", text);
			continue;
		}
		end_paragraph(&sheet, &prose);
		if (fence) {
			code = !code;
		} else if (line.len == 0) {
			strbuf_add_char(out, '\n');
		} else if (code) {
			sheet_command(&sheet, 4, text);
		} else if (text[0] == '#') {
			sheet_ink(&sheet, INK_BOLD, text + strspn(text, "# "));
			strbuf_add_char(out, '\n');
		} else if (slice_starts(line, "- ")) {
			sheet_prose(&sheet, 0, 2, 0, text);
		} else {
			sheet_command(&sheet, 0, text);
		}
	}
	end_paragraph(&sheet, &prose);
}

static void put_section(struct json *json, const char *heading, const struct strbuf *text) {
	struct slice body = slice_trim(slice_of(text->data, text->len));
	if (body.len == 0) {
		return;
	}
	json_open_element(json, '{');
	json_put(json, "heading", heading);
	json_put(json, "text", arena_slicedup(json->out->arena, body));
	json_close(json, '}');
}

void explain_json(struct strbuf *out, const struct rule *rule, const char *page) {
	struct json json = {.out = out};
	struct slice rest = slice_str(page);
	struct slice line;
	struct strbuf text;
	const char *heading = "";
	strbuf_init(&text, out->arena);
	json_open(&json, '{');
	put_rule(&json, rule);
	json_open_member(&json, "sections", '[');
	while (slice_line(&rest, &line)) {
		if (slice_starts(line, "## ")) {
			put_section(&json, heading, &text);
			heading = arena_strndup(out->arena, line.data + 3, line.len - 3);
			strbuf_init(&text, out->arena);
			continue;
		}
		strbuf_add_n(&text, line.data, line.len);
		strbuf_add_char(&text, '\n');
	}
	put_section(&json, heading, &text);
	json_close(&json, ']');
	json_end(&json);
}
