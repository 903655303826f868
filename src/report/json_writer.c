/* SPDX-License-Identifier: MIT */
#include "report/json_writer.h"

#include "report/harmless.h"

static void add_codepoint(struct strbuf *out, const char *at, size_t len, uint32_t c) {
	if (c == UTF8_BAD) {
		strbuf_add(out, "\\ufffd");
	} else if (c == '"' || c == '\\') {
		strbuf_add_char(out, '\\');
		strbuf_add_char(out, (char)c);
	} else if (c == '\n') {
		strbuf_add(out, "\\n");
	} else if (c == '\t') {
		strbuf_add(out, "\\t");
	} else if (codepoint_is_harmful(c) && c > 0xffff) {
		uint32_t v = c - 0x10000;
		strbuf_printf(out, "\\u%04x\\u%04x", 0xd800 + (v >> 10), 0xdc00 + (v & 0x3ff));
	} else if (codepoint_is_harmful(c)) {
		strbuf_printf(out, "\\u%04x", c);
	} else {
		strbuf_add_n(out, at, len);
	}
}

void json_string(struct json *json, const char *text, size_t max_bytes) {
	struct slice rest = slice_str(mask_urls(json->out->arena, text));
	const char *start = rest.data;
	strbuf_add_char(json->out, '"');
	while (rest.len > 0) {
		const char *at = rest.data;
		uint32_t c = utf8_next(&rest);
		if ((size_t)(rest.data - start) > max_bytes) {
			break;
		}
		add_codepoint(json->out, at, (size_t)(rest.data - at), c);
	}
	strbuf_add_char(json->out, '"');
}

void json_open(struct json *json, char bracket) {
	strbuf_add_char(json->out, bracket);
	json->filled = false;
}

void json_close(struct json *json, char bracket) {
	strbuf_add_char(json->out, bracket);
	json->filled = true;
}

void json_newline(struct json *json, size_t indent) {
	strbuf_add(json->out, json->filled ? ",\n" : "\n");
	for (size_t i = 0; i < indent; i++) {
		strbuf_add_char(json->out, ' ');
	}
	json->filled = false;
}

void json_element(struct json *json) {
	if (json->filled) {
		strbuf_add(json->out, ", ");
	}
	json->filled = true;
}

void json_key(struct json *json, const char *key) {
	json_element(json);
	strbuf_printf(json->out, "\"%s\": ", key);
}

void json_open_element(struct json *json, char bracket) {
	json_element(json);
	json_open(json, bracket);
}

void json_open_member(struct json *json, const char *key, char bracket) {
	json_key(json, key);
	json_open(json, bracket);
}

void json_put(struct json *json, const char *key, const char *text) {
	json_key(json, key);
	if (text) {
		json_string(json, text, SIZE_MAX);
	} else {
		strbuf_add(json->out, "null");
	}
}

void json_put_or_null(struct json *json, const char *key, const char *text) {
	json_put(json, key, str_empty(text) ? NULL : text);
}

void json_put_number(struct json *json, const char *key, int64_t number) {
	json_key(json, key);
	strbuf_printf(json->out, "%lld", (long long)number);
}

void json_put_number_or_null(struct json *json, const char *key, int64_t number) {
	if (number == 0) {
		json_put(json, key, NULL);
	} else {
		json_put_number(json, key, number);
	}
}

void json_put_ms(struct json *json, const char *key, int64_t ms) {
	if (ms < 0) {
		json_put(json, key, NULL);
	} else {
		json_put_number(json, key, ms);
	}
}

void json_put_bool(struct json *json, const char *key, bool yes) {
	json_key(json, key);
	strbuf_add(json->out, yes ? "true" : "false");
}

void json_put_names(struct json *json, const char *key, const char *const *names) {
	json_open_member(json, key, '[');
	for (size_t i = 0; names && names[i]; i++) {
		json_element(json);
		json_string(json, names[i], SIZE_MAX);
	}
	json_close(json, ']');
}
