/* SPDX-License-Identifier: MIT
 * The kernel ended the server, or a program it had started, because memory ran out: that of its control
 * group or of the whole machine.
 *
 * SIGKILL alone is no proof: a limit on processor time, a policy and a person kill with the same
 * signal. What counts is the kernel's own counter, before the trial and after it; a count left by an
 * older kill is history. A program that asks for memory and gets none writes so and ends by itself
 * (res-go-oom-fatal). GOMEMLIMIT makes a server slow and kills nobody.
 */
#include "core/rule.h"

#include <signal.h>

#define MIB ((int64_t)1024 * 1024)

/* ---- who was ended in the trial ---- */

struct victim {
	const struct fact *fact;
	const char *what; /* "gopls", "a program that gopls started" */
};

static bool is_killed_child(const char *text) {
	return str_has(text, "signal: killed");
}

static struct victim victim_of(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);

	if (s && s->signal == SIGKILL) {
		return (struct victim){.fact = &s->base, .what = "gopls"};
	}
	/* A shell in between tells it as an exit status. */
	if (s && s->exit_code == 128 + SIGKILL) {
		return (struct victim){.fact = &s->base, .what = "gopls (below a shell)"};
	}
	if (s && is_killed_child(s->err)) {
		return (struct victim){.fact = &s->base, .what = "a program that gopls started"};
	}
	facts_each (message, m, facts) {
		if (is_killed_child(m->text)) {
			return (struct victim){.fact = &m->base,
			                       .what = "a program that gopls started"};
		}
	}
	facts_each (diagnostic, d, facts) {
		if (is_killed_child(d->text)) {
			return (struct victim){.fact = &d->base,
			                       .what = "a program that gopls started"};
		}
	}
	facts_each (go_run, r, facts) {
		if (r->signal == SIGKILL && !r->timed_out) {
			return (struct victim){.fact = &r->base, .what = "go"};
		}
	}
	return (struct victim){0};
}

/* ---- fixes ---- */

static const char *unit_of(struct arena *arena, const char *path) {
	const char *unit = NULL;

	for (const char *at = path; (at = strchr(at, '/')); at++) {
		const char *end = at + 1 + strcspn(at + 1, "/");
		const char *name = arena_strndup(arena, at + 1, (size_t)(end - at - 1));

		unit = str_ends(name, ".service") || str_ends(name, ".scope") ||
		                       str_ends(name, ".slice")
		               ? name
		               : unit;
	}
	return unit;
}

static void advise(struct findings *out, struct finding *f, const struct fact_memory_group *g) {
	struct fix_advice *fix;

	if (g && g->limit >= 0) {
		const char *unit = unit_of(out->arena, g->path);
		bool of_user = str_has(g->path, "/user@");
		bool docker = str_has(g->path, "/docker");

		if (unit) {
			fix = finding_fix(
				out, f,
				"give its unit more memory, until the next start for good "
				"in the unit's file",
				"%ssystemctl %sset-property --runtime %s MemoryMax=4G",
				of_user ? "" : "sudo ", of_user ? "--user " : "",
				str_shell_quote(out->arena, unit));
		} else if (docker) {
			fix = finding_fix(out, f, "give the container more memory",
			                  "docker update --memory 4g --memory-swap 4g %s",
			                  str_shell_quote(out->arena, strrchr(g->path, '/') + 1));
		} else {
			fix = finding_fix(out, f, "raise the limit of the control group",
			                  "echo %s | sudo tee %s",
			                  g->version == 1 ? "4294967296" : "4G",
			                  str_shell_quote(out->arena, g->file));
		}
		fix->disruptive = false;
	} else {
		finding_fix(out, f, "see what uses the memory, and end what is not needed",
		            "ps -eo pid,rss,comm --sort=-rss | head");
	}
	finding_fix(out, f,
	            "let gopls use less: open a smaller folder, or leave directories out "
	            "(build.directoryFilters)",
	            "%s", "");
}

static const char *size_text(struct arena *arena, int64_t bytes) {
	return bytes >= 10 * MIB ? arena_printf(arena, "%lld MiB", (long long)(bytes / MIB))
	                         : arena_printf(arena, "%lld KiB", (long long)(bytes / 1024));
}

/* ---- the trial ---- */

/* The group in which the kernel ended somebody during the trial; the counter of version 2 also stands in
 * those above, so the first with a limit is the one. */
static const struct fact_memory_group *guilty_group(const struct facts *facts) {
	const struct fact_memory_group *found = NULL;

	facts_each (memory_group, g, facts) {
		bool here = !streq(g->scope, "judged") && g->killed > 0;

		if (here && (!found || (found->limit < 0 && g->limit >= 0))) {
			found = g;
		}
	}
	if (found && found->limit < 0) {
		/* Version 1 counts where the victim was, the limit may stand above. */
		facts_each (memory_group, g, facts) {
			if (streq(g->scope, found->scope) && g->limit >= 0) {
				return g;
			}
		}
	}
	return found;
}

/* A recording knows the group in which the victim was, and that the kernel killed meanwhile, but not how often it had
 * killed in that group before. */
static const struct fact_memory_group *group_of_victim(const struct facts *facts) {
	facts_each (memory_group, g, facts) {
		if (streq(g->scope, "server") && g->killed < 0 && g->kills > 0 && g->limit >= 0) {
			return g;
		}
	}
	return NULL;
}

static void cite_peak(struct finding *f, const struct facts *facts) {
	const struct fact_server_end *e = facts_first(server_end, facts);

	if (e) {
		finding_cites(f, e);
	}
}

