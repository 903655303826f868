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

#endif
