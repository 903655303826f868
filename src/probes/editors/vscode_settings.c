/* SPDX-License-Identifier: MIT
 * VS Code's settings, layer by layer, and which of them are in force. It merges its layers
 * key by key and, where a value is an object, member by member (platform/configuration configurationModels.ts, merge). A top-level "gopls.a.b" is split at its
 * dots into nested objects.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/associated.h"
#include "core/restricted.h"
#include "probes/editors/vscode_install.h"
#include "probes/editors/vscode_state.h"
#include "probes/editors/vscode_tools.h"
#include "probes/editors/vscode_window.h"
#include "wire/jsonc.h"

#include <stdlib.h>

#define LAYERS_MAX 32 /* settings files read in one run */
#define ENTRIES_MAX                                                                                \
	512 /* Go-related keys over all layers; more is no settings file written by people */

#define LOST_KEYS_MAX ((size_t)300) /* bytes of their list */

struct entry {
	const char *key;
	const char *json;
	const struct jsonc_node *node;
	const char *layer;
	const char *file;
	size_t line;
	const struct evidence *ev;
};

struct layers {
	struct exam *exam;
	struct entry entries[ENTRIES_MAX];
	size_t count;
	bool any_file;         /* a settings file of VS Code exists */
	bool restricted;       /* Restricted Mode of an extension that starts in it */
	bool only_files;       /* whether there are any is all that is asked */
	bool only_application; /* of this layer only settings of the whole application count */
	bool only_resource;    /* of this one, in a window of several folders, those of a folder */
};

static void add(struct layers *l, const struct entry *entry) {
	if (l->count < ENTRIES_MAX) {
		l->entries[l->count++] = *entry;
	}
}

/* {"b": {"c": value}} for the rest "b.c" of a dotted key. */
static const char *nest(struct arena *arena, const char *rest, const char *json) {
	struct strbuf out;
	strbuf_init(&out, arena);
	size_t depth = 0;
	struct slice parts = slice_str(rest);
	struct slice part;
	while (slice_cut(&parts, '.', &part)) {
		strbuf_printf(&out, "{\"%.*s\":", (int)part.len, part.data);
		depth++;
	}
	strbuf_add(&out, json);
	while (depth-- > 0) {
		strbuf_add_char(&out, '}');
	}
	return out.data;
}

static void add_dotted_gopls(struct layers *l, const struct jsonc_node *node, struct entry *entry) {
	struct arena *arena = l->exam->arena;
	const char *rest = node->key + strlen("gopls.");
	size_t first = strcspn(rest, ".");
	entry->key = arena_printf(arena, "gopls.%.*s", (int)first, rest);
	if (rest[first] == '.') {
		entry->json = nest(arena, rest + first + 1, entry->json);
	}
	add(l, entry);
}

static void add_members(struct layers *l, const struct jsonc_node *object, struct entry *entry) {
	for (const struct jsonc_node *m = object->first_child; m; m = m->next) {
		if (m->key && !m->winner) {
			entry->key = arena_printf(l->exam->arena, "%s.%s", object->key, m->key);
			entry->json = jsonc_to_json(l->exam->arena, m);
			entry->node = m;
			entry->line = m->key_place.line;
			add(l, entry);
		}
	}
}

static void add_setting(struct layers *l, const struct jsonc_node *node, const char *layer,
                        const char *file, const struct evidence *ev) {
	bool go = str_starts(node->key, "go.");
	bool gopls = streq(node->key, "gopls");
	bool dotted = str_starts(node->key, "gopls.");
	bool application = streq(node->key, VSCODE_TRUST_SETTING);
	bool ours = go || gopls || dotted || application || streq(node->key, "http.proxy") ||
	            streq(node->key, ASSOCIATIONS_SETTING);
	if (!ours || node->winner || (l->only_application && !application) ||
	    (application && !streq(layer, "user")) ||
	    (l->only_resource && !vscode_is_of_folder(node->key))) {
		return; /* not ours, overridden by a later one of that name, or not heard here */
	}
	struct entry entry = {
		.key = node->key,
		.json = jsonc_to_json(l->exam->arena, node),
		.node = node,
		.layer = layer,
		.file = file,
		.line = node->key_place.line,
		.ev = ev,
	};
	if (dotted) {
		add_dotted_gopls(l, node, &entry);
		return;
	}
	add(l, &entry);
	if (node->type == JSONC_OBJECT) {
		add_members(l, node, &entry);
	}
}

