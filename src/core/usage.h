/* SPDX-License-Identifier: MIT
 * The answer of LOOK_USAGE: what processes have in use. Lines "count KIND N", and for what has names "name KIND N
 * PATTERN": so many of that kind have names like that, runs of digits and of hexadecimal digits written as #.
 */
#ifndef CORE_USAGE_H
#define CORE_USAGE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define USAGE_NAMES_MAX   256 /* patterns that are told of one look */
#define USAGE_PATTERN_MAX 200

enum usage_kind {
	USAGE_PROCESSES, /* itself and all below it */
	USAGE_THREADS,
	USAGE_DESCRIPTORS, /* all of them */
	USAGE_FILES,       /* of the descriptors, those with a path */
	USAGE_PIPES,
	USAGE_SOCKETS,
	USAGE_INOTIFY, /* instances */
	USAGE_WATCHES, /* inotify watches */
	USAGE_MAPS,
	USAGE_RSS_KIB,
	USAGE_TEMPORARY, /* entries of the directory for temporary files */
	USAGE_KIND_COUNT,
};

/* "descriptors" …, as in the text and in JSON. */
const char *usage_kind_name(enum usage_kind kind);
/* "descriptors", "inotify watches", "memory maps": for people. */
const char *usage_kind_words(enum usage_kind kind);

struct usage_name {
	enum usage_kind kind;
	const char *pattern;
	int64_t count;
};

struct usage {
	bool known; /* at least one process was seen */
	int64_t counts[USAGE_KIND_COUNT];
	struct usage_name names[USAGE_NAMES_MAX];
	size_t name_count;
	int64_t user_watches; /* of all processes of the user; -1: not asked */
	int64_t user_instances;
	int64_t watches_limit, instances_limit; /* for one user; -1: not known */
};

/* What is not of this form is left out. In the arena, never NULL. */
struct usage *usage_parse(struct arena *arena, struct slice text);

/* "/tmp/go-build123/b001" as "/tmp/go-build#/b#"; at most USAGE_PATTERN_MAX bytes. */
const char *usage_pattern(struct arena *arena, const char *path);

#endif
