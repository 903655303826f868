/* SPDX-License-Identifier: MIT */
#include "core/infer.h"

#include "core/changes.h"

#include <stdlib.h>

/* The findings of one rule stand together: rules run one after the other and add at the end. */
struct group {
	const struct rule *rule;
	struct finding *first;
};

struct groups {
	struct group *all;
	size_t count;
};

static struct groups groups_of(const struct findings *findings) {
	struct groups groups = {0};
	findings_each (f, findings) {
		groups.count++;
	}
	groups.all = arena_array_of(findings->arena, struct group, groups.count);
	groups.count = 0;
	findings_each (f, findings) {
		if (groups.count == 0 || groups.all[groups.count - 1].rule != f->rule) {
			groups.all[groups.count++] = (struct group){.rule = f->rule, .first = f};
		}
	}
	return groups;
}

/* A finding that is only possible must not swallow one that is certain. */
static bool outweighs(const struct finding *cause, const struct finding *other) {
	return cause->confidence != CONF_POSSIBLE || other->confidence == CONF_POSSIBLE;
}

/* mark: that of the entry in explains (core/rule.h). */
static void fold_group(struct finding *cause, const struct group *group, char mark) {
	for (struct finding *f = group->first; f && f->rule == group->rule; f = f->next) {
		if (f == cause || f->severity == SEV_NOTE || f->explained_by ||
		    !outweighs(cause, f)) {
			continue;
		}
		if (mark == '*' || (mark == '?' && f->by_words) || streq(cause->about, f->about)) {
			f->explained_by = cause;
			cause->explains_count++;
		}
	}
}

/* The first finding that explains another has it. */
static void fold_symptoms(struct findings *all, const struct groups *groups) {
	findings_each (cause, all) {
		const char *const *explains =
			cause->explains ? cause->explains : cause->rule->explains;
		if (cause->severity == SEV_NOTE || !explains) {
			continue;
		}
		for (const char *const *id = explains; *id; id++) {
			for (size_t i = 0; i < groups->count; i++) {
				if (streq(rule_explained_id(*id), groups->all[i].rule->id)) {
					fold_group(cause, &groups->all[i], **id);
				}
			}
		}
	}
}

static int by_importance(const void *a, const void *b) {
	const struct finding *x = *(const struct finding *const *)a;
	const struct finding *y = *(const struct finding *const *)b;
	if (x->confidence != y->confidence) {
		return x->confidence < y->confidence ? -1 : 1;
	}
	if (x->severity != y->severity) {
		return x->severity < y->severity ? -1 : 1;
	}
	if (x->explains_count != y->explains_count) {
		return x->explains_count > y->explains_count ? -1 : 1;
	}
	if (x->changed != y->changed) {
		return x->changed ? -1 : 1;
	}
	int by_id = strcmp(x->rule->id, y->rule->id);
	return by_id != 0 ? by_id : strcmp(x->subject, y->subject);
}

/* Of causes that are alike in all else that which is about something that changed since all worked goes first. It
 * neither makes a cause nor weighs more than any proof. */
static void mark_changed(struct findings *all, const struct facts *facts) {
	facts_each (changed, c, facts) {
		findings_each (f, all) {
			f->changed = f->changed ||
			             (c->worked_ns == 0 && change_touches(all->arena, c, f));
		}
	}
}

static fact_set refused_kinds(const struct facts *facts) {
	fact_set set = 0;
	for (size_t k = 0; k < FACT_KIND_COUNT; k++) {
		set |= facts->coverage[k].refused ? FACT_SET_OF(k) : 0;
	}
	return set;
}

static bool has_found(const struct groups *groups, const struct rule *rule) {
	for (size_t i = 0; i < groups->count; i++) {
		if (groups->all[i].rule == rule) {
			return true;
		}
	}
	return false;
}

static void add_doubts(const struct rule *const *rules, const struct facts *facts,
                       const struct groups *groups, struct diagnosis *ret) {
	fact_set refused = refused_kinds(facts);
	size_t count = 0;
	while (rules[count]) {
		count++;
	}
	ret->doubts = arena_array_of(facts->arena, struct doubt, count + 1);
	for (size_t i = 0; i < count; i++) {
		fact_set missing = rules[i]->needs & refused;
		if (!missing || has_found(groups, rules[i])) {
			continue;
		}
		size_t kind = 0;
		while (!(missing & FACT_SET_OF(kind))) {
			kind++;
		}
		const struct coverage *c = &facts->coverage[kind];
		ret->doubts[ret->doubt_count++] = (struct doubt){
			.id = rules[i]->id, .because = c->because, .needs = c->needs};
	}
}

