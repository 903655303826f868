/* SPDX-License-Identifier: MIT */
#include "gofile/modfile.h"

#include "base/str.h"
#include "base/vec.h"
#include "gofile/golex.h"

enum word_kind {
	WORD_EOF,
	WORD_NEWLINE,
	WORD_COMMENT, /* alone on its line */
	WORD_SUFFIX,  /* behind something */
	WORD_OPEN,    /* ( */
	WORD_CLOSE,   /* ) */
	WORD_PLAIN,   /* identifier, string or other punctuation */
	WORD_BROKEN,  /* error set; the rest of the line is skipped */
};

struct word {
	enum word_kind kind;
	struct slice text;
	int line;
	int column;
};

struct lexer {
	struct arena *arena;
	struct slice rest;
	int line;
	int column;
	bool line_has_word; /* something other than a blank came before on this line */
	struct modfile_error *error;
};

static bool ends_line(enum word_kind kind) {
	return kind == WORD_EOF || kind == WORD_NEWLINE || kind == WORD_SUFFIX;
}

void modfile_error_set(struct modfile_error *error, enum modfile_error_kind kind, int line,
                       const char *message) {
	if (error->kind == MODFILE_ERROR_NONE) {
		*error = (struct modfile_error){kind, line, 1, message};
	}
}

static void syntax_error(struct lexer *lx, int line, int column, const char *message) {
	if (lx->error->kind == MODFILE_ERROR_NONE) {
		modfile_error_set(lx->error, MODFILE_ERROR_SYNTAX, line, message);
		lx->error->column = column;
	}
}

static uint32_t peek(const struct lexer *lx, size_t *ret_width) {
	return rune_decode(lx->rest, ret_width);
}

static void advance(struct lexer *lx) {
	size_t width = 0;
	uint32_t rune = peek(lx, &width);
	lx->rest = slice_from(lx->rest, width);
	if (rune == '\n') {
		lx->line++;
		lx->column = 1;
		lx->line_has_word = false;
	} else if (width > 0) {
		lx->column++;
	}
}

static void skip_to_newline(struct lexer *lx) {
	const char *newline = lx->rest.len > 0 ? memchr(lx->rest.data, '\n', lx->rest.len) : NULL;
	size_t n = newline ? (size_t)(newline - lx->rest.data) : lx->rest.len;
	lx->rest = slice_from(lx->rest, n);
	lx->column += (int)n;
}

static struct word word_end(const struct lexer *lx, struct word word, enum word_kind kind) {
	word.kind = kind;
	word.text.len = (size_t)(lx->rest.data - word.text.data);
	return word;
}

static struct word broken(struct lexer *lx, struct word word, int line, int column,
                          const char *message) {
	syntax_error(lx, line, column, message);
	skip_to_newline(lx);
	return word_end(lx, word, WORD_BROKEN);
}

static const char slash_star_message[] = "mod files must use // comments (not /* */ comments)";

static struct word lex_string(struct lexer *lx, struct word word) {
	char quote = lx->rest.data[0];
	advance(lx);
	for (;;) {
		if (lx->rest.len == 0) {
			return broken(lx, word, word.line, word.column, "unexpected EOF in string");
		}
		char c = lx->rest.data[0];
		if (c == '\n') {
			return broken(lx, word, lx->line, lx->column,
			              "unexpected newline in string");
		}
		advance(lx);
		if (c == quote) {
			return word_end(lx, word, WORD_PLAIN);
		}
		/* A backslash at a line's end: go takes the newline into the string, which no later
		 * step accepts. */
		if (c == '\\' && quote == '"' && lx->rest.len > 0 && lx->rest.data[0] != '\n') {
			advance(lx);
		}
	}
}

static bool is_word_rune(uint32_t rune) {
	bool punctuation = rune < 0x80 && rune != 0 && strchr(" ()[]{},", (int)rune) != NULL;
	return !punctuation && !rune_is_space(rune) && rune_is_print(rune);
}

