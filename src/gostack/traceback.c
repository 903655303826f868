/* SPDX-License-Identifier: MIT */
#include "gostack/traceback.h"

#include "base/clock.h"

#define SHOWN_MAX ((size_t)100) /* frames the runtime prints */
#define SHOWN_END ((size_t)50)  /* of these at each end, since go1.21 */

/* ---- which lines ---- */

/* Walks the lines of a stack as the runtime does: whether a line is shown depends on the function
 * it called. out NULL: only counts. */
static size_t choose(struct gostack *s, const struct go_stack *stack, bool all, size_t frames,
                     struct traceback_line *out) {
	size_t n = 0;
	bool callee_keeps_wrapper = false;
	for (size_t i = 0; i < stack->count && i < frames; i++) {
		const struct go_pc *p = &s->symbols.pcs[stack->pcs[i]];
		for (uint16_t k = 0; k < p->line_count; k++) {
			const struct go_line *line = &s->symbols.lines[p->first_line + k];
			bool wrapper = (line->marks & LINE_WRAPPER) != 0 && !callee_keeps_wrapper;
			bool shown = !wrapper && ((line->marks & LINE_SHOWN) != 0 ||
			                          ((line->marks & LINE_PANIC) != 0 && n > 0));
			if (all || shown) {
				if (out) {
					out[n] = (struct traceback_line){line, p};
				}
				n++;
			}
			callee_keeps_wrapper = (line->marks & LINE_KEEPS_WRAPPER) != 0;
		}
	}
	return n;
}

struct traceback_lines traceback_lines(struct gostack *s, uint32_t index,
                                       const struct traceback_options *options) {
	const struct go_stack *stack = &s->all.stacks[index];
	struct traceback_lines ret = {0};
	bool old = s->minor < 21;
	bool all = options->system;
	size_t frames = old && !options->full ? SHOWN_MAX : SIZE_MAX;
	size_t n = choose(s, stack, all, frames, NULL);
	if (n == 0) {
		all = true;
		n = choose(s, stack, all, frames, NULL);
	}
	ret.items = arena_array_of(s->arena, struct traceback_line, n);
	ret.count = choose(s, stack, all, frames, ret.items);
	ret.head = ret.count;
	if (old) {
		ret.cut = !options->full && ret.count >= SHOWN_MAX;
	} else if (!options->full && ret.count > SHOWN_MAX) {
		ret.head = SHOWN_END;
		ret.elided = ret.count - SHOWN_MAX;
	}
	return ret;
}

bool traceback_shows(struct gostack *s, const struct goroutine *g,
                     const struct traceback_options *options) {
	return options->system || !gostack_is_system(s, g);
}

/* ---- header ---- */

/* There are many of these: printf would take longer than all the rest. */
static void add_number(struct strbuf *out, uint64_t value) {
	char text[24];
	size_t at = sizeof(text);
	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	strbuf_add_n(out, text + at, sizeof(text) - at);
}

static bool needs_quoting(const char *text) {
	for (; *text != '\0'; text++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_",
		            *text)) {
			return true;
		}
	}
	return false;
}

static void add_label(struct strbuf *out, const char *text, bool always) {
	bool quote = always || needs_quoting(text);
	strbuf_add(out, quote ? "\"" : "");
	for (const char *p = text; *p != '\0'; p++) {
		strbuf_add(out, quote && (*p == '"' || *p == '\\') ? "\\" : "");
		strbuf_add_char(out, *p);
	}
	strbuf_add(out, quote ? "\"" : "");
}

/* In the brackets and quoted in go1.26, behind them since go1.27. */
static void add_labels(struct strbuf *out, struct gostack *s, const struct goroutine *g) {
	struct go_label labels[LABELS_MAX];
	size_t n = s->labels_shown ? gostack_labels(s, g, labels) : 0;
	for (size_t i = 0; i < n; i++) {
		strbuf_add(out, i > 0 ? ", " : s->minor >= 27 ? " {" : " labels:{");
		add_label(out, labels[i].key, s->minor < 27);
		strbuf_add(out, ": ");
		add_label(out, labels[i].value, s->minor < 27);
	}
	strbuf_add(out, n > 0 ? "}" : "");
}

/* In a test bubble these are waits that only others of the bubble can end. */
static bool is_durable(const struct gostack *s, const struct goroutine *g, const char *status) {
	static const char *const words[] = {
		"chan receive (nil chan)",
		"chan send (nil chan)",
		"select (no cases)",
		"sleep",
		"sync.Cond.Wait",
		"coroutine",
		"synctest.Run",
		"synctest.Wait",
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (streq(status, words[i])) {
			return g->bubble != 0 && (s->minor < 27 || g->status == GO_WAITING);
		}
	}
	return false;
}

/* "goroutine 7 [select, 3 minutes]:" without what is between the brackets that others add; torn and
 * partial goroutines have the word as the last in the brackets. */
