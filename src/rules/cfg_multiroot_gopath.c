/* SPDX-License-Identifier: MIT
 * The folders of one window have different GOPATHs, so the Go extension starts no server for any of
 * them.
 *
 * The extension compares what it computes for each folder: go.inferGopath, go.gopath, GOPATH of its
 * environment. Folders that lie in different modules, or settings that differ in something else,
 * do no harm.
 */
#include "core/rule.h"

static const struct fact_window_folder *other_than(const struct facts *facts, const char *gopath) {
	facts_each (window_folder, f, facts) {
		if (!streq(f->gopath, gopath)) {
			return f;
		}
	}
	return NULL;
}

static const char *value_of(const struct fact_window_folder *f) {
	return str_empty(f->gopath) ? "(not set)" : f->gopath;
}

/* The editor has a server in one of them: it was started before the settings differed. */
static bool already_runs(const struct facts *facts) {
	facts_each (running_server, s, facts) {
		if (s->here && str_starts(s->editor_kind, "vscode")) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_window_folder *first = facts_first(window_folder, facts);
	const struct fact_window_folder *other = first ? other_than(facts, first->gopath) : NULL;
	if (!other) {
		return;
	}
	/* The one whose setting makes the difference. */
	const struct fact_window_folder *odd = str_empty(other->file) ? first : other;
	const struct fact_window_folder *plain = odd == other ? first : other;
	struct finding *f = findings_add(
		out, self, already_runs(facts) ? CONF_LIKELY : CONF_CERTAIN,
		str_empty(odd->file) ? odd->folder : odd->file,
		"the folders of this window have different GOPATHs: %s for %s (%s), %s for %s "
		"(%s); "
		"the Go extension then starts no gopls for any of them",
		value_of(odd), odd->folder, odd->from, value_of(plain), plain->folder, plain->from);
	finding_cites(f, odd);
	finding_cites(f, plain);
	facts_each (window_folder, w, facts) {
		if (w != odd && w != plain) {
			finding_cites(f, w);
		}
	}
	const struct fact_install *v = facts_first(install, facts);
	if (!str_empty(odd->file)) {
		finding_fix(out, f,
		            arena_printf(out->arena,
		                         "remove %s from %s (line %lld): modules need no GOPATH of "
		                         "their own",
		                         odd->from, odd->file, (long long)odd->line),
		            "%s %s", v && !str_empty(v->cli) ? v->cli : "code",
		            str_shell_quote(out->arena, odd->file));
	}
	finding_fix(out, f, "open the folders in windows of their own", "%s --new-window %s",
	            v && !str_empty(v->cli) ? v->cli : "code",
	            str_shell_quote(out->arena, odd->folder));
}

const struct rule rule_cfg_multiroot_gopath = {
	.id = "cfg-multiroot-gopath",
	.title = "the folders of one window have different GOPATHs",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(window_folder),
	.check = check,
};
