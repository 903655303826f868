/* SPDX-License-Identifier: MIT
 */
#include "gofile/lockfile.h"

#include "base/ascii.h"
#include "base/str.h"

#include <ctype.h>

#define TOOLCHAIN_MODULE "golang.org/toolchain"
#define TOOLCHAIN_PREFIX "v0.0.1-"

static const char *name_of(const char *path) {
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "!azure" is "Azure" (golang.org/x/mod/module EscapePath). */
static const char *unescape(struct arena *arena, const char *text, size_t len) {
	char *out = arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bool upper = text[i] == '!' && i + 1 < len;

		out[n++] = upper ? (char)toupper((unsigned char)text[++i]) : text[i];
	}
	out[n] = '\0';
	return out;
}

static bool ends_cut(const char *name, const char *suffix, size_t *ret_len) {
	if (!str_ends(name, suffix)) {
		return false;
	}
	*ret_len = strlen(name) - strlen(suffix);
	return true;
}

/* "v0.0.1-go1.27.3.linux-amd64" */
static const char *toolchain_of(struct arena *arena, const char *version) {
	const char *from = version + (str_starts(version, TOOLCHAIN_PREFIX) ? 7 : 0);
	const char *end = strrchr(from, '.');

	return arena_strndup(arena, from, end ? (size_t)(end - from) : strlen(from));
}

/* What lies below cache/download/MODULE/@v/. */
static bool of_module(struct arena *arena, const char *path, struct lockfile *ret) {
	static const char above[] = "/cache/download/";
	const char *from = strstr(path, above);
	const char *at = from ? strstr(from, "/@v/") : NULL;
	size_t len;

	if (!at) {
		return false;
	}
	from += strlen(above);
	if (at < from) {
		return false;
	}
	const char *name = at + 4;

	ret->module = unescape(arena, from, (size_t)(at - from));
	if (ends_cut(name, ".lock", &len)) {
		ret->version = unescape(arena, name, len);
		ret->kind = LOCKFILE_VERSION;
		ret->what = arena_printf(arena, "module %s %s", ret->module, ret->version);
		if (streq(ret->module, TOOLCHAIN_MODULE)) {
			ret->kind = LOCKFILE_TOOLCHAIN;
			ret->version = toolchain_of(arena, ret->version);
			ret->what = arena_printf(arena, "the download of %s", ret->version);
		}
		return true;
	}
	if (streq(name, "list") || str_ends(name, ".ziphash") || str_ends(name, ".info") ||
	    str_ends(name, ".mod")) {
		ret->kind = LOCKFILE_LIST;
		ret->what = arena_printf(arena, "what is known of module %s", ret->module);
		return true;
	}
	return false;
}

static bool is_vcs(const char *path) {
	const char *name = name_of(path);

	return str_has(path, "/cache/vcs/") && str_ends(name, ".lock") &&
	       strspn(name, "0123456789abcdef") == 64;
}

static bool is_git(const char *path) {
	return str_has(path, "/.git/") && str_ends(path, ".lock");
}

static bool is_project(const char *name) {
	return streq(name, "go.mod") || streq(name, "go.sum") || streq(name, "go.work") ||
	       streq(name, "go.work.sum");
}

static bool is_packages(const char *path) {
	return streq(path, "/var/lib/dpkg/lock") || streq(path, "/var/lib/dpkg/lock-frontend") ||
	       streq(path, "/var/lib/apt/lists/lock") ||
	       streq(path, "/var/cache/apt/archives/lock");
}

/* What a socket of VS Code is for, NULL when it is none. */
static const char *socket_words(const char *name) {
	/* "vscode-0a1b2c3d-1.95-main.sock", in a data directory "1.95-main.sock" */
	bool is_code = str_starts(name, "vscode-") || ascii_is_digit(name[0]);

	if (is_code && str_ends(name, "-main.sock")) {
		return "one VS Code for its user data directory: a second start talks to the first "
		       "here";
	}
	if (is_code && str_ends(name, "-shared.sock")) {
		return "the shared process of VS Code";
	}
	if (str_starts(name, "vscode-ipc-") && str_ends(name, ".sock")) {
		return "an extension host of VS Code, for `code` in its terminals";
	}
	return str_starts(name, "vscode-git-") && str_ends(name, ".sock")
	               ? "git's questions to a window of VS Code"
	               : NULL;
}

static enum lockfile_kind kind_of(const char *path) {
	const char *name = name_of(path);

	if (str_has(path, "/cache/download/sumdb/") || str_has(path, "/pkg/sumdb/")) {
		return LOCKFILE_SUMDB;
	}
	if (is_vcs(path)) {
		return LOCKFILE_VCS;
	}
	if (str_ends(path, "/cache/lock")) {
		return LOCKFILE_MODCACHE;
	}
	if (is_git(path)) {
		return LOCKFILE_GIT;
	}
	if (is_packages(path)) {
		return LOCKFILE_PACKAGES;
	}
	if (is_project(name)) {
		return LOCKFILE_PROJECT;
	}
	if (streq(name, "trim.txt") || streq(name, "testexpire.txt")) {
		return LOCKFILE_BUILD;
	}
	if (str_ends(path, "/gopls/prompt/telemetry.lock")) {
		return LOCKFILE_GOPLS;
	}
	return streq(name, "code.lock") || socket_words(name) ? LOCKFILE_EDITOR : LOCKFILE_OTHER;
}

static const struct {
	const char *name;
	const char *what; /* NULL: said by the path */
	bool by_existence;
} kinds[] = {
	[LOCKFILE_OTHER] = {"other", NULL, false},
	[LOCKFILE_VERSION] = {"version", NULL, false},
	[LOCKFILE_TOOLCHAIN] = {"toolchain", NULL, false},
	[LOCKFILE_LIST] = {"list", NULL, false},
	[LOCKFILE_MODCACHE] = {"modcache", "the module cache", false},
	[LOCKFILE_VCS] = {"vcs", "a repository that go fetches directly", false},
	[LOCKFILE_SUMDB] = {"sumdb", "what is known of the checksum database", false},
	[LOCKFILE_PROJECT] = {"project", NULL, false},
	[LOCKFILE_BUILD] = {"build", "the clean-up of the build cache", false},
	[LOCKFILE_GOPLS] = {"gopls", "gopls' question about telemetry", true},
	[LOCKFILE_EDITOR] = {"editor", "one VS Code for its user data directory", true},
	[LOCKFILE_GIT] = {"git", NULL, true},
	[LOCKFILE_PACKAGES] = {"packages", "the package manager", false},
};

struct lockfile lockfile_of(struct arena *arena, const char *path) {
	struct lockfile file = {.what = "", .module = "", .version = ""};

	if (!of_module(arena, path, &file)) {
		file.kind = kind_of(path);
		file.module = "";
		if (file.kind == LOCKFILE_GIT) {
			const char *name = name_of(path);

			file.what =
				arena_printf(arena, "git's %.*s", (int)(strlen(name) - 5), name);
		} else if (file.kind == LOCKFILE_EDITOR && socket_words(name_of(path))) {
			file.what = socket_words(name_of(path));
		} else {
			file.what = kinds[file.kind].what ? kinds[file.kind].what : name_of(path);
		}
	}
	file.name = kinds[file.kind].name;
	file.by_existence = kinds[file.kind].by_existence;
	return file;
}
