/* SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "cmd/bisect.h"
#include "report/json_frame.h"

#define TEXT_MAX ((size_t)4096)

static const char *const results[] = {"good", "bad", "unresolved"};

static void put_text(struct json *json, const char *key, const char *text) {
	if (!text) {
		json_put(json, key, NULL);
		return;
	}
	json_key(json, key);
	json_string(json, text, TEXT_MAX);
}

static void put_outcome(struct json *json, const struct trial_outcome *o) {
	json_put(json, "state", o->end == TRIAL_SAID ? o->state : "not_made");
	const char *hurt = o->end == TRIAL_SAID ? o->hurt : o->because;
	put_text(json, "hurt", *hurt ? hurt : NULL);
	json_put_ms(json, "ms", o->ms);
}

static void put_end(struct json *json, const struct bisect *b, size_t index) {
	const struct trial_outcome *o = &b->trials[index].outcome;

	json_newline(json, 1);
	json_open_member(json, index == 0 ? "good" : "bad", '{');
	json_put(json, "environment", index == 0 ? b->good_id : b->bad_id);
	put_text(json, "label", index == 0 ? b->good_name : b->bad_name);
	if (index < b->trial_count) {
		put_outcome(json, o);
		json_open_member(json, "features", '{');
		for (size_t i = 0; i < o->feature_count; i++) {
			json_put(json, o->features[i].name, o->features[i].state);
		}
		json_close(json, '}');
	}
	json_close(json, '}');
}

static void put_element(struct json *json, const struct bisect *b, const struct element *e,
                        bool guilty, bisect_origin origin, void *context) {
	json_newline(json, 2);
	json_open_element(json, '{');
	json_put(json, "kind", element_kind_name(e->kind));
	put_text(json, "name", e->name);
	put_text(json, "good", e->good ? bisect_value(b->arena, e, e->good) : NULL);
	put_text(json, "bad", e->bad ? bisect_value(b->arena, e, e->bad) : NULL);
	json_put_bool(json, "guilty", guilty);
	json_put_or_null(json, "origin", guilty && origin ? origin(context, e) : "");
	json_put_or_null(json, "file", e->file);
	json_close(json, '}');
}

static void put_members(struct json *json, const struct bisect *b, const struct subset *set) {
	json_open_member(json, "differences", '[');
	for (size_t i = 0; i < b->count; i++) {
		if (subset_has(set, i)) {
			json_element(json);
			strbuf_printf(json->out, "%zu", i);
		}
	}
	json_close(json, ']');
}

static void put_sets(struct json *json, const struct bisect *b) {
	json_newline(json, 1);
	json_open_member(json, "sets", '[');
	for (size_t k = 0; k < b->found.set_count; k++) {
		const struct search_set *set = &b->found.sets[k];
		const struct bisect_trial *alone = bisect_trial_of(b, &set->set);

		json_newline(json, 2);
		json_open_element(json, '{');
		put_members(json, b, &set->set);
		json_put_bool(json, "minimal", set->minimal);
		json_put_bool(json, "implied", set->implied);
		if (alone) {
			put_outcome(json, &alone->outcome);
		}
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_trials(struct json *json, const struct bisect *b) {
	json_newline(json, 1);
	json_open_member(json, "trials", '[');
	for (size_t i = 0; i < b->trial_count; i++) {
		const struct bisect_trial *t = &b->trials[i];

		json_newline(json, 2);
		json_open_element(json, '{');
		json_put(json, "result", results[t->result]);
		put_outcome(json, &t->outcome);
		put_members(json, b, &t->set);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void bisect_json(struct strbuf *out, const struct bisect *b, const char *workspace,
                 bisect_origin origin, void *context) {
	static const char *const ends[] = {"found",    "both_well", "good_hurts",
	                                   "no_trial", "stopped",   "stopped"};
	struct json json = {.out = out};
	struct subset guilty = {0};

	for (size_t i = 0; i < b->found.set_count; i++) {
		guilty = subset_plus(&guilty, &b->found.sets[i].set);
	}
	json_begin(&json, "dialtone.bisect/1");
	json_put_tool(&json);
	put_text(&json, "workspace", workspace);
	json_put(&json, "what", b->what);
	json_put(&json, "result", ends[b->end]);
	put_text(&json, "answer", bisect_answer(b));
	put_end(&json, b, 0);
	put_end(&json, b, 1);
	json_put_bool(&json, "cured", b->found.cured);
	json_put_bool(&json, "whimsical", b->found.whimsical);
	put_sets(&json, b);
	json_newline(&json, 1);
	json_open_member(&json, "differences", '[');
	for (size_t i = 0; i < b->count; i++) {
		put_element(&json, b, &b->elements[i], subset_has(&guilty, i), origin, context);
	}
	json_close(&json, ']');
	put_trials(&json, b);
	json_put_or_null(&json, "remark", b->remark);
	json_open_timing(&json, &b->timings);
	json_close(&json, '}');
	json_end(&json);
}
