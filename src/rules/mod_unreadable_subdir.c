/* SPDX-License-Identifier: MIT
 * mod-unreadable-subdir: a directory (or file) of the module that this user cannot read. go stops
 * looking for packages at the first such directory, so gopls knows nothing of those behind it:
 * references, implementations and renames miss them, and nobody says so.
 * Counter-check: names that begin with . or _, testdata, a directory with a go.mod of its own and
 * what go.mod ignores are not walked; when no package comes behind it the server misses nothing,
 * and only the terminal's `go build ./...` fails: a note.
 */
#include "base/path.h"
#include "core/rule.h"

static const struct fact *said_of(const struct facts *facts, const struct fact_unreadable *u) {
	return facts_said(facts, path_base(u->path),
	                  streq(u->what, "dangling") ? "no such file" : "permission denied");
}

static enum severity severity_of(const struct facts *facts, const struct fact_unreadable *u,
                                 const struct fact *said) {
	bool well = facts_healthy(facts);
	if (streq(u->what, "vendor")) {
		return well ? SEV_NOTE : SEV_ERROR;
	}
	if (streq(u->what, "package") || streq(u->what, "module")) {
		return well ? SEV_NOTE : SEV_ERROR;
	}
	if (streq(u->what, "file") || streq(u->what, "dangling")) {
		bool hurts = u->open ? !well : said && facts_hurt(facts);
		return hurts ? SEV_ERROR : SEV_NOTE;
	}
	if (said && facts_hurt(facts)) {
		return SEV_ERROR;
	}
	return str_empty(u->lost) ? SEV_NOTE : SEV_WARNING;
}

static const char *consequence(struct arena *arena, const struct fact_unreadable *u) {
	if (streq(u->what, "vendor")) {
		return "go takes packages from there and gets none";
	}
	if (streq(u->what, "module")) {
		return "a module that go.work uses or a replace names lies there";
	}
	if (streq(u->what, "walk")) {
		return str_empty(u->lost)
		               ? "go list ./... stops there; no package comes behind it"
		               : arena_printf(arena,
		                              "go stops there, so the server does not know of %s "
		                              "and what comes behind it",
		                              path_parent(arena, u->lost));
	}
	return "the open file's package needs it";
}

static void add_fixes(struct findings *out, struct finding *f, const struct fact_unreadable *u) {
	const char *path = str_shell_quote(out->arena, u->path);
	bool foreign = u->uid == 0;
	if (streq(u->what, "dangling")) {
		finding_fix(out, f, "remove the link, or bring its target back", "rm %s", path);
		return;
	}
	finding_fix(out, f, "let this user read it", "%schmod a+rX %s", foreign ? "sudo " : "",
	            path);
	if (streq(u->what, "walk")) {
		finding_fix(out, f, "make it no part of the module",
		            "cd %s && go mod edit -go=1.25 && printf 'ignore ./%%s\\n' %s >>go.mod",
		            str_shell_quote(out->arena, u->module_dir),
		            str_shell_quote(out->arena, u->path + strlen(u->module_dir) + 1));
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (unreadable, u, facts) {
		const struct fact *said = said_of(facts, u);
		struct finding *f =
			streq(u->what, "dangling")
				? findings_add(out, self, CONF_CERTAIN, u->path,
		                               "%s is a link to nothing, and go stops at it",
		                               u->path)
				: findings_add(out, self, CONF_CERTAIN, u->path,
		                               "%s cannot be read by this user (owner uid %lld, "
		                               "mode %04llo): %s",
		                               u->path, (long long)u->uid,
		                               (unsigned long long)u->mode & 07777,
		                               consequence(out->arena, u));
		finding_cites(f, u);
		finding_cite(f, said);
		add_fixes(out, f, u);
		f->severity = severity_of(facts, u, said);
	}
}

const struct rule rule_mod_unreadable_subdir = {
	.id = "mod-unreadable-subdir",
	.title = "Something in the module cannot be read by this user",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(unreadable),
	.explains = IDS("*mod-inconsistent-vendoring", "*mod-gosum-or-gomod-stale"),
	.check = check,
};
