/* SPDX-License-Identifier: MIT */
#include "gofile/goversion.h"

#include "base/ascii.h"
#include "base/str.h"

/* A version taken apart; all empty when it is invalid. */
struct parts {
	struct slice major;
	struct slice minor;
	struct slice patch;
	struct slice kind; /* "rc" */
	struct slice pre;  /* "1" */
};

static int compare_number(struct slice a, struct slice b) {
	return a.len != b.len ? (a.len < b.len ? -1 : 1) : slice_compare(a, b);
}

/* "rc1": letters, then maybe a number, then the end. */
static bool parse_pre(struct slice s, struct parts *v) {
	size_t n = 0;
	while (n < s.len && s.data[n] >= 'a' && s.data[n] <= 'z') {
		n++;
	}
	if (n == 0) {
		return false;
	}
	v->kind = slice_of(s.data, n);
	s = slice_from(s, n);
	return s.len == 0 || (slice_number(&s, &v->pre) && s.len == 0);
}

static bool parse_parts(const char *text, struct parts *v) {
	struct slice s = slice_str(text);
	if (!slice_number(&s, &v->major)) {
		return false;
	}
	if (s.len == 0) {
		v->minor = slice_str("0");
		v->patch = slice_str("0");
		return true;
	}
	if (s.data[0] != '.') {
		return false;
	}
	s = slice_from(s, 1);
	if (!slice_number(&s, &v->minor)) {
		return false;
	}
	if (s.len == 0) {
		if (compare_number(v->minor, slice_str("21")) < 0) {
			v->patch = slice_str("0");
		}
		return true;
	}
	if (s.data[0] != '.') {
		return parse_pre(s, v);
	}
	s = slice_from(s, 1);
	return slice_number(&s, &v->patch) && s.len == 0;
}

static struct parts parts_of(const char *text) {
	struct parts v = {0};
	if (!parse_parts(text ? text : "", &v)) {
		v = (struct parts){0};
	}
	return v;
}

bool goversion_is_valid(const char *version) {
	return parts_of(version).major.len > 0;
}

bool goversion_is_lang(const char *version) {
	struct parts v = parts_of(version);
	return v.major.len > 0 && v.patch.len == 0 && v.kind.len == 0 && v.pre.len == 0;
}

int goversion_compare(const char *a, const char *b) {
	struct parts x = parts_of(a);
	struct parts y = parts_of(b);
	int c = compare_number(x.major, y.major);
	c = c != 0 ? c : compare_number(x.minor, y.minor);
	c = c != 0 ? c : compare_number(x.patch, y.patch);
	c = c != 0 ? c : slice_compare(x.kind, y.kind);
	return c != 0 ? c : compare_number(x.pre, y.pre);
}

#define MINOR_MAX_DIGITS ((size_t)4)

int goversion_minor(const char *version) {
	const char *text = str_starts(version, "go") ? version + 2 : version;
	/* A suffix must not hide the number: only "1.N" in front is needed. */
	struct slice s = slice_str(text);
	struct slice minor = {0};
	if (!slice_starts(s, "1.")) {
		return -1;
	}
	s = slice_from(s, 2);
	if (!slice_number(&s, &minor) || minor.len > MINOR_MAX_DIGITS) {
		return -1;
	}
	int n = 0;
	for (size_t i = 0; i < minor.len; i++) {
		n = n * 10 + (minor.data[i] - '0');
	}
	return n;
}

const char *goversion_of_toolchain(struct arena *arena, const char *name) {
	if (!str_starts(name, "go") || strpbrk(name, "/\\")) {
		return NULL;
	}
	const char *version = arena_strndup(arena, name + 2, strcspn(name + 2, " \t-"));
	return goversion_is_valid(version) ? version : NULL;
}

/* Takes "go1.26.5-X:y" apart; false when the word is no Go version. */
static bool parse_name(struct arena *arena, struct slice word, struct goversion_output *ret) {
	if (!slice_starts(word, "go1")) {
		return false;
	}
	size_t n = 2;
	while (n < word.len && strchr("0123456789.abcdefghijklmnopqrstuvwxyz", word.data[n]) &&
	       word.data[n] != '\0') {
		n++;
	}
	/* Distributors glue their words on ("go1.26.5fips1", "go1.26.5-X:y"): the longest valid
	 * start counts. */
	for (size_t len = n; len > 2; len--) {
		const char *version = arena_strndup(arena, word.data + 2, len - 2);
		if (goversion_is_valid(version)) {
			ret->version = version;
			ret->name = arena_slicedup(arena, word);
			ret->suffixed = len < word.len;
			return true;
		}
	}
	return false;
}

static void parse_platform(struct arena *arena, struct slice line, struct goversion_output *ret) {
	struct slice word;
	while (slice_cut(&line, ' ', &word)) {
		const char *slash = word.len > 0 ? memchr(word.data, '/', word.len) : NULL;
		if (slash && slash > word.data && !slice_starts(word, "cl/")) {
			size_t n = (size_t)(slash - word.data);
			ret->goos = arena_strndup(arena, word.data, n);
			ret->goarch = arena_strndup(arena, slash + 1, word.len - n - 1);
		}
	}
}

