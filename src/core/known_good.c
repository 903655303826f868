/* SPDX-License-Identifier: MIT */
#include "core/known_good.h"

#include "base/ascii.h"

#include <errno.h>

#define HEAD           "dialtone.states/"
#define VERSION        "1"
#define DIGITS         20
#define BLOCK_TAIL_MAX ((size_t)64) /* "until=" and "end=" lines */

/* ---- writing ---- */

static void put_text(struct strbuf *out, const char *text) {
	for (; *text; text++) {
		switch (*text) {
		case '\n':
			strbuf_add(out, "\\n");
			break;
		case '\t':
			strbuf_add(out, "\\t");
			break;
		case '\\':
			strbuf_add(out, "\\\\");
			break;
		default:
			strbuf_add_char(out, *text);
		}
	}
}

static void put_item(struct strbuf *out, const struct setup_item *item) {
	const char *const texts[] = {item->name, item->value, item->path, item->id};
	strbuf_printf(out, "item %s", item_kind_name(item->kind));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		strbuf_add_char(out, '\t');
		put_text(out, texts[i]);
	}
	strbuf_add_char(out, '\n');
}

/* The items by kind, most telling first, until there is no room; kinds that were cut. */
static uint32_t put_items(struct strbuf *out, const struct setup *s, size_t room) {
	uint32_t cut = 0;
	size_t begin = out->len;
	for (enum item_kind kind = ITEM_TOOL; kind < ITEM_KIND_COUNT; kind++) {
		for (size_t i = 0; i < s->count; i++) {
			size_t before = out->len;
			if (s->items[i].kind != kind) {
				continue;
			}
			put_item(out, &s->items[i]);
			if (out->len - begin > room) {
				out->len = before;
				out->data[before] = '\0';
				cut |= 1U << kind;
			}
		}
	}
	return cut;
}

static void put_state(struct strbuf *out, const struct known_good *store, const struct setup *s) {
	struct strbuf items;
	struct strbuf body;
	strbuf_init(&items, out->arena);
	strbuf_init(&body, out->arena);
	size_t head = strlen(s->editor) + strlen(s->side) + 512;
	uint32_t cut = put_items(&items, s, KNOWN_GOOD_STATE_BYTES_MAX - BLOCK_TAIL_MAX - head);
	strbuf_printf(&body, "at=%020lld\neditor=", (long long)s->at_ns);
	put_text(&body, s->editor);
	strbuf_add(&body, "\nside=");
	put_text(&body, s->side);
	strbuf_add(&body, "\ncovers=");
	for (enum item_kind kind = ITEM_TOOL; kind < ITEM_KIND_COUNT; kind++) {
		if ((s->covers & ~cut) >> kind & 1U) {
			strbuf_printf(&body, "%s ", item_kind_name(kind));
		}
	}
	strbuf_add_char(&body, '\n');
	strbuf_add_n(&body, items.data, items.len);
	strbuf_printf(out, "until=%020lld\n", (long long)s->until_ns);
	strbuf_add_n(out, body.data, body.len);
	strbuf_printf(out, "end=%016llx\n",
	              (unsigned long long)siphash(store->key, slice_of(body.data, body.len)));
}

void known_good_write(struct strbuf *out, const struct known_good *store) {
	strbuf_add(out, HEAD VERSION "\nworkspace=");
	put_text(out, store->workspace);
	strbuf_add(out, "\nkey=");
	for (size_t i = 0; i < SIPHASH_KEY_BYTES; i++) {
		strbuf_printf(out, "%02x", store->key[i]);
	}
	strbuf_add(out, "\n");
	for (size_t i = 0; i < store->count; i++) {
		strbuf_add(out, "\n");
		put_state(out, store, store->states[i]);
	}
}

/* ---- reading ---- */

struct reading {
	struct arena *arena;
	struct slice all;
	struct slice rest;
	struct known_good *store;
	struct err *err;
};

static int damaged(struct reading *r, const char *what) {
	size_t at = (size_t)(r->rest.data - r->all.data);
	size_t line = 1;
	for (size_t i = 0; i < at && i < r->all.len; i++) {
		line += r->all.data[i] == '\n';
	}
	return err_set(r->err, -EBADMSG, "it is damaged before line %zu: %s", line, what);
}

