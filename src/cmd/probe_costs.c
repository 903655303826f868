/* SPDX-License-Identifier: MIT */
#include "cmd/probe_costs.h"

#include "base/str.h"
#include "core/world.h"

#define PIDS_MAX 1024

struct probe_sampler {
	struct world *world;
	struct arena *arena;
	struct probe_costs *costs;
	int64_t pids[PIDS_MAX]; /* seen before */
	size_t pid_count;
};

struct probe_sampler *probe_sampler_new(struct world *world, struct arena *arena,
                                        struct probe_costs *costs) {
	struct probe_sampler *s = arena_new_of(arena, struct probe_sampler);
	s->world = world;
	s->arena = arena;
	s->costs = costs;
	return s;
}

static struct probe_child *child_of(struct probe_costs *costs, struct arena *arena,
                                    struct slice comm) {
	for (size_t i = 0; i < costs->child_kinds; i++) {
		if (slice_eq(comm, costs->children[i].comm)) {
			return &costs->children[i];
		}
	}
	if (costs->child_kinds == PROBE_KINDS_MAX) {
		return NULL;
	}
	struct probe_child *child = &costs->children[costs->child_kinds++];
	child->comm = arena_slicedup(arena, comm);
	return child;
}

static bool is_new(struct probe_sampler *s, int64_t pid) {
	for (size_t i = 0; i < s->pid_count; i++) {
		if (s->pids[i] == pid) {
			return false;
		}
	}
	if (s->pid_count < PIDS_MAX) {
		s->pids[s->pid_count++] = pid;
	}
	return true;
}

/* "pid ppid cpu_ms rss_bytes peak_bytes comm" */
static bool read_row(struct arena *arena, struct slice line, int64_t numbers[5],
                     struct slice *ret_comm) {
	struct slice word;
	for (int i = 0; i < 5; i++) {
		if (!slice_cut(&line, ' ', &word) ||
		    str_to_int64(arena_slicedup(arena, word), &numbers[i]) < 0) {
			return false;
		}
	}
	*ret_comm = line;
	return true;
}

void probe_sample(struct probe_sampler *s, int64_t pid, int64_t number) {
	const char *arg = arena_printf(s->arena, "%lld %lld", (long long)pid, (long long)number);
	const struct evidence *ev = world_look(s->world, LOOK_TREE, arg, LOOK_CAP_SMALL);
	int64_t cpu_ms = 0, rss = 0, numbers[5];
	size_t now[PROBE_KINDS_MAX] = {0};
	struct slice rest = ev->bytes, line, comm;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (!read_row(s->arena, line, numbers, &comm)) {
			continue;
		}
		struct probe_child *child = child_of(s->costs, s->arena, comm);
		s->costs->known = true;
		cpu_ms += numbers[2];
		rss += numbers[3];
		if (child) {
			size_t kind = (size_t)(child - s->costs->children);
			child->seen += is_new(s, numbers[0]);
			now[kind]++;
			child->most = now[kind] > child->most ? now[kind] : child->most;
		}
	}
	s->costs->cpu_ms = cpu_ms > s->costs->cpu_ms ? cpu_ms : s->costs->cpu_ms;
	s->costs->peak_bytes = rss > s->costs->peak_bytes ? rss : s->costs->peak_bytes;
}
