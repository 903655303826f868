/* SPDX-License-Identifier: MIT
 * Words of a shell script: quotes, variables, and what would have to be run to be known.
 */
#include "base/ascii.h"
#include "base/str.h"
#include "wire/script_env_parts.h"

void script_env_skip_until(struct script_reader *r, char open, char close) {
	int depth = 1;
	while (r->at < r->text.len && depth > 0) {
		char c = r->text.data[r->at++];
		r->line += c == '\n';
		if (c == '\\' && r->at < r->text.len) {
			r->at++;
		} else if (c == close) {
			depth--;
		} else if (c == open) {
			depth++;
		}
	}
}

static const char *read_name(struct script_reader *r) {
	size_t start = r->at;
	while (ascii_is_word(script_env_peek(r, 0))) {
		r->at++;
	}
	return arena_strndup(r->arena, r->text.data + start, r->at - start);
}

static void add_value(struct script_reader *r, struct strbuf *out, bool *known, const char *name) {
	const char *value = envset_get(&r->now, name);
	if (value) {
		strbuf_add(out, value);
	} else {
		*known = false;
	}
}

/* At '$'. */
static void read_dollar(struct script_reader *r, struct strbuf *out, bool *known) {
	r->at++;
	char c = script_env_peek(r, 0);
	if (c == '(') {
		r->at++;
		script_env_skip_until(r, '(', ')');
		*known = false;
	} else if (ascii_is_word_start(c)) {
		add_value(r, out, known, read_name(r));
	} else if (c == '{' && ascii_is_word_start(script_env_peek(r, 1))) {
		r->at++;
		const char *name = read_name(r);
		size_t start = r->at;
		script_env_skip_until(r, '{', '}');
		size_t len = r->at > start ? r->at - start - 1 : 0;
		const char *rest = arena_strndup(r->arena, r->text.data + start, len);
		const char *value = envset_get(&r->now, name);
		bool otherwise = str_starts(rest, ":-") && !strpbrk(rest, "$`\"'\\{");
		if (rest[0] == '\0' || (otherwise && !str_empty(value))) {
			add_value(r, out, known, name);
		} else if (otherwise) {
			strbuf_add(out, rest + 2);
		} else {
			*known = false;
		}
	} else {
		char of = c == '{' ? script_env_peek(r, 1) : c;
		r->args = r->args || of == '@' || of == '*' || of == '1';
		r->at += c == '{' || c == '@' || c == '*' || c == '#' || ascii_is_digit(c);
		if (c == '{') {
			script_env_skip_until(r, '{', '}');
		}
		*known = false;
	}
}

static void read_quoted(struct script_reader *r, struct strbuf *out, bool *known) {
	char quote = r->text.data[r->at++];
	while (r->at < r->text.len && script_env_peek(r, 0) != quote) {
		char c = script_env_peek(r, 0);
		r->line += c == '\n';
		if (quote == '"' && c == '$') {
			read_dollar(r, out, known);
			continue;
		}
		if (quote == '"' && c == '`') {
			r->at++;
			script_env_skip_until(r, '\0', '`');
			*known = false;
			continue;
		}
		if (quote == '"' && c == '\\' && strchr("\\\"$`\n", script_env_peek(r, 1)) &&
		    script_env_peek(r, 1)) {
			r->at++;
			c = script_env_peek(r, 0);
		}
		strbuf_add_char(out, c);
		r->at++;
	}
	r->at += r->at < r->text.len;
}

static void read_tilde(struct script_reader *r, struct strbuf *out, bool *known) {
	const char *before = out->data;
	bool begins = out->len == 0 || before[out->len - 1] == '=' || before[out->len - 1] == ':';
	char next = script_env_peek(r, 1);
	if (begins && (next == '/' || next == ':' || strchr(" \t\r\n;", next))) {
		add_value(r, out, known, "HOME");
	} else {
		strbuf_add_char(out, '~');
	}
	r->at++;
}

void script_env_read_word(struct script_reader *r) {
	struct strbuf out;
	strbuf_init(&out, r->arena);
	struct script_word word = {.known = true};
	while (r->at < r->text.len && !strchr(" \t\r\n;&|()<>", script_env_peek(r, 0))) {
		char c = script_env_peek(r, 0);
		if (c == '\0') {
			r->at++;
		} else if (c == '\\') {
			r->at++;
			if (script_env_peek(r, 0) != '\n' && r->at < r->text.len) {
				strbuf_add_char(&out, script_env_peek(r, 0));
			}
			r->line += script_env_peek(r, 0) == '\n';
			r->at += r->at < r->text.len;
		} else if (c == '\'' || c == '"') {
			word.quoted = word.quoted || out.len == 0;
			read_quoted(r, &out, &word.known);
		} else if (c == '$') {
			read_dollar(r, &out, &word.known);
		} else if (c == '`') {
			r->at++;
			script_env_skip_until(r, '\0', '`');
			word.known = false;
		} else if (c == '~') {
			read_tilde(r, &out, &word.known);
		} else {
			strbuf_add_char(&out, c);
			r->at++;
		}
	}
	word.text = out.data;
	word.args = r->args;
	r->args = false;
	if (r->word_count < WORDS_MAX) {
		r->words[r->word_count++] = word;
	}
}
