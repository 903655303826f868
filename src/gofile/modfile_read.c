/* SPDX-License-Identifier: MIT
 * The directives go.mod and go.work have in common.
 */
#include "base/ascii.h"
#include "base/str.h"
#include "gofile/golex.h"
#include "gofile/modfile.h"
#include "gofile/semver.h"

/* One decimal number without leading zeros; 0 when there is none. */
static size_t number_length(const char *s, bool zero_allowed) {
	size_t n = strspn(s, "0123456789");
	if (n == 0 || (s[0] == '0' && (n > 1 || !zero_allowed))) {
		return 0;
	}
	return n;
}

/* 1.23, 1.23.0, 1.23rc1 and, for what is to come, 1.23.0rc1. */
static bool is_go_line_version(const char *s) {
	size_t n = number_length(s, false);
	if (n == 0 || s[n] != '.') {
		return false;
	}
	s += n + 1;
	n = number_length(s, true);
	if (n == 0) {
		return false;
	}
	s += n;
	if (*s == '.') {
		n = number_length(s + 1, true);
		if (n == 0) {
			return false;
		}
		s += n + 1;
	}
	if (*s == '\0') {
		return true;
	}
	n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
	size_t digits = strspn(s + n, "0123456789");
	return n > 0 && digits > 0 && s[n + digits] == '\0';
}

static bool is_toolchain_name(const char *s) {
	return streq(s, "default") || streq(s, "go1") || str_starts(s, "go1.");
}

void modfile_read_go(struct arena *arena, const struct modfile_line *line, const char **ret,
                     struct modfile_error *error) {
	if (*ret) {
		modfile_error_set(error, MODFILE_ERROR_REPEATED, line->line,
		                  "repeated go statement");
	} else if (line->arg_count != 1) {
		modfile_error_set(error, MODFILE_ERROR_USAGE, line->line,
		                  "go directive expects exactly one argument");
	} else if (!is_go_line_version(line->args[0])) {
		modfile_error_set(error, MODFILE_ERROR_GO_VERSION, line->line,
		                  arena_printf(arena,
		                               "invalid go version '%s': must match format 1.23.0",
		                               line->args[0]));
	} else {
		*ret = line->args[0];
	}
}

void modfile_read_toolchain(struct arena *arena, const struct modfile_line *line, const char **ret,
                            struct modfile_error *error) {
	if (*ret) {
		modfile_error_set(error, MODFILE_ERROR_REPEATED, line->line,
		                  "repeated toolchain statement");
	} else if (line->arg_count != 1) {
		modfile_error_set(error, MODFILE_ERROR_USAGE, line->line,
		                  "toolchain directive expects exactly one argument");
	} else if (!is_toolchain_name(line->args[0])) {
		const char *message = arena_printf(
			arena,
			"invalid toolchain version '%s': must match format go1.23.0 or default",
			line->args[0]);
		modfile_error_set(error, MODFILE_ERROR_TOOLCHAIN, line->line, message);
	} else {
		*ret = line->args[0];
	}
}

void modfile_check_godebug(const struct modfile_line *line, struct modfile_error *error) {
	bool ok = line->arg_count == 1 && !strpbrk(line->args[0], "\"`',") &&
	          strchr(line->args[0], '=');
	if (!ok) {
		modfile_error_set(error, MODFILE_ERROR_USAGE, line->line,
		                  "usage: godebug key=value");
	}
}

void modfile_check_block(struct arena *arena, const struct modfile_line *line, bool known,
                         struct modfile_error *error) {
	if (line->arg_count == 0 && known) {
		return;
	}
	struct strbuf head;
	strbuf_init(&head, arena);
	strbuf_printf(&head, "unknown block type: %s", line->verb);
	for (size_t i = 0; i < line->arg_count; i++) {
		strbuf_printf(&head, " %s", line->args[i]);
	}
	modfile_error_set(error, MODFILE_ERROR_UNKNOWN_DIRECTIVE, line->line, head.data);
}

bool modfile_is_directory(const char *path) {
	if (streq(path, ".") || streq(path, "..") || path[0] == '/' || path[0] == '\\') {
		return true;
	}
	if (str_starts(path, "./") || str_starts(path, ".\\") || str_starts(path, "../") ||
	    str_starts(path, "..\\")) {
		return true;
	}
	return ascii_is_letter(path[0]) && path[1] == ':';
}

