/* SPDX-License-Identifier: MIT
 * sec-agent-sandbox: gopls or go, as it is started, lives in a sandbox (another mount or network
 * namespace, Landlock, a filter of system calls) that hides or write-protects a cache, the home
 * directory or the network.
 * Proof: the process is confined and dialtone, the same user, is not; what it cannot do there, this
 * user can do here.
 * Counter-checks: a directory that is read-only or of another owner for dialtone as well is
 * fs-readonly or an owner's cause; a sandbox in which all works is nothing; that of Flatpak and Snap
 * and filters that refuse calls which have nothing to do with files or network have ids of their own.
 */
#include "base/path.h"
#include "core/complaint.h"
#include "core/rule.h"
#include "core/storage.h"

#include <errno.h>

struct trouble {
	const char *verb; /* what it cannot do */
	const char *role; /* GOCACHE … or "" */
	const char *path; /* about what */
	const struct fact *said, *seen;
	bool likely; /* and no more than that */
	bool daemon; /* path is the address of one */
};

/* The most special place that the path lies in. */
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

static const struct fact_confined_path *seen_at(const struct facts *facts, const char *who,
                                                const char *path) {
	facts_each (confined_path, s, facts) {
		if (streq(s->who, who) && streq(s->path, path)) {
			return s;
		}
	}
	return NULL;
}

static struct trouble trouble_at(const struct facts *facts, const struct fact_confined *c,
                                 const struct complaint *said, const char *verb) {
	const struct fact_place *p = place_of(facts, said->path);
	const struct fact_confined_path *seen = p ? seen_at(facts, c->who, p->path) : NULL;
	return (struct trouble){.verb = verb,
	                        .role = p ? p->role : "",
	                        .path = p && !streq(p->path, "/") ? p->path : said->path,
	                        .said = said->fact,
	                        .seen = seen ? &seen->base
	                                : p  ? &p->base
	                                     : NULL};
}

/* "read-only file system" about something that is not read-only here. */
static bool write_protected(const struct facts *facts, const struct fact_confined *c,
                            struct trouble *ret) {
	for (struct complaint said = complaint_find(facts, "read-only file system"); said.fact;
	     said = complaint_next(facts, "read-only file system", &said)) {
		const struct fact_place *p = place_of(facts, said.path);
		if (c->mounts && said.path[0] == '/' && (!p || !p->read_only)) {
			*ret = trouble_at(facts, c, &said, "cannot write");
			return true;
		}
	}
	const struct fact_place *cache = facts_place(facts, "GOCACHE");
	const struct fact_confined_path *seen = cache ? seen_at(facts, c->who, cache->path) : NULL;
	if (!seen || !seen->read_only || cache->read_only) {
		return false;
	}
	/* go says little of it, and may just drop packages; outside it finds them all. */
	const struct fact *said = complaint_find(facts, " cache entry not found").fact;
	const struct fact_go_run *list = facts_run(facts, "list");
	bool fine = list && list->exit_code == 0 && str_empty(list->out) && streq(c->who, "server");
	if (!said && !fine) {
		return false;
	}
	*ret = (struct trouble){.verb = "cannot write",
	                        .role = "GOCACHE",
	                        .path = cache->path,
	                        .said = said ? said : &list->base,
	                        .seen = &seen->base};
	return true;
}

/* "permission denied" about something this user may use here. */
static bool denied(const struct facts *facts, const struct fact_confined *c, const char *words,
                   struct trouble *ret) {
	bool policy = c->no_new_privs || c->mounts || c->user || !str_empty(c->label);
	for (struct complaint said = complaint_find(facts, words); said.fact;
	     said = complaint_next(facts, words, &said)) {
		const struct fact_place *p = place_of(facts, said.path);
		bool ours = p && streq(p->state, "ok") && p->read && p->write;
		const struct fact_owner_gap *gap = p ? storage_gap(facts, p->role) : NULL;
		bool creates = p && streq(p->state, "absent") && p->write;
		if (policy && said.path[0] == '/' && (ours || creates) && !gap) {
			*ret = trouble_at(facts, c, &said, "is not allowed to use");
			return true;
		}
	}
	return false;
}

