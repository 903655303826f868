/* SPDX-License-Identifier: MIT
 * go.alternateTools (or go.toolsGopath) names a program that is not there any more.
 *
 * The extension then goes on searching; only when it finds nothing else is this the cause, else a
 * note. A file that is there and cannot be executed is bin-not-executable-or-dir. Other editors take
 * the program that their configuration names, or none.
 */
#include "core/rule.h"

#include "base/path.h"

static bool is_gone(const struct fact_tool *t) {
	return streq(t->state, "absent") || streq(t->state, "dangling") ||
	       streq(t->state, "unknown");
}

static const char *unquoted(struct arena *arena, const char *json) {
	size_t n = strlen(json);
	return n >= 2 && json[0] == '"' ? arena_strndup(arena, json + 1, n - 2) : json;
}

static const struct fact_tool *configured(const struct facts *facts, const char *tool) {
	facts_each (tool, t, facts) {
		if (t->configured && streq(t->tool, tool)) {
			return t;
		}
	}
	return NULL;
}

/* The place to point to instead, or NULL. */
static const struct fact_tool *another(const struct facts *facts, const char *tool) {
	const struct fact_tool *chosen = facts_chosen(facts, tool);
	if (chosen) {
		return chosen;
	}
	facts_each (tool, t, facts) {
		if (streq(t->tool, tool) && streq(t->state, "ok")) {
			return t;
		}
	}
	return NULL;
}

static void advise(struct findings *out, struct finding *f, const struct facts *facts,
                   const struct fact_setting *s, const char *tool) {
	const struct fact_tool *other = another(facts, tool);
	const char *where = arena_printf(out->arena, "%s line %lld", s->file, (long long)s->line);
	if (other) {
		finding_fix(
			out, f,
			arena_printf(out->arena, "remove the entry in %s, or name this one", where),
			"\"go.alternateTools\": {\"%s\": \"%s\"}", tool, other->path);
		return;
	}
	finding_fix(out, f,
	            arena_printf(out->arena, "remove the entry in %s, and install %s", where, tool),
	            "%s", streq(tool, "gopls") ? "go install golang.org/x/tools/gopls@latest" : "");
}

/* An editor whose configuration is no settings.json of VS Code. */
static void judge_command(const struct rule *self, const struct facts *facts, struct findings *out,
                          const char *tool) {
	const struct fact_tool *t = configured(facts, tool);
	if (!t || !is_gone(t) || str_empty(t->file) || str_starts(t->setting, "go.")) {
		return;
	}
	const struct fact_tool *other = another(facts, tool);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, t->path, "%s line %lld names %s, which %s", t->file,
		(long long)t->line, t->path,
		streq(t->state, "dangling") ? "is a link to what is gone" : "does not exist");
	finding_cites(f, t);
	if (other) {
		finding_cites(f, other);
		/* The line may have it with a tilde or a variable. */
		const char *edit =
			arena_printf(out->arena, "%llds|[^\"']*/%s|%s|", (long long)t->line,
		                     path_base(t->path), other->path);
		finding_fix(out, f, arena_printf(out->arena, "name %s instead", other->path),
		            "sed -i %s %s", str_shell_quote(out->arena, edit),
		            str_shell_quote(out->arena, t->file));
		return;
	}
	finding_fix(out, f, arena_printf(out->arena, "install %s and name its place there", tool),
	            "%s", streq(tool, "gopls") ? "go install golang.org/x/tools/gopls@latest" : "");
}

static void judge(const struct rule *self, const struct facts *facts, struct findings *out,
                  const char *tool) {
	struct arena *arena = out->arena;
	const struct fact_setting *s =
		facts_setting(facts, arena_printf(arena, "go.alternateTools.%s", tool));
	const struct fact_tool *t = configured(facts, tool);
	if (!s || !streq(s->type, "string") || streq(s->json, "\"\"")) {
		return;
	}
	const char *written = unquoted(arena, s->json);
	const struct fact_tool *chosen = facts_chosen(facts, tool);
	if (t ? !is_gone(t) : chosen != NULL) {
		return;
	}
	const char *what = t ? t->path : written;
	const char *link =
		t && streq(t->state, "dangling")
			? arena_printf(arena, "is a link to %s, which is gone",
	                               str_empty(t->real) ? "a file" : t->real)
		: t ? "does not exist"
		: strchr(written, '/')
			? "is no absolute path, so it is taken for a name, and no program of "
			  "that name is found"
			: "is found nowhere";
	struct finding *f = findings_add(out, self, CONF_CERTAIN, what,
	                                 "%s in %s line %lld is \"%s\", which %s", s->key, s->file,
	                                 (long long)s->line, written, link);
	if (chosen) {
		f->severity = SEV_NOTE;
		finding_detail(out, f, "the editor takes %s instead", chosen->path);
	}
	finding_about(out, f, what);
	finding_cites(f, s);
	if (t) {
		finding_cites(f, t);
	}
	facts_each (tool, other, facts) {
		if (other != t && streq(other->tool, tool) && !streq(other->via, "elsewhere")) {
			finding_cites(f, other);
		}
	}
	advise(out, f, facts, s, tool);
}

/* go.toolsGopath names a directory that is gone, and no gopls is found anywhere. */
static void judge_folder(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_place *p = facts_place(facts, "toolsGopath");
	const struct fact_setting *s = facts_setting(facts, "go.toolsGopath");
	if (!p || !s || streq(p->state, "ok") || facts_setting(facts, "go.alternateTools.gopls")) {
		return;
	}
	const struct fact_tool *other = another(facts, "gopls");
	facts_each (tool, t, facts) {
		bool inside = streq(t->tool, "gopls") && !streq(t->via, "elsewhere");
		if (inside && (streq(t->state, "no_exec_bit") || streq(t->state, "directory") ||
		               streq(t->state, "noexec_mount"))) {
			return;
		}
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, p->path,
	                                 "go.toolsGopath in %s line %lld is %s, which %s", s->file,
	                                 (long long)s->line, s->json,
	                                 streq(p->state, "relative")  ? "is no absolute path"
	                                 : streq(p->state, "not_dir") ? "is no directory"
	                                                              : "does not exist");
	if (facts_chosen(facts, "gopls")) {
		f->severity = SEV_NOTE;
	}
	finding_cites(f, s);
	finding_cites(f, p);
	if (other) {
		finding_cites(f, other);
		finding_detail(out, f, "a gopls lies in %s", other->path);
	}
	finding_fix(out, f,
	            arena_printf(out->arena, "remove go.toolsGopath from %s, then install gopls",
	                         s->file),
	            "go install golang.org/x/tools/gopls@latest");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	judge(self, facts, out, "gopls");
	judge(self, facts, out, "go");
	judge_command(self, facts, out, "gopls");
	judge_folder(self, facts, out);
}

const struct rule rule_cfg_alternate_tools_stale = {
	.id = "cfg-alternate-tools-stale",
	.title = "a setting names a tool that is gone",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(setting) | FACT_BIT(tool),
	.explains = IDS("*bin-gopls-missing", "*bin-wrong-bin-dir"),
	.check = check,
};
