/* SPDX-License-Identifier: MIT
 * An examination: every probe in its order, each refusal noted, the deadline and the user's wish to
 * stop obeyed.
 */
#ifndef CMD_EXAM_H
#define CMD_EXAM_H

#include "core/command.h"
#include "core/probe.h"

struct exam_plan {
	const struct probe *const *probes; /* NULL-terminated */
	const struct option_list *without; /* ids of the probes that are left out */
	const char *limit; /* the time limit in seconds as the user wrote it, for sentences */
	/* Told before each probe what is looked at; NULL when nobody wants to know. */
	void (*on_probe)(const struct probe *probe, void *context);
	void *context;
};

/* Everything but the world is made ready: environments empty, strings that are not known NULL. The
 * deadline, the rules and what the command line says about the target are the caller's. */
void exam_init(struct exam *exam, struct arena *arena, struct facts *facts, struct target *target);

/* Runs the probes stage by stage, alphabetically within a stage. What a probe yields is refused in
 * exam->facts when the probe was left out, failed, or came after the deadline or after exam->world
 * was interrupted. 0, or negative errno with a sentence when a required probe could not do its work:
 * -EINVAL, -ENOENT and -ESRCH say that the command line named something that is not there. */
int exam_run(struct exam *exam, const struct exam_plan *plan, struct err *err);

const char *stage_name(enum stage stage);

#endif
