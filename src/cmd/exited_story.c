/* SPDX-License-Identifier: MIT
 */
#include "cmd/exited_story.h"

#include "base/str.h"
#include "cmd/exited_signals.h"
#include "core/no_memory.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define SLACK_NS ((int64_t)10 * 1000000000) /* logs count in seconds, and say it later */

struct telling {
	const struct facts *facts;
	struct arena *arena;
	int64_t pid;
	struct exited_story story;
	const struct fact_log_event *exit; /* the last that speaks of an end, or NULL */
};

static void prove(struct telling *t, const char *text) {
	if (t->story.proof_count < EXITED_PROOFS_MAX && !str_empty(text)) {
		t->story.proof[t->story.proof_count++] = text;
	}
}

static void prove_event(struct telling *t, const struct fact_log_event *e) {
	prove(t, arena_printf(t->arena, "%s line %lld: %s", e->file, (long long)e->line, e->text));
}

static void tell(struct telling *t, const char *kind, const char *answer) {
	t->story.kind = kind;
	t->story.answer = answer;
}

static void cure(struct telling *t, const char *title, const char *command) {
	t->story.fix_title = title;
	t->story.fix_command = command;
}

/* ---- what logs say of an end ---- */

static int64_t number_behind(const char *text, const char *mark) {
	const char *at = strstr(text, mark);

	return at ? strtoll(at + strlen(mark), NULL, 10) : -1;
}

/* "Server process exited with code 2." or "… with signal SIGKILL." (vscode-languageclient); "Client 1 quit with exit
 * code 2 and signal 0" (Neovim); "exited with status 9" (jsonrpc of Emacs). */
static void take_status(struct telling *t, const char *text) {
	const char *name = strstr(text, "signal SIG");
	int64_t named = name ? exited_signal_number(name + strlen("signal ")) : 0;
	int64_t number = named ? named : number_behind(text, "and signal ");
	int64_t code = number_behind(text, "exited with code ");

	code = code < 0 ? number_behind(text, "exit code ") : code;
	code = code < 0 ? number_behind(text, "with status ") : code;
	t->story.signal = number > 0 ? number : code > 128 && code < 160 ? code - 128 : 0;
	t->story.exit_code = t->story.signal ? -1 : code;
}

static bool tells_end(const struct fact_log_event *e) {
	return STR_IN(e->kind, "exit", "gave-up", "crash", "spawn-failed", "bad-flags",
	              "daemon-lost");
}

/* The present session counts more than those before it; within one file the later line. */
static const struct fact_log_event *last_end(const struct facts *facts, const char *kind) {
	const struct fact_log_event *best = NULL;

	facts_each (log_event, e, facts) {
		if (!tells_end(e) || (kind && !streq(e->kind, kind))) {
			continue;
		}
		bool newer = !best || (e->current && !best->current) ||
		             (e->current == best->current &&
		              (streq(e->file, best->file) ? e->line >= best->line
		                                          : e->at_ns >= best->at_ns));

		best = newer ? e : best;
	}
	return best;
}

/* ---- the chapters ---- */

static bool is_of_chain(const char *comm) {
	return STR_IN(comm, "gopls", "go", "compile", "cgo", "asm", "link", "cc1", "vet");
}

static bool is_of_other_user(const struct telling *t, const char *text) {
	const struct fact_target *target = facts_first(target, t->facts);
	const char *uid = strstr(text, " UID:");

	uid = uid ? uid : strstr(text, ",uid=");
	return uid && target && strtoll(uid + 5, NULL, 10) != target->uid;
}

/* The victims of our own trials, another user's programs, and what was long before the end that a log tells of. The
 * kernel writes two lines about one victim. */
static bool is_another(const struct telling *t, const struct fact_death *d) {
	if (t->pid) {
		return d->pid != t->pid;
	}
	facts_each (death, other, t->facts) {
		if (other == d || (d->pid > 0 && other->pid == d->pid)) {
			if (strstr(other->text, "oom_score_adj:1000") ||
			    is_of_other_user(t, other->text)) {
				return true;
			}
		}
	}
	return t->exit && t->exit->at_ns > 0 && d->at_ns > 0 &&
	       d->at_ns + SLACK_NS < t->exit->at_ns;
}

