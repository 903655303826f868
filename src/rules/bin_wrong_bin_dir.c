/* SPDX-License-Identifier: MIT
 * gopls is installed, but not where the editor looks: GOBIN is another one (or a list), GOPATH has
 * moved, GOOS or GOARCH sent it to bin/<os>_<arch>, or only another PATH leads there.
 *
 * Not this: a configured path that is stale (cfg-alternate-tools-stale), a file that lies in the
 * right place and cannot be executed (bin-not-executable-or-dir).
 */
#include "core/origin.h"
#include "core/rule.h"

#include "base/path.h"

/* Something nearer is wrong with the places that are looked at. */
static bool is_other_cause(const struct facts *facts) {
	facts_each (tool, t, facts) {
		bool inside = streq(t->tool, "gopls") && !streq(t->via, "elsewhere");
		if (inside && (streq(t->state, "no_exec_bit") || streq(t->state, "directory") ||
		               streq(t->state, "noexec_mount"))) {
			return true;
		}
	}
	return facts_setting(facts, "go.alternateTools.gopls") != NULL;
}

static bool below_platform_dir(const struct facts *facts, const char *dir) {
	const char *base = path_base(dir);
	(void)facts;
	return strchr(base, '_') && streq(path_base(path_parent(facts->arena, dir)), "bin");
}

static const char *platform_reason(const struct facts *facts, struct findings *out,
                                   struct finding *f) {
	static const char *const names[] = {"GOARCH", "GOOS"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct fact_govar *v = facts_govar(facts, names[i]);
		if (v && !streq(v->origin, "default")) {
			finding_cites(f, v);
			origin_fix(facts, out, f, v);
			return arena_printf(
				out->arena,
				"%s=%s, %s, makes go install put programs into bin/%s_%s", v->name,
				v->value, origin_words(facts, v),
				facts_govar(facts, "GOOS") ? facts_govar(facts, "GOOS")->value
							   : "os",
				facts_govar(facts, "GOARCH") ? facts_govar(facts, "GOARCH")->value
							     : "arch");
		}
	}
	return "it was installed for another GOOS or GOARCH";
}

/* The line that makes this directory the bin of GOPATH; of a list go install takes the first (cmd/go, GOBIN in
 * `go help environment`). */
static const struct fact_startup *startup_gopath(const struct facts *facts, const char *dir) {
	return streq(path_base(dir), "bin")
	               ? origin_startup(facts, "GOPATH", path_parent(facts->arena, dir))
	               : NULL;
}

/* The variable or setting that decides where go install puts programs, as this user has it. */
static const char *bin_reason(const struct facts *facts, struct findings *out, struct finding *f,
                              const char *dir) {
	static const char *const scopes[] = {"own", "judged", "server"};
	const struct fact_govar *gobin = facts_govar(facts, "GOBIN");
	if (gobin && !str_empty(gobin->value) && !streq(gobin->origin, "default")) {
		finding_cites(f, gobin);
		const char *kind =
			strchr(gobin->value, ':') ? "is a list, but must be one directory"
			: streq(gobin->value, dir)
				? "is where go install puts it, and the editor looks on PATH"
				: "is what the editor follows";
		return arena_printf(out->arena, "GOBIN=%s, %s, %s", gobin->value,
		                    origin_words(facts, gobin), kind);
	}
	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++) {
		const char *value = facts_var(facts, scopes[i], "GOBIN");
		if (streq(value, dir)) {
			return arena_printf(out->arena,
			                    "GOBIN=%s is set in the shell, but not for the editor",
			                    value);
		}
	}
	const struct fact_startup *s = origin_startup(facts, "GOBIN", dir);
	s = s ? s : startup_gopath(facts, dir);
	s = s ? s : origin_startup(facts, "PATH", dir);
	if (s) {
		finding_cites(f, s);
		return arena_printf(out->arena, "only %s line %lld leads there (%s=%s)", s->file,
		                    (long long)s->line, s->name, s->value);
	}
	const struct fact_setting *set = facts_setting(facts, "go.gopath");
	if (set) {
		finding_cites(f, set);
		return arena_printf(out->arena, "go.gopath is %s (%s line %lld)", set->json,
		                    set->file, (long long)set->line);
	}
	const struct fact_govar *gopath = facts_govar(facts, "GOPATH");
	if (gopath && !streq(gopath->origin, "default") &&
	    !path_below(dir, arena_printf(out->arena, "%s/bin", gopath->value))) {
		finding_cites(f, gopath);
		return arena_printf(out->arena, "GOPATH is %s, %s", gopath->value,
		                    origin_words(facts, gopath));
	}
	return "that directory is not on its PATH";
}

static const char *list_of_places(const struct facts *facts, struct findings *out) {
	struct strbuf places;
	strbuf_init(&places, out->arena);
	size_t count = 0;
	facts_each (tool, t, facts) {
		if (streq(t->tool, "gopls") && !streq(t->via, "elsewhere") &&
		    !streq(t->via, "path") && count < 3) {
			strbuf_printf(&places, "%s%s", count++ ? ", " : "", t->path);
		}
	}
	return count ? arena_printf(out->arena, "it looks at %s and on PATH", places.data)
	             : "it looks on PATH only";
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *t = origin_gopls_elsewhere(facts);
	if (!t || facts_healthy(facts) || is_other_cause(facts)) {
		return;
	}
	const char *dir = path_parent(out->arena, t->path);
	struct finding *f = findings_add(out, self, CONF_CERTAIN, t->path, "%s", "");
	finding_cites(f, t);
	bool platform = below_platform_dir(facts, dir);
	const char *reason =
		platform ? platform_reason(facts, out, f) : bin_reason(facts, out, f, dir);
	f->title = arena_printf(out->arena,
	                        "gopls is installed as %s, where the editor does not look: %s",
	                        t->path, reason);
	finding_detail(out, f, "%s", list_of_places(facts, out));
	facts_each (tool, other, facts) {
		if (streq(other->tool, "gopls") && !streq(other->via, "elsewhere")) {
			finding_cites(f, other);
		}
	}
	if (platform) {
		finding_fix(
			out, f, "install it for this machine",
			"env -u GOBIN GOOS= GOARCH= go install golang.org/x/tools/gopls@latest");
		return;
	}
	const struct fact_govar *gobin = facts_govar(facts, "GOBIN");
	if (gobin && strchr(gobin->value, ':')) {
		origin_fix(facts, out, f, gobin);
		finding_fix(out, f, "then install it again",
		            "env -u GOBIN go install golang.org/x/tools/gopls@latest");
		return;
	}
	const struct fact_editor *editor = facts_first(editor, facts);
	if (editor && streq(editor->name, "vscode")) {
		finding_fix(out, f, "name it in the user settings.json",
		            "\"go.alternateTools\": {\"gopls\": \"%s\"}", t->path);
	}
	finding_fix(out, f, "put its directory on PATH for every session, then log in again",
	            "echo 'export PATH=\"$PATH:%s\"' >> ~/.profile", dir);
}

const struct rule rule_bin_wrong_bin_dir = {
	.id = "bin-wrong-bin-dir",
	.title = "gopls is installed where the editor does not look",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.check = check,
};
