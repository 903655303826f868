/* SPDX-License-Identifier: MIT */
#include "apply/edit.h"

#include "apply/edit_assign.h"
#include "base/str.h"
#include "wire/jsonc_edit.h"
#include "wire/member_edit.h"

#include <errno.h>

#define KEYS_MAX 16

struct edit {
	struct arena *arena;
	const struct step *step;
	const char *file;
	struct slice text;
	struct slice *ret;
	struct err *err;
};

/* ---- JSON with comments ---- */

static int edit_setting(struct edit *e) {
	const char *keys[KEYS_MAX + 1] = {NULL};
	struct slice rest = slice_str(e->step->name);
	struct slice key;
	struct jsonc_edit change;
	for (size_t n = 0; slice_cut(&rest, '/', &key); n++) {
		if (n == KEYS_MAX) {
			return err_set(e->err, -EBADMSG, "%s: the key '%s' lies too deep", e->file,
			               e->step->name);
		}
		keys[n] = arena_slicedup(e->arena, key);
	}
	int r = e->step->value ? jsonc_edit_set(e->arena, e->text, keys, slice_str(e->step->value),
	                                        &change, e->err)
	                       : jsonc_edit_unset(e->arena, e->text, keys, &change, e->err);
	if (r == -ENOENT && !e->step->value) {
		return 0; /* it is away already */
	}
	if (r < 0) {
		return err_wrap(e->err, "%s", e->file);
	}
	*e->ret = change.text;
	return 0;
}

/* The language is that of the name it goes by, which may be a link. */
static int edit_member(struct edit *e) {
	const struct step *step = e->step;
	bool element = str_ends(step->name, "/[]");
	const struct member_edit member = {
		.language = member_language_of(step->path ? step->path : e->file),
		.line = step->line,
		.key = element ? arena_strndup(e->arena, step->name,
	                                       strlen(step->name) - strlen("/[]"))
	                       : step->name,
		.element = element ? step->expected : NULL,
		.expected = element ? NULL : step->expected,
		.value = step->value,
	};
	if (member.language == MEMBER_UNKNOWN) {
		return err_set(e->err, -EBADMSG, "%s: it is not known how this is written",
		               e->file);
	}
	int r = member_edit(e->arena, e->text, &member, e->ret, e->err);
	if (r < 0) {
		(void)err_wrap(e->err, "%s", e->file);
		return -EBADMSG;
	}
	return 0;
}

/* ---- lines ---- */

struct line {
	size_t start, end, next; /* offsets: of its text, and of the line behind it */
	bool found;
};

static struct line line_of(struct slice text, int64_t number) {
	struct line line = {0};
	int64_t n = 1;
	for (size_t at = 0; at < text.len && n <= number; n++) {
		const char *newline = memchr(text.data + at, '\n', text.len - at);
		size_t next = newline ? (size_t)(newline - text.data) + 1 : text.len;
		size_t end = newline ? next - 1 : next;
		end -= end > at && text.data[end - 1] == '\r';
		line = (struct line){at, end, next, n == number};
		at = next;
	}
	return line;
}

static struct slice part(struct slice text, size_t from, size_t to) {
	return slice_of(text.data + from, to - from);
}

/* The bytes from..to give way. */
static void splice(struct edit *e, size_t from, size_t to, const char *text) {
	struct strbuf out;
	strbuf_init(&out, e->arena);
	strbuf_add_n(&out, e->text.data, from);
	strbuf_add(&out, text);
	strbuf_add_n(&out, e->text.data + to, e->text.len - to);
	*e->ret = slice_of(out.data, out.len);
}

/* Who expects no blanks around the words leaves them as they are. */
static void trim(struct slice text, const char *expected, struct line *line) {
	if (!strchr(" \t", expected[0])) {
		while (line->start < line->end && strchr(" \t", text.data[line->start])) {
			line->start++;
		}
	}
	if (expected[0] && !strchr(" \t", expected[strlen(expected) - 1])) {
		while (line->end > line->start && strchr(" \t", text.data[line->end - 1])) {
			line->end--;
		}
	}
}

static int edit_line(struct edit *e) {
	struct line line = line_of(e->text, e->step->line);
	const char *expected = e->step->expected ? e->step->expected : "";
	const char *value = e->step->value;
	const size_t start = line.start;
	if (line.found && expected[0]) {
		trim(e->text, expected, &line);
	}
	if (!line.found || !slice_eq(part(e->text, line.start, line.end), expected)) {
		/* What is to be there is there already? */
		if (value && line.found && slice_eq(part(e->text, line.start, line.end), value)) {
			return 0;
		}
		return err_set(e->err, -EBADMSG, "line %lld of '%s' is not `%s` any more",
		               (long long)e->step->line, e->file, expected);
	}
	splice(e, value ? line.start : start, value ? line.end : line.next, value ? value : "");
	return 0;
}

