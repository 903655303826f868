/* SPDX-License-Identifier: MIT
 * Recordings of system calls as `check` uses them. --from-trace: no look at the machine, only what the calls of the recorded
 * processes were answered (trace/testimony.h). --trace: an examination that is recorded while it is made, by a process of
 * ours above it; when it is done it asks that process what the calls say. Nothing of it is kept unless that was asked for.
 */
#ifndef CMD_CHECK_TRACE_H
#define CMD_CHECK_TRACE_H

#include "cmd/check_options.h"
#include "core/evidence.h"
#include "core/infer.h"
#include "report/agreement.h"

/* Reads options->from_trace into the empty store. The folder, file and editor that were examined go
 * into *ret_dir and *options, what its client never asked for into *ret_unasked (core/target.h). 0; -ENOENT …, as reader_open (trace/store_read.h); -EBADMSG with a
 * sentence when no language server was started in it. */
int check_trace_open(struct arena *arena, struct evidence_store *store,
                     struct check_options *options, const char **ret_dir, unsigned *ret_unasked,
                     struct err *err);

/* The recorder: runs this command line again, recorded, and gives its exit status. -1 when nothing can record here, with why
 * in *ret_because: the examination may then be made without. Signals end the examination, which says so. */
int check_trace_record(struct arena *arena, const struct check_options *options,
                       const char **ret_because);

/* The examination, in the process that is recorded, when the server has ended and `by_state` is known: what the calls say of
 * it. Never NULL. */
const struct agreement *check_trace_agree(struct arena *arena, const struct check_options *options,
                                          const struct diagnosis *by_state);

/* An examination of what a recording says. */
struct calls_exam {
	struct world *world;          /* stays the caller's */
	const char *workspace, *file; /* as of testimony_about; NULL: no file */
	unsigned unasked;
	bool recorded; /* as struct target has it (core/target.h) */
	int64_t limit_ns;
};
/* 0, or negative errno with a sentence. */
int check_trace_examine(struct arena *arena, const struct calls_exam *plan, struct diagnosis *ret,
                        struct err *err);

/* dialtone --traced SOCKET,MEMORY ARG…: `dialtone ARG…` below its recorder (cmd/traced.h). Exit status. */
int traced_main(int argc, char **argv);

#endif