const char *modfile_word(struct arena *arena, const char *word, const char **ret_message) {
	if (word[0] == '"') {
		const char *value = golex_unquote(arena, slice_str(word), NULL);
		*ret_message = value ? NULL : "invalid quoted string: invalid syntax";
		return value;
	}
	if (strpbrk(word, "\"'`")) {
		*ret_message = "invalid quoted string: unquoted string cannot contain quote";
		return NULL;
	}
	*ret_message = NULL;
	return word;
}

static bool path_error(struct modfile_error *error, const struct modfile_line *line,
                       const char *message) {
	modfile_error_set(error, MODFILE_ERROR_PATH, line->line, message);
	return false;
}

/* Unquotes argument i; NULL with *error set when that fails. */
static const char *argument(struct arena *arena, const struct modfile_line *line, size_t i,
                            struct modfile_error *error) {
	const char *message = NULL;
	const char *value = modfile_word(arena, line->args[i], &message);
	if (!value) {
		path_error(error, line, message);
	}
	return value;
}

/* The replaced side. */
static bool read_old(struct arena *arena, const struct modfile_line *line, bool versioned,
                     struct modfile_replace *ret, struct modfile_error *error) {
	struct slice major;
	ret->old_path = argument(arena, line, 0, error);
	if (!ret->old_path) {
		return false;
	}
	if (!semver_path_major(ret->old_path, &major)) {
		return path_error(
			error, line,
			arena_printf(arena, "replace %s: invalid module path", ret->old_path));
	}
	if (!versioned) {
		return true;
	}
	ret->old_version = argument(arena, line, 1, error);
	if (!ret->old_version) {
		return false;
	}
	/* Go asks the network what a version that is not canonical means; nothing is wrong with it
	 * yet. */
	if (!semver_is_canonical(ret->old_version)) {
		return true;
	}
	const char *why = semver_check_major(arena, ret->old_version, major);
	if (why) {
		const char *message = arena_printf(arena, "replace %s: version \"%s\" invalid: %s",
		                                   ret->old_path, ret->old_version, why);
		modfile_error_set(error, MODFILE_ERROR_VERSION, line->line, message);
	}
	return !why;
}

static bool read_new_directory(const struct modfile_line *line, const struct modfile_replace *ret,
                               struct modfile_error *error) {
	if (!modfile_is_directory(ret->new_path)) {
		return path_error(error, line,
		                  strchr(ret->new_path, '@')
		                          ? "replacement module must match format 'path version', "
		                            "not 'path@version'"
		                          : "replacement module without version must be directory "
		                            "path (rooted or starting with . or ..)");
	}
	if (strchr(ret->new_path, '\\')) {
		return path_error(error, line,
		                  "replacement directory appears to be Windows path (on a "
		                  "non-windows system)");
	}
	return true;
}

bool modfile_read_replace(struct arena *arena, const struct modfile_line *line,
                          struct modfile_replace *ret, struct modfile_error *error) {
	struct modfile_replace r = {.old_version = "", .new_version = "", .line = line->line};
	size_t n = line->arg_count;
	size_t arrow = n >= 2 && streq(line->args[1], "=>") ? 1 : 2;
	if (n < arrow + 2 || n > arrow + 3 || !streq(line->args[arrow], "=>")) {
		modfile_error_set(error, MODFILE_ERROR_USAGE, line->line,
		                  "usage: replace module/path [v1.2.3] => other/module v1.4\n\t or "
		                  "replace module/path [v1.2.3] => ../local/directory");
		return false;
	}
	if (!read_old(arena, line, arrow == 2, &r, error)) {
		return false;
	}
	r.new_path = argument(arena, line, arrow + 1, error);
	if (!r.new_path) {
		return false;
	}
	if (n == arrow + 2) {
		*ret = r;
		return read_new_directory(line, &r, error);
	}
	r.new_version = argument(arena, line, arrow + 2, error);
	if (!r.new_version) {
		return false;
	}
	if (modfile_is_directory(r.new_path)) {
		const char *message = arena_printf(
			arena, "replacement module directory path \"%s\" cannot have version",
			r.new_path);
		return path_error(error, line, message);
	}
	*ret = r;
	return true;
}
