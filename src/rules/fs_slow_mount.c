/* SPDX-License-Identifier: MIT
 * fs-slow-mount: the source or a cache lies on a file system that answers slowly or not at all (9p and
 * drvfs of WSL, NFS, sshfs, another FUSE, an automounter), or whose server is gone, and the language
 * server does not come to its end.
 * Proof: lookups in it, timed, and a server that is late with its answers or gives none; a thread of
 * it that waits there in one call; the errno of a file system without its server, which go says too.
 * Counter-checks: a network file system that answers quickly is nothing; a server that answers in time
 * is nothing; a dead mount that nobody needs is nothing.
 */
#include "core/rule.h"
#include "core/storage.h"

#include <string.h>

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

/* Does this chain go through a file system? */
static bool through_files(const struct facts *facts, const struct fact_wait_leaf *l) {
	facts_each (wait_link, link, facts) {
		if (link->target == l->target && streq(link->how, "file_system")) {
			return true;
		}
	}
	return streq(l->how, "file_system");
}

static const char *role_words(struct arena *arena, const struct fact_slow_place *p) {
	return streq(p->role, "workspace") ? arena_printf(arena, "the workspace %s", p->path)
	                                   : arena_printf(arena, "%s %s", p->role, p->path);
}

/* A directory in which a program is looked for, before the first one that was found. */
static bool is_program(const struct fact_slow_place *p) {
	return p->median_us < 0 && p->error == 0 &&
	       (streq(p->role, "gopls") || streq(p->role, "go"));
}

/* Of the places that go reads and writes for each load. */
static const struct fact_slow_place *slowest(const struct facts *facts) {
	static const char *const roles[] = {"workspace", "GOMODCACHE", "GOCACHE", "GOROOT"};
	const struct fact_slow_place *worst = NULL;
	facts_each (slow_place, p, facts) {
		for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
			bool worse = !worst || p->median_us < 0 || p->median_us > worst->median_us;
			worst = streq(p->role, roles[i]) && p->error == 0 && worse ? p : worst;
		}
	}
	facts_each (slow_place, p, facts) {
		worst = streq(p->role, "waited") || (!worst && is_program(p)) ? p : worst;
	}
	return worst;
}

/* One whose server is gone, and that go or the language server has run into: who says so. */
static const struct fact_slow_place *gone(const struct facts *facts, const struct fact **ret_said) {
	facts_each (slow_place, p, facts) {
		if (p->error == 0 || !facts_hurt(facts)) {
			continue;
		}
		*ret_said = facts_said(facts, p->path, NULL);
		*ret_said = *ret_said ? *ret_said : facts_said(facts, p->mount, NULL);
		if (*ret_said) {
			return p;
		}
	}
	return NULL;
}

static void add_fixes(struct findings *out, struct finding *f, const struct fact_slow_place *p) {
	const char *mount = str_shell_quote(out->arena, p->mount);
	if (p->median_us < 0 && str_starts(p->fstype, "fuse")) {
		finding_fix(out, f,
		            "take the dead mount away, and mount it anew when its server answers",
		            "fusermount3 -uz %s", mount);
	} else if (p->median_us < 0) {
		finding_fix(out, f, "see what it is and who serves it", "findmnt -T %s", mount);
	}
	if (streq(p->role, "workspace")) {
		finding_fix(out, f, "work on a copy on a local file system", "cp -r %s ~/",
		            str_shell_quote(out->arena, p->path));
	} else if (streq(p->role, "GOCACHE") || streq(p->role, "GOMODCACHE")) {
		finding_fix(out, f, "put it on a local disk",
		            "go env -w %s=\"/var/tmp/$(id -un)-%s\"", p->role,
		            streq(p->role, "GOCACHE") ? "go-build" : "go-mod");
	} else if (p->median_us >= 0) {
		finding_fix(out, f, "put the caches on a local disk",
		            "go env -w GOCACHE=\"/var/tmp/$(id -un)-go-build\" "
		            "GOMODCACHE=\"/var/tmp/$(id -un)-go-mod\"");
	}
}

