/* SPDX-License-Identifier: MIT
 * fs-slow-mount: the source or a cache lies on a file system that answers slowly (9p and drvfs of WSL,
 * NFS, sshfs, another FUSE), and the server does not come to its end.
 * Proof: lookups in it, timed, and a server that is late with its answers or gives none.
 * Counter-checks: a network file system that answers quickly is nothing; a server that answers in time
 * is nothing; one that is dead (its looks hang) is said, with how long was waited.
 */
#include "core/rule.h"

#define LATE_MS 2500  /* an answer that a user waits for */
#define DEAD_US 20000 /* a load asks for a thousand names and more */

static const struct fact *late_feature(const struct facts *facts) {
	facts_each (feature, f, facts) {
		if (streq(f->state, "timeout") || streq(f->state, "no_answer") ||
		    f->ms >= LATE_MS) {
			return &f->base;
		}
	}
	return NULL;
}

static const char *role_words(struct arena *arena, const struct fact_slow_place *p) {
	return streq(p->role, "workspace") ? arena_printf(arena, "the workspace %s", p->path)
	                                   : arena_printf(arena, "%s %s", p->role, p->path);
}

/* Of the places that go reads and writes for each load. */
static const struct fact_slow_place *slowest(const struct facts *facts) {
	static const char *const roles[] = {"workspace", "GOMODCACHE", "GOCACHE", "GOROOT"};
	const struct fact_slow_place *worst = NULL;
	facts_each (slow_place, p, facts) {
		for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
			bool worse = !worst || p->median_us < 0 || p->median_us > worst->median_us;
			worst = streq(p->role, roles[i]) && worse ? p : worst;
		}
	}
	return worst;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_slow_place *p = slowest(facts);
	const struct fact *late = late_feature(facts);
	const struct fact_server *s = facts_first(server, facts);
	bool waits = s && (streq(s->state, "answered") || streq(s->state, "silent"));
	bool each = p && (streq(p->role, "workspace") || streq(p->role, "GOROOT"));
	bool hopeless = each && (p->median_us < 0 || p->median_us >= DEAD_US);
	if (!p || facts_healthy(facts) || (!hopeless && (!late || !waits))) {
		return;
	}
	const char *took = p->median_us < 0
	                           ? "does not answer at all"
	                           : arena_printf(out->arena, "takes %lld.%lld ms for each lookup",
	                                          (long long)(p->median_us / 1000),
	                                          (long long)(p->median_us % 1000 / 100));
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, p->path,
		"%s is on %s (%s), which %s; a local disk takes a few microseconds, and go asks "
		"thousands of times",
		role_words(out->arena, p), p->mount, p->fstype, took);
	finding_about(out, f, p->mount);
	facts_each (slow_place, other, facts) {
		finding_cites(f, other);
	}
	finding_cite(f, late);
	if (streq(p->role, "workspace")) {
		finding_fix(out, f, "work on a copy on a local file system", "cp -r %s ~/",
		            str_shell_quote(out->arena, p->path));
	} else if (streq(p->role, "GOCACHE") || streq(p->role, "GOMODCACHE")) {
		finding_fix(out, f, "put it on a local disk",
		            "go env -w %s=\"/var/tmp/$(id -un)-%s\"", p->role,
		            streq(p->role, "GOCACHE") ? "go-build" : "go-mod");
	} else {
		finding_fix(out, f, "put the caches on a local disk",
		            "go env -w GOCACHE=\"/var/tmp/$(id -un)-go-build\" "
		            "GOMODCACHE=\"/var/tmp/$(id -un)-go-mod\"");
	}
}

const struct rule rule_fs_slow_mount = {
	.id = "fs-slow-mount",
	.title = "The source or a cache is on a file system that answers slowly",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(slow_place),
	.explains = IDS("*ipc-server-stopped", "*ipc-server-waits-on-child"),
	.check = check,
};
