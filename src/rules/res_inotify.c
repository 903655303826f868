/* SPDX-License-Identifier: MIT
 * The user's budget of inotify watches or instances is used up, so the editor cannot hear of changes
 * and the server works with yesterday's files.
 *
 * Certain when the kernel refuses one more; likely when an editor watches nothing here and what is
 * left is less than the workspace has directories. Who already watches the workspace has what he
 * needs, and an editor that never watches loses nothing: notes. Not this: changes that nobody watches
 * for although they could be (mod-stale-after-external-change), descriptors (res-nofile).
 */
#include "core/rule.h"

/* Neovim before 0.11, Helix and Kakoune watch no files for a server (on Linux). */
static bool never_watches(const struct facts *facts, const struct fact_watching *w) {
	const struct fact_editor *editor = facts_first(editor, facts);
	const char *name = w && w->pid > 0 && !str_empty(w->kind) ? w->kind
	                   : editor                               ? editor->name
	                                                          : "";

	return STR_IN(name, "neovim", "helix", "kakoune", "agent", "vim", "none");
}

static void advise(struct findings *out, struct finding *f, const struct fact_watch_budget *b) {
	int64_t more = streq(b->what, "watches") ? 524288 : 1024;

	more = b->limit * 2 > more ? b->limit * 2 : more;
	finding_fix(out, f, "raise it, now and for good",
	            "echo %s=%lld | sudo tee /etc/sysctl.d/60-inotify.conf && sudo sysctl -p "
	            "/etc/sysctl.d/60-inotify.conf",
	            b->where, (long long)more);
	if (b->pid > 0) {
		struct fix_advice *end = finding_fix(
			out, f, arena_printf(out->arena, "end %s, which holds most", b->comm),
			"kill %lld", (long long)b->pid);

		end->disruptive = true;
		end->reversible = false;
	}
	finding_fix(out, f, "let the editor watch less: files.watcherExclude in VS Code", "%s", "");
}

static const char *holder(struct arena *arena, const struct fact_watch_budget *b) {
	return b->pid > 0 && b->held > 0
	               ? arena_printf(arena, "; most are held by %s (process %lld): %lld", b->comm,
	                              (long long)b->pid, (long long)b->held)
	               : "";
}

static bool check_exhausted(const struct rule *self, const struct facts *facts,
                            struct findings *out, const struct fact_watching *w) {
	facts_each (watch_budget, b, facts) {
		if (!b->exhausted) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, b->where,
			"this user has no inotify %s left (%s is %lld%s): an editor started or a "
			"folder opened now hears of no change of a file",
			b->what, b->where, (long long)b->limit, holder(out->arena, b));
		finding_cites(f, b);
		if (w) {
			finding_cites(f, w);
		}
		advise(out, f, b);
		bool served = (w && w->watched) || (never_watches(facts, w) && !(w && w->own));

		f->severity = served ? SEV_NOTE : SEV_WARNING;
		return true;
	}
	return false;
}

static void check_small(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_watching *w) {
	if (!w || w->pid <= 0 || w->watched || w->denied || w->dirs <= 0 ||
	    never_watches(facts, w)) {
		return;
	}
	facts_each (watch_budget, b, facts) {
		if (!streq(b->what, "watches") || b->used < 0 || b->limit - b->used >= w->dirs) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_LIKELY, b->where,
			"the workspace has %lld directories, and of %s=%lld only %lld watches are "
			"left%s: the editor (process %lld) watches none of it",
			(long long)w->dirs, b->where, (long long)b->limit,
			(long long)(b->limit - b->used), holder(out->arena, b), (long long)w->pid);
		finding_cites(f, b);
		finding_cites(f, w);
		advise(out, f, b);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_watching *w = facts_first(watching, facts);

	if (facts_first(health, facts) && !check_exhausted(self, facts, out, w)) {
		check_small(self, facts, out, w);
	}
}

const struct rule rule_res_inotify = {
	.id = "res-inotify",
	.title = "no inotify watch or instance is left for the editor",
	.wave = 2,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(watch_budget),
	.explains = IDS("*mod-stale-after-external-change"),
	.check = check,
};
