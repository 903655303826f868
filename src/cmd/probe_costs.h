/* SPDX-License-Identifier: MIT
 * What a server and its descendants cost, by looking at them now and then.
 */
#ifndef CMD_PROBE_COSTS_H
#define CMD_PROBE_COSTS_H

#include "cmd/probe_result.h"

struct probe_sampler;

/* costs: zeros; filled by each sample. All of them must live as long. */
struct probe_sampler *probe_sampler_new(struct world *world, struct arena *arena,
                                        struct probe_costs *costs);
/* Looks at pid and all below it. number: another one each time. */
void probe_sample(struct probe_sampler *sampler, int64_t pid, int64_t number);

#endif
