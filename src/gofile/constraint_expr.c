/* SPDX-License-Identifier: MIT */
#include "gofile/constraint_expr.h"

#include "base/str.h"
#include "gofile/golex.h"

#define PLUS_OPERATORS_MAX 100

enum op { OP_TAG, OP_NOT, OP_AND, OP_OR };

struct constraint_expr {
	enum op op;
	const char *tag;
	struct constraint_expr *x;
	struct constraint_expr *y;
};

struct parser {
	struct arena *arena;
	struct slice rest;
	struct slice token;
	bool is_tag;
	int operands;
	const char *message; /* first error */
};

static struct constraint_expr *node(struct arena *arena, enum op op, struct constraint_expr *x,
                                    struct constraint_expr *y) {
	struct constraint_expr *e = arena_new_of(arena, struct constraint_expr);
	*e = (struct constraint_expr){op, "", x, y};
	return e;
}

static struct constraint_expr *tag_node(struct arena *arena, struct slice tag) {
	struct constraint_expr *e = node(arena, OP_TAG, NULL, NULL);
	e->tag = arena_slicedup(arena, tag);
	return e;
}

static struct constraint_expr *fail(struct parser *p, const char *message) {
	p->message = p->message ? p->message : message;
	return NULL;
}

static bool is_tag_rune(uint32_t rune) {
	return rune == '.' || rune_is_word(rune);
}

static void take(struct parser *p, size_t n) {
	p->token = slice_of(p->rest.data, n);
	p->rest = slice_from(p->rest, n);
}

static void lex(struct parser *p) {
	p->is_tag = false;
	while (p->rest.len > 0 && (p->rest.data[0] == ' ' || p->rest.data[0] == '\t')) {
		p->rest = slice_from(p->rest, 1);
	}
	char c = p->rest.len > 0 ? p->rest.data[0] : '\0';
	if (p->rest.len == 0) {
		take(p, 0);
	} else if (c == '(' || c == ')' || c == '!') {
		take(p, 1);
	} else if (c == '&' || c == '|') {
		bool twice = p->rest.len > 1 && p->rest.data[1] == c;
		if (!twice) {
			fail(p, arena_printf(p->arena, "invalid syntax at %c", c));
		}
		take(p, twice ? 2 : 1);
	} else {
		size_t n = 0;
		size_t width = 0;
		while (n < p->rest.len &&
		       is_tag_rune(rune_decode(slice_from(p->rest, n), &width))) {
			n += width;
		}
		p->is_tag = n > 0;
		if (n == 0) {
			fail(p, "invalid syntax");
			n = p->rest.len;
		}
		take(p, n);
	}
}

static struct constraint_expr *parse_or(struct parser *p);

static struct constraint_expr *parse_atom(struct parser *p) {
	if (slice_eq(p->token, "(")) {
		struct constraint_expr *x = parse_or(p);
		if (!x || !slice_eq(p->token, ")")) {
			return fail(p, "missing close paren");
		}
		lex(p);
		return x;
	}
	if (!p->is_tag) {
		return fail(p, p->token.len == 0 ? "unexpected end of expression"
		                                 : "unexpected token");
	}
	struct constraint_expr *x = tag_node(p->arena, p->token);
	lex(p);
	return x;
}

static struct constraint_expr *parse_not(struct parser *p) {
	if (++p->operands > CONSTRAINT_OPERANDS_MAX) {
		return fail(p, "build expression too large");
	}
	lex(p);
	if (p->message) {
		return NULL;
	}
	if (!slice_eq(p->token, "!")) {
		return parse_atom(p);
	}
	lex(p);
	if (slice_eq(p->token, "!")) {
		return fail(p, "double negation not allowed");
	}
	struct constraint_expr *x = parse_atom(p);
	return x ? node(p->arena, OP_NOT, x, NULL) : NULL;
}

