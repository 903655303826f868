/* SPDX-License-Identifier: MIT */
#include "cmd/stacks.h"

#include "report/json_frame.h"

static void put_line(struct json *json, const char *key, const struct go_line *line) {
	json_key(json, key);
	if (!line) {
		strbuf_add(json->out, "null");
		json->filled = true;
		return;
	}
	json_open(json, '{');
	json_put(json, "function", line->function);
	json_put(json, "file", line->file);
	json_put_number(json, "line", line->line);
	json_close(json, '}');
}

static void put_waiters(struct json *json, struct gostack *s, const struct why_object *o) {
	json_open_member(json, "waiters", '[');
	for (size_t i = 0; i < o->waiter_count; i++) {
		const struct goroutine *g = &s->all.items[o->waiters[i].goroutine];
		json_open_element(json, '{');
		json_put_number(json, "goroutine", (int64_t)g->id);
		json_put(json, "how", why_how_name(o->waiters[i].how));
		put_line(json, "line", why_line(s, g));
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_holders(struct json *json, struct gostack *s, const struct why_object *o) {
	json_open_member(json, "holders", '[');
	for (size_t i = 0; i < o->holder_count; i++) {
		const struct why_holder *h = &o->holders[i];
		json_open_element(json, '{');
		json_put_number(json, "goroutine", (int64_t)s->all.items[h->goroutine].id);
		json_put(json, "proof", why_proof_name(h->proof));
		json_put(json, "reason", why_reason_name(h->reason));
		json_put_bool(json, "read", (h->calls & CALLS_RUNLOCK) != 0);
		put_line(json, "line", h->where);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_put_bool(json, "more_holders", o->dropped);
}

static void put_state(struct json *json, const struct why_object *o) {
	json_put_bool(json, "known", o->known);
	switch (o->kind) {
	case WHY_CHANNEL:
		json_put_number(json, "length", (int64_t)o->length);
		json_put_number(json, "capacity", (int64_t)o->capacity);
		json_put_bool(json, "closed", o->closed);
		json_put_bool(json, "timer", o->timer);
		break;
	case WHY_MUTEX:
		json_put_bool(json, "locked", o->locked);
		break;
	case WHY_RWMUTEX:
		json_put_bool(json, "writer", o->locked);
		json_put_number(json, "readers", o->count);
		break;
	case WHY_WAITGROUP:
		json_put_number(json, "missing", o->count);
		break;
	case WHY_COND:
		break;
	case WHY_FD_READ:
	case WHY_FD_WRITE:
		json_put_bool(json, "locked", o->locked);
		json_put_bool(json, "closed", o->closed);
		json_put_number(json, "descriptor", o->descriptor);
		break;
	}
}

static void put_cycle(struct json *json, struct gostack *s, const struct why *why,
                      const struct why_cycle *c) {
	json_newline(json, 2);
	json_open(json, '{');
	json_put(json, "proof", why_proof_name(c->proof));
	json_open_member(json, "links", '[');
	for (size_t i = 0; i < c->count; i++) {
		const struct goroutine *g = &s->all.items[c->goroutines[i]];
		json_open_element(json, '{');
		json_put_number(json, "goroutine", (int64_t)g->id);
		json_put_number(json, "waits_on", c->objects[i]);
		json_put(json, "kind", why_kind_name(&why->objects[c->objects[i]]));
		put_line(json, "line", why_line(s, g));
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void put_objects(struct json *json, struct gostack *s, const struct why *why) {
	json_newline(json, 1);
	json_open_member(json, "objects", '[');
	for (size_t i = 0; i < why->object_count; i++) {
		const struct why_object *o = &why->objects[i];
		json_newline(json, 2);
		json_open(json, '{');
		json_put_number(json, "id", (int64_t)i);
		json_put(json, "kind", why_kind_name(o));
		json_put(json, "address",
		         arena_printf(s->arena, "0x%llx", (unsigned long long)o->address));
		put_state(json, o);
		put_waiters(json, s, o);
		put_holders(json, s, o);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void stacks_why_json(struct strbuf *out, struct gostack *s, const struct stacks_source *source,
                     const struct why *why) {
	struct json json = {.out = out};
	json_begin(&json, "dialtone.stacks.why/1");
	stacks_put_source(&json, source);
	json_put_or_null(&json, "go", s->version);
	json_put_number(&json, "goroutines", (int64_t)s->all.count);
	json_newline(&json, 1);
	json_open_member(&json, "deadlocks", '[');
	for (size_t i = 0; i < why->cycle_count; i++) {
		put_cycle(&json, s, why, &why->cycles[i]);
	}
	json_close(&json, ']');
	put_objects(&json, s, why);
	json_newline(&json, 1);
	json_open_member(&json, "forever", '[');
	for (size_t i = 0; i < why->forever_count; i++) {
		json_element(&json);
		strbuf_printf(out, "%llu", (unsigned long long)s->all.items[why->forever[i]].id);
	}
	json_close(&json, ']');
	json_put_number(&json, "not_found", (int64_t)why->untold);
	json_put_number(&json, "moved", (int64_t)why->moved);
	json_put_bool(&json, "cut", why->cut);
	json_end(&json);
}
