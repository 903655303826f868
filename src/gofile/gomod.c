/* SPDX-License-Identifier: MIT */
#include "gofile/gomod.h"

#include "base/ascii.h"
#include "base/str.h"
#include "base/vec.h"
#include "gofile/golex.h"
#include "gofile/semver.h"

struct reader {
	struct arena *arena;
	struct gomod *mod;
	struct modfile_error *error;
	size_t require_slots;
	size_t exclude_slots;
	size_t replace_slots;
	size_t tool_slots;
	size_t ignore_slots;
	int retract_line; /* first retract line */
};

static void refuse(struct reader *r, const struct modfile_line *line, enum modfile_error_kind kind,
                   const char *message) {
	modfile_error_set(r->error, kind, line->line, message);
}

/* A module path go would ask a proxy about: what is wrong with it, or NULL. */
static const char *path_fault(struct arena *arena, const char *path) {
	for (const char *p = path; *p; p++) {
		bool ok = ascii_is_alnum(*p) || strchr("-._~/", *p);
		if (!ok) {
			return arena_printf(
				arena, "malformed module path \"%s\": invalid char '%c'", path, *p);
		}
	}
	const char *dot = strchr(path, '.');
	const char *slash = strchr(path, '/');
	if (!dot || (slash && slash < dot)) {
		return arena_printf(
			arena, "malformed module path \"%s\": missing dot in first path element",
			path);
	}
	return NULL;
}

/* Notes a version only a proxy can explain. */
static bool loose_version(struct reader *r, const struct modfile_line *line, const char *path,
                          const char *version) {
	const char *fault = path_fault(r->arena, path);
	if (fault) {
		refuse(r, line, MODFILE_ERROR_PATH, fault);
		return false;
	}
	if (r->mod->loose_version_line == 0) {
		r->mod->loose_version_line = line->line;
		r->mod->loose_version = version;
		r->mod->loose_path = path;
	}
	return true;
}

/* Version and path of a require or exclude line fit each other. */
static bool check_version(struct reader *r, const struct modfile_line *line, const char *path,
                          const char *version) {
	struct slice major;
	if (!semver_path_major(path, &major)) {
		refuse(r, line, MODFILE_ERROR_PATH,
		       arena_printf(r->arena,
		                    "%s %s: version \"%s\" invalid: malformed module path \"%s\"",
		                    line->verb, path, version, path));
		return false;
	}
	if (!semver_is_canonical(version)) {
		return loose_version(r, line, path, version);
	}
	const char *why = semver_check_major(r->arena, version, major);
	if (why) {
		refuse(r, line, MODFILE_ERROR_VERSION,
		       arena_printf(r->arena, "%s %s: version \"%s\" invalid: %s", line->verb, path,
		                    version, why));
	}
	return !why;
}

/* Argument i without quotes; NULL when go refuses it. */
static const char *word_at(struct reader *r, const struct modfile_line *line, size_t i) {
	const char *message = NULL;
	const char *word = modfile_word(r->arena, line->args[i], &message);
	if (!word) {
		refuse(r, line, MODFILE_ERROR_PATH, message);
	}
	return word;
}

/* `// indirect` or `// indirect; more words`. */
static bool is_indirect(const char *suffix) {
	struct slice rest = slice_str(suffix);
	struct slice first = {0};
	struct slice second = {0};
	bool any = golex_field(&rest, &first);
	bool more = golex_field(&rest, &second);
	return any && (more ? slice_eq(first, "indirect;") : slice_eq(first, "indirect"));
}

static void read_require(struct reader *r, const struct modfile_line *line, bool exclude) {
	struct gomod *mod = r->mod;
	if (line->arg_count != 2) {
		refuse(r, line, MODFILE_ERROR_USAGE,
		       arena_printf(r->arena, "usage: %s module/path v1.2.3", line->verb));
		return;
	}
	struct gomod_require item = {.line = line->line};
	item.path = word_at(r, line, 0);
	item.version = item.path ? word_at(r, line, 1) : NULL;
	if (!item.version || !check_version(r, line, item.path, item.version)) {
		return;
	}
	if (exclude) {
		VEC_ROOM(r->arena, mod->excludes, mod->exclude_count, &r->exclude_slots);
		mod->excludes[mod->exclude_count++] = item;
		return;
	}
	item.indirect = line->suffix && is_indirect(line->suffix);
	VEC_ROOM(r->arena, mod->requires, mod->require_count, &r->require_slots);
	mod->requires[mod->require_count++] = item;
}

