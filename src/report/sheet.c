/* SPDX-License-Identifier: MIT */
#include "report/sheet.h"

#include "report/harmless.h"

static const char *const ink_codes[] = {"", "\033[1m", "\033[1;31m", "\033[1;33m", "\033[1;32m"};

void sheet_ink(struct sheet *sheet, enum ink ink, const char *text) {
	bool colour = sheet->style->colour && ink != INK_PLAIN;
	strbuf_add(sheet->out, colour ? ink_codes[ink] : "");
	strbuf_add(sheet->out, harmless(sheet->out->arena, text, sheet->style->utf8));
	strbuf_add(sheet->out, colour ? "\033[0m" : "");
}

static size_t columns_of(struct slice text) {
	size_t columns = 0;
	while (text.len > 0) {
		columns += codepoint_columns(utf8_next(&text));
	}
	return columns;
}

static void add_blanks(struct strbuf *out, size_t count) {
	for (size_t i = 0; i < count; i++) {
		strbuf_add_char(out, ' ');
	}
}

/* The next word; of one too wide for any line that is a list of paths, as PATH is, as many members
 * as fit, with the colon. */
static bool next_word(struct slice *rest, size_t room, struct slice *ret_word) {
	struct slice before = *rest;
	if (!slice_cut(rest, ' ', ret_word)) {
		return false;
	}
	if (columns_of(*ret_word) <= room) {
		return true;
	}
	size_t cut = 0;
	for (size_t i = 1; i + 1 < ret_word->len && i < room; i++) {
		bool list = ret_word->data[i] == ':' && ret_word->data[i + 1] == '/';
		bool url = i + 2 < ret_word->len && ret_word->data[i + 2] == '/';
		cut = list && !url ? i + 1 : cut;
	}
	if (cut > 0) {
		*ret_word = slice_of(before.data, cut);
		*rest = slice_from(before, cut);
	}
	return true;
}

void sheet_prose(struct sheet *sheet, size_t at, size_t indent, size_t max_lines,
                 const char *text) {
	static const char more[] = " ...";
	struct arena *arena = sheet->out->arena;
	const char *clean = harmless(arena, mask_urls(arena, text), sheet->style->utf8);
	struct slice rest = slice_str(clean);
	struct slice word;
	size_t column = at;
	size_t lines = 1;
	bool line_empty = true;
	while (next_word(&rest, sheet->style->columns - indent, &word)) {
		size_t width = columns_of(word);
		if (width == 0) {
			continue;
		}
		bool last = lines == max_lines;
		size_t room = sheet->style->columns - (last && rest.len > 0 ? sizeof(more) - 1 : 0);
		if (column + width + !line_empty > room && (!line_empty || column > indent)) {
			if (last) {
				strbuf_add(sheet->out, more + line_empty);
				break;
			}
			strbuf_add_char(sheet->out, '\n');
			add_blanks(sheet->out, indent);
			column = indent;
			line_empty = true;
			lines++;
		}
		if (!line_empty) {
			strbuf_add_char(sheet->out, ' ');
			column++;
		}
		strbuf_add_n(sheet->out, word.data, word.len);
		column += width;
		line_empty = false;
	}
	strbuf_add_char(sheet->out, '\n');
}

void sheet_command(struct sheet *sheet, size_t indent, const char *command) {
	struct arena *arena = sheet->out->arena;
	const char *clean = harmless_lines(arena, mask_urls(arena, command), sheet->style->utf8);
	struct slice rest = slice_str(clean);
	struct slice line;
	while (slice_line(&rest, &line)) {
		add_blanks(sheet->out, indent);
		strbuf_add_n(sheet->out, line.data, line.len);
		strbuf_add_char(sheet->out, '\n');
	}
}
