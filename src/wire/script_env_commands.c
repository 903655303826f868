/* SPDX-License-Identifier: MIT
 * What the commands of a wrapper script do to the environment, and which of them is the program it
 * stands for.
 */
#include "base/ascii.h"
#include "base/path.h"
#include "base/str.h"
#include "wire/script_env_parts.h"

static void add_set(struct script_reader *r, const char *name, const char *value) {
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
static void assign(struct script_reader *r, const struct script_word *w, bool export_it) {
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
static int line_of(const struct script_reader *r, const char *name) {
	int line = r->line;
	for (size_t i = 0; i < r->plain_count; i++) {
		if (streq(r->plain[i].name, name)) {
			line = r->plain[i].line;
		}
	}
	return line;
}

static void export_name(struct script_reader *r, const struct script_word *w) {
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

static void drop_name(struct script_reader *r, const char *name) {
	envset_unset(&r->now, name);
	envset_unset(&r->exported, name);
	add_set(r, name, NULL);
}

/* env [-i] [-u NAME] [NAME=value]… ; the number of words it takes. */
static size_t read_env(struct script_reader *r, size_t i) {
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

static bool hands_on(const struct script_reader *r, size_t from) {
	for (size_t i = from; i < r->word_count; i++) {
		if (r->words[i].args) {
			return true;
		}
	}
	return false;
}

/* The program of a simple command, behind exec, env, nice and their like. */
static void start_program(struct script_reader *r, size_t i, size_t prefix) {
	size_t count = r->out.count;
	int cleared = r->out.cleared_line;
	bool last = false;
	while (i < r->word_count) {
		const char *word = r->words[i].text;
		last = last || streq(word, "exec");
		if (streq(path_base(word), "env")) {
			i = read_env(r, i + 1);
		} else if (STR_IN(word, "exec", "command", "nice", "nohup", "setsid")) {
			i++;
		} else {
			break;
		}
	}
	const struct script_word *program = i < r->word_count ? &r->words[i] : NULL;
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

static void run_sure(struct script_reader *r) {
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
			const struct script_word *w = &r->words[i];
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

/* Keywords open and close what may not be reached; what is left of the command is it. */
void script_env_end_command(struct script_reader *r) {
	static const char *const opens[] = {"if",    "case",   "for",      "while",
	                                    "until", "select", "function", NULL};
	static const char *const closes[] = {"fi", "esac", "done", NULL};
	static const char *const skipped[] = {"then", "else", "elif", "do", "!", "time", NULL};
	size_t from = 0;
	bool sure = r->depth == 0 && r->subshells == 0 && !r->conditional;
	while (from < r->word_count && !r->words[from].quoted) {
		const char *word = r->words[from].text;
		bool closing = str_in(word, closes) || streq(word, "}");
		if (str_in(word, opens)) {
			/* `function f {`: the brace opens it. */
			r->depth += !streq(word, "function");
			sure = false;
			break;
		}
		if (streq(word, "{")) {
			r->depth++;
		} else if (closing) {
			r->depth -= r->depth > 0;
		} else if (!str_in(word, skipped)) {
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
