/* SPDX-License-Identifier: MIT
 */
#include "wire/script_env.h"

#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"

#define WORDS_MAX    ((size_t)64)
#define HEREDOCS_MAX ((size_t)4)

struct word {
	const char *text;
	bool known;  /* nothing in it had to be run or was never set */
	bool quoted; /* no keyword then */
	bool args;   /* "$@" and its like: what the script was given */
};

struct reader {
	struct arena *arena;
	struct slice text;
	size_t at;
	int line;
	const char *tool;
	struct envset now;      /* with what the script has set so far, exported or not */
	struct envset exported; /* names that reach the programs it starts */
	struct word words[WORDS_MAX];
	size_t word_count;
	int depth; /* of if, loops, case, functions and braces */
	int subshells;
	bool args;        /* of the word being read */
	bool conditional; /* the command stands behind && or || */
	bool ended;       /* exec: nothing below is reached */
	const char *heredocs[HEREDOCS_MAX];
	size_t heredoc_count;
	struct script_set plain[SCRIPT_ENV_SETS_MAX]; /* assignments that an export may follow */
	size_t plain_count;
	struct script_env out;
};

static char peek(const struct reader *r, size_t ahead) {
	return r->at + ahead < r->text.len ? r->text.data[r->at + ahead] : '\0';
}

/* ---- what commands do ---- */

static void add_set(struct reader *r, const char *name, const char *value) {
	if (r->out.count == SCRIPT_ENV_SETS_MAX || str_empty(name)) {
		return;
	}
	r->out.sets[r->out.count++] =
		(struct script_set){.name = name, .value = value, .line = r->line};
}

static size_t assignment_len(const char *word) {
	size_t n = 0;
	while (ascii_is_word(word[n])) {
		n++;
	}
	return n > 0 && ascii_is_word_start(word[0]) && word[n] == '=' ? n : 0;
}

/* NAME=value; exports it when asked to, or when it is in the environment already. */
static void assign(struct reader *r, const struct word *w, bool export_it) {
	size_t n = assignment_len(w->text);
	const char *name = arena_strndup(r->arena, w->text, n);
	if (!w->known) {
		envset_unset(&r->now, name);
		/* It has another value than the environment's, and nobody knows which. */
		envset_unset(&r->exported, name);
		return;
	}
	const char *value = w->text + n + 1;
	envset_set(&r->now, name, value);
	if (r->plain_count < SCRIPT_ENV_SETS_MAX) {
		r->plain[r->plain_count++] = (struct script_set){name, value, r->line};
	}
	if (export_it || envset_get(&r->exported, name)) {
		envset_set(&r->exported, name, value);
		add_set(r, name, value);
	}
}

/* Where NAME got the value that is exported here. */
static int line_of(const struct reader *r, const char *name) {
	int line = r->line;
	for (size_t i = 0; i < r->plain_count; i++) {
		if (streq(r->plain[i].name, name)) {
			line = r->plain[i].line;
		}
	}
	return line;
}

static void export_name(struct reader *r, const struct word *w) {
	if (assignment_len(w->text) > 0) {
		assign(r, w, true);
		return;
	}
	const char *value = w->known ? envset_get(&r->now, w->text) : NULL;
	const char *before = w->known ? envset_get(&r->exported, w->text) : NULL;
	if (value && !streq(value, before)) {
		envset_set(&r->exported, w->text, value);
		add_set(r, w->text, value);
		if (r->out.count > 0) {
			r->out.sets[r->out.count - 1].line = line_of(r, w->text);
		}
	}
}

static void drop_name(struct reader *r, const char *name) {
	envset_unset(&r->now, name);
	envset_unset(&r->exported, name);
	add_set(r, name, NULL);
}

/* env [-i] [-u NAME] [NAME=value]… ; the number of words it takes. */
static size_t read_env(struct reader *r, size_t i) {
	while (i < r->word_count) {
		const char *word = r->words[i].text;
		if (streq(word, "-i") || streq(word, "-") || streq(word, "--ignore-environment")) {
			r->out.cleared_line = r->line;
			i++;
		} else if (streq(word, "-u") && i + 1 < r->word_count) {
			drop_name(r, r->words[i + 1].text);
			i += 2;
		} else if (str_starts(word, "--unset=")) {
			drop_name(r, word + strlen("--unset="));
			i++;
		} else if (assignment_len(word) > 0) {
			assign(r, &r->words[i], true);
			i++;
		} else {
			break;
		}
	}
	return i;
}

static bool hands_on(const struct reader *r, size_t from) {
	for (size_t i = from; i < r->word_count; i++) {
		if (r->words[i].args) {
			return true;
		}
	}
	return false;
}

