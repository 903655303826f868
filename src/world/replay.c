/* SPDX-License-Identifier: MIT
 */
#include "world/replay.h"

#include "base/clock.h"
#include "base/str.h"
#include "wire/transcript.h"
#include "world/session.h"

#include <errno.h>

/* A live wait ends a little after its deadline, and what has come by then has been told. */
#define LATE_NS (20 * NS_PER_MS)

struct replay_world {
	struct world base;
	const struct evidence_store *recorded;
	const struct replay_helper *helper; /* NULL: none */
};

struct replay_session {
	struct session base;
	const struct evidence *recorded; /* NULL when there is none */
	struct transcript_reader reader;
	struct transcript_event next; /* valid when has_next */
	bool has_next;
	bool is_empty;    /* nothing was recorded */
	bool ended;       /* its last event has been told */
	int64_t start_ns; /* as world_now_ns() */
	int64_t now_ns;   /* since then */
	int64_t tick_ns;
};

/* The time of the run goes on to this one; never back. */
static void replay_reach(struct world *w, int64_t ns) {
	w->told_ns = ns > w->told_ns ? ns : w->told_ns;
}

static void replay_answer(struct world *w, const struct evidence *recorded, struct evidence *ev) {
	if (!recorded) {
		ev->state = EV_NOT_RECORDED;
		return;
	}
	replay_reach(w, w->start_ns + recorded->at_ns);
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
	const struct replay_helper *helper = ((struct replay_world *)w)->helper;
	const struct evidence *recorded = recorded_of(w, ev->source);
	const struct evidence *more =
		helper ? helper->ask(helper->context, what, arg, cap, recorded) : NULL;

	replay_answer(w, more ? more : recorded, ev);
}

static void replay_run(struct world *w, const struct run_spec *spec, struct evidence *ev) {
	(void)spec;
	replay_answer(w, recorded_of(w, ev->source), ev);
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

/* The first note; 0 in a case file of an earlier release. */
static int64_t recorded_pid(struct arena *arena, const struct replay_session *session) {
	struct slice text = session->next.payload;
	int64_t pid = 0;

	if (!session->has_next || session->next.kind != TRANSCRIPT_NOTE ||
	    !slice_starts(text, SESSION_NOTE_PID)) {
		return 0;
	}
	text = slice_of(text.data + strlen(SESSION_NOTE_PID), text.len - strlen(SESSION_NOTE_PID));
	return str_to_int64(arena_slicedup(arena, text), &pid) == 0 && pid > 0 ? pid : 0;
}

static struct session *replay_session_start(struct world *w, const struct session_spec *spec,
                                            const char *source) {
	struct replay_session *session = arena_new_of(w->arena, struct replay_session);

	(void)spec;
	session->recorded = recorded_of(w, source);
	if (session->recorded) {
		replay_reach(w, w->start_ns + session->recorded->at_ns);
	}
	session->start_ns = world_now_ns(w);
	if (session->recorded &&
	    transcript_reader_init(&session->reader, session->recorded->bytes, NULL) == 0) {
		replay_advance(session);
	}
	session->is_empty = !session->has_next;
	session->base.pid = recorded_pid(w->arena, session);
	return &session->base;
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
		} else if (slice_eq(payload, SESSION_NOTE_DONE)) {
			session->tick_ns = session->now_ns;
			replay_tell(session, SESSION_TICK, slice_of("", 0));
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

/* Whether a tick comes before the next event. */
static bool replay_ticks(const struct replay_session *session) {
	return session->next.at_ns >= session->tick_ns + SESSION_TICK_NS;
}

/* Tells what comes next, when it came by then. False when it did not. */
static bool replay_step(struct replay_session *session, int64_t until_ns) {
	bool ticks = session->has_next && replay_ticks(session);
	int64_t at_ns = ticks ? session->tick_ns + SESSION_TICK_NS : session->next.at_ns;

	if ((!ticks && replay_is_over(session)) || at_ns - LATE_NS > until_ns) {
		return false;
	}
	session->now_ns = at_ns > session->now_ns ? at_ns : session->now_ns;
	if (ticks) {
		session->tick_ns = at_ns;
		replay_tell(session, SESSION_TICK, slice_of("", 0));
	} else {
		replay_event(session);
		replay_advance(session);
	}
	return true;
}

static bool replay_waits(const struct replay_session *session) {
	const struct dialogue *dialogue = session->base.dialogue;

	return !session->ended && !dialogue->is_done(dialogue);
}

/* The deadline is one of the recorded time, so a slow replay hears no less than the live run did. */
static void replay_session_wait(struct world *w, struct session *s, int64_t deadline_ns) {
	static const char not_recorded[] = "errno 0";
	struct replay_session *session = (struct replay_session *)s;
	/* What came before the latest look was told while the live run looked. */
	int64_t end_ns = deadline_ns > w->told_ns ? deadline_ns : w->told_ns;
	int64_t until_ns = end_ns - session->start_ns;

	if (session->is_empty && !session->ended) {
		session->ended = true;
		replay_tell(session, SESSION_FAILED, slice_str(not_recorded));
	}
	while (replay_waits(session) && replay_step(session, until_ns)) {
	}
	bool all = !replay_waits(session) || session->now_ns > until_ns;

	replay_reach(w, all ? session->start_ns + session->now_ns : end_ns);
}

static void replay_session_stop(struct world *w, struct session *s, struct evidence *ev) {
	int64_t at_ns = w->told_ns;

	replay_answer(w, ((struct replay_session *)s)->recorded, ev);
	replay_reach(w, at_ns);
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

struct world *world_replay_helped(struct arena *arena, struct evidence_store *store,
                                  const struct evidence_store *recorded,
                                  const struct replay_helper *helper) {
	struct replay_world *rw = arena_new_of(arena, struct replay_world);

	store->start_wall_ns =
		recorded->start_wall_ns > 0 ? recorded->start_wall_ns : clock_wall_ns();
	rw->base = (struct world){
		.ops = &replay_ops, .store = store, .arena = arena, .start_ns = clock_now_ns()};
	rw->base.told_ns = rw->base.start_ns;
	rw->recorded = recorded;
	rw->helper = helper;
	return &rw->base;
}

struct world *world_replay_open(struct arena *arena, struct evidence_store *store,
                                const struct evidence_store *recorded) {
	return world_replay_helped(arena, store, recorded, NULL);
}
