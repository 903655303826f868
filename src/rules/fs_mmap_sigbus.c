/* SPDX-License-Identifier: MIT
 * fs-mmap-sigbus: gopls or go dies of SIGBUS because the bytes of a file it has mapped (its own
 * program, a counter of the telemetry, an entry of the cache) cannot be had from the file system.
 * Proof: SIGBUS, and a file that cannot be read to its end; without the latter, the program or its
 * files on a network or FUSE file system make it likely.
 * Counter-checks: a program that is cut short on a sound disk is bin-truncated-corrupt; SIGSEGV is not
 * this.
 */
#include "base/path.h"
#include "core/rule.h"

#include <signal.h>

static const struct fact *bus_error(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);
	if (s && (s->signal == SIGBUS || str_has(s->err, "SIGBUS"))) {
		return &s->base;
	}
	facts_each (go_run, run, facts) {
		if (run->signal == SIGBUS || str_has(run->err, "SIGBUS")) {
			return &run->base;
		}
	}
	const struct fact *said = facts_said(facts, "signal: bus error", NULL);
	return said ? said : facts_said(facts, "SIGBUS", NULL);
}

static bool is_remote(const char *fstype) {
	return str_starts(fstype, "nfs") || str_starts(fstype, "fuse") ||
	       str_starts(fstype, "cifs") || str_starts(fstype, "9p") ||
	       str_starts(fstype, "afs") || str_starts(fstype, "zfs") || str_starts(fstype, "smb");
}

static void add_fix(struct findings *out, struct finding *f, const char *tool, const char *path) {
	if (streq(tool, "gopls")) {
		finding_fix(out, f, "install gopls on a local disk",
		            "GOBIN=\"/var/tmp/$(id -un)-bin\" go install "
		            "golang.org/x/tools/gopls@latest");
	} else if (streq(tool, "telemetry")) {
		finding_fix(out, f, "let telemetry be, so that no counter is mapped",
		            "go telemetry off");
	} else {
		finding_fix(out, f, "copy it to a local disk, and look at the health of this one",
		            "dd if=%s of=/dev/null bs=1M", str_shell_quote(out->arena, path));
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_bad_read *bad = facts_first(bad_read, facts);
	const struct fact *died = bus_error(facts);
	const struct fact_server *server = facts_first(server, facts);
	died = died || !bad ? died : (const struct fact *)server;
	if (!facts_hurt(facts) || !died) {
		return;
	}
	if (bad) {
		struct finding *f = findings_add(out, self, CONF_CERTAIN, bad->path,
		                                 "%s cannot be read behind byte %lld of %lld (on "
		                                 "%s), and who has it mapped dies "
		                                 "of SIGBUS",
		                                 bad->path, (long long)bad->at,
		                                 (long long)bad->size, bad->fstype);
		finding_cites(f, bad);
		finding_cite(f, died);
		add_fix(out, f, bad->tool, bad->path);
		return;
	}
	static const char *const roles[] = {"HOME", "GOROOT", "GOCACHE", "GOMODCACHE"};
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		const struct fact_place *p = facts_place(facts, roles[i]);
		if (p && is_remote(p->fstype)) {
			struct finding *f = findings_add(out, self, CONF_LIKELY, p->path,
			                                 "%s %s is on %s (%s), and a program that "
			                                 "maps files of it died of SIGBUS",
			                                 roles[i], p->path, p->mount, p->fstype);
			finding_cites(f, p);
			finding_cite(f, died);
			finding_fix(out, f, "put it on a local disk", "%s", "");
			return;
		}
	}
}

const struct rule rule_fs_mmap_sigbus = {
	.id = "fs-mmap-sigbus",
	.title = "A file that is mapped into memory cannot be read",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(bad_read),
	.explains = IDS("*bin-truncated-corrupt", "*env-go-wrapper-broken", "*bug-gopls-panic",
                        "*bug-telemetry-counter"),
	.check = check,
};
