/* SPDX-License-Identifier: MIT
 */
#include "world/casefile.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "wire/json_text.h"
#include "world/codec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* ---- what stands in the place of bytes that are not UTF-8 ---- */

/* Length of the well-formed sequence at s[0], 0 when there is none (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *s, size_t len) {
	unsigned char lowest = 0x80, highest = 0xbf;
	size_t more;

	if (s[0] < 0x80) {
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		more = 1;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		more = 2;
		lowest = s[0] == 0xe0 ? 0xa0 : lowest;
		highest = s[0] == 0xed ? 0x9f : highest;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		more = 3;
		lowest = s[0] == 0xf0 ? 0x90 : lowest;
		highest = s[0] == 0xf4 ? 0x8f : highest;
	} else {
		return 0;
	}
	if (len <= more || s[1] < lowest || s[1] > highest) {
		return 0;
	}
	for (size_t i = 2; i <= more; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf) {
			return 0;
		}
	}
	return more + 1;
}

static bool utf8_is_valid(struct slice bytes) {
	const unsigned char *s = (const unsigned char *)bytes.data;

	for (size_t i = 0; i < bytes.len;) {
		size_t n = utf8_sequence(s + i, bytes.len - i);

		if (n == 0) {
			return false;
		}
		i += n;
	}
	return true;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_put(struct strbuf *out, struct slice bytes) {
	const unsigned char *s = (const unsigned char *)bytes.data;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
		unsigned group = (unsigned)s[i] << 16;
		char quad[4];

		group |= have > 1 ? (unsigned)s[i + 1] << 8 : 0;
		group |= have > 2 ? (unsigned)s[i + 2] : 0;
		quad[0] = base64_digits[group >> 18];
		quad[1] = base64_digits[group >> 12 & 63];
		quad[2] = have > 1 ? base64_digits[group >> 6 & 63] : '=';
		quad[3] = have > 2 ? base64_digits[group & 63] : '=';
		strbuf_add_n(out, quad, sizeof quad);
	}
}

/* ---- writing ---- */

static void put_string(struct strbuf *out, const char *key, const char *value) {
	strbuf_printf(out, "\"%s\":", key);
	json_text_string(out, slice_str(value));
}

static const char *time_text(struct arena *arena) {
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);
	struct tm tm;
	char text[40];

	gmtime_r(&now, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_strdup(arena, text);
}

static void put_meta(struct strbuf *out, const struct case_meta *meta, int64_t began_ns,
                     size_t entries) {
	strbuf_add_char(out, '{');
	put_string(out, "schema", CASE_SCHEMA);
	strbuf_add_char(out, ',');
	put_string(out, "tool", meta->tool);
	strbuf_add_char(out, ',');
	put_string(out, "created", meta->created ? meta->created : time_text(out->arena));
	strbuf_printf(out, ",\"began_ms\":%" PRId64, began_ns / NS_PER_MS);
	strbuf_printf(out, ",\"uid\":%" PRId64 ",\"raw\":%s,", meta->uid,
	              meta->raw ? "true" : "false");
	put_string(out, "home", meta->home);
	strbuf_add_char(out, ',');
	put_string(out, "cwd", meta->cwd);
	strbuf_add(out, ",\"argv\":[");
	for (size_t i = 0; meta->argv && meta->argv[i]; i++) {
		strbuf_add(out, i ? "," : "");
		json_text_string(out, slice_str(meta->argv[i]));
	}
	strbuf_printf(out, "],\"entries\":%zu}\n", entries);
}

static void put_evidence(struct strbuf *out, const struct codec *codec, const struct evidence *ev) {
	char digest[SHA256_HEX_SIZE];

	strbuf_add_char(out, '{');
	put_string(out, "source", ev->source);
	strbuf_printf(out, ",\"at_ms\":%" PRId64 ".%06" PRId64 ",", ev->at_ns / NS_PER_MS,
	              ev->at_ns % NS_PER_MS);
	put_string(out, "state", ev_state_name(ev->state));
	strbuf_printf(out, ",\"error\":%d,", ev->error);
	if (utf8_is_valid(ev->bytes)) {
		strbuf_add(out, "\"text\":");
		json_text_string(out, ev->bytes);
	} else {
		strbuf_add(out, "\"base64\":\"");
		base64_put(out, ev->bytes);
		strbuf_add_char(out, '"');
	}
	codec_sha256(codec, ev->bytes, digest);
	strbuf_add_char(out, ',');
	put_string(out, "sha256", digest);
	strbuf_add(out, "}\n");
}

int casefile_format(const struct codec *codec, const struct case_meta *meta,
                    const struct evidence_store *store, char **ret_text, size_t *ret_len,
                    struct err *err) {
	struct arena *arena = arena_new(); /* thrown away: the run's own keeps growing otherwise */
	struct strbuf out;
	char *text;

	strbuf_init(&out, arena);
	put_meta(&out, meta, store->start_wall_ns, store->count);
	for (size_t i = 0; i < store->count; i++) {
		put_evidence(&out, codec, store->items[i]);
	}
	text = malloc(out.len + 1);
	if (text) {
		memcpy(text, out.data, out.len + 1);
		*ret_text = text;
		*ret_len = out.len;
	}
	arena_free(arena);
	return text ? 0 : err_set(err, -ENOMEM, "no memory for the case file");
}
