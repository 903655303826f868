/* SPDX-License-Identifier: MIT
 */
#include "wire/script_env.h"

#include "base/str.h"
#include "wire/script_env_parts.h"

/* Behind a newline: the bodies of the here documents that the line began. */
static void skip_heredocs(struct script_reader *r) {
	for (size_t i = 0; i < r->heredoc_count; i++) {
		while (r->at < r->text.len) {
			struct slice rest = slice_of(r->text.data + r->at, r->text.len - r->at);
			struct slice line;
			size_t before = rest.len;
			(void)slice_line(&rest, &line);
			r->at += before - rest.len;
			r->line++;
			if (slice_eq(slice_trim(line), r->heredocs[i])) {
				break;
			}
		}
	}
	r->heredoc_count = 0;
}

/* > FILE, 2>&1, << WORD, <(…): none of it is an argument. */
static void read_redirection(struct script_reader *r) {
	char c = script_env_peek(r, 0);
	bool here = c == '<' && script_env_peek(r, 1) == '<' && script_env_peek(r, 2) != '<';
	while (script_env_peek(r, 0) == '<' || script_env_peek(r, 0) == '>' ||
	       script_env_peek(r, 0) == '&' || script_env_peek(r, 0) == '-') {
		r->at++;
	}
	while (script_env_peek(r, 0) == ' ' || script_env_peek(r, 0) == '\t') {
		r->at++;
	}
	if (script_env_peek(r, 0) == '(') {
		r->at++;
		script_env_skip_until(r, '(', ')');
		return;
	}
	size_t count = r->word_count;
	r->word_count = count < WORDS_MAX ? count : WORDS_MAX - 1;
	size_t slot = r->word_count;
	if (r->at < r->text.len && !strchr(" \t\r\n;&|()", script_env_peek(r, 0))) {
		script_env_read_word(r);
		if (here && r->heredoc_count < HEREDOCS_MAX) {
			r->heredocs[r->heredoc_count++] = r->words[slot].text;
		}
	}
	r->word_count = slot;
}

/* A separator of commands, or a parenthesis. */
static void read_operator(struct script_reader *r) {
	char c = script_env_peek(r, 0);
	bool twice = (c == '&' || c == '|') && script_env_peek(r, 1) == c;
	bool function = c == '(' && script_env_peek(r, 1) == ')' && r->word_count == 1;
	if (function) {
		r->at += 2;
		r->word_count = 0; /* its braces follow */
		return;
	}
	/* What runs in a pipe or in the background changes nothing here. */
	r->conditional = r->conditional || ((c == '|' || c == '&') && !twice);
	script_env_end_command(r);
	r->at += 1 + (size_t)twice;
	r->subshells += c == '(';
	r->subshells -= c == ')' && r->subshells > 0;
	r->conditional = c == ')' ? r->conditional : twice || c == '|';
}

static void read_all(struct script_reader *r) {
	while (r->at < r->text.len && !r->ended) {
		char c = script_env_peek(r, 0);
		if (c == ' ' || c == '\t' || c == '\r') {
			r->at++;
		} else if (c == '#') {
			while (r->at < r->text.len && script_env_peek(r, 0) != '\n') {
				r->at++;
			}
		} else if (c == '\n') {
			script_env_end_command(r);
			r->conditional = false;
			r->at++;
			r->line++;
			skip_heredocs(r);
		} else if (c == '<' || c == '>') {
			read_redirection(r);
		} else if (strchr(";&|()", c)) {
			read_operator(r);
		} else {
			size_t before = r->at;
			script_env_read_word(r);
			r->at += r->at == before;
		}
	}
	if (!r->ended) {
		script_env_end_command(r);
	}
}

struct script_env script_env_parse(struct arena *arena, struct slice text, const struct envset *env,
                                   const char *tool) {
	struct script_reader *r = arena_new_of(arena, struct script_reader);
	r->arena = arena;
	r->text = slice_of(text.data,
	                   text.len < SCRIPT_ENV_MAX_BYTES ? text.len : SCRIPT_ENV_MAX_BYTES);
	r->line = 1;
	r->tool = tool;
	r->out.sets = arena_array_of(arena, struct script_set, SCRIPT_ENV_SETS_MAX);
	envset_copy(&r->now, env);
	envset_copy(&r->exported, env);
	read_all(r);
	return r->out;
}

const struct script_set *script_env_find(const struct script_env *script, const char *name) {
	const struct script_set *found = NULL;
	for (size_t i = 0; i < script->count; i++) {
		if (streq(script->sets[i].name, name)) {
			found = &script->sets[i];
		}
	}
	return found;
}
