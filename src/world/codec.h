/* SPDX-License-Identifier: MIT
 * zstd and SHA-256 from the system's libraries, opened when they are first needed: a run that
 * writes or reads no case file does not load them, and without them everything else works.
 */
#ifndef WORLD_CODEC_H
#define WORLD_CODEC_H

#include "base/err.h"
#include "base/slice.h"

#define SHA256_HEX_SIZE 65 /* with the NUL */

struct codec; /* the opened libraries */

/* Opens libzstd.so.1 and libcrypto.so.3. NULL with *err (-ENOSYS) naming the one that is missing.
 */
struct codec *codec_open(struct err *err);
void codec_close(struct codec *codec);
/* For CLEANUP. */
void codec_closep(struct codec **codec);

/* One zstd frame with a checksum. *ret_data is malloc'ed. 0, -ENOMEM or -EIO. */
int codec_compress(const struct codec *codec, struct slice plain, char **ret_data, size_t *ret_len,
                   struct err *err);
/* All frames in `packed`, at most cap bytes of plain text. *ret_data is malloc'ed.
 * 0, -ENOMEM, -EBADMSG when it is not zstd or damaged, -EFBIG beyond the cap.
 * first_only: stop, with 0, once there is something: enough to see how it begins. */
int codec_decompress(const struct codec *codec, struct slice packed, size_t cap, bool first_only,
                     char **ret_data, size_t *ret_len, struct err *err);

void codec_sha256(const struct codec *codec, struct slice bytes, char ret_hex[SHA256_HEX_SIZE]);

#endif
