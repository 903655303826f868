/* SPDX-License-Identifier: MIT */
#include "core/restricted.h"

#include "base/str.h"

#include <stdlib.h>

const struct fact_folder_trust *restricted_by(const struct facts *facts) {
	facts_each (folder_trust, t, facts) {
		if (streq(t->state, "untrusted") || (streq(t->state, "unlisted") && !t->never)) {
			return t;
		}
	}
	return NULL;
}

const struct fact_extension *restricted_extension(const struct facts *facts) {
	const struct fact_extension *found = NULL;
	facts_each (extension, e, facts) {
		bool go = streq(e->id, "golang.go") || streq(e->id, "golang.go-nightly");
		if (go && e->enabled && (!found || streq(e->id, "golang.go"))) {
			found = e;
		}
	}
	return found;
}

bool restricted_starts_nothing(const struct facts *facts) {
	const struct fact_extension *e = restricted_extension(facts);
	char *end = NULL;
	if (!e) {
		return true;
	}
	unsigned long major = strtoul(e->version, &end, 10);
	unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
	/* The nightly one has the date: 2025.11.1404, the change came in November 2025. */
	if (major >= 2000) {
		return major > 2025 || (major == 2025 && minor >= 11);
	}
	return major > 0 || minor >= 52 || end == e->version;
}

bool restricted_ignores(const char *key) {
	static const char *const keys[] = {
		"go.alternateTools",    "go.gopath",      "go.goroot",
		"go.inferGopath",       "go.toolsGopath", "go.toolsEnvVars",
		"go.toolsManagement.go"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		size_t n = strlen(keys[i]);
		if (strncmp(key, keys[i], n) == 0 && (key[n] == '\0' || key[n] == '.')) {
			return true;
		}
	}
	return false;
}
