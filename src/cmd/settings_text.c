/* SPDX-License-Identifier: MIT
 * Lint for people, one block a finding; and for programs.
 */
#include "base/str.h"
#include "cmd/settings.h"
#include "report/json_frame.h"
#include "report/sheet.h"

#define COLUMNS_OF_PIPE ((size_t)1 << 20)

/* One line each for programs that read `file:line:column: `; at most as wide as a terminal. */
static void write_prose(struct sheet *sheet, const char *first, const char *label,
                        const char *text) {
	size_t at = strlen(first) + strlen(label);
	strbuf_printf(sheet->out, "%s%s", first, label);
	sheet_prose(sheet, at, strlen(first) + 2, 0, text);
}

static void write_line(struct sheet *sheet, const char *label, const char *text) {
	if (!str_empty(text)) {
		write_prose(sheet, "    ", label, text);
	}
}

static void write_issue(struct sheet *sheet, const struct issue *i) {
	static const enum ink inks[] = {INK_RED, INK_YELLOW, INK_BOLD};
	struct arena *arena = sheet->out->arena;
	const char *place = "";
	if (i->place.line > 0) {
		place = arena_printf(arena, ":%zu:%zu", i->place.line, i->place.column);
	}
	const char *head = *i->file ? arena_printf(arena, "%s%s:", i->file, place) : "";
	const char *word = severity_name(i->severity);
	size_t at = *head ? strlen(head) + 1 : 0;
	bool breaks = at + strlen(word) > sheet->style->columns / 2;
	sheet_ink(sheet, INK_PLAIN, head);
	strbuf_add(sheet->out, breaks ? "\n  " : *head ? " " : "");
	at = breaks ? 2 : at;
	sheet_ink(sheet, inks[i->severity], word);
	sheet_prose(sheet, at + strlen(word), 2, 0,
	            arena_printf(arena, ": %s [%s]", i->message, issue_info(i->kind)->id));
	write_line(sheet, "counts:  ", i->effective);
	write_line(sheet, "origin:  ", i->origin);
	write_line(sheet, "instead: ", i->instead);
	if (!str_empty(i->command)) {
		strbuf_add(sheet->out, "    fix:     ");
		sheet_command(sheet, 0, i->command);
	}
}

static const char *plural(size_t n) {
	return n == 1 ? "" : "s";
}

/* The answer. */
static const char *sum(struct arena *arena, const struct settings_view *view,
                       const struct issues *issues) {
	const size_t *n = issues->counts;
	size_t files = view->layers.count;
	const char *where = arena_printf(arena, "%zu settings file%s", files, plural(files));
	if (n[SEV_ERROR] + n[SEV_WARNING] + n[SEV_NOTE] > 0) {
		return arena_printf(arena, "%zu error%s, %zu warning%s, %zu note%s (%s)",
		                    n[SEV_ERROR], plural(n[SEV_ERROR]), n[SEV_WARNING],
		                    plural(n[SEV_WARNING]), n[SEV_NOTE], plural(n[SEV_NOTE]),
		                    where);
	}
	if (files > 0) {
		return arena_printf(arena, "nothing is wrong in %s", where);
	}
	const char *home = view->where.home;
	const char *config = view->where.config;
	return arena_printf(
		arena,
		"there are no settings files: none of VS Code or its kin in %s, and neither "
		".vscode/settings.json, a .code-workspace nor a devcontainer.json in %s",
		!str_empty(config) ? config
		: str_empty(home)  ? "a home directory, which is not known"
				   : arena_printf(arena, "%s/.config", home),
		view->where.workspace);
}

void settings_write_text(struct strbuf *out, const struct settings_view *view,
                         const struct issues *issues, const struct terminal *terminal) {
	const struct report_style style = {
		.colour = terminal->colour,
		.utf8 = terminal->utf8,
		.columns = terminal->is_tty ? terminal->columns : COLUMNS_OF_PIPE,
	};
	struct sheet sheet = {.out = out, .style = &style};
	const size_t *n = issues->counts;
	enum ink ink = n[SEV_ERROR] > 0 ? INK_RED : n[SEV_WARNING] > 0 ? INK_YELLOW : INK_GREEN;
	sheet_ink(&sheet, ink, "settings");
	sheet_prose(&sheet, strlen("settings"), 2, 0,
	            arena_printf(out->arena, ": %s", sum(out->arena, view, issues)));
	for (const struct issue *i = issues->first; i; i = i->next) {
		write_issue(&sheet, i);
	}
	write_prose(&sheet, "", "judged by ",
	            arena_printf(out->arena, "the Go extension %s (%s) and gopls %s (%s)",
	                         view->schema.extension_version, view->schema.extension_from,
	                         view->schema.gopls_version, view->schema.gopls_from));
}

static void put_issue(struct json *json, const struct issue *i) {
	json_newline(json, 4);
	json_open_element(json, '{');
	json_put(json, "id", issue_info(i->kind)->id);
	json_put(json, "severity", severity_name(i->severity));
	json_put_or_null(json, "file", i->file);
	if (i->place.line > 0) {
		json_put_number(json, "line", (int64_t)i->place.line);
		json_put_number(json, "column", (int64_t)i->place.column);
		json_put_number(json, "offset", (int64_t)i->place.offset);
		json_put_number(json, "length", (int64_t)i->place.length);
	}
	json_put_or_null(json, "layer", i->layer);
	json_put_or_null(json, "key", i->key);
	json_put(json, "message", i->message);
	json_put_or_null(json, "instead", i->instead);
	json_put_or_null(json, "command", i->command);
	if (*i->effective || *i->origin) {
		json_put(json, "effective", i->effective);
		json_put(json, "origin", i->origin);
	}
	if (*i->other_file) {
		json_put(json, "other_file", i->other_file);
		json_put_number(json, "other_line", (int64_t)i->other_line);
	}
	json_close(json, '}');
}

static void put_layer(struct json *json, const struct layer *layer) {
	json_newline(json, 4);
	json_open_element(json, '{');
	json_put(json, "layer", layer_name(layer->kind));
	json_put_or_null(json, "product", layer->product);
	json_put(json, "file", layer->file);
	json_put(json, "state", ev_state_name(layer->ev->state));
	json_close(json, '}');
}

void settings_write_json(struct strbuf *out, const struct settings_view *view,
                         const struct issues *issues) {
	struct json json = {.out = out};
	json_begin(&json, "dialtone.settings/1");
	json_put(&json, "workspace", view->where.workspace);
	json_open_member(&json, "schemas", '{');
	json_put(&json, "extension", view->schema.extension_version);
	json_put(&json, "extension_from", view->schema.extension_from);
	json_put(&json, "gopls", view->schema.gopls_version);
	json_put(&json, "gopls_from", view->schema.gopls_from);
	json_close(&json, '}');
	json_open_member(&json, "layers", '[');
	for (size_t i = 0; i < view->layers.count; i++) {
		put_layer(&json, &view->layers.items[i]);
	}
	json_close(&json, ']');
	json_open_member(&json, "issues", '[');
	for (const struct issue *i = issues->first; i; i = i->next) {
		put_issue(&json, i);
	}
	json_close(&json, ']');
	json_put_number(&json, "errors", (int64_t)issues->counts[SEV_ERROR]);
	json_put_number(&json, "warnings", (int64_t)issues->counts[SEV_WARNING]);
	json_put_number(&json, "notes", (int64_t)issues->counts[SEV_NOTE]);
	json_end(&json);
}
