/* SPDX-License-Identifier: MIT
 * Where the value of a setting stands in a settings file. Keys contain dots and so do the paths people type:
 * "go.toolsEnvVars.GOPATH" is a member of "go.toolsEnvVars", "gopls.ui.semanticTokens" one of "gopls".
 */
#ifndef SETTINGS_KEYPATH_H
#define SETTINGS_KEYPATH_H

#include "settings/schema.h"

#define KEYPATH_MAX 6

struct keypath {
	const char *keys[KEYPATH_MAX]; /* ended by NULL */
};

/* root: the settings object that may already spell it another way ("gopls.x" as one key, a gopls key under another
 * group), or NULL. */
struct keypath keypath_of(const struct schema *schema, const struct jsonc_node *root,
                          const char *key);
/* The value, or NULL. */
const struct jsonc_node *keypath_find(const struct jsonc_node *root, const struct keypath *path);

#endif
