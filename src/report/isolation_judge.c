/* SPDX-License-Identifier: MIT
 * What sharing a place does to those who share it.
 */
#include "report/isolation.h"

#include "base/path.h"

#include <inttypes.h>

static struct isolation_environment *member(struct isolation *iso, const struct isolation_shared *s,
                                            size_t i) {
	return &iso->environments[s->members[i]];
}

static struct seen_user user_of(const struct isolation_environment *e) {
	return (struct seen_user){.uid = e->process->uid,
	                          .gid = e->process->gid,
	                          .groups = e->process->groups,
	                          .group_count = e->process->group_count};
}

static bool has_users(struct isolation *iso, const struct isolation_shared *s) {
	for (size_t i = 1; i < s->member_count; i++) {
		if (member(iso, s, i)->process->uid != member(iso, s, 0)->process->uid) {
			return true;
		}
	}
	return false;
}

static void settle(struct isolation_shared *s, enum isolation_verdict verdict, const char *reason) {
	s->verdict = verdict;
	s->reason = reason;
}

/* ---- who is locked out ---- */

struct lock_out {
	bool out;
	bool unsure;        /* an access list may allow what the mode does not */
	const char *reason; /* "may not write there (mode 755, of lena)" */
};

static const char *mode_words(struct isolation *iso, const char *what,
                              const struct seen_mode *owner) {
	return arena_printf(iso->arena, "%s (mode %o, owner %s)", what, owner->mode,
	                    isolation_user(iso, owner->uid));
}

/* Go's own directories of the build cache: "00" to "ff". */
static bool is_bucket(const struct seen_child *child) {
	return child->is_dir && strlen(child->name) == 2;
}

static struct lock_out is_locked_out(struct isolation *iso, enum thing thing,
                                     const struct isolation_environment *e, unsigned want) {
	const struct seen_place *p = &e->values[thing].place;
	struct seen_user user = user_of(e);
	struct lock_out ret = {.reason = ""};

	for (size_t i = 0; i < p->above_count && !ret.out; i++) {
		if (!seen_mode_allows(&p->above[i], &user, SEEN_ENTER)) {
			ret.out = true;
			ret.reason =
				mode_words(iso, "may not pass a directory above it", &p->above[i]);
		}
	}
	if (!ret.out && streq(p->state, "absent")) {
		want = SEEN_WRITE | SEEN_ENTER; /* of the directory it would be made in */
	}
	if (!ret.out && p->known && !seen_mode_allows(&p->owner, &user, want)) {
		ret.out = true;
		ret.reason = mode_words(
			iso, want & SEEN_WRITE ? "may not write there" : "may not read there",
			&p->owner);
	}
	for (size_t i = 0; i < p->child_count && !ret.out; i++) {
		const struct seen_child *child = &p->children[i];

		if (thing == THING_GOCACHE && is_bucket(child) &&
		    !seen_mode_allows(&child->owner, &user, SEEN_WRITE | SEEN_ENTER)) {
			ret.out = true;
			ret.reason = mode_words(iso,
			                        arena_printf(iso->arena,
			                                     "may not write in its "
			                                     "directory %s",
			                                     child->name),
			                        &child->owner);
		}
	}
	ret.unsure = ret.out && p->has_acl;
	return ret;
}

/* A variable that keeps one environment out of what is not its own. */
static void plan_apart(struct isolation *iso, const struct isolation_shared *s,
                       size_t environment) {
	static const struct {
		enum thing thing;
		const char *variable, *leaf;
	} cures[] = {
		{THING_GOCACHE, "GOCACHE", "go-build"}, {THING_GOMODCACHE, "GOMODCACHE", "go-mod"},
		{THING_LOCKS, "GOMODCACHE", "go-mod"},  {THING_TMP, "GOTMPDIR", "go-tmp"},
		{THING_GOPLS_CACHE, "GOPLSCACHE", ""},  {THING_GOENV, "GOENV", "go-env"},
	};

	for (size_t i = 0; i < sizeof cures / sizeof *cures; i++) {
		if (cures[i].thing == s->thing) {
			isolation_plan_variable(iso, environment, s->thing, cures[i].variable,
			                        isolation_own_dir(iso, environment, cures[i].leaf));
		}
	}
}

