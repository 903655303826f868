/* SPDX-License-Identifier: MIT
 * Programs that wait for nothing outside: for a timer, for another part of themselves; what Go's runtime tells of that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "waits/waits.h"

/* gopls waits for its child 30, which has four threads; so old, and so long has none of them run. */
#define CHILD(age, rested)                                                                         \
	"record=machine\ntarget=20\nnow_ns=1000000000000\n\nrecord=process\npid=20\nppid=1\n"      \
	"relation=target\nstate=S\ncomm=gopls\ncmdline=gopls\nthreads=2\nage_ms=90000\n\n"         \
	"record=thread\npid=20\ntid=21\nstate=S\nstill=1\ncall=waitid\nargs=1 1e 7f 4 0 0\n\n"     \
	"record=process\npid=30\nppid=20\nrelation=below\nstate=S\ncomm=driver\ncmdline=driver\n"  \
	"threads=4\ninterval_us=40000\nage_ms=" age "\nrested_ms=" rested "\n\n"
#define THREAD(tid, call, more)                                                                    \
	"record=thread\npid=30\ntid=" tid "\nstate=S\nstill=1\ncall=" call                         \
	"\nargs=9 7f 8 0 0 0\n" more "\n"
#define RESTS        THREAD("31", "futex", "") THREAD("32", "futex", "")
#define TIMER(wakes) THREAD("33", "epoll_pwait", "wakes_ms=" wakes "\n")

struct looked {
	struct arena *arena;
	struct wait_chain chain;
};

static struct looked look(const char *text, const char *goroutines) {
	struct looked l = {.arena = arena_new()};
	struct waits *w = arena_new_of(l.arena, struct waits);

	assert_true(waits_parse(l.arena, slice_str(text), w));
	waits_take_inner(w, 30, slice_str(goroutines));
	l.chain = waits_chain(w, 1000);
	assert_int_equal(l.chain.leaf.process->pid, 30);
	return l;
}

static void expect_timer(const char *text, enum wait_kind kind, bool settled, bool proven) {
	struct looked l = look(text, "");

	assert_string_equal(wait_kind_name(l.chain.leaf.kind), wait_kind_name(kind));
	assert_int_equal(l.chain.leaf.settled, settled);
	assert_int_equal(l.chain.leaf.proven, proven);
	arena_free(l.arena);
}

static void test_timer(void **state) {
	(void)state;
	/* An hour, behind five seconds in which nothing ran; behind two it may be for something else. */
	expect_timer(CHILD("60000", "5000") RESTS TIMER("3600000"), WAIT_SLEEP, true, true);
	expect_timer(CHILD("60000", "2000") RESTS TIMER("3600000"), WAIT_SLEEP, true, false);
	/* It has only begun, or goes on soon. */
	expect_timer(CHILD("900", "500") RESTS TIMER("3600000"), WAIT_SLEEP, false, false);
	expect_timer(CHILD("4000", "3000") RESTS TIMER("2000"), WAIT_SLEEP, false, false);
	/* Every two seconds for a minute: it polls. */
	expect_timer(CHILD("60000", "1500") RESTS TIMER("500"), WAIT_SLEEP, true, true);
	/* No timer, or one that never runs out. */
	expect_timer(CHILD("60000", "5000") RESTS, WAIT_INSIDE, true, true);
	expect_timer(CHILD("60000", "5000") RESTS TIMER("9223372036854775807"), WAIT_INSIDE, true,
	             true);
}

#define G(number, how, function, place)                                                            \
	"goroutine " number " [" how "]:\n" function "\n\t" place " +0x1d\n"
#define IN_TIME "time.Sleep(0x34630b8a000)\n\t/go/src/runtime/time.go:364 +0xf2\n"
#define IN_LOCK "internal/sync.(*Mutex).Lock(...)\n\t/go/src/internal/sync/mutex.go:70\n"

static void expect_words(const char *text, const char *goroutines, enum wait_kind kind,
                         const char *words) {
	struct looked l = look(text, goroutines);

	assert_string_equal(wait_kind_name(l.chain.leaf.kind), wait_kind_name(kind));
	assert_string_equal(l.chain.leaf.detail, words);
	arena_free(l.arena);
}

