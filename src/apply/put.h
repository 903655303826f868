/* SPDX-License-Identifier: MIT
 * Makes what stands at a place be another image, at once or not at all.
 */
#ifndef APPLY_PUT_H
#define APPLY_PUT_H

#include "apply/image.h"

/* now: what image_at has just said of the place, and what is replaced; when something else stands there at the last
 * moment, -EBUSY. temporary: a name in the same directory that nobody else uses.
 *
 * A file: written beside it under the temporary name, given owner, extended attributes (access control lists are among
 * them), mode and, as far as after knows them, times; synced; renamed over the old one; the directory is synced. Where only
 * mode, owner or attributes differ they are changed in place. Killed in between, the old or the new one stands there,
 * and the temporary name may be left. Links, FIFOs and sockets likewise; directories are made and removed.
 *
 * -errno with a sentence; then the place is as it was. */
int put_image(struct arena *arena, const struct place *place, const struct image *now,
              const struct image *after, const char *temporary, struct err *err);

/* Refused, as somebody wanted it so: a new file in place of one without any write permission bit (-EPERM) or with several
 * hard links (-EMLINK). */
int put_may_replace(const struct place *place, const struct image *now, struct err *err);

/* All bytes of one open file to another, shared where the filesystem can (FICLONE). -errno. */
int put_copy(int from, int to);

#endif