static struct word lex_identifier(struct lexer *lx, struct word word) {
	size_t width = 0;
	uint32_t rune = peek(lx, &width);
	if (!is_word_rune(rune)) {
		const char *message = arena_printf(lx->arena, "unexpected input character U+%04X",
		                                   (unsigned)rune);
		return broken(lx, word, lx->line, lx->column, message);
	}
	while (lx->rest.len > 0 && is_word_rune(peek(lx, &width)) &&
	       !slice_starts(lx->rest, "//")) {
		if (slice_starts(lx->rest, "/*")) {
			return broken(lx, word, lx->line, lx->column, slash_star_message);
		}
		advance(lx);
	}
	return word_end(lx, word, WORD_PLAIN);
}

static struct word lex(struct lexer *lx) {
	while (lx->rest.len > 0 && strchr(" \t\r", lx->rest.data[0]) && lx->rest.data[0] != '\0') {
		advance(lx);
	}
	struct word word = {.text = lx->rest, .line = lx->line, .column = lx->column};
	if (lx->rest.len == 0) {
		return word_end(lx, word, WORD_EOF);
	}
	char c = lx->rest.data[0];
	if (slice_starts(lx->rest, "//")) {
		enum word_kind kind = lx->line_has_word ? WORD_SUFFIX : WORD_COMMENT;
		skip_to_newline(lx);
		word = word_end(lx, word, kind);
		if (lx->rest.len > 0) {
			advance(lx);
		}
		return word;
	}
	if (slice_starts(lx->rest, "/*")) {
		return broken(lx, word, lx->line, lx->column, slash_star_message);
	}
	if (c == '\n') {
		advance(lx);
		return word_end(lx, word, WORD_NEWLINE);
	}
	lx->line_has_word = true;
	if (c == '"' || c == '`') {
		return lex_string(lx, word);
	}
	if (c != '\0' && strchr("()[]{},", c)) {
		advance(lx);
		return word_end(lx, word,
		                c == '('   ? WORD_OPEN
		                : c == ')' ? WORD_CLOSE
		                           : WORD_PLAIN);
	}
	return lex_identifier(lx, word);
}

/* The words of one line: a line has no more of them than bytes. */
struct words {
	char **items;
	size_t count;
	size_t slots;
};

struct parser {
	struct lexer lx;
	struct word next; /* one word ahead, as go reads: its errors come in the same order */
	struct modfile *file;
	size_t line_slots;
	const char *block_verb; /* of the block being read; NULL outside */
	int block_line;
	int block_column;
};

static struct word take(struct parser *p) {
	struct word word = p->next;
	p->next = lex(&p->lx);
	return word;
}

static void words_add(struct parser *p, struct words *words, struct slice text) {
	VEC_ROOM(p->lx.arena, words->items, words->count, &words->slots);
	words->items[words->count++] = arena_slicedup(p->lx.arena, text);
}

static const char *comment_text(struct parser *p, struct word word) {
	if (word.kind != WORD_SUFFIX) {
		return NULL;
	}
	struct slice text = slice_from(word.text, 2);
	return arena_slicedup(p->lx.arena, text);
}

static void add_line(struct parser *p, struct modfile_line line) {
	struct modfile *f = p->file;
	VEC_ROOM(p->lx.arena, f->lines, f->line_count, &p->line_slots);
	f->lines[f->line_count++] = line;
}

/* Reads the words of a line that starts with `first`; false when the line is broken.
 * *ret_block is set when the line ends in '(', which opens a block outside of one. */
static bool read_words(struct parser *p, struct word first, struct words *words,
                       struct word *ret_end, bool *ret_block) {
	words_add(p, words, first.text);
	for (;;) {
		struct word word = take(p);
		if (word.kind == WORD_BROKEN) {
			return false;
		}
		if (ends_line(word.kind) || word.kind == WORD_COMMENT) {
			*ret_end = word;
			return true;
		}
		if (word.kind == WORD_OPEN && !p->block_verb && ends_line(p->next.kind)) {
			*ret_block = true;
			*ret_end = word;
			return true;
		}
		words_add(p, words, word.text);
	}
}