/* The program of a simple command, behind exec, env, nice and their like. */
static void start_program(struct reader *r, size_t i, size_t prefix) {
	static const char *const passing[] = {"exec", "command", "nice", "nohup", "setsid"};
	size_t count = r->out.count;
	int cleared = r->out.cleared_line;
	bool last = false;
	while (i < r->word_count) {
		const char *word = r->words[i].text;
		bool passes = false;
		for (size_t k = 0; k < sizeof(passing) / sizeof(*passing); k++) {
			passes = passes || streq(word, passing[k]);
		}
		last = last || streq(word, "exec");
		if (streq(path_base(word), "env")) {
			i = read_env(r, i + 1);
		} else if (passes) {
			i++;
		} else {
			break;
		}
	}
	const struct word *program = i < r->word_count ? &r->words[i] : NULL;
	if (!program || !streq(path_base(program->text), r->tool) || !hands_on(r, i)) {
		r->out.count = count; /* it was for another program, or for a question of its own */
		r->out.cleared_line = cleared;
	} else {
		for (size_t k = 0; k < prefix; k++) {
			assign(r, &r->words[k], true);
		}
		bool plain = program->text[0] == '/' || !strchr(program->text, '/');
		r->out.program = program->known && plain ? program->text : NULL;
		r->out.program_line = r->line;
	}
	r->ended = last && program;
}

static void run_sure(struct reader *r) {
	size_t i = 0;
	while (i < r->word_count && !r->words[i].quoted && assignment_len(r->words[i].text) > 0) {
		i++;
	}
	if (i == r->word_count) {
		for (size_t k = 0; k < i; k++) {
			assign(r, &r->words[k], false);
		}
		return;
	}
	const char *name = r->words[i].text;
	bool exports = streq(name, "export");
	bool declares = streq(name, "declare") || streq(name, "typeset");
	if (exports || declares || streq(name, "unset")) {
		bool marked = exports;
		for (i++; i < r->word_count; i++) {
			const struct word *w = &r->words[i];
			if (w->text[0] == '-') {
				marked = marked || (declares && strchr(w->text, 'x'));
			} else if (streq(name, "unset")) {
				drop_name(r, w->text);
			} else if (marked) {
				export_name(r, w);
			} else if (assignment_len(w->text) > 0) {
				assign(r, w, false);
			}
		}
		return;
	}
	if (streq(name, ".") || streq(name, "source") || streq(name, "eval")) {
		r->out.count = 0; /* it may have changed any of them */
		r->out.opaque = true;
		return;
	}
	start_program(r, i, i);
}

static bool is_one_of(const char *word, const char *const *list) {
	for (; *list; list++) {
		if (streq(word, *list)) {
			return true;
		}
	}
	return false;
}

/* Keywords open and close what may not be reached; what is left of the command is it. */
static void end_command(struct reader *r) {
	static const char *const opens[] = {"if",    "case",   "for",      "while",
	                                    "until", "select", "function", NULL};
	static const char *const closes[] = {"fi", "esac", "done", NULL};
	static const char *const skipped[] = {"then", "else", "elif", "do", "!", "time", NULL};
	size_t from = 0;
	bool sure = r->depth == 0 && r->subshells == 0 && !r->conditional;
	while (from < r->word_count && !r->words[from].quoted) {
		const char *word = r->words[from].text;
		bool closing = is_one_of(word, closes) || streq(word, "}");
		if (is_one_of(word, opens)) {
			/* `function f {`: the brace opens it. */
			r->depth += !streq(word, "function");
			sure = false;
			break;
		}
		if (streq(word, "{")) {
			r->depth++;
		} else if (closing) {
			r->depth -= r->depth > 0;
		} else if (!is_one_of(word, skipped)) {
			break;
		}
		sure = false;
		from++;
	}
	if (r->word_count > from && streq(r->words[r->word_count - 1].text, "{")) {
		r->depth++;
		sure = false;
	}
	if (sure && r->word_count > 0) {
		run_sure(r);
	}
	r->word_count = 0;
}

/* ---- words ---- */

