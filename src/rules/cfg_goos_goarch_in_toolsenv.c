/* SPDX-License-Identifier: MIT
 * go.toolsEnvVars sets GOOS, GOARCH or tags for the machine the program is made for; the extension
 * gives them to gopls, dlv and every other tool of this machine. (CGO_ENABLED=0 alone is no target:
 * mod-cgo-toolchain-missing.)
 *
 * By itself that is a note: gopls gives files of another platform a build of their own. It is the
 * cause when code that is needed is left out, or the pair does not exist: then wherever it is set,
 * for go loads nothing at all. A value stored by go env -w is env-goenv-file-leftover; code left out
 * by a good pair in the environment, or in gopls.build.env for gopls alone, is
 * mod-excluded-by-constraints.
 */
#include "core/origin.h"
#include "core/rule.h"

/* The Go that is used has no such pair. A driver does not ask go. */
static const struct fact_platform *no_such_pair(const struct facts *facts) {
	const struct fact_platform *p = facts_first(platform, facts);
	const struct fact_govar *driver = facts_govar(facts, "GOPACKAGESDRIVER");
	bool asks = !driver || str_empty(driver->value) || streq(driver->value, "off");
	return p && !p->known && asks ? p : NULL;
}

static const struct fact *pair_refused(const struct facts *facts) {
	const struct fact_platform *p = no_such_pair(facts);
	if (p) {
		return &p->base;
	}
	const struct fact *said = facts_said(facts, "unsupported GOOS/GOARCH pair", NULL);
	facts_each (go_run, run, facts) {
		bool refused = str_has(run->err, "unsupported GOOS/GOARCH pair");
		said = !said && refused ? &run->base : said;
	}
	return said;
}

/* cgo is off by itself when GOOS or GOARCH are not this machine's (go/build, Default). */
static const struct fact *cgo_off(const struct facts *facts) {
	const struct fact_govar *cgo = facts_govar(facts, "CGO_ENABLED");
	bool by_itself = !cgo || !streq(cgo->value, "1") || streq(cgo->origin, "default");
	return by_itself ? origin_excluded(facts, "CGO_ENABLED", "0") : NULL;
}

static const struct fact *harm(const struct facts *facts, const char *name, const char *value) {
	if (streq(name, "GOFLAGS")) {
		return origin_tag_harm(facts, value);
	}
	const struct fact *fault = origin_excluded(facts, name, value);
	fault = fault ? fault : cgo_off(facts);
	return fault ? fault : pair_refused(facts);
}

/* What this machine is anyway. */
static bool is_host(const struct facts *facts, const char *name, const char *value) {
	if (streq(name, "GOOS")) {
		return streq(value, "linux");
	}
	const struct fact_tool *go = facts_chosen(facts, "go");
	const struct fact_binary *b = go ? facts_binary(facts, go->path) : NULL;
	return streq(name, "GOARCH") && b && b->machine_ok && streq(b->machine, value);
}

/* "GOOS=js GOARCH=wasm": both belong together. */
static const char *platform_words(const struct facts *facts) {
	static const char *const names[] = {"GOOS", "GOARCH"};
	const char *words = "";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct fact_govar *var = facts_govar(facts, names[i]);
		if (var && streq(var->origin, "settings") && !str_empty(var->value)) {
			words = arena_printf(facts->arena, "%s%s%s=%s", words,
			                     str_empty(words) ? "" : " ", names[i],
			                     str_shell_quote(facts->arena, var->value));
		}
	}
	return words;
}

static bool told(const struct rule *self, const struct findings *out) {
	return out->last && out->last->rule == self;
}

