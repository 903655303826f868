/* SPDX-License-Identifier: MIT
 * res-cpu-limit: gopls may use too little processor time: RLIMIT_CPU ends a process that has used up its
 * seconds, and a quota of a control group (cpu.max) lets all in it run for a small part of each period.
 * Neither is in any message: gopls is gone after a while, or everything takes for ever.
 * Counter-checks: a limit that lasts for hours is nothing to speak of; a busy machine is no quota; a
 * server that runs and is held back just now is ipc-server-stopped, which names the process.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/rule.h"

#include <signal.h>

#define SOON                                                                                       \
	60 /* seconds of processor time: a gopls that is worked with has used them up within the hour */
#define IN_TIME 600 /* within days */
#define PERCENT 5   /* of one processor: what takes a second of it takes 20 */

struct seconds {
	int64_t limit;
	const char *whose;
	const struct fact *fact;
	const struct fact_limit_source *source;
};

/* Whose limit it is: what was seen of the trial server, or of the process that would start it. */
static struct seconds seconds_of(const struct facts *facts) {
	const struct fact_server_end *e = facts_first(server_end, facts);
	struct seconds s = {.limit = -1};

	if (e && e->cpu_seconds >= 0) {
		s = (struct seconds){e->cpu_seconds, "gopls", &e->base, NULL};
	}
	facts_each (limit, l, facts) {
		bool judged = streq(l->scope, "judged");

		if (streq(l->name, "cpu_seconds") && l->soft >= 0 &&
		    (judged || streq(l->scope, "own"))) {
			s.limit = l->soft;
			s.fact = &l->base;
			s.whose = judged ? arena_printf(facts->arena,
			                                "the editor (process %lld), and what it "
			                                "starts,",
			                                (long long)l->pid)
			                 : "what this session starts";
		}
	}
	facts_each (limit_source, src, facts) {
		int64_t number = 0;

		if (!streq(src->name, "cpu_seconds") || str_to_int64(src->value, &number) != 0) {
			continue;
		}
		if (s.limit == number) {
			s.source = src;
		} else if (src->script && streq(src->tool, "go") && s.limit < 0) {
			s = (struct seconds){number, "go", &src->base, src};
		}
	}
	return s;
}

/* Who was ended as such a limit ends: SIGXCPU at the soft one, SIGKILL at the hard one. */
static const struct fact *victim(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);

	if (s && (s->signal == SIGXCPU || s->signal == SIGKILL)) {
		return &s->base;
	}
	facts_each (go_run, r, facts) {
		if ((r->signal == SIGXCPU || r->signal == SIGKILL) && !r->timed_out) {
			return &r->base;
		}
	}
	const struct fact *said = facts_said(facts, "signal: killed", NULL);

	return said ? said : facts_said(facts, "signal: CPU time limit exceeded", NULL);
}

static void check_seconds(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	struct seconds s = seconds_of(facts);
	const struct fact_memory *m = facts_first(memory, facts);
	const struct fact *ended = facts_hurt(facts) ? victim(facts) : NULL;

	if (s.limit < 0 || s.limit > IN_TIME || (m && m->killed > 0) ||
	    (!ended && s.source && streq(s.whose, "go"))) {
		return;
	}
	const char *subject =
		s.source ? s.source->file
			 : arena_printf(out->arena, "RLIMIT_CPU %lld", (long long)s.limit);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, subject,
		"%s%s may use only %lld seconds of processor time (RLIMIT_CPU) and is ended then%s",
		s.source ? arena_printf(out->arena, "by %s line %lld ", s.source->file,
	                                (long long)s.source->line)
			 : "",
		s.whose, (long long)s.limit, ended ? ", as it was just now" : "");

	finding_about(out, f, "RLIMIT_CPU");
	f->severity = ended ? SEV_ERROR : s.limit <= SOON ? SEV_WARNING : SEV_NOTE;
	finding_cite(f, s.fact);
	finding_cite(f, ended);
	if (s.source) {
		finding_cites(f, s.source);
		finding_fix(out, f, "remove it there, then start the editor again",
		            "sed -i '%llds/%s/unlimited/' %s", (long long)s.source->line,
		            s.source->value, str_shell_quote(out->arena, s.source->file));
		return;
	}
	facts_each (limit, l, facts) {
		if (&l->base == s.fact && l->pid > 0) {
			finding_fix(out, f,
			            "lift it for the running editor, then restart the language "
			            "server",
			            "sudo prlimit --pid %lld --cpu=unlimited", (long long)l->pid);
		}
	}
	finding_fix(
		out, f,
		"lift it where it is set (a shell's start-up file, limits.conf, LimitCPU= of the "
		"unit), and start the editor from there",
		"ulimit -t unlimited");
}

static bool held_back_now(const struct facts *facts) {
	facts_each (wait_leaf, l, facts) {
		if (streq(l->kind, "throttled")) {
			return true;
		}
	}
	return false;
}

static void check_quota(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_cpu_quota *least = NULL;

	facts_each (cpu_quota, q, facts) {
		bool small = q->quota_us * 100 <= q->period_us * PERCENT;
		bool less =
			!least || q->quota_us * least->period_us < least->quota_us * q->period_us;

		least = small && less ? q : least;
	}
	if (!least || held_back_now(facts)) {
		return;
	}
	const char *who = streq(least->scope, "judged")
	                          ? arena_printf(out->arena, "the editor (process %lld)",
	                                         (long long)least->pid)
	                  : streq(least->scope, "server")
	                          ? arena_printf(out->arena, "the running gopls (process %lld)",
	                                         (long long)least->pid)
	                          : "this session";
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, least->where,
		"%s is in the control group %s, which may use %.1f %% of one processor in all", who,
		least->where, (double)least->quota_us * 100.0 / (double)least->period_us);

	f->severity = facts_hurt(facts) && streq(least->scope, "own") ? SEV_ERROR : SEV_WARNING;
	finding_cites(f, least);
	if (least->periods > 0 && least->throttled >= 0) {
		finding_detail(out, f, "it was held back in %lld of %lld periods",
		               (long long)least->throttled, (long long)least->periods);
	}
	bool old = str_has(least->where, "/cgroup/cpu");

	finding_fix(out, f,
	            "give the group more: of a systemd unit, CPUQuota=", "echo %s | sudo tee %s",
	            old ? "-1" : "max",
	            str_shell_quote(out->arena, path_join(out->arena, least->where,
	                                                  old ? "cpu.cfs_quota_us" : "cpu.max")));
	finding_fix(out, f, "of a container", "docker update --cpus 2 NAME");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (facts_first(health, facts)) {
		check_seconds(self, facts, out);
		check_quota(self, facts, out);
	}
}

const struct rule rule_res_cpu_limit = {
	.id = "res-cpu-limit",
	.title = "gopls may use too little processor time",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(limit),
	.explains = IDS("*sec-os-kills-on-exec", "*env-go-wrapper-broken", "*bug-gopls-panic",
                        "*ipc-server-waits-on-child"),
	.check = check,
};
