/* SPDX-License-Identifier: MIT
 * What the recorder itself notes when a recording ends: the kernel follows links, knows file systems and owners of files
 * without any program asking, so no call of a program tells of them. What the rules would still like to know
 * about places that recorded calls named is looked up once, as who the server ran as, by a process of its own with a deadline,
 * and goes with the recording as the text of a case file (key "notes" of the table meta, docs/trace-format.md).
 * Nothing is run, and what no call named is not looked at, but for what belongs to such a place: the VERSION of an
 * installation, a module of a cache, who owns what lies in it. Of files beside VERSION no more is read than tells whether
 * they can be.
 */
#ifndef CMD_TRACE_NOTES_H
#define CMD_TRACE_NOTES_H

#include "core/evidence.h"
#include "trace/store_read.h"

struct store;

/* Before the recording begins: how often the kernel has killed for want of memory. What comes on top until the notes are
 * taken happened meanwhile. */
void trace_notes_begin(struct store *store);

/* Looks around for the recording `file`, which `store` has written so far, and puts what it finds there. Nothing when no
 * gopls was recorded, when there are more than 500,000 events, or when it cannot be done: the recording is then one
 * without notes. */
void trace_notes_take(const char *file, struct store *store);

/* Adds the notes of a recording to what its calls testify; where both say something, the note had both. A damaged one
 * counts as none. */
void trace_notes_add(struct arena *arena, struct reader *reader, struct evidence_store *store);

/* A look as the calls and the machine have it together; `seen` is what the machine says, `told` what the calls do or NULL.
 * fenced: the program was refused by a fence of its own, which is not around the machine. NULL: what the calls say
 * stays. In the arena. */
const struct evidence *trace_notes_join(struct arena *arena, const struct evidence *told,
                                        const struct evidence *seen, bool fenced);

#endif
