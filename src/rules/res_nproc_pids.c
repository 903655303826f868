/* SPDX-License-Identifier: MIT
 * No more processes or threads: RLIMIT_NPROC of the user, pids.max of a cgroup, or the system's own
 * limit.
 *
 * The kernel says EAGAIN to all of them, and to a thread whose stack finds no memory (RLIMIT_AS,
 * RLIMIT_DATA: res-go-oom-fatal), so the words alone prove nothing: the limit and what is left of it
 * must be seen, or the same server must do better with a higher one. A limit that leaves room is
 * nothing to speak of, and what a cgroup refused in the past neither.
 */
#include "core/rule.h"

#include <errno.h>

/* Tasks of gopls, its side process, go list and the compiler at a first load: 21 do not suffice, 30
 * do (gopls v0.23.0, go 1.26.8, two processors). Below FEW not even gopls itself comes up. */
#define ENOUGH 30
#define FEW    8

static bool says_so(const char *text) {
	return str_has(text, "failed to create new OS thread") ||
	       (str_has(text, "esource temporarily unavailable") &&
	        (str_has(text, "fork/exec") || str_has(text, "pthread_create")));
}

static const struct fact *complaint(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);

	if (server && (says_so(server->err) ||
	               (streq(server->state, "not_executed") && server->error == EAGAIN))) {
		return &server->base;
	}
	facts_each (message, m, facts) {
		if (says_so(m->text)) {
			return &m->base;
		}
	}
	facts_each (diagnostic, d, facts) {
		if (says_so(d->text)) {
			return &d->base;
		}
	}
	facts_each (go_run, r, facts) {
		if (says_so(r->err)) {
			return &r->base;
		}
	}
	return NULL;
}

/* The tightest limit of that scope. */
static const struct fact_task_limit *tightest(const struct facts *facts, const char *scope,
                                              const char *scope2) {
	const struct fact_task_limit *least = NULL;

	facts_each (task_limit, l, facts) {
		bool ours = streq(l->scope, scope) || streq(l->scope, scope2);

		if (ours && l->room >= 0 && (!least || l->room < least->room)) {
			least = l;
		} else if (ours && l->room < 0) {
			return l; /* lowered below what there is */
		}
	}
	return least;
}

static const char *owner(struct arena *arena, const struct fact_task_limit *l) {
	return streq(l->scope, "judged")
	               ? arena_printf(arena, "the editor (process %lld)", (long long)l->pid)
	       : streq(l->scope, "server")
	               ? arena_printf(arena, "the running gopls (process %lld)", (long long)l->pid)
	               : "this session";
}

static void advise(struct findings *out, struct finding *f, const struct fact_task_limit *l) {
	if (streq(l->kind, "cgroup")) {
		finding_fix(out, f, "raise it: of a systemd unit, TasksMax",
		            "echo 4096 | sudo tee %s",
		            str_shell_quote(out->arena,
		                            arena_printf(out->arena, "%s/pids.max", l->where)));
		finding_fix(out, f, "of a container, start it anew with a higher one",
		            "docker run --pids-limit=4096 …");
	} else if (streq(l->kind, "system")) {
		finding_fix(out, f, "raise it", "sudo sysctl -w %s=%lld", l->where,
		            (long long)l->limit * 4);
	} else {
		finding_fix(out, f,
		            "raise it for this user, log in again and start the editor anew",
		            "echo \"$USER - nproc 16384\" | sudo tee "
		            "/etc/security/limits.d/nproc.conf");
		finding_fix(out, f, "for an editor that is a systemd service, in its unit",
		            "LimitNPROC=16384");
	}
}

static void add(const struct rule *self, struct findings *out, const struct fact_task_limit *l,
                const struct fact *said, const struct fact_trial *more) {
	struct finding *f;

	if (streq(l->kind, "rlimit")) {
		f = findings_add(out, self, CONF_CERTAIN,
		                 arena_printf(out->arena, "RLIMIT_NPROC %lld", (long long)l->limit),
		                 "%s may have only %lld processes and threads of this user "
		                 "(RLIMIT_NPROC), and %lld exist%s",
		                 owner(out->arena, l), (long long)l->limit, (long long)l->current,
		                 more ? ": with more, the same server works" : "");
		finding_about(out, f, "RLIMIT_NPROC");
		finding_detail(out, f,
		               "all processes and threads of the user count, wherever they "
		               "were started, also in containers under the same number");
	} else {
		f = findings_add(
			out, self, CONF_CERTAIN,
			streq(l->kind, "cgroup") ? arena_printf(out->arena, "%s/pids.max", l->where)
						 : l->where,
			"%s is in %s, where %lld of %lld processes and threads exist%s; a "
			"load needs about %d",
			owner(out->arena, l), streq(l->kind, "cgroup") ? l->where : "a system",
			(long long)l->current, (long long)l->limit,
			l->refused > 0 ? arena_printf(out->arena, " and %lld have been refused",
		                                      (long long)l->refused)
				       : "",
			ENOUGH);
	}
	finding_cites(f, l);
	if (said) {
		finding_cite(f, said);
	}
	if (more) {
		finding_cites(f, more);
	}
	advise(out, f, l);
}

static void check_trial(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact *said = complaint(facts);
	const struct fact_trial *more = facts_trial(facts, "more processes");
	const struct fact_task_limit *l = tightest(facts, "own", "");
	const struct fact_task_limit *judged = tightest(facts, "judged", "");

	if (more && more->better) {
		/* Only the user's limit is lifted in that trial. */
		facts_each (task_limit, r, facts) {
			if (streq(r->scope, "judged") && streq(r->kind, "rlimit")) {
				add(self, out, r, said, more);
				return;
			}
		}
	}
	/* Our trial has the editor's user limit, but is in our own cgroups. */
	if (judged && streq(judged->kind, "rlimit") && (!l || judged->room < l->room)) {
		l = judged;
	}
	if (said && l && l->room < ENOUGH) {
		add(self, out, l, said, NULL);
	}
}

/* A fresh server is well, but it does not live where the editor's does. */
static void check_elsewhere(const struct rule *self, const struct facts *facts,
                            struct findings *out) {
	const struct fact_task_limit *l = tightest(facts, "server", "judged");

	if (l && (l->room < FEW || (l->room < ENOUGH && l->refused > 0))) {
		add(self, out, l, NULL, NULL);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (facts_hurt(facts)) {
		check_trial(self, facts, out);
	}
	bool found = out->last && out->last->rule == self;
	if (facts_first(health, facts) && !found) {
		check_elsewhere(self, facts, out);
	}
}

const struct rule rule_res_nproc_pids = {
	.id = "res-nproc-pids",
	.title = "no more processes or threads may be started",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(task_limit),
	.explains = IDS("*env-go-wrapper-broken", "*bug-gopls-panic", "*bug-golist-panic"),
	.check = check,
};
