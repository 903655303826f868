/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_flags.h"

#include "base/str.h"
#include "base/vec.h"
#include "gofile/goflags.h"
#include "wire/jsonc.h"

/* gopls compares only the last dotted part of a setting's name. */
const struct jsonc_node *modules_option(struct exam *exam, const char *name) {
	const char *json = exam->target->init_options;
	if (str_empty(json)) {
		return NULL;
	}
	const struct jsonc_doc *doc = jsonc_parse(exam->arena, slice_str(json));
	for (const struct jsonc_node *m = doc->root ? doc->root->first_child : NULL; m;
	     m = m->next) {
		const char *dot = m->key ? strrchr(m->key, '.') : NULL;
		if (m->key && streq(dot ? dot + 1 : m->key, name)) {
			return m;
		}
	}
	return NULL;
}

/* Is the word -name or --name, perhaps with =value? Then what stands behind the name. */
static const char *behind_name(const char *word, const char *name) {
	if (word[0] != '-') {
		return NULL;
	}
	word += word[1] == '-' ? 2 : 1;
	size_t n = strlen(name);
	if (strncmp(word, name, n) != 0 || (word[n] != '\0' && word[n] != '=')) {
		return NULL;
	}
	return word + n;
}

const char *modules_flag(struct exam *exam, const char *name, const char **ret_from) {
	const struct fact_govar *v = facts_govar(exam->facts, "GOFLAGS");
	struct goflags flags = goflags_parse(exam->arena, v ? v->value : "");
	const char *value = goflags_value(&flags, name);
	const char *from = value ? "GOFLAGS" : "";
	const struct jsonc_node *list = modules_option(exam, "buildFlags");
	for (const struct jsonc_node *m = list ? list->first_child : NULL; m; m = m->next) {
		const char *word = jsonc_string(m);
		const char *rest = word ? behind_name(word, name) : NULL;
		if (!rest) {
			continue;
		}
		const char *next = m->next ? jsonc_string(m->next) : NULL;
		value = rest[0] == '=' ? rest + 1 : next && next[0] != '-' ? next : "true";
		from = "buildFlags";
	}
	if (ret_from) {
		*ret_from = from;
	}
	return value;
}

/* Commas since Go 1.13, blanks before that and still. */
struct modules_tags modules_tags(struct exam *exam) {
	const char *text = modules_flag(exam, "tags", NULL);
	const char **items = NULL;
	size_t count = 0;
	size_t slots = 0;
	while (text && *text) {
		size_t n = strcspn(text, ", \t");
		if (n > 0) {
			VEC_ROOM(exam->arena, items, count, &slots);
			items[count++] = arena_strndup(exam->arena, text, n);
		}
		text += n + (text[n] != '\0');
	}
	return (struct modules_tags){.items = items, .count = count};
}
