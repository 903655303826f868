/* SPDX-License-Identifier: MIT
 * `dialtone undo`: takes a repair back as a whole, if all files still are what it made of them.
 */
#include "apply/lock.h"
#include "apply/steps.h"
#include "base/fd.h"
#include "cmd/conflict.h"
#include "cmd/guard.h"
#include "cmd/output.h"
#include "report/harmless.h"

#include <errno.h>

struct undo_options {
	bool last;
	bool all;
};

static const struct option_spec specs[] = {
	{"last", 0, NULL, OPTION_FLAG, offsetof(struct undo_options, last),
         "the latest that was not taken back"},
	{"all", 0, NULL, OPTION_FLAG, offsetof(struct undo_options, all),
         "everything, newest first, up to what cannot be taken back"},
	{0},
};

static int tell(struct arena *arena, const struct repair *repair, const struct steps *steps) {
	struct terminal t = terminal_find(NULL);
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_printf(&out, "Taken back: %lld (%s)\n", (long long)repair->id,
	              harmless(arena, repair->why, t.utf8));
	for (size_t i = 0; i < repair->change_count; i++) {
		const struct journal_change *c = &repair->changes[i];
		if (c->state == CHANGE_UNDONE && c->kind != CHANGE_SIGNAL &&
		    c->kind != CHANGE_RUN) {
			strbuf_printf(&out, "  %s\n", harmless(arena, c->path, t.utf8));
		}
	}
	strbuf_add(&out, harmless_lines(arena, steps->notes.data, t.utf8));
	return output_write(&out, STATUS_HEALTHY);
}

static int undo_one(struct arena *arena, struct journal *journal, int64_t id) {
	struct err err;
	struct repair repair = {0};
	struct steps steps;
	steps_init(&steps, arena, journal);
	int r = journal_find(journal, arena, id, &repair, &err);
	if (r < 0) {
		output_complain("%s", err.msg);
		return r == -ENOENT ? STATUS_USAGE : STATUS_UNKNOWN;
	}
	bool cron = repair.state != REPAIR_UNDONE && guard_repair_is_cron(arena, journal, &repair);
	r = cron ? guard_uninstall_cron(arena, &err) : 0;
	if (r == 0 && cron) {
		strbuf_add(&steps.notes, "the lines of the guard are out of the crontab\n");
	}
	r = r < 0 ? r : steps_undo(&steps, &repair, &err);
	if (r < 0) {
		output_complain("%s", err.msg);
		conflict_show(&steps);
		return STATUS_NOT_FIXED;
	}
	return tell(arena, &repair, &steps);
}

static int undo(struct arena *arena, int64_t id, bool all) {
	struct err err;
	CLEANUP(journal_closep) struct journal *journal = journal_open(false, &err);
	if (!journal) {
		output_complain("%s", err.msg);
		return err.code == -ENOENT ? STATUS_USAGE : STATUS_UNKNOWN;
	}
	CLEANUP(fd_closep) int lock = lock_take(arena, LOCK_WAIT_NS, &err);
	if (lock < 0) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	int status = undo_one(arena, journal, id);
	struct repair next;
	while (all && status == STATUS_HEALTHY &&
	       journal_find(journal, arena, 0, &next, &err) == 0) {
		status = undo_one(arena, journal, next.id);
	}
	return status;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct undo_options *o = options;
	int64_t id = 0;
	if (operand_count > 0 && (str_to_int64(operands[0], &id) < 0 || id <= 0)) {
		output_complain("'%s' is no number of a repair; `dialtone journal` lists them",
		                operands[0]);
		return STATUS_USAGE;
	}
	if ((operand_count > 0) + o->last + o->all != 1) {
		output_complain("which repair? a number of `dialtone journal`, --last or --all");
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	int status = undo(arena, id, o->all);
	arena_free(arena);
	return status;
}

const struct command command_undo = {
	.name = "undo",
	.synopsis = "[ID]",
	.summary = "Take back what dialtone changed",
	.options = specs,
	.options_size = sizeof(struct undo_options),
	.max_operands = 1,
	.run = run,
};
