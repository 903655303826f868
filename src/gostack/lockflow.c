/* SPDX-License-Identifier: MIT
 * The ways through a function, and what they say of the locks at one call.
 */
#include "gostack/bytes.h"
#include "gostack/lockflow_private.h"
#include "gostack/stackmap.h"

#include <stdlib.h>

#define CACHE_SLOTS 256U                  /* a power of two */
#define CODE_MAX    ((uint64_t)32 * 1024) /* of one function */
#define LOOKS_MAX   2000                  /* functions that are followed in all */
#define STEPS_MAX   ((size_t)400000)      /* instructions, in one function */

struct lock_flows {
	struct lock_flow flows[CACHE_SLOTS];
	size_t looks;
};

struct lock_flows *lock_flows_new(struct arena *arena) {
	return arena_new_of(arena, struct lock_flows);
}

/* ---- ways ---- */

static bool meet_values(struct value *into, const struct value *from, size_t count) {
	bool changed = false;
	for (size_t i = 0; i < count; i++) {
		if (into[i].what != NOTHING && !value_eq(into[i], from[i])) {
			into[i] = (struct value){0};
			changed = true;
		}
	}
	return changed;
}

static bool meet(struct state *into, const struct state *from) {
	if (!into->reached) {
		*into = *from;
		into->reached = true;
		return true;
	}
	bool changed = meet_values(into->regs, from->regs, REGISTERS);
	changed = meet_values(into->slots, from->slots, SLOTS_MAX) || changed;
	size_t kept = 0;
	for (size_t i = 0; i < into->held_count; i++) {
		bool both = false;
		for (size_t k = 0; k < from->held_count && !both; k++) {
			both = value_eq(into->held[i], from->held[k]);
		}
		into->held[kept] = into->held[i];
		kept += both ? 1 : 0;
	}
	changed = changed || kept != into->held_count || (from->gives_back && !into->gives_back);
	into->held_count = (uint8_t)kept;
	into->gives_back = into->gives_back || from->gives_back;
	return changed;
}

static void go_to(struct flow *w, const struct state *st, uint32_t at) {
	if (at == UINT32_MAX || w->leaders[at] == 0 || w->recording) {
		return;
	}
	if (meet(&w->states[w->leaders[at] - 1], st)) {
		w->work[w->work_count++] = at;
		/* Each stands there once: the list has room for all. */
		for (size_t i = 0; i + 1 < w->work_count; i++) {
			if (w->work[i] == at) {
				w->work_count--;
				break;
			}
		}
	}
}

/* From a leader to where the way ends or another leader stands. */
static bool walk(struct flow *w, uint32_t at) {
	struct state st = w->states[w->leaders[at] - 1];
	for (uint32_t first = at; at < w->count; at++) {
		const struct insn *i = &w->insns[at];
		if (at != first && w->leaders[at] != 0) {
			go_to(w, &st, at);
			return true;
		}
		if (w->steps++ > STEPS_MAX) {
			return false;
		}
		if (w->recording && at == w->call) {
			w->at_call = st;
		}
		if (i->kind == INSN_END ||
		    (i->kind == INSN_CALL && !flow_returns(flow_called(w, i)))) {
			return true;
		}
		if (i->kind == INSN_JUMP || i->kind == INSN_BRANCH) {
			go_to(w, &st, flow_insn_at(w, i->target));
		}
		if (i->kind == INSN_JUMP) {
			return true;
		}
		flow_step(w, &st, at);
	}
	return true;
}

static void begin(struct flow *w) {
	struct state *st = &w->states[0];
	st->reached = true;
	for (uint32_t r = 0; r < REGISTERS; r++) {
		st->regs[r] = (struct value){OF_REGISTER + r, 0};
	}
	for (uint32_t i = 0; i < ARGS_MAX; i++) {
		st->slots[LOCALS_MAX + i] = (struct value){OF_ARGUMENT + i, 0};
	}
	w->work[w->work_count++] = 0;
}

static bool follow(struct flow *w) {
	begin(w);
	while (w->work_count > 0) {
		if (!walk(w, w->work[--w->work_count])) {
			return false;
		}
	}
	w->recording = true;
	for (uint32_t at = 0; at < w->count; at++) {
		if (w->leaders[at] != 0 && w->states[w->leaders[at] - 1].reached && !walk(w, at)) {
			return false;
		}
	}
	return w->at_call.reached;
}

/* ---- the answer ---- */

