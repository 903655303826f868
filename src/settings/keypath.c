/* SPDX-License-Identifier: MIT */
#include "settings/keypath.h"

#include "base/str.h"

const struct jsonc_node *keypath_find(const struct jsonc_node *root, const struct keypath *path) {
	for (size_t i = 0; path->keys[i] && root; i++) {
		root = jsonc_get(root, path->keys[i]);
	}
	return path->keys[0] ? root : NULL;
}

/* The longest part of key before a dot for which `known` holds; the rest behind the dot in *ret_rest, NULL when it is the
 * whole. NULL when there is none. */
static const char *longest_known(const struct schema *schema, const char *key,
                                 bool (*known)(const struct schema *, const char *),
                                 const char **ret_rest) {
	char *head = arena_strdup(schema->arena, key);
	*ret_rest = NULL;
	for (;;) {
		if (known(schema, head)) {
			return head;
		}
		char *dot = strrchr(head, '.');
		if (!dot) {
			return NULL;
		}
		*dot = '\0';
		*ret_rest = key + (dot - head) + 1;
	}
}

static bool is_setting(const struct schema *schema, const char *key) {
	return schema_setting(schema, key) != NULL;
}

static bool is_gopls(const struct schema *schema, const char *key) {
	struct gopls_option option;
	return schema_gopls(schema, key, &option);
}

/* The spelling the file already has for this gopls setting, else its full name. */
static const char *gopls_spelling(const struct schema *schema, const struct jsonc_node *gopls,
                                  const char *name) {
	const struct jsonc_node *m =
		gopls && gopls->type == JSONC_OBJECT ? gopls->first_child : NULL;
	for (; m; m = m->next) {
		if (streq(schema_last_part(m->key), schema_last_part(name))) {
			return m->key;
		}
	}
	struct gopls_option option;
	return schema_gopls(schema, name, &option) ? option.path : name;
}

struct keypath keypath_of(const struct schema *schema, const struct jsonc_node *root,
                          const char *key) {
	static const char prefix[] = "gopls.";
	const char *rest = NULL;
	if (jsonc_get(root, key) || (!str_starts(key, prefix) && !str_starts(key, "go."))) {
		return (struct keypath){{key}};
	}
	if (str_starts(key, prefix)) {
		const struct jsonc_node *gopls = jsonc_get(root, "gopls");
		const char *name = key + strlen(prefix);
		const char *known = longest_known(schema, name, is_gopls, &rest);
		const char *spelt = gopls_spelling(schema, gopls, known ? known : name);
		return (struct keypath){{"gopls", spelt, known ? rest : NULL}};
	}
	const char *known = longest_known(schema, key, is_setting, &rest);
	return known ? (struct keypath){{known, rest}} : (struct keypath){{key}};
}
