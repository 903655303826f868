/* SPDX-License-Identifier: MIT
 * Takes the word that go refuses out of GOFLAGS, and leaves the others; another variable goes as a whole.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"
#include "gofile/goflags.h"

/* A word as it can stand in GOFLAGS, which knows quotes and no backslashes. */
static const char *quoted(struct arena *arena, const char *word) {
	if (!strpbrk(word, " \t\r\n'\"")) {
		return word;
	}
	return arena_printf(arena, strchr(word, '\'') ? "\"%s\"" : "'%s'", word);
}

static const char *joined(struct arena *arena, const struct goflags *flags, size_t without) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; i < flags->count; i++) {
		if (i != without) {
			strbuf_printf(&out, "%s%s", out.len > 0 ? " " : "",
			              quoted(arena, flags->words[i]));
		}
	}
	return out.data ? out.data : "";
}

/* The word that go speaks of: the word itself, or the flag of it. */
static size_t find_bad(const struct goflags *flags, const char *bad) {
	size_t n = strlen(bad);
	for (size_t i = 0; n > 0 && i < flags->count; i++) {
		const char *word = flags->words[i];
		if (streq(word, bad) || (str_starts(word, bad) && word[n] == '=')) {
			return i;
		}
	}
	return flags->count;
}

/* A tag behind a blank belongs to the tags before it, as everybody means it. */
static const char *with_tag(struct arena *arena, struct goflags *flags, size_t bad) {
	char *before = bad > 0 ? flags->words[bad - 1] : NULL;
	if (!before || !str_starts(before, "-tags=") || flags->words[bad][0] == '-') {
		return NULL;
	}
	flags->words[bad - 1] = arena_printf(arena, "%s,%s", before, flags->words[bad]);
	return joined(arena, flags, bad);
}

/* What is wrong with it as go words it, when no flag of it is wrong by itself: "cannot use -json". */
static size_t find_named(const struct facts *facts, const struct goflags *flags) {
	for (size_t i = 0; i < flags->count; i++) {
		const char *name =
			arena_strndup(facts->arena, flags->words[i], strcspn(flags->words[i], "="));
		facts_each (go_run, run, facts) {
			if (run->started && run->exit_code != 0 && str_has(run->err, name)) {
				return i;
			}
		}
	}
	return flags->count;
}

/* The value without what is wrong in it; NULL when nothing is left, or all of it is wrong. */
static const char *mended(const struct facts *facts, const struct fact_goflag_error *e,
                          const char *value) {
	struct arena *arena = facts->arena;
	const char *text = value;
	for (int turn = 0; turn < 8; turn++) {
		struct goflags flags = goflags_parse(arena, text);
		bool first = turn == 0;
		if (flags.fault == GOFLAGS_UNTERMINATED) {
			return NULL;
		}
		if (flags.fault == GOFLAGS_OK && !first) {
			return str_empty(text) ? NULL : text;
		}
		size_t bad = flags.fault != GOFLAGS_OK ? find_bad(&flags, flags.bad)
		             : e                       ? find_bad(&flags, e->flag)
		                                       : find_named(facts, &flags);
		if (bad == flags.count) {
			return NULL;
		}
		const char *tagged = with_tag(arena, &flags, bad);
		text = tagged ? tagged : joined(arena, &flags, bad);
	}
	return NULL;
}

static void plan_setting_list(const struct facts *facts, const struct fact_goflag_error *e,
                              struct plan *out) {
	const struct fact_setting *s = facts_setting(facts, e->source);
	(void)facts;
	plan_unable(out,
	            "one flag per member, as \"-tags=a,b\": %s in %s is to be corrected by hand",
	            e->source, s ? s->file : e->where);
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_goflag_error *e = finding_first(goflag_error, finding);
	if (e && !streq(e->source, "GOFLAGS")) {
		plan_setting_list(facts, e, out);
		return;
	}
	const struct fact_govar var = origin_of_var(facts, finding->about);
	const char *value = streq(var.name, "GOFLAGS") ? mended(facts, e, var.value) : NULL;
	out->why = value ? arena_printf(out->arena,
	                                "%s is \"%s\", set %s. go stops at it, and does not at "
	                                "\"%s\".",
	                                var.name, var.value, origin_words(facts, &var), value)
	                 : arena_printf(out->arena,
	                                "%s is \"%s\", set %s. go stops at it, and does without.",
	                                var.name, var.value, origin_words(facts, &var));
	mend_variable(out, facts, &var, value);
}

const struct fix fix_env_goflags_malformed = {
	.cause = "env-goflags-malformed",
	.title = "take what go refuses out of the value",
	.plan = plan,
};
