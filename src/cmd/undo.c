/* SPDX-License-Identifier: MIT
 * `dialtone undo`: takes one change back, if the file still is what that change made of it.
 */
#include "apply/write.h"
#include "base/fd.h"
#include "cmd/output.h"
#include "report/diff.h"

#include <errno.h>

struct undo_options {
	bool last;
};

static const struct option_spec specs[] = {
	{"last", 0, NULL, OPTION_FLAG, offsetof(struct undo_options, last),
         "the latest change that was not taken back"},
	{0},
};

/* What somebody else did to the file since. */
static void show_difference(struct arena *arena, const struct journal_entry *entry,
                            const struct image *now) {
	struct strbuf out;
	struct terminal t = terminal_find(NULL);
	struct report_style style = {.colour = t.colour, .utf8 = t.utf8, .columns = t.columns};
	strbuf_init(&out, arena);
	diff_write(&out, entry->path, entry->after.exists ? entry->after.bytes : slice_of(NULL, 0),
	           now->exists ? now->bytes : slice_of(NULL, 0), &style);
	(void)output_write(&out, STATUS_HEALTHY);
}

static int undo(struct arena *arena, int64_t id) {
	struct err err;
	struct journal_entry entry = {.id = 0};
	struct image now = {.exists = false};
	int64_t new_id = 0;
	CLEANUP(journal_closep) struct journal *journal = journal_open(false, &err);
	int r = journal ? journal_find(journal, arena, id, &entry, &err) : err.code;
	if (r < 0) {
		output_complain("%s", err.msg);
		return r == -ENOENT ? STATUS_USAGE : STATUS_UNKNOWN;
	}
	r = apply_undo(journal, arena, &entry, &new_id, &now, &err);
	if (r < 0) {
		output_complain("%s", err.msg);
		if (r == -EBUSY) {
			show_difference(arena, &entry, &now);
		}
		return STATUS_NOT_FIXED;
	}
	struct strbuf out;
	strbuf_init(&out, arena);
	if (new_id == 0) {
		strbuf_printf(&out, "Change %lld had not been made; nothing to take back.\n",
		              (long long)entry.id);
	} else {
		strbuf_printf(&out, "Taken back: %s (%s)\n", entry.path, entry.why);
	}
	return output_write(&out, STATUS_HEALTHY);
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct undo_options *o = options;
	int64_t id = 0;
	if (operand_count > 0 && (str_to_int64(operands[0], &id) < 0 || id <= 0)) {
		output_complain("'%s' is no number of a change; `dialtone journal` lists them",
		                operands[0]);
		return STATUS_USAGE;
	}
	if ((operand_count > 0) == o->last) {
		output_complain("which change? a number of `dialtone journal`, or --last");
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	int status = undo(arena, id);
	arena_free(arena);
	return status;
}

const struct command command_undo = {
	.name = "undo",
	.synopsis = "ID | --last",
	.summary = "Take back a change that dialtone made",
	.options = specs,
	.options_size = sizeof(struct undo_options),
	.max_operands = 1,
	.run = run,
};
