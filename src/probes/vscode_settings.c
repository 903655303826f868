/* SPDX-License-Identifier: MIT
 * VS Code's settings, layer by layer, and which of them are in force. It merges its layers
 * key by key and, where a value is an object, member by member (platform/configuration configurationModels.ts, merge). A top-level "gopls.a.b" is split at its
 * dots into nested objects.
 */
#include "base/path.h"
#include "base/str.h"
#include "probes/vscode.h"
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
	bool any_file;   /* a settings file of VS Code exists */
	bool only_files; /* whether there are any is all that is asked */
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
	if ((!go && !gopls && !dotted && !streq(node->key, "http.proxy")) || node->winner) {
		return; /* not ours, or overridden by a later one of that name */
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

/* The Go-related keys that stand, in quotes of either kind, in text which was lost: "go.a, go.b". */
static const char *lost_keys(struct arena *arena, const struct jsonc_doc *doc) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; i < doc->lost_len; i++) {
		struct slice text = doc->lost[i].text;
		for (size_t p = 0; p + 4 < text.len && out.len < LOST_KEYS_MAX; p++) {
			struct slice rest = slice_of(text.data + p, text.len - p);
			char quote = rest.data[0];
			struct slice word = slice_of(rest.data + 1, rest.len - 1);
			if ((quote != '"' && quote != '\'') ||
			    (!slice_starts(word, "go.") && !slice_starts(word, "gopls"))) {
				continue;
			}
			const char *end = memchr(rest.data + 1, quote, rest.len - 1);
			size_t len = end ? (size_t)(end - rest.data) - 1 : rest.len - 1;
			const char *key =
				arena_strndup(arena, rest.data + 1, len < 120 ? len : 120);
			strbuf_printf(&out, "%s%s", out.len > 0 ? ", " : "", key);
			p += len;
		}
	}
	return out.data;
}

static void state_errors(struct exam *exam, const struct jsonc_doc *doc, const char *file,
                         const struct evidence *ev) {
	const char *lost = lost_keys(exam->arena, doc);
	if (doc->errors_len > 0) {
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
	if (ev->state == EV_ABSENT) {
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

static void read_user_layers(struct layers *l) {
	struct arena *arena = l->exam->arena;
	const struct target *t = l->exam->target;
	static const char *const products[] = {"Code", "Code - OSS", "Code - Insiders", "VSCodium",
	                                       "Cursor"};
	static const char *const remotes[] = {".vscode-server", ".vscode-server-insiders",
	                                      ".vscodium-server", ".cursor-server"};
	const char *home = str_empty(t->home) ? t->passwd_home : t->home;
	if (str_empty(home)) {
		return;
	}
	const char *config = envset_get(&t->judged, "XDG_CONFIG_HOME");
	if (str_empty(config)) {
		config = path_join(arena, home, ".config");
	}
	for (size_t i = 0; i < sizeof(products) / sizeof(*products); i++) {
		read_layer(l, "user",
		           arena_printf(arena, "%s/%s/User/settings.json", config, products[i]),
		           NULL);
	}
	const char *data = envset_get(&t->judged, "XDG_DATA_HOME");
	if (str_empty(data)) {
		data = path_join(arena, home, ".local/share");
	}
	read_layer(l, "user", arena_printf(arena, "%s/code-server/User/settings.json", data), NULL);
	for (size_t i = 0; i < sizeof(remotes) / sizeof(*remotes); i++) {
		read_layer(
			l, "remote",
			arena_printf(arena, "%s/%s/data/Machine/settings.json", home, remotes[i]),
			NULL);
	}
}

/* DIR/x.code-workspace, when there is just one. */
static void read_workspace_layer(struct layers *l) {
	struct exam *exam = l->exam;
	const char *dir = exam->target->workspace;
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	const char *found = NULL;
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		const char *name = line.len > 2 ? arena_slicedup(exam->arena, line) + 2 : "";
		if (str_ends(name, ".code-workspace")) {
			if (found) {
				return;
			}
			found = name;
		}
	}
	if (found) {
		read_layer(l, "workspace", path_join(exam->arena, dir, found), "settings");
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

static void state_settings(struct layers *l) {
	for (size_t i = 0; i < l->count; i++) {
		const struct entry *e = &l->entries[i];
		bool effective = true;
		for (size_t k = i + 1; k < l->count && effective; k++) {
			effective = !streq(l->entries[k].key, e->key);
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
	read_layer(l, "folder",
	           path_join(exam->arena, exam->target->workspace, ".vscode/settings.json"), NULL);
	return l;
}

bool vscode_configured(struct exam *exam) {
	return read_all(exam, true)->any_file;
}

void vscode_read_settings(struct exam *exam) {
	state_settings(read_all(exam, false));
}
