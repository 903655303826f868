/* SPDX-License-Identifier: MIT */
#include "core/placeholder.h"

#include "base/ascii.h"
#include "base/str.h"

/* Length of the placeholder at p, 0 when there is none. first: at the start of a word or path. */
static size_t placeholder_at(const char *p, bool first) {
	size_t n = 1;
	if (p[0] == '~') {
		return first && (p[1] == '/' || p[1] == '\0' || p[1] == ':') ? 1 : 0;
	}
	if (p[0] == '%') {
		while (ascii_is_word(p[n])) {
			n++;
		}
		return n > 2 && p[n] == '%' ? n + 1 : 0;
	}
	if (p[0] != '$') {
		return 0;
	}
	if (p[1] == '{' || p[1] == '(') {
		const char *end = strchr(p, p[1] == '{' ? '}' : ')');
		return end ? (size_t)(end - p) + 1 : 0;
	}
	while (ascii_is_word(p[n])) {
		n++;
	}
	return n > 1 && (p[1] < '0' || p[1] > '9') ? n : 0;
}

const char *placeholder_find(struct arena *arena, const char *value) {
	for (const char *p = value; *p; p++) {
		size_t n = placeholder_at(p, p == value || strchr(":=, ", p[-1]));
		if (n > 0) {
			return arena_strndup(arena, p, n);
		}
	}
	return NULL;
}

const char *placeholder_meant(const struct facts *facts, const char *value) {
	const struct fact_target *t = facts_first(target, facts);
	struct strbuf out;
	strbuf_init(&out, facts->arena);
	for (const char *p = value; *p;) {
		size_t n = placeholder_at(p, p == value || strchr(":=, ", p[-1]));
		const char *what = arena_strndup(facts->arena, p, n);
		bool home = streq(what, "~") || streq(what, "$HOME") || streq(what, "${HOME}") ||
		            streq(what, "${userHome}") || streq(what, "${env:HOME}") ||
		            streq(what, "${env.HOME}") || streq(what, "%USERPROFILE%");
		bool folder =
			str_starts(what, "${workspaceFolder") || streq(what, "${workspaceRoot}");
		strbuf_add(&out, t && home ? t->home : t && folder ? t->workspace : what);
		strbuf_add_n(&out, p, n == 0);
		p += n > 0 ? n : 1;
	}
	return out.data;
}
