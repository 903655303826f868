/* SPDX-License-Identifier: MIT
 * The grammar go.mod and go.work share: lines and blocks of words, // comments, quoted strings.
 * Source: golang.org/x/mod/modfile as vendored in Go 1.26 (read.go, rule.go);
 * go.dev/ref/mod#go-mod-file-lexical. After an error the parser goes on with the next line, which
 * go does not: what is known is worth more than nothing.
 */
#ifndef GOFILE_MODFILE_H
#define GOFILE_MODFILE_H

#include "base/arena.h"

#include <stdbool.h>

/* A file beyond this is cut there and marked; go itself has no bound. */
#define MODFILE_MAX_BYTES ((size_t)(1024 * 1024))

enum modfile_error_kind {
	MODFILE_ERROR_NONE,
	MODFILE_ERROR_SYNTAX, /* the words cannot even be told apart: go reports this one only */
	MODFILE_ERROR_UNKNOWN_DIRECTIVE, /* also an unknown block */
	MODFILE_ERROR_REPEATED,          /* a second module, go or toolchain line */
	MODFILE_ERROR_GO_VERSION,        /* go line go does not accept */
	MODFILE_ERROR_TOOLCHAIN,         /* toolchain line go does not accept */
	MODFILE_ERROR_USAGE,             /* wrong number or shape of arguments */
	MODFILE_ERROR_VERSION,           /* a version that is none, or of the wrong major version */
	MODFILE_ERROR_PATH, /* a module path, replacement or quoted string that cannot be one */
	MODFILE_ERROR_NO_MODULE, /* go.mod without a module line */
};

struct modfile_error {
	enum modfile_error_kind kind;
	int line;            /* from 1; 0 for the file as a whole */
	int column;          /* in runes, from 1 */
	const char *message; /* as go words it, without file and line; "" when kind is NONE */
};

/* One directive: `verb args…`, be it a line of its own or a line of a block. */
struct modfile_line {
	const char *verb; /* "require"; of the block for lines in one */
	char **args;      /* words behind the verb, quotes kept, NUL-terminated */
	size_t arg_count;
	const char *suffix; /* end-of-line comment behind its slashes; NULL when there is none */
	int line;           /* from 1 */
	bool is_block;      /* the head of a block: args are those between verb and '(' */
	bool in_block;      /* a line of a block */
};

struct modfile {
	struct modfile_line *lines; /* in the order of the file, a block's head before its lines */
	size_t line_count;
	struct modfile_error error; /* the first syntax error */
	int conflict_line; /* first line that is a merge conflict marker; 0 when there is none */
	bool empty;        /* nothing but white space and comments */
	bool truncated;    /* longer than MODFILE_MAX_BYTES */
	bool has_bom;
	bool has_nul;
};

struct modfile modfile_parse(struct arena *arena, struct slice text);

struct modfile_replace {
	const char *old_path;
	const char *old_version; /* "" for every version */
	const char *new_path;    /* module path, or directory when new_version is "" */
	const char *new_version;
	int line;
};

/* Sets *error unless it holds one already; go reports errors in this order. */
void modfile_error_set(struct modfile_error *error, enum modfile_error_kind kind, int line,
                       const char *message);

/* The value of a word: unquoted, or as it stands. NULL when the quoting is wrong, with the message
 * in *ret_message. */
const char *modfile_word(struct arena *arena, const char *word, const char **ret_message);

/* Reads the arguments of a replace line; false with *error set when go refuses it.
 * Versions must be versions; those not canonical are left to the caller. */
bool modfile_read_replace(struct arena *arena, const struct modfile_line *line,
                          struct modfile_replace *ret, struct modfile_error *error);

/* Reads a go line / toolchain line into *ret, which must be NULL before; else sets *error. */
void modfile_read_go(struct arena *arena, const struct modfile_line *line, const char **ret,
                     struct modfile_error *error);
void modfile_read_toolchain(struct arena *arena, const struct modfile_line *line, const char **ret,
                            struct modfile_error *error);
/* Checks `godebug key=value`. */
void modfile_check_godebug(const struct modfile_line *line, struct modfile_error *error);

/* Checks the head of a block: its verb is `known` as one, and nothing stands before the "(". */
void modfile_check_block(struct arena *arena, const struct modfile_line *line, bool known,
                         struct modfile_error *error);

/* True for ".", "./x", "..", "../x", "/x", "C:x" and their Windows forms: a directory, not a module
 * path. */
bool modfile_is_directory(const char *path);

/* Line of the first `<<<<<<<`, `=======` or `>>>>>>>` at the start of a line; 0 when there is none.
 */
int modfile_conflict_line(struct slice text);

#endif
