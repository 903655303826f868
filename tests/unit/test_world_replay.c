/* SPDX-License-Identifier: MIT
 * A replay has the time of what was recorded: waits end at their deadlines, rules meet the durations there were then.
 */
#include "base/clock.h"
#include "base/str.h"
#include "core/locks.h"
#include "probes/server/handshake.h"
#include "probes/server/lock_wait.h"
#include "wire/transcript.h"
#include "world/replay.h"
#include "world/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define BEGAN_NS (1600000000 * NS_PER_S) /* years ago */

struct fixture {
	struct arena *arena;
	struct evidence_store recorded, store;
	struct world *world; /* once replay() was called */
	struct transcript transcript;
};

static int setup(void **state) {
	struct arena *arena = arena_new();
	struct fixture *f = arena_new_of(arena, struct fixture);

	f->arena = arena;
	evidence_store_init(&f->recorded, arena);
	evidence_store_init(&f->store, arena);
	f->recorded.start_wall_ns = BEGAN_NS;
	transcript_init(&f->transcript);
	*state = f;
	return 0;
}

static int teardown(void **state) {
	struct fixture *f = *state;

	world_close(f->world);
	transcript_release(&f->transcript);
	arena_free(f->arena);
	return 0;
}

static void seen(struct fixture *f, const char *source, int64_t at_ms, const char *text) {
	struct evidence *ev = evidence_add(&f->recorded, source);

	ev->at_ns = at_ms * NS_PER_MS;
	ev->state = EV_READ;
	ev->bytes = slice_str(text);
}

static void heard(struct fixture *f, enum transcript_kind kind, int64_t at_ms, const char *text) {
	assert_int_equal(transcript_add(&f->transcript, kind, at_ms * NS_PER_MS, slice_str(text)),
	                 0);
}

/* What was heard becomes the session that began then. */
static void replay(struct fixture *f, int64_t session_at_ms) {
	struct slice bytes = transcript_bytes(&f->transcript);

	if (bytes.len > 0) {
		seen(f, "session:gopls", session_at_ms, "");
		f->recorded.items[f->recorded.count - 1]->bytes = bytes;
	}
	f->world = world_replay_open(f->arena, &f->store, &f->recorded);
}

static int64_t now_ms(const struct fixture *f) {
	return (world_now_ns(f->world) - f->world->start_ns) / NS_PER_MS;
}

/* ---- a dialogue that writes down what it hears ---- */

struct notes {
	struct dialogue base;
	char text[256];
	int64_t patience_ms; /* after which it gives up; 0: never */
	bool is_done;
};

static void note(struct dialogue *self, struct session *session, enum session_event event,
                 struct slice bytes, int64_t at_ns) {
	struct notes *notes = (struct notes *)self;
	size_t len = strlen(notes->text);

	(void)session;
	notes->is_done = notes->patience_ms > 0 && at_ns >= notes->patience_ms * NS_PER_MS;
	if (event == SESSION_FRAME || event == SESSION_EXITED || event == SESSION_FAILED) {
		snprintf(notes->text + len, sizeof notes->text - len, "%.*s@%lld ", (int)bytes.len,
		         bytes.data, (long long)(at_ns / NS_PER_MS));
	}
}

static bool is_done(const struct dialogue *self) {
	return ((const struct notes *)self)->is_done;
}

static struct session *start(struct fixture *f, struct dialogue *dialogue) {
	return world_session_start(f->world,
	                           &(struct session_spec){.label = "gopls", .dialogue = dialogue});
}

static void wait_until(struct fixture *f, struct session *s, int64_t at_ms) {
	world_session_wait(f->world, s, f->world->start_ns + at_ms * NS_PER_MS);
}

/* ---- tests ---- */

