/* SPDX-License-Identifier: MIT
 * Lint for people, one block a finding; and for programs.
 */
#include "base/str.h"
#include "cmd/settings.h"
#include "report/harmless.h"
#include "report/json_writer.h"

static const char *colour_of(enum severity severity) {
	static const char *const colours[] = {"\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m"};
	return colours[severity];
}

static const char *shown(struct strbuf *out, const char *text, const struct terminal *t) {
	return harmless(out->arena, mask_urls(out->arena, text), t->utf8);
}

static void write_line(struct strbuf *out, const char *label, const char *text,
                       const struct terminal *t) {
	if (!str_empty(text)) {
		strbuf_printf(out, "    %s%s\n", label, shown(out, text, t));
	}
}

static void write_issue(struct strbuf *out, const struct issue *i, const struct terminal *t) {
	if (i->file[0] != '\0') {
		strbuf_add(out, shown(out, i->file, t));
		if (i->place.line > 0) {
			strbuf_printf(out, ":%zu:%zu", i->place.line, i->place.column);
		}
		strbuf_add(out, ": ");
	}
	strbuf_printf(out, "%s%s%s: %s [%s]\n", t->colour ? colour_of(i->severity) : "",
	              severity_name(i->severity), t->colour ? "\x1b[0m" : "",
	              shown(out, i->message, t), issue_info(i->kind)->id);
	write_line(out, "counts:  ", i->effective, t);
	write_line(out, "origin:  ", i->origin, t);
	write_line(out, "instead: ", i->instead, t);
	write_line(out, "fix:     ", i->command, t);
}

static void write_sum(struct strbuf *out, const struct settings_view *view,
                      const struct issues *issues) {
	const size_t *n = issues->counts;
	if (n[SEV_ERROR] + n[SEV_WARNING] + n[SEV_NOTE] == 0) {
		strbuf_printf(out, "Nothing to say about %zu settings files.\n",
		              view->layers.count);
	} else {
		strbuf_printf(out, "%zu error%s, %zu warning%s, %zu note%s\n", n[SEV_ERROR],
		              n[SEV_ERROR] == 1 ? "" : "s", n[SEV_WARNING],
		              n[SEV_WARNING] == 1 ? "" : "s", n[SEV_NOTE],
		              n[SEV_NOTE] == 1 ? "" : "s");
	}
	strbuf_printf(out, "Go extension %s (%s), gopls %s (%s)\n", view->schema.extension_version,
	              view->schema.extension_from, view->schema.gopls_version,
	              view->schema.gopls_from);
}

void settings_write_text(struct strbuf *out, const struct settings_view *view,
                         const struct issues *issues, const struct terminal *terminal) {
	for (const struct issue *i = issues->first; i; i = i->next) {
		write_issue(out, i, terminal);
	}
	if (issues->first) {
		strbuf_add_char(out, '\n');
	}
	write_sum(out, view, issues);
}

static void put_issue(struct json *json, const struct issue *i) {
	json_newline(json, 4);
	json_element(json);
	json_open(json, '{');
	json_put(json, "id", issue_info(i->kind)->id);
	json_put(json, "severity", severity_name(i->severity));
	json_put(json, "file", *i->file ? i->file : NULL);
	if (i->place.line > 0) {
		json_put_number(json, "line", (int64_t)i->place.line);
		json_put_number(json, "column", (int64_t)i->place.column);
		json_put_number(json, "offset", (int64_t)i->place.offset);
		json_put_number(json, "length", (int64_t)i->place.length);
	}
	json_put(json, "layer", *i->layer ? i->layer : NULL);
	json_put(json, "key", *i->key ? i->key : NULL);
	json_put(json, "message", i->message);
	json_put(json, "instead", *i->instead ? i->instead : NULL);
	json_put(json, "command", *i->command ? i->command : NULL);
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
	json_element(json);
	json_open(json, '{');
	json_put(json, "layer", layer_name(layer->kind));
	json_put(json, "product", *layer->product ? layer->product : NULL);
	json_put(json, "file", layer->file);
	json_put(json, "state", ev_state_name(layer->ev->state));
	json_close(json, '}');
}

void settings_write_json(struct strbuf *out, const struct settings_view *view,
                         const struct issues *issues) {
	struct json json = {.out = out};
	json_open(&json, '{');
	json_put(&json, "schema", "dialtone.settings/1");
	json_put(&json, "workspace", view->where.workspace);
	json_key(&json, "schemas");
	json_open(&json, '{');
	json_put(&json, "extension", view->schema.extension_version);
	json_put(&json, "extension_from", view->schema.extension_from);
	json_put(&json, "gopls", view->schema.gopls_version);
	json_put(&json, "gopls_from", view->schema.gopls_from);
	json_close(&json, '}');
	json_key(&json, "layers");
	json_open(&json, '[');
	for (size_t i = 0; i < view->layers.count; i++) {
		put_layer(&json, &view->layers.items[i]);
	}
	json_close(&json, ']');
	json_key(&json, "issues");
	json_open(&json, '[');
	for (const struct issue *i = issues->first; i; i = i->next) {
		put_issue(&json, i);
	}
	json_close(&json, ']');
	json_put_number(&json, "errors", (int64_t)issues->counts[SEV_ERROR]);
	json_put_number(&json, "warnings", (int64_t)issues->counts[SEV_WARNING]);
	json_put_number(&json, "notes", (int64_t)issues->counts[SEV_NOTE]);
	json_close(&json, '}');
	strbuf_add_char(out, '\n');
}