static void check_gone(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact *said = NULL;
	const struct fact_slow_place *p = gone(facts, &said);
	if (!p) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, p->path,
		"%s is on %s (%s), and whoever serves that file system is gone: %s",
		role_words(out->arena, p), p->mount, p->fstype, strerror((int)p->error));
	finding_about(out, f, p->mount);
	finding_cites(f, p);
	finding_cite(f, said);
	add_fixes(out, f, p);
}

static void check_slow(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_slow_place *p = slowest(facts);
	const struct fact *late = late_feature(facts);
	const struct fact_server *s = facts_first(server, facts);
	bool answers = s && (streq(s->state, "answered") || streq(s->state, "silent"));
	bool waited = p && streq(p->role, "waited");
	bool each = p && (streq(p->role, "workspace") || streq(p->role, "GOROOT"));
	bool hopeless = waited || (each && (p->median_us < 0 || p->median_us >= DEAD_US)) ||
	                (p && is_program(p));
	if (!p || facts_healthy(facts) || (!hopeless && (!late || !answers))) {
		return;
	}
	const char *took = p->median_us < 0
	                           ? "does not answer"
	                           : arena_printf(out->arena, "takes %lld.%lld ms for each lookup",
	                                          (long long)(p->median_us / 1000),
	                                          (long long)(p->median_us % 1000 / 100));
	struct finding *f =
		waited ? findings_add(out, self, CONF_CERTAIN, p->path,
	                              "the server waits for %s, which is on %s (%s), and that %s",
	                              p->path, p->mount, p->fstype, took)
		       : findings_add(out, self, CONF_CERTAIN, p->path,
	                              "%s is on %s (%s), which %s; a local disk takes a few "
	                              "microseconds, and go asks thousands of times",
	                              role_words(out->arena, p), p->mount, p->fstype, took);
	finding_about(out, f, p->mount);
	facts_each (slow_place, other, facts) {
		finding_cites(f, other);
	}
	facts_each (wait_leaf, l, facts) {
		bool through = waited && through_files(facts, l);

		if (waited && (through || streq(l->on, p->path))) {
			finding_cites(f, l);
		}
		if (through) {
			finding_detail(out, f, "%s", l->text);
		}
		if (through && !str_empty(l->command)) {
			finding_fix(out, f, l->cure, "%s", l->command);
		}
	}
	finding_cite(f, late);
	add_fixes(out, f, p);
}

/* It can be read, and takes nothing new: go drops what it cannot keep in its cache, and does not say why. */
static void check_refuses(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	static const char *const words[] = {"input/output error", "stale NFS file handle",
	                                    "remote I/O error", "host is down"};
	const struct fact_trial *other = facts_trial(facts, STORAGE_TRIAL_CACHE);
	const struct fact_go_run *why = facts_run(facts, STORAGE_RUN_WHY);
	const struct fact_place *p = facts_place(facts, "GOCACHE");
	const char *said = NULL;

	for (size_t i = 0; why && i < sizeof(words) / sizeof(*words); i++) {
		said = str_has(why->out, words[i]) || str_has(why->err, words[i]) ? words[i] : said;
	}
	if (!said || !p || !other || !other->better || !facts_hurt(facts)) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, p->path,
	                                 "GOCACHE %s is on %s (%s), which takes no new files: %s",
	                                 p->path, p->mount, p->fstype, said);
	finding_about(out, f, p->mount);
	finding_cites(f, p);
	finding_cites(f, why);
	finding_cites(f, other);
	finding_fix(out, f, "put it on a local disk",
	            "go env -w GOCACHE=\"/var/tmp/$(id -un)-go-build\"");
	finding_fix(out, f, "see what the kernel says of that disk or share", "sudo dmesg | tail");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_gone(self, facts, out);
	check_slow(self, facts, out);
	check_refuses(self, facts, out);
}

const struct rule rule_fs_slow_mount = {
	.id = "fs-slow-mount",
	.title = "The source or a cache is on a file system that answers slowly or not at all",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(slow_place),
	.explains = IDS("*ipc-server-stopped", "*ipc-server-waits-on-child", "*fs-cache-corrupt"),
	.check = check,
};