static void check_trial(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_memory *m = facts_first(memory, facts);
	const struct fact_memory_group *g = guilty_group(facts);
	struct victim v = victim_of(facts);
	struct finding *f;

	if (facts_healthy(facts) || (!g && (!m || m->killed <= 0)) || (!v.fact && !g)) {
		return;
	}
	const char *what = v.fact ? v.what : "a program of the trial";
	enum confidence sure = g ? CONF_CERTAIN : CONF_LIKELY;

	g = g ? g : group_of_victim(facts);
	if (g && g->limit >= 0) {
		f = findings_add(out, self, sure, g->path,
		                 "out of memory: the kernel killed %s, because the control group "
		                 "%s may use only %s",
		                 what, g->path, size_text(out->arena, g->limit));
	} else if (g) {
		f = findings_add(out, self, CONF_CERTAIN, g->path,
		                 "out of memory: the kernel killed %s in the control group %s",
		                 what, g->path);
	} else {
		f = findings_add(out, self, CONF_LIKELY, "memory of this machine",
		                 "the kernel ran out of memory during the trial and killed; %s was "
		                 "ended by SIGKILL (%s available of %s)",
		                 what, size_text(out->arena, m->available),
		                 size_text(out->arena, m->total));
	}
	if (g) {
		finding_cites(f, g);
	}
	if (m && m->killed > 0) {
		finding_cites(f, m);
	}
	finding_cite(f, v.fact);
	facts_each (death, d, facts) {
		if (d->trial && streq(d->how, "oom")) {
			finding_cites(f, d);
		}
	}
	cite_peak(f, facts);
	finding_about(out, f, "memory");
	advise(out, f, g);
}

/* ---- the editor's own server, in a group of its own ---- */

/* That this editor's server was ended by SIGKILL, in its log of now. */
static const struct fact_log_event *killed_in_log(const struct facts *facts) {
	const struct fact_log_event *found = NULL;

	facts_each (log_event, e, facts) {
		bool killed = str_has(e->text, "signal SIGKILL") ||
		              str_has(e->text, "and signal 9") ||
		              str_has(e->text, "signal: killed") || streq(e->kind, "oom");

		if (e->current && killed) {
			found = e;
		} else if (e->current && (streq(e->kind, "started") || streq(e->kind, "start"))) {
			found = NULL; /* it was started again since */
		}
	}
	return found;
}

static bool runs_for_editor(const struct facts *facts) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);

	facts_each (running_server, s, facts) {
		if (p && s->editor_pid == p->pid && !streq(s->role, "command")) {
			return true;
		}
	}
	return false;
}

static void check_editor(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_server_end *end = facts_first(server_end, facts);
	const struct fact_log_event *killed = killed_in_log(facts);

	if (!facts_first(health, facts) || runs_for_editor(facts)) {
		return;
	}
	facts_each (memory_group, g, facts) {
		/* What the trial needed does not fit, or it is known to have been killed there. */
		bool tight = g->limit >= 0 && end && end->peak_bytes > g->limit;

		if (!streq(g->scope, "judged") || !(tight || (killed && g->kills > 0))) {
			continue;
		}
		struct finding *f =
			g->limit >= 0
				? findings_add(
					  out, self,
					  killed && g->kills > 0 ? CONF_CERTAIN : CONF_LIKELY,
					  g->path,
					  "the editor (process %lld), and the gopls it starts, "
					  "may use only %s in the control group %s%s",
					  (long long)g->pid, size_text(out->arena, g->limit),
					  g->path,
					  g->kills > 0 ? ", and the kernel has killed there for "
							 "want of memory"
						       : "")
				: findings_add(
					  out, self, CONF_LIKELY, g->path,
					  "the kernel has killed in the editor's control group "
					  "%s for want of memory, and gopls was ended by "
					  "SIGKILL",
					  g->path);
		finding_cites(f, g);
		if (killed) {
			finding_cites(f, killed);
		}
		if (end) {
			finding_detail(out, f, "The trial server, outside of it, needed %s.",
			               size_text(out->arena, end->peak_bytes));
			finding_cites(f, end);
		}
		finding_about(out, f, "memory");
		advise(out, f, g);
		return;
	}
}

/* The kernel's log or the journal tells of it, and no trial was made (`why --exited`). */
static void check_report(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_death *last = NULL;

	facts_each (death, d, facts) {
		bool memory = streq(d->how, "oom") || streq(d->how, "oom-daemon");
		bool ours = str_has(d->text, "oom_score_adj:1000"); /* a victim of a diagnosis */

		if (memory && !ours && (streq(d->comm, "gopls") || streq(d->comm, "go"))) {
			last = d;
		}
	}
	if (!last || facts_first(server, facts) || !facts_hurt(facts)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		arena_printf(out->arena, "process %lld (%s)", (long long)last->pid, last->comm),
		"out of memory: %s killed %s (process %lld)%s%s", last->by, last->comm,
		(long long)last->pid, str_empty(last->group) ? "" : " in the control group ",
		last->group);

	finding_cites(f, last);
	finding_about(out, f, "memory");
	advise(out, f, NULL);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_trial(self, facts, out);
	check_report(self, facts, out);
	check_editor(self, facts, out);
}

const struct rule rule_res_oom_killed = {
	.id = "res-oom-killed",
	.title = "the kernel kills the server for want of memory",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(memory_group),
	.explains = IDS("*env-goroot-wrong", "*tc-goroot-incomplete", "*bin-truncated-corrupt",
                        "*mod-packages-driver-broken", "*mod-cgo-toolchain-missing",
                        "*mod-gosum-or-gomod-stale", "*env-go-wrapper-broken",
                        "*sec-os-kills-on-exec", "*sec-path-hardening"),
	.check = check,
};