static void test_time_is_that_of_the_evidence(void **state) {
	struct fixture *f = *state;

	seen(f, "file:/a", 300, "a");
	seen(f, "file:/b", 100, "b");
	replay(f, 0);
	assert_true(world_is_replay(f->world));
	assert_int_equal(now_ms(f), 0);
	world_look(f->world, LOOK_FILE, "/a", 10);
	assert_int_equal(now_ms(f), 300);
	assert_int_equal(world_wall_ns(f->world, world_now_ns(f->world)),
	                 BEGAN_NS + 300 * NS_PER_MS);
	world_look(f->world, LOOK_FILE, "/b", 10);
	assert_int_equal(now_ms(f), 300); /* never back */
	world_look(f->world, LOOK_FILE, "/nobody looked", 10);
	assert_int_equal(now_ms(f), 300);
}

static void test_looks_anew_by_turns(void **state) {
	struct fixture *f = *state;

	seen(f, "waits:7 lock1", 10, "one");
	seen(f, "waits:7 lock2", 20, "two");
	replay(f, 0);
	assert_true(slice_eq(world_look_anew(f->world, LOOK_WAITS, "7 lock", 10)->bytes, "one"));
	assert_true(slice_eq(world_look_anew(f->world, LOOK_WAITS, "7 lock", 10)->bytes, "two"));
	assert_int_equal(world_look_anew(f->world, LOOK_WAITS, "7 lock", 10)->state,
	                 EV_NOT_RECORDED);
}

static void test_session_knows_its_process(void **state) {
	struct fixture *f = *state;
	struct notes notes = {.base = {.on_event = note, .is_done = is_done}};

	heard(f, TRANSCRIPT_NOTE, 0, SESSION_NOTE_PID "4242");
	heard(f, TRANSCRIPT_EXIT, 5, "exit 0");
	replay(f, 50);
	struct session *s = start(f, &notes.base);

	assert_int_equal(s->pid, 4242);
	assert_int_equal(now_ms(f), 50);
	wait_until(f, s, 1000);
	assert_string_equal(notes.text, "exit 0@5 ");
}

static void test_session_of_an_earlier_release(void **state) {
	struct fixture *f = *state;
	struct notes notes = {.base = {.on_event = note, .is_done = is_done}};

	heard(f, TRANSCRIPT_NOTE, 0, SESSION_NOTE_STARTED);
	heard(f, TRANSCRIPT_EXIT, 5, "exit 0");
	replay(f, 50);
	assert_int_equal(start(f, &notes.base)->pid, 0);
}

/* The session began at 50 ms. */
static void test_waits_end_at_their_deadline(void **state) {
	struct fixture *f = *state;
	struct notes notes = {.base = {.on_event = note, .is_done = is_done}};

	heard(f, TRANSCRIPT_RECEIVED, 100, "first");
	heard(f, TRANSCRIPT_RECEIVED, 410, "second");
	heard(f, TRANSCRIPT_NOTE, 900, SESSION_NOTE_STOP);
	heard(f, TRANSCRIPT_EXIT, 910, "signal 15");
	replay(f, 50);
	struct session *s = start(f, &notes.base);

	wait_until(f, s, 300);
	assert_string_equal(notes.text, "first@100 ");
	assert_int_equal(now_ms(f), 300);
	/* 460 ms in all: a live wait until 455 would still have heard it. */
	wait_until(f, s, 455);
	assert_string_equal(notes.text, "first@100 second@410 ");
	assert_int_equal(now_ms(f), 460);
	wait_until(f, s, 5000);
	assert_string_equal(notes.text, "first@100 second@410 "); /* what we did is not told */
	assert_int_equal(world_session_stop(f->world, s)->state, EV_READ);
}

