/* SPDX-License-Identifier: MIT
 * GOROOT names a whole Go installation, but of another version than the go command that runs: the
 * standard library and the compiler of one, the go command of the other.
 *
 * `go build` then stops ("compile: version … does not match go tool version"); a language server goes
 * on with the other library, and only misses what that one lacks. So this is a note as long as
 * nothing is missed. Not this: a GOROOT that is no installation (env-goroot-wrong), two trees of one
 * version, a GOROOT that a switch of toolchain or a shim sets anew.
 */
#include "core/origin.h"
#include "core/rule.h"
#include "gofile/goversion.h"
#include "gofile/stdlist.h"

/* go sets GOROOT itself when it switches to the toolchain that go.mod asks for. */
static bool is_switched(const struct facts *facts) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	return t && streq(t->verdict, "needs") && t->present;
}

static const struct fact_goroot *named_root(const struct facts *facts) {
	facts_each (goroot, root, facts) {
		if (!root->own && root->complete && !str_empty(root->version)) {
			return root;
		}
	}
	return NULL;
}

static const struct fact_go_version *running(const struct facts *facts) {
	facts_each (go_version, v, facts) {
		if (streq(v->source, "local")) {
			return v;
		}
	}
	return NULL;
}

/* "undefined: errors.AsType": a name of the library, and not of a package of the user. */
static bool misses_name(const char *text) {
	static const char head[] = "undefined: ";
	const char *name = str_starts(text, head) ? text + strlen(head) : "";
	size_t n = strcspn(name, ".");
	size_t count = 0;
	const struct stdlist_entry *all = stdlist_all(&count);
	for (size_t i = 0; name[n] == '.' && i < count; i++) {
		const char *slash = strrchr(all[i].path, '/');
		const char *base = slash ? slash + 1 : all[i].path;
		if (strlen(base) == n && strncmp(base, name, n) == 0) {
			return true;
		}
	}
	return false;
}

/* "package weak is not in std", "could not import weak (…)": one that came after this version. The same
 * words about an old one are said of full disks and damaged installations. */
static bool misses_package(struct arena *arena, const char *text, int minor) {
	static const char import[] = "could not import ";
	const char *end = strstr(text, " is not in std");
	const char *begin = end;
	while (begin && begin > text && begin[-1] != ' ') {
		begin--;
	}
	if (!end && str_starts(text, import)) {
		begin = text + strlen(import);
		end = begin + strcspn(begin, " (");
	}
	const struct stdlist_entry *entry =
		end ? stdlist_find(arena_strndup(arena, begin, (size_t)(end - begin))) : NULL;
	return entry && entry->since > minor;
}

/* What the other library or the other compiler makes go wrong. */
static const struct fact *harm(const struct facts *facts, const struct fact_goroot *root,
                               const char *running) {
	const struct fact *said = facts_said(facts, "does not match go tool version", NULL);
	const struct fact_trial *own = facts_trial(facts, "compile with its own GOROOT");
	if (!said && own) {
		return own->better ? &own->base : NULL; /* else the error is the user's own */
	}
	bool older = goversion_compare(root->version, running) < 0;
	int minor = goversion_minor(root->version);
	facts_each (diagnostic, d, facts) {
		bool missed = older && streq(d->severity, "error") && misses_name(d->text);
		if (!said && (missed || misses_package(facts->arena, d->text, minor))) {
			said = &d->base;
		}
	}
	return said;
}

/* The version manager that exports it. */
static const char *exported_by(const char *root) {
	static const char *const managers[][2] = {{"/.gvm/", "gvm"},   {"/mise/", "mise"},
	                                          {"/.asdf/", "asdf"}, {"/.goenv/", "goenv"},
	                                          {"/.g/", "g"},       {"/.gobrew/", "gobrew"}};
	for (size_t i = 0; i < sizeof(managers) / sizeof(*managers); i++) {
		if (str_has(root, managers[i][0])) {
			return managers[i][1];
		}
	}
	return NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_govar *var = facts_govar(facts, "GOROOT");
	const struct fact_goroot *root = named_root(facts);
	const struct fact_go_version *go = running(facts);
	bool named = var && !streq(var->origin, "default");
	if (!named || !root || !go || streq(root->version, go->version) || is_switched(facts)) {
		return;
	}
	const struct fact *missed = harm(facts, root, go->version);
	bool judged = facts_healthy(facts) || facts_hurt(facts);
	if (!judged) {
		return; /* nothing in it is fatal by itself */
	}
	const struct fact_tool *tool = facts_chosen(facts, "server-go");
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "GOROOT=%s", var->value),
		"GOROOT is %s (Go %s), and the go that runs is Go %s (%s)", var->value,
		root->version, go->version, tool ? tool->path : go->path);
	finding_about(out, f, "GOROOT");
	if (!missed) {
		f->severity = SEV_NOTE;
	}
	const char *manager = exported_by(var->value);
	finding_detail(out, f,
	               "the go command takes the standard library and the compiler of GOROOT, and "
	               "go build refuses the mixture; GOROOT is set %s%s%s",
	               origin_words(facts, var), manager ? ", it belongs to " : "",
	               manager ? manager : "");
	finding_cites(f, root);
	finding_cites(f, go);
	finding_cites(f, var);
	finding_cite(f, missed);
	if (tool) {
		finding_cites(f, tool);
	}
	origin_fix(facts, out, f, var);
}

const struct rule rule_env_goroot_go_mismatch = {
	.id = "env-goroot-go-mismatch",
	.title = "GOROOT and the go command are of different versions",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(govar) | FACT_BIT(goroot) | FACT_BIT(go_version),
	.check = check,
};