/* A place that is there for us and not for it, and that something was missed. */
static bool hidden(const struct facts *facts, const struct fact_confined *c, struct trouble *ret) {
	static const char *const needed[] = {"go", "GOROOT", "GOMODCACHE", "workspace", "HOME"};
	facts_each (confined_path, s, facts) {
		bool gone = (streq(s->state, "absent") || streq(s->state, "denied") || s->other) &&
		            streq(s->own, "ok");
		if (!streq(s->who, c->who) || !gone) {
			continue;
		}
		for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
			bool home = streq(s->role, "HOME");
			const struct fact *said =
				streq(s->role, "GOMODCACHE") ? facts_said(facts, "module", NULL)
				: home                       ? facts_said(facts, s->path, NULL)
				       : (const struct fact *)facts_first(health, facts);
			if (streq(s->role, needed[i]) && said) {
				*ret = (struct trouble){.verb = "does not see",
				                        .role = s->role,
				                        .path = s->path,
				                        .said = said,
				                        .seen = &s->base};
				return true;
			}
		}
	}
	return false;
}

/* go inside finds no package of a Go that is all there: it may not read GOROOT, or not write the index of what
 * it has read to its cache; outside, go lists everything. */
static bool without_std(const struct facts *facts, const struct fact_confined *c,
                        struct trouble *ret) {
	const struct fact_goroot *root = facts_first(goroot, facts);
	const struct fact_go_run *list = facts_run(facts, "list");
	struct complaint said = complaint_find(facts, " is not in std");
	bool policy = c->no_new_privs || c->mounts || c->user || !str_empty(c->label);
	const struct fact_place *cache = facts_place(facts, "GOCACHE");
	bool fine = list && list->exit_code == 0 && str_empty(list->out);

	/* A filter of system calls has an id of its own. */
	if (!policy || (c->seccomp && !c->mounts) || !said.fact || !root || !root->complete ||
	    !fine || !streq(c->who, "server")) {
		return false;
	}
	*ret = (struct trouble){
		.verb = cache ? arena_printf(
					facts->arena,
					"is not allowed to use (or to write to the build cache "
					"%s for)",
					cache->path)
	                      : "is not allowed to use",
		.role = "GOROOT",
		.path = root->root,
		.said = said.fact,
		.seen = &list->base,
	};
	return true;
}

static bool homeless(const struct facts *facts, struct trouble *ret) {
	const struct fact *said = facts_said(facts, "neither $XDG_CACHE_HOME nor $HOME", NULL);
	const char *home = facts_var(facts, "server", "HOME");
	if (!said || str_empty(home)) {
		return false;
	}
	*ret = (struct trouble){.verb = "does not get HOME or GOCACHE, so that there is no",
	                        .role = "GOCACHE",
	                        .path = home,
	                        .said = said};
	return true;
}

static bool cut_off(const struct facts *facts, const struct fact_confined *c, struct trouble *ret) {
	static const char *const words[] = {"network is unreachable",
	                                    "socket: operation not permitted",
	                                    "connect: operation not permitted",
	                                    "connect: permission denied",
	                                    "socket: permission denied",
	                                    "connect: cannot assign requested address",
	                                    "server misbehaving",
	                                    "connect: connection refused"};
	const struct fact *wanted = storage_module_wanted(facts);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		bool filter = str_has(words[i], "permi");
		struct complaint said = complaint_find(facts, words[i]);
		bool able = filter ? c->seccomp || c->no_new_privs : c->network;
		if (wanted && said.fact && able) {
			*ret = (struct trouble){.verb = "does not get to",
			                        .role = "",
			                        .path = "the network",
			                        .said = said.fact,
			                        .seen = wanted};
			return true;
		}
	}
	return false;
}

/* The daemon of -remote=HOST:PORT answers here, and not there. */
static bool away_from_daemon(const struct facts *facts, const struct fact_confined *c,
                             struct trouble *ret) {
	const struct complaint said = complaint_find(facts, " dialing remote: dial tcp");
	facts_each (remote, r, facts) {
		if (c->network && said.fact && r->reachable && streq(r->network, "tcp") &&
		    str_has(said.line, r->address)) {
			*ret = (struct trouble){.verb = "has another network and does not get to "
			                                "the gopls daemon at",
			                        .role = "",
			                        .path = r->address,
			                        .daemon = true,
			                        .said = said.fact,
			                        .seen = &r->base};
			return true;
		}
	}
	return false;
}

/* gopls loads with the network switched off, so it may say nothing of it; what it would need there is missing. */
static bool perhaps_cut_off(const struct facts *facts, const struct fact_confined *c,
                            struct trouble *ret) {
	const struct fact *wanted = storage_module_wanted(facts);
	const char *proxy = facts_govar_value(facts, "GOPROXY");
	if (!c->network || !wanted || streq(proxy, "off")) {
		return false;
	}
	*ret = (struct trouble){.verb = "does not get to",
	                        .role = "",
	                        .path = "the network",
	                        .said = wanted,
	                        .likely = true};
	return true;
}

