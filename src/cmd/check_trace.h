/* SPDX-License-Identifier: MIT
 * Recordings of `dialtone trace -o` as `check` uses them: no look at the machine, only what the calls
 * of the recorded processes were answered (trace/testimony.h).
 */
#ifndef CMD_CHECK_TRACE_H
#define CMD_CHECK_TRACE_H

#include "cmd/check_options.h"
#include "core/evidence.h"

/* Reads options->from_trace into the empty store. The folder, file and editor that were examined go
 * into *ret_dir and *options, what its client never asked for into *ret_unasked (core/target.h). 0; -ENOENT …, as reader_open (trace/store_read.h); -EBADMSG with a
 * sentence when no language server was started in it. */
int check_trace_open(struct arena *arena, struct evidence_store *store,
                     struct check_options *options, const char **ret_dir, unsigned *ret_unasked,
                     struct err *err);

#endif
