/* SPDX-License-Identifier: MIT
 * What differs between environments, and what of it matters. Pure: sides and facts in, differences
 * out. The first side is what the others are compared with.
 *
 * A difference matters when go, its tools or an editor would behave otherwise: a program found
 * elsewhere is the same when it is the same file or the same version; a variable of go counts by its
 * effective value, wherever that comes from; a default that follows from another difference is told
 * there ("follows").
 */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "core/facts.h"
#include "core/side.h"
#include "report/report.h"

enum cell_state { CELL_UNKNOWN, CELL_UNSET, CELL_SET };

struct cell {
	enum cell_state state;
	const char *key;    /* equal keys count as equal */
	const char *value;  /* for people and programs; "" unless set. compare_mask hides secrets */
	const char *detail; /* "go1.26.8, /usr/local/go/bin/go", or "" */
	const char *origin; /* where it comes from, in words; "" unknown. Filled by the caller */
	const char *file;   /* the same for programs: path or "" */
	int64_t line;       /* 0: none */
	bool masked;
};

enum difference_what {
	DIFF_TOOL,
	DIFF_GO_ENV,
	DIFF_VARIABLE,
	DIFF_LIMIT,
	DIFF_CGROUP,
	DIFF_NAMESPACE,
	DIFF_MOUNT,
	DIFF_PROCESS, /* umask, root, seccomp, no_new_privs */
};

struct difference {
	enum difference_what what;
	const char *name; /* "go", "GOFLAGS", "nofile", "mnt", "/tmp" */
	unsigned rank;    /* lower: more consequential */
	bool matters;
	bool equal;          /* it does not differ: only with everything wished for */
	const char *follows; /* name of the difference it is a consequence of, or "" */
	const char *because; /* one sentence, or "" */
	struct cell *cells;  /* one for each side */
};

struct comparison {
	const struct sides *sides;
	struct difference *items; /* what matters first, then by rank, then by name */
	size_t count;
	size_t size;
	size_t matter_count;
};

/* facts: startup facts say which line would add a directory to PATH. workspace: where mounts are
 * compared beside the places of go. everything: what is equal as well. */
struct comparison compare_sides(struct arena *arena, const struct sides *sides,
                                const struct facts *facts, const char *workspace, bool everything);

/* Replaces the secret stretches of a value; is_secret says whether the whole is one. In the arena;
 * the value itself when there is nothing to hide. */
typedef const char *compare_mask_fn(struct arena *arena, const char *name, const char *value,
                                    bool *ret_secret);
/* Hides what must not be shown. Different secrets of one variable stay different: "***", "*** (2)".
 */
void compare_mask(struct comparison *comparison, struct arena *arena, compare_mask_fn *mask);

/* The word for it in JSON: tool, go_env, variable, limit, cgroup, namespace, mount, process. */
const char *difference_what_name(enum difference_what what);

enum compare_verdict { COMPARE_SAME, COMPARE_DIFFERS, COMPARE_UNKNOWN };
/* Unknown: nothing that matters differs, but a side could not be seen, or there is no other. */
enum compare_verdict compare_verdict(const struct comparison *comparison);

/* True when the cells of these sides are known and differ. */
bool compare_differs(const struct difference *d, size_t a, size_t b);

struct compare_view {
	const char *workspace;
	bool everything;
	struct report_timings timings;
};

/* The answer in one sentence: the first difference that matters, or that there is none. */
const char *compare_headline(struct arena *arena, const struct comparison *comparison);
void compare_text(struct strbuf *out, const struct comparison *comparison,
                  const struct compare_view *view, const struct report_style *style);
/* dialtone.env/1, docs/env.md. */
void compare_json(struct strbuf *out, const struct comparison *comparison,
                  const struct compare_view *view);

/* A fallback that $GOROOT/go.env holds since Go 1.21: the value one of the sides has from there. */
#define WEIGHT_OF_GOROOT "$GOROOT/go.env"

/* compare_rank.c: how much a name matters. rank 0: it never does by itself. */
struct compare_weight {
	const char *name;
	unsigned rank;
	bool place;           /* a path: says nothing about another machine */
	const char *fallback; /* what go takes when it is not set; "" nothing */
	const char *parent;   /* the difference its default follows from, or "" */
};
struct compare_weight compare_weight_govar(const char *name);
struct compare_weight compare_weight_variable(const char *name);
unsigned compare_weight_tool(const char *name, bool missing);

/* A side whose differences from ours do not matter while there are others. */
bool compare_is_aside(const struct comparison *c, size_t i);
/* compare_tools.c: the programs. */
void compare_tools(struct comparison *c, struct arena *arena, const struct facts *facts,
                   bool everything);
/* compare_context.c: limits, cgroup, namespaces, mounts, umask. */
void compare_context(struct comparison *c, struct arena *arena, const char *workspace,
                     bool everything);
/* Adds one; cells of all sides are unknown. */
struct difference *compare_add(struct comparison *c, struct arena *arena, enum difference_what what,
                               const char *name);
/* Drops the last one unless it differs somewhere or everything is wished for; else true. */
bool compare_keep(struct comparison *c, bool everything);

#endif
