/* SPDX-License-Identifier: MIT */
#include "core/rule.h"

const char *rule_layer(struct arena *arena, const struct rule *rule) {
	return arena_strndup(arena, rule->id, strcspn(rule->id, "-"));
}

const char *rule_explained_id(const char *entry) {
	return entry + (entry[0] == '*' || entry[0] == '?');
}
