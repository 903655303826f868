/* SPDX-License-Identifier: MIT */
#include "core/undefined.h"

#include "base/str.h"

/* The name behind "undefined: ", without its package; empty when the text says something else. */
static struct slice undefined_name(const struct fact_diagnostic *d) {
	static const char word[] = "undefined: ";
	const char *p = strstr(d->text, word);
	if (!p || !streq(d->severity, "error")) {
		return slice_of(NULL, 0);
	}
	p += strlen(word);
	size_t n = strcspn(p, " \n");
	for (size_t i = n; i-- > 0;) {
		if (p[i] == '.') {
			p += i + 1;
			n -= i + 1;
			break;
		}
	}
	return slice_of(p, n);
}

static bool has_word(const char *list, struct slice word) {
	struct slice rest = slice_str(list);
	struct slice part;
	while (slice_cut(&rest, ' ', &part)) {
		if (part.len == word.len && memcmp(part.data, word.data, word.len) == 0) {
			return true;
		}
	}
	return false;
}

const struct fact_diagnostic *undefined_find(const struct facts *facts, const char *names,
                                             const char **ret_name) {
	facts_each (diagnostic, d, facts) {
		struct slice name = undefined_name(d);
		if (name.len > 0 && has_word(names, name)) {
			*ret_name = arena_slicedup(facts->arena, name);
			return d;
		}
	}
	return NULL;
}

/* What type checkers say of a language they do not know: of new (Go 1.26), of range over functions
 * and numbers (1.22, 1.23), of generic aliases (1.24) and methods (1.27). */
const struct fact *undefined_language(const struct facts *facts) {
	static const char *const words[] = {
		"requires newer Go version", "is not a type",   "cannot range over",
		"generic type cannot be",    "type parameters",
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		facts_each (diagnostic, d, facts) {
			if (streq(d->severity, "error") && str_has(d->text, words[i])) {
				return &d->base;
			}
		}
	}
	return NULL;
}
