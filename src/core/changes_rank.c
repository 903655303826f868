/* SPDX-License-Identifier: MIT */
#include "base/ascii.h"
#include "core/changes.h"

#include <stdlib.h>

#define WEIGHT_MAX  100U
#define OF_LAYER    20U /* more, when the first cause is of a layer such a thing belongs to */
#define WORKED_LOSS 40U /* less, when it was already so while all worked */
#define NAME_MIN    3   /* shorter names stand in any sentence */

/* ---- what a cause is about ---- */

static bool is_part_of_word(char c) {
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '/' || c == '-' || c == '.';
}

/* text holds the word, and nothing that would make it part of another one; a sentence may end behind it. */
static bool has_word(const char *text, const char *word) {
	size_t len = strlen(word);
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		char next = at[len];
		bool ends =
			!is_part_of_word(next) || (next == '.' && !is_part_of_word(at[len + 1]));
		if (ends && (at == text || !is_part_of_word(at[-1]))) {
			return true;
		}
	}
	return false;
}

static bool is_said(struct arena *arena, const struct finding *f, const char *word) {
	if (strlen(word) < NAME_MIN) {
		return false;
	}
	if (has_word(f->subject, word) || has_word(f->about, word) || has_word(f->title, word)) {
		return true;
	}
	for (size_t i = 0; i < f->cite_count; i++) {
		/* What somebody merely said is no proof that it is about that. */
		bool talk = f->cites[i]->kind == FACT_message || f->cites[i]->kind == FACT_go_run ||
		            f->cites[i]->kind == FACT_diagnostic;
		if (!talk && has_word(fact_to_text(arena, f->cites[i]), word)) {
			return true;
		}
	}
	return false;
}

/* Names that stand in every other sentence; such a thing is known by its path. */
static bool has_telling_name(const struct fact_changed *c) {
	return STR_IN(c->what, "variable", "goenv", "gocmd", "setting", "extension") &&
	       !STR_IN(c->name, "HOME", "PATH");
}

bool change_touches(struct arena *arena, const struct fact_changed *change,
                    const struct finding *finding) {
	if (streq(change->what, "place") || streq(change->what, "limit")) {
		return has_word(finding->subject, change->name) ||
		       has_word(finding->about, change->name) ||
		       (*change->path && streq(finding->subject, change->path));
	}
	if (STR_IN(change->name, "HOME", "PATH") && streq(finding->subject, change->name)) {
		return true;
	}
	if (has_telling_name(change)) {
		return is_said(arena, finding, change->name);
	}
	if (!STR_IN(change->what, "tool", "file", "startup", "editor")) {
		return false;
	}
	return is_said(arena, finding, change->path) || is_said(arena, finding, change->old_path);
}

/* ---- what can do how much ---- */

struct weight {
	const char *what;
	unsigned weight;
	const char *const *layers; /* of causes such a thing is behind */
};

static const struct weight *weight_of(const char *what) {
	static const char *const tool[] = {"tc", "bin", "bug", "ipc", NULL};
	static const char *const server[] = {"cfg", "ipc", NULL};
	static const char *const file[] = {"mod", "tc", NULL};
	static const char *const setting[] = {"cfg", "env", NULL};
	static const char *const goenv[] = {"env", "mod", "tc", "net", NULL};
	static const char *const editor[] = {"cfg", "ipc", "bug", NULL};
	static const char *const kernel[] = {"sec", "fs", NULL};
	static const char *const place[] = {"fs", "sec", NULL};
	static const char *const limit[] = {"res", NULL};
	static const char *const startup[] = {"env", NULL};
	static const struct weight weights[] = {
		{"tool", 70, tool},        {"server", 60, server}, {"setting", 60, setting},
		{"goenv", 60, goenv},      {"file", 55, file},     {"variable", 50, goenv},
		{"extension", 50, editor}, {"place", 45, place},   {"limit", 45, limit},
		{"editor", 40, editor},    {"gocmd", 40, goenv},   {"startup", 35, startup},
		{"kernel", 30, kernel},    {"", 0, NULL},
	};
	size_t i = 0;
	while (*weights[i].what && !streq(weights[i].what, what)) {
		i++;
	}
	return &weights[i];
}

/* A variable that neither go nor a program it starts is known to ask for. */
static bool is_about_go(const char *name) {
	static const char *const beginnings[] = {"CGO_", "GIT_", "SSL_", "LD_",  "XDG_",
	                                         "HTTP", "http", "NO_P", "no_p", "ALL_P"};
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
		if (str_starts(name, beginnings[i])) {
			return true;
		}
	}
	return (str_starts(name, "GO") && !str_starts(name, "GOOGLE")) ||
	       STR_IN(name, "PATH", "HOME", "TMPDIR", "CC", "CXX", "SHELL", "USER", "PKG_CONFIG",
	              "PKG_CONFIG_PATH", "NETRC");
}

static unsigned weigh(struct arena *arena, const struct fact_changed *c,
                      const struct finding *first) {
	const struct weight *w = weight_of(c->what);
	unsigned weight = w->weight;
	if (streq(c->what, "variable") && !is_about_go(c->name)) {
		return 5;
	}
	for (size_t i = 0; first && w->layers && w->layers[i]; i++) {
		weight += streq(w->layers[i], rule_layer(arena, first->rule)) ? OF_LAYER : 0;
	}
	if (c->worked_ns > 0) {
		weight = weight > WORKED_LOSS ? weight - WORKED_LOSS : 0;
	}
	return weight < WEIGHT_MAX ? weight : WEIGHT_MAX;
}

/* Already so while all worked: not by itself. */
static bool is_cleared(const struct ranked_change *r) {
	return r->change->worked_ns > 0;
}

static int by_telling(const void *a, const void *b) {
	const struct ranked_change *x = a;
	const struct ranked_change *y = b;
	if ((x->explains != NULL) != (y->explains != NULL)) {
		return x->explains ? -1 : 1;
	}
	if (is_cleared(x) != is_cleared(y)) {
		return is_cleared(x) ? 1 : -1;
	}
	if (x->weight != y->weight) {
		return x->weight > y->weight ? -1 : 1;
	}
	if (x->change->at_ns != y->change->at_ns) {
		return x->change->at_ns > y->change->at_ns ? -1 : 1;
	}
	int by_name = strcmp(x->change->name, y->change->name);
	return by_name != 0 ? by_name : strcmp(x->change->what, y->change->what);
}

struct ranked_change *changes_rank(struct arena *arena, const struct facts *facts,
                                   const struct diagnosis *diagnosis, size_t *ret_count) {
	const struct finding *first =
		diagnosis && diagnosis->cause_count > 0 ? diagnosis->causes[0] : NULL;
	size_t count = 0;
	facts_each (changed, c, facts) {
		count++;
	}
	struct ranked_change *all = arena_array_of(arena, struct ranked_change, count + 1);
	*ret_count = count;
	count = 0;
	facts_each (changed, c, facts) {
		struct ranked_change *r = &all[count++];
		r->change = c;
		r->weight = weigh(arena, c, first);
		for (size_t i = 0; diagnosis && i < diagnosis->cause_count && !r->explains; i++) {
			if (change_touches(arena, c, diagnosis->causes[i])) {
				r->explains = diagnosis->causes[i];
			}
		}
	}
	qsort(all, count, sizeof(*all), by_telling);
	return all;
}
