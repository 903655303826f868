/* SPDX-License-Identifier: MIT
 * What is proposed is tried before it is shown.
 */
#include "base/clock.h"
#include "cmd/fix.h"
#include "cmd/prove_apply.h"
#include "report/report.h"

#define TRIALS_MAX 4 /* each takes as long as an examination */

/* What the examination said, as one in a rehearsal says it. */
static const struct digest *digest_of(struct arena *arena, const struct examination *e) {
	struct digest *digest = arena_new_of(arena, struct digest);
	struct report report = {
		.target = &e->target, .facts = &e->facts, .diagnosis = &e->diagnosis};
	struct strbuf text;

	strbuf_init(&text, arena);
	report_json(&text, &report);
	return digest_parse(arena, slice_of(text.data, text.len), digest) == 0 ? digest : NULL;
}

static void rehearse_one(struct fix_run *run, const struct digest *before, int64_t limit_ns,
                         struct proposal *p) {
	const struct rehearse_subject subject = {
		.options = &run->options->check,
		.target = &run->first->target,
		.facts = &run->first->facts,
		.deadline_ns = clock_now_ns() + limit_ns,
		.interrupt_fd = run->interrupt.fd,
	};
	/* A note is not in what is compared. */
	bool told = before && digest_find(before, p->plan->cause, p->finding->subject);
	struct rehearsed r = rehearse_plan(run->arena, &subject, p->plan, told ? before : NULL,
	                                   prove_apply_plans);

	p->rehearsed = rehearse_result_name(r.result);
	p->rehearsal =
		arena_printf(run->arena, "%s%s", r.result == REHEARSE_NOT_RUN ? "" : "rehearsed: ",
	                     rehearse_in_words(run->arena, &r));
}

void fix_rehearse(struct fix_run *run) {
	const char *timeout = run->options->check.timeout;
	const struct digest *before = digest_of(run->arena, run->first);
	int64_t limit_ns = 0;
	size_t trials = 0;

	(void)seconds_parse(timeout ? timeout : CHECK_TIMEOUT_DEFAULT, &limit_ns);
	for (size_t i = 0; i < run->count && fix_signal(run) == 0; i++) {
		struct proposal *p = run->proposals[i];

		if (p->outcome != FIX_PROPOSED) {
			continue;
		}
		if (trials++ == TRIALS_MAX) {
			p->rehearsal = "not rehearsed, because others come first; name it to have "
				       "it rehearsed";
			trials--;
			continue;
		}
		rehearse_one(run, before, limit_ns, p);
	}
}