static void test_sleeping(void **state) {
	(void)state;
	expect_words(CHILD("60000", "5000") RESTS,
	             "goroutine 1 [sleep]:\n" IN_TIME "main.ask(...)\n\t/src/main.go:14\n"
	             "main.main()\n\t/src/main.go:18 +0x2b\n\n",
	             WAIT_SLEEP, "sleeps in main.ask (/src/main.go:14)");
	/* Nothing of its own: the runtime's helpers. */
	expect_words(
		CHILD("60000", "5000") RESTS,
		G("2", "force gc (idle)", "runtime.gopark(...)", "/go/src/runtime/proc.go:435"),
		WAIT_INSIDE, "waits for nothing that can be seen from outside");
}

/* Its main goroutine waits for connections, one for a lock, and one for the clock. */
static const char of_server[] = G(
	"1", "IO wait", "internal/poll.runtime_pollWait(0x7f, 0x72)",
	"/go/netpoll.go:351") "main.main()\n\t/src/main.go:9 +0x8b\n\n" G("7", "sleep",
                                                                          "main.flush()",
                                                                          "/src/flush.go:3") "\ngor"
											     "outin"
											     "e 34 "
											     "[sync"
											     ".Mute"
											     "x."
											     "Lock,"
											     " 2 "
											     "minut"
											     "es]:"
											     "\n" IN_LOCK
											     "corp."
											     "examp"
											     "le/"
											     "athen"
											     "a/"
											     "store"
											     ".(*"
											     "Store"
											     ")."
											     "get("
											     "0xc00"
											     "001, "
											     "{0x1,"
											     " 0x2}"
											     ")\n\t"
											     "/src/"
											     "store"
											     "/stor"
											     "e.go:"
											     "17 "
											     "+0x1d"
											     "\ncre"
											     "ated "
											     "by "
											     "net/"
											     "http."
											     "(*"
											     "Serve"
											     "r)."
											     "Serve"
											     " in "
											     "gorou"
											     "tine "
											     "1\n\t"
											     "/go/"
											     "serve"
											     "r.go:"
											     "3454 "
											     "+0x48"
											     "5\n"
											     "\n";

/* The same with one that serves, and one whose client says nothing. */
static const char of_daemon[] = G("1", "IO wait", "main.main()", "/src/main.go:9") "\n" G(
	"8", "chan send", "main.compile(...)",
	"/src/main.go:30") "\n" G("9", "IO wait", "main.compile(...)", "/src/main.go:28");

/* Its main goroutine waits for the only other one. */
static const char of_workers[] =
	G("1", "sync.WaitGroup.Wait", "sync.(*WaitGroup).Wait(0xc0)",
          "/go/waitgroup.go:206") "main.main()\n\t/src/main.go:9 "
				  "+0x8b\n\n" G("6", "chan send", "main.worker(...)",
                                                "/src/main.go:30") "create"
								   "d by "
								   "main."
								   "main "
								   "in "
								   "gorout"
								   "ine "
								   "1\n\t/"
								   "src/"
								   "main."
								   "go:22 "
								   "+0x11"
								   "\n\n";

static void test_goroutines(void **state) {
	(void)state;
	expect_words(CHILD("60000", "5000") RESTS, of_server, WAIT_INSIDE,
	             "waits for a lock of its own in corp.example/athena/store.(*Store).get "
	             "(/src/store/store.go:17)");
	expect_words(CHILD("60000", "5000") RESTS, of_daemon, WAIT_INSIDE,
	             "waits for another part of itself (chan send) in main.compile "
	             "(/src/main.go:30)");
	expect_words(CHILD("60000", "5000") RESTS TIMER("90000"), of_workers, WAIT_INSIDE,
	             "waits for another part of itself (chan send) in main.worker "
	             "(/src/main.go:30); its next timer runs out in 90 s");
}

/* A program of somebody else's by the name of gopls, and gopls: both have not read what was sent to them. */
static void test_by_the_name_of_gopls(void **state) {
	static const char text[] =
		"record=machine\ntarget=30\nnow_ns=1000000000000\n\nrecord=process\npid=30\n"
		"ppid=1\nrelation=target\nstate=S\ncomm=gopls\ncmdline=gopls\nthreads=2\n"
		"interval_us=40000\nage_ms=60000\nrested_ms=5000\n\n" RESTS
		"record=fd\npid=30\nfd=0\nlink=pipe:[5]\nino=5\n\n"
		"record=pipe\nino=5\nunread=900\n\n";

	(void)state;
	expect_words(text,
	             "goroutine 1 [select]:\nmain.licence(...)\n\t/src/wrap/main.go:10\n"
	             "main.main()\n\t/src/wrap/main.go:18 +0x2b\n\n",
	             WAIT_INSIDE,
	             "does not read what was sent to it and is no gopls itself: it waits for "
	             "another part of itself (select) in main.licence (/src/wrap/main.go:10)");
	expect_words(text,
	             "goroutine 1 [chan receive]:\ngolang.org/x/tools/internal/jsonrpc2.Serve(...)"
	             "\n\t/src/jsonrpc2/serve.go:10\nmain.main()\n\t/src/main.go:18 +0x2b\n\n",
	             WAIT_INSIDE,
	             "does not read what was sent to it, does not work and waits for nothing "
	             "outside: it waits for itself");
}

