/* SPDX-License-Identifier: MIT
 * Of recordings: servers that came to no start, and whom the kernel has killed.
 */
#include "testimony_fixture.h"

#include <sys/file.h>

/* Who was killed in which group: not who was ended by a process, and not who is in none. */
static void test_group_of_victim(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct payload procs = text(PAYLOAD_STRING, 1, "/sys/fs/cgroup/app/cgroup.procs");
	start_server(p);
	start(p, SERVER, GO, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	call(p, GO, "openat", 3, NS_PER_MS, (uint64_t[]){(uint64_t)AT_FDCWD, 1, O_RDONLY}, &procs);
	end(p, GO, SIGKILL);
	(void)given(p, "session:gopls", &about);
	assert_null(testimony_group(p->testimony));
	start(p, SERVER, GO + 1, "/bin/sh", BLOCK("sh"), BLOCK("PATH=/a"));
	call(p, GO + 1, "openat", 3, NS_PER_MS, (uint64_t[]){(uint64_t)AT_FDCWD, 1, O_WRONLY},
	     &procs);
	start(p, GO + 1, GO + 2, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	start(p, GO + 1, GO + 3, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	take(p, &(struct event){.kind = EVENT_SIGNAL,
	                        .start_ns = p->now_ns,
	                        .pid = GO + 2,
	                        .tid = GO + 2,
	                        .status = SIGKILL,
	                        .sender = CLIENT});
	end(p, GO + 2, SIGKILL);
	assert_null(testimony_group(p->testimony));
	end(p, GO + 3, SIGKILL);
	assert_string_equal(testimony_group(p->testimony), "/sys/fs/cgroup/app");
}

/* A process that sent the signal is who ended it, also where the recorder did not see whom it reached. */
static void test_killed_by_call(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	start(p, SERVER, GO, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	call(p, CLIENT, "kill", -ESRCH, NS_PER_MS, (uint64_t[]){GO, SIGKILL, 0}, NULL);
	end(p, GO, SIGKILL);
	(void)given(p, "session:gopls", &about);
	assert_true(testimony_has_victim(p->testimony));
	p->now_ns += NS_PER_MS;
	call(p, CLIENT, "kill", 0, NS_PER_MS, (uint64_t[]){SERVER, SIGKILL, 0}, NULL);
	end(p, SERVER, SIGKILL);
	assert_true(testimony_has_victim(p->testimony)); /* go was, before */
}

static void test_only_killed_by_call(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	call(p, CLIENT, "kill", 0, NS_PER_MS, (uint64_t[]){SERVER, SIGKILL, 0}, NULL);
	end(p, SERVER, SIGKILL);
	(void)given(p, "session:gopls", &about);
	assert_false(testimony_has_victim(p->testimony));
}

/* A careful client asks first, and starts nothing that it may not execute. */
static void test_asked_and_refused(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, 1, CLIENT, "/bin/editor", BLOCK("editor"), BLOCK("PATH=/a"));
	struct payload other = text(PAYLOAD_STRING, 0, "/stick/notes");
	struct payload program = text(PAYLOAD_STRING, 0, "/stick/gopls");
	call(p, CLIENT, "access", -EACCES, NS_PER_MS, (uint64_t[]){1, X_OK, 0}, &other);
	call(p, CLIENT, "access", -EACCES, NS_PER_MS, (uint64_t[]){1, X_OK, 0}, &program);
	const struct evidence *ev = given(p, "session:gopls", &about);
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, arena_printf(p->arena, "errno %d", EACCES)));
	assert_int_equal(about.server, CLIENT);
}

static void test_asked_of_a_wrapper(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, 1, CLIENT, "/bin/editor", BLOCK("editor"), BLOCK("PATH=/a"));
	struct payload program = text(PAYLOAD_STRING, 0, "/home/u/bin/gopls-x");
	call(p, CLIENT, "access", -EACCES, NS_PER_MS, (uint64_t[]){1, X_OK, 0}, &program);
	assert_non_null(given(p, "session:gopls", &about));
	assert_int_equal(about.server, CLIENT);
}

/* Whether it can be read says nothing of a start. */
static void test_asked_to_read(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, 1, CLIENT, "/bin/editor", BLOCK("editor"), BLOCK("PATH=/a"));
	struct payload program = text(PAYLOAD_STRING, 0, "/stick/gopls");
	call(p, CLIENT, "access", -EACCES, NS_PER_MS, (uint64_t[]){1, R_OK, 0}, &program);
	assert_null(given(p, "session:gopls", &about));
	assert_int_equal(about.server, 0);
}

