/* SPDX-License-Identifier: MIT
 * Switches the language server on in the layer that switches it off.
 */
#include "base/str.h"
#include "core/associated.h"
#include "core/fix.h"
#include "core/mend.h"
#include "wire/jsonc.h"

/* The list with gopls in it, and without "!gopls". */
static const char *with_gopls(struct arena *arena, const char *json) {
	const struct jsonc_doc *doc = jsonc_parse(arena, slice_str(json));
	const struct jsonc_node *list = doc->root;
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, "[\"gopls\"");
	if (!list || list->type != JSONC_ARRAY) {
		return NULL;
	}
	for (const struct jsonc_node *n = list->first_child; n; n = n->next) {
		if (!streq(jsonc_string(n), "!gopls")) {
			strbuf_printf(&out, ", %s", jsonc_to_json(arena, n));
		}
	}
	strbuf_add(&out, "]");
	return out.data;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_setting *s = finding_first(setting, finding);
	const struct fact_editor *e = facts_first(editor, facts);
	const char *list = s ? with_gopls(out->arena, s->json) : NULL;
	if (!s) {
		plan_unable(out, "it is not known where it is switched off");
		return;
	}
	out->why = arena_printf(out->arena, "%s is %s in %s, so the editor starts no gopls.",
	                        s->key, s->json, s->file);
	if (str_starts(s->key, ASSOCIATIONS_SETTING ".") && !strchr(s->key, '/')) {
		mend_setting(out, facts, s, NULL);
	} else if (streq(s->json, "false")) {
		mend_setting(out, facts, s, "true");
	} else if (list && e && streq(e->name, "zed") && streq(s->key, "language_servers") &&
	           str_ends(s->file, ".json")) {
		plan_setting(out, s->file, "languages/Go/language_servers", list);
	} else if (list && !mend_is_vscode(facts)) {
		mend_setting(out, facts, s, list);
	} else {
		plan_unable(out, "%s in %s line %lld has to be corrected by hand", s->key, s->file,
		            (long long)s->line);
	}
}

const struct fix fix_cfg_language_server_disabled = {
	.cause = "cfg-language-server-disabled",
	.title = "switch the language server on",
	.plan = plan,
};
