/* SPDX-License-Identifier: MIT
 * A variable holds a placeholder that nobody expanded: $HOME, ${workspaceFolder}, ~, %USERPROFILE%.
 *
 * The Go extension expands ${workspaceFolder}, ${env:X} and a leading ~ in its own settings, gopls
 * expands nothing, systemd and pam no ~ and mostly no variables, and only bash looks behind a ~ in
 * PATH. A placeholder alone is harmless: it must be in what does not work. GOCACHE, GOPATH and
 * GOMODCACHE that are no absolute path are cfg-cache-path-not-absolute; what go env -w stored is
 * env-goenv-file-leftover.
 */
#include "base/path.h"
#include "core/cgo.h"
#include "core/origin.h"
#include "core/placeholder.h"
#include "core/rule.h"

static bool place_is_bad(const struct facts *facts, const char *name) {
	const struct fact_place *p = facts_place(facts, name);
	return p && (streq(p->state, "relative") || streq(p->state, "not_dir") ||
	             (streq(p->state, "absent") && (str_ends(name, "TMPDIR") || !p->write)));
}

/* The element of PATH that a tool lies in, once the placeholder is put right; or $PATH itself. */
static const struct fact *path_harm(const struct facts *facts, const char *value) {
	bool no_go = !facts_chosen(facts, "server-go");
	bool no_gopls = !facts_chosen(facts, "gopls");
	const char *right = placeholder_meant(facts, value);
	facts_each (tool, t, facts) {
		bool missed =
			(no_go && streq(t->tool, "go")) || (no_gopls && streq(t->tool, "gopls"));
		const char *dir = path_parent(facts->arena, t->path);
		struct slice rest = slice_str(right);
		struct slice part;
		while (missed && streq(t->state, "ok") && slice_cut(&rest, ':', &part)) {
			if (slice_eq(part, dir)) {
				return &t->base;
			}
		}
	}
	bool rest_of_path =
		str_has(value, "$PATH") || str_has(value, "PATH}") || str_has(value, "%PATH%");
	facts_each (tool, t, facts) {
		if (no_go && rest_of_path && streq(t->tool, "server-go")) {
			return &t->base;
		}
	}
	return NULL;
}

static const struct fact *goroot_harm(const struct facts *facts) {
	facts_each (goroot, root, facts) {
		if (!root->own && !root->complete) {
			return &root->base;
		}
	}
	return NULL;
}

/* What go or gopls said with the placeholder in it. */
static const struct fact *words_with(const struct facts *facts, const char *placeholder) {
	facts_each (go_run, run, facts) {
		if (run->exit_code != 0 && str_has(run->err, placeholder)) {
			return &run->base;
		}
	}
	return streq(placeholder, "~") ? NULL : facts_said(facts, placeholder, NULL);
}

/* The fact that shows what this variable breaks, or NULL: then it is innocent. */
static const struct fact *harm(const struct facts *facts, const char *name, const char *value,
                               const char *placeholder) {
	if (streq(name, "PATH")) {
		return path_harm(facts, value);
	}
	if (streq(name, "GOROOT")) {
		return goroot_harm(facts);
	}
	if (streq(name, "GOBIN")) {
		return facts_chosen(facts, "gopls") ? NULL : facts->first[FACT_tool];
	}
	if (facts_hurt(facts) && cgo_reads(name)) {
		return cgo_complaint(facts);
	}
	if (streq(name, "GOWORK")) {
		facts_each (gowork, w, facts) {
			if (streq(w->role, "missing")) {
				return &w->base;
			}
		}
	}
	const struct fact_trial *flags = facts_trial(facts, "without GOFLAGS");
	if (streq(name, "GOFLAGS") && flags && flags->better) {
		return &flags->base;
	}
	bool bad = place_is_bad(facts, name);
	const struct fact_place *place = facts_place(facts, name);
	return bad ? &place->base : words_with(facts, placeholder);
}

