/* SPDX-License-Identifier: MIT
 * The folder is opened by a URI that is no file:, and gopls reads files of its own machine only.
 *
 * gopls refuses a rootUri of another scheme (-32700) and passes over such folders; the extension of
 * VS Code serves documents of the scheme file and nothing else. A window that also has local folders
 * works in those: a note. Not this: an error about another part of initialize
 * (ipc-protocol-mismatch), a folder of vscode-remote.
 */
#include "core/rule.h"

static const char *way(struct arena *arena, const struct fact_foreign_uri *u) {
	return streq(u->from, "window") ? arena_printf(arena, "%s line %lld opens %s", u->file,
	                                               (long long)u->line, u->uri)
	       : streq(u->from, "process")
	               ? arena_printf(arena,
	                              "the editor (process %lld) was "
	                              "started with --folder-uri %s",
	                              (long long)u->pid, u->uri)
	               : arena_printf(arena, "the editor gives its server %s", u->uri);
}

static void advise(struct findings *out, struct finding *f, const char *scheme) {
	bool remote = streq(scheme, "ssh") || streq(scheme, "sftp") || streq(scheme, "scp") ||
	              streq(scheme, "ftp");

	if (remote) {
		finding_fix(out, f,
		            "work on that machine, where gopls then runs: Remote-SSH in VS Code",
		            "%s", "code --remote ssh-remote+HOST /PATH");
	} else {
		finding_fix(out, f, "make a local copy and open that", "%s", "git clone URL DIR");
	}
	finding_fix(out, f, "mount it and open the mount point (slower)", "sshfs HOST:/PATH DIR");
}

static const struct fact_log_event *logged(const struct facts *facts) {
	const struct fact_log_event *found = NULL;

	facts_each (log_event, l, facts) {
		found = l->current && streq(l->kind, "unsupported-uri") ? l : found;
		found = l->current && streq(l->kind, "started") ? NULL : found;
	}
	return found;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_trial *greeting = facts_trial(facts, "initialize of the editor");
	const struct fact_log_event *log = logged(facts);
	bool told = false;

	facts_each (foreign_uri, u, facts) {
		bool asked = streq(u->from, "asked");
		bool refused =
			greeting && !greeting->better && str_has(greeting->detail, u->scheme);
		/* What an editor merely adds is passed over, and what it was not seen to say in
		 * vain is no more than a remark. */
		bool matters = u->root && (!asked || refused);

		if (told && !matters) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, u->uri,
			"%s, which is no folder of this machine (%s:): gopls reads file: only",
			way(out->arena, u), u->scheme);
		finding_cites(f, u);
		if (asked && greeting) {
			finding_cites(f, greeting);
		}
		if (log) {
			finding_cites(f, log);
		}
		finding_detail(out, f,
		               "in such a folder there is no definition, no completion and no "
		               "diagnostics of Go; no setting changes that");
		f->severity = matters ? SEV_ERROR : SEV_NOTE;
		advise(out, f, u->scheme);
		told = told || matters;
	}
	if (log && !told) {
		struct finding *f = findings_add(
			out, self, CONF_LIKELY, log->file,
			"the editor gave gopls a folder or file that is no file: of this machine: "
			"%s (%s line %lld)",
			log->text, log->file, (long long)log->line);
		finding_cites(f, log);
		f->severity = facts_healthy(facts) ? SEV_WARNING : SEV_ERROR;
		advise(out, f, "ssh");
	}
}

const struct rule rule_ipc_unsupported_uri = {
	.id = "ipc-unsupported-uri",
	.title = "the folder is opened by a URI that gopls cannot read",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(target),
	.explains = IDS("*ipc-protocol-mismatch"),
	.check = check,
};
