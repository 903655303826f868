/* SPDX-License-Identifier: MIT
 * gopls or Go was replaced under a running server.
 *
 * A program whose file is deleted goes on; the editor keeps the old one until it is restarted, and a
 * fresh trial is well. Not this: the same program installed again (nobody would notice), a server of
 * another workspace, a gopls that is found before the new one (bin-shadowed-duplicate: there the file
 * that runs is still in its place).
 */
#include "core/rule.h"

static bool is_of_editor(const struct fact_running_server *s) {
	return s->here && (streq(s->role, "server") || streq(s->role, "forwarder"));
}

static const char *words(struct arena *arena, const char *version, const char *go_version) {
	const char *name = str_empty(version) ? "an unknown version" : version;

	return str_empty(go_version) ? name : arena_printf(arena, "%s, %s", name, go_version);
}

static void advise(struct findings *out, struct finding *f, const struct fact_running_server *s) {
	const struct fix_advice *fix;

	fix = finding_fix(
		out, f, "in VS Code: the command Go: Restart Language Server (Neovim: :LspRestart)",
		"%s", "");
	(void)fix;
	struct fix_advice *end = finding_fix(out, f, "end it; the editor starts the new one",
	                                     "kill %lld", (long long)s->pid);

	end->disruptive = true;
	end->reversible = false;
}

static void check_gopls(const struct rule *self, struct findings *out,
                        const struct fact_running_server *s) {
	const char *subject =
		arena_printf(out->arena, "%s (process %lld)", s->exe, (long long)s->pid);
	struct finding *f;

	if (!str_empty(s->path) && s->other) {
		f = findings_add(
			out, self, CONF_CERTAIN, subject,
			"the running gopls (process %lld) is still %s (%s%s); %s is now %s",
			(long long)s->pid, s->exe, words(out->arena, s->version, s->go_version),
			s->gone ? ", since deleted" : "", s->path,
			words(out->arena, s->path_version, s->path_go_version));
	} else if (str_empty(s->path) && s->gone) {
		f = findings_add(
			out, self, CONF_CERTAIN, subject,
			"the running gopls (process %lld, %s) has lost its file: %s is deleted "
			"and nothing has taken its place",
			(long long)s->pid, words(out->arena, s->version, s->go_version), s->exe);
		f->severity = SEV_WARNING;
	} else {
		return;
	}
	finding_about(out, f, s->exe);
	finding_cites(f, s);
	advise(out, f, s);
}

static void check_go(const struct rule *self, const struct facts *facts, struct findings *out,
                     const struct fact_running_server *s) {
	facts_each (go_replaced, r, facts) {
		if (r->pid != s->pid) {
			continue;
		}
		struct finding *f = findings_add(out, self, CONF_LIKELY,
		                                 arena_printf(out->arena, "%s (under process %lld)",
		                                              r->path, (long long)s->pid),
		                                 "Go at %s%s%s was put there after the running "
		                                 "gopls (process %lld) began: it "
		                                 "still has the standard library of the Go before",
		                                 r->path, str_empty(r->version) ? "" : ", now ",
		                                 r->version, (long long)s->pid);
		finding_about(out, f, r->path);
		finding_cites(f, r);
		finding_cites(f, s);
		advise(out, f, s);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (!facts_first(health, facts)) {
		return; /* a fresh one has still to show whether it works */
	}
	facts_each (running_server, s, facts) {
		if (is_of_editor(s)) {
			check_gopls(self, out, s);
			check_go(self, facts, out, s);
		}
	}
	/* When a fresh one fails as well, something else has to be mended first. */
	findings_each (f, out) {
		if (f->rule == self && facts_hurt(facts)) {
			f->severity = SEV_NOTE;
		}
	}
}

const struct rule rule_bin_replaced_while_running = {
	.id = "bin-replaced-while-running",
	.title = "gopls or Go was replaced under the running server",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(running_server),
	.check = check,
};
