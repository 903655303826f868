/* SPDX-License-Identifier: MIT
 * Conversations with servers that behave and with servers that do not.
 */
#include "world_fixture.h"

#include "wire/frame.h"
#include "wire/transcript.h"
#include "world/replay.h"
#include "world/session.h"

/* ---- patients ---- */

static void frame_out(const char *body) {
	printf("Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	fflush(stdout);
}

/* Answers each line feed on stdin with the bytes before it, framed. */
static int patient_echo(void) {
	char line[256];

	fputs("hello on stderr\n", stderr);
	frame_out("first");
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (streq(line, "quit")) {
			return 7;
		}
	}
	return 0;
}

static _Noreturn void patient_silent(const char *pid_file) {
	signal(SIGTERM, SIG_IGN);
	if (fork() == 0) {
		setsid();
		pid_to_file(pid_file);
	}
	for (;;) {
		pause();
	}
}

static int patient_flood(int fd) {
	char block[65536];

	memset(block, 'x', sizeof block);
	for (;;) {
		if (write(fd, block, sizeof block) < 0) {
			return 1;
		}
	}
}

static int patient_main(const char *name, const char *arg) {
	if (streq(name, "echo")) {
		return patient_echo();
	}
	if (streq(name, "silent")) {
		patient_silent(arg);
	}
	if (streq(name, "half")) {
		printf("Content-Length: 100\r\n\r\nhalf");
		return 0;
	}
	if (streq(name, "huge")) {
		printf("Content-Length: 2147483648\r\n\r\n{}");
		return 0;
	}
	if (streq(name, "garbage")) {
		printf("Welcome to this machine\n");
		return 0;
	}
	if (streq(name, "flood-out")) {
		return patient_flood(1);
	}
	if (streq(name, "flood-err")) {
		return patient_flood(2);
	}
	if (streq(name, "mute")) {
		fclose(stdout);
		close(1);
		pause();
	}
	return 99;
}

/* ---- a dialogue that takes notes ---- */

struct notes {
	struct dialogue base;
	const char *to_send; /* once started */
	char text[2048];     /* "started|frame first|…" without ticks */
	size_t ticks;
	size_t ticks_wanted;
	bool until_frame;
	bool has_frame;
	bool ended;
	int64_t last_ns;
};

static void notes_add(struct notes *notes, const char *word, struct slice bytes) {
	size_t len = strlen(notes->text);

	snprintf(notes->text + len, sizeof notes->text - len, "%s%s%s%.*s", len ? "|" : "", word,
	         bytes.len ? " " : "", (int)(bytes.len < 40 ? bytes.len : 40), bytes.data);
}

static void notes_on_event(struct dialogue *self, struct session *session, enum session_event event,
                           struct slice bytes, int64_t at_ns) {
	static const char *const words[] = {
		[SESSION_STARTED] = "started", [SESSION_FRAME] = "frame",
		[SESSION_JUNK] = "junk",       [SESSION_STDERR] = "stderr",
		[SESSION_EXITED] = "exited",   [SESSION_FAILED] = "failed",
	};
	struct notes *notes = (struct notes *)self;

	assert_true(at_ns >= notes->last_ns);
	assert_false(notes->ended);
	notes->last_ns = at_ns;
	if (event == SESSION_TICK) {
		notes->ticks++;
		return;
	}
	if (event != SESSION_STDERR) {
		notes_add(notes, words[event], bytes);
	}
	notes->has_frame |= event == SESSION_FRAME;
	notes->ended |= event == SESSION_EXITED || event == SESSION_FAILED;
	if (event == SESSION_STARTED && notes->to_send) {
		session_send(session, slice_str(notes->to_send));
	}
}

static bool notes_is_done(const struct dialogue *self) {
	const struct notes *notes = (const struct notes *)self;

	return (notes->until_frame && notes->has_frame) ||
	       (notes->ticks_wanted && notes->ticks >= notes->ticks_wanted);
}

static struct notes notes_new(void) {
	return (struct notes){.base = {.on_event = notes_on_event, .is_done = notes_is_done}};
}

