/* SPDX-License-Identifier: MIT */
#include "gofile/constraint.h"

#include "base/str.h"
#include "gofile/constraint_expr.h"
#include "gofile/golex.h"

static const char *const known_os[] = {"aix",    "android", "darwin",  "dragonfly", "freebsd",
                                       "hurd",   "illumos", "ios",     "js",        "linux",
                                       "nacl",   "netbsd",  "openbsd", "plan9",     "solaris",
                                       "wasip1", "windows", "zos",     NULL};
static const char *const unix_os[] = {"aix",     "android", "darwin", "dragonfly", "freebsd",
                                      "hurd",    "illumos", "ios",    "linux",     "netbsd",
                                      "openbsd", "solaris", NULL};
static const char *const known_arch[] = {"386",    "amd64",    "amd64p32",  "arm",         "armbe",
                                         "arm64",  "arm64be",  "loong64",   "mips",        "mipsle",
                                         "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc",
                                         "ppc64",  "ppc64le",  "riscv",     "riscv64",     "s390",
                                         "s390x",  "sparc",    "sparc64",   "wasm",        NULL};

static bool listed(const char *const *list, const char *word) {
	for (; *list; list++) {
		if (streq(*list, word)) {
			return true;
		}
	}
	return false;
}

/* "go1.N" up to the context's release. */
static bool is_release_tag(const struct constraint_context *ctx, const char *tag) {
	int64_t minor = 0;
	bool number = str_starts(tag, "go1.") && tag[4] >= '1' && tag[4] <= '9' &&
	              str_to_int64(tag + 4, &minor) == 0;
	return number && minor <= ctx->go_minor;
}

bool constraint_tag(const struct constraint_context *ctx, const char *tag) {
	if (streq(tag, ctx->goos) || streq(tag, ctx->goarch) || streq(tag, "gc")) {
		return true;
	}
	if ((ctx->cgo && streq(tag, "cgo")) || (streq(tag, "unix") && listed(unix_os, ctx->goos))) {
		return true;
	}
	bool relative = (streq(ctx->goos, "android") && streq(tag, "linux")) ||
	                (streq(ctx->goos, "illumos") && streq(tag, "solaris")) ||
	                (streq(ctx->goos, "ios") && streq(tag, "darwin"));
	/* The lowest feature level of amd64 is always set; higher ones depend on GOAMD64. */
	bool level = streq(ctx->goarch, "amd64") && streq(tag, "amd64.v1");
	if (relative || level || is_release_tag(ctx, tag)) {
		return true;
	}
	for (size_t i = 0; i < ctx->tag_count; i++) {
		if (streq(ctx->tags[i], tag)) {
			return true;
		}
	}
	return false;
}

static struct constraint_result result(enum constraint_verdict verdict, const char *tag) {
	return (struct constraint_result){
		.verdict = verdict, .expression = "", .tag = tag, .wanted = true, .message = ""};
}

static struct constraint_result broken(const char *expression, const char *message) {
	struct constraint_result r = result(CONSTRAINT_BROKEN, "");
	r.expression = expression;
	r.message = message;
	return r;
}

static struct constraint_result judge(struct arena *arena, const struct constraint_context *ctx,
                                      const struct constraint_expr *expr, struct slice text) {
	struct constraint_result r = result(CONSTRAINT_INCLUDED, "");
	r.expression = arena_slicedup(arena, text);
	if (!constraint_expr_eval(expr, ctx, &r.tag, &r.wanted)) {
		r.verdict = CONSTRAINT_EXCLUDED;
	}
	return r;
}

struct constraint_result constraint_match(struct arena *arena, const struct constraint_context *ctx,
                                          struct slice expression) {
	const char *message = NULL;
	struct constraint_expr *expr = constraint_expr_parse(arena, expression, &message);
	return expr ? judge(arena, ctx, expr, expression)
	            : broken(arena_slicedup(arena, expression), message);
}

/* The last word of *stem behind a '_', cut off; NULL when there is none. */
static const char *cut_suffix(char *stem) {
	char *underscore = strrchr(stem, '_');
	if (!underscore) {
		return NULL;
	}
	*underscore = '\0';
	return underscore + 1;
}

