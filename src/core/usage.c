/* SPDX-License-Identifier: MIT
 */
#include "core/usage.h"

#include "base/ascii.h"
#include "base/str.h"

#define HEX_RUN_MIN 6 /* shorter words of a to f are words */

static const struct {
	const char *name;
	const char *words;
} kinds[USAGE_KIND_COUNT] = {
	[USAGE_PROCESSES] = {"processes", "processes"},
	[USAGE_THREADS] = {"threads", "threads"},
	[USAGE_DESCRIPTORS] = {"descriptors", "descriptors"},
	[USAGE_FILES] = {"files", "open files"},
	[USAGE_PIPES] = {"pipes", "pipes"},
	[USAGE_SOCKETS] = {"sockets", "sockets"},
	[USAGE_INOTIFY] = {"inotify", "inotify instances"},
	[USAGE_WATCHES] = {"watches", "inotify watches"},
	[USAGE_MAPS] = {"maps", "memory maps"},
	[USAGE_RSS_KIB] = {"rss_kib", "KiB of memory"},
	[USAGE_TEMPORARY] = {"temporary", "temporary files"},
};

const char *usage_kind_name(enum usage_kind kind) {
	return kinds[kind].name;
}

const char *usage_kind_words(enum usage_kind kind) {
	return kinds[kind].words;
}

static bool kind_of(struct slice word, enum usage_kind *ret) {
	for (int i = 0; i < USAGE_KIND_COUNT; i++) {
		if (slice_eq(word, kinds[i].name)) {
			*ret = (enum usage_kind)i;
			return true;
		}
	}
	return false;
}

static bool number_of(struct arena *arena, struct slice word, int64_t *ret) {
	return str_to_int64(arena_slicedup(arena, word), ret) == 0;
}

static void take_line(struct arena *arena, struct slice line, struct usage *u) {
	struct slice what, word, number = {0};
	enum usage_kind kind;
	int64_t value;

	if (!slice_cut(&line, ' ', &what) || !slice_cut(&line, ' ', &word)) {
		return;
	}
	if (slice_eq(what, "user_watches") && number_of(arena, word, &value)) {
		u->user_watches = value;
	} else if (slice_eq(what, "user_instances") && number_of(arena, word, &value)) {
		u->user_instances = value;
	} else if (slice_eq(what, "watches_limit") && number_of(arena, word, &value)) {
		u->watches_limit = value;
	} else if (slice_eq(what, "instances_limit") && number_of(arena, word, &value)) {
		u->instances_limit = value;
	} else if (kind_of(word, &kind) && slice_cut(&line, ' ', &number) &&
	           number_of(arena, number, &value) && value >= 0) {
		if (slice_eq(what, "count")) {
			u->counts[kind] = value;
			u->known = u->known || (kind == USAGE_PROCESSES && value > 0);
		} else if (slice_eq(what, "name") && u->name_count < USAGE_NAMES_MAX) {
			u->names[u->name_count++] =
				(struct usage_name){.kind = kind,
			                            .count = value,
			                            .pattern = arena_slicedup(arena, line)};
		}
	}
}

struct usage *usage_parse(struct arena *arena, struct slice text) {
	struct usage *u = arena_new_of(arena, struct usage);
	struct slice line;

	u->user_watches = -1;
	u->user_instances = -1;
	u->watches_limit = -1;
	u->instances_limit = -1;
	while (slice_line(&text, &line)) {
		take_line(arena, line, u);
	}
	return u;
}

static bool is_hex(char c) {
	return ascii_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* How many bytes from here are a number, or a word of hexadecimal digits with a number in it. */
static size_t number_run(const char *at) {
	size_t hex = 0, digits = 0;
	bool any = false;

	while (is_hex(at[hex])) {
		any = any || ascii_is_digit(at[hex]);
		hex++;
	}
	while (ascii_is_digit(at[digits])) {
		digits++;
	}
	return any && hex >= HEX_RUN_MIN ? hex : digits;
}

const char *usage_pattern(struct arena *arena, const char *path) {
	struct strbuf out;

	strbuf_init(&out, arena);
	while (*path && out.len < USAGE_PATTERN_MAX) {
		size_t run = number_run(path);

		if (run > 0) {
			strbuf_add_char(&out, '#');
			path += run;
		} else {
			strbuf_add_char(&out, *path == '\n' ? ' ' : *path);
			path++;
		}
	}
	return out.data;
}
