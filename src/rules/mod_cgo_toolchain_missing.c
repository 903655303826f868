/* SPDX-License-Identifier: MIT
 * mod-cgo-toolchain-missing: code that imports "C" and a machine on which go cannot process it: cgo
 * is switched off (CGO_ENABLED=0, or silently, because there is no C compiler), or it is on and the
 * compiler, pkg-config, a .pc file or a header is not found, or the compiler does not take a flag of a
 * variable.
 * Counter-check: files left out by a tag, a name or another platform (for which cgo is off as well)
 * are mod-excluded-by-constraints. A C error in the user's own code is none of this. Packages that
 * other packages import are read from their Go files, so that a missing compiler hurts the package
 * that is open, and no other.
 */
#include "base/path.h"
#include "core/cc_flag.h"
#include "core/origin.h"
#include "core/refused.h"
#include "core/rule.h"
#include "core/undefined.h"

#define PACKAGES_OF_COMPILER "sudo apt install build-essential"

static bool is_c(const struct fact_excluded *x) {
	return streq(x->reason, "cgo");
}

/* What the build leaves out although it is needed: the open file, a package, a name; NULL. */
static const struct fact *left_out(const struct facts *facts, const char **ret_path) {
	const struct fact_open_file *file = facts_first(open_file, facts);
	if (file && streq(file->reason, "cgo") && !facts_healthy(facts)) {
		*ret_path = file->path;
		return &file->base;
	}
	facts_each (excluded, x, facts) {
		if (streq(x->what, "package") && is_c(x)) {
			*ret_path = x->file;
			return &x->base;
		}
	}
	facts_each (excluded, x, facts) {
		const char *name = NULL;
		if (streq(x->what, "file") && is_c(x) && undefined_find(facts, x->name, &name)) {
			*ret_path = x->path;
			return &x->base;
		}
	}
	return NULL;
}

static void fix_off(const struct facts *facts, struct findings *out, struct finding *f,
                    const struct fact_cgo *cgo) {
	const struct fact_govar *var = facts_govar(facts, "CGO_ENABLED");
	if (streq(cgo->why, "variable") && var) {
		finding_about(out, f, "CGO_ENABLED");
		finding_detail(out, f, "it is set %s", origin_words(facts, var));
		finding_cites(f, var);
		origin_cite_judged(facts, f, "CGO_ENABLED");
		origin_fix(facts, out, f, var);
	} else if (streq(cgo->why, "no_compiler")) {
		finding_about(out, f, cgo->cc);
		origin_cite_judged(facts, f, "PATH");
		finding_fix(out, f, "install a C compiler, then restart the editor",
		            PACKAGES_OF_COMPILER);
	}
}

static void check_off(const struct rule *self, const struct facts *facts, struct findings *out,
                      const struct fact_cgo *cgo) {
	const char *path = "";
	const struct fact *proof = left_out(facts, &path);
	if (!proof) {
		return;
	}
	bool variable = streq(cgo->why, "variable");
	const char *why =
		variable ? "CGO_ENABLED=0 switches cgo off"
			 : arena_printf(out->arena,
	                                "the server's PATH has no %s, so go switches cgo off",
	                                cgo->cc);
	const char *subject = variable ? "CGO_ENABLED=0" : cgo->cc;
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, subject,
		"%s, and %s, which imports \"C\", is left out of the build", why, path);
	finding_cite(f, proof);
	finding_cites(f, cgo);
	fix_off(facts, out, f, cgo);
	f->severity = facts_healthy(facts) && proof->kind == FACT_excluded &&
	                              !streq(((const struct fact_excluded *)proof)->what, "file")
	                      ? SEV_NOTE
	                      : SEV_ERROR;
}

static const struct fact_cgo_use *use_of(const struct facts *facts, bool open) {
	facts_each (cgo_use, u, facts) {
		if (u->open == open) {
			return u;
		}
	}
	return NULL;
}

/* cgo is on and the compiler it names is nowhere. */
static void check_compiler(const struct rule *self, const struct facts *facts, struct findings *out,
                           const struct fact_cgo *cgo) {
	const struct fact_cgo_use *use = use_of(facts, true);
	bool open = use != NULL;
	use = open ? use : use_of(facts, false);
	if (!use || (!open && !facts_first(health, facts))) {
		return;
	}
	const struct fact_govar *var = facts_govar(facts, "CC");
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, cgo->cc,
	                     "the C compiler %s is not found, and %s line %lld imports \"C\"",
	                     cgo->cc, use->file, (long long)use->line);
	finding_about(out, f, cgo->cc);
	finding_cites(f, cgo);
	finding_cites(f, use);
	if (var && !streq(var->origin, "default")) {
		finding_detail(out, f, "CC is %s, set %s", var->value, origin_words(facts, var));
		finding_cites(f, var);
		origin_fix(facts, out, f, var);
	} else {
		origin_cite_judged(facts, f, "PATH");
	}
	finding_fix(out, f, "install a C compiler, then restart the editor", PACKAGES_OF_COMPILER);
	bool hurts = open ? !facts_healthy(facts) : false;
	f->severity = hurts ? SEV_ERROR : SEV_NOTE;
}

/* The rest of the line behind word, without quotes; NULL when the text does not have it. */
static const char *behind(struct arena *arena, const char *text, const char *word) {
	const char *at = strstr(text, word);
	if (!at) {
		return NULL;
	}
	at += strlen(word);
	return arena_strndup(arena, at, strcspn(at, "\n"));
}

