/* SPDX-License-Identifier: MIT
 * res-file-size: no file may become larger than a limit (RLIMIT_FSIZE, "ulimit -f"), so go cannot store what
 * it compiles and gopls not what it has read. A write beyond it is EFBIG ("file too large"), or SIGXFSZ.
 * go drops what it cannot store, and says that a package is not in std.
 * Counter-checks: EFBIG without a limit is one of the file system; a limit that compiled packages fit
 * into is nothing to speak of.
 */
#include "base/str.h"
#include "core/complaint.h"
#include "core/rule.h"

#include <signal.h>

#define KIB ((int64_t)1024)
#define ROOM                                                                                       \
	(256 * KIB *                                                                               \
	 KIB) /* the largest package of the standard library, and gopls itself, fit into that */
#define TINY (64 * KIB) /* what go keeps of fmt alone does not */

static const struct fact *complaint(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);

	if (s && s->signal == SIGXFSZ) {
		return &s->base;
	}
	facts_each (go_run, r, facts) {
		if (r->signal == SIGXFSZ) {
			return &r->base;
		}
	}
	return complaint_find(facts, "file too large").fact;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server_end *e = facts_first(server_end, facts);
	const struct fact_limit_source *source = NULL;
	const struct fact *proof = e && e->file_bytes >= 0 ? &e->base : NULL;
	int64_t bytes = proof ? e->file_bytes : -1;
	const char *whose = "gopls", *pid = NULL;

	facts_each (limit, l, facts) {
		bool judged = streq(l->scope, "judged");

		if (streq(l->name, "file_bytes") && l->soft >= 0 &&
		    (judged || streq(l->scope, "own"))) {
			proof = &l->base;
			bytes = l->soft;
			pid = judged ? arena_printf(out->arena, "%lld", (long long)l->pid) : NULL;
			whose = judged ? arena_printf(out->arena, "the editor (process %s)", pid)
			               : "this session";
		}
	}
	facts_each (limit_source, s, facts) {
		source = streq(s->name, "file_bytes") && (!source || s->script) ? s : source;
	}
	const struct fact *said = complaint(facts);

	if (bytes < 0 || bytes > ROOM || (!said && (bytes > TINY || facts_healthy(facts))) ||
	    !facts_first(health, facts)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, said ? CONF_CERTAIN : CONF_LIKELY,
		source ? source->file
		       : arena_printf(out->arena, "RLIMIT_FSIZE %lld", (long long)bytes),
		"%s, and what it starts, may write files of %lld KiB at most (RLIMIT_FSIZE%s): "
		"what go "
		"and gopls keep in their caches is larger",
		whose, (long long)(bytes / KIB),
		source ? arena_printf(out->arena, ", %s line %lld", source->file,
	                              (long long)source->line)
		       : "");

	finding_about(out, f, "RLIMIT_FSIZE");
	f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
	finding_cite(f, proof);
	finding_cite(f, said);
	if (source) {
		finding_cites(f, source);
		finding_fix(out, f, "remove it there, then start the editor again",
		            "sed -i '%llds/%s/unlimited/' %s", (long long)source->line,
		            source->value, str_shell_quote(out->arena, source->file));
		return;
	}
	if (pid) {
		finding_fix(out, f,
		            "lift it for the running editor, then restart the language server",
		            "sudo prlimit --pid %s --fsize=unlimited", pid);
	}
	finding_fix(out, f,
	            "lift it where it is set (a shell's start-up file, limits.conf, LimitFSIZE= of "
	            "the unit), and start the editor from there",
	            "ulimit -f unlimited");
}

const struct rule rule_res_file_size = {
	.id = "res-file-size",
	.title = "files may not become as large as go's caches need",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(limit),
	.explains =
		IDS("*fs-cache-corrupt", "?mod-excluded-by-constraints", "*env-go-wrapper-broken"),
	.check = check,
};
