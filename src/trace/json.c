/* SPDX-License-Identifier: MIT */
#include "trace/json.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Bytes of the character at s, 0 when it is none (RFC 3629: no overlong forms, no surrogates). */
static size_t character(const unsigned char *s, size_t left) {
	unsigned char c = s[0];
	size_t len = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : 0;
	len = c >= 0xf0 && c < 0xf5 ? 4 : len;
	if (len == 0 || len > left) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	bool bad = (c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) ||
	           (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f);
	return bad ? 0 : len;
}

static void add_ascii(struct strbuf *out, unsigned char c) {
	if (c == '"' || c == '\\') {
		strbuf_add_char(out, '\\');
		strbuf_add_char(out, (char)c);
	} else if (c == '\n') {
		strbuf_add(out, "\\n");
	} else if (c < 0x20 || c == 0x7f) {
		strbuf_printf(out, "\\u%04x", c);
	} else {
		strbuf_add_char(out, (char)c);
	}
}

void json_add_string(struct strbuf *out, struct slice bytes) {
	const unsigned char *s = (const unsigned char *)bytes.data;
	strbuf_add_char(out, '"');
	for (size_t i = 0; i < bytes.len;) {
		size_t len = character(s + i, bytes.len - i);
		if (len == 1) {
			add_ascii(out, s[i]);
		} else if (len == 0) {
			strbuf_add(out, REPLACEMENT);
		} else if (len == 2 && s[i] == 0xc2 && s[i + 1] < 0xa0) {
			strbuf_printf(out, "\\u%04x", s[i + 1]); /* C1: terminals obey them */
		} else {
			strbuf_add_n(out, bytes.data + i, len);
		}
		i += len > 0 ? len : 1;
	}
	strbuf_add_char(out, '"');
}
