/* SPDX-License-Identifier: MIT */
#include "core/rule.h"

const char *rule_layer(struct arena *arena, const struct rule *rule) {
	return arena_strndup(arena, rule->id, strcspn(rule->id, "-"));
}

const char *rule_explained_id(const char *entry) {
	return entry + (entry[0] == '*' || entry[0] == '?');
}

const struct rule *rule_find(const struct rule *const *rules, const char *id) {
	for (; *rules; rules++) {
		if (streq((*rules)->id, id)) {
			return *rules;
		}
	}
	return NULL;
}

static size_t rule_count(const struct rule *const *rules) {
	size_t n = 0;
	while (rules[n]) {
		n++;
	}
	return n;
}

const struct rule *const *rules_named(struct arena *arena, const struct rule *const *rules,
                                      const char *const *ids) {
	const struct rule **list =
		arena_array_of(arena, const struct rule *, rule_count(rules) + 1);
	size_t count = 0;
	for (; *rules; rules++) {
		if (str_in((*rules)->id, ids)) {
			list[count++] = *rules;
		}
	}
	return list;
}

const char *const *rule_ids(struct arena *arena, const struct rule *const *rules) {
	const char **ids = arena_array_of(arena, const char *, rule_count(rules) + 1);
	for (size_t i = 0; rules[i]; i++) {
		ids[i] = rules[i]->id;
	}
	return ids;
}
