/* SPDX-License-Identifier: MIT */
#include "trace/render_private.h"

#include <ctype.h>

static bool is_octal(unsigned char c) {
	return c >= '0' && c <= '7';
}

static bool is_plain(unsigned char c) {
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void add_byte(struct strbuf *out, struct slice s, size_t i) {
	static const char letters[] = "abtnvfr"; /* 7 to 13 */
	unsigned char c = (unsigned char)s.data[i];
	if (c == '"' || c == '\\') {
		strbuf_add_char(out, '\\');
		strbuf_add_char(out, (char)c);
	} else if (c >= 9 && c <= 13) {
		strbuf_add_char(out, '\\');
		strbuf_add_char(out, letters[c - 7]);
	} else if (c >= 0x20 && c < 0x7f) {
		strbuf_add_char(out, (char)c);
	} else if (i + 1 < s.len && is_octal((unsigned char)s.data[i + 1])) {
		strbuf_printf(out, "\\%03o", c);
	} else {
		strbuf_printf(out, "\\%o", c);
	}
}

void render_quoted(struct strbuf *out, struct slice s, bool cut) {
	strbuf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		size_t plain = 0;
		while (i + plain < s.len && is_plain((unsigned char)s.data[i + plain])) {
			plain++;
		}
		strbuf_add_n(out, s.data + i, plain);
		i += plain;
		if (i < s.len) {
			add_byte(out, s, i);
		}
	}
	strbuf_add(out, cut ? "\"..." : "\"");
}

void render_hex_bytes(struct strbuf *out, struct slice s, bool cut) {
	strbuf_add_char(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		strbuf_printf(out, "\\x%02x", (unsigned char)s.data[i]);
	}
	strbuf_add(out, cut ? "\"..." : "\"");
}

void render_path(struct strbuf *out, const struct payload *p) {
	render_quoted(out, p->bytes, p->full_bytes > p->bytes.len);
}

void render_pointer(struct strbuf *out, uint64_t address) {
	if (address == 0) {
		strbuf_add(out, "NULL");
	} else {
		strbuf_printf(out, "0x%llx", (unsigned long long)address);
	}
}
