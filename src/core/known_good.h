/* SPDX-License-Identifier: MIT
 * The states in which all worked, as they are kept in a file: at most KNOWN_GOOD_MAX of one workspace, the last
 * one that came first, each at most KNOWN_GOOD_STATE_BYTES_MAX. Text:
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
#ifndef CORE_KNOWN_GOOD_H
#define CORE_KNOWN_GOOD_H

#include "base/err.h"
#include "core/setup.h"

#define KNOWN_GOOD_MAX             ((size_t)8)
#define KNOWN_GOOD_STATE_BYTES_MAX ((size_t)64 * 1024)
#define KNOWN_GOOD_FILE_BYTES_MAX  ((size_t)(KNOWN_GOOD_MAX + 1) * KNOWN_GOOD_STATE_BYTES_MAX)

struct known_good {
	const char *workspace;
	uint8_t key[SIPHASH_KEY_BYTES];
	struct setup *states[KNOWN_GOOD_MAX + 1]; /* the last one that came first */
	size_t until_offset[KNOWN_GOOD_MAX + 1];  /* of the digits, in the text it was read from */
	size_t count;
};

/* -EPROTO: of another version of dialtone; -EBADMSG: damaged, or no such file; with a sentence that begins lower case
 * and names nothing but what is wrong. */
int known_good_parse(struct arena *arena, struct slice text, struct known_good *ret,
                     struct err *err);
/* What does not fit into a state (the least telling kinds) is left out, and then not covered. */
void known_good_write(struct strbuf *out, const struct known_good *store);

enum known_good_kept {
	KNOWN_GOOD_SAME, /* as states[*ret_index], whose until_ns is new now; nothing else changed */
	KNOWN_GOOD_ADDED, /* states are others now */
};
/* The state that was found good now goes in, in front. When there are too many, the one goes that was good longest ago of
 * those for whose editor and kind of environment there is a newer one, else of all. */
enum known_good_kept known_good_keep(struct known_good *store, struct setup *now,
                                     size_t *ret_index);

/* The newest state for the same editor and kind of environment, else the newest at all; NULL when there is none.
 * before_ns, if not 0: only those found good at that time or earlier; when none is so old, the oldest, and *ret_older. */
const struct setup *known_good_choose(const struct known_good *store, const struct setup *now,
                                      int64_t before_ns, bool *ret_older);

#endif
