/* SPDX-License-Identifier: MIT
 * Lint of settings: what of all that is written does what its writer thinks it does? Pure: it looks at the layers, the
 * schema and the facts it is given and at nothing else.
 */
#ifndef SETTINGS_LINT_H
#define SETTINGS_LINT_H

#include "base/envset.h"
#include "settings/issue.h"
#include "settings/layers.h"
#include "settings/schema.h"

struct lint {
	struct arena *arena;
	struct issues issues;
	const struct schema *schema;
	const struct layers *layers;
	const struct layers_where *where;
	const struct envset *env; /* the editor's, for ${env:X}; NULL when it is not known */
	/* True when a variable or setting of this name holds a secret: its value is not shown. */
	bool (*is_secret)(const char *name);
};

/* Every layer by itself, then what overrides what. */
void lint_layers(struct lint *lint);
/* launch.json, tasks.json, extensions.json and devcontainer.json of the workspace, as far as they concern Go, and files
 * that nobody reads. */
void lint_files(struct lint *lint, struct world *world);
/* Settings against environment, with the value that counts and its origin. facts: of the environment, settings and tools
 * probes. */
void lint_constraints(struct lint *lint, const struct facts *facts, struct world *world);

/* ---- between the parts of lint ---- */

/* Where something stands. */
struct spot {
	const char *file;
	const char *layer; /* "user", "folder", "launch.json" */
	const char *
		key; /* of the setting that is looked at, with its members: "go.toolsEnvVars.GOPATH" */
	enum layer_kind kind;
	bool is_layer; /* kind counts: `settings unset --layer` can reach it, when it is the layer's own file */
};

/* An issue about the key (or, without one, the value) of node, or about the whole file when node is NULL. */
struct issue *lint_add(struct lint *lint, const struct spot *spot, const struct jsonc_node *node,
                       enum issue_kind kind, enum severity severity, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* Gives the issue the command that takes its key away, where there is one. */
void lint_offer_unset(struct lint *lint, const struct spot *spot, struct issue *issue);
/* Gives the issue the command that puts json in place of this value, or, without json, takes the key away. */
void lint_offer(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                struct issue *issue, const char *json);
/* Members of a list of build flags: one is one argument of go, which ends with status 2 at a name it does not know
 * (`go list "-tags x"`: flag provided but not defined; go 1.24 to 1.27). */
void lint_build_flags(struct lint *lint, const struct spot *spot, const struct jsonc_node *flags);
/* Its JSON, cut after some 60 characters, or "***" when the key holds a secret. */
const char *lint_shown(struct lint *lint, const char *key, const struct jsonc_node *value);
/* The spot of a member. */
struct spot spot_member(struct lint *lint, const struct spot *spot,
                        const struct jsonc_node *member);

/* Parse errors, lost keys and duplicates of one text. `whole`: duplicates at every level, not only of Go's keys. */
void lint_text(struct lint *lint, const struct spot *spot, const struct jsonc_doc *doc, bool whole);
/* A value against a JSON schema as extensions write it: type, enum, items, properties, additionalProperties. */
void lint_value(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                const struct jsonc_node *schema);
/* The members of "gopls". */
void lint_gopls(struct lint *lint, const struct spot *spot, const struct jsonc_node *gopls);
/* Every ${...} and $NAME in the strings of a value that stays as it is. */
void lint_placeholders(struct lint *lint, const struct spot *spot, const struct jsonc_node *value);
/* ${...} of launch.json and tasks.json, where the editor itself replaces many. inputs: the "inputs" of the file. */
void lint_variables(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                    const struct jsonc_node *inputs);
/* One object of settings: the keys of go.*, gopls and what the editor's own settings do to Go. */
void lint_settings(struct lint *lint, const struct spot *spot, const struct jsonc_node *root);
void lint_overrides(struct lint *lint);
/* The scope of the setting keeps it from counting in such a layer. */
bool lint_is_ignored(const struct lint *lint, const char *key, enum layer_kind kind);

#endif
