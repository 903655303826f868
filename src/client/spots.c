/* SPDX-License-Identifier: MIT
 */
#include "client/spots.h"

#include "base/ascii.h"
#include "base/str.h"
#include "gofile/gosource.h"
#include "gofile/stdlist.h"

#define SYMBOLS_MAX 2000

static bool is_word(char c) {
	return ascii_is_word(c) || (unsigned char)c >= 0x80;
}

static struct spot spot_at(struct slice text, size_t offset) {
	struct spot spot = {.known = true};
	for (size_t i = 0; i < offset && i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c == '\n') {
			spot.line++;
			spot.character = 0;
		} else if ((c & 0xc0) != 0x80) {
			spot.character += c >= 0xf0 ? 2 : 1;
		}
	}
	return spot;
}

/* Offset of the start of that line, or the end of the text. */
static size_t line_offset(struct slice text, unsigned line) {
	size_t i = 0;
	for (; line > 0 && i < text.len; i++) {
		line -= text.data[i] == '\n';
	}
	return i;
}

/* The first whole word `name` from an offset on, or text.len. */
static size_t find_word(struct slice text, size_t from, struct slice name) {
	for (size_t i = from; name.len > 0 && i + name.len <= text.len; i++) {
		const char *hit = memmem(text.data + i, text.len - i, name.data, name.len);
		if (!hit) {
			break;
		}
		i = (size_t)(hit - text.data);
		bool starts = i == 0 || !is_word(text.data[i - 1]);
		bool ends = i + name.len == text.len || !is_word(text.data[i + name.len]);
		if (starts && ends) {
			return i;
		}
	}
	return text.len;
}

/* What people write of it: "(*T).Name" is used as Name. */
static struct slice plain_name(const char *name) {
	struct slice s = slice_str(name);
	for (size_t i = s.len; i > 0; i--) {
		if (!is_word(s.data[i - 1])) {
			if (i == s.len) {
				s.len--; /* "name()" */
				continue;
			}
			return slice_from(s, i);
		}
	}
	return s;
}

static struct json_object *member(struct json_object *from, const char *key) {
	struct json_object *value = NULL;
	return json_object_object_get_ex(from, key, &value) ? value : NULL;
}

static unsigned start_line(struct json_object *symbol) {
	struct json_object *range = member(symbol, "selectionRange");
	range = range ? range : member(symbol, "range");
	range = range ? range : member(member(symbol, "location"), "range");
	int64_t line = json_object_get_int64(member(member(range, "start"), "line"));
	return line < 0 ? 0 : (unsigned)line;
}

struct hunt {
	struct slice text;
	struct spots *found;
	size_t declared; /* offset of the first symbol's declaration; text.len: none */
	size_t used;     /* offset of the first use of one */
	size_t symbols;
	struct arena *arena;
};

/* A use elsewhere in the file proves more than a declaration that points to itself. */
static void try_symbol(struct hunt *h, struct json_object *symbol) {
	struct slice name = plain_name(json_object_get_string(member(symbol, "name")));
	size_t declared = find_word(h->text, line_offset(h->text, start_line(symbol)), name);
	if (name.len < 2 || declared == h->text.len || h->used < h->text.len) {
		return;
	}
	size_t used = find_word(h->text, declared + name.len, name);
	bool called = used < h->text.len && used + name.len < h->text.len &&
	              h->text.data[used + name.len] == '(';
	if (h->declared == h->text.len || called) {
		h->declared = declared;
		h->used = called ? used : h->used;
		h->found->name = arena_slicedup(h->arena, name);
	}
}

static void try_symbols(struct hunt *h, struct json_object *list) {
	size_t count =
		json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < count && h->symbols < SYMBOLS_MAX; i++) {
		struct json_object *symbol = json_object_array_get_idx(list, i);
		h->symbols++;
		if (json_object_is_type(symbol, json_type_object)) {
			try_symbol(h, symbol);
			try_symbols(h, member(symbol, "children"));
		}
	}
}

/* Lines that name other files or are remarks hold dots of another kind. */
static bool is_code_line(struct slice line) {
	static const char *const others[] = {"import", "from",    "package", "use ",         "#",
	                                     "//",     "/*",      "*",       "\"",           "'",
	                                     "--",     "include", "export",  "const require"};
	line = slice_trim(line);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (slice_starts(line, others[i])) {
			return false;
		}
	}
	return line.len > 0;
}

static void find_punctuation(struct slice text, struct spots *found) {
	struct slice rest = text, line;
	while (slice_line(&rest, &line) && (!found->member.known || !found->call.known)) {
		size_t base = (size_t)(line.data - text.data);
		bool quoted = false;
		for (size_t i = 1; is_code_line(line) && i + 1 < line.len; i++) {
			char c = line.data[i];
			bool between = is_word(line.data[i - 1]) && is_word(line.data[i + 1]);
			bool digit = line.data[i - 1] >= '0' && line.data[i - 1] <= '9';
			quoted ^= line.data[i - 1] == '"' || line.data[i - 1] == '\'';
			if (c == '.' && between && !digit && !quoted && !found->member.known) {
				found->member = spot_at(text, base + i + 1);
			}
			if (c == '(' && is_word(line.data[i - 1]) && !quoted &&
			    !found->call.known && found->member.known) {
				found->call = spot_at(text, base + i + 1);
			}
		}
	}
}

static struct spot spot_of_go(struct gosource_pos pos) {
	return (struct spot){.known = pos.line > 0,
	                     .line = pos.line > 0 ? (unsigned)pos.line - 1 : 0,
	                     .character = (unsigned)pos.character};
}

struct spots spots_find(struct arena *arena, struct slice text, struct json_object *symbols,
                        bool is_go) {
	struct spots found = {.end = spot_at(text, text.len), .name = ""};
	struct hunt hunt = {.text = text,
	                    .found = &found,
	                    .declared = text.len,
	                    .used = text.len,
	                    .arena = arena};
	try_symbols(&hunt, symbols);
	if (hunt.declared < text.len) {
		found.use = spot_at(text, hunt.used < text.len ? hunt.used : hunt.declared);
	}
	find_punctuation(text, &found);
	if (is_go) {
		struct gosource source = gosource_parse(arena, text, NULL);
		if (source.standard.pos.line > 0 && stdlist_find(source.standard.path)) {
			found.standard = spot_of_go(source.standard.pos);
			found.member = found.standard;
		}
	}
	return found;
}