static const char *before(struct arena *arena, const char *text, const char *word) {
	const char *at = strstr(text, word);
	const char *start = at;
	while (start && start > text && !strchr(" \t\n:'\"`", start[-1])) {
		start--;
	}
	return at ? arena_strndup(arena, start, (size_t)(at - start)) : NULL;
}

struct missing {
	const char *what; /* "the header", "pkg-config", "the .pc file of", "the C compiler" */
	const char *name;
	const char *fix_title, *fix;
};

/* What the compiler or pkg-config said, in the C locale. */
static struct missing missing_of(struct arena *arena, const char *text, const char *pkg_config) {
	const char *part = behind(arena, text, "cannot execute '");
	if (part) { /* gcc is a driver for programs in packages of their own */
		part = arena_strndup(arena, part, strcspn(part, "'"));
		return (struct missing){"the part of the C compiler", part,
		                        "install the compiler whole", PACKAGES_OF_COMPILER};
	}
	const char *header = before(arena, text, ": No such file or directory");
	if (header && str_has(text, "fatal error:") && !str_empty(header)) {
		return (struct missing){"the header", header, "find the package that has it",
		                        arena_printf(arena, "apt-file search %s", header)};
	}
	const char *program = str_has(text, "exec: \"") ? behind(arena, text, "exec: \"") : NULL;
	program = program ? arena_strndup(arena, program, strcspn(program, "\"")) : NULL;
	if (program && (str_has(path_base(program), "pkg-config") || streq(program, pkg_config))) {
		return (struct missing){"the program", program, "install it",
		                        "sudo apt install pkg-config"};
	}
	const char *pc = before(arena, text, " was not found in the pkg-config search path");
	if (pc) {
		return (struct missing){
			"the pkg-config file", arena_printf(arena, "%s.pc", pc),
			"install its -dev package, or give PKG_CONFIG_PATH to the editor",
			arena_printf(arena, "apt-file search %s.pc", pc)};
	}
	const char *cc = behind(arena, text, "cgo: C compiler ");
	if (cc) {
		return (struct missing){"the C compiler", cc, "install a C compiler",
		                        PACKAGES_OF_COMPILER};
	}
	return (struct missing){0};
}

/* One of the variables for the compiler has a flag that this one does not take, as one of a cross build. A flag in a
 * `#cgo` line is the user's own code. */
static bool check_flag(const struct rule *self, const struct facts *facts, struct findings *out,
                       const struct fact_cgo *cgo, const char *text) {
	struct cc_flag flag;
	if (!cc_flag_find(out->arena, facts, text, &flag)) {
		return false;
	}
	const struct fact_govar *var = flag.var;
	struct finding *f = findings_add(out, self, CONF_CERTAIN,
	                                 arena_printf(out->arena, "%s=%s", var->name, var->value),
	                                 "%s is \"%s\", and with \"%s\" the C compiler %s fails",
	                                 var->name, var->value, flag.word, cgo->cc);
	finding_about(out, f, var->name);
	finding_detail(out, f, "it says: %s", flag.line);
	finding_detail(out, f, "%s imports \"C\"; %s is set %s", use_of(facts, true)->file,
	               var->name, origin_words(facts, var));
	finding_cites(f, facts_run(facts, "cgo"));
	finding_cites(f, use_of(facts, true));
	finding_cites(f, var);
	finding_cites(f, cgo);
	origin_fix(facts, out, f, var);
	return true;
}

/* cgo is on, the compiler is there: what does it miss? */
static void check_said(const struct rule *self, const struct facts *facts, struct findings *out,
                       const struct fact_cgo *cgo) {
	const struct fact_go_run *run = facts_run(facts, "cgo");
	const struct fact_cgo_use *use = use_of(facts, true);
	if (!run || !use || !facts_hurt(facts)) {
		return;
	}
	const char *text = arena_printf(out->arena, "%s\n%s", run->out, run->err);
	if (check_flag(self, facts, out, cgo, text)) {
		return;
	}
	const struct fact_govar *program = facts_govar(facts, "PKG_CONFIG");
	bool named = program && !str_empty(program->value) && !streq(program->origin, "default");
	struct missing m = missing_of(out->arena, text, named ? program->value : NULL);
	if (!m.what) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, m.name,
	                                 "%s %s, which %s needs to be built, is not found", m.what,
	                                 m.name, use->file);
	finding_about(out, f, m.name);
	finding_cites(f, run);
	finding_cites(f, use);
	finding_cites(f, cgo);
	if (program) {
		finding_cites(f, program);
	}
	if (named && streq(m.name, program->value)) {
		finding_detail(out, f, "PKG_CONFIG is %s, set %s", program->value,
		               origin_words(facts, program));
		finding_about(out, f, "PKG_CONFIG");
		origin_fix(facts, out, f, program);
	}
	origin_cite_judged(facts, f, "PKG_CONFIG_PATH");
	finding_fix(out, f, m.fix_title, "%s", m.fix);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_cgo *cgo = facts_first(cgo, facts);
	if (!cgo || streq(cgo->why, "cross") || refused_variable(facts, "CC", NULL)) {
		return;
	}
	if (!cgo->enabled) {
		check_off(self, facts, out, cgo);
	} else if (str_empty(cgo->path)) {
		check_compiler(self, facts, out, cgo);
	} else {
		check_said(self, facts, out, cgo);
	}
}

const struct rule rule_mod_cgo_toolchain_missing = {
	.id = "mod-cgo-toolchain-missing",
	.title = "Code that imports \"C\" cannot be processed on this machine",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(open_file) | FACT_BIT(cgo_use) | FACT_BIT(excluded),
	.check = check,
};
