/* SPDX-License-Identifier: MIT
 * Changes files: journal first, then act. Everything that writes to the user's files goes through here.
 */
#ifndef APPLY_WRITE_H
#define APPLY_WRITE_H

#include "apply/image.h"
#include "apply/journal.h"

/* Makes the file at entry->path what entry->after says, provided it still is what entry->before says (else -EBUSY with a
 * sentence, and nothing is touched). after.exists false removes it. The caller fills path, before, after, cause, why and
 * undoes; id, at_ns, made_dirs and state are filled here.
 *
 * Order: the journal entry is on the disk; a new file beside the old one is written, given mode, owner and extended
 * attributes (access control lists are among them), synced; the old one is looked at again; rename(2); the directory is
 * synced; the entry is marked done. Killed in between, the file is the old one or the new one, and the entry tells.
 * Missing directories are made and remembered.
 *
 * Refused with a sentence: a file without any write permission bit (-EPERM), one with several hard links (-EMLINK), one
 * whose owner or attributes cannot be kept (-EPERM). */
int apply_write(struct journal *journal, struct journal_entry *entry, struct err *err);

/* Takes an entry back: the file becomes what it was before, and directories made for it go when they are empty. Refused
 * with -EBUSY when the file is no longer what the entry wrote; *ret_now (may be NULL) then holds what it is. */
int apply_undo(struct journal *journal, struct arena *arena, const struct journal_entry *entry,
               int64_t *ret_id, struct image *ret_now, struct err *err);

#endif
