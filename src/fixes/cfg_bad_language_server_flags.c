/* SPDX-License-Identifier: MIT
 * Writes the list of flags anew without the one that makes gopls fail; several flags in one text become several texts.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "wire/json_text.h"

static void add(struct strbuf *out, const char *value) {
	strbuf_printf(out, "%s%s", out->len > 1 ? ", " : "",
	              json_text_quoted(out->arena, slice_str(value)));
}

/* A file that gopls cannot make: it may choose another place. */
static bool add_instead(struct strbuf *out, const struct finding *finding, const char *value) {
	const struct fact_trial *t = finding_first(trial, finding);
	if (!t || !streq(t->what, "flag file") || !str_has(value, "logfile=")) {
		return false;
	}
	add(out, "-logfile=auto");
	return true;
}

static void add_split(struct strbuf *out, const char *value) {
	struct slice rest = slice_str(value);
	struct slice word;
	while (slice_cut(&rest, ' ', &word)) {
		if (word.len > 0) {
			add(out, arena_slicedup(out->arena, word));
		}
	}
}

/* All members, with the bad one left out, split or replaced. */
static const char *list_of(const struct facts *facts, const struct finding *finding,
                           const struct fact_go_flag_setting *bad) {
	struct strbuf out;
	strbuf_init(&out, facts->arena);
	strbuf_add(&out, "[");
	facts_each (go_flag_setting, s, facts) {
		if (s->index != bad->index) {
			add(&out, s->value);
		} else if (!s->is_string) {
			bool text = s->value[0] == '"';
			if (text) {
				strbuf_printf(&out, "%s%s", out.len > 1 ? ", " : "", s->value);
			}
		} else if (strstr(s->value, " -")) {
			add_split(&out, s->value);
		} else {
			(void)add_instead(&out, finding, s->value);
		}
	}
	strbuf_add(&out, "]");
	return out.data;
}

/* Where the list lies in the file; NULL: not known. */
static const char *keys_of(const struct facts *facts, const struct fact_go_flag_setting *s) {
	const struct fact_editor *e = facts_first(editor, facts);
	if (mend_is_vscode(facts)) {
		return str_ends(s->file, ".code-workspace") ? "settings/go.languageServerFlags"
		                                            : "go.languageServerFlags";
	}
	return e && streq(e->name, "zed") && str_ends(s->file, ".json")
	               ? "lsp/gopls/binary/arguments"
	               : NULL;
}

/* In the list of another editor, of which the command may be a part: this one element. */
static void plan_element(const struct finding *finding, const struct fact_go_flag_setting *bad,
                         struct plan *out) {
	struct strbuf list;
	strbuf_init(&list, out->arena);
	strbuf_add(&list, "[");
	if (strstr(bad->value, " -")) {
		add_split(&list, bad->value);
	} else {
		(void)add_instead(&list, finding, bad->value);
	}
	const char *instead = list.len > 1 ? list.data + 1 : NULL;
	out->why = arena_printf(out->arena, "%s in %s keeps gopls from serving the editor.",
	                        bad->value, bad->file);
	plan_member(out, bad->file, bad->line, arena_printf(out->arena, "%s/[]", bad->key),
	            json_text_quoted(out->arena, slice_str(bad->value)), instead);
	out->then = "restart the language server";
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_go_flag_setting *s = finding_first(go_flag_setting, finding);
	const char *keys = s ? keys_of(facts, s) : NULL;
	if (s && s->is_string && !str_ends(finding->subject, s->value) &&
	    !finding_first(trial, finding)) {
		plan_unable(out, "it is not known which flag it is: %s", finding->subject);
		return;
	}
	if (!keys && s && s->is_string && !mend_is_vscode(facts)) {
		plan_element(finding, s, out);
		return;
	}
	if (!keys) {
		plan_unable(out, "%s has to be corrected by hand",
		            s ? s->file : "the list of flags");
		return;
	}
	const char *list = list_of(facts, finding, s);
	out->why = arena_printf(out->arena, "%s in %s keeps gopls from serving the editor.",
	                        s->value, s->file);
	plan_setting(out, s->file, keys, streq(list, "[]") ? NULL : list);
	out->then = "reload the window of the editor";
}

const struct fix fix_cfg_bad_language_server_flags = {
	.cause = "cfg-bad-language-server-flags",
	.title = "take the flag out of the list",
	.plan = plan,
};