static void put_header(struct strbuf *out, struct gostack *s, const struct goroutine *g) {
	const char *status = gostack_status(s, g);
	int64_t minutes = gostack_waited_s(s, g) / 60;
	strbuf_add(out, "goroutine ");
	add_number(out, g->id);
	strbuf_add(out, " [");
	strbuf_add(out, status);
	strbuf_add(out, g->status == GO_LEAKED ? " (leaked)" : "");
	strbuf_add(out, g->scan ? " (scan)" : "");
	strbuf_add(out, is_durable(s, g, status) ? " (durable)" : "");
	if (minutes >= 1) {
		strbuf_printf(out, ", %lld minutes", (long long)minutes);
	}
	strbuf_add(out, g->locked_m != 0 ? ", locked to thread" : "");
	if (g->bubble != 0 || g->sync_group != 0) {
		strbuf_printf(out, ", synctest %s %llu", g->bubble != 0 ? "bubble" : "group",
		              (unsigned long long)g->group);
	}
	if (g->state == GOROUTINE_TORN || g->state == GOROUTINE_PARTIAL) {
		strbuf_printf(out, ", %s", goroutine_state_name(g->state));
	}
	if (s->minor < 27) {
		add_labels(out, s, g);
	}
	strbuf_add_char(out, ']');
	if (s->minor >= 27) {
		add_labels(out, s, g);
	}
	strbuf_add(out, ":\n");
}

/* ---- body ---- */

static void add_hex(struct strbuf *out, uint64_t value) {
	char text[20];
	size_t at = sizeof(text);
	do {
		text[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value != 0);
	strbuf_add(out, " +0x");
	strbuf_add_n(out, text + at, sizeof(text) - at);
}

static void add_place(struct strbuf *out, const struct go_line *line) {
	strbuf_add_char(out, '\t');
	strbuf_add(out, line->file);
	strbuf_add_char(out, ':');
	add_number(out, line->line > 0 ? (uint64_t)line->line : 0);
	if (line->offset > 0) {
		add_hex(out, line->offset);
	}
	strbuf_add_char(out, '\n');
}

static void add_line(struct strbuf *out, const struct go_line *line) {
	strbuf_add(out, line->function);
	strbuf_add(out, "(...)\n");
	add_place(out, line);
}

void traceback_stack(struct strbuf *out, struct gostack *s, uint32_t index,
                     const struct traceback_options *options) {
	struct traceback_lines lines = traceback_lines(s, index, options);
	for (size_t i = 0; i < lines.count; i++) {
		if (i == lines.head && lines.elided > 0) {
			strbuf_printf(out, "...%zu frames elided...\n", lines.elided);
			i += lines.elided;
		}
		add_line(out, lines.items[i].line);
	}
	if (lines.cut) {
		strbuf_add(out, "...additional frames elided...\n");
	}
}

bool traceback_creator(struct gostack *s, const struct goroutine *g,
                       const struct traceback_options *options, struct go_line *ret) {
	if (g->id == 1 || !symbols_creator(&s->symbols, g->created_pc, ret)) {
		return false;
	}
	return options->system ||
	       ((ret->marks & LINE_WRAPPER) == 0 && (ret->marks & (LINE_SHOWN | LINE_PANIC)) != 0);
}

void traceback_creator_text(struct strbuf *out, const struct go_line *line, uint64_t parent) {
	strbuf_add(out, "created by ");
	strbuf_add(out, line->function);
	if (parent != 0) {
		strbuf_add(out, " in goroutine ");
		add_number(out, parent);
	}
	strbuf_add_char(out, '\n');
	add_place(out, line);
}

/* The text of a stack, made once for all goroutines that have it. */
struct traceback_piece {
	const char *text;
	size_t len;
};

static const struct traceback_piece *render(struct gostack *s, struct traceback_piece *cache,
                                            uint32_t index,
                                            const struct traceback_options *options) {
	struct traceback_piece *r = &cache[index];
	if (!r->text) {
		struct strbuf one;
		strbuf_init(&one, s->arena);
		traceback_stack(&one, s, index, options);
		*r = (struct traceback_piece){one.data, one.len};
	}
	return r;
}

static void add_goroutine(struct strbuf *out, struct gostack *s, const struct goroutine *g,
                          const struct traceback_options *options, struct traceback_piece *cache) {
	struct go_line creator;
	put_header(out, s, g);
	if (g->state == GOROUTINE_RUNNING) {
		strbuf_add(out, "\tgoroutine running on other thread; stack unavailable\n");
	} else if (g->stack != STACK_NONE) {
		const struct traceback_piece *r = render(s, cache, g->stack, options);
		strbuf_add_n(out, r->text, r->len);
	}
	if (traceback_creator(s, g, options, &creator)) {
		traceback_creator_text(out, &creator, g->parent);
	}
}

bool traceback_text(struct strbuf *out, struct gostack *s, const struct traceback_options *options,
                    struct traceback_place *next) {
	if (!next->cache) {
		next->cache = arena_array_of(s->arena, struct traceback_piece, s->all.stack_count);
	}
	size_t start = out->len;
	for (; next->index < s->all.count && out->len - start < TRACEBACK_PIECE; next->index++) {
		const struct goroutine *g = &s->all.items[next->index];
		if (traceback_shows(s, g, options)) {
			strbuf_add(out, next->begun ? "\n" : "");
			next->begun = true;
			add_goroutine(out, s, g, options, next->cache);
		}
	}
	return out->len > start;
}
