/* SPDX-License-Identifier: MIT */
#include "core/facts.h"

#include "base/str.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_BOOL };

struct field {
	const char *name;
	enum field_type type;
};

struct kind {
	const char *name;
	const struct field *fields; /* ends with name NULL */
	size_t size;                /* of the struct */
};

#define S(name) {#name, FIELD_TEXT},
#define I(name) {#name, FIELD_NUMBER},
#define B(name) {#name, FIELD_BOOL},
#define FACT(kind, meaning, fields)                                                                \
	static const struct field fields_##kind[] = {fields{NULL, FIELD_TEXT}};
#include "core/fact.def"
#undef FACT
#undef S
#undef I
#undef B

static const struct kind kinds[FACT_KIND_COUNT] = {
#define FACT(kind, meaning, fields) {#kind, fields_##kind, sizeof(struct fact_##kind)},
#include "core/fact.def"
#undef FACT
};

#define FIELD_BYTES 8
_Static_assert(sizeof(struct fact) % FIELD_BYTES == 0, "fields follow the base without a hole");
_Static_assert(sizeof(struct fact_var) == sizeof(struct fact) + 3 * (size_t)FIELD_BYTES,
               "every field takes FIELD_BYTES");

static void *field_at(struct fact *fact, size_t i) {
	return (char *)fact + sizeof(struct fact) + i * FIELD_BYTES;
}

static const void *field_of(const struct fact *fact, size_t i) {
	return (const char *)fact + sizeof(struct fact) + i * FIELD_BYTES;
}

void facts_init(struct facts *facts, struct arena *arena) {
	*facts = (struct facts){.arena = arena};
}

struct fact *facts_add(struct facts *facts, const struct evidence *ev, const struct fact *fact) {
	const struct kind *kind = &kinds[fact->kind];
	struct fact *copy = arena_alloc(facts->arena, kind->size);
	memcpy(copy, fact, kind->size);
	copy->ev = ev;
	copy->next = NULL;
	for (size_t i = 0; kind->fields[i].name; i++) {
		if (kind->fields[i].type == FIELD_TEXT) {
			const char **text = field_at(copy, i);
			*text = *text ? arena_strdup(facts->arena, *text) : "";
		}
	}
	/* What nobody tried while it was recorded has shown nothing, also not that it is no better. */
	if (fact->kind == FACT_trial && ev && ev->state == EV_NOT_RECORDED) {
		return copy;
	}
	if (facts->last[fact->kind]) {
		facts->last[fact->kind]->next = copy;
	} else {
		facts->first[fact->kind] = copy;
	}
	facts->last[fact->kind] = copy;
	return copy;
}

void facts_refuse(struct facts *facts, enum fact_kind kind, const char *because,
                  const char *needs) {
	struct coverage *c = &facts->coverage[kind];
	if (!c->refused) {
		*c = (struct coverage){.refused = true,
		                       .because = arena_strdup(facts->arena, because),
		                       .needs = arena_strdup(facts->arena, needs)};
	}
}

const char *fact_kind_name(enum fact_kind kind) {
	return kinds[kind].name;
}

static bool needs_quotes(const char *s) {
	return s[0] == '\0' || strpbrk(s, " \t\r\n\"\\#=") != NULL;
}

static void add_quoted(struct strbuf *out, const char *s) {
	if (!needs_quotes(s)) {
		strbuf_add(out, s);
		return;
	}
	strbuf_add_char(out, '"');
	for (; *s; s++) {
		if (*s == '\n') {
			strbuf_add(out, "\\n");
			continue;
		}
		if (*s == '"' || *s == '\\') {
			strbuf_add_char(out, '\\');
		}
		strbuf_add_char(out, *s);
	}
	strbuf_add_char(out, '"');
}

