/* SPDX-License-Identifier: MIT
 * The program file is none for this machine: empty, of another processor or system, or a text
 * without a #! line.
 *
 * The kernel's ENOEXEC says that it is refused, the file's own bytes say why. A sound header with
 * the rest missing is bin-truncated-corrupt; a missing loader is ENOENT
 * (bin-missing-interpreter-libc).
 */
#include "core/rule.h"

#include <errno.h>

static const char *fault_of(struct arena *arena, const struct fact_binary *b) {
	if (streq(b->format, "empty")) {
		return "is an empty file";
	}
	if (streq(b->format, "mach-o")) {
		return "is a program for macOS";
	}
	if (streq(b->format, "pe")) {
		return "is a program for Windows";
	}
	if (streq(b->format, "elf") && !b->machine_ok) {
		return arena_printf(arena, "is built for %s, not for this machine",
		                    str_empty(b->machine) ? "another processor" : b->machine);
	}
	if (streq(b->format, "other") && !streq(b->fault, "zeros")) {
		return streq(b->fault, "packed") ? "is a packed archive that was never unpacked"
		       : streq(b->fault, "page")
		               ? "is a web page: what was fetched was an answer in words"
		       : streq(b->fault, "data") ? "is no program"
		                                 : "is no program and has no #! line";
	}
	return NULL;
}

static void report(const struct rule *self, struct findings *out, const struct fact_binary *b,
                   const struct fact *end, const struct fact_tool *t) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN, b->path, "%s %s", b->path,
	                                 fault_of(out->arena, b));
	finding_cites(f, b);
	finding_cite(f, end);
	finding_cites(f, t);
	if (t->configured) {
		finding_detail(out, f, "%s in %s line %lld names it", t->setting, t->file,
		               (long long)t->line);
	}
	if (streq(b->format, "other") && str_empty(b->fault)) {
		finding_fix(out, f, "if it is a script, give it its first line",
		            "sed -i.bak '1i #!/bin/sh' %s", str_shell_quote(out->arena, b->path));
	}
	if (streq(b->tool, "gopls")) {
		finding_fix(
			out, f, "install the one for this machine",
			"env -u GOBIN GOOS= GOARCH= go install golang.org/x/tools/gopls@latest");
	} else {
		finding_fix(out, f, "install the Go for this machine", "%s", "");
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *gopls = facts_chosen(facts, "gopls");
	const struct fact_binary *b = gopls ? facts_binary(facts, gopls->path) : NULL;
	const struct fact_server *server = facts_first(server, facts);
	bool refused = server && streq(server->state, "not_executed") && server->error == ENOEXEC;
	if (b && refused && fault_of(out->arena, b)) {
		report(self, out, b, &server->base, gopls);
	}
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	go = go ? go : facts_chosen(facts, "go");
	b = go ? facts_binary(facts, go->path) : NULL;
	const struct fact_go_run *run = facts_run(facts, "version");
	run = run ? run : facts_run(facts, "env");
	if (b && run && !run->started && run->error == ENOEXEC && fault_of(out->arena, b)) {
		report(self, out, b, &run->base, go);
	}
}

const struct rule rule_bin_wrong_arch_format = {
	.id = "bin-wrong-arch-format",
	.title = "the program file is not for this machine",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(binary),
	.check = check,
};
