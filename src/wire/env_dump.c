/* SPDX-License-Identifier: MIT
 */
#include "wire/env_dump.h"

#include "base/ascii.h"
#include "base/str.h"

struct dump {
	struct arena *arena;
	struct env_dump *out;
};

/* Beside letters and digits: exported functions of bash are BASH_FUNC_x%%, and programs invent names
 * with dots and dashes. */
static bool is_name_part(char c) {
	return ascii_is_word(c) || c == '.' || c == '%' || c == '-' || c == '(' || c == ')';
}

/* Length of the name that line begins with when '=' follows it, else 0. */
static size_t assignment_name(struct slice line) {
	size_t len = 0;

	while (len < line.len &&
	       (len == 0 ? ascii_is_word_start(line.data[0]) : is_name_part(line.data[len]))) {
		len++;
	}
	return len > 0 && len < line.len && line.data[len] == '=' ? len : 0;
}

static void put(struct dump *d, struct slice name, struct slice value) {
	if (value.len > ENV_DUMP_VALUE_MAX || d->out->env.count >= ENV_DUMP_VARS_MAX) {
		d->out->cut = true;
		return;
	}
	envset_set(&d->out->env, arena_slicedup(d->arena, name), arena_slicedup(d->arena, value));
}

/* ---- env -0 ---- */

static void parse_nul(struct dump *d, struct slice text) {
	struct slice entry, name;

	while (slice_cut(&text, '\0', &entry)) {
		if (entry.len > 0 && entry.data[0] != '=' && memchr(entry.data, '=', entry.len) &&
		    slice_cut(&entry, '=', &name)) {
			put(d, name, entry);
		}
	}
}

/* ---- env ---- */

static void parse_plain(struct dump *d, struct slice text) {
	struct slice line, name = slice_of("", 0);
	struct strbuf value, pending;

	strbuf_init(&value, d->arena);
	strbuf_init(&pending, d->arena); /* lines that may belong to the value */
	while (slice_line(&text, &line)) {
		size_t len = assignment_name(line);

		if (len == 0) {
			if (name.len > 0 && pending.len + value.len <= ENV_DUMP_VALUE_MAX) {
				strbuf_add_char(&pending, '\n');
				strbuf_add_n(&pending, line.data, line.len);
			}
			continue;
		}
		if (name.len > 0) {
			strbuf_add_n(&value, pending.data, pending.len);
			put(d, name, slice_of(value.data, value.len));
		}
		name = slice_of(line.data, len);
		strbuf_init(&value, d->arena);
		strbuf_init(&pending, d->arena);
		strbuf_add_n(&value, line.data + len + 1, line.len - len - 1);
	}
	if (name.len > 0) {
		if (!d->out->is_log) {
			strbuf_add_n(&value, pending.data, pending.len);
		}
		put(d, name, slice_of(value.data, value.len));
	}
}

/* ---- export -p, declare -x ---- */

static char ansi_c_letter(char c) {
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'a':
		return '\a';
	case 'b':
		return '\b';
	case 'e':
	case 'E':
		return '\x1b';
	case 'f':
		return '\f';
	case 'v':
		return '\v';
	default:
		return c;
	}
}

/* Beyond every base when it is no digit. */
static unsigned digit_of(char c) {
	return (unsigned)ascii_hex(c);
}

/* \nnn and \xHH behind a backslash; *at stands on the first digit or on the x. */
static bool ansi_c_number(struct slice text, size_t *at, char *ret) {
	bool hex = text.data[*at] == 'x';
	unsigned base = hex ? 16 : 8, value = 0;
	size_t i = *at + hex, most = i + (hex ? 2 : 3), first = i;

	while (i < text.len && i < most && digit_of(text.data[i]) < base) {
		value = value * base + digit_of(text.data[i++]);
	}
	if (i == first) {
		return false;
	}
	*at = i;
	*ret = (char)(unsigned char)value;
	return true;
}

/* Behind $' up to and including the closing quote. */
static size_t read_ansi_c(struct slice text, size_t at, struct strbuf *out) {
	while (at < text.len && text.data[at] != '\'') {
		char c = text.data[at++];

		if (c == '\\' && at < text.len && !ansi_c_number(text, &at, &c)) {
			c = ansi_c_letter(text.data[at++]);
		}
		if (c != '\0') {
			strbuf_add_n(out, &c, 1);
		}
	}
	return at < text.len ? at + 1 : at;
}

/* Behind " up to and including the closing one. */
static size_t read_double(struct slice text, size_t at, struct strbuf *out) {
	while (at < text.len && text.data[at] != '"') {
		char c = text.data[at];

		if (c == '\\' && at + 1 < text.len && strchr("\\\"$`", text.data[at + 1])) {
			c = text.data[++at];
		}
		strbuf_add_n(out, &c, 1);
		at++;
	}
	return at < text.len ? at + 1 : at;
}

