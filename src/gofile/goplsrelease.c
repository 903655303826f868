/* SPDX-License-Identifier: MIT */
#include "gofile/goplsrelease.h"

#include "base/str.h"
#include "gofile/goversion.h"

/* x/tools before the one of v0.19 does not compile with Go 1.25: "invalid array length -delta *
 * delta" in internal/tokeninternal. */
#define LAST_FOR_OLD_TOOLS 24

static const struct gopls_release releases[] = {
	{7, "v0.7.5", "1.12", 17, LAST_FOR_OLD_TOOLS, "1.20"},
	{8, "v0.8.4", "1.14", 18, LAST_FOR_OLD_TOOLS, "1.20"},
	{9, "v0.9.5", "1.15", 19, LAST_FOR_OLD_TOOLS, "1.20"},
	{10, "v0.10.1", "1.16", 19, LAST_FOR_OLD_TOOLS, "1.20"},
	{11, "v0.11.0", "1.16", 19, LAST_FOR_OLD_TOOLS, "1.20"},
	{12, "v0.12.4", "1.18", 20, LAST_FOR_OLD_TOOLS, "1.22"},
	{13, "v0.13.2", "1.18", 21, LAST_FOR_OLD_TOOLS, "1.22"},
	{14, "v0.14.2", "1.18", 21, LAST_FOR_OLD_TOOLS, "1.22"},
	{15, "v0.15.3", "1.19", 22, LAST_FOR_OLD_TOOLS, "1.22"},
	{16, "v0.16.2", "1.21", 23, LAST_FOR_OLD_TOOLS, "1.24"},
	{17, "v0.17.1", "1.23.1", 23, LAST_FOR_OLD_TOOLS, "1.24"},
	{18, "v0.18.1", "1.23.4", 24, LAST_FOR_OLD_TOOLS, "1.24"},
	{19, "v0.19.1", "1.24.2", 24, 0, "1.26"},
	{20, "v0.20.0", "1.24.2", 24, 0, "1.26"},
	{21, "v0.21.1", "1.25", 25, 0, "1.27"},
	{22, "v0.22.0", "1.26.0", 26, 0, "1.27"},
	{23, "v0.23.0", "1.26.0", 26, 0, "1.27"},
	{24, "v0.24.0", "1.27.0", 27, 0, "1.27"},
};
static const size_t release_count = sizeof(releases) / sizeof(*releases);

const struct gopls_release *gopls_release_of(const char *version) {
	if (!version || !str_starts(version, "v0.")) {
		return NULL;
	}
	size_t digits = strspn(version + 3, "0123456789");
	if (digits == 0 || digits > 4 || version[3 + digits] != '.') {
		return NULL;
	}
	int minor = 0;
	for (size_t i = 0; i < digits; i++) {
		minor = minor * 10 + (version[3 + i] - '0');
	}
	for (size_t i = 0; i < release_count; i++) {
		if (releases[i].minor == minor) {
			return &releases[i];
		}
	}
	return NULL;
}

const struct gopls_release *gopls_release_for(const char *go) {
	int minor = goversion_minor(go);
	for (size_t i = release_count; i-- > 0;) {
		const struct gopls_release *r = &releases[i];
		if (goversion_compare(r->needs, go) <= 0 &&
		    (r->built_by == 0 || minor <= r->built_by)) {
			return r;
		}
	}
	return NULL;
}

bool gopls_release_compiles(const char *go, const char *version) {
	const struct gopls_release *r = gopls_release_of(version);
	return r && goversion_compare(r->needs, go) <= 0 &&
	       (r->built_by == 0 || goversion_minor(go) <= r->built_by);
}

const char *gopls_release_wanted(const char *go) {
	const struct gopls_release *r =
		*go && goversion_compare(go, "1.21") < 0 ? gopls_release_for(go) : NULL;
	return r ? r->last : "latest";
}
