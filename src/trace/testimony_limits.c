/* SPDX-License-Identifier: MIT
 * The limits that processes of the server were told of: Go's runtime asks for that of open files at its start and raises
 * it, so the first answer is what was inherited. The text of LOOK_CONTEXT (core/look.def).
 */
#include "trace/call.h"
#include "trace/testimony_work.h"

#include <inttypes.h>
#include <sys/resource.h>

static const struct {
	int resource;
	const char *key;
} limits[] = {{RLIMIT_NOFILE, "limit_nofile"}, {RLIMIT_AS, "limit_as"},
              {RLIMIT_DATA, "limit_data"},     {RLIMIT_CPU, "limit_cpu"},
              {RLIMIT_FSIZE, "limit_fsize"},   {RLIMIT_NPROC, "limit_nproc"}};

_Static_assert(sizeof(limits) / sizeof(*limits) == TESTIMONY_LIMITS, "a place for each");

/* What a process sets for itself: its programs have it too. */
static void see_set(struct testimony *t, const struct event *e, const struct call *call) {
	bool is_new = streq(call->name, "prlimit64");
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, is_new ? 2 : 1);
	uint64_t resource = e->args[is_new ? 1 : 0];
	bool of_other = is_new && e->args[0] != 0 && (pid_t)e->args[0] != e->pid;
	struct rlimit limit;
	if ((!is_new && !streq(call->name, "setrlimit")) || e->duration_ns < 0 || e->result != 0 ||
	    of_other || !p || p->bytes.len < sizeof(limit)) {
		return;
	}
	memcpy(&limit, p->bytes.data, sizeof(limit));
	struct witness *w = testimony_witness(t, e->pid);
	for (size_t i = 0; i < TESTIMONY_LIMITS; i++) {
		if ((uint64_t)limits[i].resource == resource) {
			w->set[i] = (struct told_limit){
				.known = true, .soft = limit.rlim_cur, .hard = limit.rlim_max};
		}
	}
}

void testimony_see_limits(struct testimony *t, const struct event *e, const struct call *call) {
	see_set(t, e, call);
	bool is_new = streq(call->name, "prlimit64");
	const struct payload *p = event_payload(e, PAYLOAD_BYTES, is_new ? 3 : 1);
	uint64_t resource = e->args[is_new ? 1 : 0];
	struct rlimit limit;
	if ((!is_new && !streq(call->name, "getrlimit")) || e->duration_ns < 0 || e->result != 0 ||
	    !p || p->bytes.len < sizeof(limit)) {
		return;
	}
	memcpy(&limit, p->bytes.data, sizeof(limit));
	struct witness *w = testimony_witness(t, e->pid);
	for (size_t i = 0; i < TESTIMONY_LIMITS; i++) {
		if ((uint64_t)limits[i].resource == resource && !w->limits[i].known) {
			w->limits[i] = (struct told_limit){
				.known = true, .soft = limit.rlim_cur, .hard = limit.rlim_max};
		}
	}
}

void testimony_inherit_limits(struct witness *w, const struct witness *from) {
	for (size_t i = 0; i < TESTIMONY_LIMITS; i++) {
		w->inherited[i] = from->set[i].known ? from->set[i] : from->inherited[i];
	}
}

static void put_number(struct strbuf *out, uint64_t value) {
	if (value == RLIM_INFINITY) {
		strbuf_add(out, "unlimited");
	} else {
		strbuf_printf(out, "%" PRIu64, value);
	}
}

void testimony_give_limits(struct testimony *t, struct evidence_store *store) {
	const struct witness *server = t->server;
	struct strbuf text;
	strbuf_init(&text, t->arena);
	for (size_t i = 0; server && i < TESTIMONY_LIMITS; i++) {
		const struct told_limit *l =
			server->limits[i].known ? &server->limits[i] : &server->inherited[i];
		if (l->known) {
			strbuf_printf(&text, "%s=", limits[i].key);
			put_number(&text, l->soft);
			strbuf_add(&text, ":");
			put_number(&text, l->hard);
			strbuf_add(&text, "\n");
		}
	}
	if (server && text.len > 0) {
		testimony_put(t, store, "proc:self/context", server->start_ns,
		              slice_of(text.data, text.len));
	}
}
