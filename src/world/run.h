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
/* world_ops.run_ahead */
void live_run_ahead(struct world *w, const struct run_spec *spec);
/* Ends those that were started ahead and never asked for; for closing the world. */
void live_runs_end(struct live_world *lw);

/* For live_turn. */
void live_run_prepare(const struct live_run *run, struct poll_set *set);
void live_run_serve(struct live_world *lw, struct live_run *run, const struct poll_set *set);

#endif
