/* SPDX-License-Identifier: MIT
 * How consequential a difference is. Lower ranks come first: what runs, then what it is told, then
 * where it keeps things, then what it meets on the way.
 */
#include "report/compare.h"

static const struct compare_weight govars[] = {
	{"GOROOT", 12, true, "", "go"},
	{"GOFLAGS", 14, false, "", ""},
	{"GOTOOLCHAIN", 15, false, "auto", "go"},
	{"GOWORK", 16, true, "", ""},
	{"GO111MODULE", 16, false, "on", ""},
	{"GOPACKAGESDRIVER", 17, true, "", ""},
	{"GOOS", 19, false, "", ""},
	{"GOARCH", 19, false, "", ""},
	{"GOPATH", 20, true, "", "HOME"},
	{"CGO_ENABLED", 21, false, "1", ""},
	{"GOMODCACHE", 22, true, "", "GOPATH"},
	{"GOCACHE", 24, true, "", "HOME"},
	{"GOPROXY", 26, false, WEIGHT_OF_GOROOT, "go"},
	{"GOPRIVATE", 29, false, "", ""},
	{"GONOPROXY", 30, false, "", ""},
	{"GONOSUMDB", 30, false, "", ""},
	{"GOSUMDB", 30, false, WEIGHT_OF_GOROOT, "go"},
	{"GOINSECURE", 31, false, "", ""},
	{"GOAUTH", 31, false, "netrc", ""},
	{"GOEXPERIMENT", 32, false, "", ""},
	{"GODEBUG", 33, false, "", ""},
	{"GOTMPDIR", 34, true, "", ""},
	{"GOBIN", 35, true, "", ""},
	{"GOCACHEPROG", 36, true, "", ""},
	{"CC", 41, true, "gcc", ""},
	{"CXX", 41, true, "g++", ""},
	{"PKG_CONFIG", 41, true, "pkg-config", ""},
	{"GOAMD64", 43, false, "v1", ""},
	{"GOENV", 0, true, "", "HOME"}, /* what is in that file is compared value by value */
};

struct compare_weight compare_weight_govar(const char *name) {
	for (size_t i = 0; i < sizeof(govars) / sizeof(*govars); i++) {
		if (streq(govars[i].name, name)) {
			return govars[i];
		}
	}
	bool cgo = str_starts(name, "CGO_");
	return (struct compare_weight){
		.name = name, .rank = cgo ? 42 : 0, .fallback = "", .parent = ""};
}

static const struct compare_weight variables[] = {
	{"HOME", 13, true, "", ""},
	{"HTTPS_PROXY", 27, false, "", ""},
	{"https_proxy", 27, false, "", ""},
	{"HTTP_PROXY", 27, false, "", ""},
	{"http_proxy", 27, false, "", ""},
	{"NO_PROXY", 27, false, "", ""},
	{"no_proxy", 27, false, "", ""},
	{"ALL_PROXY", 28, false, "", ""},
	{"all_proxy", 28, false, "", ""},
	{"SSL_CERT_FILE", 28, true, "", ""},
	{"SSL_CERT_DIR", 28, true, "", ""},
	{"GOPLSCACHE", 38, true, "", ""},
	{"LD_PRELOAD", 38, true, "", ""},
	{"LD_LIBRARY_PATH", 39, true, "", ""},
	{"GIT_DIR", 20, true, "", ""},
	{"GIT_WORK_TREE", 20, true, "", ""},
	{"GIT_SSH", 48, true, "", ""},
	{"GIT_SSH_COMMAND", 48, false, "", ""},
	{"GIT_EXEC_PATH", 48, true, "", ""},
	{"GIT_TERMINAL_PROMPT", 49, false, "", ""},
	{"GIT_PROXY_COMMAND", 48, false, "", ""},
	{"GIT_ALLOW_PROTOCOL", 48, false, "", ""},
	{"NETRC", 49, true, "", ""},
	{"PKG_CONFIG_PATH", 42, true, "", ""},
	{"CPATH", 42, true, "", ""},
	{"C_INCLUDE_PATH", 42, true, "", ""},
	{"LIBRARY_PATH", 42, true, "", ""},
	{"GOMAXPROCS", 54, false, "", ""},
	{"GOMEMLIMIT", 54, false, "", ""},
	{"GOGC", 54, false, "", ""},
};

struct compare_weight compare_weight_variable(const char *name) {
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		if (streq(variables[i].name, name)) {
			return variables[i];
		}
	}
	bool git = str_starts(name, "GIT_CONFIG") || str_starts(name, "GIT_SSL_");
	bool cgo = str_starts(name, "CGO_");
	return (struct compare_weight){.name = name,
	                               .rank = git   ? 48
	                                       : cgo ? 42
	                                             : 0,
	                               .fallback = "",
	                               .parent = ""};
}

unsigned compare_weight_tool(const char *name, bool missing) {
	static const struct {
		const char *name;
		unsigned rank;
	} tools[] = {{"go", 11}, {"gopls", 18}, {"dlv", 44}, {"git", 46}, {"gcc", 47}};
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		if (streq(tools[i].name, name)) {
			return tools[i].rank - missing;
		}
	}
	return 60;
}