static bool find_trouble(const struct facts *facts, const struct fact_confined *c,
                         struct trouble *ret) {
	return homeless(facts, ret) || write_protected(facts, c, ret) ||
	       denied(facts, c, "permission denied", ret) || cut_off(facts, c, ret) ||
	       hidden(facts, c, ret) || away_from_daemon(facts, c, ret) ||
	       without_std(facts, c, ret) || perhaps_cut_off(facts, c, ret);
}

static const char *how(struct arena *arena, const struct fact_confined *c) {
	return arena_printf(arena, "%s%s%s%s%s", c->mounts ? "a file system view of its own, " : "",
	                    c->network ? "a network of its own, " : "",
	                    c->no_new_privs ? "no_new_privs (as Landlock needs it), " : "",
	                    c->seccomp ? "a filter of system calls, " : "",
	                    str_empty(c->label) ? ""
	                                        : arena_printf(arena, "the label %s, ", c->label));
}

static void add_fixes(struct findings *out, struct finding *f, const struct fact_confined *c,
                      const struct trouble *t) {
	struct arena *arena = out->arena;
	if (streq(t->path, "the network")) {
		finding_fix(out, f,
		            "fetch what is needed outside of the sandbox; inside, the module cache "
		            "is enough",
		            "go mod download");
		return;
	}
	if (t->daemon) {
		finding_fix(
			out, f,
			"let the sandbox share the network (bwrap: --share-net), or let gopls run "
			"there without the daemon: take -remote out of its arguments",
			"%s", "");
		return;
	}
	const char *name = str_empty(t->role) || streq(t->role, "go")
	                           ? ""
	                           : arena_printf(arena, " (%s)", t->role);
	finding_fix(out, f,
	            arena_printf(arena,
	                         "let the sandbox have %s%s: bwrap: --bind %s %s behind its other "
	                         "mounts; Landlock and agents: one more writable root",
	                         t->path, name, t->path, t->path),
	            "%s", "");
	if (!str_empty(c->wrapper)) {
		finding_fix(out, f, "see how the sandbox is made", "less %s",
		            str_shell_quote(arena, c->wrapper));
	}
}

/* ---- dialtone is inside as well ---- */

/* go drops packages it cannot cache, and says that they are not in std. */
static const struct fact *said_of(const struct facts *facts, const char *role) {
	static const char *const words[] = {"is not in std",          " cache entry not found",
	                                    "initialize build cache", "permission denied",
	                                    "read-only file system",  "operation not permitted"};
	bool cache = streq(role, "GOCACHE");
	if (streq(role, "GOMODCACHE") && storage_module_wanted(facts)) {
		return storage_module_wanted(facts);
	}
	for (size_t i = cache ? 0 : 3; i < sizeof(words) / sizeof(*words); i++) {
		const struct fact *said = facts_said(facts, words[i], NULL);
		if (said) {
			return said;
		}
	}
	const struct fact_go_run *std = facts_run(facts, STORAGE_RUN_STD);
	bool failed = std && (std->exit_code != 0 || !str_empty(std->out));
	return cache && failed ? &std->base : NULL;
}

static bool forbidden(const struct facts *facts, struct trouble *ret) {
	static const char *const roles[] = {"GOCACHE", "GOROOT",   "workspace",  "GOMODCACHE",
	                                    "TMPDIR",  "GOTMPDIR", "GOPLSCACHE", "HOME"};
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		facts_each (forbidden, f, facts) {
			bool policy = f->error == EACCES || f->error == EPERM;
			const struct fact *said =
				streq(f->role, roles[i]) && policy ? said_of(facts, f->role) : NULL;
			if (said) {
				*ret = (struct trouble){.verb = streq(f->what, "list")
				                                        ? "is not allowed to use"
				                                        : "cannot write",
				                        .role = f->role,
				                        .path = f->path,
				                        .said = said,
				                        .seen = &f->base};
				return true;
			}
		}
	}
	return false;
}

/* A mount that somebody without rights has made read-only, or has laid over what there is. */
static bool bound(const struct facts *facts, struct trouble *ret) {
	static const char *const roles[] = {"GOCACHE", "GOMODCACHE", "GOTMPDIR", "TMPDIR",
	                                    "GOPLSCACHE"};
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		const struct fact_place *p = facts_place(facts, roles[i]);
		const struct fact *said = p && p->bound_ro ? said_of(facts, roles[i]) : NULL;
		if (said) {
			*ret = (struct trouble){.verb = "cannot write",
			                        .role = p->role,
			                        .path = p->path,
			                        .said = said,
			                        .seen = &p->base};
			return true;
		}
	}
	return false;
}

