/* SPDX-License-Identifier: MIT
 * Who was ended, and by whom, as the kernel's log and the journal know it: asked when the trial server was, or when
 * that is the question.
 */
#include "base/clock.h"
#include "base/str.h"
#include "core/probe.h"
#include "wire/deathlog.h"
#include "wire/logtext.h"

#define JOURNALCTL          "/usr/bin/journalctl" /* not one that PATH finds */
#define JOURNAL_DEADLINE_NS (1500 * NS_PER_MS)
#define MARGIN_NS           (2 * NS_PER_S) /* clocks of the kernel's log and of the wall drift */

static int64_t trial_start_ns(const struct exam *exam) {
	return exam->world->store->start_wall_ns - MARGIN_NS;
}

static void state(struct exam *exam, const struct evidence *ev, const char *source,
                  struct slice text, int64_t at_ns) {
	struct deathlog d;

	if (!deathlog_parse(exam->arena, text, &d)) {
		return;
	}
	FACTS_ADD(exam->facts, death, ev, .source = source, .how = d.how, .by = d.by, .pid = d.pid,
	          .comm = d.comm, .group = d.group, .signal = d.signal, .syscall = d.syscall,
	          .at_ns = at_ns, .text = arena_slicedup(exam->arena, slice_trim(text)),
	          .trial = at_ns >= trial_start_ns(exam));
}

static void read_kernel_log(struct exam *exam) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_KERNEL_LOG, "end", LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes;
	struct slice line, stamp;

	if (ev->state == EV_DENIED) {
		facts_refuse(exam->facts, FACT_death, "the kernel's log may be read by root only",
		             "the right to read it (CAP_SYSLOG, or kernel.dmesg_restrict=0)");
	}
	while (evidence_has_bytes(ev) && slice_line(&rest, &line) &&
	       slice_cut(&line, ' ', &stamp)) {
		int64_t at_ns = 0;

		str_to_int64(arena_slicedup(exam->arena, stamp), &at_ns);
		state(exam, ev, "kernel", line, at_ns);
	}
}

static void read_journal(struct exam *exam) {
	const char *const argv[] = {
		JOURNALCTL,
		"--quiet",
		"--no-pager",
		"--output",
		"short-iso",
		"--lines",
		"500",
		"--since",
		"-24h",
		"--grep",
		"oom|OOM|killed|Killed|SIGKILL|dumped core|type=1326|type=1701|segfault",
		NULL};

	if (!exam->target->autopsy || !world_stat(exam->world, JOURNALCTL).can_exec) {
		return;
	}
	struct run_result run = world_run(exam->world, &(struct run_spec){
							       .label = "journal of deaths",
							       .argv = argv,
							       .env = &exam->target->own,
							       .cwd = "/",
							       .deadline_ns = JOURNAL_DEADLINE_NS,
							       .cap_bytes = LOOK_CAP_TAIL,
						       });
	struct slice rest = run.out;
	struct slice line;

	while (run.started && slice_line(&rest, &line)) {
		struct slice one = line;
		struct log_line parsed;

		state(exam, run.ev, "journal", line,
		      log_line_next(&one, &parsed) ? parsed.at_ns : 0);
	}
}

static int look(struct exam *exam, struct err *err) {
	const struct fact_server *s = facts_first(server, exam->facts);

	(void)err;
	if (exam->target->autopsy || (s && s->signal != 0) ||
	    facts_said(exam->facts, "signal: ", NULL)) {
		read_kernel_log(exam);
		read_journal(exam);
	}
	return 0;
}

const struct probe probe_deaths = {
	.id = "deaths",
	.title = "what the kernel's log and the journal know of processes that were ended",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(death),
	.look = look,
};
