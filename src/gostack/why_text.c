/* SPDX-License-Identifier: MIT */
#include "base/str.h"
#include "gostack/why.h"

#include <inttypes.h>

#define IDS_SHOWN     ((size_t)8)
#define HOLDERS_SHOWN ((size_t)8)

static const struct goroutine *goroutine_of(const struct gostack *s, uint32_t index) {
	return &s->all.items[index];
}

static void add_place(struct strbuf *out, const struct go_line *line) {
	if (line) {
		strbuf_printf(out, "%s (%s:%d)", line->function, line->file, line->line);
	} else {
		strbuf_add(out, "unknown code");
	}
}

/* ---- objects ---- */

static void add_state(struct strbuf *out, const struct why_object *o) {
	if (!o->known) {
		strbuf_add(out, ", not readable");
		return;
	}
	switch (o->kind) {
	case WHY_CHANNEL:
		strbuf_printf(out, ", %" PRIu64 " of %" PRIu64 " in it%s%s", o->length, o->capacity,
		              o->closed ? ", closed" : "", o->timer ? ", of a timer" : "");
		break;
	case WHY_MUTEX:
		strbuf_add(out, o->locked ? ", locked" : ", not locked");
		break;
	case WHY_RWMUTEX:
		strbuf_printf(out, ", %s, %lld reader%s", o->locked ? "a writer" : "no writer",
		              (long long)o->count, o->count == 1 ? "" : "s");
		break;
	case WHY_WAITGROUP:
		strbuf_printf(out, ", %lld to be done", (long long)o->count);
		break;
	case WHY_COND:
		break;
	case WHY_FD_READ:
	case WHY_FD_WRITE:
		strbuf_printf(out, ", descriptor %lld%s%s", (long long)o->descriptor,
		              o->locked ? ", locked" : ", not locked", o->closed ? ", closed" : "");
		break;
	}
}

static const char *how_words(enum why_how how, bool one) {
	static const char *const many[] = {"receive",      "send",
	                                   "select on it", "lock",
	                                   "read-lock",    "wait for its readers",
	                                   "wait",         "wait to be woken"};
	static const char *const single[] = {"receives",      "sends",
	                                     "selects on it", "locks",
	                                     "read-locks",    "waits for its readers",
	                                     "waits",         "waits to be woken"};
	return one ? single[how] : many[how];
}

static void add_waiters(struct strbuf *out, const struct gostack *s, const struct why_object *o) {
	for (int how = WHY_RECEIVES; how <= WHY_AWAITS_SIGNAL; how++) {
		size_t count = 0;
		int64_t longest_s = -1;
		const struct goroutine *first = NULL;
		struct strbuf ids;
		strbuf_init(&ids, s->arena);
		for (size_t i = 0; i < o->waiter_count; i++) {
			const struct goroutine *g = goroutine_of(s, o->waiters[i].goroutine);
			if ((int)o->waiters[i].how != how) {
				continue;
			}
			if (count++ < IDS_SHOWN) {
				strbuf_printf(&ids, " %" PRIu64, g->id);
			}
			int64_t waited_s = gostack_waited_s(s, g);
			longest_s = waited_s > longest_s ? waited_s : longest_s;
			first = first ? first : g;
		}
		if (!first) {
			continue;
		}
		strbuf_printf(out, "\t%zu %s:%s%s, ", count,
		              how_words((enum why_how)how, count == 1), ids.data,
		              count > IDS_SHOWN ? " ..." : "");
		add_place(out, why_line(s, first));
		if (longest_s >= 60) {
			strbuf_printf(out, ", for %lld minutes or more", (long long)longest_s / 60);
		}
		strbuf_add_char(out, '\n');
	}
}

static void add_holder(struct strbuf *out, const struct gostack *s, const struct why_object *o,
                       const struct why_holder *h) {
	static const char *const verbs[] = {"close",        "unlock", "unlock", "call Done on",
	                                    "broadcast to", "unlock", "unlock"};
	uint64_t id = goroutine_of(s, h->goroutine)->id;
	bool read = (h->calls & CALLS_RUNLOCK) != 0;
	bool channel = o->kind == WHY_CHANNEL || o->kind == WHY_COND;
	switch (h->reason) {
	case WHY_BY_WRITER:
		strbuf_printf(out,
		              "held by goroutine %" PRIu64
		              " (proven): it waits for the readers in Lock, all others for it: ",
		              id);
		break;
	case WHY_BY_ONCE:
		strbuf_printf(out,
		              "held by goroutine %" PRIu64
		              " (proven): it runs the function of this Once: ",
		              id);
		break;
	case WHY_BY_DEFER:
		strbuf_printf(out, "%s goroutine %" PRIu64 " (%s): a deferred call will %s it: ",
		              channel                    ? "ended by"
		              : o->kind == WHY_WAITGROUP ? "waits for"
		              : read                     ? "read by"
		                                         : "held by",
		              id, why_proof_name(h->proof), verbs[o->kind]);
		break;
	case WHY_BY_CODE:
		strbuf_printf(out,
		              "held by goroutine %" PRIu64
		              " (likely): its function locked before, and unlocks behind: ",
		              id);
		break;
	case WHY_BY_REFERENCE:
		strbuf_printf(out,
		              "goroutine %" PRIu64 " (possible): its stack points to it: ", id);
		break;
	}
	add_place(out, h->where);
	strbuf_add_char(out, '\n');
}