static void read_module(struct reader *r, const struct modfile_line *line) {
	if (r->mod->has_module) {
		refuse(r, line, MODFILE_ERROR_REPEATED, "repeated module statement");
		return;
	}
	r->mod->has_module = true;
	r->mod->module_line = line->line;
	if (line->arg_count != 1) {
		refuse(r, line, MODFILE_ERROR_USAGE, "usage: module module/path");
		return;
	}
	r->mod->module = word_at(r, line, 0);
	/* golang.org/x/mod/module.CheckImportPath; what is wrong with a single element shows in the imports as
	 * well, an empty one does not. */
	const char *path = r->mod->module;
	size_t len = strlen(path);
	if (len > 0 && (path[0] == '/' || path[len - 1] == '/' || strstr(path, "//"))) {
		refuse(r, line, MODFILE_ERROR_PATH,
		       arena_printf(r->arena, "malformed module path \"%s\": %s", path,
		                    path[len - 1] == '/' ? "trailing slash"
		                                         : "empty path element"));
	}
}

static void read_replace(struct reader *r, const struct modfile_line *line) {
	struct modfile_replace item;
	if (!modfile_read_replace(r->arena, line, &item, r->error)) {
		return;
	}
	bool old_loose = item.old_version[0] != '\0' && !semver_is_canonical(item.old_version);
	bool new_loose = item.new_version[0] != '\0' && !semver_is_canonical(item.new_version);
	if (old_loose && !loose_version(r, line, item.old_path, item.old_version)) {
		return;
	}
	if (new_loose && !loose_version(r, line, item.new_path, item.new_version)) {
		return;
	}
	VEC_ROOM(r->arena, r->mod->replaces, r->mod->replace_count, &r->replace_slots);
	r->mod->replaces[r->mod->replace_count++] = item;
}

/* tool and ignore: one path each. */
static void read_path(struct reader *r, const struct modfile_line *line, bool tool) {
	struct gomod *mod = r->mod;
	if (line->arg_count != 1) {
		refuse(r, line, MODFILE_ERROR_USAGE,
		       arena_printf(r->arena, "%s directive expects exactly one argument",
		                    line->verb));
		return;
	}
	struct gomod_path item = {.path = word_at(r, line, 0), .line = line->line};
	if (!item.path) {
		return;
	}
	if (tool) {
		VEC_ROOM(r->arena, mod->tools, mod->tool_count, &r->tool_slots);
		mod->tools[mod->tool_count++] = item;
	} else {
		VEC_ROOM(r->arena, mod->ignores, mod->ignore_count, &r->ignore_slots);
		mod->ignores[mod->ignore_count++] = item;
	}
}

/* What is wrong with `v1.2.3` or `[v1.2.0, v1.2.3]`, or NULL. */
static const char *retract_fault(struct arena *arena, const struct modfile_line *line) {
	static const char *const want[] = {"[", NULL, ",", NULL, "]"};
	static const char *const faults[] = {
		"expected '[' or version",    "expected version after '['",
		"expected ',' after version", "expected version after ','",
		"expected ']' after version",
	};
	if (line->arg_count == 0 || streq(line->args[0], "(")) {
		return faults[0];
	}
	size_t used = 1;
	if (streq(line->args[0], "[")) {
		for (; used < 5; used++) {
			const char *expected = want[used];
			bool there = used < line->arg_count;
			if (!there || (expected && !streq(line->args[used], expected))) {
				return faults[used];
			}
		}
	}
	if (line->arg_count > used) {
		return arena_printf(arena, "unexpected token after version: \"%s\"",
		                    line->args[used]);
	}
	return NULL;
}

static void read_retract(struct reader *r, const struct modfile_line *line) {
	const char *fault = retract_fault(r->arena, line);
	if (fault) {
		refuse(r, line, MODFILE_ERROR_USAGE, fault);
		return;
	}
	r->retract_line = r->retract_line ? r->retract_line : line->line;
	r->mod->retract_count++;
}

