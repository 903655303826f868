/* SPDX-License-Identifier: MIT
 * The states in which all worked, as they are kept in a file: at most SNAPSHOT_STATES_MAX of one workspace, the last
 * one that came first, each at most SNAPSHOT_STATE_BYTES_MAX. Text:
 *
 *   dialtone.states/1
 *   workspace=PATH
 *   key=32 hexadecimal digits
 *
 *   until=20 digits               (alone may be overwritten in place)
 *   at=20 digits
 *   editor=NAME
 *   side=WORD
 *   covers=KIND KIND …
 *   item KIND<TAB>NAME<TAB>VALUE<TAB>PATH<TAB>ID
 *   end=16 hexadecimal digits     (hash with that key of everything from "at=" on)
 *
 * In values \n, \t and \\ are escaped. Readers refuse other versions, and what is damaged as a whole.
 */
#ifndef CORE_SNAPSHOT_STORE_H
#define CORE_SNAPSHOT_STORE_H

#include "base/err.h"
#include "core/snapshot.h"

#define SNAPSHOT_STATES_MAX      ((size_t)8)
#define SNAPSHOT_STATE_BYTES_MAX ((size_t)64 * 1024)
#define SNAPSHOT_FILE_BYTES_MAX  ((size_t)(SNAPSHOT_STATES_MAX + 1) * SNAPSHOT_STATE_BYTES_MAX)

struct snapshot_store {
	const char *workspace;
	uint8_t key[SIPHASH_KEY_BYTES];
	struct snapshot *states[SNAPSHOT_STATES_MAX + 1]; /* the last one that came first */
	size_t until_offset[SNAPSHOT_STATES_MAX +
	                    1]; /* of the digits, in the text it was read from */
	size_t count;
};

/* -EPROTO: of another version of dialtone; -EBADMSG: damaged, or no such file; with a sentence that begins lower case
 * and names nothing but what is wrong. */
int snapshot_store_parse(struct arena *arena, struct slice text, struct snapshot_store *ret,
                         struct err *err);
/* What does not fit into a state (the least telling kinds) is left out, and then not covered. */
void snapshot_store_write(struct strbuf *out, const struct snapshot_store *store);

enum snapshot_kept {
	SNAPSHOT_SAME,  /* as states[*ret_index], whose until_ns is new now; nothing else changed */
	SNAPSHOT_ADDED, /* states are others now */
};
/* The state that was found good now goes in, in front. When there are too many, the one goes that was good longest ago of
 * those for whose editor and kind of environment there is a newer one, else of all. */
enum snapshot_kept snapshot_store_keep(struct snapshot_store *store, struct snapshot *now,
                                       size_t *ret_index);

/* The newest state for the same editor and kind of environment, else the newest at all; NULL when there is none.
 * before_ns, if not 0: only those found good at that time or earlier; when none is so old, the oldest, and *ret_older. */
const struct snapshot *snapshot_store_choose(const struct snapshot_store *store,
                                             const struct snapshot *now, int64_t before_ns,
                                             bool *ret_older);

#endif
