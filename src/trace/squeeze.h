/* SPDX-License-Identifier: MIT
 * zstd for the columns of a trace, opened at run time: only who records or reads one needs it.
 */
#ifndef TRACE_SQUEEZE_H
#define TRACE_SQUEEZE_H

#include "base/err.h"
#include "base/slice.h"

struct squeeze;

/* NULL with *err (-ENOSYS or -ENOMEM). */
struct squeeze *squeeze_open(struct err *err);
void squeeze_close(struct squeeze *squeeze);

/* One frame, with its size and a checksum. The bytes are the squeeze's own, valid until the next
 * call. 0, -ENOMEM or -EIO. */
int squeeze_pack(struct squeeze *squeeze, struct slice plain, struct slice *ret_packed);
/* The reverse: at most cap bytes of plain text, into *buffer, which is malloc'ed, grows and is the
 * caller's (two frames can be open at once). -EBADMSG when it is no such frame or damaged, -EFBIG,
 * -ENOMEM. */
int squeeze_unpack(struct squeeze *squeeze, struct slice packed, size_t cap, char **buffer,
                   size_t *buffer_bytes, struct slice *ret_plain);

#endif
