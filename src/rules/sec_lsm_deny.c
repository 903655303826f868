/* SPDX-License-Identifier: MIT
 * sec-lsm-deny: SELinux, AppArmor or the kernel's capability module refuses to execute gopls or go.
 * Proof: EACCES from execve although the x bit is set, every directory above may be searched and the
 * mount is not noexec, on a machine whose SELinux enforces, or for a process that AppArmor confines; or
 * EPERM, and the file has capabilities that take effect at once and that the bounding set here lacks
 * (capabilities(7), "Safety checking for capability-dumb binaries").
 * Counter-checks: fanotify and fapolicyd refuse with EPERM; without such a label nothing is said.
 */
#include "core/guards.h"
#include "core/rule.h"

#include <errno.h>

static bool is_confined(const char *label) {
	return !str_empty(label) && !str_starts(label, "unconfined") &&
	       !str_starts(label, "kernel") && !str_has(label, "(complain)") &&
	       !str_has(label, "unconfined_t");
}

static void check_capabilities(const struct rule *self, const struct facts *facts,
                               struct findings *out) {
	const struct fact_turned_away *r = guards_refused(facts, "exec", EPERM, 0);
	if (!facts_hurt(facts) || !r || str_empty(r->lacking)) {
		return;
	}
	const char *path = str_shell_quote(out->arena, r->path);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, r->path,
		"%s has file capabilities that nothing in this session may get (0x%s is not in the "
		"bounding set), so the kernel does not execute it (EPERM)",
		r->path, r->lacking);
	finding_cites(f, r);
	finding_fix(out, f, "take them away: gopls and go need none", "sudo setcap -r %s", path);
	finding_fix(out, f, "see what they are", "getcap %s", path);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_capabilities(self, facts, out);
	const struct fact_turned_away *r = guards_refused(facts, "exec", EACCES, 0);
	const struct fact_guard *selinux = guards_of(facts, "selinux");
	const struct fact_guard *label = guards_of(facts, "label");
	bool enforcing = selinux && streq(selinux->name, "1");
	bool armored = label && !selinux && is_confined(label->name);
	if (!facts_hurt(facts) || !r || (!enforcing && !armored)) {
		return;
	}
	const char *path = str_shell_quote(out->arena, r->path);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, r->path,
		"%s may be executed by its modes, and %s refuses it (EACCES)", r->path,
		enforcing ? "SELinux, which enforces here,"
			  : arena_printf(out->arena, "AppArmor (profile %s)", label->name));
	finding_cites(f, r);
	finding_cite(f, (const struct fact *)(enforcing ? selinux : label));
	if (enforcing) {
		finding_fix(out, f, "give the file the label that belongs to its place",
		            "restorecon -v %s", path);
		finding_fix(out, f, "see what was denied", "sudo ausearch -m avc -ts recent");
	} else {
		finding_fix(out, f, "see what was denied, then allow it in the profile",
		            "sudo journalctl -k -g 'apparmor=\"DENIED\"'");
	}
}

const struct rule rule_sec_lsm_deny = {
	.id = "sec-lsm-deny",
	.title = "SELinux, AppArmor or the capability module refuses a program",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(turned_away),
	.explains = IDS("*bin-not-executable-or-dir", "*env-go-wrapper-broken"),
	.check = check,
};
