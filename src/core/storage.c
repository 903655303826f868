/* SPDX-License-Identifier: MIT */
#include "core/storage.h"

#include "base/path.h"
#include "base/str.h"
#include "core/origin.h"

#define KIB           ((int64_t)1024)
#define MIB           (KIB * 1024)
#define FULL_BYTES    (1 * MIB)
#define FULL_INODES   16
#define NARROW_BYTES  (16 * MIB)
#define NARROW_INODES 1000
#define MODE_BITS     07777
#define OWNER_USES    0600
#define OTHERS_USE    0006

static bool below(const struct fact_place *p, int64_t bytes, int64_t inodes) {
	if (p->read_only || str_empty(p->mount)) {
		return false;
	}
	return (p->total_bytes > 0 && p->free_bytes < bytes) ||
	       (p->total_inodes > 0 && p->free_inodes < inodes);
}

bool storage_is_full(const struct fact_place *place) {
	return place && below(place, FULL_BYTES, FULL_INODES);
}

static const char *size_words(struct arena *arena, int64_t bytes) {
	double size = (double)bytes;
	if (bytes >= MIB * KIB) {
		return arena_printf(arena, "%.1f GiB", size / (double)(MIB * KIB));
	}
	if (bytes >= MIB) {
		return arena_printf(arena, "%.1f MiB", size / (double)MIB);
	}
	return arena_printf(arena, "%.0f KiB", size / (double)KIB);
}

const char *storage_room(struct arena *arena, const struct fact_place *place) {
	if (place->total_inodes > 0 && place->free_inodes < FULL_INODES) {
		return arena_printf(
			arena, "%s of %lld inodes left (%s are free)",
			place->free_inodes > 0
				? arena_printf(arena, "%lld", (long long)place->free_inodes)
				: "none",
			(long long)place->total_inodes, size_words(arena, place->free_bytes));
	}
	return place->free_bytes > 0 ? arena_printf(arena, "only %s of %s left",
	                                            size_words(arena, place->free_bytes),
	                                            size_words(arena, place->total_bytes))
	                             : arena_printf(arena, "nothing of %s left",
	                                            size_words(arena, place->total_bytes));
}

const struct fact_owner_gap *storage_gap(const struct facts *facts, const char *role) {
	facts_each (owner_gap, gap, facts) {
		if (streq(gap->role, role)) {
			return gap;
		}
	}
	return NULL;
}

bool storage_cannot_be_made(const struct fact_place *place) {
	return place && streq(place->state, "absent") && !place->write &&
	       !str_empty(place->nearest);
}

bool storage_is_odd(const struct facts *facts, const char *role) {
	const struct fact_place *p = facts_place(facts, role);
	if (!p) {
		return false;
	}
	return !p->write || !p->read || below(p, NARROW_BYTES, NARROW_INODES) ||
	       storage_gap(facts, role);
}

static bool trial_helped(const struct facts *facts, const char *what) {
	const struct fact_trial *trial = facts_trial(facts, what);
	return facts_hurt(facts) && trial && trial->better;
}

/* A recording has no counter-check: a go failed, and was refused something there. */
static const struct fact *recorded_refusal(const struct facts *facts, const char *path) {
	bool failed = false;
	facts_each (go_run, run, facts) {
		failed |= run->started && run->exit_code != 0;
	}
	facts_each (refused_call, r, facts) {
		if (failed && streq(r->program, "go") && path_below(r->path, path)) {
			return &r->base;
		}
	}
	return NULL;
}

/* Without a counter-check (no room for it, no time): go itself names the directory. */
static bool go_names(const struct facts *facts, const char *path) {
	const struct fact_go_run *std = facts_run(facts, STORAGE_RUN_STD);
	if (std && std->exit_code == 0 && str_empty(std->out)) {
		return false;
	}
	return (std && str_has(std->err, path)) || facts_said(facts, "permission denied", path) ||
	       facts_said(facts, "read-only file system", path) ||
	       facts_said(facts, "no space left", path) || facts_said(facts, "quota", path) ||
	       recorded_refusal(facts, path);
}

/* Behind a go that cannot be started nobody tried the directory. One that may not even be entered fails for certain. */
static bool is_shut(const struct facts *facts, const struct fact_place *place) {
	facts_each (go_run, run, facts) {
		if (run->started && run->exit_code == 0) {
			return false;
		}
	}
	return facts_hurt(facts) && streq(place->state, "ok") && !place->read && !place->write &&
	       !place->read_only;
}

bool storage_cache_fails(const struct facts *facts) {
	const struct fact_place *p = facts_place(facts, "GOCACHE");
	if (!p || facts_healthy(facts)) {
		return false;
	}
	if (storage_cannot_be_made(p) || is_shut(facts, p) ||
	    trial_helped(facts, STORAGE_TRIAL_CACHE)) {
		return true;
	}
	return facts_hurt(facts) && !facts_trial(facts, STORAGE_TRIAL_CACHE) &&
	       go_names(facts, p->path);
}

bool storage_tmp_fails(const struct facts *facts) {
	const struct fact_place *tmp = facts_place(facts, "GOTMPDIR");
	tmp = tmp ? tmp : facts_place(facts, "TMPDIR");
	if (!tmp || facts_healthy(facts)) {
		return false;
	}
	return trial_helped(facts, STORAGE_TRIAL_TMP) ||
	       (facts_hurt(facts) && !facts_trial(facts, STORAGE_TRIAL_TMP) &&
	        go_names(facts, path_join(facts->arena, tmp->path, "go-build")));
}

