/* SPDX-License-Identifier: MIT
 * The directory for temporary files does not exist or may not be written to.
 */
#include "core/origin.h"
#include "core/rule.h"

static const char *fault_of(const struct fact_place *p) {
	if (streq(p->state, "absent")) {
		return "does not exist";
	}
	if (streq(p->state, "not_dir")) {
		return "is not a directory";
	}
	if (streq(p->state, "denied")) {
		return "may not be entered by this user";
	}
	if (streq(p->state, "loop")) {
		return "is a link that leads back to itself";
	}
	if (streq(p->state, "relative")) {
		return "is not an absolute path";
	}
	/* Read-only and full filesystems are causes of their own. */
	bool shut = streq(p->state, "ok") && !p->write && !p->read_only;
	if (!shut && streq(p->state, "ok") && p->mode != 0 && (p->mode & 0111) == 0) {
		return "may not be entered by anybody";
	}
	return shut ? "may not be written to by this user" : NULL;
}

static void check_one(const struct rule *self, const struct facts *facts, struct findings *out,
                      const char *name) {
	const struct fact_place *p = facts_place(facts, name);
	const char *fault = p ? fault_of(p) : NULL;
	if (!fault || facts_healthy(facts)) {
		return;
	}
	struct fact_govar var = origin_of_var(facts, name);
	bool by_default = str_empty(var.value);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "%s=%s", name, p->path),
		by_default ? "the default directory for temporary files (%s is not set), %s, %s"
			   : "%s is %s, which %s",
		name, p->path, fault);
	finding_about(out, f, name);
	finding_cites(f, p);
	if (by_default) {
		finding_fix(out, f, "make it usable again", "sudo install -d -m 1777 %s",
		            str_shell_quote(out->arena, p->path));
		return;
	}
	finding_detail(out, f, "go and gopls put their working files there; it is set %s",
	               origin_words(facts, &var));
	const struct fact_govar *known = facts_govar(facts, name);
	facts_each (var, v, facts) {
		if (!known && streq(v->scope, "judged") && streq(v->name, name)) {
			finding_cites(f, v);
		}
	}
	if (known) {
		finding_cites(f, known);
	}
	origin_fix(facts, out, f, &var);
	if (streq(p->state, "absent")) {
		finding_fix(out, f, "make the directory",
		            p->write ? "mkdir -p %s" : "sudo install -d -m 1777 %s",
		            str_shell_quote(out->arena, p->path));
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_one(self, facts, out, "TMPDIR");
	check_one(self, facts, out, "GOTMPDIR");
}

const struct rule rule_env_tmpdir_invalid = {
	.id = "env-tmpdir-invalid",
	.title = "TMPDIR or GOTMPDIR names a directory that cannot be used",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(place),
	.explains = IDS("?mod-excluded-by-constraints"),
	.check = check,
};
