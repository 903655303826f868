/* SPDX-License-Identifier: MIT */
#include "guard/memory.h"

#include "base/str.h"
#include "core/world.h"

#define FIRST_LINE "guard=1\n"

static void init(struct arena *arena, struct guard_memory *memory) {
	*memory = (struct guard_memory){
		.visits = arena_array_of(arena, struct guard_visit, MEMORY_DIRS_MAX)};
	precautions_init(&memory->known, arena);
}

static bool is_known_id(const char *id) {
	return str_in(id, precaution_ids);
}

static void add_visit(struct guard_memory *memory, const struct guard_visit *visit) {
	size_t at = 0;
	while (at < memory->visit_count && !streq(memory->visits[at].dir, visit->dir)) {
		at++;
	}
	if (at == MEMORY_DIRS_MAX) {
		return;
	}
	int64_t same_ns = at < memory->visit_count &&
	                                  memory->visits[at].good_ns == visit->good_ns &&
	                                  visit->same_ns == 0
	                          ? memory->visits[at].same_ns
	                          : visit->same_ns;
	memory->visits[at] = *visit;
	memory->visits[at].same_ns = same_ns;
	memory->visit_count += at == memory->visit_count;
}

static void read_block(struct arena *arena, struct slice block, struct guard_memory *memory) {
	const char *dir = keyline_text(arena, block, "dir");
	const char *id = keyline_text(arena, block, "id");
	if (dir[0] != '/') {
		return;
	}
	if (str_empty(id)) {
		add_visit(memory, &(struct guard_visit){
					  .dir = dir,
					  .at_ns = keyline_number(arena, block, "at_ns", 0),
					  .cpu_ns = keyline_number(arena, block, "cpu_ns", 0),
					  .good_ns = keyline_number(arena, block, "good_ns", 0),
					  .same_ns = keyline_number(arena, block, "same_ns", 0),
					  .differs = keyline_number(arena, block, "differs", 0)});
		return;
	}
	if (is_known_id(id)) {
		precautions_add(&memory->known,
		                &(struct precaution){
					.id = id,
					.cause = keyline_text(arena, block, "cause"),
					.key = keyline_text(arena, block, "key"),
					.title = keyline_text(arena, block, "title"),
					.fix = keyline_text(arena, block, "fix"),
					.since_ns = keyline_number(arena, block, "since_ns", 0),
					.dir = dir});
	}
}

void guard_memory_read(struct arena *arena, struct slice bytes, struct guard_memory *ret) {
	struct slice block;
	init(arena, ret);
	if (bytes.len > MEMORY_MAX_BYTES || !slice_starts(bytes, FIRST_LINE)) {
		return;
	}
	struct slice rest =
		slice_of(bytes.data + strlen(FIRST_LINE), bytes.len - strlen(FIRST_LINE));
	while (keyline_block(&rest, &block)) {
		read_block(arena, block, ret);
	}
}

static void put_number(struct strbuf *out, const char *key, int64_t number) {
	keyline_put(out, key, arena_printf(out->arena, "%lld", (long long)number));
}

struct slice guard_memory_write(struct arena *arena, const struct guard_memory *memory) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, FIRST_LINE);
	for (size_t i = 0; i < memory->visit_count; i++) {
		const struct guard_visit *v = &memory->visits[i];
		keyline_put(&out, "dir", v->dir);
		put_number(&out, "at_ns", v->at_ns);
		put_number(&out, "cpu_ns", v->cpu_ns);
		put_number(&out, "good_ns", v->good_ns);
		put_number(&out, "same_ns", v->same_ns);
		put_number(&out, "differs", v->differs);
		strbuf_add_char(&out, '\n');
	}
	for (size_t i = 0; i < memory->known.count; i++) {
		const struct precaution *p = &memory->known.items[i];
		keyline_put(&out, "id", p->id);
		keyline_put(&out, "dir", p->dir);
		keyline_put(&out, "cause", p->cause);
		keyline_put(&out, "key", p->key);
		keyline_put(&out, "title", p->title);
		keyline_put(&out, "fix", p->fix);
		put_number(&out, "since_ns", p->since_ns);
		strbuf_add_char(&out, '\n');
	}
	return slice_of(out.data, out.len);
}

int64_t guard_memory_latest_ns(const struct guard_memory *memory) {
	int64_t latest = 0;
	for (size_t i = 0; i < memory->visit_count; i++) {
		latest = memory->visits[i].at_ns > latest ? memory->visits[i].at_ns : latest;
	}
	return latest;
}

/* What was known of other workspaces, for now. */
static struct precautions others(struct arena *arena, const struct guard_memory *memory,
                                 const char *dir) {
	struct precautions rest;
	precautions_init(&rest, arena);
	for (size_t i = 0; i < memory->known.count; i++) {
		if (!streq(memory->known.items[i].dir, dir)) {
			precautions_add(&rest, &memory->known.items[i]);
		}
	}
	return rest;
}

void guard_memory_take(struct arena *arena, struct guard_memory *memory,
                       const struct guard_visit *visit, const struct precautions *found,
                       struct precautions *fresh, struct precautions *over) {
	struct precautions now = others(arena, memory, visit->dir);
	for (size_t i = 0; i < found->count; i++) {
		struct precaution p = found->items[i];
		const struct precaution *old = precautions_find(&memory->known, p.id, p.key, NULL);
		p.dir = visit->dir;
		p.since_ns = old ? old->since_ns : visit->at_ns;
		if (!old) {
			precautions_add(fresh, &p);
		}
		precautions_add(&now, &p);
	}
	for (size_t i = 0; i < memory->known.count; i++) {
		const struct precaution *p = &memory->known.items[i];
		if (streq(p->dir, visit->dir) && !precautions_find(&now, p->id, p->key, NULL)) {
			precautions_add(over, p);
		}
	}
	memory->known = now;
	add_visit(memory, visit);
}

static bool is_recent(const struct guard_memory *memory, const char *dir, int64_t before_ns) {
	for (size_t i = 0; i < memory->visit_count; i++) {
		if (streq(memory->visits[i].dir, dir)) {
			return memory->visits[i].at_ns >= before_ns;
		}
	}
	return false;
}

void guard_memory_forget(struct arena *arena, struct guard_memory *memory, int64_t before_ns) {
	struct guard_memory kept;
	init(arena, &kept);
	for (size_t i = 0; i < memory->visit_count; i++) {
		if (memory->visits[i].at_ns >= before_ns) {
			add_visit(&kept, &memory->visits[i]);
		}
	}
	for (size_t i = 0; i < memory->known.count; i++) {
		if (is_recent(memory, memory->known.items[i].dir, before_ns)) {
			precautions_add(&kept.known, &memory->known.items[i]);
		}
	}
	*memory = kept;
}