/* gopls before v0.18 stays, logs this and cannot answer. */
static const char *index_complaint(const struct facts *facts) {
	facts_each (message, m, facts) {
		if (str_has(m->text, "can't create cache: ")) {
			return m->text;
		}
	}
	return NULL;
}

const char *storage_index_error(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);
	const struct fact_place *p = storage_index(facts);
	if (!s || !facts_hurt(facts)) {
		return NULL;
	}
	if (!streq(s->state, "exited") || s->exit_code != 1) {
		return index_complaint(facts);
	}
	if (str_has(s->err, "persistent index")) {
		return s->err;
	}
	bool bad = p && (!p->write || storage_is_full(p));
	return bad && str_empty(s->err) ? "" : NULL;
}

const struct fact_place *storage_index(const struct facts *facts) {
	const struct fact_place *p = facts_place(facts, "GOPLSCACHE");
	return p && storage_cannot_be_made(p) ? facts_place(facts, "TMPDIR") : p;
}

const struct fact *storage_module_wanted(const struct facts *facts) {
	const struct fact_mod_absent *absent = facts_first(mod_absent, facts);
	if (absent) {
		return &absent->base;
	}
	const struct fact_go_run *version = facts_run(facts, "version");
	facts_each (toolchain, t, facts) {
		bool refused = version && version->exit_code != 0 &&
		               (str_has(version->err, "permission denied") ||
		                str_has(version->err, "read-only file system") ||
		                str_has(version->err, "no space left"));
		if (!str_empty(t->need) && !t->present && refused) {
			return &t->base;
		}
	}
	return NULL;
}

static bool refusal_in(struct arena *arena, const char *text, const char **file,
                       const char **refusal) {
	static const char *const marks[] = {"updating go.mod: open ", "updating go.sum: open "};
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *at = strstr(text, marks[i]);
		const char *path = at ? at + strlen(marks[i]) : NULL;
		const char *colon = path ? strstr(path, ": ") : NULL;
		if (colon) {
			struct slice rest = slice_str(colon + strlen(": "));
			struct slice line = {0};
			(void)slice_line(&rest, &line);
			*file = arena_strndup(arena, path, (size_t)(colon - path));
			*refusal = arena_slicedup(arena, slice_trim(line));
			return true;
		}
	}
	return false;
}

const struct fact *storage_modfile_refused(const struct facts *facts, const char **file,
                                           const char **refusal) {
	const struct fact_mod_flag *flag = facts_first(mod_flag, facts);
	if (!flag || !streq(flag->value, "mod")) {
		return NULL;
	}
	const struct fact_go_run *list = facts_run(facts, "list");
	if (list && list->started && list->exit_code != 0 &&
	    refusal_in(facts->arena, list->err, file, refusal)) {
		return &list->base;
	}
	facts_each (message, m, facts) {
		if (refusal_in(facts->arena, m->text, file, refusal)) {
			return &m->base;
		}
	}
	facts_each (diagnostic, d, facts) {
		if (refusal_in(facts->arena, d->text, file, refusal)) {
			return &d->base;
		}
	}
	return NULL;
}

bool storage_mode_allows(const struct facts *facts, int64_t uid, int64_t mode) {
	const struct fact_target *t = facts_first(target, facts);
	return t && t->uid == uid ? (mode & OWNER_USES) == OWNER_USES
	                          : (mode & OTHERS_USE) == OTHERS_USE;
}

const char *storage_owner_words(const struct facts *facts, int64_t uid, int64_t mode) {
	const struct fact_target *t = facts_first(target, facts);
	if (t && t->uid == uid) {
		return arena_printf(facts->arena,
		                    storage_mode_allows(facts, uid, mode)
		                            ? "is yours and its mode %04llo lets you, but it is "
		                              "immutable (chattr +i), or a policy forbids it"
		                            : "is yours, but its mode is %04llo",
		                    (unsigned long long)mode & MODE_BITS);
	}
	if (storage_mode_allows(facts, uid, mode)) {
		return arena_printf(
			facts->arena,
			"belongs to %s, and an access list (ACL) takes what its mode "
			"%04llo gives",
			uid == 0 ? "root (uid 0)"
				 : arena_printf(facts->arena, "uid %lld", (long long)uid),
			(unsigned long long)mode & MODE_BITS);
	}
	return uid == 0 ? "belongs to root (uid 0)"
	                : arena_printf(facts->arena, "belongs to another user (uid %lld)",
	                               (long long)uid);
}

void storage_fix_move(const struct facts *facts, struct findings *out, struct finding *finding,
                      const char *variable, const char *path) {
	const struct fact_govar *var = facts_govar(facts, variable);
	bool elsewhere = var && (streq(var->origin, "env") || streq(var->origin, "settings"));
	finding_fix(out, finding,
	            elsewhere ? arena_printf(out->arena, "put it elsewhere; %s is set %s", variable,
	                                     origin_words(facts, var))
	                      : "put it elsewhere",
	            elsewhere ? "export %s=%s" : "go env -w %s=%s", variable, path);
}

void storage_cite_proof(const struct facts *facts, struct finding *finding, const char *trial) {
	const struct fact_trial *t = facts_trial(facts, trial);
	const struct fact_go_run *std = facts_run(facts, STORAGE_RUN_STD);
	if (t && t->better) {
		finding_cites(finding, t);
	}
	bool std_failed = std && (std->exit_code != 0 || !str_empty(std->out));
	if (std_failed) {
		finding_cites(finding, std);
	} else if (t && facts_run(facts, STORAGE_RUN_OWN)) {
		finding_cites(finding, facts_run(facts, STORAGE_RUN_OWN));
	}
}
