/* SPDX-License-Identifier: MIT
 * `dialtone pin`: which version is used here now, and with which all worked (docs/changed.md).
 */
#ifndef CMD_PIN_KNOWN_H
#define CMD_PIN_KNOWN_H

#include "cmd/pin.h"

/* A version of a tool in a kept state. */
struct pin_kept {
	const char *version; /* as struct pin_spec has it */
	const char *path;    /* where it was; "" */
	bool still_there;    /* with the build that it had then */
	int64_t at_ns;       /* when all worked with it, for the last time; wall clock */
};

/* With which version all worked last in the workspace; other_than: not with this one, or NULL. False: nothing says so. */
bool pin_last_good(struct pin_run *run, const struct pin_tool *tool, const char *other_than,
                   struct pin_kept *ret);

/* --previous: fills item->spec.version and what goes with it. With the version in use something is wrong when all worked last
 * with another: that one; else the one that was pinned before; else another with which all worked. -ENOENT with a sentence. */
int pin_previous_find(struct pin_run *run, struct pin_item *item, struct err *err);

#endif
