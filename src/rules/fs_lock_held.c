/* SPDX-License-Identifier: MIT
 * The go below the server waits for a lock that another process holds: a stopped one, one that is stuck itself, or one
 * that nobody here can see.
 *
 * Not this: left-over lock files (nobody waits for them; the lock is in the kernel, not in the file), a lock on
 * something else (nobody below the server waits for it), one that is had a moment later (then the server answers), a
 * host that does not answer (mod-unresolvable-revision-hang: then go itself has the socket).
 */
#include "core/rule.h"

/* "go mod download", at most so long. */
static const char *command_of(struct findings *out, const char *program, const char *args) {
	char *text = arena_strdup(out->arena, str_empty(args) ? program : args);

	for (char *c = text; *c; c++) {
		*c = *c == '\x1f' || *c == '\n' ? ' ' : *c;
	}
	/* Without the directory of the program. */
	size_t first = strcspn(text, " ");
	char *slash = memrchr(text, '/', first);
	const char *from = slash ? slash + 1 : text;

	return strlen(from) > 60 ? arena_printf(out->arena, "%.57s...", from) : from;
}

/* "is stopped": goes on from "PROGRAM holds the lock and". */
static const char *doing(struct findings *out, const struct fact_lock_wait *w) {
	double idle_s = (double)w->idle_ms / 1000;
	const char *below = w->leaf == 0
	                            ? ""
	                            : arena_printf(out->arena, " (by way of %s, process %lld)",
	                                           command_of(out, w->leaf_program, w->leaf_args),
	                                           (long long)w->leaf);

	if (streq(w->stuck, "stopped")) {
		return "is stopped (Ctrl-Z or SIGSTOP)";
	}
	if (streq(w->stuck, "traced")) {
		return "is held by a debugger";
	}
	if (streq(w->stuck, "frozen")) {
		return "is in a frozen cgroup";
	}
	if (streq(w->stuck, "connecting")) {
		return arena_printf(out->arena, "gets no connection to %s%s", w->peer, below);
	}
	if (streq(w->stuck, "silent") && !str_empty(w->peer)) {
		return arena_printf(out->arena, "has waited at least %.1f s for %s%s", idle_s,
		                    w->peer, below);
	}
	return streq(w->stuck, "silent")
	               ? arena_printf(out->arena, "has done nothing for at least %.1f s%s", idle_s,
	                              below)
	               : arena_printf(out->arena, "is at work%s", below);
}

static const char *nobody(const struct fact_lock_wait *w) {
	if (streq(w->unseen, "denied")) {
		return "a process of another user, whose descriptors only CAP_SYS_PTRACE may see";
	}
	if (streq(w->unseen, "gone")) {
		return "a process that has ended but left the open file to another";
	}
	return str_starts(w->fstype, "nfs") ? "another machine that uses this file system"
	                                    : "a process that cannot be seen from here (another "
	                                      "container, or outside of this one)";
}

static void advise(struct findings *out, struct finding *f, const struct fact_lock_wait *w) {
	long long pid = (long long)w->holder;

	if (w->holder == 0) {
		finding_fix(out, f,
		            "look for it with more rights, or from the machine the container "
		            "runs on",
		            "sudo dialtone locks %s", str_shell_quote(out->arena, w->path));
		return;
	}
	if (streq(w->stuck, "stopped")) {
		finding_fix(out, f, "let it go on (as fg does in its terminal)", "kill -CONT %lld",
		            pid)
			->disruptive = true;
	}
	/* One that is stopped takes the signal when it goes on. */
	const char *go_on = streq(w->stuck, "stopped")
	                            ? arena_printf(out->arena, "; kill -CONT %lld", pid)
	                            : "";
	struct fix_advice *end = finding_fix(
		out, f, "end it; the lock goes with it, and what it had begun is begun anew",
		"kill %lld%s%s%s", pid, *w->also ? " " : "", w->also, go_on);

	end->disruptive = true;
	end->reversible = false;
}

/* The most telling one: of a holder that is known to be stuck. */
static const struct fact_lock_wait *wait_of(const struct facts *facts) {
	const struct fact_lock_wait *best = NULL;

	facts_each (lock_wait, w, facts) {
		bool better = !best || (str_empty(best->stuck) && !str_empty(w->stuck)) ||
		              (best->holder == 0 && w->holder > 0);

		best = better ? w : best;
	}
	return best;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_lock_wait *w = wait_of(facts);

	if (!w || facts_healthy(facts) || (str_empty(w->stuck) && !facts_hurt(facts))) {
		return;
	}
	struct finding *f;

	if (w->holder > 0) {
		f = findings_add(
			out, self, CONF_CERTAIN,
			arena_printf(out->arena, "process %lld: %s", (long long)w->holder, w->path),
			"%s (process %lld) holds the lock on %s and %s; the %s of the "
			"server (process %lld) waits for it, without a limit of time",
			command_of(out, w->holder_program, w->holder_args), (long long)w->holder,
			w->what, doing(out, w), w->program, (long long)w->pid);
	} else {
		f = findings_add(out, self, CONF_CERTAIN, w->path,
		                 "The %s of the server (process %lld) waits for the lock on %s, "
		                 "held by %s",
		                 w->program, (long long)w->pid, w->what, nobody(w));
	}
	finding_about(out, f, w->path);
	finding_cites(f, w);
	finding_detail(out, f, "the lock is on %s; removing the file would not end the wait",
	               w->path);
	advise(out, f, w);
}

const struct rule rule_fs_lock_held = {
	.id = "fs-lock-held",
	.title = "another process holds a lock that go waits for",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(lock_wait),
	.explains = IDS("*ipc-server-waits-on-child", "*mod-unresolvable-revision-hang",
                        "*mod-gosum-or-gomod-stale", "*tc-download-unavailable",
                        "?mod-excluded-by-constraints"),
	.check = check,
};
