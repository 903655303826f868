/* SPDX-License-Identifier: MIT
 * Which settings there are: of the Go extension (its package.json, contributes) and of gopls (`gopls api-json`). Both come
 * from what is installed, or from the copies in data/ made by tools/schema-extension and tools/schema-gopls.
 */
#ifndef SETTINGS_SCHEMA_H
#define SETTINGS_SCHEMA_H

#include "base/err.h"
#include "wire/jsonc.h"

struct schema {
	struct arena *arena;
	const struct jsonc_node *settings; /* member per key, as JSON schema */
	const struct jsonc_node *launch;   /* attributes of a launch configuration */
	const struct jsonc_node *attach;
	const char *extension_version;  /* "0.57.2" */
	const char *extension_from;     /* a path, or "built-in" */
	const struct jsonc_node *gopls; /* array of options */
	const char *gopls_version;      /* "v0.24.0" */
	const char *gopls_from;         /* the path of a gopls, or "built-in" */
};

struct gopls_option {
	const char *name;   /* "staticcheck" */
	const char *path;   /* "ui.diagnostic.staticcheck" */
	const char *type;   /* as gopls says it: "bool", "[]string", "enum", "map[enum]bool" ... */
	const char *status; /* "", "experimental", "advanced", "debug" */
	const char *deprecation;         /* "" when not */
	const char *default_json;        /* JSON text */
	const struct jsonc_node *values; /* EnumValues: array of {"Value": JSON text}, or NULL */
	const struct jsonc_node *keys;   /* EnumKeys.Keys: array of {"Name": JSON text}, or NULL */
};

/* The copies in data/ of the newest versions. Never fails. */
void schema_init(struct schema *schema, struct arena *arena);

/* Takes the extension's package.json, or the output of api-json, instead of what was there. False, and nothing taken,
 * when the text is no such thing. The text must live as long as the schema. */
bool schema_take_extension(struct schema *schema, struct slice text, const char *from);
bool schema_take_gopls(struct schema *schema, struct slice text, const char *version,
                       const char *from);
/* The built-in copy for this version of gopls ("v0.23.0"): its minor version, else the nearest older one, else the
 * oldest. Does nothing when version says nothing ("", "(devel)"). */
void schema_use_builtin_gopls(struct schema *schema, const char *version);

/* The JSON schema of a key ("go.goroot"), or NULL. */
const struct jsonc_node *schema_setting(const struct schema *schema, const char *key);
/* By the last dotted part, which is all that gopls compares. */
bool schema_gopls(const struct schema *schema, const char *key, struct gopls_option *ret);
/* The same in every built-in copy: the first and the last minor version ("v0.22") that has it. False when none has. */
bool schema_gopls_history(struct arena *arena, const char *key, const char **ret_first,
                          const char **ret_last);

/* "did you mean": the nearest key, or NULL when none is near. For gopls the whole path is given. */
const char *schema_near_setting(const struct schema *schema, const char *key);
const char *schema_near_gopls(const struct schema *schema, const char *key);
/* Nearest key of an object, or nearest string of an array of strings or of {"Value"|"Name": JSON text}. */
const char *schema_near_in(struct arena *arena, const struct jsonc_node *choices, const char *word);

/* The last dotted part of a key. */
const char *schema_last_part(const char *key);
/* The string in a "Value" or "Name" of gopls, which is JSON text: "\"off\"" is off. */
const char *schema_unquoted(struct arena *arena, const struct jsonc_node *entry);

#endif
