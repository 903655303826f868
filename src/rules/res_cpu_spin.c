/* SPDX-License-Identifier: MIT
 * The running server, or the go below it, computes without end.
 *
 * A large module keeps both busy for minutes and is no fault. So the measure is a fresh server on the
 * same workspace: it has answered everything in its time, while the running one has been computing for
 * most of its life, many times as long, and goes on. Not this: a server that waits (no processor time), a tree that is
 * too big (mod-huge-root: the fresh one is not done either), a counter file without an end
 * (bug-telemetry-counter: the fresh one hangs too).
 */
#include "core/rule.h"

/* A first load of a very large module with cold caches takes that long, on all processors, while the
 * fresh server finds the caches warm. */
#define AGE_MS     120000
#define LEAST      15
#define WINDOW_MS  100
#define TIMES_MORE 20 /* than the fresh one took */

/* Percent of one processor: most of what it can get, and never less than LEAST. */
static int64_t wanted(const struct fact_cpu_use *c) {
	int64_t most = (c->fair > 0 ? c->fair : 100) * 60 / 100;

	return most > LEAST ? most : LEAST;
}

static int64_t fresh_ms(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);

	return server ? server->end_ms : 0;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (!facts_healthy(facts)) {
		return;
	}
	facts_each (cpu_use, c, facts) {
		bool long_time = c->age_ms >= AGE_MS && c->cpu_ms >= c->age_ms / 100 * wanted(c) &&
		                 c->cpu_ms >= fresh_ms(facts) * TIMES_MORE;
		bool still =
			c->window_ms >= WINDOW_MS && c->now_ms >= c->window_ms * wanted(c) / 200;

		if (!long_time || !still) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_LIKELY,
			arena_printf(out->arena, "process %lld (%s)", (long long)c->pid, c->comm),
			"%s (process %lld) has been computing for %lld of the %lld seconds since "
			"the "
			"running gopls (process %lld) began, and goes on; a fresh one is done in "
			"%lld ms",
			c->comm, (long long)c->pid, (long long)c->cpu_ms / 1000,
			(long long)c->age_ms / 1000, (long long)c->server_pid,
			(long long)fresh_ms(facts));
		finding_cites(f, c);
		struct fix_advice *end = finding_fix(out, f, "end it; the editor starts another",
		                                     "kill %lld", (long long)c->server_pid);

		end->disruptive = true;
		end->reversible = false;
		finding_fix(out, f, "first see what it does", "dialtone stacks --summary %lld",
		            (long long)c->pid);
		return;
	}
}

const struct rule rule_res_cpu_spin = {
	.id = "res-cpu-spin",
	.title = "the running server computes without end",
	.wave = 2,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(cpu_use),
	.check = check,
};