/* GOOS and GOARCH are mostly set together, and are one cause. */
static void check_one(const struct rule *self, const struct facts *facts, struct findings *out,
                      const char *name) {
	const char *key = arena_printf(out->arena, "go.toolsEnvVars.%s", name);
	const struct fact_setting *s = facts_setting(facts, key);
	const struct fact_govar *var = facts_govar(facts, name);
	if (!s || !var || !streq(var->origin, "settings") || str_empty(var->value) ||
	    is_host(facts, name, var->value) || (no_such_pair(facts) && !streq(name, "GOFLAGS"))) {
		return;
	}
	const struct fact *fault = harm(facts, name, var->value);
	bool platform = streq(name, "GOOS") || streq(name, "GOARCH");
	if (told(self, out) && (!fault || out->last->severity != SEV_NOTE)) {
		finding_cites(out->last, s);
		return;
	}
	if (!fault && (!platform || !facts_healthy(facts))) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN,
	                                 arena_printf(out->arena, "%s=%s", key, var->value),
	                                 "%s is %s in %s line %lld: gopls, dlv and all other tools "
	                                 "of this machine get it too",
	                                 key, var->value, s->file, (long long)s->line);
	finding_about(out, f, name);
	finding_cite(f, fault);
	finding_cites(f, s);
	finding_cites(f, var);
	if (!fault) {
		f->severity = SEV_NOTE;
		finding_detail(out, f,
		               "what is debugged or tested here is built for that platform "
		               "and does not run on this one");
	}
	finding_fix(
		out, f,
		arena_printf(out->arena,
	                     "take it out of go.toolsEnvVars in %s line %lld and set it where the "
	                     "program is built",
	                     s->file, (long long)s->line),
		"%s",
		platform ? arena_printf(out->arena, "env %s go build ./...", platform_words(facts))
			 : "");
	if (platform) {
		finding_fix(
			out, f,
			"to see the code of that platform in the editor, give it to gopls alone",
			"\"gopls\": {\"build.env\": {\"%s\": \"%s\"}}", name, var->value);
	}
}

/* Names that uname, compilers and people have for what Go calls otherwise. */
static const char *name_of_go(const char *word) {
	static const char *const names[][2] = {
		{"x86_64", "amd64"}, {"x64", "amd64"},     {"i386", "386"},     {"i686", "386"},
		{"x86", "386"},      {"aarch64", "arm64"}, {"armv8", "arm64"},  {"armv6", "arm"},
		{"armv7", "arm"},    {"armv7l", "arm"},    {"armhf", "arm"},    {"amd46", "amd64"},
		{"macos", "darwin"}, {"osx", "darwin"},    {"win32", "windows"}};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcasecmp(word, names[i][0]) == 0) {
			return names[i][1];
		}
	}
	return NULL;
}

/* A pair that no Go builds for, set in the environment or for gopls alone. */
static void check_pair(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_platform *p = no_such_pair(facts);
	const struct fact_govar *os = facts_govar(facts, "GOOS");
	const struct fact_govar *arch = facts_govar(facts, "GOARCH");
	if (!p || !os || !arch || facts_healthy(facts)) {
		return;
	}
	bool of_os = !p->os_known || streq(arch->origin, "default");
	const struct fact_govar *var = of_os ? os : arch;
	if (streq(var->origin, "default") || streq(var->origin, "goenv")) {
		return;
	}
	const char *key = arena_printf(out->arena, "go.toolsEnvVars.%s", var->name);
	bool of_tools = streq(var->origin, "settings") && facts_setting(facts, key);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		arena_printf(out->arena, "%s=%s", of_tools ? key : var->name, var->value),
		"%s is %s: Go has no platform %s/%s, so go loads nothing", var->name, var->value,
		p->goos, p->goarch);
	finding_about(out, f, var->name);
	const char *right = name_of_go(var->value);
	finding_detail(out, f, "it is set %s%s", origin_words(facts, var),
	               right ? arena_printf(out->arena, "; Go calls it %s", right) : "");
	finding_cites(f, p);
	finding_cites(f, var);
	origin_fix(facts, out, f, var);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	static const char *const names[] = {"GOOS", "GOARCH", "GOFLAGS"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		check_one(self, facts, out, names[i]);
	}
	check_pair(self, facts, out);
}

const struct rule rule_cfg_goos_goarch_in_toolsenv = {
	.id = "cfg-goos-goarch-in-toolsenv",
	.title = "go.toolsEnvVars sets the target platform for the tools of this machine",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(setting) | FACT_BIT(govar),
	.explains = IDS("*mod-excluded-by-constraints", "*bin-wrong-bin-dir",
                        "*mod-cgo-toolchain-missing"),
	.check = check,
};