bool goversion_parse_output(struct arena *arena, struct slice text, struct goversion_output *ret) {
	struct slice rest = text;
	struct slice line;
	if (rest.len > GOVERSION_OUTPUT_MAX_BYTES) {
		rest.len = GOVERSION_OUTPUT_MAX_BYTES;
	}
	while (slice_line(&rest, &line)) {
		struct goversion_output found = {.goos = "", .goarch = ""};
		struct slice words = line;
		struct slice word;
		while (slice_cut(&words, ' ', &word)) {
			found.devel = found.devel || slice_eq(word, "devel");
			if (word.len <= 256 && parse_name(arena, word, &found)) {
				found.devel = found.devel || slice_has(word, "-devel");
				parse_platform(arena, words, &found);
				*ret = found;
				return true;
			}
		}
	}
	return false;
}

static bool newer(const char *a, const char *b) {
	return goversion_compare(a, b) > 0;
}

/* `go 1.27` is a language: its first release is go1.27.0 (from 1.21 on). */
static const char *toolchain_for(struct arena *arena, const char *go_line) {
	bool lang = goversion_is_lang(go_line) && goversion_compare(go_line, "1.21") >= 0;
	return arena_printf(arena, "go%s%s", go_line, lang ? ".0" : "");
}

/* GOTOOLCHAIN taken apart. */
struct setting {
	bool valid;
	bool local; /* "local…": the minimum is the local toolchain */
	bool file;  /* go.mod may raise the minimum */
	bool path_only;
	const char *minimum; /* toolchain name unless local */
	const char *version; /* its version */
};

static struct setting parse_setting(struct arena *arena, const char *text) {
	struct setting s = {.valid = true, .local = true};
	if (streq(text, "auto") || streq(text, "path")) {
		s.file = true;
		s.path_only = streq(text, "path");
		return s;
	}
	const char *plus = strchr(text, '+');
	const char *name = arena_strndup(arena, text, strcspn(text, "+"));
	if (!streq(name, "local")) {
		s.local = false;
		s.minimum = name;
		s.version = goversion_of_toolchain(arena, name);
		s.valid = s.version != NULL;
	}
	if (plus) {
		s.path_only = streq(plus, "+path");
		s.file = s.path_only || streq(plus, "+auto");
		s.valid = s.valid && s.file;
	}
	return s;
}

/* What the file's lines do to the minimum; false when the toolchain line is no good. */
static bool apply_lines(struct arena *arena, const char *go_line, const char *toolchain_line,
                        struct goswitch *sw, const char **version) {
	if (streq(toolchain_line, "default")) {
		return true;
	}
	if (!str_empty(toolchain_line)) {
		const char *named = goversion_of_toolchain(arena, toolchain_line);
		if (!named) {
			sw->source = GOSWITCH_FROM_TOOLCHAIN_LINE;
			return false;
		}
		if (newer(named, *version)) {
			sw->source = GOSWITCH_FROM_TOOLCHAIN_LINE;
			sw->toolchain = arena_strdup(arena, toolchain_line);
			*version = named;
		}
	}
	if (newer(go_line, *version)) {
		sw->source = GOSWITCH_FROM_GO_LINE;
		sw->toolchain = toolchain_for(arena, go_line);
		*version = arena_strdup(arena, go_line);
	}
	return true;
}

struct goswitch goversion_switch(struct arena *arena, const char *local, const char *go_line,
                                 const char *toolchain_line, const char *gotoolchain) {
	struct goswitch sw = {.kind = GOSWITCH_INVALID, .toolchain = "", .required = ""};
	const char *name =
		str_starts(local, "go") ? local : arena_printf(arena, "go%s", local ? local : "");
	const char *ours = goversion_of_toolchain(arena, name);
	/* Go before 1.21 knows neither GOTOOLCHAIN nor a go line that is too new for it. */
	int minor = goversion_minor(name);
	if (minor >= 0 && minor < 21) {
		sw.kind = GOSWITCH_NONE;
		return sw;
	}
	struct setting setting = {.valid = true, .local = true};
	if (!str_empty(gotoolchain)) {
		setting = parse_setting(arena, gotoolchain);
	}
	if (!setting.valid) {
		sw.source = GOSWITCH_FROM_SETTING;
		return sw;
	}
	const char *version = setting.local ? ours : setting.version;
	if (!setting.local) {
		sw.source = GOSWITCH_FROM_SETTING;
		sw.toolchain = setting.minimum;
	}
	if (setting.file && !apply_lines(arena, go_line, toolchain_line, &sw, &version)) {
		return sw;
	}
	bool stays = sw.toolchain[0] == '\0' || streq(sw.toolchain, name);
	const char *bare = stays ? NULL : goversion_of_toolchain(arena, sw.toolchain);
	if (bare && !setting.path_only && goversion_is_lang(bare) &&
	    goversion_compare(bare, "1.21") >= 0) {
		return sw; /* "go1.99 is a language version but not a toolchain version" */
	}
	bool too_old = newer(go_line, stays ? ours : version);
	sw.required = too_old ? arena_strdup(arena, go_line) : "";
	if (stays) {
		sw.toolchain = "";
		sw.kind = too_old ? GOSWITCH_LOCAL_TOO_OLD : GOSWITCH_NONE;
		sw.source = too_old ? GOSWITCH_FROM_GO_LINE : GOSWITCH_FROM_NOTHING;
		return sw;
	}
	sw.kind = GOSWITCH_NEEDS;
	sw.path_only = setting.path_only;
	sw.then_too_old = too_old;
	return sw;
}