static const char *who_leaves_it(const struct facts *facts, const struct fact_govar *var) {
	if (!streq(var->origin, "settings")) {
		return streq(var->name, "PATH")
		               ? "only a shell expands it, and bash alone a ~ within PATH"
		               : "only a shell expands it";
	}
	const char *key = arena_printf(facts->arena, "go.toolsEnvVars.%s", var->name);
	return facts_setting(facts, key)
	               ? "the Go extension expands ${workspaceFolder}, ${env:NAME} "
	                 "and a leading ~, nothing else"
	               : "gopls expands nothing in its settings";
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const struct fact_govar *var, const struct fact *proof) {
	const char *right = placeholder_meant(facts, var->value);
	const struct fact_tool *tool =
		proof->kind == FACT_tool ? (const struct fact_tool *)proof : NULL;
	bool settings = streq(var->origin, "settings");
	finding_fix(out, f,
	            arena_printf(out->arena, "write it out there: %s",
	                         streq(right, var->value) ? "an absolute path" : right),
	            "%s", "");
	if (!streq(var->name, "PATH") || settings) {
		origin_fix(facts, out, f, var);
	} else if (tool && !str_empty(tool->path)) {
		finding_fix(out, f, "add the directory once more, then log in again",
		            "echo 'export PATH=\"$PATH:%s\"' >> %s",
		            path_parent(out->arena, tool->path), origin_login_file(facts));
	}
}

static void check_one(const struct rule *self, const struct facts *facts, struct findings *out,
                      const char *name) {
	struct fact_govar var = origin_of_var(facts, name);
	const char *placeholder = placeholder_find(out->arena, var.value);
	bool cache = streq(name, "GOCACHE") || streq(name, "GOPATH") || streq(name, "GOMODCACHE");
	if (!placeholder || streq(var.origin, "goenv") || streq(var.origin, "default") ||
	    (cache && var.value[0] != '/')) {
		return;
	}
	const struct fact *proof = harm(facts, name, var.value, placeholder);
	if (!proof) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN,
	                                 arena_printf(out->arena, "%s=%s", name, var.value),
	                                 "%s is literally %s: nobody expanded the %s in it (%s)",
	                                 name, var.value, placeholder, origin_words(facts, &var));
	finding_about(out, f, name);
	finding_detail(out, f, "%s", who_leaves_it(facts, &var));
	finding_cite(f, proof);
	const struct fact_govar *stated = facts_govar(facts, name);
	if (stated) {
		finding_cites(f, stated);
	}
	const struct fact_setting *s =
		facts_setting(facts, arena_printf(out->arena, "go.toolsEnvVars.%s", name));
	if (s && streq(var.origin, "settings")) {
		finding_cites(f, s);
	} else {
		origin_cite_judged(facts, f, name);
	}
	add_fixes(facts, out, f, &var, proof);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	static const char *const names[] = {
		"PATH",         "GOROOT",          "GOBIN",
		"GOFLAGS",      "GOWORK",          "GOTMPDIR",
		"TMPDIR",       "GOCACHE",         "GOMODCACHE",
		"GOPATH",       "GOENV",           "GOPACKAGESDRIVER",
		"CGO_CFLAGS",   "CGO_CXXFLAGS",    "CGO_LDFLAGS",
		"CGO_CPPFLAGS", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR",
		"GOPROXY",      "GOTOOLCHAIN",     "HOME",
	};
	if (facts_healthy(facts)) {
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		check_one(self, facts, out, names[i]);
	}
}

const struct rule rule_cfg_env_not_expanded = {
	.id = "cfg-env-not-expanded",
	.title = "a placeholder in a variable was never expanded",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(govar) | FACT_BIT(var),
	.explains = IDS("env-goroot-wrong", "env-goflags-malformed", "env-tmpdir-invalid",
                        "*env-go-not-on-path-gui", "*env-remote-noninteractive-shell",
                        "*bin-go-missing", "*bin-gopls-missing", "*bin-wrong-bin-dir",
                        "*mod-gowork-missing-dir", "*fs-readonly", "*fs-gocache-foreign-owner",
                        "*fs-modcache-foreign-owner", "*env-home-or-cache-undefined",
                        "*mod-cgo-toolchain-missing", "*mod-packages-driver-broken",
                        "*cfg-alternate-tools-stale", "*mod-gowork-stray-parent"),
	.check = check,
};
