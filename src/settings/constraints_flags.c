/* SPDX-License-Identifier: MIT
 * Flags and tags: those of the settings, of GOFLAGS, and which of them gopls gets.
 */
#include "base/path.h"
#include "base/str.h"
#include "gofile/goflags.h"
#include "settings/constraints_work.h"

/* The flags of a list of strings, as one GOFLAGS would hold them. */
static const char *flag_value(const struct jsonc_node *list, const char *name) {
	const char *found = NULL;
	const struct jsonc_node *m = list && list->type == JSONC_ARRAY ? list->first_child : NULL;
	for (; m; m = m->next) {
		const char *text = jsonc_string(m);
		const char *p = text ? text + strspn(text, "-") : "";
		if (p == text || !str_starts(p, name)) {
			continue;
		}
		p += strlen(name);
		if (*p == '=') {
			found = p + 1;
		} else if (*p == '\0') {
			const char *next = jsonc_string(m->next);
			found = next ? next : "";
		}
	}
	return found;
}

void constraint_check_flags(struct constraint *c) {
	const struct fact_setting *of_gopls = facts_setting(c->facts, "gopls.build.buildFlags");
	of_gopls = of_gopls ? of_gopls : facts_setting(c->facts, "gopls.buildFlags");
	const struct fact_setting *of_go = facts_setting(c->facts, "go.buildFlags");
	const struct fact_setting *tags = facts_setting(c->facts, "go.buildTags");
	const char *tags_text = constraint_text(c, "go.buildTags");
	const struct jsonc_node *go_list = constraint_value(c, of_go);
	const char *in_flags = flag_value(go_list, "tags");
	if (of_gopls && go_list && go_list->count > 0 && !streq(of_gopls->json, of_go->json)) {
		constraint_report(c, of_go, SEV_WARNING,
		                  SAY(c, "gopls gets %s, not go.buildFlags: %s is set",
		                      of_gopls->json, of_gopls->key),
		                  of_gopls->json, constraint_place_words(c, of_gopls), "");
	}
	if (of_gopls && tags_text) {
		const char *used = flag_value(constraint_value(c, of_gopls), "tags");
		if (!streq(used, tags_text)) {
			constraint_report(
				c, tags, SEV_WARNING,
				SAY(c, "gopls does not get the tags %s of go.buildTags: %s is set",
			            tags_text, of_gopls->key),
				used ? SAY(c, "-tags=%s", used) : "no tags",
				constraint_place_words(c, of_gopls), "");
		}
	} else if (tags_text && in_flags && !streq(in_flags, tags_text)) {
		constraint_report(
			c, tags, SEV_WARNING,
			SAY(c, "go.buildTags (%s) does not reach gopls: go.buildFlags has -tags %s",
		            tags_text, in_flags),
			SAY(c, "-tags=%s", in_flags), constraint_place_words(c, of_go), "");
	}
}

/* What gopls puts on the command line of go, which comes after GOFLAGS. */
static const struct fact_setting *flags_in_force(struct constraint *c) {
	static const char *const keys[] = {"gopls.build.buildFlags", "gopls.buildFlags",
	                                   "go.buildFlags"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct fact_setting *s = facts_setting(c->facts, keys[i]);
		if (s) {
			return s;
		}
	}
	return NULL;
}

void constraint_check_goflags(struct constraint *c) {
	static const char *const names[] = {"tags", "mod", "modfile"};
	const struct fact_setting *s = flags_in_force(c);
	const struct jsonc_node *list = constraint_value(c, s);
	struct goflags env = goflags_parse(c->lint->arena, facts_govar_value(c->facts, "GOFLAGS"));
	const char *work = facts_govar_value(c->facts, "GOWORK");
	bool off = streq(work, "off");
	bool in_work =
		!off && (!str_empty(work) ||
	                 world_stat(c->world,
	                            path_join(c->lint->arena, c->lint->where->workspace, "go.work"))
	                         .is_file);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *ours = flag_value(list, names[i]);
		const char *theirs = goflags_value(&env, names[i]);
		if (ours && theirs && !streq(ours, theirs)) {
			constraint_report(
				c, s, SEV_WARNING,
				SAY(c,
			            "%s says -%s=%s, GOFLAGS says -%s=%s: the command line wins in "
			            "the "
			            "editor, GOFLAGS in the terminal",
			            s->key, names[i], ours, names[i], theirs),
				SAY(c, "-%s=%s", names[i], ours), constraint_place_words(c, s), "");
		}
		const char *counts = ours ? ours : theirs;
		bool refused = counts && ((streq(names[i], "mod") && streq(counts, "mod")) ||
		                          streq(names[i], "modfile"));
		if (in_work && refused) {
			constraint_report(
				c, ours ? s : NULL, SEV_ERROR,
				SAY(c, "go refuses -%s=%s while a go.work is in force", names[i],
			            counts),
				SAY(c, "-%s=%s", names[i], counts),
				ours ? constraint_place_words(c, s)
				     : constraint_var_words(c, "GOFLAGS"),
				"\"go.toolsEnvVars\": {\"GOWORK\": \"off\"}, or no such flag");
		}
	}
}