static void mark_behind(struct flow *w, bool *ret) {
	size_t count = 0;
	w->work[count++] = w->call + 1;
	while (count > 0) {
		uint32_t at = w->work[--count];
		for (; at < w->count && !ret[at]; at++) {
			const struct insn *i = &w->insns[at];
			ret[at] = true;
			uint32_t to = i->kind == INSN_JUMP || i->kind == INSN_BRANCH
			                      ? flow_insn_at(w, i->target)
			                      : UINT32_MAX;
			if (to != UINT32_MAX && !ret[to] && count < w->count) {
				w->work[count++] = to;
			}
			if (i->kind == INSN_END || i->kind == INSN_JUMP ||
			    (i->kind == INSN_CALL && !flow_returns(flow_called(w, i)))) {
				break;
			}
		}
	}
}

static bool gives_it_back(const struct flow *w, const bool *behind, struct value v) {
	for (size_t i = 0; i < w->unlock_count; i++) {
		if (behind[w->unlocks[i].at] && value_eq(w->unlocks[i].lock, v)) {
			return true;
		}
	}
	return false;
}

static bool find_pointer(const struct flow *w, const struct stackmap *map, struct value v,
                         struct lock_held *ret) {
	*ret = (struct lock_held){.global = v.what == ABSOLUTE, .address = (uint64_t)v.add};
	for (int i = 0; i < SLOTS_MAX && !ret->global; i++) {
		struct value there = w->at_call.slots[i];
		if (there.what == v.what && stackmap_is_live(map, flow_slot_offset(i))) {
			ret->slot = flow_slot_offset(i);
			ret->inside = v.add - there.add;
			return true;
		}
	}
	return ret->global;
}

static void answer(struct flow *w, uint64_t pc, struct lock_flow *ret) {
	struct stackmap map;
	const struct insn *i = &w->insns[w->call];
	struct operation o = flow_operation(flow_called(w, i));
	struct value now = value_plus(w->at_call.regs[RECEIVER], -(int64_t)o.before);
	bool *behind = calloc(w->count + 1, sizeof(*behind));
	if (!behind || !stackmap_read(&w->s->tab, &w->f, pc, &map)) {
		free(behind);
		return;
	}
	mark_behind(w, behind);
	ret->known = true;
	ret->gives_back = w->at_call.gives_back;
	for (size_t k = 0; k < w->at_call.held_count; k++) {
		struct value v = w->at_call.held[k];
		if (o.use == LOCKS && value_eq(v, now)) {
			continue; /* it waits for that in Lock */
		}
		ret->kept++;
		if (gives_it_back(w, behind, v)) {
			ret->count += find_pointer(w, &map, v, &ret->held[ret->count]) ? 1 : 0;
		}
	}
	free(behind);
}

static void look(struct flow *w, uint64_t pc, struct lock_flow *ret) {
	struct stackmap map;
	struct slice code = elf_image_at(&w->s->elf, w->f.entry - w->s->bias);
	code = bytes_sub(code, 0, w->f.end - w->f.entry);
	if (!stackmap_read(&w->s->tab, &w->f, pc, &map) || !flow_decode(w, code) ||
	    !flow_find_leaders(w)) {
		return;
	}
	w->call = flow_insn_at(w, pc);
	w->call = w->call == UINT32_MAX ? (uint32_t)w->count : w->call;
	if (w->call == 0 || w->insns[w->call - 1].kind != INSN_CALL) {
		return;
	}
	w->call--;
	w->locals_first = map.locals_first;
	w->args_end = map.args_end;
	for (int i = 0; i < SLOTS_MAX; i++) {
		w->objects[i] = stackmap_is_object(&w->s->tab, &w->f, flow_slot_offset(i));
	}
	w->states = calloc(w->state_count, sizeof(*w->states));
	if (w->states && follow(w)) {
		answer(w, pc, ret);
	}
	free(w->states);
}

const struct lock_flow *lock_flow_at(struct gostack *s, struct lock_flows *flows, uint64_t pc) {
	struct lock_flow *ret = &flows->flows[(size_t)(pc >> 2) & (CACHE_SLOTS - 1)];
	if (ret->pc == pc) {
		return ret;
	}
	*ret = (struct lock_flow){.pc = pc};
	struct flow *w = calloc(1, sizeof(*w));
	if (w && flows->looks++ < LOOKS_MAX && pclntab_function(&s->tab, pc - 1, &w->f) &&
	    w->f.end > w->f.entry && w->f.end - w->f.entry <= CODE_MAX) {
		size_t most = 2 * ((w->f.end - w->f.entry) / s->tab.min_lc) + 2;
		w->s = s;
		w->insns = calloc(most, sizeof(*w->insns));
		w->frames = calloc(most, sizeof(*w->frames));
		w->atomics = calloc(most, sizeof(*w->atomics));
		w->leaders = calloc(most, sizeof(*w->leaders));
		w->work = calloc(most, sizeof(*w->work));
		if (w->insns && w->frames && w->atomics && w->leaders && w->work) {
			look(w, pc, ret);
		}
		free(w->insns);
		free(w->frames);
		free(w->atomics);
		free(w->leaders);
		free(w->work);
	}
	free(w);
	return ret;
}