static void skip_until(struct reader *r, char open, char close) {
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

static const char *read_name(struct reader *r) {
	size_t start = r->at;
	while (ascii_is_word(peek(r, 0))) {
		r->at++;
	}
	return arena_strndup(r->arena, r->text.data + start, r->at - start);
}

static void add_value(struct reader *r, struct strbuf *out, bool *known, const char *name) {
	const char *value = envset_get(&r->now, name);
	if (value) {
		strbuf_add(out, value);
	} else {
		*known = false;
	}
}

/* At '$'. */
static void read_dollar(struct reader *r, struct strbuf *out, bool *known) {
	r->at++;
	char c = peek(r, 0);
	if (c == '(') {
		r->at++;
		skip_until(r, '(', ')');
		*known = false;
	} else if (ascii_is_word_start(c)) {
		add_value(r, out, known, read_name(r));
	} else if (c == '{' && ascii_is_word_start(peek(r, 1))) {
		r->at++;
		const char *name = read_name(r);
		size_t start = r->at;
		skip_until(r, '{', '}');
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
		char of = c == '{' ? peek(r, 1) : c;
		r->args = r->args || of == '@' || of == '*' || of == '1';
		r->at += c == '{' || c == '@' || c == '*' || c == '#' || ascii_is_digit(c);
		if (c == '{') {
			skip_until(r, '{', '}');
		}
		*known = false;
	}
}

static void read_quoted(struct reader *r, struct strbuf *out, bool *known) {
	char quote = r->text.data[r->at++];
	while (r->at < r->text.len && peek(r, 0) != quote) {
		char c = peek(r, 0);
		r->line += c == '\n';
		if (quote == '"' && c == '$') {
			read_dollar(r, out, known);
			continue;
		}
		if (quote == '"' && c == '`') {
			r->at++;
			skip_until(r, '\0', '`');
			*known = false;
			continue;
		}
		if (quote == '"' && c == '\\' && strchr("\\\"$`\n", peek(r, 1)) && peek(r, 1)) {
			r->at++;
			c = peek(r, 0);
		}
		strbuf_add_char(out, c);
		r->at++;
	}
	r->at += r->at < r->text.len;
}

static void read_tilde(struct reader *r, struct strbuf *out, bool *known) {
	const char *before = out->data;
	bool begins = out->len == 0 || before[out->len - 1] == '=' || before[out->len - 1] == ':';
	char next = peek(r, 1);
	if (begins && (next == '/' || next == ':' || strchr(" \t\r\n;", next))) {
		add_value(r, out, known, "HOME");
	} else {
		strbuf_add_char(out, '~');
	}
	r->at++;
}

static void read_word(struct reader *r) {
	struct strbuf out;
	strbuf_init(&out, r->arena);
	struct word word = {.known = true};
	while (r->at < r->text.len && !strchr(" \t\r\n;&|()<>", peek(r, 0))) {
		char c = peek(r, 0);
		if (c == '\0') {
			r->at++;
		} else if (c == '\\') {
			r->at++;
			if (peek(r, 0) != '\n' && r->at < r->text.len) {
				strbuf_add_char(&out, peek(r, 0));
			}
			r->line += peek(r, 0) == '\n';
			r->at += r->at < r->text.len;
		} else if (c == '\'' || c == '"') {
			word.quoted = word.quoted || out.len == 0;
			read_quoted(r, &out, &word.known);
		} else if (c == '$') {
			read_dollar(r, &out, &word.known);
		} else if (c == '`') {
			r->at++;
			skip_until(r, '\0', '`');
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

/* ---- lines ---- */

/* Behind a newline: the bodies of the here documents that the line began. */
static void skip_heredocs(struct reader *r) {
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
static void read_redirection(struct reader *r) {
	char c = peek(r, 0);
	bool here = c == '<' && peek(r, 1) == '<' && peek(r, 2) != '<';
	while (peek(r, 0) == '<' || peek(r, 0) == '>' || peek(r, 0) == '&' || peek(r, 0) == '-') {
		r->at++;
	}
	while (peek(r, 0) == ' ' || peek(r, 0) == '\t') {
		r->at++;
	}
	if (peek(r, 0) == '(') {
		r->at++;
		skip_until(r, '(', ')');
		return;
	}
	size_t count = r->word_count;
	r->word_count = count < WORDS_MAX ? count : WORDS_MAX - 1;
	size_t slot = r->word_count;
	if (r->at < r->text.len && !strchr(" \t\r\n;&|()", peek(r, 0))) {
		read_word(r);
		if (here && r->heredoc_count < HEREDOCS_MAX) {
			r->heredocs[r->heredoc_count++] = r->words[slot].text;
		}
	}
	r->word_count = slot;
}

/* A separator of commands, or a parenthesis. */
static void read_operator(struct reader *r) {
	char c = peek(r, 0);
	bool twice = (c == '&' || c == '|') && peek(r, 1) == c;
	bool function = c == '(' && peek(r, 1) == ')' && r->word_count == 1;
	if (function) {
		r->at += 2;
		r->word_count = 0; /* its braces follow */
		return;
	}
	/* What runs in a pipe or in the background changes nothing here. */
	r->conditional = r->conditional || ((c == '|' || c == '&') && !twice);
	end_command(r);
	r->at += 1 + (size_t)twice;
	r->subshells += c == '(';
	r->subshells -= c == ')' && r->subshells > 0;
	r->conditional = c == ')' ? r->conditional : twice || c == '|';
}

static void read_all(struct reader *r) {
	while (r->at < r->text.len && !r->ended) {
		char c = peek(r, 0);
		if (c == ' ' || c == '\t' || c == '\r') {
			r->at++;
		} else if (c == '#') {
			while (r->at < r->text.len && peek(r, 0) != '\n') {
				r->at++;
			}
		} else if (c == '\n') {
			end_command(r);
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
			read_word(r);
			r->at += r->at == before;
		}
	}
	if (!r->ended) {
		end_command(r);
	}
}

struct script_env script_env_parse(struct arena *arena, struct slice text, const struct envset *env,
                                   const char *tool) {
	struct reader *r = arena_new_of(arena, struct reader);
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