static const struct fact_death *last_death(const struct telling *t, const char *how) {
	const struct fact_death *best = NULL;

	facts_each (death, d, t->facts) {
		bool meant = t->pid || is_of_chain(d->comm) ||
		             (str_empty(d->comm) && !str_empty(d->group) && t->exit);

		if (meant && !is_another(t, d) && streq(d->how, how) &&
		    (!best || d->at_ns >= best->at_ns)) {
			best = d;
		}
	}
	return best;
}

static void take_death(struct telling *t, const struct fact_death *d) {
	t->story.pid = d->pid ? d->pid : t->story.pid;
	t->story.signal = d->signal ? d->signal : t->story.signal;
	t->story.at_ns = d->at_ns;
	t->story.sender = d->by;
	t->story.certain = t->exit || t->pid;
	if (!t->story.certain) {
		t->story.unknown =
			"which folder it had open is not recorded: no log of an editor tells "
			"of an end";
	}
	prove(t, arena_printf(t->arena, "%s: %s",
	                      streq(d->source, "kernel") ? "the kernel's log" : "the journal",
	                      d->text));
}

static const char *whom(struct telling *t, const struct fact_death *d) {
	const char *name = str_empty(d->comm) ? "a process of the editor's group" : d->comm;

	return d->pid ? arena_printf(t->arena, "%s (process %lld)", name, (long long)d->pid) : name;
}

/* The kernel writes one line about the group and one about the victim. */
static const char *group_of(const struct telling *t, const struct fact_death *d) {
	facts_each (death, other, t->facts) {
		if (other->pid == d->pid && !str_empty(other->group)) {
			return other->group;
		}
	}
	return d->group;
}

static bool killed_for_memory(struct telling *t) {
	const struct fact_death *d = last_death(t, "oom");
	const char *group = d ? group_of(t, d) : "";

	if (!d) {
		return false;
	}
	take_death(t, d);
	t->story.sender = "the kernel";
	tell(t, "oom",
	     arena_printf(t->arena, "The kernel killed %s: out of memory%s%s.", whom(t, d),
	                  str_empty(group) ? "" : " in the control group ", group));
	facts_each (memory_group, g, t->facts) {
		if (g->limit >= 0 && (str_empty(group) || streq(g->path, group))) {
			prove(t, arena_printf(t->arena, "%s: %lld", g->file, (long long)g->limit));
		}
	}
	cure(t, "give it more memory; `dialtone explain res-oom-killed` says how", "");
	return true;
}

static bool killed_by_daemon(struct telling *t) {
	const struct fact_death *d = last_death(t, "oom-daemon");

	if (!d) {
		return false;
	}
	take_death(t, d);
	tell(t, "oom-daemon",
	     arena_printf(t->arena, "%s killed %s (%s), because memory was short.", d->by,
	                  str_empty(d->comm) ? d->group : whom(t, d),
	                  exited_signal_name(t->arena, d->signal)));
	cure(t, "see what uses the memory", "ps -eo pid,rss,comm --sort=-rss | head");
	return true;
}

static bool killed_by_filter(struct telling *t) {
	const struct fact_death *d = last_death(t, "seccomp");

	if (!d) {
		return false;
	}
	take_death(t, d);
	tell(t, "seccomp",
	     arena_printf(t->arena, "A seccomp filter killed %s at system call %lld.", whom(t, d),
	                  (long long)d->syscall));
	return true;
}

/* The last traceback that is of the same session as the end. */
static const struct fact_crash *last_crash(const struct telling *t) {
	const struct fact_crash *best = NULL;

	facts_each (crash, c, t->facts) {
		bool of_end = !t->exit || c->current == t->exit->current;

		if (of_end && (!best || c->at_ns >= best->at_ns)) {
			best = c;
		}
	}
	return best;
}

/* ", in golang.org/x/tools/gopls/… (file.go:12)", "" when no frame is known. */
static const char *crash_place(const struct telling *t, const struct fact_crash *c) {
	if (str_empty(c->frame)) {
		return "";
	}
	return c->line > 0 ? arena_printf(t->arena, ", in %s (%s:%lld)", c->frame, c->file,
	                                  (long long)c->line)
	                   : arena_printf(t->arena, ", in %s", c->frame);
}

