/* SPDX-License-Identifier: MIT */
#include "gostack/summary.h"

#include "base/vec.h"

#include <stdlib.h>

#define IDS_MAX (sizeof(((struct summary_group *)0)->ids) / sizeof(uint64_t))

static size_t group_hash(const char *status, uint32_t stack, enum goroutine_state state) {
	size_t h = stack * 31U + (size_t)state;
	for (; *status != '\0'; status++) {
		h = (h ^ (unsigned char)*status) * 16777619U;
	}
	return h ^ (h >> 15);
}

struct grouping {
	struct arena *arena;
	struct summary_group *groups;
	size_t count, slots;
	uint32_t *table; /* hash: index + 1, 0 is empty */
	size_t size;
};

static struct summary_group *group_new(struct grouping *all) {
	VEC_ROOM(all->arena, all->groups, all->count, &all->slots);
	return &all->groups[all->count++];
}

static struct summary_group *group_of(struct grouping *all, const struct goroutine *g,
                                      const char *status) {
	size_t at = group_hash(status, g->stack, g->state) & (all->size - 1);
	for (; all->table[at] != 0; at = (at + 1) & (all->size - 1)) {
		struct summary_group *old = &all->groups[all->table[at] - 1];
		if (old->stack == g->stack && old->state == g->state &&
		    streq(old->status, status)) {
			return old;
		}
	}
	struct summary_group *group = group_new(all);
	all->table[at] = (uint32_t)all->count;
	*group = (struct summary_group){.status = status,
	                                .stack = g->stack,
	                                .state = g->state,
	                                .longest_s = -1,
	                                .shortest_s = -1,
	                                .first = g};
	return group;
}

static void group_add(struct summary_group *group, const struct goroutine *g, int64_t waited_s) {
	if (waited_s > group->longest_s) {
		group->longest_s = waited_s;
		group->first = g;
	}
	if (group->count == 0 || waited_s < group->shortest_s) {
		group->shortest_s = waited_s;
	}
	if (group->id_count < IDS_MAX) {
		group->ids[group->id_count++] = g->id;
	}
	group->count++;
}

static int group_order(const void *left, const void *right) {
	const struct summary_group *a = left;
	const struct summary_group *b = right;
	if (a->longest_s != b->longest_s) {
		return a->longest_s > b->longest_s ? -1 : 1;
	}
	if (a->count != b->count) {
		return a->count > b->count ? -1 : 1;
	}
	return a->ids[0] < b->ids[0] ? -1 : a->ids[0] > b->ids[0];
}

struct summary summary_make(struct gostack *s, const struct traceback_options *options) {
	struct summary ret = {0};
	struct grouping all = {.arena = s->arena, .size = 64};
	while (all.size < s->all.count * 2) {
		all.size *= 2;
	}
	all.table = arena_array_of(s->arena, uint32_t, all.size);
	for (size_t i = 0; i < s->all.count; i++) {
		const struct goroutine *g = &s->all.items[i];
		if (traceback_shows(s, g, options)) {
			struct summary_group *group = group_of(&all, g, gostack_status(s, g));
			group_add(group, g, gostack_waited_s(s, g));
			ret.states[g->state]++;
			ret.goroutines++;
		}
	}
	ret.groups = all.groups;
	ret.count = all.count;
	if (ret.count > 0) {
		qsort(ret.groups, ret.count, sizeof(*ret.groups), group_order);
	}
	return ret;
}

/* ---- text ---- */

static void add_duration(struct strbuf *out, int64_t seconds) {
	if (seconds >= 3600) {
		strbuf_printf(out, "%lldh%02lldm", (long long)(seconds / 3600),
		              (long long)(seconds / 60 % 60));
	} else if (seconds >= 60) {
		strbuf_printf(out, "%lldm%02llds", (long long)(seconds / 60),
		              (long long)(seconds % 60));
	} else {
		strbuf_printf(out, "%llds", (long long)seconds);
	}
}

static void add_head(struct strbuf *out, const struct summary_group *group) {
	strbuf_printf(out, "\n%zu goroutine%s [%s%s%s]", group->count, group->count == 1 ? "" : "s",
	              group->status,
	              group->state == GOROUTINE_CERTAIN || group->state == GOROUTINE_RUNNING ? ""
	                                                                                     : ", ",
	              group->state == GOROUTINE_CERTAIN || group->state == GOROUTINE_RUNNING
	                      ? ""
	                      : goroutine_state_name(group->state));
	if (group->longest_s >= 0) {
		strbuf_add(out, ", for ");
		add_duration(out, group->longest_s);
		strbuf_add(out, " or more");
	}
	strbuf_add_char(out, ':');
	for (size_t i = 0; i < group->id_count; i++) {
		strbuf_printf(out, " %llu", (unsigned long long)group->ids[i]);
	}
	strbuf_add(out, group->count > group->id_count ? " ...\n" : "\n");
}

static void add_totals(struct strbuf *out, const struct summary *summary) {
	strbuf_printf(out, "%zu goroutine%s in %zu group%s", summary->goroutines,
	              summary->goroutines == 1 ? "" : "s", summary->count,
	              summary->count == 1 ? "" : "s");
	for (size_t i = GOROUTINE_RUNNING; i <= GOROUTINE_PARTIAL; i++) {
		if (summary->states[i] > 0) {
			strbuf_printf(out, ", %zu %s", summary->states[i],
			              goroutine_state_name((enum goroutine_state)i));
		}
	}
}

void summary_text(struct strbuf *out, struct gostack *s, const struct summary *summary,
                  const struct traceback_options *options) {
	add_totals(out, summary);
	strbuf_printf(out, "; %s\n", s->version[0] != '\0' ? s->version : "unknown version of Go");
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_group *group = &summary->groups[i];
		struct go_line creator;
		add_head(out, group);
		if (group->state == GOROUTINE_RUNNING) {
			strbuf_add(out, "\tgoroutine running on other thread; stack unavailable\n");
		} else if (group->stack != STACK_NONE) {
			traceback_stack(out, s, group->stack, options);
		}
		if (traceback_creator(s, group->first, options, &creator)) {
			traceback_creator_text(out, &creator,
			                       group->count == 1 ? group->first->parent : 0);
		}
	}
}
