/* SPDX-License-Identifier: MIT
 * From what LOOK_WAITS saw to facts.
 */
#ifndef PROBES_SERVER_WAIT_FACTS_H
#define PROBES_SERVER_WAIT_FACTS_H

#include "core/facts.h"
#include "waits/waits.h"

/* States wait_leaf, its wait_links and wait_unreads. chain: of w. */
const struct fact_wait_leaf *wait_facts_state(struct facts *facts, const struct evidence *ev,
                                              const char *origin, const struct waits *w,
                                              const struct wait_chain *chain);

/* Has somebody below a running server of this workspace the lock that the chain goes through? Then both hang on the same
 * thing, and the lock is how one waits for the other. */
bool wait_facts_own_lock(const struct facts *facts, const struct waits *w,
                         const struct wait_chain *chain);

/* The path for which the chain waits in a file system, or for whoever serves it; NULL when it does not. */
const char *wait_facts_place(const struct facts *facts, const struct waits *w,
                             const struct wait_chain *chain);

#endif