/* Of several users: the one that cannot use it. */
static bool judge_access(struct isolation *iso, struct isolation_shared *s, unsigned want,
                         const char *harm) {
	for (size_t i = 0; i < s->member_count; i++) {
		const struct isolation_environment *e = member(iso, s, i);
		struct lock_out l = is_locked_out(iso, s->thing, e, want);

		if (streq(e->values[s->thing].place.state, "denied") ||
		    streq(e->values[s->thing].place.state, "")) {
			settle(s, SHARED_UNKNOWN, "it could not be seen who may use it");
		} else if (l.out) {
			const char *who = isolation_user(iso, e->process->uid);

			settle(s, l.unsure ? SHARED_UNKNOWN : SHARED_HARMFUL,
			       arena_printf(iso->arena, "%s %s%s: %s", who, l.reason,
			                    l.unsure ? ", unless its access list allows it" : "",
			                    harm));
			if (!l.unsure) {
				plan_apart(iso, s, s->members[i]);
			}
		} else {
			continue;
		}
		return true;
	}
	return false;
}

/* What root makes in a place of somebody else, that one may not change. */
static bool judge_root(struct isolation *iso, struct isolation_shared *s) {
	const struct isolation_environment *root = NULL;
	size_t index = 0;
	int64_t other = -1;

	for (size_t i = 0; i < s->member_count; i++) {
		const struct isolation_environment *e = member(iso, s, i);

		if (e->process->uid == 0) {
			root = e;
			index = s->members[i];
		} else {
			other = e->process->uid;
		}
	}
	if (!root || other < 0 || root->values[s->thing].place.owner.uid == 0) {
		return false;
	}
	settle(s, SHARED_HARMFUL,
	       arena_printf(iso->arena,
	                    "root works in a place of %s: what root makes there, %s may not "
	                    "change or remove",
	                    isolation_user(iso, root->values[s->thing].place.owner.uid),
	                    isolation_user(iso, other)));
	plan_apart(iso, s, index);
	return true;
}

/* ---- what it is on ---- */

static bool is_remote(const char *fstype) {
	static const char *const prefixes[] = {"nfs",          "cifs", "smb",        "9p",
	                                       "afs",          "ceph", "fuse.sshfs", "glusterfs",
	                                       "fuse.gluster", NULL};

	for (size_t i = 0; prefixes[i]; i++) {
		if (str_starts(fstype, prefixes[i])) {
			return true;
		}
	}
	return false;
}

static bool judge_mount(struct isolation *iso, struct isolation_shared *s) {
	const struct seen_place *p = &member(iso, s, 0)->values[s->thing].place;
	bool plan_all = false;

	if (is_remote(p->fstype)) {
		settle(s, SHARED_HARMFUL,
		       arena_printf(iso->arena,
		                    "it is on a file server (%s): its locks and times are the "
		                    "server's, and when that is slow or gone all of them hang",
		                    p->fstype));
		plan_all = true;
	} else if (p->noexec && (s->thing == THING_TMP || s->thing == THING_GOCACHE)) {
		settle(s, SHARED_HARMFUL,
		       s->thing == THING_TMP
		               ? "it is mounted noexec: test programs and what `go run` builds "
		                 "cannot start"
		               : "it is mounted noexec: programs that go keeps there (`go run`, "
		                 "`go "
		                 "tool`, since go 1.24) cannot start");
		plan_all = true;
	}
	for (size_t i = 0; plan_all && i < s->member_count; i++) {
		plan_apart(iso, s, s->members[i]);
	}
	return plan_all;
}

/* ---- thing by thing ---- */

static void judge_home(struct isolation *iso, struct isolation_shared *s) {
	const struct seen_place *p = &member(iso, s, 0)->values[THING_HOME].place;

	settle(s, SHARED_HARMLESS, "one user at work in several windows");
	for (size_t i = 0; has_users(iso, s) && i < s->member_count; i++) {
		const struct isolation_environment *e = member(iso, s, i);

		if (p->known && e->process->uid != p->owner.uid) {
			const char *who = isolation_user(iso, e->process->uid);

			settle(s, SHARED_HARMFUL,
			       arena_printf(
				       iso->arena,
				       "%s works with the HOME of %s: caches and settings made "
				       "there belong to the wrong one of them",
				       who, isolation_user(iso, p->owner.uid)));
			isolation_plan(
				iso,
				&(struct isolation_step){
					.environment = s->members[i],
					.thing = THING_HOME,
					.name = "HOME",
					.value = "",
					.title = arena_printf(
						iso->arena, "start %s with a HOME of its own%s",
						isolation_label(iso, s->members[i]),
						e->process->uid == 0 ? " (sudo without -E)" : ""),
					.command = e->process->uid == 0 ? "sudo -H -i" : ""});
			return;
		}
	}
}

