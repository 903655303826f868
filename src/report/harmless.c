/* SPDX-License-Identifier: MIT */
#include "report/harmless.h"

#include "base/str.h"

#include <ctype.h>
#include <strings.h>

struct range {
	uint32_t first;
	uint32_t last;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (c >= ranges[i].first && c <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

uint32_t utf8_next(struct slice *rest) {
	const unsigned char *s = (const unsigned char *)rest->data;
	uint32_t c = s[0];
	size_t more = 0;
	uint32_t least = 0;
	if (c >= 0xc2 && c <= 0xdf) {
		more = 1;
		least = 0x80;
		c &= 0x1f;
	} else if (c >= 0xe0 && c <= 0xef) {
		more = 2;
		least = 0x800;
		c &= 0x0f;
	} else if (c >= 0xf0 && c <= 0xf4) {
		more = 3;
		least = 0x10000;
		c &= 0x07;
	} else if (c >= 0x80) {
		c = UTF8_BAD;
	}
	if (more >= rest->len) {
		c = UTF8_BAD;
	}
	for (size_t i = 1; i <= more && c != UTF8_BAD; i++) {
		c = (s[i] & 0xc0) == 0x80 ? c << 6 | (s[i] & 0x3f) : UTF8_BAD;
	}
	if (c != UTF8_BAD && (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))) {
		c = UTF8_BAD;
	}
	size_t len = c == UTF8_BAD ? 1 : more + 1;
	*rest = slice_from(*rest, len);
	return c;
}

bool codepoint_is_harmful(uint32_t codepoint) {
	static const struct range harmful[] = {
		{0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},         {0x61c, 0x61c},
		{0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},     {0xfeff, 0xfeff},
		{0xfff9, 0xfffb}, {0xe0000, 0xe0fff}, {UTF8_BAD, UTF8_BAD},
	};
	return in_ranges(codepoint, harmful, sizeof(harmful) / sizeof(harmful[0]));
}

size_t codepoint_columns(uint32_t codepoint) {
	static const struct range none[] = {
		{0x300, 0x36f},   {0x1ab0, 0x1aff}, {0x20d0, 0x20ff},
		{0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
	};
	static const struct range wide[] = {
		{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf}, {0xac00, 0xd7a3},
		{0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60}, {0xffe0, 0xffe6},
		{0x1f300, 0x1faff}, {0x20000, 0x3fffd},
	};
	if (in_ranges(codepoint, none, sizeof(none) / sizeof(none[0]))) {
		return 0;
	}
	return in_ranges(codepoint, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}

static const char *clean(struct arena *arena, const char *text, bool utf8, bool keep_lines) {
	struct strbuf out;
	struct slice rest = slice_str(text);
	strbuf_init(&out, arena);
	while (rest.len > 0) {
		const char *at = rest.data;
		uint32_t c = utf8_next(&rest);
		if (c == '\n' && keep_lines) {
			strbuf_add_char(&out, '\n');
		} else if (c == '\n' || c == '\t' || c == '\r') {
			strbuf_add_char(&out, ' ');
		} else if (c == UTF8_BAD || c < 0x20 || c == 0x7f) {
			strbuf_printf(&out, "\\x%02x", (unsigned)(unsigned char)*at);
		} else if (codepoint_is_harmful(c) || (c >= 0x80 && !utf8)) {
			strbuf_printf(&out, "\\u{%x}", c);
		} else {
			strbuf_add_n(&out, at, (size_t)(rest.data - at));
		}
	}
	return out.data;
}

const char *harmless(struct arena *arena, const char *text, bool utf8) {
	return clean(arena, text, utf8, false);
}

const char *harmless_lines(struct arena *arena, const char *text, bool utf8) {
	return clean(arena, text, utf8, true);
}

/* Length of the user part before '@' that s (behind "://") begins with when it must be hidden, else
 * 0. */
static size_t secret_user_part(const char *s, bool http) {
	size_t host = strcspn(s, "/?# \t\r\n\"'|,;<>");
	size_t at = host;
	for (size_t i = 0; i < host; i++) {
		if (s[i] == '@') {
			at = i;
		}
	}
	if (at == host || at == 0) {
		return 0;
	}
	return http || memchr(s, ':', at) ? at : 0;
}

const char *mask_urls(struct arena *arena, const char *text) {
	struct strbuf out;
	const char *from = text;
	strbuf_init(&out, arena);
	for (const char *p = strstr(text, "://"); p; p = strstr(p, "://")) {
		bool http = (p - text >= 4 && strncasecmp(p - 4, "http", 4) == 0) ||
		            (p - text >= 5 && strncasecmp(p - 5, "https", 5) == 0);
		p += 3;
		size_t secret = secret_user_part(p, http);
		if (secret > 0) {
			strbuf_add_n(&out, from, (size_t)(p - from));
			strbuf_add(&out, "***");
			p += secret;
			from = p;
		}
	}
	strbuf_add(&out, from);
	return out.data;
}

bool name_is_secret(const char *name) {
	static const char *const words[] = {
		"TOKEN",      "SECRET", "PASSWORD", "PASSWD",     "PASSPHRASE",
		"CREDENTIAL", "APIKEY", "API_KEY",  "ACCESS_KEY", "PRIVATE_KEY",
		"_PAT",       "GOAUTH", NULL,
	};
	char upper[128];
	size_t n = 0;
	for (; name[n] && n + 1 < sizeof(upper); n++) {
		upper[n] = (char)toupper((unsigned char)name[n]);
	}
	upper[n] = '\0';
	for (size_t i = 0; words[i]; i++) {
		bool path_word = streq(words[i], "_PAT");
		if (path_word ? str_ends(upper, "_PAT") : str_has(upper, words[i])) {
			return true;
		}
	}
	return false;
}