/* The client gave up before the wrapper came to gopls; a program that only begins alike is none. */
static void test_wrapper_that_came_to_nothing(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, CLIENT, GO, "/usr/bin/goplsx", BLOCK("goplsx"), BLOCK("PATH=/a"));
	start(p, CLIENT, SERVER, "/home/u/bin/gopls-env", BLOCK("gopls-env"), BLOCK("PATH=/a"));
	assert_non_null(given(p, "session:gopls", &about));
	assert_int_equal(about.server, SERVER);
}

/* What the client asked for and nobody could start is told of, whatever the wrapper is called. */
static void test_wrapper_that_is_not_there(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct payload other = text(PAYLOAD_STRING, 0, "/home/u/bin/linter");
	struct payload wrapper = text(PAYLOAD_STRING, 0, "/home/u/bin/gopls-team");
	start(p, 1, CLIENT, "/bin/editor", BLOCK("editor"), BLOCK("PATH=/a"));
	call(p, CLIENT, "execve", -ENOENT, NS_PER_MS, NULL, &wrapper);
	call(p, CLIENT, "execve", -ENOENT, NS_PER_MS, NULL, &other);
	const struct evidence *ev = given(p, "session:gopls", &about);
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, arena_printf(p->arena, "errno %d", ENOENT)));
}

static void halt(struct play *p, pid_t pid, enum event_kind kind) {
	p->now_ns += NS_PER_MS;
	take(p, &(struct event){.kind = kind,
	                        .start_ns = p->now_ns,
	                        .pid = pid,
	                        .tid = pid,
	                        .status = SIGSTOP});
	p->now_ns += NS_PER_MS;
}

static bool stands_still(struct play *p) {
	struct testimony_about about;
	const struct evidence *ev =
		given(p, arena_printf(p->arena, "waits:%d late1", CLIENT), &about);
	assert_non_null(ev);
	return slice_has(ev->bytes, "state=T");
}

/* The signal with which the client gives up never reaches one that stands still, and lets it go on as it ends it. */
static void test_stopped_server(void **state) {
	struct play *p = *state;
	start_server(p);
	halt(p, SERVER, EVENT_STOP);
	call(p, CLIENT, "kill", 0, NS_PER_MS, (uint64_t[]){SERVER, SIGKILL, 0}, NULL);
	halt(p, SERVER, EVENT_RESUME);
	end(p, SERVER, SIGKILL);
	assert_true(stands_still(p));
}

static void test_server_that_went_on(void **state) {
	struct play *p = *state;
	start_server(p);
	halt(p, SERVER, EVENT_STOP);
	halt(p, SERVER, EVENT_RESUME);
	call(p, CLIENT, "kill", 0, NS_PER_MS, (uint64_t[]){SERVER, SIGKILL, 0}, NULL);
	end(p, SERVER, SIGKILL);
	assert_false(stands_still(p));
}

/* A number that a stranger names is of its own pid namespace. */
static void test_killed_by_a_stranger(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, 1, GO, "/bin/other", BLOCK("other"), BLOCK("PATH=/a"));
	start_server(p);
	call(p, GO, "kill", 0, NS_PER_MS, (uint64_t[]){SERVER, SIGTERM, 0}, NULL);
	const struct evidence *ev = given(p, "session:gopls", &about);
	assert_false(slice_has(ev->bytes, "stop"));
}

#define LOCK_FILE "/mods/x.lock"

static void take_lock(struct play *p, pid_t pid, int64_t ns) {
	open_path(p, pid, LOCK_FILE, 9);
	call(p, pid, "flock", 0, ns, (uint64_t[]){9, LOCK_EX, 0}, NULL);
}

