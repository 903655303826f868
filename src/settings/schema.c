/* SPDX-License-Identifier: MIT */
#include "settings/schema.h"

#include "base/str.h"
#include "core/lore.h"
#include "core/registry.h"

#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#define BUILTIN "built-in"

const char *schema_last_part(const char *key) {
	const char *dot = strrchr(key, '.');
	return dot ? dot + 1 : key;
}

static const char *text_of(const struct jsonc_node *node, const char *key) {
	const char *text = jsonc_string(jsonc_get(node, key));
	return text ? text : "";
}

/* The minor number of "v0.23.0", "gopls/v0.23.json"; -1 when there is none. */
static long minor_of(const char *version) {
	const char *v = strstr(version, "v0.");
	char *end = NULL;
	long minor = v ? strtol(v + 3, &end, 10) : -1;
	return v && end != v + 3 ? minor : -1;
}

/* The copy of the highest minor version up to limit; the oldest when all are newer. */
static const char *builtin_gopls(long limit) {
	const char *best = NULL;
	long best_minor = -1;
	const char *oldest = NULL;
	long oldest_minor = -1;
	for (size_t i = 0; registry_data[i].id; i++) {
		long minor = str_starts(registry_data[i].id, "gopls/")
		                     ? minor_of(registry_data[i].id)
		                     : -1;
		if (minor < 0) {
			continue;
		}
		if (minor <= limit && minor > best_minor) {
			best = registry_data[i].text;
			best_minor = minor;
		}
		if (!oldest || minor < oldest_minor) {
			oldest = registry_data[i].text;
			oldest_minor = minor;
		}
	}
	return best ? best : oldest;
}

bool schema_take_gopls(struct schema *schema, struct slice text, const char *version,
                       const char *from) {
	const struct jsonc_doc *doc = jsonc_parse(schema->arena, text);
	const struct jsonc_node *user = jsonc_get_path(doc->root, "Options", "User", NULL);
	if (doc->errors_total > 0 || !user || user->type != JSONC_ARRAY || user->count == 0) {
		return false;
	}
	schema->gopls = user;
	schema->gopls_version = str_empty(version) ? text_of(doc->root, "Version") : version;
	schema->gopls_from = from;
	return true;
}

bool schema_take_extension(struct schema *schema, struct slice text, const char *from) {
	const struct jsonc_doc *doc = jsonc_parse(schema->arena, text);
	const struct jsonc_node *contributes = jsonc_get(doc->root, "contributes");
	const struct jsonc_node *configuration = jsonc_get(contributes, "configuration");
	if (configuration && configuration->type == JSONC_ARRAY) {
		configuration = configuration->first_child;
	}
	const struct jsonc_node *settings = jsonc_get(configuration, "properties");
	if (!jsonc_get(settings, "go.useLanguageServer")) {
		return false;
	}
	schema->settings = settings;
	schema->extension_version = text_of(doc->root, "version");
	schema->extension_from = from;
	const struct jsonc_node *debuggers = jsonc_get(contributes, "debuggers");
	for (const struct jsonc_node *d = debuggers ? debuggers->first_child : NULL; d;
	     d = d->next) {
		const struct jsonc_node *attributes = jsonc_get(d, "configurationAttributes");
		if (streq(text_of(d, "type"), "go")) {
			schema->launch = jsonc_get_path(attributes, "launch", "properties", NULL);
			schema->attach = jsonc_get_path(attributes, "attach", "properties", NULL);
		}
	}
	return true;
}

void schema_init(struct schema *schema, struct arena *arena) {
	*schema = (struct schema){.arena = arena,
	                          .extension_version = "",
	                          .extension_from = "",
	                          .gopls_version = "",
	                          .gopls_from = ""};
	(void)schema_take_extension(schema, slice_str(lore_data("vscode-go.json")), BUILTIN);
	(void)schema_take_gopls(schema, slice_str(builtin_gopls(LONG_MAX)), NULL, BUILTIN);
}

void schema_use_builtin_gopls(struct schema *schema, const char *version) {
	long minor = minor_of(version);
	if (minor >= 0) {
		(void)schema_take_gopls(schema, slice_str(builtin_gopls(minor)), NULL, BUILTIN);
	}
}

const struct jsonc_node *schema_setting(const struct schema *schema, const char *key) {
	return jsonc_get(schema->settings, key);
}

