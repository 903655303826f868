/* SPDX-License-Identifier: MIT
 * The flag that asks for it goes, in the settings or in the script that has it.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "wire/json_text.h"

/* In the list of another editor, of which the command may be a part: this one element. False when it stands in none. */
static bool in_other_list(const struct facts *facts, struct plan *out, const char *address) {
	facts_each (go_flag_setting, s, facts) {
		bool it = str_has(s->value, "-remote=") && str_ends(s->value, address);
		if (it && s->is_string && !str_empty(s->key) && s->line > 0 &&
		    mend_is_data(s->file)) {
			plan_member(out, s->file, s->line,
			            arena_printf(out->arena, "%s/[]", s->key),
			            json_text_quoted(out->arena, slice_str(s->value)), NULL);
			out->then = "restart the language server";
			return true;
		}
	}
	return false;
}

static void in_settings(const struct facts *facts, struct plan *out, const char *address) {
	struct strbuf list;
	const char *file = NULL;
	const char *key = "go.languageServerFlags";
	if (in_other_list(facts, out, address)) {
		return;
	}
	strbuf_init(&list, out->arena);
	facts_each (go_flag_setting, s, facts) {
		bool it = str_has(s->value, "-remote=") && str_ends(s->value, address);
		if (!s->is_string || !str_empty(s->key) || strpbrk(s->value, "\"\\\n")) {
			plan_unable(out, "%s in %s is no list of plain words", key, s->file);
			return;
		}
		file = s->file;
		if (!it) {
			strbuf_printf(&list, "%s\"%s\"", list.len > 0 ? ", " : "", s->value);
		}
	}
	if (!file || !str_ends(file, ".json")) {
		plan_unable(out, "it is not known which settings ask for the daemon at %s",
		            address);
		return;
	}
	plan_setting(out, file, key,
	             list.len > 0 ? arena_printf(out->arena, "[%s]", list.data) : NULL);
	out->then = "restart the language server";
}

/* All of them: of several the last one counts, and then the one before. */
static void in_script(struct plan *out, const char *script) {
	const char *const argv[] = {"/bin/sed",
	                            "-i",
	                            "--follow-symlinks",
	                            "-E",
	                            "s,[[:space:]][\"']?-remote=[^[:space:]\"']*[\"']?,,g",
	                            script,
	                            NULL};
	const char *const announces[] = {script, NULL};
	struct step *step = plan_run(out, path_parent(out->arena, script), argv, announces);
	if (step) {
		step->what = arena_printf(out->arena, "take -remote out of %s", script);
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_remote *r = finding_first(remote, finding);
	if (!r) {
		plan_unable(out, "it is not known which daemon is meant");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "No gopls listens at %s; without -remote the editor has a gopls of "
	                        "its own.",
	                        r->address);
	if (r->from[0] == '/') {
		in_script(out, r->from);
	} else {
		in_settings(facts, out, r->address);
	}
}

const struct fix fix_ipc_remote_daemon_absent = {
	.cause = "ipc-remote-daemon-absent",
	.title = "do without the daemon that is not there",
	.plan = plan,
};
