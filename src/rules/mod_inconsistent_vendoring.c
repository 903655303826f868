/* SPDX-License-Identifier: MIT
 * mod-inconsistent-vendoring: go takes packages from vendor/ and vendor/modules.txt is not in step
 * with go.mod, or the directory lacks a package. Both files are compared as go compares them.
 * Counter-check: a vendor directory that go does not use (-mod=mod, no go line, made for a
 * workspace) harms nothing, however old it is.
 */
#include "core/origin.h"
#include "core/rule.h"

#include "base/path.h"

static const struct fact_vendor *used_vendor(const struct facts *facts) {
	facts_each (vendor, v, facts) {
		if (!streq(v->mode, "off")) {
			return v;
		}
	}
	return NULL;
}

static bool is_single_package(const struct fact_vendor_gap *g) {
	return streq(g->kind, "no_directory") || streq(g->kind, "no_package");
}

static bool flags_say_vendor(const struct facts *facts) {
	const struct fact_govar *flags = facts_govar(facts, "GOFLAGS");
	return flags && str_has(flags->value, "-mod=vendor");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_vendor *vendor = used_vendor(facts);
	const struct fact_vendor_gap *first = facts_first(vendor_gap, facts);
	if (!vendor || !first) {
		return;
	}
	const char *dir = path_parent(out->arena, vendor->dir);
	bool work = str_ends(first->gomod, ".work");
	struct finding *f;
	if (is_single_package(first)) {
		f = findings_add(out, self, CONF_CERTAIN, vendor->dir,
		                 "%s lacks %s, and go looks for packages nowhere else: %s",
		                 vendor->dir, first->module, first->text);
	} else if (!vendor->modules_txt && streq(vendor->mode, "flag")) {
		f = findings_add(out, self, CONF_CERTAIN, first->modules_txt,
		                 "-mod=vendor%s makes go take packages from %s alone, and there is "
		                 "no %s (%s)",
		                 flags_say_vendor(facts) ? " in GOFLAGS" : "", vendor->dir,
		                 first->modules_txt, first->module);
	} else if (!vendor->modules_txt) {
		f = findings_add(out, self, CONF_CERTAIN, first->modules_txt,
		                 "%s is missing, so go takes %s for a vendor directory that "
		                 "contradicts %s (%s)",
		                 first->modules_txt, vendor->dir, first->gomod, first->module);
	} else {
		f = findings_add(out, self, CONF_CERTAIN, first->modules_txt,
		                 "%s is not in step with %s: %s%s%s %s", first->modules_txt,
		                 first->gomod, first->module, *first->version ? " " : "",
		                 first->version, first->text);
	}
	facts_each (vendor_gap, g, facts) {
		finding_cites(f, g);
	}
	finding_cites(f, vendor);
	bool asked = streq(vendor->mode, "flag") && !vendor->modules_txt;
	finding_about(out, f, asked ? "GOFLAGS" : "module"); /* nothing was ever vendored */
	finding_fix(out, f,
	            "make vendor/ anew from go.mod (needs the modules in the cache or a network)",
	            "cd %s && go %s vendor", str_shell_quote(out->arena, dir),
	            work ? "work" : "mod");
	if (streq(vendor->mode, "auto")) {
		finding_fix(out, f, "leave vendor/ aside and use the module cache",
		            "cd %s && mv vendor _vendor", str_shell_quote(out->arena, dir));
	} else {
		const struct fact_govar *flags = facts_govar(facts, "GOFLAGS");
		bool by_flags = flags_say_vendor(facts);
		finding_detail(out, f, "vendor/ is used because a flag says -mod=vendor%s%s",
		               by_flags ? "; GOFLAGS is set " : "",
		               by_flags ? origin_words(facts, flags) : "");
		if (by_flags) {
			finding_cites(f, flags);
		}
		if (by_flags && !vendor->modules_txt) {
			origin_fix(facts, out, f, flags);
		}
	}
	if (facts_healthy(facts)) {
		f->severity = SEV_NOTE;
	}
}

const struct rule rule_mod_inconsistent_vendoring = {
	.id = "mod-inconsistent-vendoring",
	.title = "vendor/ is out of step with go.mod",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(vendor) | FACT_BIT(vendor_gap),
	.check = check,
};
