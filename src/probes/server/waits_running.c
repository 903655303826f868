/* SPDX-License-Identifier: MIT
 */
#include "probes/server/waits_running.h"

#include "probes/server/fetch_wait.h"
#include "probes/server/wait_calls.h"
#include "probes/server/wait_facts.h"

/* A server that runs may load for a while, and waits for this and that then. */
#define SETTLED_MS 5000

bool waits_concerns(const struct fact_running_server *s) {
	return s->here && (streq(s->role, "server") || streq(s->role, "forwarder") ||
	                   streq(s->role, "daemon"));
}

const struct evidence *waits_look_at(struct exam *exam, const struct fact_running_server *s) {
	return world_look(exam->world, LOOK_WAITS,
	                  arena_printf(exam->arena, "%lld", (long long)s->pid), LOOK_CAP_MODULE);
}

/* A fresh one waits in vain, too: then this is no load that takes its time. */
#define SETTLED_TOO_MS 1000

static bool got_there_by_lock(const struct facts *facts, const struct fact_wait_leaf *l) {
	facts_each (wait_link, link, facts) {
		if (link->target == l->target && streq(link->how, wait_how_name(HOW_LOCK))) {
			return true;
		}
	}
	return false;
}

static bool goes_by_lock(const struct wait_chain *chain) {
	for (size_t i = 0; i + 1 < chain->link_count; i++) {
		if (chain->links[i].how == HOW_LOCK) {
			return true;
		}
	}
	return false;
}

/* The fresh one ended at the same leaf: that is one thing, already said. But where it came there by a lock of this one's
 * go, this is the one to speak of. */
static bool is_known(const struct facts *facts, const struct wait_chain *chain) {
	facts_each (wait_leaf, l, facts) {
		if (l->pid == chain->leaf.process->pid &&
		    (goes_by_lock(chain) || !got_there_by_lock(facts, l))) {
			return true;
		}
	}
	return false;
}

static bool is_job_at_rest(const struct wait_process *p) {
	return streq(p->state, "T") && p->terminal != 0 && p->foreground > 0 &&
	       p->foreground != p->group;
}

/* Ctrl-Z in a terminal stops an editor, and the servers that are of its job with it: they rest while their user works in
 * the shell. Whoever was about to ask at that terminal has stopped them by itself. */
static bool is_put_aside(const struct waits *w, const struct wait_chain *chain) {
	const struct wait_process *p = chain->leaf.process;

	if (chain->leaf.kind != WAIT_STOPPED || !str_empty(chain->leaf.on) || !is_job_at_rest(p)) {
		return false;
	}
	for (size_t i = 0; i < w->process_count; i++) {
		const struct wait_process *q = &w->processes[i];

		if (q->group == p->group && is_job_at_rest(q) &&
		    waits_role(w->arena, q) == ROLE_EDITOR) {
			return true;
		}
	}
	return false;
}

static bool fresh_one_waits(const struct facts *facts) {
	facts_each (wait_leaf, l, facts) {
		if (streq(l->origin, "trial") && l->settled && !l->healthy) {
			return true;
		}
	}
	return false;
}

/* The chain of a running server; when it was looked at too early to tell, as it is now. False: it may not be seen. */
static bool chain_of(struct exam *exam, const struct fact_running_server *s, struct waits *ret,
                     struct wait_chain *ret_chain, const struct evidence **ret_ev) {
	bool too = fresh_one_waits(exam->facts);

	for (int turn = 0; turn < (too ? 2 : 1); turn++) {
		*ret_ev = turn == 0 ? waits_look_at(exam, s)
		                    : world_look(exam->world, LOOK_WAITS,
		                                 arena_printf(exam->arena, "%lld again",
		                                              (long long)s->pid),
		                                 LOOK_CAP_MODULE);
		if (!evidence_has_bytes(*ret_ev) ||
		    !waits_parse(exam->arena, (*ret_ev)->bytes, ret)) {
			return turn > 0;
		}
		*ret_chain = waits_chain(ret, too ? SETTLED_TOO_MS : SETTLED_MS);
		wait_calls_look(exam, ret, ret_chain, SETTLED_MS);
		if (!waits_is_healthy(ret_chain)) {
			break;
		}
	}
	return true;
}

/* It ends at a host that says nothing: a required module may be what is fetched from there. */
static void state_fetch(struct exam *exam, const struct evidence *ev, const struct waits *w,
                        const struct wait_chain *chain) {
	const struct wait_process *p = chain->leaf.process;
	const char *colon = strrchr(chain->leaf.on, ':');
	int64_t port = 0;

	if (chain->leaf.kind != WAIT_NET || waits_is_healthy(chain) || !chain->leaf.settled ||
	    !colon || str_to_int64(colon + 1, &port) < 0) {
		return;
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_socket *s = waits_socket(w, p->first_fd[i].ino);

		if (s && streq(s->remote, chain->leaf.on)) {
			(void)fetch_wait_state(
				exam, ev,
				&(struct fetch_waiter){
					.pid = p->pid,
					.comm = p->comm,
					.cmdline = p->cmdline,
					.address = arena_strndup(exam->arena, s->remote,
			                                         (size_t)(colon - chain->leaf.on)),
					.port = port,
					.state = s->state,
					.received = s->received_bytes,
					.age_ms = p->age_ms,
				});
			return;
		}
	}
}

/* The editor has started something in the server's place that has not come to start it: a script that asks at the
 * editor's terminal asks nobody when we start it. */
static void look_for_wrapper(struct exam *exam) {
	const struct evidence *ev =
		world_look(exam->world, LOOK_WAITS,
	                   arena_printf(exam->arena, "%lld", (long long)exam->target->editor_pid),
	                   LOOK_CAP_MODULE);
	struct waits w;
	const struct wait_process *wrapper =
		evidence_has_bytes(ev) && waits_parse(exam->arena, ev->bytes, &w)
			? waits_wrapper(&w, true)
			: NULL;

	if (!wrapper) {
		return;
	}
	w.target = wrapper->pid;
	struct wait_chain chain = waits_chain(&w, SETTLED_MS);

	if (chain.leaf.process && !is_known(exam->facts, &chain) && !is_put_aside(&w, &chain)) {
		wait_facts_state(exam->facts, ev, "running", &w, &chain);
	}
}

static int look(struct exam *exam, struct err *err) {
	bool runs = false;

	(void)err;
	facts_each (running_server, s, exam->facts) {
		runs = runs || waits_concerns(s);
	}
	if (!runs && exam->target->editor_pid > 0) {
		look_for_wrapper(exam);
	}
	facts_each (running_server, s, exam->facts) {
		struct waits w;
		struct wait_chain chain;
		const struct evidence *ev;

		if (!waits_concerns(s) || !chain_of(exam, s, &w, &chain, &ev)) {
			continue;
		}
		if (chain.leaf.process && !is_known(exam->facts, &chain) &&
		    !is_put_aside(&w, &chain)) {
			wait_facts_state(exam->facts, ev, "running", &w, &chain);
			state_fetch(exam, ev, &w, &chain);
		}
	}
	return 0;
}

const struct probe probe_waits_running = {
	.id = "waits_running",
	.title = "whether a running server of the workspace is stuck",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(wait_leaf) | FACT_BIT(wait_link) | FACT_BIT(wait_unread) |
                  FACT_BIT(lock_wait) | FACT_BIT(fetch_wait),
	.look = look,
};