static enum verdict judge(const struct facts *facts, const struct diagnosis *d) {
	const struct fact_health *health = facts_first(health, facts);
	const char *state = health ? health->state : "unknown";
	bool error = false;
	for (size_t i = 0; i < d->cause_count; i++) {
		error = error || d->causes[i]->severity == SEV_ERROR;
	}
	if (streq(state, "broken")) {
		return VERDICT_BROKEN;
	}
	if (streq(state, "degraded")) {
		return VERDICT_DEGRADED;
	}
	if (streq(state, "healthy")) {
		return d->cause_count > 0 ? VERDICT_DEGRADED : VERDICT_HEALTHY;
	}
	if (d->cause_count > 0) {
		return error ? VERDICT_BROKEN : VERDICT_DEGRADED;
	}
	return VERDICT_UNKNOWN;
}

struct diagnosis infer(const struct rule *const *rules, const struct facts *facts) {
	struct findings all;
	findings_init(&all, facts->arena);
	for (size_t i = 0; rules[i]; i++) {
		rules[i]->check(rules[i], facts, &all);
	}
	struct groups groups = groups_of(&all);
	fold_symptoms(&all, &groups);
	mark_changed(&all, facts);
	size_t count = 0;
	findings_each (f, &all) {
		count++;
	}
	struct diagnosis d = {0};
	d.causes = arena_array_of(facts->arena, const struct finding *, count + 1);
	d.symptoms = arena_array_of(facts->arena, const struct finding *, count + 1);
	d.notes = arena_array_of(facts->arena, const struct finding *, count + 1);
	findings_each (f, &all) {
		if (f->severity == SEV_NOTE) {
			d.notes[d.note_count++] = f;
		} else if (f->explained_by) {
			d.symptoms[d.symptom_count++] = f;
		} else {
			d.causes[d.cause_count++] = f;
		}
	}
	qsort(d.causes, d.cause_count, sizeof(*d.causes), by_importance);
	qsort(d.symptoms, d.symptom_count, sizeof(*d.symptoms), by_importance);
	qsort(d.notes, d.note_count, sizeof(*d.notes), by_importance);
	add_doubts(rules, facts, &groups, &d);
	d.verdict = judge(facts, &d);
	d.all = all;
	return d;
}

/* Appends what is not yet in the list. */
static void merge_findings(const struct finding **list, size_t *count,
                           const struct finding *const *more) {
	for (; *more; more++) {
		bool known = false;
		for (size_t i = 0; i < *count && !known; i++) {
			known = list[i]->rule == (*more)->rule &&
			        streq(list[i]->subject, (*more)->subject);
		}
		if (!known) {
			list[(*count)++] = *more;
		}
	}
}

static void merge_doubts(struct diagnosis *d, const struct doubt *more) {
	for (; more->id; more++) {
		bool known = false;
		for (size_t i = 0; i < d->doubt_count && !known; i++) {
			known = streq(d->doubts[i].id, more->id);
		}
		if (!known) {
			d->doubts[d->doubt_count++] = *more;
		}
	}
}

static int badness(enum verdict verdict) {
	static const int order[] = {[VERDICT_HEALTHY] = 0,
	                            [VERDICT_UNKNOWN] = 1,
	                            [VERDICT_DEGRADED] = 2,
	                            [VERDICT_BROKEN] = 3};
	return order[verdict];
}

struct diagnosis infer_merge(struct arena *arena, const struct diagnosis *parts, size_t count) {
	struct diagnosis d = {.verdict = VERDICT_HEALTHY};
	size_t size = 1;
	for (size_t i = 0; i < count; i++) {
		size += parts[i].cause_count + parts[i].symptom_count + parts[i].note_count +
		        parts[i].doubt_count;
	}
	d.causes = arena_array_of(arena, const struct finding *, size);
	d.symptoms = arena_array_of(arena, const struct finding *, size);
	d.notes = arena_array_of(arena, const struct finding *, size);
	d.doubts = arena_array_of(arena, struct doubt, size);
	for (size_t i = 0; i < count; i++) {
		merge_findings(d.causes, &d.cause_count, parts[i].causes);
		merge_findings(d.symptoms, &d.symptom_count, parts[i].symptoms);
		merge_findings(d.notes, &d.note_count, parts[i].notes);
		merge_doubts(&d, parts[i].doubts);
		if (badness(parts[i].verdict) > badness(d.verdict)) {
			d.verdict = parts[i].verdict;
		}
	}
	qsort(d.causes, d.cause_count, sizeof(*d.causes), by_importance);
	qsort(d.symptoms, d.symptom_count, sizeof(*d.symptoms), by_importance);
	qsort(d.notes, d.note_count, sizeof(*d.notes), by_importance);
	return d;
}

bool infer_is_certain(const struct rule *const *rules, const struct facts *facts) {
	struct findings all;
	findings_init(&all, facts->arena);
	for (size_t i = 0; rules[i]; i++) {
		rules[i]->check(rules[i], facts, &all);
	}
	findings_each (f, &all) {
		if (f->severity == SEV_ERROR && f->confidence == CONF_CERTAIN) {
			return true;
		}
	}
	return false;
}

const char *verdict_name(enum verdict verdict) {
	static const char *const names[] = {"healthy", "degraded", "broken", "unknown"};
	return names[verdict];
}