static struct constraint_expr *parse_and(struct parser *p) {
	struct constraint_expr *x = parse_not(p);
	while (x && slice_eq(p->token, "&&")) {
		struct constraint_expr *y = parse_not(p);
		x = y ? node(p->arena, OP_AND, x, y) : NULL;
	}
	return x;
}

static struct constraint_expr *parse_or(struct parser *p) {
	struct constraint_expr *x = parse_and(p);
	while (x && slice_eq(p->token, "||")) {
		struct constraint_expr *y = parse_and(p);
		x = y ? node(p->arena, OP_OR, x, y) : NULL;
	}
	return x;
}

struct constraint_expr *constraint_expr_parse(struct arena *arena, struct slice text,
                                              const char **ret_message) {
	struct parser p = {.arena = arena, .rest = text};
	struct constraint_expr *x = parse_or(&p);
	if (x && p.token.len > 0) {
		x = fail(&p, "unexpected token");
	}
	*ret_message = p.message;
	return p.message ? NULL : x;
}

static bool is_tag(struct slice s) {
	size_t width = 0;
	size_t n = 0;
	while (n < s.len && is_tag_rune(rune_decode(slice_from(s, n), &width))) {
		n += width;
	}
	return s.len > 0 && n == s.len;
}

/* "linux" or "!linux"; what is neither never holds, as the tag "ignore". */
static struct constraint_expr *plus_literal(struct arena *arena, struct slice s) {
	bool negated = slice_starts(s, "!") && !slice_starts(s, "!!") && s.len > 1;
	if (negated) {
		s = slice_from(s, 1);
	}
	struct constraint_expr *x = tag_node(arena, is_tag(s) ? s : slice_str("ignore"));
	return negated ? node(arena, OP_NOT, x, NULL) : x;
}

struct constraint_expr *constraint_expr_parse_plus(struct arena *arena, struct slice text) {
	struct constraint_expr *any = NULL;
	struct slice clause;
	int operators = 0;
	while (golex_field(&text, &clause)) {
		struct constraint_expr *all = NULL;
		for (bool more = true; more;) {
			const char *comma =
				clause.len > 0 ? memchr(clause.data, ',', clause.len) : NULL;
			size_t n = comma ? (size_t)(comma - clause.data) : clause.len;
			struct constraint_expr *x = plus_literal(arena, slice_of(clause.data, n));
			all = all ? node(arena, OP_AND, all, x) : x;
			more = comma != NULL;
			clause = more ? slice_of(comma + 1, clause.len - n - 1) : clause;
			if (more && ++operators > PLUS_OPERATORS_MAX) {
				return NULL;
			}
		}
		if (any && ++operators > PLUS_OPERATORS_MAX) {
			return NULL;
		}
		any = any ? node(arena, OP_OR, any, all) : all;
	}
	return any ? any : tag_node(arena, slice_str("ignore"));
}

static bool eval(const struct constraint_expr *e, const struct constraint_context *ctx) {
	switch (e->op) {
	case OP_TAG:
		return constraint_tag(ctx, e->tag);
	case OP_NOT:
		return !eval(e->x, ctx);
	case OP_AND:
		return eval(e->x, ctx) && eval(e->y, ctx);
	case OP_OR:
		return eval(e->x, ctx) || eval(e->y, ctx);
	}
	return false;
}

bool constraint_expr_eval(const struct constraint_expr *expr, const struct constraint_context *ctx,
                          const char **ret_tag, bool *ret_wanted) {
	bool truth = eval(expr, ctx);
	*ret_tag = "";
	*ret_wanted = true;
	bool want = true; /* what e should have been */
	const struct constraint_expr *e = truth ? NULL : expr;
	while (e && e->op != OP_TAG) {
		if (e->op == OP_NOT) {
			want = !want;
			e = e->x;
		} else {
			/* e is !want: go down to an operand that is too. */
			e = eval(e->x, ctx) == want ? e->y : e->x;
		}
	}
	if (e) {
		*ret_tag = e->tag;
		*ret_wanted = want;
	}
	return truth;
}
