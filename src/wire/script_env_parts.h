/* SPDX-License-Identifier: MIT
 * Between the parts of wire/script_env: words, what commands do, lines.
 */
#ifndef WIRE_SCRIPT_ENV_PARTS_H
#define WIRE_SCRIPT_ENV_PARTS_H

#include "wire/script_env.h"

#define WORDS_MAX    ((size_t)64)
#define HEREDOCS_MAX ((size_t)4)

struct script_word {
	const char *text;
	bool known;  /* nothing in it had to be run or was never set */
	bool quoted; /* no keyword then */
	bool args;   /* "$@" and its like: what the script was given */
};

struct script_reader {
	struct arena *arena;
	struct slice text;
	size_t at;
	int line;
	const char *tool;
	struct envset now;      /* with what the script has set so far, exported or not */
	struct envset exported; /* names that reach the programs it starts */
	struct script_word words[WORDS_MAX];
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

/* The byte so many ahead, NUL behind the end. */
static inline char script_env_peek(const struct script_reader *r, size_t ahead) {
	return r->at + ahead < r->text.len ? r->text.data[r->at + ahead] : '\0';
}

/* From behind an opening bracket to behind its closing one, over what stands between. */
void script_env_skip_until(struct script_reader *r, char open, char close);
/* Adds a word to those of the command. */
void script_env_read_word(struct script_reader *r);
/* The words so far are a command: does what it says when it is sure to be run. */
void script_env_end_command(struct script_reader *r);

#endif