static struct session *start(struct fixture *f, struct notes *notes, const char *name,
                             const char *arg) {
	const char *argv[] = {f->self, name, arg, NULL};
	struct session_spec spec = {.label = name,
	                            .argv = argv,
	                            .env = &f->env,
	                            .cwd = f->dir,
	                            .dialogue = &notes->base};

	return world_session_start(f->world, &spec);
}

static const struct evidence *play(struct fixture *f, struct notes *notes, const char *name) {
	struct session *session = start(f, notes, name, NULL);

	world_session_wait(f->world, session, clock_now_ns() + LONG_NS);
	return world_session_stop(f->world, session);
}

/* ---- tests ---- */

static void test_talks(void **state) {
	struct fixture *f = *state;
	struct notes notes = notes_new();
	const struct evidence *ev;

	notes.to_send = "quit\n";
	ev = play(f, &notes, "echo");
	assert_string_equal(notes.text, "started|frame first|exited exit 7");
	assert_int_equal(ev->state, EV_READ);
	assert_string_equal(ev->source, "session:echo");
	assert_true(slice_has(ev->bytes, "hello on stderr"));
}

static void test_served_while_looking(void **state) {
	struct fixture *f = *state;
	struct notes notes = notes_new();
	struct session *session = start(f, &notes, "echo", NULL);

	for (int i = 0; !notes.has_frame; i++) {
		world_look(f->world, LOOK_STAT, arena_printf(f->arena, "%s/%d", f->dir, i),
		           LOOK_CAP_SMALL);
	}
	assert_string_equal(notes.text, "started|frame first");
	world_session_stop(f->world, session);
}

static void test_stop_ends_descendants(void **state) {
	struct fixture *f = *state;
	struct notes notes = notes_new();
	const char *pid_file = fixture_path(f, "pid");
	struct session *session = start(f, &notes, "silent", pid_file);

	/* The child may have written before its start was told. */
	while (pid_in_file(pid_file) == 0 || !*notes.text) {
		world_session_wait(f->world, session, clock_now_ns() + NS_PER_MS);
	}
	world_session_stop(f->world, session);
	assert_true(pid_is_gone(pid_in_file(pid_file)));
	/* Our own stop is not told as the server's end. */
	assert_string_equal(notes.text, "started");
}

static void test_ticks(void **state) {
	struct fixture *f = *state;
	struct notes notes = notes_new();

	notes.ticks_wanted = 3;
	play(f, &notes, "mute");
	assert_int_equal(notes.ticks, 3);
}

static void test_broken_frames(void **state) {
	struct fixture *f = *state;
	struct notes half = notes_new(), huge = notes_new(), garbage = notes_new();

	play(f, &half, "half");
	assert_string_equal(half.text, "started|exited exit 0"); /* cut off, not text */
	play(f, &huge, "huge");
	assert_true(str_starts(huge.text, "started|junk "));
	assert_true(str_ends(huge.text, "|exited exit 0"));
	play(f, &garbage, "garbage");
	assert_string_equal(garbage.text, "started|junk Welcome to this machine\n|exited exit 0");
}

static void test_floods_are_cut(void **state) {
	struct fixture *f = *state;
	struct notes out = notes_new(), err = notes_new();
	const struct evidence *ev;

	ev = play(f, &out, "flood-out");
	assert_true(out.ended);
	assert_int_equal(ev->state, EV_TRUNCATED);
	ev = play(f, &err, "flood-err");
	assert_true(err.ended);
	assert_int_equal(ev->state, EV_TRUNCATED);
	assert_true(ev->bytes.len < 2 * SESSION_STDERR_KEPT);
}

static void test_exec_failure_is_an_event(void **state) {
	struct fixture *f = *state;
	struct notes notes = notes_new();
	const char *argv[] = {"/no/such/server", NULL};
	struct session_spec spec = {
		.label = "x", .argv = argv, .env = &f->env, .cwd = f->dir, .dialogue = &notes.base};
	struct session *session = world_session_start(f->world, &spec);
	const struct evidence *ev;

	world_session_wait(f->world, session, clock_now_ns() + LONG_NS);
	ev = world_session_stop(f->world, session);
	assert_string_equal(notes.text, arena_printf(f->arena, "failed errno %d", ENOENT));
	assert_int_equal(ev->state, EV_ABSENT);
	assert_int_equal(ev->error, ENOENT);
}

