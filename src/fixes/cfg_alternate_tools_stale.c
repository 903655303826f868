/* SPDX-License-Identifier: MIT
 * Takes the entry that names a program which is gone out of the settings, or names one that is there but is not found
 * without it.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/gopls_choice.h"
#include "core/mend.h"
#include "core/placeholder.h"
#include "wire/json_text.h"

static const char *json_of(struct arena *arena, const char *text) {
	return json_text_quoted(arena, slice_str(text));
}

/* One that is there; `found` when the editor gets to it without a setting. */
static const struct fact_tool *usable(const struct facts *facts, const char *tool,
                                      bool *ret_found) {
	const struct fact_tool *elsewhere = NULL;
	facts_each (tool, t, facts) {
		const struct fact_binary *b = facts_binary(facts, t->path);
		bool runs = !b || streq(b->format, "script") ||
		            (streq(b->format, "elf") && b->machine_ok);
		if (!streq(t->tool, tool) || !streq(t->state, "ok") || !runs) {
			continue;
		}
		if (!streq(t->via, "elsewhere")) {
			*ret_found = true;
			return t;
		}
		elsewhere = elsewhere ? elsewhere : t;
	}
	*ret_found = false;
	return elsewhere;
}

/* In Zed's settings (lsp.gopls.binary.path) the member may go as well: it looks on PATH then. */
static void plan_zed(const struct fact_tool *t, const struct fact_tool *other, struct plan *out) {
	out->why = arena_printf(out->arena, "%s names %s, which is gone; %s%s.", t->file, t->path,
	                        other ? "gopls is " : "without it Zed looks on PATH",
	                        other ? other->path : "");
	plan_setting(out, t->file, "lsp/gopls/binary/path",
	             other ? json_of(out->arena, other->path) : NULL);
}

/* Another editor whose configuration is data: a member that is the program, or a list whose first word it is. */
static void plan_command(const struct facts *facts, const struct fact_tool *t, struct plan *out) {
	const struct fact_editor *e = facts_first(editor, facts);
	bool found = false;
	const struct fact_tool *other = usable(facts, "gopls", &found);
	if (e && streq(e->name, "zed") && str_ends(t->file, ".json")) {
		plan_zed(t, other, out);
		return;
	}
	if (!other || !mend_is_data(t->file) || t->line <= 0) {
		plan_unable(out, "%s line %lld has to name another program", t->file,
		            (long long)t->line);
		return;
	}
	const char *member =
		t->in_list ? arena_printf(out->arena, "%s/[]", t->setting) : t->setting;
	out->why = arena_printf(out->arena, "%s names %s, which is gone; gopls is %s.", t->file,
	                        t->path, other->path);
	plan_member(out, t->file, t->line, member, t->in_list ? json_of(out->arena, t->path) : NULL,
	            json_of(out->arena, other->path));
	out->then = "restart the language server";
}

/* Somebody looked, and no program is there. */
static bool is_gone(const struct facts *facts, const char *path) {
	facts_each (tool, t, facts) {
		if (streq(t->path, path)) {
			return !streq(t->state, "ok");
		}
	}
	return false;
}

/* "$HOME/tools/gopls", which nobody expands, written out; NULL when it is something else, or that is gone as well. */
static const char *written_out(const struct facts *facts, const struct fact_setting *s) {
	size_t n = strlen(s->json);
	const char *text = n > 2 ? arena_strndup(facts->arena, s->json + 1, n - 2) : "";
	const char *right =
		placeholder_find(facts->arena, text) ? placeholder_meant(facts, text) : text;
	bool known = !streq(right, text) && right[0] == '/' &&
	             !placeholder_find(facts->arena, right) && !strpbrk(right, "\"\\");
	bool here = known && !is_gone(facts, right);
	return here && str_starts(s->key, "go.alternateTools.") ? right : NULL;
}

static void install(const struct facts *facts, struct plan *out) {
	const struct fact_target *t = facts_first(target, facts);
	const char *gopath = facts_govar_value(facts, "GOPATH");
	const char *base = gopath[0] == '/' && !strchr(gopath, ':') ? gopath
	                   : t && t->home[0] == '/' ? path_join(out->arena, t->home, "go")
	                                            : "";
	if (*base) {
		mend_install(out, facts, GOPLS_PACKAGE, "latest",
		             path_join(out->arena, base, "bin/gopls"));
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_setting *s = finding_first(setting, finding);
	if (!s) {
		const struct fact_tool *t = finding_first(tool, finding);
		if (t) {
			plan_command(facts, t, out);
		} else {
			plan_unable(out, "it is not known which setting is meant");
		}
		return;
	}
	const char *tool = streq(s->key, "go.alternateTools.go") ? "go" : "gopls";
	const char *right = written_out(facts, s);
	if (right) {
		out->why = arena_printf(out->arena, "%s is %s, which nobody expands.", s->key,
		                        s->json);
		mend_setting(out, facts, s, json_of(out->arena, right));
		out->then = "reload the window of the editor";
		return;
	}
	bool folder = streq(s->key, "go.toolsGopath");
	bool found = false;
	const struct fact_tool *other = usable(facts, tool, &found);
	bool name_it = other && !found && !folder;
	out->why = arena_printf(out->arena, "%s is %s, which is not there%s%s.", s->key, s->json,
	                        name_it ? "; there is "
	                        : other ? "; without it the editor finds "
	                                : "",
	                        other ? other->path : "");
	if (!mend_setting(out, facts, s, name_it ? json_of(out->arena, other->path) : NULL)) {
		return;
	}
	if (folder && other && !found) {
		mend_user_setting(out, facts, "go.alternateTools/gopls",
		                  json_of(out->arena, other->path));
	} else if (!other && streq(tool, "gopls")) {
		install(facts, out);
	}
	out->then = "reload the window of the editor";
}

const struct fix fix_cfg_alternate_tools_stale = {
	.cause = "cfg-alternate-tools-stale",
	.title = "name a program that is there, or none",
	.plan = plan,
};
