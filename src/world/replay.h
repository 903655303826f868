/* SPDX-License-Identifier: MIT
 * A world made of evidence that was recorded: looks and runs answer what was seen then,
 * EV_NOT_RECORDED what nobody looked at. Nothing of the machine is touched.
 *
 * Its time (world_now_ns) is that of the recording: each answer and each wait brings it forward, and no
 * time passes. A session plays its transcript to the dialogue: frames, junk, stderr and the end come
 * at the times they came, with a tick every 50 ms, up to the deadline of the wait, so that a dialogue
 * that waits for silence or gives up, and whoever looks again after a while, decides as it did then.
 * What the dialogue sends goes nowhere.
 */
#ifndef WORLD_REPLAY_H
#define WORLD_REPLAY_H

#include "core/world.h"

/* recorded: what casefile_read filled; it outlives the world. store: the empty store of this run.
 * Never NULL. */
struct world *world_replay_open(struct arena *arena, struct evidence_store *store,
                                const struct evidence_store *recorded);

/* Who may know more than what was recorded. recorded: what it says of this look, NULL nothing. Gives evidence to be taken
 * instead, or NULL: it stays as it is. */
struct replay_helper {
	const struct evidence *(*ask)(void *context, enum look what, const char *arg, size_t cap,
	                              const struct evidence *recorded);
	void *context;
};

/* The same, with a helper, which outlives the world. */
struct world *world_replay_helped(struct arena *arena, struct evidence_store *store,
                                  const struct evidence_store *recorded,
                                  const struct replay_helper *helper);

#endif
