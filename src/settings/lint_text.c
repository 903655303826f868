/* SPDX-License-Identifier: MIT
 * What is wrong with a text before its keys are looked at.
 */
#include "base/str.h"
#include "settings/lint.h"

#include <ctype.h>

#define ERRORS_SHOWN 8 /* one mistake easily gives a dozen; the first ones say where */

static bool concerns_go(const char *key) {
	return str_starts(key, "go.") || str_starts(key, "gopls");
}

/* The next key of Go's in quotes at or behind *pos; moves *pos behind it. */
static const char *next_lost_key(struct lint *lint, struct slice text, size_t *pos) {
	for (; *pos + 4 < text.len; (*pos)++) {
		char quote = text.data[*pos];
		if (quote != '"' && quote != '\'') {
			continue;
		}
		const char *from = text.data + *pos + 1;
		size_t left = text.len - *pos - 1;
		size_t len = 0;
		while (len < left &&
		       (isalnum((unsigned char)from[len]) || strchr("._-", from[len])) &&
		       from[len] != '\0') {
			len++;
		}
		const char *key = arena_strndup(lint->arena, from, len);
		if (concerns_go(key)) {
			*pos += len + 1;
			return key;
		}
	}
	return NULL;
}

static void report_lost(struct lint *lint, const struct spot *spot, const struct jsonc_doc *doc) {
	for (size_t i = 0; i < doc->lost_len; i++) {
		const struct jsonc_lost *lost = &doc->lost[i];
		size_t pos = 0;
		const char *key;
		if (lost->kind == JSONC_LOST_UNCLOSED) {
			continue; /* what follows counts, at another level */
		}
		while ((key = next_lost_key(lint, lost->text, &pos))) {
			struct spot inner = *spot;
			inner.key = key;
			if (jsonc_get(doc->root, key)) {
				continue;
			}
			struct issue *issue = lint_add(
				lint, &inner, NULL, ISSUE_LOST_KEY, SEV_ERROR,
				"the editor does not see %s: it stands in text that a mistake at "
				"line %zu swallows",
				key, lost->place.line);
			issue->place = lost->place;
		}
	}
}

static void report_errors(struct lint *lint, const struct spot *spot, const struct jsonc_doc *doc) {
	for (size_t i = 0; i < doc->errors_len && i < ERRORS_SHOWN; i++) {
		const struct jsonc_error *e = &doc->errors[i];
		if (i > 0 && e->place.line == doc->errors[i - 1].place.line) {
			continue;
		}
		struct issue *issue = lint_add(lint, spot, NULL, ISSUE_PARSE_ERROR, SEV_ERROR,
		                               "line %zu column %zu: %s", e->place.line,
		                               e->place.column, e->text);
		issue->place = e->place;
	}
}

static void report_duplicates(struct lint *lint, const struct spot *spot,
                              const struct jsonc_node *object, const char *path, bool all) {
	for (const struct jsonc_node *m = object->first_child; m; m = m->next) {
		bool ours = all || (m->key && concerns_go(m->key));
		const char *inner =
			m->key ? arena_printf(lint->arena, "%s%s%s", path, *path ? "." : "", m->key)
			       : path;
		if (m->duplicate_of && ours) {
			struct spot at = *spot;
			at.key = inner;
			struct issue *issue =
				lint_add(lint, &at, m, ISSUE_DUPLICATE_KEY, SEV_WARNING,
			                 "%s stands twice: this one counts, line %zu does not",
			                 inner, m->duplicate_of->key_place.line);
			issue->other_file = spot->file;
			issue->other_line = m->duplicate_of->key_place.line;
		}
		if (m->type == JSONC_OBJECT || m->type == JSONC_ARRAY) {
			report_duplicates(lint, spot, m, inner, ours);
		}
	}
}

void lint_text(struct lint *lint, const struct spot *spot, const struct jsonc_doc *doc,
               bool whole) {
	bool blank = !doc->root && doc->errors_total == 1;
	if (!blank) {
		report_errors(lint, spot, doc);
	}
	report_lost(lint, spot, doc);
	if (doc->root) {
		report_duplicates(lint, spot, doc->root, "", whole);
	}
}
