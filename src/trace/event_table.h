/* SPDX-License-Identifier: MIT
 * The table `event` for SQL: every event of a trace, unpacked chunk by chunk as it is read. What a
 * question says about pid, start_ns, end_ns, duration_ns and error is used to leave chunks packed;
 * paths and buffers are only unpacked when a column needs them.
 *
 * Columns: seq, start_ns, end_ns, duration_ns, pid, tid, kind, call, result, error (positive), errno, path (its
 * first), fd (its first argument that is one), args, text (the whole line), data (of a read or written
 * buffer), child, status, sender, lost, injected, arch. Beside it error_name(number, name) and signal_name(number, name).
 */
#ifndef TRACE_EVENT_TABLE_H
#define TRACE_EVENT_TABLE_H

#include "trace/store_read.h"

/* Makes the table and the functions known to the reader's connection; -EIO. The reader must outlive
 * its statements. */
int event_table_register(struct reader *reader, struct err *err);

#endif
