/* SPDX-License-Identifier: MIT
 * fs-modcache-foreign-owner: the module cache belongs to somebody else and a module the open file
 * needs cannot be read there, or not be put there.
 * Counter-checks: a cache that holds all that is needed may belong to anybody; a read-only mount
 * is fs-readonly. gopls then says that no required module provides the package, which is false.
 */
#include "core/rule.h"
#include "core/storage.h"

static bool imports_modules(const struct facts *facts) {
	facts_each (file_import, import, facts) {
		if (streq(import->class, "required")) {
			return true;
		}
	}
	return false;
}

/* Something needed is there and cannot be read. */
static const struct fact *unreadable(const struct facts *facts, const struct fact_place *p) {
	facts_each (owner_gap, gap, facts) {
		if (streq(gap->role, "module") && !gap->read) {
			return &gap->base;
		}
	}
	bool shut = streq(p->state, "denied") || (streq(p->state, "ok") && !p->read);
	return shut && imports_modules(facts) ? &p->base : NULL;
}

/* Where something needed would have to be written. */
static const struct fact *unwritable(const struct facts *facts, const struct fact_place *p) {
	if (!storage_module_wanted(facts)) {
		return NULL;
	}
	facts_each (owner_gap, gap, facts) {
		if (streq(gap->role, "GOMODCACHE") && streq(gap->kind, "d") && !gap->write) {
			return &gap->base;
		}
	}
	bool shut = storage_cannot_be_made(p) || (streq(p->state, "ok") && !p->write);
	return shut ? &p->base : NULL;
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const struct fact_place *p, int64_t uid, int64_t mode) {
	const struct fact_target *t = facts_first(target, facts);
	const char *path = str_shell_quote(out->arena, p->path);
	if (storage_cannot_be_made(p)) {
		finding_fix(out, f, "make the directory and own it",
		            "sudo install -d -o \"$(id -u)\" -g \"$(id -g)\" %s", path);
	} else if (storage_mode_allows(facts, uid, mode)) {
		bool own = t && t->uid == uid;
		finding_fix(
			out, f,
			own ? "take the attribute away, once you know who set it (see lsattr -d)"
			    : "take the access list away (see getfacl)",
			own ? "sudo chattr -R -i -a %s" : "sudo setfacl -R -b %s", path);
	} else if (t && t->uid == uid) {
		finding_fix(out, f, "make it usable again", "chmod -R u+rwX %s", path);
	} else {
		finding_fix(out, f, "take it back (this directory only)",
		            "sudo chown -R \"$(id -u):$(id -g)\" %s", path);
	}
	storage_fix_move(facts, out, f, "GOMODCACHE", "\"$HOME/go-modules\"");
}

static const char *wanted_words(const struct facts *facts) {
	const struct fact *wanted = storage_module_wanted(facts);
	const struct fact_mod_absent *absent = facts_first(mod_absent, facts);
	if (absent) {
		return arena_printf(facts->arena, "%s %s, which is not there yet", absent->module,
		                    absent->version);
	}
	return wanted ? "the toolchain that go.mod asks for" : "a module";
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_place *p = facts_place(facts, "GOMODCACHE");
	if (!p || p->read_only || !facts_hurt(facts)) {
		return;
	}
	const struct fact *read = unreadable(facts, p);
	const struct fact *why = read ? read : unwritable(facts, p);
	if (!why) {
		return;
	}
	const struct fact_owner_gap *gap =
		why->kind == FACT_owner_gap ? (const struct fact_owner_gap *)why : NULL;
	int64_t uid = gap ? gap->uid : p->uid;
	const char *owner = storage_owner_words(facts, uid, gap ? gap->mode : p->mode);
	const char *path = gap ? gap->path : storage_cannot_be_made(p) ? p->nearest : p->path;
	struct finding *f =
		read ? findings_add(out, self, CONF_CERTAIN, p->path,
	                            "%s in the module cache %s %s, so this user cannot read it",
	                            path, p->path, owner)
		     : findings_add(out, self, CONF_CERTAIN, p->path,
	                            "the module cache %s cannot take %s: %s %s", p->path,
	                            wanted_words(facts), path, owner);
	if (read && streq(path, p->path)) {
		f->title = arena_printf(out->arena,
		                        "the module cache %s %s, so this user cannot read it",
		                        p->path, owner);
	}
	finding_cite(f, why);
	finding_cite(f, storage_module_wanted(facts));
	finding_cite(f, facts_said(facts, "permission denied", NULL));
	add_fixes(facts, out, f, p, uid, gap ? gap->mode : p->mode);
}

const struct rule rule_fs_modcache_foreign_owner = {
	.id = "fs-modcache-foreign-owner",
	.title = "The module cache belongs to another user",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(place) | FACT_BIT(mod_absent),
	.explains = IDS("*tc-download-unavailable", "?mod-excluded-by-constraints"),
	.check = check,
};
