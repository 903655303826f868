/* SPDX-License-Identifier: MIT */
#include "core/rule.h"

const char *rule_layer(struct arena *arena, const struct rule *rule) {
	return arena_strndup(arena, rule->id, strcspn(rule->id, "-"));
}