static bool find_option(const struct jsonc_node *options, const char *key, struct arena *arena,
                        struct gopls_option *ret) {
	const char *name = schema_last_part(key);
	for (const struct jsonc_node *o = options ? options->first_child : NULL; o; o = o->next) {
		if (!streq(text_of(o, "Name"), name)) {
			continue;
		}
		const char *hierarchy = text_of(o, "Hierarchy");
		const struct jsonc_node *values = jsonc_get(o, "EnumValues");
		const struct jsonc_node *keys = jsonc_get_path(o, "EnumKeys", "Keys", NULL);
		*ret = (struct gopls_option){
			.name = text_of(o, "Name"),
			.path = *hierarchy ? arena_printf(arena, "%s.%s", hierarchy, name) : name,
			.type = text_of(o, "Type"),
			.status = text_of(o, "Status"),
			.deprecation = text_of(o, "DeprecationMessage"),
			.default_json = text_of(o, "Default"),
			.values = values && values->type == JSONC_ARRAY ? values : NULL,
			.keys = keys && keys->type == JSONC_ARRAY ? keys : NULL,
		};
		return true;
	}
	return false;
}

bool schema_gopls(const struct schema *schema, const char *key, struct gopls_option *ret) {
	return find_option(schema->gopls, key, schema->arena, ret);
}

bool schema_gopls_history(struct arena *arena, const char *key, const char **ret_first,
                          const char **ret_last) {
	long first = -1;
	long last = -1;
	for (size_t i = 0; registry_data[i].id; i++) {
		struct gopls_option ignored;
		long minor = str_starts(registry_data[i].id, "gopls/")
		                     ? minor_of(registry_data[i].id)
		                     : -1;
		if (minor < 0) {
			continue;
		}
		const struct jsonc_doc *doc = jsonc_parse(arena, slice_str(registry_data[i].text));
		const struct jsonc_node *user = jsonc_get_path(doc->root, "Options", "User", NULL);
		if (find_option(user, key, arena, &ignored)) {
			first = first < 0 || minor < first ? minor : first;
			last = minor > last ? minor : last;
		}
	}
	*ret_first = arena_printf(arena, "v0.%ld", first);
	*ret_last = arena_printf(arena, "v0.%ld", last);
	return first >= 0;
}

const char *schema_unquoted(struct arena *arena, const struct jsonc_node *entry) {
	const char *json = text_of(entry, "Value");
	json = *json ? json : text_of(entry, "Name");
	const char *text = jsonc_string(jsonc_parse(arena, slice_str(json))->root);
	return text ? text : json;
}

/* ---- did you mean ---- */

struct nearest {
	const char *word;
	const char *best;
	size_t distance;
};

static struct nearest nearest_begin(const char *word) {
	/* A third of the letters may be wrong, at least one. */
	return (struct nearest){.word = word, .distance = strlen(word) / 3 + 2};
}

static void nearest_offer(struct nearest *n, const char *choice) {
	size_t distance = strcasecmp(n->word, choice) == 0 ? 0 : str_distance(n->word, choice);
	if (distance < n->distance) {
		n->best = choice;
		n->distance = distance;
	}
}

const char *schema_near_setting(const struct schema *schema, const char *key) {
	const struct jsonc_node *m = schema->settings ? schema->settings->first_child : NULL;
	struct nearest whole = nearest_begin(key);
	struct nearest part = nearest_begin(schema_last_part(key));
	const char *by_part = NULL;
	for (; m; m = m->next) {
		nearest_offer(&whole, m->key);
		nearest_offer(&part, schema_last_part(m->key));
		if (part.best == schema_last_part(m->key)) {
			by_part = m->key;
		}
	}
	/* The same last word under another group: "go.autoUpdate" for "go.toolsManagement.autoUpdate". */
	bool exact = part.best && part.distance == 0 && strlen(part.word) > 3;
	return whole.distance == 0 || !exact ? whole.best : by_part;
}

const char *schema_near_gopls(const struct schema *schema, const char *key) {
	struct nearest n = nearest_begin(schema_last_part(key));
	const struct jsonc_node *o = schema->gopls ? schema->gopls->first_child : NULL;
	for (; o; o = o->next) {
		nearest_offer(&n, text_of(o, "Name"));
	}
	struct gopls_option option;
	return n.best && schema_gopls(schema, n.best, &option) ? option.path : NULL;
}

const char *schema_near_in(struct arena *arena, const struct jsonc_node *choices,
                           const char *word) {
	struct nearest n = nearest_begin(word);
	const struct jsonc_node *c = choices ? choices->first_child : NULL;
	for (; c; c = c->next) {
		if (choices->type == JSONC_OBJECT) {
			nearest_offer(&n, c->key);
		} else if (c->type == JSONC_STRING) {
			nearest_offer(&n, c->string);
		} else if (c->type == JSONC_OBJECT) {
			nearest_offer(&n, schema_unquoted(arena, c));
		}
	}
	return n.best;
}