/* ---- assignments in start-up files ---- */

static bool is_continued(struct slice line) {
	return line.len > 0 && line.data[line.len - 1] == '\\';
}

static int edit_assign(struct edit *e) {
	const struct step *step = e->step;
	struct line line = line_of(e->text, step->line);
	struct line above = line_of(e->text, step->line - 1);
	struct slice text = line.found ? part(e->text, line.start, line.end) : slice_of("", 0);
	struct assign found = {0};
	if (!line.found || is_continued(text) ||
	    (above.found && is_continued(part(e->text, above.start, above.end))) ||
	    !assign_find(e->arena, e->file, arena_slicedup(e->arena, text), step->name,
	                 !step->value, &found)) {
		return err_set(
			e->err, -EBADMSG,
			"line %lld of '%s' does not assign %s in a way that could be changed "
			"alone",
			(long long)step->line, e->file, step->name);
	}
	splice(e, line.start + found.from, line.start + found.to,
	       found.with ? found.with : step->value);
	return 0;
}

/* ---- adding ---- */

/* Do all of these lines stand in the text, one behind the other? */
static bool has_lines(struct slice text, const char *lines) {
	size_t len = strlen(lines);
	for (size_t at = 0; at + len <= text.len; at++) {
		bool begins = at == 0 || text.data[at - 1] == '\n';
		size_t end = at + len;
		bool ends = end == text.len || text.data[end] == '\n' || text.data[end] == '\r';
		if (begins && ends && memcmp(text.data + at, lines, len) == 0) {
			return true;
		}
	}
	return false;
}

static void append(struct edit *e, const char *line) {
	bool open = e->text.len > 0 && e->text.data[e->text.len - 1] != '\n';
	splice(e, e->text.len, e->text.len,
	       arena_printf(e->arena, "%s%s\n", open ? "\n" : "", line));
}

static int edit_append(struct edit *e) {
	const char *lines = e->step->value ? e->step->value : "";
	size_t len = strlen(lines);
	while (len > 0 && lines[len - 1] == '\n') {
		len--;
	}
	lines = arena_strndup(e->arena, lines, len);
	if (!has_lines(e->text, lines)) {
		append(e, lines);
	}
	return 0;
}

/* ---- the file of `go env -w`: NAME=value, nothing quoted (cmd/go/internal/envcmd, updateEnvFile) ---- */

static int edit_goenv(struct edit *e) {
	const char *prefix = arena_printf(e->arena, "%s=", e->step->name);
	struct strbuf out;
	bool placed = e->step->value == NULL;
	bool changed = false;
	strbuf_init(&out, e->arena);
	for (int64_t n = 1;; n++) {
		struct line line = line_of(e->text, n);
		if (!line.found) {
			break;
		}
		struct slice text = part(e->text, line.start, line.end);
		if (!slice_starts(text, prefix)) {
			strbuf_add_n(&out, e->text.data + line.start, line.next - line.start);
			continue;
		}
		bool same = !placed && slice_eq(slice_of(text.data + strlen(prefix),
		                                         text.len - strlen(prefix)),
		                                e->step->value);
		changed = changed || !same;
		if (!placed) {
			strbuf_printf(&out, "%s%s", prefix, e->step->value);
			strbuf_add_n(&out, e->text.data + line.end, line.next - line.end);
			placed = true;
		}
	}
	if (!placed) {
		e->text = slice_of(out.data, out.len);
		append(e, arena_printf(e->arena, "%s%s", prefix, e->step->value));
	} else if (changed) {
		*e->ret = slice_of(out.data, out.len);
	}
	return 0;
}

static int (*const edits[])(struct edit *) = {
	[STEP_SETTING] = edit_setting, [STEP_MEMBER] = edit_member, [STEP_LINE] = edit_line,
	[STEP_ASSIGN] = edit_assign,   [STEP_APPEND] = edit_append, [STEP_GOENV] = edit_goenv,
};

bool edit_is(enum step_kind kind) {
	return (size_t)kind < sizeof(edits) / sizeof(*edits) && edits[kind] != NULL;
}

int edit_text(struct arena *arena, const struct step *step, const char *file, struct slice text,
              struct slice *ret, struct err *err) {
	struct edit e = {
		.arena = arena, .step = step, .file = file, .text = text, .ret = ret, .err = err};
	*ret = text;
	if (step->value && step->kind != STEP_APPEND && step->kind != STEP_LINE &&
	    strchr(step->value, '\n') && step->kind != STEP_SETTING && step->kind != STEP_MEMBER) {
		return err_set(err, -EBADMSG, "%s: a value of several lines", file);
	}
	return edit_is(step->kind) ? edits[step->kind](&e)
	                           : err_set(err, -EINVAL, "%s: no change of a text", file);
}
