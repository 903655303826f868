/* SPDX-License-Identifier: MIT
 * `go env -w` wrote a value long ago that now breaks every go command of this user.
 *
 * It outranks the cause the value leads to, because that cause's usual cure (unset the variable)
 * would change nothing.
 */
#include "core/origin.h"
#include "core/refused.h"
#include "core/rule.h"

/* Values that send go to a directory. Absent ones that can be made are fine, but for temporary
 * directories; a foreign owner, a full or a read-only filesystem are causes of their own, whoever
 * chose the place. */
static bool place_is_bad(const struct facts *facts, const char *name) {
	const struct fact_place *p = facts_place(facts, name);
	if (!p || p->read_only || streq(p->state, "unknown") || streq(p->state, "hung")) {
		return false;
	}
	if (streq(p->state, "absent")) {
		return streq(name, "GOTMPDIR") || !p->write;
	}
	return !streq(p->state, "ok") || (streq(name, "GOTMPDIR") && !p->write);
}

static bool is_directory(const char *name) {
	return streq(name, "GOCACHE") || streq(name, "GOMODCACHE") || streq(name, "GOPATH") ||
	       streq(name, "GOTMPDIR");
}

static const struct fact *goroot_fault(const struct facts *facts) {
	facts_each (goroot, root, facts) {
		if (!root->own && !root->complete) {
			return &root->base;
		}
	}
	return NULL;
}

static const struct fact *flags_fault(const struct facts *facts) {
	facts_each (goflag_error, e, facts) {
		if (streq(e->source, "GOFLAGS")) {
			return &e->base;
		}
	}
	const struct fact *modfile = refused_modfile(facts);
	if (modfile) {
		return modfile;
	}
	const struct fact_govar *var = facts_govar(facts, "GOFLAGS");
	const struct fact *harm = var ? origin_tag_harm(facts, var->value) : NULL;
	if (harm) {
		return harm;
	}
	const struct fact_open_file *file = facts_first(open_file, facts);
	if (file && streq(file->reason, "tag")) {
		return NULL; /* a tag that is missing is no fault of the flags that are there */
	}
	const struct fact_trial *trial = facts_trial(facts, "without GOFLAGS");
	if (trial && trial->better) {
		return &trial->base;
	}
	const struct fact_mod_flag *mod = facts_first(mod_flag, facts);
	const struct fact_work_member *member = facts_first(work_member, facts);
	if (mod && streq(mod->value, "mod") && streq(mod->from, "GOFLAGS") && member &&
	    member->member) {
		return &mod->base; /* refused while that go.work is active */
	}
	const struct fact_govar *flags = facts_govar(facts, "GOFLAGS");
	const struct fact_vendor *vendor = facts_first(vendor, facts);
	if (flags && str_has(flags->value, "-mod=vendor") && vendor && !vendor->modules_txt &&
	    streq(vendor->mode, "flag") && facts_first(vendor_gap, facts)) {
		return &vendor->base; /* nothing was ever vendored here */
	}
	const struct fact *said = facts_said(facts, "-mod=vendor", NULL);
	return flags && str_has(flags->value, "-mod=") ? said : NULL;
}

/* The toolchain cannot be had because of this value: it names one that is nowhere, or with it away go
 * does with what is here. Else the project wants a Go that is not here, whatever is stored. */
static const struct fact *toolchain_fault(const struct facts *facts, const char *where) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	if (!t || streq(t->verdict, "none") || t->present) {
		return NULL;
	}
	const struct fact_trial *trial = facts_trial(facts, "without GOENV");
	bool names_it = streq(t->where, where);
	bool does = streq(t->otherwise, "none") || streq(t->otherwise, "present");
	return names_it || does || (trial && trial->better) ? &t->base : NULL;
}

static bool is_platform(const char *name) {
	return streq(name, "GOOS") || streq(name, "GOARCH") || streq(name, "CGO_ENABLED");
}

static const struct fact *platform_fault(const struct facts *facts, const char *name,
                                         const char *value) {
	const struct fact_platform *p = facts_first(platform, facts);
	if (p && !p->known && !streq(name, "CGO_ENABLED") && !facts_healthy(facts)) {
		return &p->base;
	}
	const struct fact *said = facts_said(facts, "unsupported GOOS/GOARCH pair", NULL);
	if (said) {
		return said;
	}
	const struct fact_go_run *list = facts_run(facts, "list");
	if (list && str_has(list->err, "unsupported GOOS/GOARCH")) {
		return &list->base;
	}
	return origin_excluded(facts, name, value);
}

/* go waits for a host or a name server that does not answer, or for one here that takes the connection and is silent:
 * the value is what others have, too, and that is down. Without the file go does: then it is the value. */
