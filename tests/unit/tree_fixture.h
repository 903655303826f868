/* SPDX-License-Identifier: MIT
 * A tree of files and processes that exists only here, for what reads the machine through a world.
 */
#ifndef TREE_FIXTURE_H
#define TREE_FIXTURE_H

#include "base/str.h"
#include "core/probe.h"

struct entry {
	const char *
		name; /* the source of the evidence ("stat:/x"), or the path of a file or directory */
	const char *text; /* a listing ("f name") for a directory */
};

struct tree {
	struct world base;
	const struct entry *entries; /* ended by NULL */
};

struct bench {
	struct arena *arena;
	struct evidence_store store;
	struct facts facts;
	struct target target;
	struct tree tree;
	struct exam exam;
};

static inline void tree_look(struct world *w, enum look what, const char *arg, size_t cap,
                             struct evidence *ev) {
	const struct tree *t = (const struct tree *)w;
	bool by_path = what == LOOK_FILE || what == LOOK_DIR;

	(void)cap;
	ev->state = EV_ABSENT;
	for (const struct entry *e = t->entries; e->name; e++) {
		if (streq(e->name, ev->source) || (by_path && streq(e->name, arg))) {
			ev->state = EV_READ;
			ev->bytes = slice_str(e->text);
		}
	}
}

/* /home/l is the home; the entries are borrowed. */
static inline void bench_open(struct bench *b, const char *workspace, const struct entry *entries) {
	static const struct world_ops ops = {.look = tree_look};

	*b = (struct bench){.arena = arena_new()};
	evidence_store_init(&b->store, b->arena);
	facts_init(&b->facts, b->arena);
	b->tree = (struct tree){
		.base = {.ops = &ops, .store = &b->store, .arena = b->arena},
		.entries = entries,
	};
	envset_init(&b->target.judged, b->arena);
	b->target.workspace = workspace;
	b->target.home = b->target.passwd_home = "/home/l";
	b->exam = (struct exam){
		.arena = b->arena,
		.world = &b->tree.base,
		.facts = &b->facts,
		.target = &b->target,
	};
}

#endif
