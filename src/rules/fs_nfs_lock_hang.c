/* SPDX-License-Identifier: MIT
 * fs-nfs-lock-hang: go waits for a file lock on a network or FUSE file system that nobody holds here:
 * its lock manager does not answer; or that file system refuses every lock, and go ends (cmd/go locks the
 * module cache before it writes there, and go.mod before it reads it).
 * Proof: a program below the server sleeps in the lock call, the file is on such a file system, and no
 * process of this machine has the lock.
 * Counter-checks: with a holder, or on a local file system, it is fs-lock-held; a refused lock on a local
 * file system is a filter of system calls.
 */
#include "base/path.h"
#include "core/complaint.h"
#include "core/rule.h"
#include "gofile/lockfile.h"

static bool is_remote(const char *fstype) {
	static const char *const types[] = {"nfs",  "cifs", "smb", "9p",      "fuse",
	                                    "ceph", "afs",  "gfs", "gluster", "lustre"};
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (str_starts(fstype, types[i])) {
			return true;
		}
	}
	return false;
}

static const struct fact_place *place_of(const struct facts *facts, const char *path) {
	const struct fact_place *best = NULL;
	facts_each (place, p, facts) {
		if (p->path[0] == '/' && path_below(path, p->path) &&
		    (!best || strlen(p->path) > strlen(best->path))) {
			best = p;
		}
	}
	return best;
}

/* Where the places are not known (of a process that was asked about), the path tells whose file it is. */
static const char *role_of(struct arena *arena, const char *path) {
	switch (lockfile_of(arena, path).kind) {
	case LOCKFILE_BUILD:
		return "GOCACHE";
	case LOCKFILE_VERSION:
	case LOCKFILE_TOOLCHAIN:
	case LOCKFILE_LIST:
	case LOCKFILE_MODCACHE:
	case LOCKFILE_VCS:
	case LOCKFILE_SUMDB:
		return "GOMODCACHE";
	default:
		return "";
	}
}

static void report(const struct rule *self, const struct facts *facts, struct findings *out,
                   const struct fact *proof, const char *who, const char *path,
                   const char *fstype) {
	const struct fact_place *p = place_of(facts, path);
	struct finding *f =
		who ? findings_add(out, self, CONF_CERTAIN, path,
	                           "%s waits for the lock on %s, which nobody on this machine has: "
	                           "it is on %s, whose lock manager does not answer",
	                           who, path, fstype)
		    : findings_add(out, self, CONF_CERTAIN, path,
	                           "go may not lock %s: it is on %s (%s), which refuses locks",
	                           path, p ? p->mount : "", fstype);
	finding_cite(f, proof);
	finding_cite(f, (const struct fact *)p);
	const char *role = p ? p->role : role_of(out->arena, path);
	if (streq(role, "GOCACHE") || streq(role, "GOMODCACHE") || streq(role, "GOPATH")) {
		bool build = streq(role, "GOCACHE");
		finding_fix(out, f, "put that cache on a local disk",
		            "go env -w %s=\"/var/tmp/$(id -un)-%s\"",
		            build ? "GOCACHE" : "GOMODCACHE", build ? "go-build" : "go-mod");
	} else {
		finding_fix(out, f, "work on a copy on a local disk", "%s", "");
	}
	finding_fix(out, f,
	            str_starts(fstype, "nfs")
	                    ? "mount it with local_lock=all (nolock), if no other machine writes "
	                      "there"
	                    : "mount it so that locks are kept locally",
	            "%s", "");
}

/* "go: RLock /x/go.mod: no locks available" */
static bool check_refused(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	static const char *const words[] = {"no locks available", "operation not supported",
	                                    "function not implemented"};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (struct complaint c = complaint_find(facts, words[i]); c.fact;
		     c = complaint_next(facts, words[i], &c)) {
			const struct fact_place *p = place_of(facts, c.path);
			if (str_has(c.line, "Lock ") && p && is_remote(p->fstype)) {
				report(self, facts, out, c.fact, NULL, c.path, p->fstype);
				return true;
			}
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (!facts_hurt(facts) || check_refused(self, facts, out)) {
		return;
	}
	facts_each (lock_wait, w, facts) {
		if (w->holder == 0 && is_remote(w->fstype)) {
			report(self, facts, out, &w->base,
			       arena_printf(out->arena, "%s (process %lld)", w->program,
			                    (long long)w->pid),
			       w->path, w->fstype);
			return;
		}
	}
	facts_each (wait_leaf, l, facts) {
		const struct fact_place *p = place_of(facts, l->on);
		if (streq(l->kind, "lock") && p && is_remote(p->fstype)) {
			report(self, facts, out, &l->base, l->name, l->on, p->fstype);
			return;
		}
	}
}

const struct rule rule_fs_nfs_lock_hang = {
	.id = "fs-nfs-lock-hang",
	.title = "A file lock on a network file system is never given",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(place),
	.explains = IDS("*fs-lock-held", "*ipc-server-waits-on-child", "*ipc-server-stopped",
                        "*fs-slow-mount"),
	.check = check,
};