/* A deadline that is over: what came until now has been heard all the same. */
static void test_what_came_before_a_look_is_heard(void **state) {
	struct fixture *f = *state;
	struct notes notes = {.base = {.on_event = note, .is_done = is_done}};

	heard(f, TRANSCRIPT_RECEIVED, 100, "first");
	heard(f, TRANSCRIPT_RECEIVED, 400, "second");
	heard(f, TRANSCRIPT_RECEIVED, 600, "third");
	heard(f, TRANSCRIPT_NOTE, 900, SESSION_NOTE_STOP);
	seen(f, "file:/slow", 500, "");
	replay(f, 0);
	struct session *s = start(f, &notes.base);

	world_look(f->world, LOOK_FILE, "/slow", 10);
	wait_until(f, s, 300);
	assert_string_equal(notes.text, "first@100 second@400 ");
	assert_int_equal(now_ms(f), 500);
}

/* A busy machine told the time late: the dialogue gave up at 130 ms, between two ticks of ours. */
static void test_dialogue_is_done_when_it_was(void **state) {
	struct fixture *f = *state;
	struct notes notes = {.base = {.on_event = note, .is_done = is_done}, .patience_ms = 120};

	heard(f, TRANSCRIPT_RECEIVED, 10, "first");
	heard(f, TRANSCRIPT_NOTE, 130, SESSION_NOTE_DONE);
	heard(f, TRANSCRIPT_NOTE, 131, SESSION_NOTE_STOP);
	replay(f, 0);
	struct session *s = start(f, &notes.base);

	wait_until(f, s, 9000);
	assert_true(is_done(&notes.base));
	assert_int_equal(now_ms(f), 130);
}

static void test_wait_ends_when_all_is_said(void **state) {
	struct fixture *f = *state;
	struct notes notes = {.base = {.on_event = note, .is_done = is_done}};

	heard(f, TRANSCRIPT_RECEIVED, 100, "first");
	heard(f, TRANSCRIPT_EXIT, 200, "exit 1");
	replay(f, 0);
	struct session *s = start(f, &notes.base);

	wait_until(f, s, 9000);
	assert_int_equal(now_ms(f), 200);
	wait_until(f, s, 9000);
	assert_int_equal(now_ms(f), 200);
}

/* ---- a go that waits for a lock, looked at again and again ---- */

static const char *lock_blocks(struct fixture *f, int64_t start_wall_ns, char state) {
	return arena_printf(
		f->arena,
		"role=waits\ngroup=1\nclass=POSIX\nmode=WRITE\ndev=8:1\nino=9\npath=/m/x.lock\n"
		"pid=20\nours=1\ntid=20\ncomm=go\n\n"
		"role=holds\ngroup=1\nclass=POSIX\nmode=WRITE\ndev=8:1\nino=9\npath=/m/x.lock\n"
		"pid=30\nstate=%c\ncomm=go\ncpu_ms=1\nio_bytes=0\nleaf=30\nstart_wall_ns=%lld\n\n"
		"table=read\nlines=2\n",
		state, (long long)start_wall_ns);
}

/* As many looks as were made live, from 300 ms on, one each 500 ms. */
static const struct fact_lock_wait *watch(struct fixture *f, size_t looks, int64_t start_wall_ns,
                                          char holder, struct facts *facts) {
	struct target target = {.home = ""};
	struct exam exam = {.arena = f->arena, .facts = facts, .target = &target};
	struct handshake h = {0};

	for (size_t i = 0; i < looks; i++) {
		seen(f, arena_printf(f->arena, "locks:below self %zu", i + 1),
		     300 + 500 * (int64_t)i, lock_blocks(f, start_wall_ns, holder));
	}
	heard(f, TRANSCRIPT_NOTE, 0, SESSION_NOTE_PID "10");
	heard(f, TRANSCRIPT_NOTE, 20000, SESSION_NOTE_STOP);
	replay(f, 40);
	facts_init(facts, f->arena);
	exam.world = f->world;
	exam.handshake = &h;
	h.talk = talk_new(f->arena, &(struct talk_script){.root = "/w"});
	h.session = start(f, &h.talk->base);
	assert_true(lock_wait_watch(&exam, f->world->start_ns + 15 * NS_PER_S));
	assert_non_null(facts_first(lock_wait, facts));
	return facts_first(lock_wait, facts);
}

