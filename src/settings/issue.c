/* SPDX-License-Identifier: MIT */
#include "settings/issue.h"

#include "base/str.h"

#include <stdlib.h>

const struct issue_info *issue_info(enum issue_kind kind) {
	static const struct issue_info infos[ISSUE_KIND_COUNT] = {
		[ISSUE_UNREADABLE] = {"unreadable-file", "A settings file cannot be read"},
		[ISSUE_PARSE_ERROR] = {"parse-error", "The file is no JSON with comments"},
		[ISSUE_LOST_KEY] = {"lost-key", "A mistake hides settings from the editor"},
		[ISSUE_DUPLICATE_KEY] = {"duplicate-key", "A key stands twice in one object"},
		[ISSUE_UNKNOWN_KEY] = {"unknown-key", "No such setting"},
		[ISSUE_NEVER_EXISTED] = {"never-existed", "A setting that no release ever knew"},
		[ISSUE_REMOVED_KEY] = {"removed-key", "A setting that is gone"},
		[ISSUE_DEPRECATED_KEY] = {"deprecated-key", "A setting that is about to go"},
		[ISSUE_WRONG_TYPE] = {"wrong-type", "A value of the wrong type"},
		[ISSUE_WRONG_VALUE] = {"wrong-value", "A value that is none of the choices"},
		[ISSUE_WRONG_SCOPE] = {"wrong-scope", "A setting that is ignored in this layer"},
		[ISSUE_NESTED_KEY] = {"nested-key", "A gopls key cut up at its dots"},
		[ISSUE_OVERRIDDEN] = {"overridden", "A value that another layer overrides"},
		[ISSUE_NEVER_EXPANDS] = {"never-expands", "A placeholder that nobody replaces"},
		[ISSUE_BAD_FLAG] = {"bad-flag", "A flag that does not exist or has no effect"},
		[ISSUE_BAD_REFERENCE] = {"bad-reference", "A name that leads nowhere"},
		[ISSUE_FILE_NEVER_READ] = {"file-never-read", "A file that the editor never reads"},
		[ISSUE_CONTRADICTION] = {"contradiction",
	                                 "Settings and environment contradict each other"},
	};
	return &infos[kind];
}

struct issue *issues_add(struct issues *issues, enum issue_kind kind, enum severity severity,
                         const char *fmt, ...) {
	struct issue *issue = arena_new_of(issues->arena, struct issue);
	*issue = (struct issue){.kind = kind,
	                        .severity = severity,
	                        .file = "",
	                        .layer = "",
	                        .key = "",
	                        .instead = "",
	                        .command = "",
	                        .effective = "",
	                        .origin = "",
	                        .other_file = ""};
	va_list ap;
	va_start(ap, fmt);
	issue->message = arena_vprintf(issues->arena, fmt, ap);
	va_end(ap);
	if (issues->last) {
		issues->last->next = issue;
	} else {
		issues->first = issue;
	}
	issues->last = issue;
	issues->counts[severity]++;
	return issue;
}

struct sorted {
	struct issue *issue;
	size_t file; /* when its file was first named */
	size_t index;
};

static int compare(const void *left, const void *right) {
	const struct sorted *a = left;
	const struct sorted *b = right;
	if (a->file != b->file) {
		return a->file < b->file ? -1 : 1;
	}
	const struct jsonc_place *p = &a->issue->place;
	const struct jsonc_place *q = &b->issue->place;
	if (p->line != q->line) {
		return p->line < q->line ? -1 : 1;
	}
	if (p->column != q->column) {
		return p->column < q->column ? -1 : 1;
	}
	return a->index < b->index ? -1 : 1;
}

void issues_sort(struct issues *issues) {
	size_t count = issues->counts[0] + issues->counts[1] + issues->counts[2];
	struct sorted *sorted = arena_array_of(issues->arena, struct sorted, count + 1);
	size_t n = 0;
	for (struct issue *i = issues->first; i; i = i->next, n++) {
		bool last = i->kind == ISSUE_CONTRADICTION;
		sorted[n] = (struct sorted){.issue = i, .file = last ? count : n, .index = n};
		for (size_t k = 0; k < n && !last; k++) {
			if (streq(sorted[k].issue->file, i->file) &&
			    sorted[k].issue->kind != ISSUE_CONTRADICTION) {
				sorted[n].file = sorted[k].file;
				break;
			}
		}
	}
	if (n == 0) {
		return;
	}
	qsort(sorted, n, sizeof(sorted[0]), compare);
	for (size_t i = 0; i + 1 < n; i++) {
		sorted[i].issue->next = sorted[i + 1].issue;
	}
	sorted[n - 1].issue->next = NULL;
	issues->first = sorted[0].issue;
	issues->last = sorted[n - 1].issue;
}
