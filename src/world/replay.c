/* SPDX-License-Identifier: MIT
 */
#include "world/replay.h"

#include "base/clock.h"
#include "wire/transcript.h"
#include "world/session.h"

#include <errno.h>

struct replay_world {
	struct world base;
	const struct evidence_store *recorded;
};

struct replay_session {
	struct session base;
	const struct evidence *recorded; /* NULL when there is none */
	struct transcript_reader reader;
	struct transcript_event next; /* valid when has_next */
	bool has_next;
	bool opened;
	bool ended;     /* its last event has been told */
	int64_t now_ns; /* since the session's start */
	int64_t tick_ns;
};

static void replay_answer(struct world *w, const struct evidence *recorded, struct evidence *ev) {
	(void)w;
	if (!recorded) {
		ev->state = EV_NOT_RECORDED;
		return;
	}
	ev->at_ns = recorded->at_ns;
	ev->state = recorded->state;
	ev->error = recorded->error;
	ev->bytes = recorded->bytes;
}

static const struct evidence *recorded_of(struct world *w, const char *source) {
	return evidence_find(((struct replay_world *)w)->recorded, source);
}

static void replay_look(struct world *w, enum look what, const char *arg, size_t cap,
                        struct evidence *ev) {
	(void)what;
	(void)arg;
	(void)cap;
	replay_answer(w, recorded_of(w, ev->source), ev);
}

static void replay_run(struct world *w, const struct run_spec *spec, struct evidence *ev) {
	(void)spec;
	replay_answer(w, recorded_of(w, ev->source), ev);
}

static struct session *replay_session_start(struct world *w, const struct session_spec *spec) {
	(void)spec;
	return &arena_new_of(w->arena, struct replay_session)->base;
}

static void replay_session_send(struct session *s, struct slice body) {
	(void)s;
	(void)body;
}

static void replay_advance(struct replay_session *session) {
	session->has_next = transcript_next(&session->reader, &session->next, NULL) == 1;
}

static void replay_tell(struct replay_session *session, enum session_event event,
                        struct slice bytes) {
	struct dialogue *dialogue = session->base.dialogue;

	dialogue->on_event(dialogue, &session->base, event, bytes, session->now_ns);
}

/* The source is known only once core/world.c has given the session its evidence. */
static void replay_open(struct replay_session *session) {
	static const char not_recorded[] = "errno 0";

	session->opened = true;
	session->recorded = recorded_of(session->base.world, session->base.ev->source);
	if (session->recorded &&
	    transcript_reader_init(&session->reader, session->recorded->bytes, NULL) == 0) {
		replay_advance(session);
	}
	if (!session->has_next) {
		session->ended = true;
		replay_tell(session, SESSION_FAILED, slice_str(not_recorded));
	}
}

static void replay_event(struct replay_session *session) {
	struct slice payload = session->next.payload;

	switch (session->next.kind) {
	case TRANSCRIPT_RECEIVED:
		replay_tell(session, SESSION_FRAME, payload);
		break;
	case TRANSCRIPT_STDERR:
		replay_tell(session, SESSION_STDERR, payload);
		break;
	case TRANSCRIPT_JUNK:
		replay_tell(session, SESSION_JUNK, payload);
		break;
	case TRANSCRIPT_EXIT:
		session->ended = true;
		replay_tell(session,
		            slice_starts(payload, "errno ") ? SESSION_FAILED : SESSION_EXITED,
		            payload);
		break;
	case TRANSCRIPT_NOTE:
		if (slice_eq(payload, SESSION_NOTE_STARTED)) {
			replay_tell(session, SESSION_STARTED, slice_of("", 0));
		}
		break;
	case TRANSCRIPT_SENT:
	case TRANSCRIPT_TRUNCATED:
		break;
	}
}

/* What follows our own request to stop was never told to a dialogue. */
static bool replay_is_over(const struct replay_session *session) {
	return !session->has_next || (session->next.kind == TRANSCRIPT_NOTE &&
	                              slice_eq(session->next.payload, SESSION_NOTE_STOP));
}

/* Everything up to our recorded request to stop, whatever deadline is given: the one in force then
 * ended where that request stands, and a slow replay must not hear less than the live run did. */
static void replay_session_wait(struct world *w, struct session *s, int64_t deadline_ns) {
	struct replay_session *session = (struct replay_session *)s;

	(void)w;
	(void)deadline_ns;
	if (!session->opened) {
		replay_open(session);
	}
	while (!session->ended && !s->dialogue->is_done(s->dialogue) && session->has_next) {
		int64_t tick_ns = session->tick_ns + SESSION_TICK_NS;

		if (session->next.at_ns >= tick_ns) {
			session->now_ns = tick_ns;
			session->tick_ns = tick_ns;
			replay_tell(session, SESSION_TICK, slice_of("", 0));
		} else if (replay_is_over(session)) {
			return;
		} else {
			session->now_ns = session->next.at_ns > session->now_ns
			                          ? session->next.at_ns
			                          : session->now_ns;
			replay_event(session);
			replay_advance(session);
		}
	}
}

static void replay_session_stop(struct world *w, struct session *s, struct evidence *ev) {
	struct replay_session *session = (struct replay_session *)s;

	if (!session->opened) {
		session->recorded = recorded_of(w, ev->source);
	}
	replay_answer(w, session->recorded, ev);
}

static void replay_close(struct world *w) {
	(void)w; /* everything is in the arena */
}

static const struct world_ops replay_ops = {
	.look = replay_look,
	.run = replay_run,
	.session_start = replay_session_start,
	.session_send = replay_session_send,
	.session_wait = replay_session_wait,
	.session_stop = replay_session_stop,
	.close = replay_close,
};

struct world *world_replay_open(struct arena *arena, struct evidence_store *store,
                                const struct evidence_store *recorded) {
	struct replay_world *rw = arena_new_of(arena, struct replay_world);

	rw->base = (struct world){
		.ops = &replay_ops, .store = store, .arena = arena, .start_ns = clock_now_ns()};
	rw->recorded = recorded;
	return &rw->base;
}
