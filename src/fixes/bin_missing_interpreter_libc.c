/* SPDX-License-Identifier: MIT
 * Takes the line ends of Windows out of a script, or lets env(1) find the interpreter of its first line; a program that
 * was linked for another system has to be installed anew.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/gopls_choice.h"
#include "core/mend.h"

static bool has_cr(const struct fact_binary *b, const struct fact_server *s) {
	const char *err = s ? s->err : "";
	return str_has(b->interpreter, "\r") || str_has(b->argument, "\r") || str_has(err, "\\r") ||
	       str_has(err, "\r'");
}

static void plan_script(const struct finding *finding, const struct fact_binary *b,
                        struct plan *out) {
	if (has_cr(b, finding_first(server, finding))) {
		out->why =
			arena_printf(out->arena,
		                     "The lines of %s end as on Windows, and the carriage return "
		                     "is taken for a part of the interpreter's name.",
		                     b->path);
		plan_run(out, path_parent(out->arena, b->path),
		         PLAN_WORDS(out, "/bin/sed", "-i", "s/\\r$//", b->path),
		         PLAN_WORDS(out, b->path));
		return;
	}
	if (!str_empty(b->argument) || str_empty(b->interpreter) ||
	    str_ends(b->interpreter, "/env")) {
		plan_unable(out, "the first line of %s has to name an interpreter that exists",
		            b->path);
		return;
	}
	out->why = arena_printf(out->arena,
	                        "The first line of %s asks for %s, which is not there; env finds "
	                        "%s on PATH.",
	                        b->path, b->interpreter, path_base(b->interpreter));
	plan_line(out, b->path, 1, arena_printf(out->arena, "#!%s", b->interpreter),
	          arena_printf(out->arena, "#!/usr/bin/env %s", path_base(b->interpreter)));
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_binary *b = finding_first(binary, finding);
	if (!b) {
		plan_unable(out, "it is not known which file is meant");
	} else if (streq(b->format, "script")) {
		plan_script(finding, b, out);
	} else if (streq(b->tool, "gopls")) {
		out->why = arena_printf(out->arena, "%s was linked for another system.", b->path);
		mend_install(out, facts, GOPLS_PACKAGE, "latest", b->path);
	} else {
		plan_unable(out, "another Go has to be installed in the place of %s", b->path);
	}
}

const struct fix fix_bin_missing_interpreter_libc = {
	.cause = "bin-missing-interpreter-libc",
	.title = "correct the first line of the script, or install the program anew",
	.plan = plan,
};
