/* SPDX-License-Identifier: MIT
 * A script named go and the go it started in the end, side by side: arguments, directory and HOME, as execve(2) had them.
 */
#include "base/envset.h"
#include "base/path.h"
#include "core/target.h"
#include "core/world.h"
#include "trace/testimony_work.h"

#define DEPTH_MAX 64

static bool comes_from(const struct witness *w, const struct witness *first) {
	for (int depth = 0; w && depth < DEPTH_MAX; depth++, w = w->parent) {
		if (w == first) {
			return true;
		}
	}
	return false;
}

/* Without the name it was called by. */
static struct slice arguments(const struct witness *w) {
	struct slice rest = w->argv;
	struct slice name;
	return slice_cut(&rest, '\0', &name) ? rest : slice_of("", 0);
}

/* The same bytes once blanks and ends of arguments count alike: a blank inside of one became an end, as by $* of a shell. */
static bool is_torn(struct slice given, struct slice got) {
	bool torn = false;
	for (size_t i = 0; i < given.len && given.len == got.len; i++) {
		bool end = given.data[i] == ' ' && got.data[i] == '\0';
		if (!end && given.data[i] != got.data[i]) {
			return false;
		}
		torn |= end;
	}
	return torn;
}

static bool has_home(struct testimony *t, const struct witness *w) {
	struct envset env;
	envset_init(&env, t->arena);
	envset_add_block(&env, w->env);
	return envset_get(&env, "HOME") != NULL;
}

/* Neither is the other or below it: a directory reached by a link would be. */
static bool is_elsewhere(const char *given, const char *got) {
	return given[0] == '/' && got[0] == '/' && !path_below(given, got) &&
	       !path_below(got, given);
}

/* NULL: nothing that was given to it was lost. */
static const char *how_it_differs(struct testimony *t, const struct witness *script,
                                  const struct witness *go) {
	struct slice given = arguments(script);
	struct slice got = arguments(go);
	if (is_torn(given, got)) {
		return "splits";
	}
	bool same = given.len == got.len && memcmp(given.data, got.data, given.len) == 0;
	if (same && is_elsewhere(script->cwd, go->cwd)) {
		return "elsewhere";
	}
	return same && script->has_env && go->has_env && has_home(t, script) && !has_home(t, go)
	               ? "strips"
	               : NULL;
}

bool testimony_is_asked(struct testimony *t, const struct witness *w) {
	const struct witness *above = w->parent;
	return w->is_new && streq(path_base(w->exe), "go") && above && above->pid == w->pid &&
	       !above->is_new && above->parent && above->parent->pid == t->server->pid;
}

/* Of the program at this place of the list, which the server asked. */
static const char *difference_of(struct testimony *t, size_t at) {
	const struct witness *script = t->witnesses[at];
	for (size_t i = at + 1; i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		bool is_go =
			w->is_new && streq(path_base(w->exe), "go") && !streq(w->exe, script->exe);
		const char *differs =
			is_go && comes_from(w, script) ? how_it_differs(t, script, w) : NULL;
		if (differs) {
			return differs;
		}
	}
	return NULL;
}

void testimony_give_wrapper(struct testimony *t, struct evidence_store *store) {
	for (size_t i = 0; t->server && i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		const char *differs = testimony_is_asked(t, w) ? difference_of(t, i) : NULL;
		if (differs) {
			struct strbuf text;
			strbuf_init(&text, t->arena);
			keyline_put(&text, "path", w->exe);
			keyline_put(&text, "differs", differs);
			testimony_put(t, store, "file:" TARGET_RECORDED_WRAPPER, w->start_ns,
			              slice_of(text.data, text.len));
			return;
		}
	}
}
