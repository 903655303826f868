/* SPDX-License-Identifier: MIT
 * fs-readonly: a cache, the directory for temporary files, or a go.mod that -mod=mod wants to change
 * lies on a filesystem that is mounted read-only, and something has to be written there.
 * Counter-checks: a read-only cache that is complete is healthy; a directory of another owner
 * refuses with another errno and its mount is writable.
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"
#include "core/storage.h"

static const struct fact_place *read_only(const struct facts *facts, const char *role) {
	const struct fact_place *p = facts_place(facts, role);
	return p && p->read_only ? p : NULL;
}

static const struct fact_place *index_read_only(const struct facts *facts) {
	const char *error = storage_index_error(facts);
	const struct fact_place *p = read_only(facts, "GOPLSCACHE");
	bool said = error && (str_empty(error) || str_has(error, "read-only file system"));
	return said && p && streq(p->state, "ok") ? p : NULL;
}

static const char *variable_words(struct arena *arena, const struct fact_place *p) {
	if (streq(p->role, "GOCACHE")) {
		return arena_printf(arena, "the build cache (GOCACHE) %s", p->path);
	}
	if (streq(p->role, "GOMODCACHE")) {
		return arena_printf(arena, "the module cache (GOMODCACHE) %s", p->path);
	}
	if (streq(p->role, "GOPLSCACHE")) {
		return arena_printf(arena, "the cache of gopls %s", p->path);
	}
	return arena_printf(arena, "the directory for temporary files (%s) %s", p->role, p->path);
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const struct fact_place *p) {
	if (streq(p->role, "GOCACHE") || streq(p->role, "GOMODCACHE")) {
		const char *name = streq(p->role, "GOCACHE") ? "go-build" : "go-mod";
		storage_fix_move(facts, out, f, p->role,
		                 arena_printf(out->arena, "\"/var/tmp/$(id -un)-%s\"", name));
	} else if (streq(p->role, "GOPLSCACHE")) {
		finding_fix(out, f, "put the cache of gopls where it can be written",
		            "export GOPLSCACHE=\"/var/tmp/$(id -un)-cache\"");
	} else {
		finding_fix(out, f, "use a directory that can be written", "export %s=/var/tmp",
		            p->role);
	}
	struct fix_advice *fix =
		finding_fix(out, f,
	                    "make it writable again, once you know why it is read-only (the "
	                    "kernel does so after disk errors: see dmesg)",
	                    "sudo mount -o remount,rw %s", str_shell_quote(out->arena, p->mount));
	fix->disruptive = true;
}

/* The workspace itself, which -mod=mod makes go write to. */
static void check_modfile(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	const char *file = NULL;
	const char *refusal = NULL;
	const struct fact *said = storage_modfile_refused(facts, &file, &refusal);
	const struct fact_mod_flag *flag = facts_first(mod_flag, facts);
	if (!said || !str_has(refusal, "read-only file system") || facts_healthy(facts)) {
		return;
	}
	const struct fact_place *p = read_only(facts, "workspace");
	p = p && path_below(file, p->path) ? p : NULL;
	struct finding *f = findings_add(
		out, self, said->kind == FACT_go_run ? CONF_CERTAIN : CONF_LIKELY, file,
		"go must write %s, because of -mod=mod in %s, and its filesystem%s%s is mounted "
		"read-only",
		file, flag->from, p ? " " : "", p ? p->mount : "");
	finding_about(out, f, p ? p->mount : file);
	finding_cite(f, said);
	finding_cites(f, flag);
	if (p) {
		finding_cites(f, p);
	}
	const struct fact_trial *trial = facts_trial(facts, "without GOFLAGS");
	const struct fact_govar *goflags = facts_govar(facts, "GOFLAGS");
	if (trial && trial->better && goflags) {
		finding_cites(f, trial);
		finding_detail(out, f, "without GOFLAGS go has nothing to write, and loads");
		origin_fix(facts, out, f, goflags);
	} else {
		finding_fix(out, f,
		            "where this workspace can be written, let go bring it up to date once",
		            "cd %s && go mod tidy",
		            str_shell_quote(out->arena, path_parent(out->arena, file)));
	}
	if (p) {
		struct fix_advice *fix = finding_fix(
			out, f, "make it writable, once you know why it is read-only",
			"sudo mount -o remount,rw %s", str_shell_quote(out->arena, p->mount));
		fix->disruptive = true;
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_place *places[5] = {
		storage_cache_fails(facts) ? read_only(facts, "GOCACHE") : NULL,
		storage_tmp_fails(facts) ? read_only(facts, "GOTMPDIR") : NULL,
		storage_tmp_fails(facts) && !read_only(facts, "GOTMPDIR")
			? read_only(facts, "TMPDIR")
			: NULL,
		index_read_only(facts),
		facts_hurt(facts) && storage_module_wanted(facts) ? read_only(facts, "GOMODCACHE")
								  : NULL,
	};
	const struct finding *mine[5] = {NULL};
	check_modfile(self, facts, out);
	for (size_t i = 0; i < 5; i++) {
		const struct fact_place *p = places[i];
		struct finding *f = NULL;
		for (size_t k = 0; k < i && p; k++) {
			if (mine[k] && streq(places[k]->mount, p->mount)) {
				p = NULL; /* the same mount is the same fault */
			}
		}
		if (!p) {
			continue;
		}
		f = findings_add(out, self, CONF_CERTAIN, p->path,
		                 "%s is on the filesystem %s, which is mounted read-only",
		                 variable_words(out->arena, p), p->mount);
		mine[i] = f;
		finding_about(out, f, p->mount);
		finding_cites(f, p);
		if (streq(p->role, "GOMODCACHE")) {
			finding_cite(f, storage_module_wanted(facts));
			finding_detail(out, f,
			               "something that is needed is not there and cannot "
			               "be put there");
		} else if (streq(p->role, "GOPLSCACHE")) {
			finding_cite(f, (const struct fact *)facts_first(server, facts));
		} else {
			storage_cite_proof(facts, f,
			                   streq(p->role, "GOCACHE") ? STORAGE_TRIAL_CACHE
			                                             : STORAGE_TRIAL_TMP);
		}
		finding_cite(f, facts_said(facts, "read-only file system", NULL));
		add_fixes(facts, out, f, p);
	}
}

const struct rule rule_fs_readonly = {
	.id = "fs-readonly",
	.title = "what go has to write is on a read-only filesystem",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(place),
	.explains = IDS("?mod-excluded-by-constraints"),
	.check = check,
};
