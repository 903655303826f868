/* SPDX-License-Identifier: MIT
 * gopls may be executed and cannot find or read its own program, and dies with a guess at a full
 * disk.
 *
 * Told from fs-disk-full-tmp-or-index by the place itself: there statvfs has nothing left, here a
 * mode denies reading (or /proc is missing) and the disk is fine.
 */
#include "core/rule.h"

static bool says_it(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);
	const char *err = s ? s->err : "";

	return str_has(err, "hash gopls executable") || str_has(err, "find executable path") ||
	       str_has(err, "readlink /proc/self/exe") ||
	       facts_said(facts, "hash gopls executable", NULL) ||
	       facts_said(facts, "readlink /proc/self/exe", NULL);
}

static void check_unreadable(const struct rule *self, const struct facts *facts,
                             struct findings *out, const struct fact_self_exe *s) {
	if (!says_it(facts)) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, s->path,
	                                 "gopls must read its own program and may not: %s has mode "
	                                 "%04llo and belongs to uid "
	                                 "%lld",
	                                 s->path, (unsigned long long)s->mode, (long long)s->uid);
	finding_cites(f, s);
	if (facts_first(server, facts)) {
		finding_cites(f, facts_first(server, facts));
	}
	finding_detail(out, f, "the disk is not full, whatever gopls guesses");
	finding_fix(out, f, "let it be read", "sudo chmod a+r %s",
	            str_shell_quote(out->arena, s->path));
}

static void check_proc(const struct rule *self, const struct facts *facts, struct findings *out,
                       const struct fact_self_exe *s) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN, "/proc",
	                                 "/proc is not mounted here: a program cannot find its own "
	                                 "file (%s is not there), and "
	                                 "gopls and go need theirs",
	                                 s->path);
	finding_cites(f, s);
	if (facts_first(server, facts)) {
		finding_cites(f, facts_first(server, facts));
	}
	finding_fix(out, f, "mount it", "sudo mount -t proc proc /proc");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (self_exe, s, facts) {
		if (facts_healthy(facts)) {
			return;
		}
		if (streq(s->state, "unreadable")) {
			check_unreadable(self, facts, out, s);
		} else {
			check_proc(self, facts, out, s);
		}
	}
}

const struct rule rule_bin_self_exe_unreadable = {
	.id = "bin-self-exe-unreadable",
	.title = "gopls cannot read its own program",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(self_exe),
	.explains = IDS("*fs-disk-full-tmp-or-index", "*env-goroot-wrong", "*tc-goroot-incomplete",
                        "*cfg-bad-language-server-flags"),
	.check = check,
};
