/* SPDX-License-Identifier: MIT
 * mod-symlinked-workspace: the folder was opened through a symbolic link, and go, which walks up the
 * path it is given, misses what lies above or beside the real one: its go.mod, its go.work, the
 * target of a relative replace.
 * Counter-check: a link to a whole module works in all of gopls v0.16 to v0.24, and so do linked
 * packages and files; then there is nothing to say. What is missing along both paths is another
 * cause.
 */
#include "base/path.h"
#include "core/rule.h"

static bool import_fails(const struct facts *facts) {
	facts_each (file_import, i, facts) {
		if (streq(i->class, "nonstd_missing")) {
			return true;
		}
	}
	return false;
}

static bool replace_needed(const struct facts *facts, const struct fact_symlinked *s) {
	facts_each (replace_target, r, facts) {
		if (streq(r->target, s->missing) && r->needed && !r->exists) {
			return true;
		}
	}
	return false;
}

/* Does the open file suffer from it, as far as can be said before the server has answered? */
static bool certain_to_hurt(const struct facts *facts, const struct fact_symlinked *s) {
	return streq(s->what, "gomod")     ? import_fails(facts)
	       : streq(s->what, "replace") ? replace_needed(facts, s)
	                                   : false;
}

static const char *sentence(struct arena *arena, const struct fact_symlinked *s) {
	if (streq(s->what, "gomod")) {
		return arena_printf(arena, "go finds no go.mod above it; the one meant is %s",
		                    s->there);
	}
	if (streq(s->what, "gowork")) {
		return arena_printf(arena, "go does not find %s, which uses this module", s->there);
	}
	return arena_printf(arena, "the replace of %s leads to %s, which does not exist; %s does",
	                    s->module, s->missing, s->there);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (symlinked, s, facts) {
		bool answered = facts_first(health, facts) != NULL;
		if (answered ? !facts_hurt(facts) : !certain_to_hurt(facts, s)) {
			continue;
		}
		struct finding *f =
			findings_add(out, self, CONF_CERTAIN, s->path,
		                     "%s is reached through a symbolic link (really %s): %s",
		                     s->path, s->real, sentence(out->arena, s));
		finding_cites(f, s);
		finding_fix(out, f, "open the real folder", "code %s",
		            str_shell_quote(out->arena, s->real));
		return;
	}
}

const struct rule rule_mod_symlinked_workspace = {
	.id = "mod-symlinked-workspace",
	.title =
		"The opened folder is a symbolic link, and go misses what lies around the real one",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(symlinked),
	.explains = IDS("*mod-no-gomod-at-root", "*mod-replace-missing",
                        "*mod-gosum-or-gomod-stale", "*mod-nested-not-in-workspace"),
	.check = check,
};
