/* SPDX-License-Identifier: MIT */
#include "wire/jsonc_scan.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <stdint.h>

struct out {
	char *data; /* room for three bytes of every byte read, and a NUL */
	size_t len;
};

static void put_char(struct out *out, uint32_t c) {
	out->len += utf8_encode(c, out->data + out->len);
}

/* Cuts one UTF-8 character off *rest. A malformed one costs its longest valid beginning (at least a
 * byte) and gives U+FFFD: the decoder of the WHATWG Encoding Standard, section 8.1.1, which is the
 * editor's. */
static uint32_t take_utf8(struct slice *rest) {
	const unsigned char *p = (const unsigned char *)rest->data;
	unsigned char lead = p[0];
	size_t need = 0;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	uint32_t c = lead;
	if (lead >= 0xc2 && lead <= 0xdf) {
		need = 1;
		c = lead & 0x1fu;
	} else if (lead >= 0xe0 && lead <= 0xef) {
		need = 2;
		c = lead & 0x0fu;
		low = lead == 0xe0 ? 0xa0 : low;
		high = lead == 0xed ? 0x9f : high;
	} else if (lead >= 0xf0 && lead <= 0xf4) {
		need = 3;
		c = lead & 0x07u;
		low = lead == 0xf0 ? 0x90 : low;
		high = lead == 0xf4 ? 0x8f : high;
	} else if (lead >= 0x80) {
		c = UTF8_REPLACEMENT;
	}
	size_t used = 1;
	while (used <= need) {
		if (used >= rest->len || p[used] < low || p[used] > high) {
			c = UTF8_REPLACEMENT;
			break;
		}
		c = (c << 6) | (p[used] & 0x3fu);
		low = 0x80;
		high = 0xbf;
		used++;
	}
	rest->data += used;
	rest->len -= used;
	return c;
}

/* Cuts "uXXXX" (without the backslash) off *rest; -1 when the digits do not suffice, which uses up
 * those there are. */
static int32_t take_hex4(struct slice *rest) {
	int32_t value = 0;
	size_t used = 1;
	for (; used <= 4; used++) {
		int digit = used < rest->len ? ascii_hex(rest->data[used]) : -1;
		if (digit < 0) {
			break;
		}
		value = value * 16 + digit;
	}
	bool complete = used == 5;
	rest->data += used;
	rest->len -= used;
	return complete ? value : -1;
}

/* Behind a high surrogate: the low one that makes it a character, else -1 and *rest unchanged. */
static int32_t take_low_surrogate(struct slice *rest) {
	struct slice ahead = *rest;
	if (!slice_starts(ahead, "\\u")) {
		return -1;
	}
	ahead.data++;
	ahead.len--;
	int32_t low = take_hex4(&ahead);
	if (low < 0xdc00 || low > 0xdfff) {
		return -1;
	}
	*rest = ahead;
	return low;
}

static void decode_unicode(struct out *out, struct slice *rest) {
	int32_t c = take_hex4(rest);
	if (c < 0) {
		return;
	}
	if (c >= 0xd800 && c <= 0xdbff) {
		int32_t low = take_low_surrogate(rest);
		if (low >= 0) {
			put_char(out, 0x10000u + (((uint32_t)c - 0xd800u) << 10) +
			                      ((uint32_t)low - 0xdc00u));
			return;
		}
	}
	put_char(out, (uint32_t)c);
}

/* *rest stands behind a backslash. What is no escape is dropped; of a character outside the basic
 * plane the editor, which counts in UTF-16, drops one half only, and the other half shows as
 * U+FFFD. */
static void decode_escape(struct out *out, struct slice *rest) {
	static const char names[] = "\"\\/bfnrt";
	static const char chars[] = "\"\\/\b\f\n\r\t";
	if (rest->len == 0) {
		return;
	}
	char name = rest->data[0];
	if (name == 'u') {
		decode_unicode(out, rest);
		return;
	}
	const char *known = name ? strchr(names, name) : NULL;
	uint32_t c = take_utf8(rest);
	if (known) {
		put_char(out, (uint32_t)chars[known - names]);
	} else if (c >= 0x10000) {
		put_char(out, UTF8_REPLACEMENT);
	}
}

static bool is_plain(struct slice value) {
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '\\' || (unsigned char)value.data[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

char *jsonc_decode(struct arena *arena, struct slice value, size_t *ret_len) {
	if (is_plain(value)) {
		char *plain = arena_alloc(arena, value.len + 1);
		if (value.len > 0) {
			memcpy(plain, value.data, value.len);
		}
		*ret_len = value.len;
		return plain;
	}
	struct out out = {.data = arena_alloc(arena, value.len * 3 + 1)};
	while (value.len > 0) {
		if (value.data[0] == '\\') {
			value.data++;
			value.len--;
			decode_escape(&out, &value);
		} else {
			put_char(&out, take_utf8(&value));
		}
	}
	out.data[out.len] = '\0';
	*ret_len = out.len;
	return out.data;
}
