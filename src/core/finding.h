/* SPDX-License-Identifier: MIT
 * Findings: a cause id, a subject, a sentence, the facts it rests on.
 */
#ifndef CORE_FINDING_H
#define CORE_FINDING_H

#include "core/facts.h"

struct rule;

enum severity { SEV_ERROR, SEV_WARNING, SEV_NOTE };
enum confidence { CONF_CERTAIN, CONF_LIKELY, CONF_POSSIBLE };

#define FINDING_CITES_MAX 12
#define FINDING_FIXES_MAX 4

struct fix_advice {
	const char *title;   /* what it does, one line */
	const char *command; /* can be pasted into a shell; "" when it is not a command */
	bool reversible;
	bool disruptive; /* ends or restarts something of the user's */
	size_t steps; /* of the plan behind `dialtone fix`; 0: as many as the command has lines */
};

/* What came of ending the cause alone, in a rehearsal (`check --prove`). */
struct proof {
	const char *
		result; /* cured: without it all is well; part: some of it; stays: as much is wrong without it;
	                          unclear: the repair did not end it; not_run */
	const char *rehearsed;  /* of the repair: passed, failed, not_run */
	const char *because;    /* a sentence, lower case, no full stop; or "" */
	const char *words;      /* for people, a sentence likewise */
	const char *verdict;    /* of the check in the rehearsal, or NULL */
	enum confidence before; /* what the confidence was without it */
	int64_t handshake_ms;   /* of the check in the rehearsal, -1: none */
	int64_t overhead_ms;    /* of the rehearsal but for that */
};

struct finding {
	const struct rule *rule;
	const char *subject; /* what it is about, for people: a path, a variable, a pid */
	const char *about;   /* what explained findings are matched by; the subject unless
	                        finding_about said otherwise */
	const char *title;   /* one sentence with the names and values in it */
	const char *detail;  /* one more sentence of why, or "" */
	enum severity severity;
	enum confidence confidence;
	bool by_words; /* it would not be believed without words of the server, which a broken
	                  load also brings about, or says no more than that something is not done yet */
	const char *const *explains; /* instead of the rule's (rule.h); NULL: the rule's */
	const struct fact *cites[FINDING_CITES_MAX];
	size_t cite_count;
	struct fix_advice fixes[FINDING_FIXES_MAX];
	size_t fix_count;
	const struct finding *explained_by; /* set by infer; NULL for a root */
	size_t explains_count;              /* set by infer */
	bool changed; /* set by infer: what it is about changed since all worked (core/changes.h) */
	const struct proof *proof; /* NULL: none was tried */
	struct finding *next;
};

struct findings {
	struct arena *arena;
	struct finding *first;
	struct finding *last;
};

void findings_init(struct findings *findings, struct arena *arena);

/* Adds a finding of this rule with its severity and subject; title from fmt. Never NULL. */
struct finding *findings_add(struct findings *out, const struct rule *self, enum confidence conf,
                             const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The fact is part of the proof, most telling first; NULL and more than FINDING_CITES_MAX are
 * ignored. */
void finding_cite(struct finding *finding, const struct fact *fact);
#define finding_cites(finding, typed_fact) finding_cite((finding), &(typed_fact)->base)
/* Every link of the chain of waits that begins at this process. */
void finding_cites_links(struct finding *finding, const struct facts *facts, int64_t target);

/* The first fact of a kind that the finding cites, or NULL. */
const struct fact *finding_cited(const struct finding *finding, enum fact_kind kind);
#define finding_first(kind_, finding)                                                              \
	((const struct fact_##kind_ *)finding_cited((finding), FACT_##kind_))

/* Findings with an equal `about` are about the same thing (see rule.h, explains). */
void finding_about(struct findings *out, struct finding *finding, const char *about);
void finding_detail(struct findings *out, struct finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds a cure, gentlest first; command from fmt ("" = no command). Reversible unless changed
 * through the result. */
struct fix_advice *finding_fix(struct findings *out, struct finding *finding, const char *title,
                               const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* for (struct finding *var: all findings) */
#define findings_each(var, findings)                                                               \
	for (struct finding *var = (findings)->first; var; var = var->next)

const char *severity_name(enum severity severity);
const char *confidence_name(enum confidence confidence);

#endif
