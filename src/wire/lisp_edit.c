/* SPDX-License-Identifier: MIT */
#include "wire/lisp_edit.h"

#include "base/str.h"
#include "wire/lisp.h"

#include <errno.h>

struct hunt {
	struct arena *arena;
	const struct member_edit *edit;
	const char *word;             /* the element meant, or what is expected; NULL: any */
	const struct lisp_node *form; /* what goes when it goes */
	const struct lisp_node *node; /* what gets another value */
	size_t count;
};

/* A text of JSON as it is; NULL when it is none. */
static const char *decoded(struct arena *arena, const char *json) {
	const struct jsonc_doc *doc = json ? jsonc_parse(arena, slice_str(json)) : NULL;
	return doc && doc->errors_len == 0 ? jsonc_string(doc->root) : NULL;
}

static void take(struct hunt *h, const struct lisp_node *form, const struct lisp_node *node) {
	h->form = form;
	h->node = node;
	h->count++;
}

/* (setenv "KEY" "value"), and no third word, which would mean more. */
static void match_variable(struct hunt *h, const struct lisp_node *list) {
	const struct lisp_node *name = list->first_child->next;
	const struct lisp_node *value = name ? name->next : NULL;
	if (lisp_is(list->first_child, "setenv") && value && !value->next &&
	    name->type == LISP_STRING && value->type == LISP_STRING &&
	    (int64_t)name->place.line == h->edit->line && streq(name->text, h->edit->key) &&
	    (!h->word || streq(value->text, h->word))) {
		take(h, list, value);
	}
}

static void match_word(struct hunt *h, const struct lisp_node *list) {
	const struct lisp_node *n = list->first_child;
	while (n && n->type != LISP_STRING) {
		n = n->next;
	}
	if (!n || (int64_t)n->place.line != h->edit->line) {
		return;
	}
	for (; n && n->type == LISP_STRING; n = n->next) {
		if (streq(n->text, h->word)) {
			take(h, n, n);
			return; /* of two that are alike the first one */
		}
	}
}

static bool is_expected(const struct hunt *h, const struct lisp_node *value) {
	struct jsonc_node *json = lisp_to_json(h->arena, value);
	return json &&
	       (!h->edit->expected || streq(jsonc_to_json(h->arena, json), h->edit->expected));
}

/* :key value of a property list, (key . value) of an association list. The names are those of a server's settings. */
static void match_pair(struct hunt *h, const struct lisp_node *list) {
	for (const struct lisp_node *n = list->first_child; n && n->next; n = n->next) {
		bool keyword = n->type == LISP_SYMBOL && n->text[0] == ':';
		bool pair = n == list->first_child && list->dotted && !n->next->next;
		if (n->type != LISP_SYMBOL || !(keyword || pair) ||
		    !streq(n->text + keyword, h->edit->key) ||
		    (int64_t)n->place.line != h->edit->line || !is_expected(h, n->next)) {
			continue;
		}
		struct lisp_node *both = arena_new_of(h->arena, struct lisp_node);
		*both = *n;
		both->place.length =
			n->next->place.offset + n->next->place.length - n->place.offset;
		take(h, pair ? list : both, n->next);
	}
}

static void look(struct hunt *h, const struct lisp_node *list) {
	for (const struct lisp_node *n = list->first_child; n; n = n->next) {
		if (n->type != LISP_LIST || !n->first_child) {
			continue;
		}
		if (h->edit->element) {
			match_word(h, n);
		} else {
			match_variable(h, n);
			match_pair(h, n);
		}
		look(h, n);
	}
}

/* Elisp manual, Syntax for Strings: only these two have to be escaped. */
static void put_string(struct strbuf *out, const char *text) {
	strbuf_add_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			strbuf_add_char(out, '\\');
		}
		strbuf_add_char(out, *text);
	}
	strbuf_add_char(out, '"');
}

/* The new words; NULL when one is no text. */
static const char *words(struct hunt *h) {
	const char *list = arena_printf(h->arena, "[%s]", h->edit->value);
	const struct jsonc_doc *doc = jsonc_parse(h->arena, slice_str(list));
	struct strbuf out;
	strbuf_init(&out, h->arena);
	if (doc->errors_len > 0 || !doc->root || !doc->root->first_child ||
	    (!h->edit->element && doc->root->count != 1)) {
		return NULL;
	}
	for (const struct jsonc_node *n = doc->root->first_child; n; n = n->next) {
		const char *text = jsonc_string(n);
		bool truth = n->type == JSONC_BOOL && h->form != h->node &&
		             !lisp_is(h->form->first_child, "setenv");
		if (!text && !truth) {
			return NULL;
		}
		strbuf_add(&out, n == doc->root->first_child ? "" : " ");
		if (truth) {
			/* As Eglot and lsp-mode send them (lisp_to_json). */
			strbuf_add(&out, n->boolean ? "t" : ":json-false");
		} else {
			put_string(&out, text);
		}
	}
	return out.data;
}

static bool blank(char c) {
	return c == ' ' || c == '\t' || c == '\r';
}

/* Taken away: with its line when nothing but a comment is left there, else with the blanks before it. */
static void widen(struct slice text, size_t *from, size_t *to) {
	size_t begin = *from;
	size_t end = *to;
	while (begin > 0 && blank(text.data[begin - 1])) {
		begin--;
	}
	while (end < text.len && blank(text.data[end])) {
		end++;
	}
	bool first = begin == 0 || text.data[begin - 1] == '\n';
	bool last = end == text.len || text.data[end] == '\n' || text.data[end] == ';';
	if (!first || !last) {
		*from = first ? *from : begin;
		return;
	}
	while (end < text.len && text.data[end] != '\n') {
		end++;
	}
	*from = begin;
	*to = end + (end < text.len);
}

int lisp_edit(struct arena *arena, struct slice text, const struct member_edit *edit,
              struct slice *ret, struct err *err) {
	struct hunt h = {.arena = arena, .edit = edit};
	struct strbuf out;
	h.word = decoded(arena, edit->element ? edit->element : edit->expected);
	if (edit->element && !h.word) {
		return err_set(err, -EINVAL, "`%s` is no text", edit->element);
	}
	look(&h, lisp_read(arena, text));
	if (h.count != 1) {
		return err_set(err, h.count > 1 ? -EBADMSG : -ENOENT, "line %lld %s `%s`%s",
		               (long long)edit->line, h.count > 1 ? "sets" : "does not set",
		               edit->key, h.count > 1 ? " more than once" : " to that");
	}
	const char *with = edit->value ? words(&h) : "";
	if (!with) {
		return err_set(err, -EINVAL, "`%s` cannot be written there", edit->value);
	}
	const struct jsonc_place *place = edit->value ? &h.node->place : &h.form->place;
	size_t from = place->offset;
	size_t to = from + place->length;
	if (!edit->value) {
		widen(text, &from, &to);
	}
	strbuf_init(&out, arena);
	strbuf_add_n(&out, text.data, from);
	strbuf_add(&out, with);
	strbuf_add_n(&out, text.data + to, text.len - to);
	*ret = slice_of(out.data, out.len);
	return 0;
}
