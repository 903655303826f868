/* SPDX-License-Identifier: MIT */
#include "cmd/env_mask.h"

#include "base/str.h"
#include "report/harmless.h"
#include "world/secret_scan.h"

struct stretches {
	bool *hidden; /* for each byte of NAME=value */
	bool any;
};

static void hide(void *data, size_t start, size_t len) {
	struct stretches *s = data;
	s->any = true;
	for (size_t i = 0; i < len; i++) {
		s->hidden[start + i] = true;
	}
}

/* MY_KEY, SIGNING_KEY_2: the value is no place. */
static bool is_key_name(const char *name, const char *value) {
	struct slice rest = slice_str(name), word;
	while (slice_cut(&rest, '_', &word)) {
		if (slice_eq(word, "KEY") || slice_eq(word, "KEYS") || slice_eq(word, "key")) {
			return value[0] != '/' && value[0] != '~' && !str_has(value, "://");
		}
	}
	return false;
}

const char *env_mask(struct arena *arena, const char *name, const char *value, bool *ret_secret) {
	static const char hidden[] = "***";
	const char *line = arena_printf(arena, "%s=%s", name, value);
	size_t len = strlen(line), from = strlen(name) + 1;
	struct stretches s = {.hidden = arena_array_of(arena, bool, len + 1)};
	*ret_secret = value[0] != '\0' && (name_is_secret(name) || is_key_name(name, value) ||
	                                   secret_name(slice_str(name)));
	if (*ret_secret) {
		return hidden;
	}
	secret_scan(slice_of(line, len), SECRET_SCAN_ENVIRON, hide, &s);
	if (!s.any) {
		return value;
	}
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = from; i < len; i++) {
		if (!s.hidden[i]) {
			strbuf_add_n(&out, &line[i], 1);
		} else if (i == from || !s.hidden[i - 1]) {
			strbuf_add(&out, hidden);
		}
	}
	return out.data;
}
