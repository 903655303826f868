/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_options.h"

#include "base/str.h"
#include "probes/modules/modules_flags.h"
#include "wire/jsonc.h"

#define ANY_DEPTH "**/"

/* The setting that gave an option of gopls, or NULL. */
static const struct fact_setting *setting_of(const struct facts *facts, const char *option,
                                             const char *of_extension) {
	const char *keys[] = {arena_printf(facts->arena, "gopls.build.%s", option),
	                      arena_printf(facts->arena, "gopls.%s", option), of_extension};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct fact_setting *s = keys[i] ? facts_setting(facts, keys[i]) : NULL;
		if (s) {
			return s;
		}
	}
	return NULL;
}

static void state_mod_flag(struct exam *exam) {
	const char *from = "";
	const char *value = modules_flag(exam, "mod", &from);
	if (str_empty(value)) {
		return;
	}
	if (streq(from, "GOFLAGS")) {
		const struct fact_govar *v = facts_govar(exam->facts, "GOFLAGS");
		FACTS_ADD(exam->facts, mod_flag, v ? v->base.ev : NULL, .value = value,
		          .from = "GOFLAGS", .where = v ? v->where : "");
		return;
	}
	const struct fact_setting *s = setting_of(exam->facts, "buildFlags", "go.buildFlags");
	FACTS_ADD(exam->facts, mod_flag, s ? s->base.ev : NULL, .value = value,
	          .from = s ? s->key : "buildFlags",
	          .where = s ? arena_printf(exam->arena, "%s:%lld", s->file, (long long)s->line)
	                     : "");
}

/* pattern is dir or a directory above it, from the root or (any) at any depth. */
static bool covers(const char *pattern, bool any, const char *dir) {
	size_t n = strlen(pattern);
	for (const char *p = dir; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL) {
		if (strncmp(p, pattern, n) == 0 && (p[n] == '\0' || p[n] == '/' || n == 0)) {
			return true;
		}
		if (!any) {
			break;
		}
	}
	return false;
}

bool modules_filtered(const struct jsonc_node *filters, const char *dir, const char **ret_filter) {
	bool out = false;
	for (const struct jsonc_node *m = filters ? filters->first_child : NULL; m; m = m->next) {
		const char *text = jsonc_string(m);
		if (!text || (text[0] != '+' && text[0] != '-')) {
			continue;
		}
		const char *pattern = text + 1;
		bool any = str_starts(pattern, ANY_DEPTH);
		pattern += any ? strlen(ANY_DEPTH) : 0;
		size_t n = strlen(dir);
		bool above = text[0] == '+' && !any && strlen(pattern) > n &&
		             strncmp(pattern, dir, n) == 0 && (n == 0 || pattern[n] == '/');
		if (above || covers(pattern, any, dir)) {
			out = text[0] == '-';
			*ret_filter = text;
		}
	}
	return out;
}

static void state_filter(const struct modules_view *view) {
	struct exam *exam = view->exam;
	const struct jsonc_node *filters = modules_option(exam, "directoryFilters");
	const char *root = view->workspace;
	size_t n = strlen(root);
	if (!filters || !view->file || strncmp(view->file->dir, root, n) != 0) {
		return;
	}
	const char *dir = view->file->dir + n;
	const char *filter = NULL;
	if ((*dir != '\0' && *dir != '/') ||
	    !modules_filtered(filters, *dir ? dir + 1 : "", &filter)) {
		return;
	}
	const struct fact_setting *s = setting_of(exam->facts, "directoryFilters", NULL);
	FACTS_ADD(exam->facts, dir_filter, s ? s->base.ev : NULL,
	          .key = s ? s->key : "directoryFilters", .filter = filter,
	          .dir = *dir ? dir + 1 : "", .file = s ? s->file : "", .line = s ? s->line : 0);
}

void modules_options_state(const struct modules_view *view) {
	state_mod_flag(view->exam);
	state_filter(view);
}
