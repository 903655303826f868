/* SPDX-License-Identifier: MIT
 * What changed since all worked here: the state that dialtone kept then (core/known_good.h) beside the one there is
 * now, and when each difference came about, where files or the package manager's log tell that.
 */
#include "base/clock.h"
#include "core/changes.h"
#include "core/known_good.h"
#include "core/probe.h"
#include "probes/changed_when.h"

#include <errno.h>

/* Most values are for people; what is behind them is in the state. */
#define FACTS_MAX ((size_t)64)

struct changed {
	struct exam *exam;
	const struct known_good *store;
	const struct setup *base;
	const struct setup *now;
	struct since since;
};

static bool is_wrong(const struct exam *exam) {
	if (!facts_healthy(exam->facts)) {
		return true;
	}
	/* It answers; a rule may know better. */
	return exam->rules && infer(exam->rules, exam->facts).cause_count > 0;
}

/* What a state holds beside what is looked at anyway. */
static void look_further(struct exam *exam) {
	const struct fact_editor_process *editor = facts_first(editor_process, exam->facts);
	(void)world_look(exam->world, LOOK_FILE, SETUP_KERNEL_FILE, LOOK_CAP_SMALL);
	if (editor && *editor->exe) {
		(void)world_stat(exam->world, editor->exe);
	}
}

/* A file that is not in one of the two states may only not have been looked at. */
static bool is_real(const struct changed *c, const struct change *change) {
	const struct setup_item *item = change->new ? change->new : change->old;
	if (change->how == ITEM_CHANGED ||
	    (item->kind != ITEM_FILE && item->kind != ITEM_STARTUP)) {
		return true;
	}
	struct file_stat st = world_stat(c->exam->world, item->path);
	if (change->how == ITEM_REMOVED) {
		return st.known && !st.exists;
	}
	return since_has(&c->since, st.mtime_ns) || since_has(&c->since, st.ctime_ns);
}

/* The time of another state in which all worked and this was as it is now; 0: there is none. */
static int64_t worked_at(const struct changed *c, const struct change *change) {
	int64_t latest = 0;
	for (size_t i = 0; i < c->store->count; i++) {
		const struct setup *s = c->store->states[i];
		const struct setup_item *item = change->new ? change->new : change->old;
		const struct setup_item *then = setup_find(s, item->kind, item->name);
		if (s == c->base || !setup_same_side(s, c->now) || s->until_ns <= latest) {
			continue;
		}
		bool same = change->new ? then &&setup_item_equal(then, change->new)
		                        : !then &&setup_covers(s, item->kind);
		latest = same ? s->until_ns : latest;
	}
	return latest;
}

static void state_change(const struct changed *c, const struct change *change) {
	const struct setup_item *item = change->new ? change->new : change->old;
	const struct setup_item *old = change->old;
	struct came_about when =
		came_about_find(c->exam, &c->since, item, change->how == ITEM_REMOVED);
	bool hashed = item->kind == ITEM_FILE || item->kind == ITEM_STARTUP;
	FACTS_ADD(c->exam->facts, changed, when.ev, .what = item_kind_name(item->kind),
	          .name = item->name, .how = item_change_name(change->how),
	          .old = old ? old->value : "", .new = change->new ? change->new->value : "",
	          .path = *when.file ? when.file : item->path, .old_path = old ? old->path : "",
	          .at_ns = when.at_ns, .time_of = when.time_of, .package = when.package,
	          .by = when.by, .command = when.command,
	          .worked_ns = hashed && change->how == ITEM_REMOVED ? 0 : worked_at(c, change));
}

static void state_changes(struct changed *c) {
	size_t count = 0;
	size_t stated = 0;
	struct change *changes = changes_between(c->exam->arena, c->base, c->now, &count);
	for (size_t i = 0; i < count && stated < FACTS_MAX; i++) {
		if (is_real(c, &changes[i])) {
			state_change(c, &changes[i]);
			stated++;
		}
	}
}

static int read_store(struct exam *exam, struct known_good *store, bool *ret_any,
                      const struct evidence **ret_ev, struct err *err) {
	const char *path = exam->target->states_file;
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, path, KNOWN_GOOD_FILE_BYTES_MAX);
	*ret_any = false;
	*ret_ev = ev;
	if (evidence_is_absent(ev)) {
		return 0;
	}
	if (ev->state != EV_READ) {
		return err_set(err, -EIO, "the states that worked, '%s', cannot be read: %s", path,
		               evidence_refusal(ev));
	}
	int r = known_good_parse(exam->arena, ev->bytes, store, err);
	if (r < 0) {
		return err_wrap(err, "the states that worked, '%s', cannot be used", path);
	}
	/* Two folders whose names gave the same file name. */
	*ret_any = streq(store->workspace, exam->target->workspace);
	return 0;
}

static int look(struct exam *exam, struct err *err) {
	const struct target *t = exam->target;
	struct known_good store;
	const struct evidence *ev = NULL;
	bool any = false;
	bool older = false;
	/* Nobody has allowed us to keep anything: then nothing is read either. */
	bool asked = t->states_file && (t->tell_changes || is_wrong(exam));
	int r = asked ? read_store(exam, &store, &any, &ev, err) : 0;
	if (any || t->will_remember) {
		look_further(exam);
	}
	if (!any) {
		return r;
	}
	int64_t now_ns = world_wall_ns(exam->world, world_now_ns(exam->world));
	const struct setup *now =
		setup_take(exam->arena, exam->facts, t, exam->world->store, store.key, now_ns);
	const struct setup *base = known_good_choose(&store, now, t->since_ns, &older);
	if (!base) {
		return 0;
	}
	/* A time that has not come yet was not written by us whole. */
	int64_t until_ns = base->until_ns <= now_ns ? base->until_ns : base->at_ns;
	FACTS_ADD(exam->facts, last_good, ev, .at_ns = base->at_ns, .until_ns = until_ns,
	          .asked_ns = t->since_ns, .older = older, .editor = base->editor,
	          .side = base->side, .same_side = setup_same_side(base, now),
	          .states = (int64_t)store.count);
	struct changed c = {.exam = exam,
	                    .store = &store,
	                    .base = base,
	                    .now = now,
	                    .since = {.begin_ns = until_ns, .end_ns = now_ns}};
	state_changes(&c);
	return 0;
}

const struct probe probe_changed = {
	.id = "changed",
	.title = "what changed since it last worked",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(changed) | FACT_BIT(last_good),
	.look = look,
};
