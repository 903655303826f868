/* SPDX-License-Identifier: MIT */
#include "core/associated.h"

#include "base/path.h"
#include "base/str.h"

#include <fnmatch.h>
#include <strings.h>

static const char *pattern_of(const struct fact_setting *s) {
	bool ours = s->effective && streq(s->type, "string") &&
	            str_starts(s->key, ASSOCIATIONS_SETTING ".");
	return ours ? s->key + strlen(ASSOCIATIONS_SETTING ".") : NULL;
}

/* A pattern with a slash is compared with the whole path, another one with the name. */
static bool matches(const char *pattern, const char *file) {
	const char *subject = strchr(pattern, '/') ? file : path_base(file);
	return !strpbrk(pattern, "{}") &&
	       fnmatch(pattern, subject, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

const struct fact_setting *associated_elsewhere(const struct facts *facts, const char *file) {
	const struct fact_setting *found = NULL;
	const char *longest = NULL;
	if (str_empty(file) || !str_ends(file, ".go")) {
		return NULL;
	}
	facts_each (setting, s, facts) {
		const char *pattern = pattern_of(s);
		if (!pattern || !matches(pattern, file)) {
			continue;
		}
		bool exact = strcasecmp(pattern, path_base(file)) == 0;
		if (exact || !longest || strlen(pattern) > strlen(longest)) {
			found = s;
			longest = pattern;
		}
		if (exact) {
			break;
		}
	}
	return found && strcasecmp(found->json, "\"go\"") != 0 ? found : NULL;
}