static bool hangs_on(const struct facts *facts, const struct fact_govar *proxy) {
	const struct fact_go_run *run = facts_run(facts, "version");
	const struct fact_trial *trial = facts_trial(facts, "without GOENV");

	if (trial && trial->better) {
		return false;
	}
	facts_each (wait_leaf, l, facts) {
		bool host = STR_IN(l->kind, "net", "dns") && str_starts(l->name, "go ");

		if (l->settled && !l->healthy && (host || streq(l->how, "socket"))) {
			return true;
		}
	}
	return run && run->timed_out && str_has(proxy->value, "://");
}

/* The fact that shows what this stored value breaks, or NULL: then it is innocent. */
static const struct fact *fault_of(const struct facts *facts, const struct fact_govar *var) {
	const char *name = var->name;
	if (streq(name, "GOROOT")) {
		return goroot_fault(facts);
	}
	if (streq(name, "GOFLAGS")) {
		return flags_fault(facts);
	}
	if (streq(name, "GOTOOLCHAIN")) {
		return toolchain_fault(facts, var->where);
	}
	if (is_platform(name)) {
		return platform_fault(facts, name, var->value);
	}
	if (streq(name, "GOPROXY")) {
		/* What a host that answers may still give is not known before; and of one that does not answer,
		 * ipc-server-waits-on-child or tc-download-unavailable speaks. */
		if ((!str_starts(var->value, "off") && !facts_hurt(facts)) ||
		    hangs_on(facts, var)) {
			return NULL;
		}
		const struct fact_toolchain *t = facts_first(toolchain, facts);
		bool stuck = t && streq(t->verdict, "needs") && !t->present;
		const struct fact_mod_absent *absent = facts_first(mod_absent, facts);
		return stuck ? &t->base : absent ? &absent->base : NULL;
	}
	if (streq(name, "GOWORK")) {
		facts_each (gowork, w, facts) {
			if (streq(w->role, "missing")) {
				return &w->base;
			}
		}
		return NULL;
	}
	if (streq(name, "GO111MODULE")) {
		const struct fact_gomod *mod = facts_first(gomod, facts);
		return streq(var->value, "off") && mod && facts_hurt(facts) ? &mod->base : NULL;
	}
	if (streq(name, "GOPACKAGESDRIVER")) {
		return NULL;
	}
	const struct fact_place *place = facts_place(facts, name);
	return place_is_bad(facts, name) ? &place->base : refused_variable(facts, name, NULL);
}

/* What only matters when something is fetched. */
static bool is_for_fetching(const char *name) {
	return STR_IN(name, "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE",
	              "GOAUTH", "GOVCS");
}

/* go failed and spoke of that variable: "go: unknown GOEXPERIMENT rangefunc". */
static bool is_named_by_go(const struct facts *facts, const char *name) {
	facts_each (go_run, run, facts) {
		if (run->started && run->exit_code != 0 && str_has(run->err, name)) {
			return true;
		}
	}
	return false;
}

static void report(const struct rule *self, const struct facts *facts, struct findings *out,
                   const struct fact_govar *var, const struct fact *fault) {
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		arena_printf(out->arena, "%s=%s in %s", var->name, var->value, var->where),
		"%s is %s because go env -w stored it once (%s)", var->name, var->value,
		var->where);
	finding_about(out, f, var->name);
	f->explains = origin_explains(var->name, var->value);
	finding_cites(f, var);
	finding_cite(f, fault);
	const struct fact_trial *trial = facts_trial(facts, "without GOENV");
	if (trial && trial->better) {
		finding_cites(f, trial);
	}
	finding_detail(out, f,
	               "no environment variable shows it, and installing Go again keeps it");
	origin_fix(facts, out, f, var);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_govar *only = NULL;
	const struct fact_govar *named = NULL;
	size_t stored = 0;
	bool found = false;
	facts_each (govar, var, facts) {
		if (!streq(var->origin, "goenv") || streq(var->name, "GOBIN")) {
			continue;
		}
		/* A name missed because of the stored platform is no trouble of the server. */
		if (facts_healthy(facts) && !is_platform(var->name)) {
			continue;
		}
		if (!is_for_fetching(var->name)) {
			only = var;
			stored++;
		}
		named = !named && is_named_by_go(facts, var->name) ? var : named;
		const struct fact *fault = fault_of(facts, var);
		if (fault) {
			report(self, facts, out, var, fault);
			found = true;
		}
	}
	/* go works without the file, and there is just one value in it that can be meant. That is
	 * no proof against a directory: without the file go took another one. */
	const struct fact_trial *trial = facts_trial(facts, "without GOENV");
	only = named ? named : stored == 1 ? only : NULL;
	if (!found && only && !is_directory(only->name) && trial && trial->better) {
		report(self, facts, out, only, &trial->base);
	}
}

const struct rule rule_env_goenv_file_leftover = {
	.id = "env-goenv-file-leftover",
	.title = "a value stored by go env -w breaks the go command",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(govar),
	.check = check,
};