static void prove_crash(struct telling *t, const struct fact_crash *c) {
	const char *line = arena_printf(t->arena, "%s line %lld", c->log, (long long)c->log_line);

	prove(t, c->goroutine > 0
	                 ? arena_printf(t->arena, "%s: goroutine %lld [%s] of the traceback", line,
	                                (long long)c->goroutine, c->state)
	                 : line);
	if (!str_empty(c->known)) {
		prove(t, arena_printf(t->arena, "known: %s%s%s", c->known,
		                      str_empty(c->fixed) ? "" : "; not any more in ", c->fixed));
	}
}

static bool crashed(struct telling *t) {
	const struct fact_crash *c = last_crash(t);

	if (!c || t->pid || streq(c->kind, "signal")) {
		return false;
	}
	t->story.at_ns = c->at_ns;
	t->story.exit_code = t->story.exit_code < 0 && !t->story.signal ? 2 : t->story.exit_code;
	t->story.certain = true;
	prove_crash(t, c);
	if (no_memory_text(c->text)) {
		tell(t, "no-memory",
		     arena_printf(t->arena,
		                  "gopls asked the kernel for memory, got none and ended: %s.",
		                  c->text));
		cure(t, "lift the limit; `dialtone explain res-go-oom-fatal` says where to look",
		     "");
		return true;
	}
	tell(t, "panic",
	     arena_printf(t->arena, "gopls%s%s crashed: %s%s.", str_empty(c->version) ? "" : " ",
	                  c->version, c->text, crash_place(t, c)));
	cure(t, "install the newest gopls",
	     str_empty(c->advice) ? "go install golang.org/x/tools/gopls@latest" : c->advice);
	return true;
}

/* The kernel's counter of the editor's group, when the signal fits it. */
static bool counted_for_memory(struct telling *t) {
	facts_each (memory_group, g, t->facts) {
		if (t->story.signal != SIGKILL || g->kills <= 0) {
			continue;
		}
		t->story.sender = "the kernel";
		tell(t, "oom",
		     arena_printf(
			     t->arena,
			     "gopls was ended by SIGKILL, and the kernel has killed %lld in the "
			     "control group %s for want of memory: most likely that was it.",
			     (long long)g->kills, g->path));
		prove(t, arena_printf(t->arena, "%s: limit %lld, kills %lld", g->file,
		                      (long long)g->limit, (long long)g->kills));
		cure(t, "give it more memory; `dialtone explain res-oom-killed` says how", "");
		return true;
	}
	return false;
}

/* SIGKILL is also how a limit on processor time ends a Go program: it ignores SIGXCPU. */
static bool limited(struct telling *t) {
	facts_each (limit, l, t->facts) {
		bool cpu = streq(l->name, "cpu_seconds") &&
		           (t->story.signal == SIGKILL || t->story.signal == SIGXCPU);
		bool size = streq(l->name, "file_bytes") && t->story.signal == SIGXFSZ;

		if (!(cpu || size) || l->soft < 0 || !streq(l->scope, "judged")) {
			continue;
		}
		tell(t, "limit",
		     cpu ? arena_printf(
				   t->arena,
				   "gopls was ended by %s, and each process of the editor may "
				   "use only %lld s of processor time (RLIMIT_CPU): most likely "
				   "it had used them.",
				   exited_signal_name(t->arena, t->story.signal),
				   (long long)l->soft)
		         : arena_printf(t->arena,
		                        "gopls was ended by SIGXFSZ: the editor's processes may "
		                        "write files of %lld bytes (RLIMIT_FSIZE).",
		                        (long long)l->soft));
		t->story.sender = "the kernel";
		prove(t, arena_printf(t->arena, "/proc/%lld/limits: %s %lld", (long long)l->pid,
		                      l->name, (long long)l->soft));
		cure(t, "lift it for the editor that runs",
		     arena_printf(t->arena, "sudo prlimit --pid %lld --%s=unlimited",
		                  (long long)l->pid, cpu ? "cpu" : "fsize"));
		return true;
	}
	return false;
}

static bool signalled(struct telling *t) {
	if (!t->story.signal) {
		return false;
	}
	if (counted_for_memory(t) || limited(t)) {
		return true;
	}
	const char *name = exited_signal_name(t->arena, t->story.signal);
	const char *meaning = exited_signal_meaning(t->story.signal);

	tell(t, "signal",
	     arena_printf(t->arena, "gopls was ended by %s%s%s.", name,
	                  str_empty(meaning) ? "" : ": ", meaning));
	if (t->story.signal == SIGKILL || t->story.signal == SIGTERM || t->story.signal == SIGINT ||
	    t->story.signal == SIGHUP) {
		t->story.unknown =
			t->facts->coverage[FACT_death].refused
				? "who sent it is not known: the kernel keeps no record of "
				  "senders, and its log may be read by root only"
				: "who sent it is not known: the kernel keeps no record of "
				  "senders, and neither its log nor the journal names one; "
				  "an audit rule on kill(2) would";
	} else if (t->story.signal == SIGSYS) {
		t->story.sender = "the kernel";
	}
	return true;
}

