/* SPDX-License-Identifier: MIT
 * Facts: small typed statements, each naming the evidence it came from. Declared in core/fact.def.
 */
#ifndef CORE_FACTS_H
#define CORE_FACTS_H

#include "base/err.h"
#include "core/evidence.h"

/* Every field is 8 bytes wide, so that the text form can walk any fact (facts_field). */
#define S(name) const char *name;
#define I(name) int64_t name;
#define B(name) _Alignas(8) bool name;

enum fact_kind {
#define FACT(kind, meaning, fields) FACT_##kind,
#include "core/fact.def"
#undef FACT
	FACT_KIND_COUNT,
};

struct fact {
	enum fact_kind kind;
	const struct evidence *ev; /* what it rests on; NULL in test cases */
	struct fact *next;         /* of the same kind, in the order they were added */
};

#define FACT(kind, meaning, fields)                                                                \
	struct fact_##kind {                                                                       \
		struct fact base;                                                                  \
		fields                                                                             \
	};
#include "core/fact.def"
#undef FACT
#undef S
#undef I
#undef B

/* A set of kinds. */
__extension__ typedef unsigned __int128 fact_set;
#define FACT_SET_OF(number) ((fact_set)1 << (number))
#define FACT_BIT(kind)      FACT_SET_OF(FACT_##kind)
_Static_assert(FACT_KIND_COUNT <= 128, "a set of kinds is one fact_set");

struct coverage {
	bool refused;        /* the look failed: absence of facts means nothing */
	const char *because; /* one sentence, what stood in the way */
	const char *needs;   /* what would let us see */
};

struct facts {
	struct arena *arena;
	struct fact *first[FACT_KIND_COUNT];
	struct fact *last[FACT_KIND_COUNT];
	struct coverage coverage[FACT_KIND_COUNT];
};

void facts_init(struct facts *facts, struct arena *arena);

/* Copies the fact; NULL texts become "". Use FACTS_ADD. Never NULL. */
struct fact *facts_add(struct facts *facts, const struct evidence *ev, const struct fact *fact);
#define FACTS_ADD(facts, kind_, ev_, ...)                                                          \
	((struct fact_##kind_ *)facts_add(                                                         \
		(facts), (ev_),                                                                    \
		&(struct fact_##kind_){.base = {.kind = FACT_##kind_}, __VA_ARGS__}.base))

/* for (const struct fact_KIND *var: all facts of the kind, in order) */
#define facts_each(kind_, var, facts)                                                              \
	for (const struct fact_##kind_ *var =                                                      \
	             (const struct fact_##kind_ *)(facts)->first[FACT_##kind_];                    \
	     var; var = (const struct fact_##kind_ *)var->base.next)

/* The first fact of a kind, or NULL. */
#define facts_first(kind_, facts) ((const struct fact_##kind_ *)(facts)->first[FACT_##kind_])

/* Says that facts of this kind could not be gathered. The first reason stays. */
void facts_refuse(struct facts *facts, enum fact_kind kind, const char *because, const char *needs);

/* The text form: `kind name=value name="quoted \"value\""`; a field left out is "", 0 or false
 * (0/1). */
const char *fact_kind_name(enum fact_kind kind);
const char *fact_to_text(struct arena *arena, const struct fact *fact);
/* Adds the fact of one line; blank lines and lines with # are nothing. Error: -EINVAL with a
 * sentence. */
int facts_add_text(struct facts *facts, const char *line, struct err *err);
/* `refused kind "because"` in a case file is a facts_refuse. */

/* Questions many rules ask. "" and NULL when there is none. */
const char *facts_var(const struct facts *facts, const char *scope,
                      const char *name); /* NULL: not set */
const struct fact_govar *facts_govar(const struct facts *facts, const char *name);
const char *facts_govar_value(const struct facts *facts, const char *name); /* "" when unknown */
const struct fact_tool *facts_chosen(const struct facts *facts, const char *tool);
const struct fact_binary *facts_binary(const struct facts *facts, const char *path);
const struct fact_place *facts_place(const struct facts *facts, const char *role);
const struct fact_setting *facts_setting(const struct facts *facts,
                                         const char *key); /* the effective one */
const struct fact_feature *facts_feature(const struct facts *facts, const char *name);
const struct fact_go_run *facts_run(const struct facts *facts, const char *name);
/* The run of go for the few variables that the Go extension asks for; only where the one for all of them failed. */
#define FACTS_RUN_EXTENSION "env of the extension"
/* The first line of its stderr that is not blank, in the arena of facts; "" when there is none, or no run. */
const char *facts_run_words(const struct facts *facts, const struct fact_go_run *run);
const struct fact_trial *facts_trial(const struct facts *facts, const char *what);
/* The server's state of health is "degraded" or "broken", or it was not (or could not be) started:
 * something is wrong that needs an explanation. */
bool facts_hurt(const struct facts *facts);
/* The handshake was complete and nothing was wrong. */
bool facts_healthy(const struct facts *facts);
/* The first message or diagnostic error whose text contains all of the (up to two) words; NULL when
 * none. */
const struct fact *facts_said(const struct facts *facts, const char *word, const char *word2);

#endif
