/* SPDX-License-Identifier: MIT
 * Lint as SARIF 2.1.0 (OASIS, sarif-v2.1.0-errata01): code hosts put each result on its line. Columns count characters.
 */
#include "base/path.h"
#include "base/str.h"
#include "cmd/settings.h"
#include "report/json_frame.h"

static void put_message(struct json *json, const char *text) {
	json_open_member(json, "message", '{');
	json_put(json, "text", text);
	json_close(json, '}');
}

static void put_rules(struct json *json) {
	json_open_member(json, "rules", '[');
	for (int k = 0; k < ISSUE_KIND_COUNT; k++) {
		const struct issue_info *info = issue_info((enum issue_kind)k);
		json_newline(json, 8);
		json_open_element(json, '{');
		json_put(json, "id", info->id);
		json_open_member(json, "shortDescription", '{');
		json_put(json, "text", info->title);
		json_close(json, '}');
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* Files of the workspace are named relative to it, which is what a code host needs; others by their URI. */
static void put_file(struct json *json, const struct settings_view *view, const char *file) {
	struct arena *arena = view->arena;
	const char *root = view->where.workspace;
	json_open_member(json, "artifactLocation", '{');
	if (path_below(file, root) && !streq(file, root)) {
		const char *uri = path_to_uri(arena, file + strlen(root) - streq(root, "/"));
		json_put(json, "uri", uri + strlen("file:///"));
		json_put(json, "uriBaseId", "%SRCROOT%");
	} else {
		json_put(json, "uri", path_to_uri(arena, file));
	}
	json_close(json, '}');
}

static void put_location(struct json *json, const struct settings_view *view, const char *file,
                         size_t line, size_t column) {
	json_open_element(json, '{');
	json_open_member(json, "physicalLocation", '{');
	put_file(json, view, file);
	if (line > 0) {
		json_open_member(json, "region", '{');
		json_put_number(json, "startLine", (int64_t)line);
		if (column > 0) {
			json_put_number(json, "startColumn", (int64_t)column);
		}
		json_close(json, '}');
	}
	json_close(json, '}');
	json_close(json, '}');
}

static const char *sentence(struct arena *arena, const struct issue *i) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, i->message);
	if (*i->effective) {
		strbuf_printf(&out, ". What counts: %s (%s)", i->effective, i->origin);
	}
	if (*i->instead) {
		strbuf_printf(&out, ". Instead: %s", i->instead);
	}
	return out.data;
}

static void put_result(struct json *json, const struct settings_view *view, const struct issue *i) {
	json_newline(json, 6);
	json_open_element(json, '{');
	json_put(json, "ruleId", issue_info(i->kind)->id);
	json_put_number(json, "ruleIndex", (int64_t)i->kind);
	json_put(json, "level", severity_name(i->severity));
	put_message(json, sentence(view->arena, i));
	json_open_member(json, "locations", '[');
	if (*i->file) {
		put_location(json, view, i->file, i->place.line, i->place.column);
	}
	json_close(json, ']');
	if (*i->other_file) {
		json_open_member(json, "relatedLocations", '[');
		put_location(json, view, i->other_file, i->other_line, 0);
		json_close(json, ']');
	}
	json_close(json, '}');
}

void settings_write_sarif(struct strbuf *out, const struct settings_view *view,
                          const struct issues *issues) {
	struct json json = {.out = out};
	json_open(&json, '{');
	json_put(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_put(&json, "version", "2.1.0");
	json_open_member(&json, "runs", '[');
	json_open_element(&json, '{');
	json_open_member(&json, "tool", '{');
	json_open_member(&json, "driver", '{');
	json_put(&json, "name", "dialtone settings");
	json_put(&json, "version", DIALTONE_VERSION);
	put_rules(&json);
	json_close(&json, '}');
	json_close(&json, '}');
	json_put(&json, "columnKind", "unicodeCodePoints");
	json_open_member(&json, "results", '[');
	for (const struct issue *i = issues->first; i; i = i->next) {
		put_result(&json, view, i);
	}
	json_close(&json, ']');
	json_close(&json, '}');
	json_close(&json, ']');
	json_end(&json);
}