static bool faulted(struct telling *t) {
	static const char *const hows[] = {"fault", "abend", "core", "unit"};

	for (size_t i = 0; i < 4; i++) {
		const struct fact_death *d = last_death(t, hows[i]);

		if (d) {
			take_death(t, d);
			tell(t, "fault",
			     arena_printf(t->arena, "%s ended%s%s%s%s.", whom(t, d),
			                  d->signal ? " by " : "",
			                  d->signal ? exited_signal_name(t->arena, d->signal) : "",
			                  d->signal && !str_empty(exited_signal_meaning(d->signal))
			                          ? ": "
			                          : "",
			                  d->signal ? exited_signal_meaning(d->signal) : ""));
			return true;
		}
	}
	return false;
}

static bool never_started(struct telling *t) {
	const struct fact_log_event *e = last_end(t->facts, "spawn-failed");

	if (!e) {
		return false;
	}
	tell(t, "not-started", "gopls was not started at all: the kernel refused the program.");
	facts_each (binary, b, t->facts) {
		if (b->chosen && streq(b->tool, "gopls") && !str_empty(b->interpreter) &&
		    !b->interpreter_present) {
			tell(t, "not-started",
			     arena_printf(
				     t->arena,
				     "gopls was not started at all: %s needs the interpreter %s, "
				     "which is not there.",
				     b->path, b->interpreter));
			t->story.certain = true;
		}
	}
	prove_event(t, e);
	return true;
}

static bool exited(struct telling *t) {
	const struct fact_log_event *flags = last_end(t->facts, "bad-flags");
	int64_t code = t->story.exit_code;

	if (flags && (!t->exit || flags->current == t->exit->current) && (code == 2 || code < 0)) {
		tell(t, "flags",
		     arena_printf(t->arena,
		                  "gopls ended at once, because it did not understand its "
		                  "arguments: %s",
		                  flags->text));
		t->story.exit_code = 2;
		t->story.certain = true;
		prove_event(t, flags);
		cure(t, "take the flag out of the editor's settings", "");
		return true;
	}
	if (!t->exit || code < 0) {
		return false;
	}
	tell(t, code == 0 ? "asked" : "exit",
	     code == 0
	             ? "gopls ended by itself with status 0, as it does when the editor asks it to."
	             : arena_printf(t->arena, "gopls ended by itself with status %lld%s.",
	                            (long long)code,
	                            code == 2     ? ": a Go program that crashes or does not "
	                                            "understand its arguments does that, and no "
	                                            "log has its last words"
	                            : code == 127 ? ": a shell did not find what it was to run"
	                            : code == 126 ? ": a shell may not run it"
	                                          : ""));
	return true;
}

struct exited_story exited_story(const struct facts *facts, int64_t pid) {
	struct telling t = {
		.facts = facts,
		.arena = facts->arena,
		.pid = pid,
		.story = {.exit_code = -1,
	                  .pid = pid,
	                  .answer = "",
	                  .sender = "",
	                  .unknown = "",
	                  .fix_title = "",
	                  .fix_command = ""},
	};
	const struct fact_log_event *end = last_end(facts, "exit");

	t.exit = pid ? NULL : last_end(facts, NULL);
	if (end && t.exit && end->current == t.exit->current) {
		take_status(&t, end->text);
		t.story.at_ns = end->at_ns;
	}
	if (killed_for_memory(&t) || killed_by_daemon(&t) || killed_by_filter(&t) || crashed(&t) ||
	    signalled(&t) || faulted(&t) || never_started(&t) || exited(&t)) {
		if (end && t.exit) {
			prove_event(&t, end);
		}
		const struct fact_log_event *gave_up = last_end(facts, "gave-up");

		if (gave_up && t.exit && gave_up->current == t.exit->current) {
			prove_event(&t, gave_up);
		}
	}
	return t.story;
}