static void judge_tmp(struct isolation *iso, struct isolation_shared *s) {
	const struct seen_mode *mode = &member(iso, s, 0)->values[THING_TMP].place.owner;

	if (judge_mount(iso, s) ||
	    judge_access(iso, s, SEEN_WRITE | SEEN_ENTER, "nothing can be built")) {
		return;
	}
	if (has_users(iso, s) && (mode->mode & 0002U) && !(mode->mode & 01000U)) {
		settle(s, SHARED_HARMFUL,
		       arena_printf(iso->arena,
		                    "everybody may remove there what another one builds with: "
		                    "mode %o lacks the sticky bit",
		                    mode->mode));
		for (size_t i = 1; i < s->member_count; i++) {
			plan_apart(iso, s, s->members[i]);
		}
		return;
	}
	settle(s, SHARED_HARMLESS, "each go makes a directory of its own there");
}

static const char *goenv_keys(struct isolation *iso, const struct isolation_environment *e) {
	struct strbuf out;

	strbuf_init(&out, iso->arena);
	for (size_t i = 0; i < e->goenv.count && i < 12; i++) {
		strbuf_printf(&out, "%s%s", i ? ", " : "", e->goenv.entries[i].key);
	}
	return out.data;
}

static void judge_goenv(struct isolation *iso, struct isolation_shared *s) {
	const struct isolation_environment *e = member(iso, s, 0);
	bool there = streq(e->values[THING_GOENV].place.state, "ok");

	if (there && has_users(iso, s) &&
	    judge_access(iso, s, SEEN_READ, "what it sets does not hold for them")) {
		return;
	}
	const char *keys = goenv_keys(iso, e);

	settle(s, SHARED_HARMLESS,
	       keys[0] ? arena_printf(iso->arena, "what it sets holds for all of them: %s", keys)
	               : "it sets nothing; `go env -w` in one would hold for all of them");
}

/* A program of one that was put in the place of another's. */
static void judge_bin(struct isolation *iso, struct isolation_shared *s) {
	const char *dir = member(iso, s, 0)->values[THING_BIN].path;

	if (has_users(iso, s) &&
	    judge_access(iso, s, SEEN_READ | SEEN_ENTER, "no tool in it can be started")) {
		return;
	}
	for (size_t i = 0; i < s->member_count; i++) {
		const struct census_process *p = member(iso, s, i)->process;

		if (p->gone && p->now && path_below(p->exe, dir) &&
		    !streq(p->module_version, p->now_module_version)) {
			settle(s, SHARED_HARMFUL,
			       arena_printf(iso->arena,
			                    "%s of %s was replaced there while it runs: %s became "
			                    "%s for all of them",
			                    path_base(p->exe), isolation_label(iso, s->members[i]),
			                    p->module_version, p->now_module_version));
			isolation_plan_variable(iso, s->members[i], THING_BIN, "GOBIN",
			                        isolation_own_dir(iso, s->members[i], "go-bin"));
			return;
		}
	}
	settle(s, SHARED_HARMLESS, "a tool that one installs is there for all of them");
}

void isolation_judge_place(struct isolation *iso, struct isolation_shared *s) {
	const unsigned all = SEEN_READ | SEEN_WRITE | SEEN_ENTER;
	bool users = has_users(iso, s);
	const char *fine = "";

	switch (s->thing) {
	case THING_HOME:
		judge_home(iso, s);
		return;
	case THING_TMP:
		judge_tmp(iso, s);
		return;
	case THING_GOENV:
		judge_goenv(iso, s);
		return;
	case THING_BIN:
		judge_bin(iso, s);
		return;
	case THING_GOCACHE:
		if (judge_mount(iso, s) ||
		    (users &&
		     (judge_access(iso, s, all, "go cannot build") || judge_root(iso, s)))) {
			return;
		}
		fine = "made for it: what one has built, the others need not";
		break;
	case THING_GOMODCACHE:
		if (judge_mount(iso, s) || (users && (judge_access(iso, s, SEEN_READ | SEEN_ENTER,
		                                                   "no module in it can be read") ||
		                                      judge_root(iso, s)))) {
			return;
		}
		fine = "made for it: modules there are never changed";
		break;
	case THING_LOCKS:
		if (users && (judge_access(iso, s, all, "no module can be downloaded") ||
		              judge_root(iso, s))) {
			return;
		}
		fine = "one go waits while another downloads the same; `dialtone locks` tells who "
		       "waits now";
		break;
	case THING_TELEMETRY:
		fine = users ? "counters only: who may not write there counts nothing"
		             : "counters only, made to be shared";
		break;
	default:
		if (users &&
		    (judge_access(iso, s, all, "its gopls cannot keep its index and stops") ||
		     judge_root(iso, s))) {
			return;
		}
		fine = "made for it: what one has read, the others need not";
		break;
	}
	settle(s, SHARED_HARMLESS,
	       users && s->thing != THING_TELEMETRY
	               ? arena_printf(iso->arena,
	                              "%s; what was seen there all of them may use, and each "
	                              "trusts the others' files",
	                              fine)
	               : fine);
}