static int hex_digit(char c) {
	return ascii_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_text(struct arena *arena, struct slice s, const char **ret) {
	char *out = arena_alloc(arena, s.len + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (c == '\0') {
			return false;
		}
		if (c == '\\') {
			c = i + 1 < s.len ? s.data[++i] : '\0';
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == '\\' ? '\\' : '\0';
			if (c == '\0') {
				return false;
			}
		}
		out[n++] = c;
	}
	*ret = out;
	return n <= SETUP_TEXT_MAX;
}

/* The value of the next line, which must be of this key. */
static bool take_line(struct reading *r, const char *key, struct slice *ret) {
	struct slice line;
	struct slice before = r->rest;
	size_t len = strlen(key);
	if (!slice_line(&r->rest, &line) || !slice_starts(line, key)) {
		r->rest = before;
		return false;
	}
	*ret = slice_of(line.data + len, line.len - len);
	return true;
}

static bool take_time(struct reading *r, const char *key, int64_t *ret) {
	struct slice value;
	int64_t number = 0;
	if (!take_line(r, key, &value) || value.len != DIGITS) {
		return false;
	}
	for (size_t i = 0; i < value.len; i++) {
		if (!ascii_is_digit(value.data[i]) || number > (INT64_MAX - 9) / 10) {
			return false;
		}
		number = number * 10 + (value.data[i] - '0');
	}
	*ret = number;
	return true;
}

static bool take_string(struct reading *r, const char *key, const char **ret) {
	struct slice value;
	return take_line(r, key, &value) && take_text(r->arena, value, ret);
}

static bool take_hex(struct reading *r, const char *key, uint8_t *bytes, size_t count) {
	struct slice value;
	if (!take_line(r, key, &value) || value.len != 2 * count) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		int high = hex_digit(value.data[2 * i]);
		int low = hex_digit(value.data[2 * i + 1]);
		if (high < 0 || low < 0) {
			return false;
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void take_covers(struct slice words, struct setup *s) {
	struct slice word;
	while (slice_cut(&words, ' ', &word)) {
		enum item_kind kind = item_kind_find(word);
		s->covers |= kind < ITEM_KIND_COUNT ? 1U << kind : 0;
	}
}

static bool take_item(struct reading *r, struct slice line, struct setup *s) {
	struct setup_item item = {0};
	const char **texts[] = {&item.name, &item.value, &item.path, &item.id};
	struct slice part;
	if (!slice_cut(&line, '\t', &part)) {
		return false;
	}
	item.kind = item_kind_find(part);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		part = slice_of("", 0);
		(void)slice_cut(&line, '\t', &part); /* an empty last one is none */
		if (!take_text(r->arena, part, texts[i])) {
			return false;
		}
	}
	if (item.kind == ITEM_KIND_COUNT || *item.name == '\0' || line.len > 0) {
		return false;
	}
	size_t before = s->count;
	setup_add(r->arena, s, &item);
	return s->count > before;
}

static int take_state(struct reading *r) {
	struct known_good *store = r->store;
	struct setup *s = setup_new(r->arena);
	struct slice line;
	uint8_t sum[8];
	size_t offset = (size_t)(r->rest.data - r->all.data) + strlen("until=");
	if (!take_time(r, "until=", &s->until_ns)) {
		return damaged(r, "a time is missing");
	}
	const char *begin = r->rest.data;
	if (!take_time(r, "at=", &s->at_ns) || !take_string(r, "editor=", &s->editor) ||
	    !take_string(r, "side=", &s->side) || !take_line(r, "covers=", &line)) {
		return damaged(r, "the head of a state is not whole");
	}
	take_covers(line, s);
	while (take_line(r, "item ", &line)) {
		if (!take_item(r, line, s)) {
			return damaged(r, "this is no item");
		}
	}
	struct slice body = slice_of(begin, (size_t)(r->rest.data - begin));
	if (!take_hex(r, "end=", sum, sizeof(sum))) {
		return damaged(r, "a state has no end");
	}
	uint64_t told = 0;
	for (size_t i = 0; i < sizeof(sum); i++) {
		told = told << 8 | sum[i];
	}
	if (told != siphash(store->key, body)) {
		return damaged(r, "a state is not what its sum says");
	}
	if (s->until_ns < s->at_ns) { /* overwritten in place, perhaps not to its end */
		s->until_ns = s->at_ns;
	}
	store->until_offset[store->count] = offset;
	store->states[store->count++] = s;
	return 0;
}

int known_good_parse(struct arena *arena, struct slice text, struct known_good *ret,
                     struct err *err) {
	struct reading r = {.arena = arena, .all = text, .rest = text, .store = ret, .err = err};
	struct slice line = {0};
	*ret = (struct known_good){.workspace = ""};
	if (text.len > KNOWN_GOOD_FILE_BYTES_MAX) {
		return err_set(err, -EBADMSG, "it is larger than such a file can be");
	}
	if (!take_line(&r, HEAD, &line)) {
		return err_set(err, -EBADMSG, "it is no file of that kind");
	}
	if (!slice_eq(line, VERSION)) {
		return err_set(err, -EPROTO, "another version of dialtone wrote it");
	}
	if (!take_string(&r, "workspace=", &ret->workspace) ||
	    !take_hex(&r, "key=", ret->key, sizeof(ret->key))) {
		return damaged(&r, "its head is not whole");
	}
	while (r.rest.len > 0) {
		if (!slice_line(&r.rest, &line) || line.len > 0) {
			return damaged(&r, "this belongs to no state");
		}
		if (ret->count == KNOWN_GOOD_MAX) {
			return damaged(&r, "there are too many states");
		}
		int error = take_state(&r);
		if (error < 0) {
			return error;
		}
	}
	return 0;
}

/* ---- which to keep, which to take ---- */

static void remove_at(struct known_good *store, size_t at) {
	store->count--;
	memmove(&store->states[at], &store->states[at + 1],
	        (store->count - at) * sizeof(*store->states));
}

static bool has_newer_like_it(const struct known_good *store, const struct setup *s) {
	for (size_t i = 0; i < store->count; i++) {
		const struct setup *other = store->states[i];
		if (other != s && setup_same_side(other, s) && other->until_ns > s->until_ns) {
			return true;
		}
	}
	return false;
}

/* The newest of every editor and kind of environment is worth more than an old one of a kind that has newer ones. */
static size_t to_be_given_up(const struct known_good *store) {
	size_t worst = 0;
	bool worst_has_newer = false;
	for (size_t i = 0; i < store->count; i++) {
		const struct setup *s = store->states[i];
		bool has_newer = has_newer_like_it(store, s);
		bool older = s->until_ns < store->states[worst]->until_ns;
		if (i == 0 || (has_newer && !worst_has_newer) ||
		    (has_newer == worst_has_newer && older)) {
			worst = i;
			worst_has_newer = has_newer;
		}
	}
	return worst;
}

enum known_good_kept known_good_keep(struct known_good *store, struct setup *now,
                                     size_t *ret_index) {
	/* Any of them: two terminals with environments of their own take turns. */
	for (size_t i = 0; i < store->count; i++) {
		if (setup_equal(store->states[i], now)) {
			store->states[i]->until_ns = now->until_ns;
			*ret_index = i;
			return KNOWN_GOOD_SAME;
		}
	}
	memmove(&store->states[1], &store->states[0], store->count * sizeof(*store->states));
	store->states[0] = now;
	store->count++;
	if (store->count > KNOWN_GOOD_MAX) {
		remove_at(store, to_be_given_up(store));
	}
	*ret_index = 0;
	return KNOWN_GOOD_ADDED;
}

static bool is_better(const struct setup *a, const struct setup *b, const struct setup *now,
                      bool oldest) {
	bool same_a = setup_same_side(a, now);
	if (!b || same_a != setup_same_side(b, now)) {
		return !b || same_a;
	}
	return oldest ? a->at_ns < b->at_ns : a->until_ns > b->until_ns;
}

const struct setup *known_good_choose(const struct known_good *store, const struct setup *now,
                                      int64_t before_ns, bool *ret_older) {
	const struct setup *best = NULL;
	*ret_older = false;
	for (size_t i = 0; i < store->count; i++) {
		const struct setup *s = store->states[i];
		if ((before_ns == 0 || s->at_ns <= before_ns) && is_better(s, best, now, false)) {
			best = s;
		}
	}
	if (best || before_ns == 0) {
		return best;
	}
	*ret_older = true;
	for (size_t i = 0; i < store->count; i++) {
		if (is_better(store->states[i], best, now, true)) {
			best = store->states[i];
		}
	}
	return best;
}
