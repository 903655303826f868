/* SPDX-License-Identifier: MIT
 * Gives the setting the form that gopls takes (keys with dots, true without quotes, a list), where that is beyond doubt;
 * else takes it away: as it stands it has no effect.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "wire/jsonc.h"

/* Only these are groups: other settings have objects as their values. */
static bool is_group(const char *key) {
	return STR_IN(key, "gopls.ui", "gopls.build", "gopls.formatting", "gopls.ui.completion",
	              "gopls.ui.diagnostic", "gopls.ui.documentation", "gopls.ui.inlayhint",
	              "gopls.ui.navigation");
}

/* {"ui": {"diagnostic": {"staticcheck": true}}}: the keys joined with dots. */
static bool join(struct plan *out, const struct facts *facts, const struct fact_setting *s,
                 const char *key, const struct jsonc_node *node) {
	if (node->type != JSONC_OBJECT || !is_group(key)) {
		struct fact_setting one = *s;
		one.key = key;
		return mend_setting(out, facts, &one, jsonc_to_json(out->arena, node));
	}
	for (const struct jsonc_node *m = node->first_child; m; m = m->next) {
		if (!join(out, facts, s, arena_printf(out->arena, "%s.%s", key, m->key), m)) {
			return false;
		}
	}
	return true;
}

static const char *without_quotes(const char *json) {
	return streq(json, "\"true\"") ? "true" : streq(json, "\"false\"") ? "false" : NULL;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_setting *s = NULL;
	for (size_t i = 0; i < finding->cite_count; i++) {
		if (finding->cites[i]->kind == FACT_setting) {
			/* The last one: of two of the same name the second is one too many. */
			s = (const struct fact_setting *)finding->cites[i];
		}
	}
	if (!s) {
		plan_unable(out, "it is not known where the setting is");
		return;
	}
	const struct jsonc_doc *doc = jsonc_parse(out->arena, slice_str(s->json));
	const char *json = without_quotes(s->json);
	out->why = arena_printf(out->arena, "gopls rejects %s = %s, so it has no effect.", s->key,
	                        s->json);
	if (is_group(s->key) && doc->root && doc->root->type == JSONC_OBJECT) {
		if (mend_setting(out, facts, s, NULL)) {
			join(out, facts, s, s->key, doc->root);
		}
	} else if (streq(s->key, "go.buildFlags") && streq(s->type, "string")) {
		mend_setting(out, facts, s, arena_printf(out->arena, "[%s]", s->json));
	} else {
		mend_setting(out, facts, s, json);
	}
}

const struct fix fix_cfg_gopls_setting_invalid = {
	.cause = "cfg-gopls-setting-invalid",
	.title = "take the setting that gopls rejects away, or give it its form",
	.plan = plan,
};
