/* SPDX-License-Identifier: MIT
 * Takes the word that go refuses out of GOFLAGS, and leaves the others; another variable goes as a whole.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"
#include "gofile/goflags.h"
#include "wire/json_text.h"
#include "wire/jsonc.h"

#include <string.h>

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

/* The word belongs to the flag before it, as everybody means it: a value behind a blank, one more tag, one more flag of
 * the compiler or the linker. */
static const char *with_word(struct arena *arena, struct goflags *flags, size_t bad) {
	static const char *const lists[] = {"-ldflags", "-gcflags", "-asmflags"};
	const char *whole = bad > 0 ? flags->words[bad - 1] : "";
	const char *before =
		str_starts(whole, "--") ? whole + 1 : whole; /* package flag takes both */
	const char *word = flags->words[bad];
	const char *glue = streq(before, "-tags") && word[0] != '-' ? "=" : NULL;
	glue = str_starts(before, "-tags=") && word[0] != '-' ? "," : glue;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		bool flag = str_starts(before, lists[i]);
		const char *behind = flag ? before + strlen(lists[i]) : "";
		glue = flag && *behind == '\0' ? "=" : flag && *behind == '=' ? " " : glue;
	}
	if (!glue) {
		return NULL;
	}
	flags->words[bad - 1] = arena_printf(arena, "%s%s%s", whole, glue, word);
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
		const char *whole = with_word(arena, &flags, bad);
		text = whole ? whole : joined(arena, &flags, bad);
	}
	return NULL;
}

/* "-race -tags x" is two flags, and the value of the second stands behind a blank. */
static void add_flags(struct strbuf *out, const char *text) {
	while (*text) {
		const char *next = strstr(text, " -");
		size_t len = next ? (size_t)(next - text) : strlen(text);
		char *flag = arena_strndup(out->arena, text, len);
		char *blank = strchr(flag, ' ');
		if (blank && !strchr(flag, '=')) {
			*blank = '=';
		}
		for (; blank && (blank = strchr(blank, ' ')); blank++) {
			*blank = ','; /* more tags */
		}
		strbuf_printf(out, "%s%s", out->len > 1 ? ", " : "",
		              json_text_quoted(out->arena, slice_str(flag)));
		text = next ? next + 1 : text + len;
	}
}

/* A list of flags in the settings: one flag a member. */
static void plan_setting_list(const struct facts *facts, const struct fact_goflag_error *e,
                              struct plan *out) {
	const struct fact_setting *s = facts_setting(facts, e->source);
	const struct jsonc_doc *doc = jsonc_parse(out->arena, slice_str(s ? s->json : ""));
	bool list = doc->root && doc->root->type == JSONC_ARRAY;
	bool changed = false;
	struct strbuf flags;
	strbuf_init(&flags, out->arena);
	strbuf_add(&flags, "[");
	for (const struct jsonc_node *n = list ? doc->root->first_child : NULL; n; n = n->next) {
		const char *text = jsonc_string(n);
		bool bad = text && str_starts(text, "-tags ") && streq(text, e->flag);
		changed = changed || bad;
		if (bad) {
			add_flags(&flags, text);
		} else {
			strbuf_printf(&flags, "%s%s", flags.len > 1 ? ", " : "",
			              jsonc_to_json(out->arena, n));
		}
	}
	strbuf_add(&flags, "]");
	if (!changed || !s) {
		plan_unable(out,
		            "one flag per member, as \"-tags=a,b\": %s in %s is to be corrected by "
		            "hand",
		            e->source, s ? s->file : e->where);
		return;
	}
	out->why = arena_printf(out->arena,
	                        "%s in %s is more than one word, which go does not take apart.",
	                        e->flag, s->file);
	mend_setting(out, facts, s, flags.data);
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
