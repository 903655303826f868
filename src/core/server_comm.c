/* SPDX-License-Identifier: MIT */
#include "core/server_comm.h"

#include "base/str.h"

#include <string.h>

#define COMM_MAX 15

const char *server_of_comm(const char *comm) {
	static const char *const names[] = {
		"gopls",           "dlv",          "clangd",   "rust-analyzer",
		"lua-language-se", "zls",          "taplo",    "golangci-lint-l",
		"texlab",          "ruff",         "nil",      "ccls",
		"efm-langserver",  "terraform-ls", "marksman", NULL};

	for (size_t i = 0; names[i]; i++) {
		if (strncmp(comm, names[i], COMM_MAX) == 0 &&
		    (strlen(comm) == COMM_MAX || streq(comm, names[i]))) {
			return names[i];
		}
	}
	return NULL;
}

const char *server_of_script(const char *base) {
	static const char *const names[] = {"pyright-langserver",
	                                    "basedpyright-langserver",
	                                    "typescript-language-server",
	                                    "vscode-json-language-server",
	                                    "yaml-language-server",
	                                    "bash-language-server",
	                                    "pylsp",
	                                    "jedi-language-server",
	                                    NULL};

	for (size_t i = 0; names[i]; i++) {
		if (str_starts(base, names[i])) {
			return names[i];
		}
	}
	return NULL;
}

bool comm_is_interpreter(const char *comm) {
	return str_starts(comm, "node") || str_starts(comm, "python") || streq(comm, "MainThread");
}
