/* SPDX-License-Identifier: MIT
 */
#include "report/digest.h"

#include "base/str.h"

#include <errno.h>
#include <json-c/json.h>

#define DEPTH_MAX 32

static struct json_object *member(struct json_object *of, const char *key, enum json_type type) {
	struct json_object *value = NULL;

	if (!json_object_is_type(of, json_type_object) ||
	    !json_object_object_get_ex(of, key, &value) || !json_object_is_type(value, type)) {
		return NULL;
	}
	return value;
}

static const char *text(struct arena *arena, struct json_object *of, const char *key) {
	struct json_object *value = member(of, key, json_type_string);

	return value ? arena_strdup(arena, json_object_get_string(value)) : "";
}

static int64_t number(struct json_object *of, const char *key) {
	struct json_object *value = member(of, key, json_type_int);

	return value ? json_object_get_int64(value) : -1;
}

static void take_findings(struct arena *arena, struct json_object *root, const char *key,
                          bool symptoms, struct digest *ret) {
	struct json_object *list = member(root, key, json_type_array);
	size_t count = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < count && i < DIGEST_FINDINGS_MAX; i++) {
		struct json_object *f = json_object_array_get_idx(list, i);

		ret->findings[ret->finding_count++] =
			(struct digest_finding){.id = text(arena, f, "id"),
		                                .subject = text(arena, f, "subject"),
		                                .title = text(arena, f, "title"),
		                                .severity = text(arena, f, "severity"),
		                                .symptom = symptoms};
	}
}

static void take_features(struct arena *arena, struct json_object *root, struct digest *ret) {
	struct json_object *features = member(root, "features", json_type_object);

	if (!features) {
		return;
	}
	json_object_object_foreach(features, name, value) {
		if (ret->feature_count < DIGEST_FEATURES_MAX) {
			ret->features[ret->feature_count++] =
				(struct digest_feature){.name = arena_strdup(arena, name),
			                                .state = text(arena, value, "state"),
			                                .ms = number(value, "ms")};
		}
	}
}

static int take(struct arena *arena, struct json_object *root, struct digest *ret) {
	*ret = (struct digest){.verdict = text(arena, root, "verdict"), .total_ms = -1};
	if (!streq(text(arena, root, "schema"), "dialtone.report/1") || !*ret->verdict) {
		return -EINVAL;
	}
	take_findings(arena, root, "causes", false, ret);
	take_findings(arena, root, "symptoms", true, ret);
	take_features(arena, root, ret);
	ret->total_ms = number(member(root, "timing_ms", json_type_object), "total");
	return 0;
}

int digest_parse(struct arena *arena, struct slice json, struct digest *ret) {
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *root = NULL;
	int r = -EINVAL;

	if (tokener && json.len > 0 && json.len <= INT32_MAX) {
		root = json_tokener_parse_ex(tokener, json.data, (int)json.len);
	}
	if (root) {
		r = take(arena, root, ret);
	}
	json_object_put(root);
	if (tokener) {
		json_tokener_free(tokener);
	}
	return r;
}

const struct digest_finding *digest_find(const struct digest *digest, const char *id,
                                         const char *subject) {
	for (size_t i = 0; i < digest->finding_count; i++) {
		const struct digest_finding *f = &digest->findings[i];

		if (streq(f->id, id) && streq(f->subject, subject)) {
			return f;
		}
	}
	return NULL;
}

static bool hurts(const struct digest_feature *f) {
	return !streq(f->state, "ok") && !streq(f->state, "skipped");
}

static const char *const *names_of(struct arena *arena, const struct digest *d, bool hurting) {
	const char **names = arena_array_of(arena, const char *, d->feature_count + 1);
	size_t count = 0;

	for (size_t i = 0; i < d->feature_count; i++) {
		const struct digest_feature *f = &d->features[i];

		if (hurting ? hurts(f) : streq(f->state, "ok")) {
			names[count++] = f->name;
		}
	}
	return names;
}

const char *const *digest_answered(struct arena *arena, const struct digest *digest) {
	return names_of(arena, digest, false);
}

const char *const *digest_hurt(struct arena *arena, const struct digest *digest) {
	return names_of(arena, digest, true);
}

static const struct digest_feature *feature(const struct digest *d, const char *name) {
	for (size_t i = 0; i < d->feature_count; i++) {
		if (streq(d->features[i].name, name)) {
			return &d->features[i];
		}
	}
	return NULL;
}

enum change digest_compare(const struct digest *before, const struct digest *after, const char *id,
                           const char *subject) {
	size_t hurt_before = 0, hurt_after = 0, answered = 0;
	bool worse = false;

	if (streq(after->verdict, "healthy")) {
		return CHANGE_CURED;
	}
	for (size_t i = 0; i < after->feature_count; i++) {
		const struct digest_feature *was = feature(before, after->features[i].name);
		bool hurt = hurts(&after->features[i]);

		hurt_after += hurt;
		answered += streq(after->features[i].state, "ok");
		worse = worse || (hurt && was && streq(was->state, "ok"));
	}
	for (size_t i = 0; i < before->feature_count; i++) {
		hurt_before += hurts(&before->features[i]);
	}
	if (worse) {
		return CHANGE_WORSE;
	}
	if (digest_find(after, id, subject)) {
		return CHANGE_STILL;
	}
	if (hurt_after == 0) {
		/* Where no server was started nothing hurts and nothing is well. */
		return answered > 0 ? CHANGE_CURED : CHANGE_PART;
	}
	return hurt_after < hurt_before ? CHANGE_PART : CHANGE_NONE;
}