/* Left by the wrapper before it became the server: no child that it waits for, but who has the lock. */
static void test_holder_of_a_lock(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, CLIENT, SERVER, "/home/u/gopls-pre", BLOCK("gopls-pre"), BLOCK("PATH=/a"));
	start(p, SERVER, GO + 1, "/bin/sleep",
	      BLOCK("sleep\0"
	            "9999"),
	      BLOCK("PATH=/a"));
	take_lock(p, GO + 1, NS_PER_MS);
	const struct payload exe = text(PAYLOAD_STRING, 0, "/bin/gopls");
	take(p, &(struct event){.kind = EVENT_EXEC,
	                        .start_ns = p->now_ns,
	                        .pid = SERVER,
	                        .tid = SERVER,
	                        .payloads = &exe,
	                        .payload_count = 1});
	p->now_ns += NS_PER_MS;
	greet(p);
	start(p, SERVER, GO, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	int64_t asked_ns = p->now_ns + 2 * NS_PER_MS;
	open_path(p, GO, LOCK_FILE, 9);
	p->now_ns += NS_PER_S;
	call(p, CLIENT, "kill", 0, NS_PER_MS, (uint64_t[]){SERVER, SIGKILL, 0}, NULL);
	end(p, SERVER, SIGKILL);
	end(p, GO + 1, SIGKILL);
	p->now_ns = asked_ns;
	call(p, GO, "flock", 0, EVENT_NO_DURATION, (uint64_t[]){9, LOCK_EX, 0}, NULL);
	const struct evidence *ev =
		given(p, arena_printf(p->arena, "waits:%d lock1", CLIENT), &about);
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, arena_printf(p->arena, "holder=%d\n", GO + 1)));
	assert_true(slice_has(ev->bytes,
	                      arena_printf(p->arena, "pid=%d\nppid=1\nrelation=holder", GO + 1)));
	assert_true(slice_has(
		ev->bytes, arena_printf(p->arena, "pid=%d\nppid=%d\nrelation=below", GO, SERVER)));
}

/* What was given in place of go: the last of several answers, and only by the name that was asked for. */
static void test_packages_driver(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, CLIENT, SERVER, "/bin/gopls", BLOCK("gopls"),
	      BLOCK("PATH=/a\0GOPACKAGESDRIVER=/t/driver.sh"));
	greet(p);
	start(p, SERVER, GO, "/t/other.sh", BLOCK("other.sh"), BLOCK("PATH=/a"));
	end(p, GO, 3 << 8);
	assert_null(given(p, "run:packages driver", &about));
}

static void test_packages_driver_fails(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, CLIENT, SERVER, "/bin/gopls", BLOCK("gopls"),
	      BLOCK("PATH=/a\0GOPACKAGESDRIVER=/t/driver.sh"));
	greet(p);
	start(p, SERVER, GO, "/t/driver.sh", BLOCK("driver.sh"), BLOCK("PATH=/a"));
	end(p, GO, 7 << 8);
	const struct evidence *ev = given(p, "run:packages driver", &about);
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, "7"));
}

static void look_up(struct play *p, const char *path, int64_t ns) {
	struct payload payload = text(PAYLOAD_STRING, 1, path);
	call(p, GO, "newfstatat", -ENOENT, ns, (uint64_t[]){(uint64_t)AT_FDCWD, 1, 2}, &payload);
}

/* The half of the names decides, not a single one that came late. */
static void test_pace(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct evidence_store *store = arena_new_of(p->arena, struct evidence_store);
	start_server(p);
	start(p, SERVER, GO, "/bin/go", BLOCK("go"), BLOCK("PATH=/a"));
	for (int i = 0; i < 6; i++) {
		look_up(p, arena_printf(p->arena, "/far/src/%d", i), (20 + i) * NS_PER_MS);
		look_up(p, arena_printf(p->arena, "/near/src/%d", i), i == 0 ? NS_PER_S : 4000);
		look_up(p, arena_printf(p->arena, "/near/%d", i), 4000);
	}
	evidence_store_init(store, p->arena);
	testimony_give(p->testimony, store, &about);
	const struct evidence *ev = evidence_find(store, "latency:/far");
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, "samples=6\nmedian_us=23000\nleast_us=20000\n"));
	assert_non_null(evidence_find(store, "latency:/far/src"));
	assert_null(evidence_find(store, "latency:/near/src"));
	assert_null(evidence_find(store, "latency:/"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_group_of_victim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_by_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_killed_by_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked_and_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked_of_a_wrapper, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked_to_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrapper_that_came_to_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrapper_that_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stopped_server, setup, teardown),
		cmocka_unit_test_setup_teardown(test_server_that_went_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_by_a_stranger, setup, teardown),
		cmocka_unit_test_setup_teardown(test_holder_of_a_lock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packages_driver, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packages_driver_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pace, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