const char *fact_to_text(struct arena *arena, const struct fact *fact) {
	const struct kind *kind = &kinds[fact->kind];
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, kind->name);
	for (size_t i = 0; kind->fields[i].name; i++) {
		const void *value = field_of(fact, i);
		switch (kind->fields[i].type) {
		case FIELD_TEXT: {
			const char *text = *(const char *const *)value;
			if (text[0] != '\0') {
				strbuf_printf(&out, " %s=", kind->fields[i].name);
				add_quoted(&out, text);
			}
			break;
		}
		case FIELD_NUMBER:
			if (*(const int64_t *)value != 0) {
				strbuf_printf(&out, " %s=%lld", kind->fields[i].name,
				              (long long)*(const int64_t *)value);
			}
			break;
		case FIELD_BOOL:
			if (*(const bool *)value) {
				strbuf_printf(&out, " %s=1", kind->fields[i].name);
			}
			break;
		}
	}
	return out.data;
}

/* One word or quoted text at *p; NULL at the end of the line or a comment, "" with *ret_bad for an
 * open quote. */
static const char *read_word(struct arena *arena, const char **p, const char *stop, bool *ret_bad) {
	struct strbuf out;
	strbuf_init(&out, arena);
	const char *s = *p;
	if (*s == '"') {
		for (s++; *s && *s != '"'; s++) {
			if (*s == '\\' && s[1]) {
				s++;
				strbuf_add_char(&out, *s == 'n' ? '\n' : *s);
			} else {
				strbuf_add_char(&out, *s);
			}
		}
		*ret_bad = *s != '"';
		*p = *s ? s + 1 : s;
		return out.data;
	}
	size_t n = strcspn(s, stop);
	strbuf_add_n(&out, s, n);
	*p = s + n;
	return out.data;
}

static int set_field(const struct kind *kind, struct fact *fact, const char *name,
                     const char *value, struct err *err) {
	for (size_t i = 0; kind->fields[i].name; i++) {
		if (!streq(kind->fields[i].name, name)) {
			continue;
		}
		int64_t number = 0;
		if (kind->fields[i].type == FIELD_TEXT) {
			*(const char **)field_at(fact, i) = value;
			return 0;
		}
		if (str_to_int64(value, &number) < 0) {
			return err_set(err, -EINVAL, "field '%s': expected a number, got '%s'",
			               name, value);
		}
		if (kind->fields[i].type == FIELD_NUMBER) {
			*(int64_t *)field_at(fact, i) = number;
		} else {
			*(bool *)field_at(fact, i) = number != 0;
		}
		return 0;
	}
	return err_set(err, -EINVAL, "a fact of kind '%s' has no field '%s'", kind->name, name);
}

static const struct kind *kind_find(const char *name) {
	for (size_t k = 0; k < FACT_KIND_COUNT; k++) {
		if (streq(kinds[k].name, name)) {
			return &kinds[k];
		}
	}
	return NULL;
}

static int add_refusal(struct facts *facts, const char *rest, struct err *err) {
	bool bad = false;
	const char *p = rest + strspn(rest, " \t");
	const char *name = read_word(facts->arena, &p, " \t", &bad);
	p += strspn(p, " \t");
	const char *because = read_word(facts->arena, &p, "", &bad);
	const struct kind *kind = kind_find(name);
	if (!kind || bad) {
		return err_set(err, -EINVAL, "expected 'refused KIND \"reason\"'");
	}
	facts_refuse(facts, (enum fact_kind)(kind - kinds), because, "");
	return 0;
}

