/* SPDX-License-Identifier: MIT
 */
#include "gofile/gocrash.h"

#include "base/str.h"

#define TEXT_MAX   ((size_t)300)
#define FRAMES_MAX 200 /* of the first goroutine: a stack that overflowed is long */

static const char *kept(struct arena *arena, struct slice text) {
	text = slice_trim(text);
	return arena_strndup(arena, text.data ? text.data : "",
	                     text.len < TEXT_MAX ? text.len : TEXT_MAX);
}

static struct slice behind(struct slice line, const char *prefix) {
	size_t len = strlen(prefix);

	return slice_from(line, len);
}

/* Does the line begin the end of a program? */
static bool takes_heading(struct arena *arena, struct slice line, struct gocrash *ret) {
	static const struct {
		const char *prefix, *kind;
	} headings[] = {{"panic: ", "panic"}, {"fatal error: ", "fatal"}};
	static const char *const signals[] = {"SIGQUIT: ", "SIGABRT: ", "SIGSEGV: ", "SIGBUS: ",
	                                      "SIGTRAP: ", "SIGSYS: ",  "SIGILL: ",  "SIGFPE: "};

	for (size_t i = 0; i < 2; i++) {
		if (slice_starts(line, headings[i].prefix)) {
			ret->kind = headings[i].kind;
			ret->text = kept(arena, behind(line, headings[i].prefix));
			return true;
		}
	}
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		if (slice_starts(line, signals[i])) {
			ret->kind = "signal";
			ret->text = kept(arena, line);
			ret->signal = ret->text;
			return true;
		}
	}
	return false;
}

/* "goroutine 144 gp=0xc000364540 m=3 mp=0x… [running]:" */
static bool takes_goroutine(struct arena *arena, struct slice line, struct gocrash *ret) {
	struct slice rest, word;
	int64_t number;

	if (!slice_starts(line, "goroutine ")) {
		return false;
	}
	rest = behind(line, "goroutine ");
	if (!slice_cut(&rest, ' ', &word) ||
	    str_to_int64(arena_slicedup(arena, word), &number) != 0) {
		return false;
	}
	const char *open = memchr(line.data, '[', line.len);
	const char *close = memchr(line.data, ']', line.len);

	ret->goroutine = number;
	ret->state = open && close && close > open
	                     ? arena_strndup(arena, open + 1, (size_t)(close - open - 1))
	                     : "";
	return true;
}

static bool is_of_runtime(struct slice function) {
	static const char *const prefixes[] = {
		"runtime.",     "runtime/",
		"panic(",       "internal/runtime",
		"internal/abi", "log.",
		"created by ",  "golang.org/x/tools/gopls/internal/util/bug."};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (slice_starts(function, prefixes[i])) {
			return true;
		}
	}
	return false;
}

/* "example.com/p.(*T).F(0x1, {0x2})" without its arguments: the last '(' that opens them. */
static const char *function_name(struct arena *arena, struct slice line) {
	size_t end = line.len;
	int depth = 0;

	for (size_t i = line.len; i > 0; i--) {
		depth += line.data[i - 1] == ')' || line.data[i - 1] == '}';
		depth -= line.data[i - 1] == '(' || line.data[i - 1] == '{';
		if (depth == 0 && line.data[i - 1] == '(') {
			end = i - 1;
			break;
		}
	}
	return arena_strndup(arena, line.data, end);
}

/* "\t/path/hover.go:304 +0xca9 fp=…" */
static void take_place(struct arena *arena, struct slice line, struct gocrash *ret) {
	struct slice rest = slice_trim(line), path;
	const char *colon;

	slice_cut(&rest, ' ', &path);
	colon = memrchr(path.data ? path.data : "", ':', path.len);
	if (!colon) {
		return;
	}
	ret->file = arena_strndup(arena, path.data, (size_t)(colon - path.data));
	if (str_to_int64(
		    arena_strndup(arena, colon + 1, path.len - (size_t)(colon + 1 - path.data)),
		    &ret->line) != 0) {
		ret->line = 0;
	}
}

/* "…/golang.org/x/tools/gopls@v0.16.2/internal/…" */
static void take_version(struct arena *arena, struct slice line, struct gocrash *ret) {
	static const char mark[] = "golang.org/x/tools/gopls@";
	const char *at = memmem(line.data, line.len, mark, sizeof mark - 1);

	if (at && str_empty(ret->version)) {
		const char *begin = at + sizeof mark - 1;
		size_t len = (size_t)(line.data + line.len - begin);
		const char *end = memchr(begin, '/', len);

		ret->version = arena_strndup(arena, begin, end ? (size_t)(end - begin) : len);
	}
}

static void take_frames(struct arena *arena, struct slice rest, struct gocrash *ret) {
	struct slice line;

	for (int i = 0; i < FRAMES_MAX && slice_line(&rest, &line) && line.len > 0; i++) {
		bool place = line.data[0] == '\t' || line.data[0] == ' ';

		take_version(arena, line, ret);
		if (place || !str_empty(ret->frame) || is_of_runtime(line) ||
		    !memchr(line.data, '(', line.len)) {
			continue;
		}
		ret->frame = function_name(arena, line);
		ret->telemetry = slice_starts(line, "golang.org/x/telemetry/");
		struct slice next = rest;

		if (slice_line(&next, &line)) {
			take_place(arena, line, ret);
		}
	}
}

bool gocrash_parse(struct arena *arena, struct slice text, struct gocrash *ret) {
	struct slice line;
	bool found = false;

	*ret = (struct gocrash){.kind = "",
	                        .text = "",
	                        .signal = "",
	                        .state = "",
	                        .frame = "",
	                        .file = "",
	                        .version = ""};
	while (slice_line(&text, &line)) {
		if (!found) {
			found = takes_heading(arena, line, ret);
		} else if (slice_starts(line, "[signal ") && str_empty(ret->signal)) {
			ret->signal = kept(arena, behind(line, "[signal "));
		} else if (takes_goroutine(arena, line, ret)) {
			take_frames(arena, text, ret);
			if (!str_empty(ret->frame)) {
				return true;
			}
		}
	}
	return found;
}
