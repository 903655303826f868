/* SPDX-License-Identifier: MIT
 * sec-seccomp-old-runtime: a filter of system calls refuses what go or gopls need: with EPERM because it
 * does not know newer calls (an old container runtime or libseccomp under a new image), with ENOSYS, or
 * by ending the process.
 * Proof: the process has filters that dialtone has not, or such a call is refused to dialtone itself;
 * and what was said is no matter of files or network.
 * Counter-checks: go itself takes EPERM of new calls for ENOSYS, so without a complaint nothing is
 * said; a filter that is about the network is sec-agent-sandbox.
 */
#include "core/complaint.h"
#include "core/guards.h"
#include "core/rule.h"

#include <signal.h>

static bool is_network(const char *line) {
	return str_has(line, "socket") || str_has(line, "connect") || str_has(line, "dial ") ||
	       str_has(line, "lookup ");
}

static bool is_crash(const char *err) {
	return str_has(err, "pthread_create failed") || str_has(err, "runtime/cgo:") ||
	       str_has(err, "fatal error:") || str_has(err, "runtime: ") || str_has(err, "SIGSYS");
}

/* go says only that packages are not in std; they are, and outside go lists them. */
static struct complaint dropped(const struct facts *facts) {
	const struct fact_goroot *root = facts_first(goroot, facts);
	const struct fact_go_run *list = facts_run(facts, "list");
	bool fine = list && list->started && list->exit_code == 0 && str_empty(list->out);

	return root && root->complete && fine ? complaint_find(facts, " is not in std")
	                                      : (struct complaint){0};
}

static struct complaint said_so(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);
	if (s && (s->signal == SIGSYS || (streq(s->state, "exited") && is_crash(s->err)) ||
	          str_has(s->err, "pthread_create failed"))) {
		return (struct complaint){.fact = &s->base, .line = ""};
	}
	facts_each (go_run, run, facts) {
		if (run->signal == SIGSYS || is_crash(run->err)) {
			return (struct complaint){.fact = &run->base, .line = ""};
		}
	}
	static const char *const words[] = {"operation not permitted", "Operation not permitted",
	                                    "bad system call", "function not implemented",
	                                    "Function not implemented"};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (struct complaint c = complaint_find(facts, words[i]); c.fact;
		     c = complaint_next(facts, words[i], &c)) {
			if (!is_network(c.line)) {
				return c;
			}
		}
	}
	return dropped(facts);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	struct complaint c = said_so(facts);
	const struct fact_guard *own = guards_of(facts, "syscall");
	const struct fact_confined *inside = NULL;
	facts_each (confined, p, facts) {
		inside = inside || !p->seccomp ? inside : p;
	}
	if (!facts_hurt(facts) || !c.fact || (!own && !inside) ||
	    guards_refused(facts, "exec", 1, 0)) {
		return;
	}
	const char *wrapper = inside ? inside->wrapper : "";
	const char *subject = own                   ? own->name
	                      : !str_empty(wrapper) ? wrapper
	                      : inside              ? inside->exe
	                                            : "";
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, subject,
		"a filter of system calls (seccomp)%s%s refuses calls %s%s%s",
		inside ? ", set by " : "",
		!inside              ? ""
		: str_empty(wrapper) ? "what starts the server"
				     : wrapper,
		c.fact && str_has(c.line, "unction not implemented")
			? arena_printf(out->arena, "that are needed (%s)", c.line)
			: "it does not know with EPERM",
		own ? ", for one " : ", and the program inside fails of it", own ? own->name : "");
	finding_cite(f, (const struct fact *)inside);
	finding_cite(f, (const struct fact *)own);
	finding_cite(f, c.fact);
	if (inside) {
		finding_detail(out, f,
		               "Seccomp in /proc/%lld/status (%s); dialtone has no such filter",
		               (long long)inside->pid, inside->exe);
	}
	finding_fix(out, f,
	            "update the container runtime (docker 20.10.10, libseccomp 2.5 or later), or "
	            "let the profile answer ENOSYS to what it does not know",
	            "docker version");
	finding_fix(out, f, "to make sure: once without the filter",
	            "docker run --rm --security-opt seccomp=unconfined IMAGE go version");
}

const struct rule rule_sec_seccomp_old_runtime = {
	.id = "sec-seccomp-old-runtime",
	.title = "A filter of system calls refuses newer ones with EPERM",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(guard) | FACT_BIT(inside),
	.explains = IDS("*env-go-wrapper-broken", "*res-nproc-pids", "*bug-gopls-panic"),
	.check = check,
};
