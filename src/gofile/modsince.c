/* SPDX-License-Identifier: MIT */
#include "gofile/modsince.h"

#include "base/str.h"
#include "gofile/goversion.h"

static const struct directive {
	const char *verb;
	const char *go;
} directives[] = {
	{"retract", "1.16"}, {"toolchain", "1.21"}, {"godebug", "1.23"},
	{"tool", "1.24"},    {"ignore", "1.25"},
};

/* "1.23" has always been read; "1.23.2" and "1.23rc1" since 1.21. */
static bool is_language(const char *version) {
	const char *dot = strchr(version, '.');
	return dot && dot[1] != '\0' && dot[1 + strspn(dot + 1, "0123456789")] == '\0';
}

static const char *since_of(const struct modfile_line *line) {
	if (streq(line->verb, "go")) {
		bool new_form = !line->is_block && line->arg_count == 1 &&
		                goversion_is_valid(line->args[0]) && !is_language(line->args[0]);
		return new_form ? "1.21" : "";
	}
	for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++) {
		if (streq(line->verb, directives[i].verb)) {
			return directives[i].go;
		}
	}
	return "";
}

struct modsince modsince_of(struct arena *arena, struct slice text) {
	struct modsince since = {.go = "", .word = ""};
	struct modfile file = modfile_parse(arena, text);
	for (size_t i = 0; i < file.line_count; i++) {
		const struct modfile_line *line = &file.lines[i];
		const char *go = since_of(line);
		if (!str_empty(go) &&
		    (str_empty(since.go) || goversion_compare(go, since.go) > 0)) {
			since.go = go;
			since.line = line->line;
			since.word = streq(line->verb, "go")
			                     ? arena_printf(arena, "go %s", line->args[0])
			                     : arena_strdup(arena, line->verb);
		}
	}
	return since;
}
