/* SPDX-License-Identifier: MIT
 * The server is well and waits for another process that does not come to an end: its go, git, ssh, a driver, or whoever
 * has the lock they need. The last of the chain is the cause.
 *
 * Not this: a child that works (a compiler at full speed) unless the server has not answered for long or it has been
 * at it for long, one that has just begun to wait, gopls's telemetry child, which is always there and waits.
 */
#include "core/rule.h"

static bool is_it(const struct facts *facts, const struct fact_wait_leaf *l) {
	if ((streq(l->origin, "trial") && facts_healthy(facts)) || l->healthy || !l->settled ||
	    STR_IN(l->kind, "hidden", "files", "pids", "stale")) {
		return false;
	}
	if (streq(l->role, "child") || streq(l->role, "other")) {
		return true;
	}
	/* Asked about a go, a git or an ssh itself. */
	return streq(l->role, "target") && !streq(l->kind, "stopped") &&
	       !streq(l->kind, "traced") && !streq(l->kind, "frozen") &&
	       !streq(l->kind, "throttled");
}

/* A host that is slow has answered by then. */
#define SILENT_MS 4500

/* One program at work for longer than a package takes: a compiler that gets a generated header, a generator. */
#define LONG_WORK_MS 4000

/* So late, and it still works: it may come to an end, and nobody can say when. That go itself reads and counts is what
 * a large project, or a busy machine, costs. */
static bool still_works(const struct facts *facts, const struct fact_wait_leaf *l) {
	if (!streq(l->kind, "works") || !streq(l->role, "child") || str_starts(l->name, "go ") ||
	    str_starts(l->name, "gopls ")) {
		return false;
	}
	return streq(l->origin, "asked") ? l->since_ms >= LONG_WORK_MS
	                                 : streq(l->origin, "trial") && !facts_healthy(facts);
}

/* What is seen to be so, and not only concluded from what it is not. */
static bool is_sure(const struct fact_wait_leaf *l) {
	if (streq(l->kind, "net") || streq(l->kind, "dns") || streq(l->kind, "disk")) {
		return l->since_ms >= SILENT_MS;
	}
	return !STR_IN(l->kind, "inside", "sleep") || l->proven;
}

/* "ssh (pid 42)" and "ssh (pid 43)" */
static bool same_program(const char *a, const char *b) {
	const char *end = strstr(a, " (pid ");
	size_t len = end ? (size_t)(end - a) : strlen(a);

	return strncmp(a, b, len) == 0 && str_starts(b + len, " (pid ");
}

/* Does the chain of a server lead through this process? */
static bool leads_through(const struct facts *facts, int64_t target, int64_t pid) {
	facts_each (wait_link, link, facts) {
		if (link->target == target && link->pid == pid) {
			return true;
		}
	}
	return false;
}

/* Is a program of this name on the way to where l ends? A script that looks again and again is named itself once it is
 * old enough to tell, and what it has just started before. */
static bool leads_by(const struct facts *facts, const struct fact_wait_leaf *l, const char *name) {
	facts_each (wait_link, link, facts) {
		if (link->target == l->target && link->pid != l->target &&
		    same_program(name, link->text)) {
			return true;
		}
	}
	return false;
}

/* The user's own server hangs on the same thing: that is the one to speak of, ours ends with us. */
static bool is_twin(const struct facts *facts, const struct fact_wait_leaf *l) {
	facts_each (wait_leaf, o, facts) {
		bool same = (streq(o->kind, l->kind) &&
		             (same_program(o->name, l->name) || leads_by(facts, l, o->name))) ||
		            leads_through(facts, o->target, l->pid);

		if (streq(l->origin, "trial") && streq(o->origin, "running") && is_it(facts, o) &&
		    same) {
			return true;
		}
	}
	return false;
}

/* Where the address comes from, when no variable shows it. */
static void say_stored(struct findings *out, struct finding *f, const struct facts *facts,
                       const struct fact_wait_leaf *l) {
	const struct fact_govar *proxy = facts_govar(facts, "GOPROXY");

	if (streq(l->kind, "net") && str_starts(l->name, "go ") && proxy &&
	    streq(proxy->origin, "goenv")) {
		finding_detail(out, f, "GOPROXY=%s is stored in %s (go env -w)", proxy->value,
		               proxy->where);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (wait_leaf, l, facts) {
		bool works = still_works(facts, l);

		if (!works && (!is_it(facts, l) || is_twin(facts, l))) {
			continue;
		}
		struct finding *f = findings_add(out, self,
		                                 works        ? CONF_POSSIBLE
		                                 : is_sure(l) ? CONF_CERTAIN
		                                              : CONF_LIKELY,
		                                 l->name, "%s", l->text);

		f->by_words = works;
		finding_about(out, f, arena_printf(out->arena, "%lld", (long long)l->pid));
		say_stored(out, f, facts, l);
		finding_cites(f, l);
		finding_cites_links(f, facts, l->target);
		facts_each (wait_unread, u, facts) {
			finding_cites(f, u);
		}
		if (!str_empty(l->cure)) {
			struct fix_advice *fix = finding_fix(out, f, l->cure, "%s", l->command);

			fix->disruptive = l->disruptive;
			fix->reversible = !l->disruptive;
		}
	}
}

const struct rule rule_ipc_server_waits_on_child = {
	.id = "ipc-server-waits-on-child",
	.title = "The server waits for a child that does not end",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(wait_leaf),
	.check = check,
};
