/* SPDX-License-Identifier: MIT
 * What a set-up was like at one moment, small enough to be kept: so that later it can be told what changed since all
 * worked. Made from facts and evidence that an examination has anyway; nothing here looks.
 *
 * What may be a secret is never in it: of variables only a part of a keyed hash (20 bits: enough to tell that a value
 * changed, too little to find out what it was), and the value itself only of those that are known to be about Go or
 * about places and that do not look like a secret.
 */
#ifndef CORE_SETUP_H
#define CORE_SETUP_H

#include "base/siphash.h"
#include "core/facts.h"
#include "core/target.h"

/* The file in which the kernel tells its release. */
#define SETUP_KERNEL_FILE "/proc/sys/kernel/osrelease"

/* Their order is that in which they are kept when there is not enough room for all. */
enum item_kind {
	ITEM_TOOL,    /* go, gopls …: value its version, path, id its build id */
	ITEM_SERVER,  /* what it is started with: "arguments" */
	ITEM_FILE,    /* go.mod, go.work, go.sum, modules.txt: name and path the file, id a hash */
	ITEM_SETTING, /* the effective value; path: the file that says it */
	ITEM_GOENV,   /* effective values of the go command; id: who says it (govar.origin) */
	ITEM_EXTENSION, /* of the editor: value its version */
	ITEM_EDITOR,    /* "name", "product", "program" */
	ITEM_KERNEL,    /* its release */
	ITEM_PLACE,     /* a role (GOCACHE …): value its file system and what may be done there */
	ITEM_LIMIT,     /* value "SOFT:HARD", or one number */
	ITEM_STARTUP,   /* a file that sets up shells or sessions: as ITEM_FILE */
	ITEM_GOCMD,     /* further values that `go env` printed */
	ITEM_VARIABLE,  /* of the judged environment: value or "", id part of a hash */
	ITEM_KIND_COUNT,
};

struct setup_item { /* texts are never NULL */
	enum item_kind kind;
	const char *name;
	const char *value;
	const char *path;
	const char *id;
};

#define SETUP_ITEMS_MAX ((size_t)2000)
#define SETUP_TEXT_MAX  ((size_t)2048) /* of one name, value, path or id */

struct setup {
	int64_t at_ns;      /* wall clock: first found so */
	int64_t until_ns;   /* last found so */
	const char *editor; /* whose rules were followed: a name of core/editor.h */
	const char *side;   /* whose environment: self, shell, desktop, pid, file */
	uint32_t covers;    /* a bit for each kind of which everything there was is in it */
	struct setup_item *items;
	size_t count;
	size_t slots;
};

/* The examination that was made, as it is now. store: its evidence. The hashes are of this key. */
struct setup *setup_take(struct arena *arena, const struct facts *facts,
                         const struct target *target, const struct evidence_store *store,
                         const uint8_t key[SIPHASH_KEY_BYTES], int64_t now_ns);

/* As a build id or the bytes of a file are in items. */
const char *setup_hash(struct arena *arena, const uint8_t key[SIPHASH_KEY_BYTES],
                       struct slice bytes);

struct setup *setup_new(struct arena *arena);
/* NULL texts become "", too long ones are left out with their item. */
void setup_add(struct arena *arena, struct setup *setup, const struct setup_item *item);
/* The first one of this kind and name, or NULL. */
const struct setup_item *setup_find(const struct setup *setup, enum item_kind kind,
                                    const char *name);
static inline bool setup_covers(const struct setup *s, enum item_kind kind) {
	return (s->covers >> kind & 1U) != 0;
}
/* The same thing in the same state. */
bool setup_item_equal(const struct setup_item *a, const struct setup_item *b);
/* The same items, whatever the times. */
bool setup_equal(const struct setup *a, const struct setup *b);
/* The same editor and the same kind of environment: only then all of it can be compared. */
bool setup_same_side(const struct setup *a, const struct setup *b);

/* The word for a kind ("tool" …), and back: ITEM_KIND_COUNT when it is none. */
const char *item_kind_name(enum item_kind kind);
enum item_kind item_kind_find(struct slice name);

#endif
