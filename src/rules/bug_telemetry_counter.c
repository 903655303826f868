/* SPDX-License-Identifier: MIT
 * gopls or go crashes or spins in its telemetry counter file.
 *
 * Two ways: a list in the file leads back into itself, and the program that looks for a counter walks
 * it for ever, at its start (certain: the file is read); or a page of the mapped file is lost and the
 * program dies of SIGBUS or "unexpected fault address" with x/telemetry on its stack (its words, so
 * likely). A full disk under the file is fs-disk-full-tmp-or-index, a crash elsewhere bug-gopls-panic,
 * a go that does not answer for another reason is not this: the files are sound then.
 */
#include "core/rule.h"

#define MOST 256 /* of 512 lists: whatever is looked for first, it is in one of them */

static void advise(struct findings *out, struct finding *f, const char *path, bool is_dir) {
	const char *quoted = str_shell_quote(out->arena, path);

	finding_fix(out, f, "move it aside; a new one is made", "mv %s %s", quoted,
	            str_shell_quote(out->arena, arena_printf(out->arena, "%s.%s", path,
	                                                     is_dir ? "off" : "broken")));
	finding_fix(out, f, "count nothing at all (written by hand: the go command may hang too)",
	            "echo off >~/.config/go/telemetry/mode");
}

static void check_files(const struct rule *self, const struct facts *facts, struct findings *out) {
	bool known = facts_first(health, facts) != NULL;

	facts_each (counter_file, c, facts) {
		if (!known && (c->circles < MOST || !streq(c->program, "gopls"))) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, c->path,
			"the telemetry counter file of %s %s is damaged (%s): %lld of its 512 "
			"lists "
			"lead back into themselves, and %s walks them for ever",
			c->program, c->version, c->path, (long long)c->circles, c->program);
		finding_cites(f, c);
		if (facts_first(server, facts)) {
			finding_cites(f, facts_first(server, facts));
		}
		f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
		advise(out, f, c->path, false);
	}
}

static bool is_of_counter(const char *text) {
	return str_has(text, "x/telemetry/internal/counter") &&
	       (str_has(text, "SIGBUS") || str_has(text, "unexpected fault address") ||
	        str_has(text, "SIGSEGV"));
}

static const struct fact *crash(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);

	if (server && is_of_counter(server->err)) {
		return &server->base;
	}
	facts_each (message, m, facts) {
		if (is_of_counter(m->text)) {
			return &m->base;
		}
	}
	facts_each (log_event, l, facts) {
		if (l->current && str_has(l->text, "x/telemetry/internal/counter")) {
			return &l->base;
		}
	}
	return NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact *said = crash(facts);
	const struct fact_place *home = facts_place(facts, "HOME");

	check_files(self, facts, out);
	if (!said || facts_first(counter_file, facts) || facts_healthy(facts) ||
	    (home && home->total_bytes > 0 && home->free_bytes == 0)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_LIKELY, "~/.config/go/telemetry/local",
		"the server died in its mapped telemetry counter file below "
		"~/.config/go/telemetry/local: a page of it could not be read or written");
	finding_cite(f, said);
	finding_detail(out, f,
	               "such files are lost on network and copy-on-write filesystems, and "
	               "when something shortens them");
	advise(out, f, "~/.config/go/telemetry/local", true);
}

const struct rule rule_bug_telemetry_counter = {
	.id = "bug-telemetry-counter",
	.title = "gopls or go is caught in its telemetry counter file",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(target),
	.explains = IDS("*bug-gopls-panic", "*env-go-wrapper-broken", "*res-cpu-spin",
                        "*ipc-server-stopped", "*ipc-server-waits-on-child", "*mod-huge-root",
                        "*bin-go-missing", "*tc-goroot-incomplete", "*env-snap-go-silent"),
	.check = check,
};
