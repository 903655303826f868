/* SPDX-License-Identifier: MIT
 * Running a program to its end in the live world.
 */
#ifndef WORLD_RUN_H
#define WORLD_RUN_H

#include "world/loop.h"

/* Output beyond the cap is read and thrown away up to here; a program that goes on is ended. */
#define RUN_FLOOD_BYTES ((size_t)16 * 1024 * 1024)

/* world_ops.run */
void live_run(struct world *w, const struct run_spec *spec, struct evidence *ev);

/* For live_turn. */
void live_run_prepare(const struct live_run *run, struct poll_set *set);
void live_run_serve(struct live_world *lw, struct live_run *run, const struct poll_set *set);

#endif