int facts_add_text(struct facts *facts, const char *line, struct err *err) {
	bool bad = false;
	const char *p = line + strspn(line, " \t\r\n");
	if (*p == '\0' || *p == '#') {
		return 0;
	}
	const char *name = read_word(facts->arena, &p, " \t\r\n", &bad);
	if (streq(name, "refused")) {
		return add_refusal(facts, p, err);
	}
	const struct kind *kind = kind_find(name);
	if (!kind) {
		return err_set(err, -EINVAL, "unknown kind of fact '%s'", name);
	}
	struct fact *fact = arena_alloc(facts->arena, kind->size);
	fact->kind = (enum fact_kind)(kind - kinds);
	for (p += strspn(p, " \t\r\n"); *p && *p != '#'; p += strspn(p, " \t\r\n")) {
		const char *field = read_word(facts->arena, &p, "= \t\r\n", &bad);
		if (*p != '=') {
			return err_set(err, -EINVAL, "expected name=value at '%s'", field);
		}
		p++;
		const char *value = read_word(facts->arena, &p, " \t\r\n", &bad);
		if (bad) {
			return err_set(err, -EINVAL, "field '%s': the quote is not closed", field);
		}
		int r = set_field(kind, fact, field, value, err);
		if (r < 0) {
			return r;
		}
	}
	facts_add(facts, NULL, fact);
	return 0;
}

const char *facts_var(const struct facts *facts, const char *scope, const char *name) {
	facts_each (var, v, facts) {
		if (streq(v->name, name) && streq(v->scope, scope)) {
			return v->value;
		}
	}
	return NULL;
}

const struct fact_govar *facts_govar(const struct facts *facts, const char *name) {
	facts_each (govar, v, facts) {
		if (streq(v->name, name)) {
			return v;
		}
	}
	return NULL;
}

const char *facts_govar_value(const struct facts *facts, const char *name) {
	const struct fact_govar *v = facts_govar(facts, name);
	return v ? v->value : "";
}

const struct fact_tool *facts_chosen(const struct facts *facts, const char *tool) {
	facts_each (tool, t, facts) {
		if (t->chosen && streq(t->tool, tool)) {
			return t;
		}
	}
	return NULL;
}

const struct fact_binary *facts_binary(const struct facts *facts, const char *path) {
	facts_each (binary, b, facts) {
		if (streq(b->path, path)) {
			return b;
		}
	}
	return NULL;
}

const struct fact_place *facts_place(const struct facts *facts, const char *role) {
	facts_each (place, p, facts) {
		if (streq(p->role, role)) {
			return p;
		}
	}
	return NULL;
}

const struct fact_setting *facts_setting(const struct facts *facts, const char *key) {
	facts_each (setting, s, facts) {
		if (s->effective && streq(s->key, key)) {
			return s;
		}
	}
	return NULL;
}

const struct fact_feature *facts_feature(const struct facts *facts, const char *name) {
	facts_each (feature, f, facts) {
		if (streq(f->name, name)) {
			return f;
		}
	}
	return NULL;
}

const struct fact_go_run *facts_run(const struct facts *facts, const char *name) {
	facts_each (go_run, r, facts) {
		if (streq(r->name, name)) {
			return r;
		}
	}
	return NULL;
}

const char *facts_run_words(const struct facts *facts, const struct fact_go_run *run) {
	struct slice rest = slice_str(run ? run->err : "");
	struct slice line;
	while (slice_line(&rest, &line)) {
		line = slice_trim(line);
		if (line.len > 0) {
			return arena_slicedup(facts->arena, line);
		}
	}
	return "";
}

const struct fact_trial *facts_trial(const struct facts *facts, const char *what) {
	facts_each (trial, t, facts) {
		if (streq(t->what, what)) {
			return t;
		}
	}
	return NULL;
}

bool facts_hurt(const struct facts *facts) {
	const struct fact_health *health = facts_first(health, facts);
	return health && (streq(health->state, "broken") || streq(health->state, "degraded"));
}

bool facts_healthy(const struct facts *facts) {
	const struct fact_health *health = facts_first(health, facts);
	return health && streq(health->state, "healthy");
}

static bool says(const char *text, const char *word, const char *word2) {
	return str_has(text, word) && (!word2 || str_has(text, word2));
}

const struct fact *facts_said(const struct facts *facts, const char *word, const char *word2) {
	facts_each (message, m, facts) {
		if (says(m->text, word, word2)) {
			return &m->base;
		}
	}
	facts_each (diagnostic, d, facts) {
		if (says(d->text, word, word2)) {
			return &d->base;
		}
	}
	return NULL;
}
