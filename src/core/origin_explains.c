/* SPDX-License-Identifier: MIT */
#include "base/str.h"
#include "core/origin.h"
#include "core/rule.h"

/* The same said otherwise: folded when they are about the same variable. */
#define SAME                                                                                       \
	"env-goroot-wrong", "env-goroot-go-mismatch", "env-goflags-malformed",                     \
		"env-tmpdir-invalid", "env-gopath-equals-goroot", "cfg-env-not-expanded",          \
		"cfg-cache-path-not-absolute", "cfg-goos-goarch-in-toolsenv",                      \
		"mod-gowork-stray-parent", "mod-goflags-mod-vs-workspace",                         \
		"mod-inconsistent-vendoring"

static const char *const of_any[] = {SAME, NULL};
static const char *const of_tags[] = {SAME, "*mod-excluded-by-constraints", NULL};
static const char *const of_mod_flag[] = {SAME,
                                          "*mod-excluded-by-constraints",
                                          "*mod-goflags-mod-vs-workspace",
                                          "*mod-inconsistent-vendoring",
                                          "*mod-gosum-or-gomod-stale",
                                          NULL};
static const char *const of_toolchain[] = {SAME, "*tc-download-unavailable", "*tc-local-too-old",
                                           NULL};
static const char *const of_fetching[] = {SAME, "*tc-download-unavailable",
                                          "ipc-server-waits-on-child", "*mod-gosum-or-gomod-stale",
                                          NULL};
static const char *const of_platform[] = {SAME, "*mod-excluded-by-constraints",
                                          "*mod-cgo-toolchain-missing", "*bin-wrong-bin-dir", NULL};
static const char *const of_places[] = {SAME,
                                        "*env-home-or-cache-undefined",
                                        "*fs-readonly",
                                        "*fs-gocache-foreign-owner",
                                        "*fs-modcache-foreign-owner",
                                        "*mod-gosum-or-gomod-stale",
                                        "*tc-download-unavailable",
                                        "*bin-wrong-bin-dir",
                                        "*bin-gopls-missing",
                                        NULL};
static const char *const of_scratch[] = {SAME, "*fs-readonly", NULL};
static const char *const of_programs[] = {SAME, "*bin-wrong-bin-dir", "*bin-gopls-missing", NULL};
static const char *const of_work[] = {SAME,
                                      "*mod-nested-not-in-workspace",
                                      "*mod-gowork-missing-dir",
                                      "*mod-no-gomod-at-root",
                                      "*mod-gosum-or-gomod-stale",
                                      NULL};

static const struct consequence {
	const char *name;
	const char *const *explains;
} consequences[] = {
	{"GOTOOLCHAIN", of_toolchain}, {"GOPROXY", of_fetching},     {"GOSUMDB", of_fetching},
	{"GOPRIVATE", of_fetching},    {"GONOPROXY", of_fetching},   {"GONOSUMDB", of_fetching},
	{"HTTPS_PROXY", of_fetching},  {"https_proxy", of_fetching}, {"GOOS", of_platform},
	{"GOARCH", of_platform},       {"CGO_ENABLED", of_platform}, {"GOCACHE", of_places},
	{"GOMODCACHE", of_places},     {"GOPATH", of_places},        {"TMPDIR", of_scratch},
	{"GOTMPDIR", of_scratch},      {"GOBIN", of_programs},       {"GOWORK", of_work},
	{"GO111MODULE", of_work},
};

const char *const *origin_explains(const char *name, const char *value) {
	if (streq(name, "GOFLAGS")) {
		return str_has(value, "-mod") ? of_mod_flag : of_tags;
	}
	for (size_t i = 0; i < sizeof(consequences) / sizeof(*consequences); i++) {
		if (streq(name, consequences[i].name)) {
			return consequences[i].explains;
		}
	}
	return of_any;
}