static struct constraint_result
match_suffix(struct arena *arena, const struct constraint_context *ctx, const char *name) {
	struct constraint_result ok = result(CONSTRAINT_INCLUDED, "");
	/* Only what follows the first '_' counts: linux.go is for all, x_linux.go is not. */
	char *stem = arena_strndup(arena, name, strcspn(name, "."));
	char *first = strchr(stem, '_');
	const char *last = first ? cut_suffix(first) : NULL;
	if (last && streq(last, "test")) {
		last = cut_suffix(first);
	}
	if (!last) {
		return ok;
	}
	bool arch = listed(known_arch, last);
	if (!arch && !listed(known_os, last)) {
		return ok;
	}
	const char *before = arch ? cut_suffix(first) : NULL;
	if (before && listed(known_os, before) && !constraint_tag(ctx, before)) {
		return result(CONSTRAINT_OTHER_PLATFORM, before);
	}
	return constraint_tag(ctx, last) ? ok : result(CONSTRAINT_OTHER_PLATFORM, last);
}

struct constraint_result
constraint_match_name(struct arena *arena, const struct constraint_context *ctx, const char *name) {
	if (name[0] == '_' || name[0] == '.') {
		return result(CONSTRAINT_IGNORED_NAME, "");
	}
	if (!str_ends(name, ".go")) {
		return result(CONSTRAINT_NOT_GO, "");
	}
	return match_suffix(arena, ctx, name);
}

/* The text behind a marker; false when the line is none, as //go:buildx. */
static bool cut_marker(struct slice line, const char *marker, struct slice *ret) {
	size_t n = strlen(marker);
	if (!slice_starts(line, marker)) {
		return false;
	}
	struct slice rest = slice_from(line, n);
	*ret = golex_trim(rest);
	return rest.len == 0 || ret->len < rest.len;
}

static bool cut_plus_marker(struct slice line, struct slice *ret) {
	if (!slice_starts(line, "//")) {
		return false;
	}
	return cut_marker(golex_trim(slice_from(line, 2)), "+build", ret);
}

/* What the lines before the package clause say. */
struct header {
	struct slice go_build;
	int go_build_line; /* 0 when there is none */
	bool twice;
	size_t plus_end; /* // +build lines count up to the last blank line before the first code */
};

/* Skips comments at the start of line; true when something else is left. */
static bool has_code(struct slice line, bool *in_comment) {
	while (line.len > 0) {
		if (*in_comment) {
			const char *end = memmem(line.data, line.len, "*/", 2);
			if (!end) {
				return false;
			}
			*in_comment = false;
			size_t n = (size_t)(end - line.data) + 2;
			line = golex_trim(slice_from(line, n));
			continue;
		}
		if (slice_starts(line, "//")) {
			return false;
		}
		if (!slice_starts(line, "/*")) {
			return true;
		}
		*in_comment = true;
		line = golex_trim(slice_from(line, 2));
	}
	return false;
}

static struct header read_header(struct slice text) {
	struct header h = {0};
	struct slice rest = text;
	struct slice line;
	bool ended = false;
	bool in_comment = false;
	for (int number = 1; slice_cut(&rest, '\n', &line); number++) {
		struct slice expression;
		line = golex_trim(line);
		if (line.len == 0 && !ended) {
			h.plus_end = text.len - rest.len;
			continue;
		}
		ended = ended || !slice_starts(line, "//");
		if (!in_comment && cut_marker(line, "//go:build", &expression)) {
			h.twice = h.go_build_line > 0;
			h.go_build = expression;
			h.go_build_line = number;
		}
		if (h.twice || has_code(line, &in_comment)) {
			break;
		}
	}
	return h;
}

/* All // +build lines must hold. */
static struct constraint_result
match_plus(struct arena *arena, const struct constraint_context *ctx, struct slice text) {
	struct slice line;
	for (int number = 1; slice_cut(&text, '\n', &line); number++) {
		struct slice expression;
		if (!cut_plus_marker(golex_trim(line), &expression)) {
			continue;
		}
		struct constraint_expr *expr = constraint_expr_parse_plus(arena, expression);
		if (!expr) {
			continue;
		}
		struct constraint_result r = judge(arena, ctx, expr, expression);
		if (r.verdict != CONSTRAINT_INCLUDED) {
			r.line = number;
			return r;
		}
	}
	return result(CONSTRAINT_INCLUDED, "");
}

struct constraint_result constraint_match_file(struct arena *arena,
                                               const struct constraint_context *ctx,
                                               const char *name, struct slice text) {
	struct constraint_result r = constraint_match_name(arena, ctx, name);
	if (r.verdict != CONSTRAINT_INCLUDED) {
		return r;
	}
	if (slice_starts(text, "\xEF\xBB\xBF")) {
		text = slice_from(text, 3);
	}
	struct header h = read_header(text);
	if (h.twice) {
		r = broken("", "multiple //go:build comments");
		r.line = h.go_build_line;
		return r;
	}
	if (h.go_build_line > 0) {
		r = constraint_match(arena, ctx, h.go_build);
		r.line = h.go_build_line;
		return r;
	}
	return match_plus(arena, ctx, slice_of(text.data, h.plus_end));
}