static void check_own(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_own_sandbox *own = facts_first(own_sandbox, facts);
	struct fact_confined none = {.wrapper = ""};
	struct trouble t;
	bool found = own && (forbidden(facts, &t) || (own->user && bound(facts, &t)));
	if (!found) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, t.path,
		"this session is in a sandbox, where gopls and go %s %s %s; its modes allow it",
		streq(t.verb, "cannot write") ? t.verb : "are not allowed to use", t.role, t.path);
	finding_detail(out, f, "dialtone is in it too: no_new_privs%s%s in /proc/self/status",
	               own->user ? ", a user namespace of its own" : "",
	               own->filters > 0 ? ", filters of system calls" : "");
	finding_cites(f, own);
	finding_cite(f, t.said);
	finding_cite(f, t.seen);
	add_fixes(out, f, &none, &t);
}

/* ---- the editor is inside, and we have started the server outside ---- */

/* What nothing works without, or what would have to be made where nothing can be. */
static bool is_fatal(const struct facts *facts, const struct fact_confined_path *s) {
	bool gone = streq(s->state, "absent") || streq(s->state, "denied");
	bool lost = gone && streq(s->own, "ok");
	if (streq(s->role, "GOMODCACHE")) {
		const struct fact_gosum *sum = facts_first(gosum, facts);
		return lost && sum && sum->exists;
	}
	if (streq(s->role, "GOCACHE")) {
		return gone && s->read_only && !streq(s->own, "read_only");
	}
	return lost && (streq(s->role, "go") || streq(s->role, "GOROOT") ||
	                streq(s->role, "workspace") || streq(s->role, "TMPDIR"));
}

static void check_editor(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (confined, c, facts) {
		facts_each (confined_path, s, facts) {
			if (!streq(c->who, "editor") || c->flatpak || !streq(s->who, "editor") ||
			    !is_fatal(facts, s)) {
				continue;
			}
			bool cache = streq(s->role, "GOCACHE");
			struct finding *f = findings_add(
				out, self, CONF_CERTAIN, s->path,
				"the editor (process %lld) has a file system view of its own, and "
				"in it %s %s %s; gopls as it starts it lives there too",
				(long long)c->pid, s->role, s->path,
				cache ? "cannot be made" : "is not there");
			finding_cites(f, c);
			finding_cites(f, s);
			struct trouble t = {.path = s->path, .role = s->role};
			struct fact_confined none = {.wrapper = ""};
			add_fixes(out, f, &none, &t);
			finding_fix(out, f,
			            "a service: let its unit have the directory (ProtectHome=, "
			            "ReadWritePaths=, BindPaths=)",
			            "systemctl status %lld", (long long)c->pid);
			return;
		}
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_editor(self, facts, out);
	if (!facts_hurt(facts)) {
		return;
	}
	check_own(self, facts, out);
	facts_each (confined, c, facts) {
		struct trouble t;
		if (c->flatpak || streq(c->who, "editor") || !find_trouble(facts, c, &t)) {
			continue;
		}
		const char *what = streq(path_base(c->exe), "go") ? "go" : "gopls";
		const char *role = str_empty(t.role) || streq(t.role, "go")
		                           ? ""
		                           : arena_printf(out->arena, "%s ", t.role);
		struct finding *f = findings_add(
			out, self, t.likely ? CONF_LIKELY : CONF_CERTAIN, t.path,
			"%s runs in a sandbox%s%s, where it %s %s%s; outside, this user can", what,
			str_empty(c->wrapper) ? "" : " that is made by ", c->wrapper, t.verb, role,
			t.path);
		finding_detail(out, f, "the process %lld (%s) has %sand dialtone has not",
		               (long long)c->pid, c->exe, how(out->arena, c));
		finding_cites(f, c);
		finding_cite(f, t.said);
		finding_cite(f, t.seen);
		add_fixes(out, f, c, &t);
		return;
	}
}

const struct rule rule_sec_agent_sandbox = {
	.id = "sec-agent-sandbox",
	.title = "gopls or go lives in a sandbox that takes away what it needs",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(confined),
	.explains = IDS("*env-go-wrapper-broken", "?mod-excluded-by-constraints",
                        "*fs-gocache-foreign-owner", "*fs-modcache-foreign-owner", "*fs-readonly",
                        "*bin-replaced-while-running", "*ipc-server-waits-on-child",
                        "*ipc-server-stopped", "*cfg-bad-language-server-flags"),
	.check = check,
};
