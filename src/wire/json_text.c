/* SPDX-License-Identifier: MIT */
#include "wire/json_text.h"

#include "base/path.h"

void json_text_string(struct strbuf *out, struct slice s) {
	strbuf_add_char(out, '"');
	size_t from = 0;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];
		if (c >= 0x20 && c != '"' && c != '\\') {
			continue;
		}
		strbuf_add_n(out, s.data + from, i - from);
		from = i + 1;
		switch (c) {
		case '"':
			strbuf_add(out, "\\\"");
			break;
		case '\\':
			strbuf_add(out, "\\\\");
			break;
		case '\n':
			strbuf_add(out, "\\n");
			break;
		case '\r':
			strbuf_add(out, "\\r");
			break;
		case '\t':
			strbuf_add(out, "\\t");
			break;
		default:
			strbuf_printf(out, "\\u%04x", c);
			break;
		}
	}
	if (from < s.len) {
		strbuf_add_n(out, s.data + from, s.len - from);
	}
	strbuf_add_char(out, '"');
}

const char *json_text_quoted(struct arena *arena, struct slice s) {
	struct strbuf out;
	strbuf_init(&out, arena);
	json_text_string(&out, s);
	return out.data;
}

const char *json_text_uri(struct arena *arena, const char *path) {
	return json_text_quoted(arena, slice_str(path_to_uri(arena, path)));
}