/* A word as a shell writes it so that it can read it again; gives the place behind it. */
static size_t read_word(struct slice text, size_t at, struct strbuf *out) {
	while (at < text.len && !strchr(" \t\n;", text.data[at])) {
		char c = text.data[at++];

		if (c == '\'') {
			while (at < text.len && text.data[at] != '\'') {
				strbuf_add_n(out, &text.data[at++], 1);
			}
			at = at < text.len ? at + 1 : at;
		} else if (c == '"') {
			at = read_double(text, at, out);
		} else if (c == '$' && at < text.len && text.data[at] == '\'') {
			at = read_ansi_c(text, at + 1, out);
		} else if (c == '\\' && at < text.len) {
			strbuf_add_n(out, &text.data[at++], 1);
		} else {
			strbuf_add_n(out, &c, 1);
		}
	}
	return at;
}

/* The length of "export ", "declare -x " and the like that text begins with, else 0. Options
 * without an x are those of variables that are not exported. */
static size_t declaration_len(struct slice text) {
	static const char *const words[] = {"export ", "declare ", "typeset "};
	size_t at = 0;

	for (size_t i = 0; i < sizeof words / sizeof *words && at == 0; i++) {
		at = slice_starts(text, words[i]) ? strlen(words[i]) : 0;
	}
	if (at == 0) {
		return 0;
	}
	bool exported = text.data[0] == 'e';
	while (at < text.len && text.data[at] == '-') {
		for (; at < text.len && text.data[at] != ' ' && text.data[at] != '\n'; at++) {
			exported = exported || text.data[at] == 'x';
		}
		at += at < text.len && text.data[at] == ' ';
	}
	return exported && assignment_name(slice_from(text, at)) > 0 ? at : 0;
}

static void parse_shell(struct dump *d, struct slice text) {
	size_t at = 0;

	while (at < text.len) {
		struct slice rest = slice_from(text, at);
		size_t words = declaration_len(rest);

		if (words > 0) {
			struct slice name;
			struct strbuf value;

			rest = slice_from(rest, words);
			name = slice_of(rest.data, assignment_name(rest));
			strbuf_init(&value, d->arena);
			at += words + name.len + 1;
			at = read_word(text, at, &value);
			put(d, name, slice_of(value.data, value.len));
		}
		while (at < text.len && text.data[at] != '\n') {
			at++;
		}
		at++;
	}
}

/* ---- all of them ---- */

static bool has_nul(struct slice text) {
	return text.len > 0 && memchr(text.data, '\0', text.len) != NULL;
}

static bool is_shell(struct slice text) {
	struct slice line;
	size_t declarations = 0, plain = 0;

	while (text.len > 0) {
		declarations += declaration_len(text) > 0;
		if (!slice_line(&text, &line)) {
			break;
		}
		plain += assignment_name(line) > 0;
	}
	return declarations > 0 && declarations >= plain;
}

static struct env_dump parse_part(struct arena *arena, struct slice text, bool is_log) {
	struct env_dump out = {.is_log = is_log};
	struct dump d = {.arena = arena, .out = &out};

	envset_init(&out.env, arena);
	if (has_nul(text)) {
		out.form = ENV_DUMP_NUL;
		parse_nul(&d, text);
	} else if (is_shell(text)) {
		out.form = ENV_DUMP_SHELL;
		parse_shell(&d, text);
	} else {
		out.form = ENV_DUMP_PLAIN;
		parse_plain(&d, text);
	}
	return out;
}

struct env_dump env_dump_parse(struct arena *arena, struct slice text) {
	bool is_log = false;
	struct slice step;
	struct env_dump best;

	if (slice_starts(text, "\xef\xbb\xbf")) {
		text = slice_from(text, 3);
	}
	if (has_nul(text)) {
		return parse_part(arena, text, false);
	}
	text = env_dump_unlog(arena, text, &is_log);
	if (!is_log) {
		return parse_part(arena, text, false);
	}
	best = (struct env_dump){.form = ENV_DUMP_PLAIN, .is_log = true};
	envset_init(&best.env, arena);
	while (slice_cut(&text, '\f', &step)) {
		struct env_dump one = parse_part(arena, step, true);

		if (one.env.count > best.env.count) {
			best = one;
		}
	}
	return best;
}

const char *env_dump_form_name(enum env_dump_form form) {
	return form == ENV_DUMP_NUL ? "nul" : form == ENV_DUMP_SHELL ? "shell" : "plain";
}
