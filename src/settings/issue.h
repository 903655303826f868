/* SPDX-License-Identifier: MIT
 * What lint says: one model behind text, JSON and SARIF.
 */
#ifndef SETTINGS_ISSUE_H
#define SETTINGS_ISSUE_H

#include "core/finding.h"
#include "wire/jsonc.h"

/* The kinds of issue. Their ids are published (docs/settings.md, SARIF rules) and never reused. */
enum issue_kind {
	ISSUE_UNREADABLE,
	ISSUE_PARSE_ERROR,
	ISSUE_LOST_KEY,
	ISSUE_DUPLICATE_KEY,
	ISSUE_UNKNOWN_KEY,
	ISSUE_NEVER_EXISTED,
	ISSUE_REMOVED_KEY,
	ISSUE_DEPRECATED_KEY,
	ISSUE_WRONG_TYPE,
	ISSUE_WRONG_VALUE,
	ISSUE_WRONG_SCOPE,
	ISSUE_NESTED_KEY,
	ISSUE_OVERRIDDEN,
	ISSUE_NEVER_EXPANDS,
	ISSUE_BAD_FLAG,
	ISSUE_BAD_REFERENCE,
	ISSUE_FILE_NEVER_READ,
	ISSUE_CONTRADICTION,
	ISSUE_KIND_COUNT,
};

struct issue {
	enum issue_kind kind;
	enum severity severity;
	const char *file;         /* absolute; "" when it is about no file */
	struct jsonc_place place; /* line 0 when it is about the whole file */
	const char *layer;        /* "user", "folder", "launch.json" ... */
	const char *key;       /* as in the settings, members behind a dot; "" when about no key */
	const char *message;   /* one sentence with names and values */
	const char *instead;   /* what to write, "" when nothing */
	const char *command;   /* to paste into a shell, "" when none */
	const char *effective; /* contradictions: the value that counts ... */
	const char *origin;    /* ... and where it comes from; "" otherwise */
	const char
		*other_file; /* the other side: of a duplicate, of what overrides; "" when none */
	size_t other_line;
	struct issue *next;
};

struct issues {
	struct arena *arena;
	struct issue *first;
	struct issue *last;
	size_t counts[3]; /* by severity */
};

struct issue_info {
	const char *id;    /* "unknown-key" */
	const char *title; /* one line, for a list of rules */
};

const struct issue_info *issue_info(enum issue_kind kind);

/* Adds one; texts that are NULL become "". The result may be filled further. */
struct issue *issues_add(struct issues *issues, enum issue_kind kind, enum severity severity,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* By file (in the order they were first named), then by line and column; contradictions last. */
void issues_sort(struct issues *issues);

#endif
