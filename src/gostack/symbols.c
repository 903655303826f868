/* SPDX-License-Identifier: MIT */
#include "gostack/symbols.h"

#include "base/str.h"
#include "base/vec.h"
#include "gostack/bytes.h"

#define TABLE_FIRST ((size_t)1024)

/* A name or a path, made once. Kept in a hash by offset and kind. */
struct symbol_text {
	uint64_t key; /* 0 is empty */
	const char *raw;
	const char *shown;
};

void symbols_init(struct symbols *symbols, struct arena *arena, const struct pclntab *tab,
                  int minor, uint8_t wrapper_id,
                  const char *(*clean)(struct arena *arena, const char *text)) {
	*symbols = (struct symbols){
		.arena = arena,
		.tab = tab,
		.minor = minor,
		.wrapper_id = wrapper_id,
		.clean = clean,
		.table_size = TABLE_FIRST,
		.table = arena_array_of(arena, uint32_t, TABLE_FIRST),
		.text_slots = TABLE_FIRST,
		.texts = arena_array_of(arena, struct symbol_text, TABLE_FIRST),
	};
}

/* ---- names ---- */

static size_t hash(uint64_t key, size_t size) {
	key *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(key >> 32) & (size - 1);
}

static struct symbol_text *text_slot(struct symbol_text *texts, size_t size, uint64_t key) {
	size_t at = hash(key, size);
	while (texts[at].key != 0 && texts[at].key != key) {
		at = (at + 1) & (size - 1);
	}
	return &texts[at];
}

/* The slot of a text; when its raw is NULL it has to be made. */
static struct symbol_text *text_of(struct symbols *s, uint64_t key) {
	if (s->text_count * 2 >= s->text_slots) {
		size_t bigger = s->text_slots * 2;
		struct symbol_text *all = arena_array_of(s->arena, struct symbol_text, bigger);
		for (size_t i = 0; i < s->text_slots; i++) {
			if (s->texts[i].key != 0) {
				*text_slot(all, bigger, s->texts[i].key) = s->texts[i];
			}
		}
		s->texts = all;
		s->text_slots = bigger;
	}
	struct symbol_text *slot = text_slot(s->texts, s->text_slots, key);
	if (slot->key == 0) {
		slot->key = key;
		s->text_count++;
	}
	return slot;
}

static const char *cleaned(const struct symbols *s, const char *text) {
	return s->clean ? s->clean(s->arena, text) : text;
}

/* Where the bracket that closes the one before text stands, and where one opens behind it at the
 * same depth: "A]___[B" of a generic method of a generic type. */
static bool split_brackets(const char *text, size_t len, size_t *ret_close, size_t *ret_open) {
	int depth = 1;
	bool closed = false;
	for (size_t k = 0; k < len; k++) {
		if (text[k] == '[' && ++depth == 1 && closed) {
			*ret_open = k;
			return true;
		}
		if (text[k] == ']' && --depth == 0) {
			*ret_close = k;
			closed = true;
		}
		if (depth < 0) {
			return false;
		}
	}
	return false;
}

const char *symbols_name_for_print(struct arena *arena, const char *name) {
	const char *open = strchr(name, '[');
	const char *close = strrchr(name, ']');
	size_t a = 0;
	size_t b = 0;
	if (!open || !close || close <= open) {
		return name;
	}
	size_t inside = (size_t)(close - open - 1);
	if (split_brackets(open + 1, inside, &a, &b)) {
		return arena_printf(arena, "%.*s[...]%.*s[...]%s", (int)(open - name), name,
		                    (int)(b - a - 1), open + 1 + a + 1, close + 1);
	}
	return arena_printf(arena, "%.*s[...]%s", (int)(open - name), name, close + 1);
}

