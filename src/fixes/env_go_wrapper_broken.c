/* SPDX-License-Identifier: MIT
 * Corrects the one line of the wrapper that spoils it; else it makes way for the go behind it, which it would have
 * started.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

/* Text with the first `old` replaced, or NULL. */
static const char *replaced(struct arena *arena, const char *text, const char *old,
                            const char *with) {
	const char *at = strstr(text, old);
	return at ? arena_printf(arena, "%.*s%s%s", (int)(at - text), text, with, at + strlen(old))
	          : NULL;
}

static const char *corrected(struct arena *arena, const struct fact_wrapper *w) {
	static const char *const words[] = {"\"$*\"", "$*", "$@", "${@}"};
	for (size_t i = 0; streq(w->differs, "splits") && i < sizeof(words) / sizeof(*words); i++) {
		if (str_has(w->text, words[i])) {
			return replaced(arena, w->text, words[i], "\"$@\"");
		}
	}
	bool prints = str_starts(w->text, "echo ") || str_starts(w->text, "printf ");
	bool plain = prints && !strpbrk(w->text, "|;&>");
	return streq(w->differs, "chatter") && plain ? arena_printf(arena, "%s >&2", w->text)
	                                             : NULL;
}

/* A word of its line that is the path of a go. */
static const char *named(struct arena *arena, const struct fact_wrapper *w) {
	struct slice rest = slice_str(w->text);
	struct slice word;
	while (slice_cut(&rest, ' ', &word)) {
		const char *path = arena_slicedup(arena, word);
		if (path[0] == '/' && str_ends(path, "/bin/go") && !strpbrk(path, "\"'$`")) {
			return path;
		}
	}
	return NULL;
}

/* The go behind it, as it said itself; else another one on PATH, or the one it names. */
static const char *behind(const struct facts *facts, const struct fact_wrapper *w) {
	facts_each (shim, s, facts) {
		if (streq(s->path, w->path) && s->goroot[0] == '/') {
			return path_join(facts->arena, s->goroot, "bin/go");
		}
	}
	facts_each (tool, t, facts) {
		const struct fact_binary *b = facts_binary(facts, t->path);
		bool script = b && streq(b->format, "script");
		if (streq(t->tool, "go") && streq(t->state, "ok") && !streq(t->path, w->path) &&
		    !script) {
			return t->path;
		}
	}
	return named(facts->arena, w);
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_wrapper *w = finding_first(wrapper, finding);
	if (!w) {
		plan_unable(out, "it is not known which script is meant");
		return;
	}
	const char *line = w->line > 0 ? corrected(out->arena, w) : NULL;
	const char *go = behind(facts, w);
	if (line) {
		out->why =
			arena_printf(out->arena, "Line %lld of %s spoils what it hands on to go.",
		                     (long long)w->line, w->path);
		plan_line(out, w->path, w->line, w->text, line);
	} else if (go) {
		out->why = arena_printf(out->arena,
		                        "%s does not do what go does. A link to the go behind it, "
		                        "%s, takes its place.",
		                        w->path, go);
		out->keeps = "the script itself, which lies beside it afterwards";
		plan_move(out, w->path, NULL);
		plan_link(out, w->path, NULL, go);
	} else {
		plan_unable(out, "no go is known that could take the place of %s", w->path);
	}
}

const struct fix fix_env_go_wrapper_broken = {
	.cause = "env-go-wrapper-broken",
	.title = "correct the line of the wrapper, or put it out of the way",
	.plan = plan,
};
