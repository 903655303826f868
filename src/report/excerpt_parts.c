/* SPDX-License-Identifier: MIT
 * What the forms of proof are put together from.
 */
#include "base/clock.h"
#include "base/str.h"
#include "report/excerpt_private.h"
#include "report/harmless.h"

#include <time.h>

#define VALUE_MAX_BYTES ((size_t)160)

const char *excerpt_value(struct arena *arena, const char *name, const char *value) {
	if (name_is_secret(name) && *value) {
		return "***";
	}
	struct slice rest = slice_str(value);
	while (rest.len > 0 && (size_t)(rest.data - value) < VALUE_MAX_BYTES) {
		(void)utf8_next(&rest);
	}
	char *cut = arena_strndup(arena, value, (size_t)(rest.data - value));
	for (char *c = cut; *c; c++) {
		if (strchr("\t\r\n", *c)) {
			*c = ' ';
		}
	}
	return rest.len == 0 ? cut : arena_printf(arena, "%s...", cut);
}

const char *excerpt_place(struct arena *arena, const char *path, int64_t line) {
	return line > 0 ? arena_printf(arena, "%s:%lld", path, (long long)line) : path;
}

const char *excerpt_path(struct arena *arena, const struct fact *fact, const char *path) {
	const char *slash = strrchr(path, '/');
	bool named = fact->ev && slash && slash[1] &&
	             str_ends(fact->ev->source, arena_printf(arena, ":%s", path));
	return named ? slash + 1 : path;
}

const char *excerpt_when(struct arena *arena, int64_t ns) {
	time_t s = (time_t)(ns / NS_PER_S);
	struct tm tm;
	char text[32];
	if (ns <= 0 || !localtime_r(&s, &tm) ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0) {
		return "at an unknown time";
	}
	return arena_strdup(arena, text);
}

const char *excerpt_owner(struct arena *arena, int64_t uid, int64_t mode) {
	return arena_printf(arena, "owner uid %lld, mode %04llo", (long long)uid,
	                    (unsigned long long)mode & 07777);
}
