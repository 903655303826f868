/* SPDX-License-Identifier: MIT
 * ipc-leftover-processes: servers, go commands and debuggers that outlived what started them, and cost something: they
 * work at the same files, hold memory, processor time and locks.
 * Counter-checks, most of them in core/census_marks.c: a daemon with clients is in use, one without ends by itself
 * after its time; the side process of telemetry belongs to its gopls; a server whose wrapper is gone but whose editor
 * still holds its ends is no orphan; one that is about to end is not seen twice. What was left behind elsewhere and
 * idles is a note.
 */
#include "base/clock.h"
#include "core/rule.h"

#define BUSY_PERCENT    25
#define BUSY_AGE_MIN_MS ((int64_t)5000)

static int64_t busy_percent(const struct fact_stray *s) {
	return s->age_ms >= BUSY_AGE_MIN_MS ? s->cpu_ms * 100 / s->age_ms : 0;
}

/* Something that is felt: it works here, or it keeps a processor busy. */
static bool costs(const struct fact_stray *s) {
	return s->here || busy_percent(s) >= BUSY_PERCENT;
}

static void add(const struct rule *self, struct findings *out, const struct fact_stray *s) {
	const char *cost =
		busy_percent(s) >= BUSY_PERCENT
			? arena_printf(out->arena, ", and has kept a processor busy at %lld %%",
	                               (long long)busy_percent(s))
			: "";
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "%lld", (long long)s->pid),
		"%s %lld (%s%sin %s) was left behind: %s; it holds %lld MiB%s", s->name,
		(long long)s->pid, s->exe, s->exe[0] ? " " : "", s->cwd, s->evidence,
		(long long)(s->rss_bytes / (1024 * 1024)), cost);

	finding_cites(f, s);
	finding_fix(out, f, "end it", streq(s->state, "T") ? "kill -KILL %lld" : "kill %lld",
	            (long long)s->pid);
	finding_fix(out, f, "see what runs, and what it is connected to", "%s", "dialtone ps");
	if (!costs(s)) {
		f->severity = SEV_NOTE;
	}
}

/* A debugger that holds a server: what it holds is what is spoken of. */
static bool holds_one(const struct facts *facts, const struct fact_stray *s) {
	const char *mark = arena_printf(facts->arena, "(pid %lld)", (long long)s->pid);

	facts_each (wait_leaf, l, facts) {
		if (streq(l->kind, "traced") && str_has(l->on, mark)) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (stray, s, facts) {
		if (holds_one(facts, s)) {
			continue;
		}
		add(self, out, s);
	}
}

const struct rule rule_ipc_leftover_processes = {
	.id = "ipc-leftover-processes",
	.title = "Servers or go commands were left behind by an editor that is gone",
	.wave = 2,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(stray),
	.explains = IDS("ipc-server-stopped"),
	.check = check,
};