static void test_stopped_holder_is_seen_again(void **state) {
	struct fixture *f = *state;
	struct facts facts;
	const struct fact_lock_wait *l = watch(f, 2, BEGAN_NS, 'T', &facts);

	assert_string_equal(l->stuck, "stopped");
	assert_int_equal(l->holder, 30);
	assert_int_equal(l->wait_ms, 500);
}

/* One that had just begun then is not old because the recording is. */
static void test_silence_lasts_as_long_as_it_did(void **state) {
	struct fixture *f = *state;
	struct facts facts;
	const struct fact_lock_wait *l = watch(f, 20, BEGAN_NS - NS_PER_S, 'S', &facts);

	assert_string_equal(l->stuck, "silent");
	assert_int_equal(l->idle_ms, 4500);
}

static void test_old_holder_is_silent_sooner(void **state) {
	struct fixture *f = *state;
	struct facts facts;
	const struct fact_lock_wait *l = watch(f, 20, BEGAN_NS - 60 * NS_PER_S, 'S', &facts);

	assert_string_equal(l->stuck, "silent");
	assert_int_equal(l->idle_ms, 2000);
}

/* Nobody looked again: the watch had come to its end. */
static void test_recorded_end_of_the_watch(void **state) {
	struct fixture *f = *state;
	struct facts facts;
	const struct fact_lock_wait *l = watch(f, 3, BEGAN_NS - NS_PER_S, 'S', &facts);

	assert_string_equal(l->stuck, "");
	assert_int_equal(l->wait_ms, 1000);
}

/* Who may know more is asked first, and told what was recorded. */
static const struct evidence *more(void *context, enum look what, const char *arg, size_t cap,
                                   const struct evidence *recorded) {
	struct fixture *f = context;

	(void)cap;
	if (what != LOOK_LINK || streq(arg, "/plain")) {
		return NULL;
	}
	struct evidence *ev = arena_new_of(f->arena, struct evidence);

	*ev = (struct evidence){.source = "", .state = EV_READ, .bytes = slice_str("/else")};
	ev->bytes = recorded ? slice_str("/both") : ev->bytes;
	return ev;
}

static void test_helper(void **state) {
	struct fixture *f = *state;
	const struct replay_helper helper = {.ask = more, .context = f};

	seen(f, "link:/told", 0, "/once");
	seen(f, "link:/plain", 0, "/once");
	f->world = world_replay_helped(f->arena, &f->store, &f->recorded, &helper);
	assert_true(slice_eq(world_look(f->world, LOOK_LINK, "/told", 100)->bytes, "/both"));
	assert_true(slice_eq(world_look(f->world, LOOK_LINK, "/new", 100)->bytes, "/else"));
	assert_true(slice_eq(world_look(f->world, LOOK_LINK, "/plain", 100)->bytes, "/once"));
	assert_int_equal(world_look(f->world, LOOK_FILE, "/new", 100)->state, EV_NOT_RECORDED);
}

#define REPLAY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		REPLAY_TEST(test_time_is_that_of_the_evidence),
		REPLAY_TEST(test_looks_anew_by_turns),
		REPLAY_TEST(test_session_knows_its_process),
		REPLAY_TEST(test_session_of_an_earlier_release),
		REPLAY_TEST(test_waits_end_at_their_deadline),
		REPLAY_TEST(test_what_came_before_a_look_is_heard),
		REPLAY_TEST(test_dialogue_is_done_when_it_was),
		REPLAY_TEST(test_wait_ends_when_all_is_said),
		REPLAY_TEST(test_stopped_holder_is_seen_again),
		REPLAY_TEST(test_silence_lasts_as_long_as_it_did),
		REPLAY_TEST(test_old_holder_is_silent_sooner),
		REPLAY_TEST(test_recorded_end_of_the_watch),
		REPLAY_TEST(test_helper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
