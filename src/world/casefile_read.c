/* SPDX-License-Identifier: MIT
 * The reading half of casefile.h. The file comes from somebody else: nothing in it is believed
 * before it is checked.
 */
#include "world/casefile.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/str.h"
#include "world/codec.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#define JSON_DEPTH_MAX 4
#define AT_MS_MAX      1e9                      /* twelve days */
#define WALL_MS_MAX    ((int64_t)8000000000000) /* the year 2223 */

struct reading {
	const struct codec *codec;
	const char *name; /* of the file, for sentences */
	struct evidence_store *store;
	size_t line; /* from 1 */
	struct err *err;
};

static int damaged(const struct reading *reading, const char *what) {
	return err_set(reading->err, -EBADMSG, "'%s', line %zu: %s", reading->name, reading->line,
	               what);
}

/* One line as an object; NULL when it is not exactly that. */
static json_object *line_parse(struct slice line) {
	json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	json_object *object = NULL;

	if (!tokener) {
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (line.len > 0 && line.len <= INT_MAX) {
		object = json_tokener_parse_ex(tokener, line.data, (int)line.len);
	}
	if (object && (json_tokener_get_error(tokener) != json_tokener_success ||
	               json_tokener_get_parse_end(tokener) != line.len ||
	               !json_object_is_type(object, json_type_object))) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

/* The string under this key, in the arena; NULL when it is missing, no string or holds a NUL. */
static const char *string_get(struct arena *arena, json_object *object, const char *key) {
	json_object *value;
	const char *text;
	size_t len;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string)) {
		return NULL;
	}
	text = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	return strlen(text) == len ? arena_strndup(arena, text, len) : NULL;
}

static int64_t number_get(json_object *object, const char *key) {
	json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_int64(value) : 0;
}

static const char *const *argv_get(struct arena *arena, json_object *object) {
	json_object *list;
	const char **argv;
	size_t count = 0;

	if (!json_object_object_get_ex(object, "argv", &list) ||
	    !json_object_is_type(list, json_type_array)) {
		return arena_array_of(arena, const char *, 1);
	}
	count = json_object_array_length(list);
	count = count > CASE_ARGUMENTS_MAX ? CASE_ARGUMENTS_MAX : count;
	argv = arena_array_of(arena, const char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(list, i));

		argv[i] = arena_strdup(arena, text ? text : "");
	}
	return argv;
}

static int meta_read(struct reading *reading, struct slice line, struct case_meta *ret) {
	struct arena *arena = reading->store->arena;
	json_object *object = line_parse(line);
	const char *schema = object ? string_get(arena, object, "schema") : NULL;
	json_object *raw;
	int r = 0;

	if (!schema || !str_starts(schema, "dialtone.case/")) {
		r = err_set(reading->err, -EBADMSG, "'%s' is not a case file", reading->name);
	} else if (!streq(schema, CASE_SCHEMA)) {
		r = err_set(reading->err, -EPROTO, "'%s' is a '%s', and only '%s' is understood",
		            reading->name, schema, CASE_SCHEMA);
	} else {
		const char *tool = string_get(arena, object, "tool");
		const char *home = string_get(arena, object, "home");
		const char *cwd = string_get(arena, object, "cwd");
		const char *created = string_get(arena, object, "created");

		*ret = (struct case_meta){.tool = tool ? tool : "",
		                          .created = created ? created : "",
		                          .uid = number_get(object, "uid"),
		                          .home = home ? home : "",
		                          .cwd = cwd ? cwd : "",
		                          .argv = argv_get(arena, object)};
		int64_t began_ms = number_get(object, "began_ms");

		reading->store->start_wall_ns =
			began_ms > 0 && began_ms < WALL_MS_MAX ? began_ms * NS_PER_MS : 0;
		ret->raw = json_object_object_get_ex(object, "raw", &raw) &&
		           json_object_get_boolean(raw);
	}
	json_object_put(object);
	return r;
}

/* Wall times of processes and files compare with it. It is the last entry's, when only the time of writing is known. */
static int64_t start_wall_ns(const struct evidence_store *store, const struct case_meta *meta) {
	const struct evidence *last = store->count > 0 ? store->items[store->count - 1] : NULL;
	struct tm tm = {0};
	const char *end = strptime(meta->created, "%Y-%m-%dT%H:%M:%SZ", &tm);
	time_t written = end ? timegm(&tm) : 0;

	return written > 0 && written < WALL_MS_MAX / 1000
	               ? (int64_t)written * NS_PER_S - (last ? last->at_ns : 0)
	               : 0;
}

static bool state_parse(const char *word, enum ev_state *ret) {
	for (int state = EV_READ; state <= EV_NOT_RECORDED; state++) {
		if (streq(word, ev_state_name((enum ev_state)state))) {
			*ret = (enum ev_state)state;
			return true;
		}
	}
	return false;
}