/* Adds the Go-related keys that stand, in quotes of either kind, in text. */
static void add_lost_keys(struct strbuf *out, struct slice text) {
	for (size_t p = 0; p + 4 < text.len && out->len < LOST_KEYS_MAX; p++) {
		struct slice rest = slice_of(text.data + p, text.len - p);
		char quote = rest.data[0];
		struct slice word = slice_of(rest.data + 1, rest.len - 1);
		if ((quote != '"' && quote != '\'') ||
		    (!slice_starts(word, "go.") && !slice_starts(word, "gopls"))) {
			continue;
		}
		const char *end = memchr(rest.data + 1, quote, rest.len - 1);
		size_t len = end ? (size_t)(end - rest.data) - 1 : rest.len - 1;
		strbuf_printf(out, "%s%.*s", out->len > 0 ? ", " : "", (int)(len < 120 ? len : 120),
		              rest.data + 1);
		p += len;
	}
}

/* "go.a, go.b": the keys in what was lost. */
static const char *lost_keys(struct arena *arena, const struct jsonc_doc *doc) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; i < doc->lost_len; i++) {
		add_lost_keys(&out, doc->lost[i].text);
	}
	return out.data;
}

/* VS Code takes its settings for UTF-8 whatever their first bytes say. True when they are UTF-16;
 * *ret_lost: the keys that are in them, all of which it misses. */
static bool is_utf16(struct arena *arena, struct slice bytes, const char **ret_lost) {
	bool little = slice_starts(bytes, "\xFF\xFE");
	struct strbuf ascii;
	struct strbuf out;
	if (!little && !slice_starts(bytes, "\xFE\xFF")) {
		return false;
	}
	strbuf_init(&ascii, arena);
	strbuf_init(&out, arena);
	for (size_t i = 2; i + 1 < bytes.len; i += 2) {
		char low = bytes.data[little ? i : i + 1];
		char high = bytes.data[little ? i + 1 : i];
		strbuf_add_char(&ascii, high == 0 && low > 0 ? low : '?');
	}
	add_lost_keys(&out, slice_str(ascii.data));
	*ret_lost = out.data;
	return true;
}

static void state_errors(struct exam *exam, const struct jsonc_doc *doc, const char *file,
                         const struct evidence *ev) {
	const char *lost = lost_keys(exam->arena, doc);
	if (is_utf16(exam->arena, ev->bytes, &lost)) {
		FACTS_ADD(exam->facts, settings_error, ev, .file = file, .line = 1, .column = 1,
		          .message = "the file is in UTF-16, and the editor reads UTF-8",
		          .lost = lost);
	} else if (doc->errors_len > 0) {
		const struct jsonc_error *e = &doc->errors[0];
		FACTS_ADD(exam->facts, settings_error, ev, .file = file,
		          .line = (int64_t)e->place.line, .column = (int64_t)e->place.column,
		          .message = e->text, .lost = lost);
	} else if (!str_empty(lost)) {
		const struct jsonc_lost *l = &doc->lost[0];
		FACTS_ADD(exam->facts, settings_error, ev, .file = file,
		          .line = (int64_t)l->place.line, .column = (int64_t)l->place.column,
		          .message = "comment not closed as meant", .lost = lost);
	}
}

/* inside: member of the file that holds the settings, or NULL when the file is one settings object.
 */
static void read_layer(struct layers *l, const char *layer, const char *file, const char *inside) {
	struct exam *exam = l->exam;
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SETTINGS);
	if (evidence_is_absent(ev)) {
		return;
	}
	l->any_file = true;
	if (l->only_files) {
		return;
	}
	if (!evidence_has_bytes(ev)) {
		FACTS_ADD(exam->facts, settings_error, ev, .file = file,
		          .message = arena_printf(exam->arena, "cannot be read (%s)",
		                                  ev_state_name(ev->state)));
		return;
	}
	const struct jsonc_doc *doc = jsonc_parse(exam->arena, ev->bytes);
	state_errors(exam, doc, file, ev);
	const struct jsonc_node *root = inside ? jsonc_get(doc->root, inside) : doc->root;
	if (!root || root->type != JSONC_OBJECT) {
		return;
	}
	for (const struct jsonc_node *m = root->first_child; m; m = m->next) {
		if (m->key) {
			add_setting(l, m, layer, file, ev);
		}
	}
}

/* One product's, never two's: what another editor of the family was told does not count in this
 * one. */
static void read_user_layers(struct layers *l) {
	const struct vscode_install *v = vscode_install(l->exam);
	if (!v) {
		return;
	}
	if (v->settings) {
		read_layer(l, "user", v->settings, NULL);
	}
	if (v->profile && !streq(v->settings, v->default_settings)) {
		l->only_application = true;
		read_layer(l, "user", v->default_settings, NULL);
		l->only_application = false;
	}
	if (v->machine) {
		read_layer(l, "remote", v->machine, NULL);
	}
}

/* DIR/x.code-workspace, when there is just one. */
static void read_workspace_layer(struct layers *l) {
	struct exam *exam = l->exam;
	if (exam->target->window_file) {
		read_layer(l, "workspace", exam->target->window_file, "settings");
		return;
	}
	const char *found = vscode_window_in(exam->arena, exam->world, exam->target->workspace);
	if (found) {
		read_layer(l, "workspace", found, "settings");
	}
}

