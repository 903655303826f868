/* SPDX-License-Identifier: MIT
 * What the journal has of a server that died: only asked for when one died just now, since the
 * program takes its time. Source: journalctl(1), systemd 252.
 */
#include "base/clock.h"
#include "base/str.h"
#include "probes/logs/log_read.h"

#define JOURNALCTL          "/usr/bin/journalctl" /* not one that PATH finds: the workspace may be on it */
#define JOURNAL_DEADLINE_NS (700 * NS_PER_MS)
#define JOURNAL_LINES       "200"
#define JOURNAL_SINCE       "-2h"

static bool died(const struct facts *facts) {
	const struct fact_server *s = facts_first(server, facts);
	return s && (streq(s->state, "signaled") || streq(s->state, "exited"));
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (!died(exam->facts) || !world_stat(exam->world, JOURNALCTL).can_exec) {
		return 0;
	}
	const char *const argv[] = {JOURNALCTL,    "--quiet",     "--no-pager",  "--output",
	                            "short-iso",   "--lines",     JOURNAL_LINES, "--since",
	                            JOURNAL_SINCE, "_COMM=gopls", NULL};
	struct run_result run = world_run(exam->world, &(struct run_spec){
							       .label = "journal",
							       .argv = argv,
							       .env = &exam->target->own,
							       .cwd = "/",
							       .deadline_ns = JOURNAL_DEADLINE_NS,
							       .cap_bytes = LOOK_CAP_TAIL,
						       });
	if (run.started && run.exit_code == 0) {
		log_read(exam, &(struct log_file){
				       .source = "journal",
				       .path = "journalctl _COMM=gopls",
				       .session = "",
				       .ev = run.ev,
				       .bytes = run.out,
			       });
	}
	return 0;
}

const struct probe probe_journal = {
	.id = "journal",
	.title = "what the journal says of a server that died",
	.stage = STAGE_AFTER,
	.look = look,
};