static int base64_value(char c) {
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (ascii_is_digit(c)) {
		return c - '0' + 52;
	}
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Into the arena, with a NUL behind it; false when it is not base64 in its padded form. */
static bool base64_get(struct arena *arena, struct slice text, struct slice *ret) {
	unsigned char *bytes = arena_alloc(arena, text.len / 4 * 3 + 1);
	size_t len = 0;

	if (text.len % 4 != 0) {
		return false;
	}
	for (size_t i = 0; i < text.len; i += 4) {
		const char *quad = text.data + i;
		bool is_last = i + 4 == text.len;
		size_t pads =
			is_last ? (size_t)(quad[3] == '=') + (quad[3] == '=' && quad[2] == '=') : 0;
		unsigned group = 0;

		for (size_t k = 0; k < 4; k++) {
			int value = k < 4 - pads ? base64_value(quad[k]) : 0;

			if (value < 0) {
				return false;
			}
			group = group << 6 | (unsigned)value;
		}
		bytes[len++] = (unsigned char)(group >> 16);
		bytes[len] = (unsigned char)(group >> 8);
		len += pads < 2;
		bytes[len] = (unsigned char)group;
		len += pads < 1;
	}
	bytes[len] = '\0';
	*ret = slice_of((const char *)bytes, len);
	return true;
}

static bool bytes_get(struct arena *arena, json_object *object, struct slice *ret) {
	json_object *value;
	struct slice text;

	if (json_object_object_get_ex(object, "text", &value) &&
	    json_object_is_type(value, json_type_string)) {
		text = slice_of(json_object_get_string(value),
		                (size_t)json_object_get_string_len(value));
		*ret = slice_of(arena_slicedup(arena, text), text.len);
		return true;
	}
	if (json_object_object_get_ex(object, "base64", &value) &&
	    json_object_is_type(value, json_type_string)) {
		text = slice_of(json_object_get_string(value),
		                (size_t)json_object_get_string_len(value));
		return base64_get(arena, text, ret);
	}
	return false;
}

static int64_t at_ns_get(json_object *object) {
	json_object *value;
	double at_ms = 0;

	if (json_object_object_get_ex(object, "at_ms", &value)) {
		at_ms = json_object_get_double(value);
	}
	return isfinite(at_ms) && at_ms >= 0 && at_ms <= AT_MS_MAX
	               ? (int64_t)(at_ms * (double)NS_PER_MS + 0.5)
	               : 0;
}

static int evidence_check_hash(const struct reading *reading, json_object *object,
                               const char *source, struct slice bytes) {
	char digest[SHA256_HEX_SIZE];
	json_object *value;

	codec_sha256(reading->codec, bytes, digest);
	if (!json_object_object_get_ex(object, "sha256", &value) ||
	    !streq(json_object_get_string(value), digest)) {
		return err_set(reading->err, -EBADMSG,
		               "'%s', line %zu: the bytes of '%.200s' do not match their sha256",
		               reading->name, reading->line, source);
	}
	return 0;
}

static int evidence_read(struct reading *reading, json_object *object) {
	struct arena *arena = reading->store->arena;
	const char *source = string_get(arena, object, "source");
	const char *word = string_get(arena, object, "state");
	int64_t error = number_get(object, "error");
	struct slice bytes;
	enum ev_state state;
	struct evidence *ev;
	int r;

	if (!source || source[0] == '\0' || strlen(source) > CASE_SOURCE_MAX) {
		return damaged(reading, "an entry without a source");
	}
	if (!word || !state_parse(word, &state) || error < 0 || error > 4095) {
		return damaged(reading, "an entry without a state");
	}
	if (!bytes_get(arena, object, &bytes)) {
		return damaged(reading, "an entry without its bytes");
	}
	if (evidence_find(reading->store, source)) {
		return damaged(reading, "an entry that is there twice");
	}
	r = evidence_check_hash(reading, object, source, bytes);
	if (r < 0) {
		return r;
	}
	ev = evidence_add(reading->store, source);
	ev->at_ns = at_ns_get(object);
	ev->state = state;
	ev->error = (int)error;
	ev->bytes = bytes;
	return 0;
}

static int line_read(struct reading *reading, struct slice line) {
	json_object *object;
	int r;

	if (line.len > CASE_LINE_MAX || reading->store->count >= CASE_ENTRIES_MAX) {
		return err_set(reading->err, -EFBIG, "'%s', line %zu: %s", reading->name,
		               reading->line,
		               line.len > CASE_LINE_MAX ? "too long" : "too many entries");
	}
	object = line_parse(line);
	if (!object) {
		return damaged(reading, "not one JSON object");
	}
	r = evidence_read(reading, object);
	json_object_put(object);
	return r;
}

int casefile_parse(const struct codec *codec, const char *name, struct slice text,
                   struct evidence_store *store, struct case_meta *ret_meta, struct err *err) {
	struct reading reading = {
		.codec = codec, .name = name, .store = store, .line = 1, .err = err};
	struct slice line;
	int r;

	if (!slice_line(&text, &line)) {
		return err_set(err, -EBADMSG, "'%s' is not a case file", name);
	}
	r = meta_read(&reading, line, ret_meta);
	while (r == 0 && slice_line(&text, &line)) {
		reading.line++;
		r = line_read(&reading, line);
	}
	if (r == 0 && store->start_wall_ns == 0) {
		store->start_wall_ns = start_wall_ns(store, ret_meta);
	}
	return r;
}
