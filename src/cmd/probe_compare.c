/* SPDX-License-Identifier: MIT
 */
#include "cmd/probe_result.h"

#include <errno.h>

#define SLOWER_AT_LEAST_NS (20 * NS_PER_MS)

static struct json_object *member(struct json_object *from, const char *key) {
	struct json_object *value = NULL;
	return json_object_object_get_ex(from, key, &value) ? value : NULL;
}

static bool was_ok(struct json_object *feature) {
	return streq(json_object_get_string(member(feature, "state")), "ok");
}

static int compare_feature(struct strbuf *out, const struct survey *s, enum ask ask,
                           struct json_object *before, double tolerance) {
	const struct survey_answer *now = &s->answers[ask];
	bool published = ask == ASK_DIAGNOSTICS && s->diagnostics_ns > 0;
	if (!was_ok(before)) {
		return 0;
	}
	if (now->state != ASKED_OK && !published) {
		strbuf_printf(out, "%s: answered before, now %s%s%s\n", ask_name(ask),
		              ask_state_name(now->state), str_empty(now->detail) ? "" : ": ",
		              now->detail);
		return 1;
	}
	int64_t then_ns = json_object_get_int64(member(before, "p50_us")) * 1000;
	int64_t now_ns = survey_percentile(s->arena, now, 0.5);
	if (then_ns > 0 && now_ns > then_ns + SLOWER_AT_LEAST_NS &&
	    (double)now_ns > (double)then_ns * tolerance) {
		strbuf_printf(out, "%s: median %.1f ms before, %.1f ms now\n", ask_name(ask),
		              (double)then_ns / (double)NS_PER_MS,
		              (double)now_ns / (double)NS_PER_MS);
		return 1;
	}
	return 0;
}

/* A breach of the protocol that was not there before. */
static int compare_breaches(struct strbuf *out, const struct survey *s, struct json_object *list) {
	int worse = 0;
	for (int i = 0; i < BREACH_COUNT; i++) {
		bool known = s->conformance.breaches[i].count == 0;
		for (size_t k = 0; !known && k < json_object_array_length(list); k++) {
			struct json_object *one = json_object_array_get_idx(list, k);
			known = streq(json_object_get_string(member(one, "id")),
			              breach_name((enum breach)i));
		}
		if (!known) {
			strbuf_printf(out, "protocol: %s, not seen before\n",
			              breach_title((enum breach)i));
			worse++;
		}
	}
	return worse;
}

int probe_compare(struct strbuf *out, const struct probe_result *r, struct slice before,
                  double tolerance, struct err *err) {
	struct json_tokener *tokener = json_tokener_new_ex(RPC_DEPTH_MAX);
	struct json_object *root = json_tokener_parse_ex(tokener, before.data, (int)before.len);
	struct json_object *features = member(root, "features");
	struct json_object *breaches = member(root, "conformance");
	int worse = 0;
	if (!streq(json_object_get_string(member(root, "schema")), "dialtone.probe/1") ||
	    !json_object_is_type(features, json_type_object) ||
	    !json_object_is_type(breaches, json_type_array)) {
		worse = err_set(err, -EBADMSG,
		                "expected the JSON of an earlier `dialtone probe --json`");
	}
	if (worse == 0 && r->survey->ready_ns == 0 && was_ok(member(features, "initialize"))) {
		strbuf_add(out, "initialize: answered before, not now\n");
		worse++;
	}
	for (int i = 0; worse >= 0 && i < ASK_COUNT; i++) {
		worse += compare_feature(out, r->survey, (enum ask)i,
		                         member(features, ask_name((enum ask)i)), tolerance);
	}
	if (worse >= 0) {
		worse += compare_breaches(out, r->survey, breaches);
	}
	json_object_put(root);
	json_tokener_free(tokener);
	return worse;
}