static void add_holders(struct strbuf *out, const struct gostack *s, const struct why_object *o) {
	if (o->holder_count == 0) {
		strbuf_add(out, o->kind == WHY_CHANNEL && o->timer
		                        ? "\ta timer sends to it (proven)\n"
		                        : "\tcannot tell for whom\n");
		return;
	}
	bool sure = o->holders[0].proof != WHY_POSSIBLE;
	if (!sure) {
		strbuf_printf(out, "\tcannot tell for whom; %s\n",
		              o->holder_count > 1 ? "perhaps one of these, or none" : "perhaps");
	}
	size_t shown = 0;
	for (size_t i = 0; i < o->holder_count && shown < HOLDERS_SHOWN; i++) {
		if (!sure || o->holders[i].proof != WHY_POSSIBLE) {
			strbuf_add(out, sure ? "\t" : "\t\t");
			add_holder(out, s, o, &o->holders[i]);
			shown++;
		}
	}
	if (o->holder_count > HOLDERS_SHOWN) {
		strbuf_add(out, "\t...\n");
	}
}

static void add_object(struct strbuf *out, const struct gostack *s, const struct why_object *o) {
	strbuf_printf(out, "\n%s 0x%" PRIx64, why_kind_name(o), o->address);
	add_state(out, o);
	strbuf_add(out, ":\n");
	add_waiters(out, s, o);
	add_holders(out, s, o);
}

/* ---- cycles ---- */

static void add_cycle(struct strbuf *out, const struct gostack *s, const struct why *why,
                      const struct why_cycle *c) {
	strbuf_printf(out, "\ndeadlock (%s):", why_proof_name(c->proof));
	for (size_t i = 0; i <= c->count; i++) {
		strbuf_printf(out, "%s %" PRIu64, i == 0 ? " goroutine" : " ->",
		              goroutine_of(s, c->goroutines[i % c->count])->id);
	}
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < c->count; i++) {
		const struct goroutine *g = goroutine_of(s, c->goroutines[i]);
		const struct why_object *o = &why->objects[c->objects[i]];
		strbuf_printf(out, "\tgoroutine %" PRIu64 " waits for %s 0x%" PRIx64 ": ", g->id,
		              why_kind_name(o), o->address);
		add_place(out, why_line(s, g));
		strbuf_add_char(out, '\n');
	}
}

static void add_head(struct strbuf *out, const struct why *why) {
	size_t proven = 0;
	for (size_t i = 0; i < why->cycle_count; i++) {
		proven += why->cycles[i].proof == WHY_PROVEN ? 1 : 0;
	}
	size_t likely = why->cycle_count - proven;
	if (proven > 0) {
		strbuf_printf(out, "%zu deadlock%s proven", proven, proven == 1 ? "" : "s");
	}
	if (likely > 0) {
		strbuf_printf(out, "%s%zu deadlock%s likely", proven > 0 ? ", " : "", likely,
		              likely == 1 ? "" : "s");
	}
	strbuf_printf(out, "%s%zu %s waited for",
	              why->cycle_count > 0 ? "; " : "no deadlock found; ", why->object_count,
	              why->object_count == 1 ? "object is" : "objects are");
	if (why->forever_count > 0) {
		strbuf_printf(out, "; %zu goroutine%s can never go on", why->forever_count,
		              why->forever_count == 1 ? "" : "s");
	}
	if (why->untold > 0) {
		strbuf_printf(out, "; of %zu that wait it was not found for what", why->untold);
	}
	if (why->moved > 0) {
		strbuf_printf(out, "; %zu moved meanwhile", why->moved);
	}
	strbuf_add_char(out, '\n');
}

void why_text(struct strbuf *out, struct gostack *s, const struct why *why) {
	add_head(out, why);
	for (size_t i = 0; i < why->cycle_count; i++) {
		add_cycle(out, s, why, &why->cycles[i]);
	}
	for (size_t i = 0; i < why->object_count; i++) {
		add_object(out, s, &why->objects[i]);
	}
	if (why->forever_count > 0) {
		strbuf_add(
			out,
			"\nnil channel or select without cases; nobody can end that (proven):\n");
	}
	for (size_t i = 0; i < why->forever_count; i++) {
		const struct goroutine *g = goroutine_of(s, why->forever[i]);
		strbuf_printf(out, "\tgoroutine %" PRIu64 " [%s], ", g->id, gostack_status(s, g));
		add_place(out, why_line(s, g));
		strbuf_add_char(out, '\n');
	}
}
