/* SPDX-License-Identifier: MIT
 * Something writes to the server's standard output before (or between) the messages, usually a
 * wrapper script or a start-up file it reads.
 *
 * What a program says on the way to a server that does not come, because it waits for something, keeps nobody waiting by
 * itself: that is a note next to what it waits for.
 *
 * A server that never sends a message and ends after its text was asked for that text by its flags
 * (cfg-bad-language-server-flags) or failed in the wrapper.
 */
#include "core/rule.h"

#define SHOWN_MAX 80

static const char *first_line(struct arena *arena, const char *bytes) {
	struct slice rest = slice_str(bytes);
	struct slice line;
	while (slice_line(&rest, &line)) {
		line = slice_trim(line);
		if (line.len > 0) {
			return arena_strndup(arena, line.data,
			                     line.len < SHOWN_MAX ? line.len : SHOWN_MAX);
		}
	}
	return "";
}

/* It has not said a word of the protocol, and is seen to wait for what does not come. */
static bool hangs_before(const struct facts *facts, const struct fact_server *server) {
	facts_each (wait_leaf, l, facts) {
		if (streq(l->origin, "trial") && l->settled && !l->healthy &&
		    STR_IN(server->state, "silent", "stopped_by_us")) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server *server = facts_first(server, facts);
	if (!server || server->junk_bytes <= 0) {
		return;
	}
	const struct fact_binary *b = facts_binary(facts, server->path);
	const struct fact_tool *t = facts_chosen(facts, "gopls");
	bool script = b && streq(b->format, "script");
	bool ended = streq(server->state, "exited") || streq(server->state, "signaled");
	bool official = b && streq(b->module, "golang.org/x/tools/gopls");
	if (ended && official) {
		return; /* gopls itself prints only what its arguments ask for */
	}
	const char *line = first_line(out->arena, server->first_bytes);
	struct finding *f = findings_add(
		out, self, ended ? CONF_LIKELY : CONF_CERTAIN, server->path,
		"%s%s writes text to standard output, where only messages may go: \"%s\"",
		script ? "the script " : "", server->path, line);
	f->severity = hangs_before(facts, server) ? SEV_NOTE : self->severity;
	finding_cites(f, server);
	if (b) {
		finding_cites(f, b);
	}
	if (t) {
		finding_cites(f, t);
		if (t->configured) {
			finding_detail(out, f, "%s in %s line %lld names it", t->setting, t->file,
			               (long long)t->line);
		}
	}
	if (script) {
		finding_fix(out, f,
		            "send its words to standard error: add >&2 to what prints in this file "
		            "and in the files it reads",
		            "grep -nE 'echo|printf|cat|\\. |source' %s",
		            str_shell_quote(out->arena, server->path));
	}
	/* bash reads that file before a script (bash(1), INVOCATION). */
	const char *read_first = facts_var(facts, "judged", "BASH_ENV");
	if (script && b && str_ends(b->interpreter, "bash") && !str_empty(read_first)) {
		finding_detail(out, f, "bash reads %s (BASH_ENV) before it", read_first);
		finding_fix(
			out, f, "look in the file that bash reads before each script (BASH_ENV)",
			"grep -nE 'echo|printf|cat' %s", str_shell_quote(out->arena, read_first));
	}
	facts_each (tool, other, facts) {
		if (streq(other->tool, "gopls") && streq(other->state, "ok") && !other->chosen) {
			finding_fix(out, f, "name the real gopls in the user settings.json",
			            "\"go.alternateTools\": {\"gopls\": \"%s\"}", other->path);
			break;
		}
	}
}

const struct rule rule_ipc_stdout_pollution = {
	.id = "ipc-stdout-pollution",
	.title = "text on standard output disturbs the language server protocol",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(server),
	.check = check,
};
