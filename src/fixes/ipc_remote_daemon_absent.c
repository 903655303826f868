/* SPDX-License-Identifier: MIT
 * The address of a daemon that is not there gives way to `auto`, in the settings or in the script that names it.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/remedy.h"

#define FLAGS_MAX 32

static void in_settings(const struct facts *facts, struct plan *out, const char *address) {
	struct strbuf list;
	const char *file = NULL;
	const char *key = "go.languageServerFlags";
	strbuf_init(&list, out->arena);
	facts_each (go_flag_setting, s, facts) {
		bool it = str_has(s->value, "-remote=") && str_ends(s->value, address);
		if (!s->is_string || !str_empty(s->key) || strpbrk(s->value, "\"\\\n")) {
			plan_unable(out, "%s in %s is no list of plain words", key, s->file);
			return;
		}
		file = s->file;
		strbuf_printf(&list, "%s\"%s\"", list.len > 0 ? ", " : "",
		              it ? "-remote=auto" : s->value);
	}
	if (!file || !str_ends(file, ".json")) {
		plan_unable(out, "it is not known which settings ask for the daemon at %s",
		            address);
		return;
	}
	plan_setting(out, file, key, arena_printf(out->arena, "[%s]", list.data));
	out->then = "restart the language server";
}

static void in_script(struct plan *out, const char *script, const char *address) {
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._:;-";
	if (strspn(address, letters) != strlen(address)) {
		plan_unable(out, "-remote in %s has to be edited by hand", script);
		return;
	}
	struct strbuf pattern;
	strbuf_init(&pattern, out->arena);
	for (const char *c = address; *c; c++) {
		strbuf_printf(&pattern, "%s%c", *c == '.' ? "\\" : "", *c);
	}
	const char *words =
		arena_printf(out->arena, "s,-remote=[^[:space:]]*%s,-remote=auto,", pattern.data);
	const char *const argv[] = {"/bin/sed", "-i", "--follow-symlinks", words, script, NULL};
	const char *const announces[] = {script, NULL};
	struct step *step = plan_run(out, path_parent(out->arena, script), argv, announces);
	if (step) {
		step->what = arena_printf(out->arena, "make it -remote=auto in %s", script);
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_remote *r = finding_first(remote, finding);
	if (!r) {
		plan_unable(out, "it is not known which daemon is meant");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "No gopls listens at %s. With -remote=auto gopls starts the daemon "
	                        "when there is none.",
	                        r->address);
	if (r->from[0] == '/') {
		in_script(out, r->from, r->address);
	} else {
		in_settings(facts, out, r->address);
	}
}

const struct fix fix_ipc_remote_daemon_absent = {
	.cause = "ipc-remote-daemon-absent",
	.title = "let gopls start its own daemon",
	.plan = plan,
};
