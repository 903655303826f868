/* SPDX-License-Identifier: MIT
 * mod-odd-path: a name go refuses or misunderstands: a directory whose name cannot stand in an import
 * path (a blank, a letter outside ASCII, @, :), an import in other capital letters than the thing
 * it means, a GOPATH that the ':' in a directory's name splits, "..." or a line break in the path of
 * the module.
 * Counter-check: all others of these are fine in the path of the module itself, in file names and in
 * directories nobody imports. GOPATH relative for another reason is cfg-cache-path-not-absolute.
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"

/* go refuses the import whatever the server makes of it; in another package it is not the open
 * file's trouble. */
static enum severity severity_of(const struct facts *facts, const struct fact_odd_path *o) {
	const struct fact_open_file *open = facts_first(open_file, facts);
	const char *dir = open ? path_parent(facts->arena, open->path) : "";
	bool own = streq(path_parent(facts->arena, o->file), dir);
	return own || !facts_healthy(facts) ? SEV_ERROR : SEV_NOTE;
}

static void report_import(const struct rule *self, const struct facts *facts, struct findings *out,
                          const struct fact_odd_path *o) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN, o->path,
	                                 "the directory %s cannot be imported (%s line %lld): %s",
	                                 o->path, o->file, (long long)o->line, o->text);
	finding_cites(f, o);
	finding_fix(
		out, f, "give the directory another name, then correct the imports", "mv %s %s",
		str_shell_quote(out->arena, o->path),
		str_shell_quote(out->arena, path_join(out->arena, path_parent(out->arena, o->path),
	                                              "NEWNAME")));
	f->severity = severity_of(facts, o);
}

static void report_case(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_odd_path *o) {
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, o->name,
	                     "%s line %lld imports %s, but it is spelled %s: capital letters count",
	                     o->file, (long long)o->line, o->name, o->there);
	finding_cites(f, o);
	finding_fix(out, f, "spell the import as it is", "%s", "");
	f->severity = severity_of(facts, o);
}

static void report_gopath(const struct rule *self, const struct facts *facts, struct findings *out,
                          const struct fact_odd_path *o) {
	const struct fact_govar *var = facts_govar(facts, "GOPATH");
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "GOPATH=%s", o->path),
		"GOPATH is %s; go splits it at each ':', and \"%s\" is no absolute path", o->path,
		o->text);
	finding_about(out, f, "GOPATH");
	finding_cites(f, o);
	if (var) {
		finding_cites(f, var);
		finding_detail(out, f, "it is set %s", origin_words(facts, var));
	}
	finding_fix(out, f, "take a directory without ':' in its name",
	            "mkdir -p /var/tmp/$USER-go && go env -w GOPATH=/var/tmp/$USER-go "
	            "GOMODCACHE=/var/tmp/$USER-go/pkg/mod");
	f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
}

static void report_root(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_odd_path *o) {
	bool dots = streq(o->what, "dots");
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, o->path,
		dots ? "the path of %s has \"...\" in it, which go takes for a pattern: it finds "
		       "no "
		       "package of the module"
		     : "the path of %s has a line break in it, and go takes no package from such a "
		       "directory",
		o->file);
	finding_about(out, f, o->path);
	finding_cites(f, o);
	finding_fix(
		out, f, "give the directory another name and open it anew", "mv %s %s",
		str_shell_quote(out->arena, o->path),
		str_shell_quote(out->arena, path_join(out->arena, path_parent(out->arena, o->path),
	                                              "NEWNAME")));
	f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (odd_path, o, facts) {
		if (streq(o->what, "import")) {
			report_import(self, facts, out, o);
		} else if (streq(o->what, "case")) {
			report_case(self, facts, out, o);
		} else if (streq(o->what, "dots") || streq(o->what, "newline")) {
			report_root(self, facts, out, o);
		} else {
			report_gopath(self, facts, out, o);
		}
	}
}

const struct rule rule_mod_odd_path = {
	.id = "mod-odd-path",
	.title = "A name in a path is none that go accepts, or is spelled otherwise",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(odd_path),
	.explains = IDS("cfg-cache-path-not-absolute", "*mod-gosum-or-gomod-stale"),
	.check = check,
};