static const struct symbol_text *name_at(struct symbols *s, uint32_t offset) {
	struct symbol_text *slot = text_of(s, (uint64_t)offset * 2 + 2);
	if (!slot->raw) {
		struct slice name = {0};
		slot->raw =
			pclntab_name(s->tab, offset, &name) ? arena_slicedup(s->arena, name) : "";
		const char *shown = streq(slot->raw, "runtime.gopanic") ? "panic"
		                    : s->minor >= 21 ? symbols_name_for_print(s->arena, slot->raw)
		                                     : slot->raw;
		slot->shown = cleaned(s, shown[0] != '\0' ? shown : "?");
	}
	return slot;
}

/* Paths are told apart by where they lie in the table. */
static const char *file_at(struct symbols *s, struct slice file) {
	uint64_t where = (uint64_t)(file.data - s->tab->bytes.data);
	struct symbol_text *slot = text_of(s, where * 2 + 1);
	if (!slot->raw) {
		slot->raw = arena_slicedup(s->arena, file);
		slot->shown = cleaned(s, slot->raw);
	}
	return slot->shown;
}

/* ---- what is hidden ---- */

static bool is_upper(char c) {
	return c >= 'A' && c <= 'Z';
}

/* runtime.Exported and, since go1.24 at the latest, runtime.(*Exported).Exported. */
static bool is_exported_runtime(const char *name, int minor) {
	const char *rest = name + strlen("runtime.");
	const char *dot = strrchr(rest, '.');
	if (minor < 24 || !dot) {
		return is_upper(rest[0]);
	}
	bool pointer = str_starts(rest, "(*") && dot > rest + 2 && dot[-1] == ')';
	return is_upper(dot[1]) && (dot == rest || is_upper(rest[pointer ? 2 : 0]));
}

static uint8_t marks_of(const struct symbols *s, const char *name, uint8_t id) {
	uint8_t marks = id != 0 && id == s->wrapper_id ? LINE_WRAPPER : 0;
	bool runtime = str_starts(name, "runtime.");
	if (!runtime) {
		return strchr(name, '.') ? marks | LINE_SHOWN : marks;
	}
	if (streq(name, "runtime.gopanic")) {
		marks |= LINE_PANIC | LINE_KEEPS_WRAPPER;
	} else if (streq(name, "runtime.sigpanic") || streq(name, "runtime.panicwrap")) {
		marks |= LINE_KEEPS_WRAPPER;
	}
	bool context = s->minor >= 25 &&
	               (streq(name, "runtime.runFinalizers") || streq(name, "runtime.runCleanups"));
	return context || is_exported_runtime(name, s->minor) ? marks | LINE_SHOWN : marks;
}

/* ---- program counters ---- */

static struct go_line *line_add(struct symbols *s) {
	VEC_ROOM(s->arena, s->lines, s->line_count, &s->line_slots);
	return &s->lines[s->line_count++];
}

static void fill_line(struct symbols *s, const struct pcln_function *f, uint32_t name, uint8_t id,
                      uint64_t pc, struct go_line *ret) {
	const struct symbol_text *text = name_at(s, name);
	struct slice file = {0};
	*ret = (struct go_line){
		.function = text->shown, .file = "?", .marks = marks_of(s, text->raw, id)};
	if (pclntab_line(s->tab, f, pc, &file, &ret->line)) {
		ret->file = file_at(s, file);
	} else {
		ret->line = 0;
	}
}

static void add_lines(struct symbols *s, const struct pcln_function *f, struct go_pc *p) {
	uint64_t at = p->exact || p->pc == f->entry ? p->pc : p->pc - 1;
	struct pcln_inline call;
	p->first_line = (uint32_t)s->line_count;
	for (unsigned i = 0; i < PC_LINES_MAX && pclntab_inlined(s->tab, f, at, &call); i++) {
		struct go_line *line = line_add(s);
		fill_line(s, f, call.name, call.id, at, line);
		line->marks |= LINE_INLINED;
		p->line_count++;
		at = call.parent_pc;
	}
	struct go_line *line = line_add(s);
	fill_line(s, f, f->name, f->id, at, line);
	line->offset = (uint32_t)(p->pc - f->entry);
	p->line_count++;
}

