/* SPDX-License-Identifier: MIT
 * Where a comment or a text was to end, only who wrote it knows. What is written in UTF-16 is said again in UTF-8.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"

/* Of a file with a byte order mark; it is written in place, so that it stays what and whose it is. */
static void convert(struct plan *out, const char *file) {
	static const char script[] =
		"t=$(mktemp) && iconv -f UTF-16 -t UTF-8 \"$1\" >\"$t\" && cat \"$t\" >\"$1\"; "
		"s=$?; rm -f \"$t\"; exit $s";
	const char *const argv[] = {"/bin/sh", "-c", script, "sh", file, NULL};
	const char *const announces[] = {file, NULL};
	struct step *step = plan_run(out, path_parent(out->arena, file), argv, announces);
	if (step) {
		step->what = arena_printf(out->arena, "write %s in UTF-8 in place of UTF-16", file);
	}
	out->why = arena_printf(
		out->arena, "The editor takes its settings for UTF-8, and %s is in UTF-16.", file);
	out->then = "reload the window of the editor";
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_settings_error *e = finding_first(settings_error, finding);
	(void)facts;
	if (e && str_has(e->message, "UTF-16")) {
		convert(out, e->file);
		return;
	}
	plan_unable(out, "only you know what %s was to say: correct it at line %lld (%s)",
	            e ? e->file : "the file", e ? (long long)e->line : 0, e ? e->message : "");
}

const struct fix fix_cfg_settings_json_invalid = {
	.cause = "cfg-settings-json-invalid",
	.title = "write the file in the encoding that the editor reads",
	.plan = plan,
};
