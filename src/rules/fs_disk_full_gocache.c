/* SPDX-License-Identifier: MIT
 * fs-disk-full-gocache: the filesystem of the build cache has no bytes or no inodes left. go then
 * says that a package is not in std, which is what a wrong GOROOT or a partial $GOROOT/src says
 * too.
 * Counter-checks: go works with a build cache elsewhere, so neither GOROOT nor the project is to
 * blame; with everything cached a full disk is healthy.
 */
#include "core/complaint.h"
#include "core/rule.h"
#include "core/storage.h"

#include <errno.h>

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const struct fact_place *p) {
	const char *mount = str_shell_quote(out->arena, p->mount);
	bool inodes = p->total_inodes > 0 && p->free_inodes < 16;
	finding_fix(out, f,
	            inodes ? "see which directories hold the many files, and remove what is not "
	                     "needed"
	                   : "see what fills it, and remove what is not needed",
	            inodes ? "du --inodes -x %s 2>/dev/null | sort -n | tail -n 15"
	                   : "du -xm %s 2>/dev/null | sort -n | tail -n 15",
	            mount);
	if (streq(p->role, "GOCACHE")) {
		storage_fix_move(facts, out, f, "GOCACHE", "\"/var/tmp/$(id -un)-go-build\"");
	} else {
		storage_fix_move(facts, out, f, "GOMODCACHE", "\"/var/tmp/$(id -un)-go-mod\"");
	}
}

static struct finding *add(const struct rule *self, const struct facts *facts, struct findings *out,
                           const struct fact_place *p, const char *what) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN, p->mount,
	                                 "the filesystem %s, which holds %s %s, has %s", p->mount,
	                                 what, p->path, storage_room(out->arena, p));
	finding_cites(f, p);
	add_fixes(facts, out, f, p);
	return f;
}

/* The disk of the build cache has room, but not for this user. */
static const struct fact *quota(const struct facts *facts, const struct fact_place *p) {
	const struct fact_go_run *std = facts_run(facts, STORAGE_RUN_STD);
	if (std && str_has(std->err, "disk quota exceeded")) {
		return &std->base;
	}
	for (struct complaint said = complaint_find(facts, "disk quota exceeded"); said.fact;
	     said = complaint_next(facts, "disk quota exceeded", &said)) {
		if (str_has(said.line, p->path)) {
			return said.fact;
		}
	}
	return NULL;
}

static void check_build_cache(const struct rule *self, const struct facts *facts,
                              struct findings *out, const struct fact_place *p) {
	bool shut = !p->write || streq(p->state, "denied");
	if (!storage_cache_fails(facts) || shut || (!storage_is_full(p) && !quota(facts, p))) {
		return;
	}
	struct finding *f;
	if (storage_is_full(p)) {
		f = add(self, facts, out, p, "the build cache");
	} else {
		f = findings_add(out, self, CONF_CERTAIN, p->mount,
		                 "the disk quota on %s is used up: the build cache %s can take "
		                 "nothing more",
		                 p->mount, p->path);
		finding_cites(f, p);
		finding_cite(f, quota(facts, p));
		finding_fix(out, f, "see the quota, and remove what is not needed",
		            streq(p->fstype, "btrfs") ? "sudo btrfs qgroup show -reF %s"
		                                      : "quota -s",
		            str_shell_quote(out->arena, p->mount));
	}
	storage_cite_proof(facts, f, STORAGE_TRIAL_CACHE);
	const struct fact *said = facts_said(facts, "no space left on device", NULL);
	finding_cite(f, said ? said : facts_said(facts, "is not in std", NULL));
	finding_detail(out, f, "go does not name the disk: it says that a package is not in std");
}

/* A module has to be fetched, and not even an empty file may be made where it belongs. */
static void check_module_quota(const struct rule *self, const struct facts *facts,
                               struct findings *out) {
	const struct fact_place *mod = facts_place(facts, "GOMODCACHE");
	const struct fact *wanted = storage_module_wanted(facts);
	facts_each (forbidden, no, facts) {
		if (!mod || !wanted || !facts_hurt(facts) || no->error != EDQUOT ||
		    !streq(no->role, "GOMODCACHE")) {
			continue;
		}
		struct finding *f = findings_add(out, self, CONF_CERTAIN, mod->mount,
		                                 "the disk quota on %s is used up: the module "
		                                 "cache %s can take nothing more, "
		                                 "and a module that is needed is not there",
		                                 mod->mount, mod->path);
		finding_cites(f, no);
		finding_cite(f, wanted);
		finding_fix(out, f, "see the quota, and remove what is not needed",
		            streq(mod->fstype, "btrfs") ? "sudo btrfs qgroup show -reF %s"
		                                        : "quota -s",
		            str_shell_quote(out->arena, mod->mount));
		return;
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_place *cache = facts_place(facts, "GOCACHE");
	const struct fact_place *mod = facts_place(facts, "GOMODCACHE");
	if (cache) {
		check_build_cache(self, facts, out, cache);
	}
	bool same = cache && mod && streq(cache->mount, mod->mount) && storage_cache_fails(facts);
	if (!same && mod && mod->write && facts_hurt(facts) && storage_is_full(mod) &&
	    storage_module_wanted(facts)) {
		struct finding *f = add(self, facts, out, mod, "the module cache");
		finding_cite(f, storage_module_wanted(facts));
		finding_detail(out, f, "a module that is needed is not there and finds no room");
	}
	check_module_quota(self, facts, out);
	if (facts_healthy(facts) && cache && cache->write && storage_is_full(cache)) {
		struct finding *f = add(self, facts, out, cache, "the build cache");
		f->severity = SEV_NOTE;
		finding_detail(out, f,
		               "it works as long as all that is needed is in the cache already");
	}
}

const struct rule rule_fs_disk_full_gocache = {
	.id = "fs-disk-full-gocache",
	.title = "The filesystem of the build cache is full",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(place),
	.explains = IDS("fs-disk-full-tmp-or-index", "?mod-excluded-by-constraints"),
	.check = check,
};