/* gopls, of which nothing runs and that has read everything. */
#define AT_REST(rested)                                                                            \
	"record=machine\ntarget=30\nnow_ns=1000000000000\n\nrecord=process\npid=30\nppid=1\n"      \
	"relation=target\nstate=S\ncomm=gopls\ncmdline=gopls\nthreads=2\ninterval_us=40000\n"      \
	"age_ms=60000\nrested_ms=" rested "\n\n" RESTS
#define OF_SESSION                                                                                 \
	"golang.org/x/tools/gopls/internal/cache.(*Session).views(0xc0)\n\t/src/session.go:90 "    \
	"+0x1d\n"

static struct wait_chain chain_of_server(struct arena *arena, const char *text,
                                         const char *goroutines, bool unanswered) {
	struct waits *w = arena_new_of(arena, struct waits);

	assert_true(waits_parse(arena, slice_str(text), w));
	w->unanswered = unanswered;
	waits_take_locked(w, 30, slice_str(goroutines));
	return waits_chain(w, 1000);
}

/* Whoever has a mutex gives it back at once, unless it is wedged; for anything else a server that is well may wait. */
static void test_locked_server(void **state) {
	static const char locked[] =
		"goroutine 1 [chan receive, 4 minutes]:\nmain.main()\n\t/src/main.go:9 +0x1d\n\n"
		"goroutine 40 [sync.RWMutex.Lock]:\n" IN_LOCK OF_SESSION "\n";
	static const char waits[] =
		"goroutine 1 [chan receive, 4 minutes]:\nmain.main()\n\t/src/main.go:9 +0x1d\n\n"
		"goroutine 41 [semacquire]:\n" OF_SESSION "\ngoroutine 42 [select]:\n" OF_SESSION
		"\n";
	struct arena *arena = arena_new();
	struct wait_chain c = chain_of_server(arena, AT_REST("5000"), locked, false);

	(void)state;
	assert_int_equal(c.leaf.kind, WAIT_INSIDE);
	assert_true(c.leaf.settled && c.leaf.proven);
	assert_string_equal(c.leaf.detail,
	                    "waits for a lock of its own in "
	                    "golang.org/x/tools/gopls/internal/cache.(*Session).views "
	                    "(/src/session.go:90), and nobody gives that back");
	/* It has run a moment ago. */
	c = chain_of_server(arena, AT_REST("300"), locked, false);
	assert_true(waits_is_healthy(&c));
	c = chain_of_server(arena, AT_REST("5000"), waits, false);
	assert_int_equal(c.leaf.kind, WAIT_IDLE);
	/* Its client reads slowly: the others queue up for the one that writes. */
	c = chain_of_server(arena,
	                    AT_REST("5000") "record=thread\npid=30\ntid=34\nstate=S\nstill=0\n"
	                                    "call=write\nargs=1 7f 40\n\n",
	                    locked, false);
	assert_int_equal(c.leaf.kind, WAIT_IDLE);
	arena_free(arena);
}

/* Of one that owes every answer it need not be known what it waits for. */
static void test_unanswered(void **state) {
	struct arena *arena = arena_new();
	struct wait_chain c = chain_of_server(arena, AT_REST("5000"), "", true);

	(void)state;
	assert_int_equal(c.leaf.kind, WAIT_INSIDE);
	assert_true(c.leaf.settled && c.leaf.proven);
	c = chain_of_server(arena, AT_REST("5000"), "", false);
	assert_true(waits_is_healthy(&c));
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timer),         cmocka_unit_test(test_sleeping),
		cmocka_unit_test(test_goroutines),    cmocka_unit_test(test_by_the_name_of_gopls),
		cmocka_unit_test(test_locked_server), cmocka_unit_test(test_unanswered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