/* `verb ()` is an empty block. */
static bool is_empty_block(const struct words *words) {
	size_t n = words->count;
	return n >= 3 && streq(words->items[n - 2], "(") && streq(words->items[n - 1], ")");
}

static void read_statement(struct parser *p, struct word first) {
	struct words words = {0};
	struct word end = {0};
	bool block = false;
	if (!read_words(p, first, &words, &end, &block)) {
		return;
	}
	struct modfile_line line = {.line = first.line, .suffix = comment_text(p, end)};
	if (p->block_verb) {
		line.verb = p->block_verb;
		line.args = words.items;
		line.arg_count = words.count;
		line.in_block = true;
		add_line(p, line);
		return;
	}
	line.is_block = block || is_empty_block(&words);
	line.verb = words.items[0];
	line.args = words.items + 1;
	line.arg_count = words.count - 1 - (line.is_block && !block ? 2 : 0);
	add_line(p, line);
	if (block) {
		p->block_verb = line.verb;
		p->block_line = first.line;
		p->block_column = first.column;
	}
}

static void close_block(struct parser *p) {
	p->block_verb = NULL;
	if (p->next.kind == WORD_BROKEN || ends_line(p->next.kind)) {
		return;
	}
	syntax_error(&p->lx, p->lx.line, p->lx.column,
	             "syntax error (expected newline after closing paren)");
	while (!ends_line(p->next.kind) && p->next.kind != WORD_BROKEN) {
		take(p);
	}
}

static void parse_words(struct parser *p) {
	for (;;) {
		struct word word = take(p);
		switch (word.kind) {
		case WORD_EOF:
			if (p->block_verb) {
				const char *message = arena_printf(
					p->lx.arena,
					"syntax error (unterminated block started at line %d:%d)",
					p->block_line, p->block_column);
				syntax_error(&p->lx, p->lx.line, p->lx.column, message);
			}
			return;
		case WORD_NEWLINE:
		case WORD_COMMENT:
		case WORD_SUFFIX:
		case WORD_BROKEN:
			break;
		case WORD_CLOSE:
			if (p->block_verb) {
				close_block(p);
				break;
			}
			read_statement(p, word);
			break;
		case WORD_OPEN:
		case WORD_PLAIN:
			read_statement(p, word);
			break;
		}
	}
}

int modfile_conflict_line(struct slice text) {
	static const char *const markers[] = {"<<<<<<<", "=======", ">>>>>>>"};
	struct slice line;
	for (int number = 1; slice_line(&text, &line); number++) {
		for (size_t i = 0; i < 3; i++) {
			bool ends = line.len == 7 || (line.len > 7 && line.data[7] == ' ');
			if (ends && slice_starts(line, markers[i])) {
				return number;
			}
		}
	}
	return 0;
}

struct modfile modfile_parse(struct arena *arena, struct slice text) {
	struct modfile file = {.error = {.message = ""}};
	if (text.len > MODFILE_MAX_BYTES) {
		text.len = MODFILE_MAX_BYTES;
		file.truncated = true;
	}
	if (!text.data) {
		text = slice_str("");
	}
	file.has_bom = slice_starts(text, "\xEF\xBB\xBF");
	file.has_nul = text.len > 0 && memchr(text.data, '\0', text.len) != NULL;
	file.conflict_line = modfile_conflict_line(text);
	struct parser p = {
		.lx = {.arena = arena, .rest = text, .line = 1, .column = 1, .error = &file.error},
		.file = &file,
	};
	p.next = lex(&p.lx);
	parse_words(&p);
	file.empty = file.line_count == 0 && file.error.kind == MODFILE_ERROR_NONE;
	return file;
}