/* go and toolchain may stand on lines only; the others also open blocks. */
static bool may_be_block(const char *verb) {
	return STR_IN(verb, "module", "godebug", "require", "exclude", "replace", "retract", "tool",
	              "ignore");
}

static void read_line(struct reader *r, const struct modfile_line *line) {
	struct gomod *mod = r->mod;
	if (streq(line->verb, "require") || streq(line->verb, "exclude")) {
		read_require(r, line, line->verb[0] == 'e');
	} else if (streq(line->verb, "replace")) {
		read_replace(r, line);
	} else if (streq(line->verb, "module")) {
		read_module(r, line);
	} else if (streq(line->verb, "go")) {
		mod->go_line = mod->go_line ? mod->go_line : line->line;
		modfile_read_go(r->arena, line, &mod->go_version, r->error);
	} else if (streq(line->verb, "toolchain")) {
		mod->toolchain_line = mod->toolchain_line ? mod->toolchain_line : line->line;
		modfile_read_toolchain(r->arena, line, &mod->toolchain, r->error);
	} else if (streq(line->verb, "tool") || streq(line->verb, "ignore")) {
		read_path(r, line, line->verb[0] == 't');
	} else if (streq(line->verb, "retract")) {
		read_retract(r, line);
	} else if (streq(line->verb, "godebug")) {
		modfile_check_godebug(line, r->error);
	} else {
		refuse(r, line, MODFILE_ERROR_UNKNOWN_DIRECTIVE,
		       arena_printf(r->arena, "unknown directive: %s", line->verb));
	}
}

static void check_whole(struct reader *r) {
	struct gomod *mod = r->mod;
	if (r->retract_line > 0 && str_empty(mod->module)) {
		modfile_error_set(r->error, MODFILE_ERROR_NO_MODULE, r->retract_line,
		                  "no module directive found, so retract cannot be used");
	}
	if (!mod->has_module) {
		modfile_error_set(r->error, MODFILE_ERROR_NO_MODULE, 0,
		                  "missing module declaration");
	}
}

/* What go reads of the go.mod of a dependency (golang.org/x/mod/modfile.ParseLax). */
static bool matters_to_others(const char *verb) {
	return STR_IN(verb, "module", "require", "retract", "ignore");
}

static struct gomod parse(struct arena *arena, struct slice text, bool of_dependency) {
	struct modfile file = modfile_parse(arena, text);
	struct gomod mod = {
		.error = file.error,
		.loose_version = "",
		.loose_path = "",
		.conflict_line = file.conflict_line,
		.empty = file.empty,
		.truncated = file.truncated,
		.has_bom = file.has_bom,
		.has_nul = file.has_nul,
	};
	struct reader r = {.arena = arena, .mod = &mod, .error = &mod.error};
	for (size_t i = 0; i < file.line_count; i++) {
		const struct modfile_line *line = &file.lines[i];
		bool stray = line->in_block && !may_be_block(line->verb);
		if (of_dependency && !matters_to_others(line->verb)) {
			continue;
		}
		if (line->is_block) {
			modfile_check_block(arena, line, may_be_block(line->verb), r.error);
		} else if (!stray) {
			read_line(&r, line);
		}
	}
	if (!of_dependency) {
		check_whole(&r);
	}
	return mod;
}

struct gomod gomod_parse(struct arena *arena, struct slice text) {
	return parse(arena, text, false);
}

struct modfile_error gomod_dependency_error(struct arena *arena, struct slice text) {
	return parse(arena, text, true).error;
}

const struct gomod_require *gomod_require_find(const struct gomod *mod, const char *path) {
	for (size_t i = 0; i < mod->require_count; i++) {
		if (streq(mod->requires[i].path, path)) {
			return &mod->requires[i];
		}
	}
	return NULL;
}

const struct modfile_replace *gomod_replace_find(const struct gomod *mod, const char *path,
                                                 const char *version) {
	const struct modfile_replace *any = NULL;
	for (size_t i = 0; i < mod->replace_count; i++) {
		const struct modfile_replace *r = &mod->replaces[i];
		if (!streq(r->old_path, path)) {
			continue;
		}
		if (!str_empty(version) && streq(r->old_version, version)) {
			return r;
		}
		if (r->old_version[0] == '\0') {
			any = r;
		}
	}
	return any;
}
