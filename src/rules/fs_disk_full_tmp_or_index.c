/* SPDX-License-Identifier: MIT
 * fs-disk-full-tmp-or-index: the filesystem for temporary files, or of gopls' index, has no room
 * left. Without an inode go cannot make its working directory; without its index gopls ends at the
 * start and the editor restarts it in vain.
 * Counter-checks: temporary files on a disk without bytes, but with inodes, harm little, so go has
 * to work with another directory, or gopls has to end over its index. "disk full?" in its words is
 * a guess, the errno behind it is not: another owner is fs-gocache-foreign-owner.
 */
#include "core/rule.h"
#include "core/storage.h"

static void add_fixes(struct findings *out, struct finding *f, const struct fact_place *p) {
	const char *mount = str_shell_quote(out->arena, p->mount);
	bool inodes = p->total_inodes > 0 && p->free_inodes < 16;
	finding_fix(out, f, "see what fills it, and remove what is not needed",
	            inodes ? "du --inodes -x %s 2>/dev/null | sort -n | tail -n 15"
	                   : "du -xm %s 2>/dev/null | sort -n | tail -n 15",
	            mount);
	if (streq(p->role, "GOPLSCACHE")) {
		finding_fix(out, f, "put the cache of gopls elsewhere",
		            "export GOPLSCACHE=\"/var/tmp/$(id -un)-cache\"");
	} else {
		finding_fix(out, f, "use another directory for temporary files",
		            "export %s=/var/tmp", p->role);
	}
}

static struct finding *add(const struct rule *self, struct findings *out,
                           const struct fact_place *p) {
	bool index = streq(p->role, "GOPLSCACHE");
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, p->mount, "the filesystem %s, which holds %s %s, has %s",
		p->mount, index ? "the cache of gopls" : "the directory for temporary files",
		p->path, storage_room(out->arena, p));
	finding_cites(f, p);
	add_fixes(out, f, p);
	return f;
}

static const struct fact_place *full(const struct facts *facts, const char *role) {
	const struct fact_place *p = facts_place(facts, role);
	return p && p->write && storage_is_full(p) ? p : NULL;
}

static const struct fact_place *index_full(const struct facts *facts) {
	const struct fact_place *p = storage_index(facts);
	const char *error = storage_index_error(facts);
	if (!p || !p->write || !error) {
		return NULL;
	}
	bool said = str_has(error, "no space left") || str_has(error, "quota exceeded");
	return said || (str_empty(error) && storage_is_full(p)) ? p : NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_place *tmp = full(facts, "GOTMPDIR");
	tmp = tmp ? tmp : full(facts, "TMPDIR");
	if (tmp && storage_tmp_fails(facts)) {
		struct finding *f = add(self, out, tmp);
		storage_cite_proof(facts, f, STORAGE_TRIAL_TMP);
		finding_cite(f, facts_said(facts, "no space left on device", NULL));
	} else if (tmp && facts_healthy(facts)) {
		add(self, out, tmp)->severity = SEV_NOTE;
	}
	const struct fact_place *index = index_full(facts);
	if (index && !(tmp && storage_tmp_fails(facts) && streq(tmp->mount, index->mount))) {
		struct finding *f = add(self, out, index);
		finding_cite(f, (const struct fact *)facts_first(server, facts));
		finding_cite(f, facts_said(facts, "no space left on device", NULL));
	}
}

const struct rule rule_fs_disk_full_tmp_or_index = {
	.id = "fs-disk-full-tmp-or-index",
	.title = "The filesystem for temporary files, or of gopls' index, is full",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(place),
	.explains = IDS("?mod-excluded-by-constraints"),
	.check = check,
};
