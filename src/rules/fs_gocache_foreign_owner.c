/* SPDX-License-Identifier: MIT
 * fs-gocache-foreign-owner: the build cache, or gopls' own cache, belongs to somebody else, most
 * often to root since a `sudo go build`.
 * Counter-checks: a cache that is complete needs no writing, so either the server is hurt and go
 * works with another cache, or the directory cannot even be made; a read-only mount refuses with
 * another errno and is fs-readonly; a full one is fs-disk-full-gocache.
 */
#include "core/rule.h"
#include "core/storage.h"

/* What is to be given back, and why. */
struct culprit {
	const char *path;
	int64_t uid, mode;
	bool parent; /* the cache is not there, path is where it would be made */
	const struct fact *fact;
};

static bool culprit_of(const struct facts *facts, const char *role, struct culprit *ret) {
	const struct fact_place *p = facts_place(facts, role);
	const struct fact_owner_gap *gap = storage_gap(facts, role);
	if (!p || p->read_only) {
		return false;
	}
	if (streq(p->state, "denied") || (streq(p->state, "ok") && (!p->write || !p->read))) {
		*ret = (struct culprit){p->path, p->uid, p->mode, false, &p->base};
		return true;
	}
	if (storage_cannot_be_made(p)) {
		*ret = (struct culprit){p->nearest, p->uid, p->mode, true, &p->base};
		return true;
	}
	if (!gap || storage_is_full(p)) {
		return false;
	}
	*ret = (struct culprit){gap->path, gap->uid, gap->mode, false, &gap->base};
	return true;
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const struct fact_place *place, const struct culprit *c) {
	const struct fact_target *t = facts_first(target, facts);
	const char *top = c->parent ? c->path : place->path;
	const char *home = t ? t->home : "";
	if (storage_mode_allows(facts, c->uid, c->mode)) {
		bool own = t && t->uid == c->uid;
		finding_fix(
			out, f,
			own ? "take the attribute away, once you know who set it (see lsattr -d)"
			    : "take the access list away (see getfacl)",
			own ? "sudo chattr -R -i -a %s" : "sudo setfacl -R -b %s",
			str_shell_quote(out->arena, top));
	} else if (t && t->uid == c->uid) {
		finding_fix(out, f, "make it writable again", "chmod -R u+rwX %s",
		            str_shell_quote(out->arena, top));
	} else if (!c->parent || (!str_empty(home) && str_starts(top, home))) {
		finding_fix(out, f, "take it back (this directory only)",
		            "sudo chown -R \"$(id -u):$(id -g)\" %s",
		            str_shell_quote(out->arena, top));
	} else {
		finding_fix(out, f, "make the directory and own it",
		            "sudo install -d -o \"$(id -u)\" -g \"$(id -g)\" %s",
		            str_shell_quote(out->arena, place->path));
	}
	if (streq(place->role, "GOCACHE")) {
		storage_fix_move(facts, out, f, "GOCACHE", "\"$HOME/go-build-cache\"");
	}
}

static void report(const struct rule *self, const struct facts *facts, struct findings *out,
                   const char *role, const char *what) {
	const struct fact_place *p = facts_place(facts, role);
	struct culprit c;
	if (!culprit_of(facts, role, &c)) {
		return;
	}
	const char *owner = storage_owner_words(facts, c.uid, c.mode);
	struct finding *f;
	if (c.parent) {
		f = findings_add(out, self, CONF_CERTAIN, p->path,
		                 "%s %s cannot be made: %s %s and this user may not write there",
		                 what, p->path, c.path, owner);
	} else if (streq(c.path, p->path)) {
		f = findings_add(out, self, CONF_CERTAIN, p->path,
		                 "%s %s %s, so this user cannot use it", what, p->path, owner);
	} else {
		f = findings_add(out, self, CONF_CERTAIN, p->path,
		                 "in %s %s %s %s, so this user cannot use it", what, p->path,
		                 c.path, owner);
	}
	finding_cite(f, c.fact);
	if (streq(role, "GOCACHE")) {
		storage_cite_proof(facts, f, STORAGE_TRIAL_CACHE);
	} else {
		finding_cite(f, (const struct fact *)facts_first(server, facts));
	}
	finding_cite(f, facts_said(facts, "permission denied", p->path));
	size_t cited = 0;
	facts_each (owner_gap, gap, facts) {
		if (streq(gap->role, role) && &gap->base != c.fact && cited++ < 3) {
			finding_cites(f, gap);
		}
	}
	add_fixes(facts, out, f, p, &c);
}

/* It works, but nothing new can be stored. */
static void note(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_place *p = facts_place(facts, "GOCACHE");
	if (!facts_healthy(facts) || !p || !streq(p->state, "ok") || p->write || p->read_only) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, p->path,
		"the build cache %s %s; it works as long as all that is needed lies in it", p->path,
		storage_owner_words(facts, p->uid, p->mode));
	struct culprit c = {p->path, p->uid, p->mode, false, &p->base};
	f->severity = SEV_NOTE;
	finding_cites(f, p);
	add_fixes(facts, out, f, p, &c);
}

static bool index_is_denied(const struct facts *facts) {
	const char *error = storage_index_error(facts);
	const struct fact_place *p = facts_place(facts, "GOPLSCACHE");
	if (!error || !p || !streq(p->state, "ok")) {
		return false;
	}
	return str_has(error, "permission denied") || (str_empty(error) && !p->write);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (storage_cache_fails(facts)) {
		report(self, facts, out, "GOCACHE", "the build cache");
	}
	if (index_is_denied(facts)) {
		report(self, facts, out, "GOPLSCACHE", "the cache of gopls");
	}
	note(self, facts, out);
}

const struct rule rule_fs_gocache_foreign_owner = {
	.id = "fs-gocache-foreign-owner",
	.title = "The build cache belongs to another user",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(place),
	.explains = IDS("?mod-excluded-by-constraints"),
	.check = check,
};
