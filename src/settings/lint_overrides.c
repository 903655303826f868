/* SPDX-License-Identifier: MIT
 * Values that another layer overrides. Objects are merged member by member (microsoft/vscode
 * src/vs/platform/configuration/common/configurationModels.ts, merge), so only the members that both have are lost.
 */
#include "base/str.h"
#include "settings/lint.h"

static bool is_ours(const char *key) {
	return str_starts(key, "go.") || streq(key, "gopls") || str_starts(key, "gopls.") ||
	       streq(key, "http.proxy");
}

static const struct jsonc_node *winner_of(const struct jsonc_node *node) {
	return node->winner ? node->winner : node;
}

static void compare(struct lint *lint, const struct layer *under, const struct layer *over,
                    const struct jsonc_node *lower, const struct jsonc_node *upper,
                    const char *key) {
	if (lower->type == JSONC_OBJECT && upper->type == JSONC_OBJECT) {
		for (const struct jsonc_node *m = lower->first_child; m; m = m->next) {
			const struct jsonc_node *same = jsonc_get(upper, m->key);
			if (same && !m->duplicate_of) {
				compare(lint, under, over, winner_of(m), same,
				        arena_printf(lint->arena, "%s.%s", key, m->key));
			}
		}
		return;
	}
	const char *old = jsonc_to_json(lint->arena, lower);
	const char *new = jsonc_to_json(lint->arena, upper);
	struct spot spot = {.file = under->file,
	                    .layer = layer_name(under->kind),
	                    .key = key,
	                    .kind = under->kind,
	                    .is_layer = true};
	bool same = streq(old, new);
	struct issue *issue = lint_add(lint, &spot, lower, ISSUE_OVERRIDDEN, SEV_NOTE,
	                               same ? "%s = %s is said again in %s line %zu"
	                                    : "%s = %s does not count: %s line %zu says %s",
	                               key, lint_shown(lint, key, lower), over->file,
	                               upper->key_place.line, lint_shown(lint, key, upper));
	issue->other_file = over->file;
	issue->other_line = upper->key_place.line;
}

void lint_overrides(struct lint *lint) {
	const struct layers *layers = lint->layers;
	for (size_t i = 0; i < layers->count; i++) {
		const struct layer *under = &layers->items[i];
		const struct jsonc_node *m = under->root ? under->root->first_child : NULL;
		for (; m; m = m->next) {
			if (!is_ours(m->key) || m->duplicate_of) {
				continue;
			}
			/* The strongest layer that has it: one sentence each is enough. */
			for (size_t k = layers->count; k-- > i + 1;) {
				const struct layer *over = &layers->items[k];
				const struct jsonc_node *upper = jsonc_get(over->root, m->key);
				if (upper && layer_overrides(over, under) &&
				    !lint_is_ignored(lint, m->key, over->kind)) {
					compare(lint, under, over, winner_of(m), upper, m->key);
					break;
				}
			}
		}
	}
}