static void fill_pc(struct symbols *s, struct go_pc *p) {
	struct pcln_function f;
	if (!pclntab_function(s->tab, p->pc, &f)) {
		return;
	}
	const char *name = name_at(s, f.name)->raw;
	p->entry = f.entry;
	p->marks = PC_KNOWN;
	p->marks |= (f.flags & PCLN_TOP_FRAME) != 0 ? PC_TOP : 0;
	/* cgocallback arranges that both stacks are in order while it switches between them. */
	p->marks |= (f.flags & PCLN_SP_WRITE) != 0 && !streq(name, "runtime.cgocallback")
	                    ? PC_SP_WRITE
	                    : 0;
	if (streq(name, "runtime.sigpanic")) {
		p->marks |= PC_INJECTED;
	} else if (streq(name, "runtime.asyncPreempt") || streq(name, "runtime.debugCallV2")) {
		p->marks |= PC_INJECTED | (s->minor < 21 ? PC_LINE_BEFORE : 0);
	}
	if (!pclntab_value(s->tab, &f, f.stack, p->pc, &p->frame)) {
		p->marks |= PC_NO_STACK_TABLE;
	}
	add_lines(s, &f, p);
}

static void table_grow(struct symbols *s) {
	size_t bigger = s->table_size * 2;
	uint32_t *all = arena_array_of(s->arena, uint32_t, bigger);
	for (size_t i = 0; i < s->pc_count; i++) {
		size_t at = hash(s->pcs[i].pc * 2 + s->pcs[i].exact, bigger);
		while (all[at] != 0) {
			at = (at + 1) & (bigger - 1);
		}
		all[at] = (uint32_t)i + 1;
	}
	s->table = all;
	s->table_size = bigger;
}

uint32_t symbols_pc(struct symbols *s, uint64_t pc, bool exact) {
	size_t at = hash(pc * 2 + exact, s->table_size);
	for (; s->table[at] != 0; at = (at + 1) & (s->table_size - 1)) {
		const struct go_pc *p = &s->pcs[s->table[at] - 1];
		if (p->pc == pc && p->exact == exact) {
			return s->table[at] - 1;
		}
	}
	if (s->pc_count >= SYMBOLS_PCS_MAX) {
		return SYMBOL_NONE;
	}
	VEC_ROOM(s->arena, s->pcs, s->pc_count, &s->pc_slots);
	uint32_t index = (uint32_t)s->pc_count++;
	s->table[at] = index + 1;
	s->pcs[index] = (struct go_pc){.pc = pc, .exact = exact};
	fill_pc(s, &s->pcs[index]);
	if (s->pc_count * 2 >= s->table_size) {
		table_grow(s);
	}
	return index;
}

static bool find_creator(struct symbols *s, uint64_t pc, struct go_line *ret) {
	struct pcln_function f;
	if (!pclntab_function(s->tab, pc, &f)) {
		return false;
	}
	uint64_t at = pc > f.entry ? pc - s->tab->min_lc : pc;
	fill_line(s, &f, f.name, f.id, at, ret);
	if (streq(ret->function, "panic") && s->minor < 21) {
		ret->function = "runtime.gopanic";
	}
	ret->offset = (uint32_t)(pc - f.entry);
	return true;
}

bool symbols_creator(struct symbols *s, uint64_t pc, struct go_line *ret) {
	struct symbol_memory *m = &s->creators[hash(pc, SYMBOL_MEMORIES)];
	if (!m->known || m->pc != pc) {
		*m = (struct symbol_memory){.pc = pc, .known = true};
		m->found = find_creator(s, pc, &m->line);
	}
	*ret = m->line;
	return m->found;
}

const char *symbols_function(struct symbols *s, uint64_t pc) {
	struct symbol_memory *m = &s->starts[hash(pc, SYMBOL_MEMORIES)];
	struct pcln_function f;
	if (!m->known || m->pc != pc) {
		bool found = pclntab_function(s->tab, pc, &f);
		*m = (struct symbol_memory){.pc = pc, .known = true, .found = found};
		m->function = found ? name_at(s, f.name)->raw : "";
	}
	return m->function;
}
