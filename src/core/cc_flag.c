/* SPDX-License-Identifier: MIT */
#include "core/cc_flag.h"

#include "base/str.h"

#include <ctype.h>

#define NO_FILE ": No such file or directory"

static const char *const names[] = {"CGO_CFLAGS",  "CGO_CPPFLAGS", "CGO_CXXFLAGS",
                                    "CGO_LDFLAGS", "CC",           "CXX"};

/* Is the complaint about a place in the code? "c.go:5:10: error: …" */
static bool has_place(const char *line) {
	const char *colon = strchr(line, ':');
	return colon && colon[1] >= '0' && colon[1] <= '9';
}

static bool means(struct slice word, struct slice what) {
	struct slice value = word, name;
	return slice_compare(word, what) == 0 ||
	       (slice_cut(&value, '=', &name) && slice_compare(value, what) == 0);
}

/* Is what quoted, or missed as a file, in the line? Compilers word it in many ways. */
static bool quotes(struct slice line, struct slice word) {
	struct slice rest = line, part;
	while (slice_cut(&rest, '\'', &part) && slice_cut(&rest, '\'', &part)) {
		if (part.len > 0 && means(word, part)) {
			return true;
		}
	}
	rest = line;
	while (slice_cut(&rest, ' ', &part)) {
		bool ends = slice_has(part, ":") && slice_starts(rest, "No such file or directory");
		if (ends && means(word, slice_of(part.data, part.len - 1))) {
			return true;
		}
	}
	return false;
}

static bool leads_elsewhere(struct slice word) {
	return slice_starts(word, "--sysroot") || slice_starts(word, "-isysroot") ||
	       slice_eq(word, "-nostdinc");
}

/* A macro on the command line that is none, or whose text breaks off: the compiler does not say which one.
 * "<command-line>: error: missing terminating " character" (gcc), "<command line>:1:9: error: macro name must be …" (clang) */
static bool breaks_off(const char *line, struct slice word) {
	const char *mark = strstr(line, "missing terminating ");
	if ((!str_starts(line, "<command-line>") && !str_starts(line, "<command line>")) ||
	    !slice_starts(word, "-D") || word.len < 3) {
		return false;
	}
	if (mark) {
		return memchr(word.data, mark[strlen("missing terminating ")], word.len);
	}
	return str_has(line, "macro name") && !isalpha((unsigned char)word.data[2]) &&
	       word.data[2] != '_';
}

static const char *blamed_word(struct arena *arena, const char *line, const char *value) {
	struct slice rest = slice_str(value), word;
	bool place = has_place(line) && line[0] != '<', no_file = str_has(line, NO_FILE);
	while (slice_cut(&rest, ' ', &word)) {
		if (word.len > 0 &&
		    (place ? no_file && leads_elsewhere(word)
		           : quotes(slice_str(line), word) || breaks_off(line, word))) {
			return arena_slicedup(arena, word);
		}
	}
	return NULL;
}

static bool find_in_line(struct arena *arena, const struct facts *facts, const char *line,
                         struct cc_flag *ret) {
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct fact_govar *var = facts_govar(facts, names[i]);
		bool set = var && !streq(var->origin, "default");
		const char *word = set ? blamed_word(arena, line, var->value) : NULL;
		if (word) {
			*ret = (struct cc_flag){var, word, line};
			return true;
		}
	}
	return false;
}

bool cc_flag_find(struct arena *arena, const struct facts *facts, const char *text,
                  struct cc_flag *ret) {
	struct slice rest = slice_str(text), line;
	while (slice_line(&rest, &line)) {
		const char *said = arena_slicedup(arena, slice_trim(line));
		if (str_has(said, "error:") && find_in_line(arena, facts, said, ret)) {
			return true;
		}
	}
	return false;
}