static void state_flags(struct exam *exam, const struct entry *e) {
	if (e->node->type == JSONC_NULL || streq(e->json, "\"\"") || streq(e->json, "false") ||
	    streq(e->json, "0")) {
		return; /* languageServerFlags || [] */
	}
	if (e->node->type != JSONC_ARRAY) {
		FACTS_ADD(exam->facts, go_flag_setting, e->ev, .value = e->json, .index = -1,
		          .file = e->file, .line = (int64_t)e->line);
		return;
	}
	int64_t index = 0;
	for (const struct jsonc_node *m = e->node->first_child; m; m = m->next, index++) {
		const char *text = jsonc_string(m);
		FACTS_ADD(exam->facts, go_flag_setting, e->ev,
		          .value = text ? text : jsonc_to_json(exam->arena, m), .index = index,
		          .is_string = text != NULL, .file = e->file,
		          .line = (int64_t)m->place.line);
	}
}

/* In Restricted Mode a Go extension that starts all the same does not hear these from the
 * workspace. */
static bool is_ignored(const struct layers *l, const struct entry *e) {
	bool of_workspace = streq(e->layer, "folder") || streq(e->layer, "workspace");
	return l->restricted && of_workspace && restricted_ignores(e->key);
}

static void state_settings(struct layers *l) {
	for (size_t i = 0; i < l->count; i++) {
		const struct entry *e = &l->entries[i];
		bool effective = !is_ignored(l, e);
		for (size_t k = i + 1; k < l->count && effective; k++) {
			effective =
				!streq(l->entries[k].key, e->key) || is_ignored(l, &l->entries[k]);
		}
		FACTS_ADD(l->exam->facts, setting, e->ev, .key = e->key, .json = e->json,
		          .type = jsonc_type_name(e->node->type), .layer = e->layer,
		          .file = e->file, .line = (int64_t)e->line, .effective = effective);
		if (effective && streq(e->key, "go.languageServerFlags")) {
			state_flags(l->exam, e);
		}
	}
}

static struct layers *read_all(struct exam *exam, bool only_files) {
	struct layers *l = arena_new_of(exam->arena, struct layers);
	l->exam = exam;
	l->only_files = only_files;
	read_user_layers(l);
	read_workspace_layer(l);
	const char *const *folders = exam->target->window_folders;
	l->only_resource = folders && folders[0] && folders[1];
	read_layer(l, "folder",
	           path_join(exam->arena, exam->target->workspace, ".vscode/settings.json"), NULL);
	return l;
}

/* In a window of several folders the settings of one of them may say only what is for a resource.
 * Source: vscode-go v0.57.2 package.json ("scope"), VS Code's FOLDER_SCOPES. */
bool vscode_is_of_folder(const char *key) {
	static const char *const of_window[] = {"go.languageServerFlags",
	                                        "go.terminal.activateEnvironment",
	                                        "go.toolsManagement.checkForUpdates",
	                                        "go.toolsManagement.autoUpdate",
	                                        "go.logging.level",
	                                        "go.trace.server",
	                                        "http.proxy"};
	for (size_t i = 0; i < sizeof(of_window) / sizeof(*of_window); i++) {
		if (streq(of_window[i], key)) {
			return false;
		}
	}
	return true;
}

/* An installed Go extension is a configuration too. */
static bool has_go_extension(struct exam *exam) {
	const struct vscode_install *v = vscode_install(exam);
	const struct evidence *ev =
		v && v->extensions ? world_look(exam->world, LOOK_DIR, v->extensions, LOOK_CAP_DIR)
				   : NULL;
	return ev && evidence_has_bytes(ev) &&
	       (slice_has(ev->bytes, "d golang.go-") || slice_has(ev->bytes, "d ms-vscode.go-"));
}

bool vscode_configured(struct exam *exam) {
	return !streq(vscode_install_editor(exam), "code-server") &&
	       (read_all(exam, true)->any_file || has_go_extension(exam));
}

bool code_server_configured(struct exam *exam) {
	return streq(vscode_install_editor(exam), "code-server");
}

void vscode_read_settings(struct exam *exam) {
	struct layers *l = read_all(exam, false);
	const char *trust = NULL;
	for (size_t i = 0; i < l->count; i++) {
		trust = streq(l->entries[i].key, VSCODE_TRUST_SETTING) ? l->entries[i].json : trust;
	}
	vscode_install_state(exam);
	vscode_trust_state(exam, trust);
	vscode_extensions_state(exam);
	l->restricted = restricted_by(exam->facts) && !restricted_starts_nothing(exam->facts);
	state_settings(l);
}