/* A server that never reads does not block us; what cannot be sent is dropped. */
static void test_unread_input(void **state) {
	struct fixture *f = *state;
	struct notes notes = notes_new();
	struct session *session = start(f, &notes, "mute", NULL);
	size_t len = (size_t)8 * 1024 * 1024;
	char *big = arena_alloc(f->arena, len);
	const struct evidence *ev;

	memset(big, 'y', len);
	for (int i = 0; i < 6; i++) {
		session_send(session, slice_of(big, len));
	}
	world_session_wait(f->world, session, clock_now_ns() + 10 * NS_PER_MS);
	ev = world_session_stop(f->world, session);
	assert_true(slice_has(ev->bytes, "not sent"));
}

static void test_second_of_a_label(void **state) {
	struct fixture *f = *state;
	struct notes a = notes_new(), b = notes_new();

	play(f, &a, "garbage");
	assert_string_equal(play(f, &b, "garbage")->source, "session:garbage#2");
}

static void test_replay_hears_the_same(void **state) {
	struct fixture *f = *state;
	struct notes live = notes_new(), again = notes_new(), unknown = notes_new();
	struct notes third = notes_new();
	struct evidence_store fresh;
	struct evidence_store recorded;
	struct world *live_world = f->world;
	const struct evidence *ev;

	live.to_send = again.to_send = "quit\n";
	play(f, &live, "echo");
	struct session *session = start(f, &third, "garbage", NULL);
	int64_t pid = session->pid;

	assert_true(pid > 0);
	world_session_stop(f->world, session);
	recorded = f->store;
	evidence_store_init(&fresh, f->arena);
	f->world = world_replay_open(f->arena, &fresh, &recorded);
	ev = play(f, &again, "echo");
	assert_string_equal(again.text, live.text);
	assert_int_equal(ev->state, EV_READ);
	assert_int_equal(start(f, &third, "garbage", NULL)->pid, pid);
	assert_int_equal(play(f, &unknown, "half")->state, EV_NOT_RECORDED);
	assert_string_equal(unknown.text, "failed errno 0");
	world_close(f->world);
	f->world = live_world;
}

/* A recorded silence lasts as long as it lasted, however long the dialogue of today would listen, and without waiting. */
static void test_replay_ticks(void **state) {
	struct fixture *f = *state;
	struct notes live = notes_new(), again = notes_new();
	struct evidence_store fresh;
	struct world *live_world = f->world;

	live.ticks_wanted = 2;
	again.ticks_wanted = 100;
	play(f, &live, "mute");
	evidence_store_init(&fresh, f->arena);
	f->world = world_replay_open(f->arena, &fresh, &f->store);
	play(f, &again, "mute");
	assert_string_equal(again.text,
	                    live.text); /* a slow machine may not even have started it */
	/* One each 50 ms, and one when the live dialogue was done, which a busy machine tells late. */
	assert_true(again.last_ns >= live.last_ns);
	assert_in_range(again.ticks, again.last_ns / SESSION_TICK_NS,
	                again.last_ns / SESSION_TICK_NS + 1);
	world_close(f->world);
	f->world = live_world;
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv) {
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_talks),
		WORLD_TEST(test_served_while_looking),
		WORLD_TEST(test_stop_ends_descendants),
		WORLD_TEST(test_ticks),
		WORLD_TEST(test_broken_frames),
		WORLD_TEST(test_floods_are_cut),
		WORLD_TEST(test_exec_failure_is_an_event),
		WORLD_TEST(test_unread_input),
		WORLD_TEST(test_second_of_a_label),
		WORLD_TEST(test_replay_hears_the_same),
		WORLD_TEST(test_replay_ticks),
	};

	if (argc > 1) {
		return patient_main(argv[1], argc > 2 ? argv[2] : "");
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
