/* SPDX-License-Identifier: MIT
 * gopls is nowhere on this machine.
 *
 * Not this: a gopls the editor does not look at (bin-wrong-bin-dir), one that cannot be executed
 * (bin-not-executable-or-dir, sec-noexec-mount), a setting that names a missing one
 * (cfg-alternate-tools-stale), no Go at all (bin-go-missing explains this one).
 */
#include "base/path.h"
#include "core/gopls_choice.h"
#include "core/origin.h"
#include "core/rule.h"
#include "gofile/goplsrelease.h"

/* Where this user's programs lie, or a link of that name: not just some directory of another user on
 * PATH. */
static bool is_own_place(const struct facts *facts, const struct fact_tool *t) {
	const struct fact_target *target = facts_first(target, facts);
	bool home = target && !str_empty(target->home) && path_below(t->path, target->home);
	bool link = !str_empty(t->real) && !streq(t->via, "elsewhere");
	return home || link || (!streq(t->via, "path") && !streq(t->via, "elsewhere"));
}

static bool is_found_somewhere(const struct facts *facts) {
	facts_each (tool, t, facts) {
		if (streq(t->tool, "gopls") && !streq(t->state, "absent") &&
		    !streq(t->state, "dangling") && !streq(t->state, "unknown") &&
		    !streq(t->state, "unreachable")) {
			return true;
		}
		if (streq(t->tool, "gopls") && streq(t->state, "unreachable") &&
		    is_own_place(facts, t)) {
			return true; /* nobody knows: bin-not-executable-or-dir */
		}
		if (streq(t->tool, "gopls") && streq(t->state, "hung")) {
			return true; /* its file system does not answer: fs-slow-mount */
		}
		if (streq(t->tool, "gopls") && t->configured && !str_empty(t->file)) {
			return true; /* a configuration names it: cfg-alternate-tools-stale */
		}
	}
	return facts_setting(facts, "go.alternateTools.gopls") != NULL;
}

/* go.toolsGopath names a directory that is gone: that is the cause. */
static bool is_tools_folder_gone(const struct facts *facts) {
	const struct fact_place *p = facts_place(facts, "toolsGopath");
	return p && !streq(p->state, "ok");
}

static void report(const struct rule *self, const struct facts *facts, struct findings *out) {
	struct strbuf places;
	strbuf_init(&places, out->arena);
	const struct fact_tool *dangling = NULL;
	size_t count = 0;
	facts_each (tool, t, facts) {
		if (!streq(t->tool, "gopls")) {
			continue;
		}
		if (streq(t->state, "dangling") && !dangling) {
			dangling = t;
		}
		if (!streq(t->via, "elsewhere") && count < 3) {
			strbuf_printf(&places, "%s%s", count ? ", " : "", t->path);
			count++;
		}
	}
	/* Where a go puts programs that nobody finds here, nobody knows for certain; and with it
	 * the editor could not install one either. */
	enum confidence sure = origin_go_off_path(facts) ? CONF_LIKELY : CONF_CERTAIN;
	const char *looked =
		count ? arena_printf(out->arena, "not %s, and nowhere on PATH", places.data)
		      : "nowhere on PATH";
	struct finding *f =
		dangling ? findings_add(out, self, sure, "gopls",
	                                "gopls is missing: %s is a link to %s, which is gone",
	                                dangling->path,
	                                str_empty(dangling->real) ? "a file" : dangling->real)
			 : findings_add(out, self, sure, "gopls", "gopls is not installed: %s",
	                                looked);
	if (dangling) {
		finding_cites(f, dangling);
	}
	facts_each (tool, t, facts) {
		if (streq(t->tool, "gopls") && t != dangling && !streq(t->via, "elsewhere")) {
			finding_cites(f, t);
		}
	}
	origin_cite_judged(facts, f, "PATH");
	finding_fix(out, f, "install it", "go install golang.org/x/tools/gopls@%s",
	            gopls_release_wanted(gopls_local_go(facts)));
}

/* What is found is a script (a wrapper, the shim of a version manager) that finds no gopls itself. */
static void check_wrapper(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	const struct fact_tool *chosen = facts_chosen(facts, "gopls");
	const struct fact_binary *b = chosen ? facts_binary(facts, chosen->path) : NULL;
	const struct fact_server *s = facts_first(server, facts);
	bool script = b && streq(b->format, "script");
	bool ended = s && streq(s->state, "exited") && (s->exit_code == 127 || s->exit_code == 126);
	if (!script || !ended || str_has(s->err, "env: ") ||
	    (!str_has(s->err, "not found") && !str_has(s->err, "No such file") &&
	     !str_has(s->err, "No version"))) {
		return;
	}
	struct slice rest = slice_str(s->err);
	struct slice line = {0};
	(void)slice_line(&rest, &line);
	struct finding *f =
		findings_add(out, self, CONF_LIKELY, chosen->path,
	                     "%s is a script, and the gopls it is to start is missing: %.*s",
	                     chosen->path, (int)line.len, line.data);
	finding_cites(f, s);
	finding_cites(f, b);
	finding_cites(f, chosen);
	finding_fix(out, f, "install it where that script looks, or correct the script",
	            "go install golang.org/x/tools/gopls@%s",
	            gopls_release_wanted(gopls_local_go(facts)));
}

/* Nobody looked on PATH while it was recorded (check --from-trace): it may well lie there. */
static bool is_unseen(const struct facts *facts) {
	facts_each (tool, t, facts) {
		if (streq(t->tool, "gopls") && streq(t->via, "path") &&
		    streq(t->state, "unknown") && t->base.ev &&
		    t->base.ev->state == EV_NOT_RECORDED) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_wrapper(self, facts, out);
	if (is_unseen(facts)) {
		return;
	}
	if (!facts_first(tool, facts) || facts_chosen(facts, "gopls") ||
	    is_found_somewhere(facts) || is_tools_folder_gone(facts) || facts_healthy(facts)) {
		return;
	}
	report(self, facts, out);
}

const struct rule rule_bin_gopls_missing = {
	.id = "bin-gopls-missing",
	.title = "gopls is not installed",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.check = check,
};
