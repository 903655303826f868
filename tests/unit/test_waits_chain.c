/* SPDX-License-Identifier: MIT
 * From what was seen of processes to the one on which a chain ends; and what lies unread in a stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "waits/waits.h"
#include "wire/unread.h"

#define EDITOR                                                                                     \
	"record=process\npid=10\nppid=1\nrelation=ancestor\nstate=S\ncomm=nvim\neditor=neovim\n"   \
	"interval_us=40000\nage_ms=90000\n\n"
#define SERVER(state)                                                                              \
	"record=machine\ntarget=20\nnow_ns=1000000000000\n\nrecord=process\npid=20\nppid=10\n"     \
	"relation=target\nstate=" state "\ncomm=gopls\ncmdline=gopls\nthreads=2\n"                 \
	"interval_us=40000\nage_ms=60000\nrested_ms=37000\n\n"
#define SERVER_REST                                                                                \
	"record=thread\npid=20\ntid=20\nstate=S\ncall=futex\nwchan=futex_do_wait\nargs=0\n\n"      \
	"record=thread\npid=20\ntid=21\nstate=S\ncall=read\nargs=0 7f 40\nstill=1\n\n"             \
	"record=fd\npid=20\nfd=0\nlink=pipe:[500]\nino=500\nend=10 7 w\n\n"                        \
	"record=fd\npid=20\nfd=1\nlink=pipe:[501]\nino=501\nend=10 8 r\n\n"
#define SERVER_WAITS                                                                               \
	"record=thread\npid=20\ntid=20\nstate=S\ncall=read\nargs=0 7f 40\n\n"                      \
	"record=thread\npid=20\ntid=22\nstate=S\ncall=waitid\nargs=3 9 7f 4 0 0\nstill=1\n\n"      \
	"record=fd\npid=20\nfd=9\nlink=anon_inode:[pidfd]\nPid=30\n\n"
#define GO(state)                                                                                  \
	"record=process\npid=30\nppid=20\nrelation=below\nstate=" state                            \
	"\ncomm=go\ncmdline=go\x1flist\x1f./...\nthreads=2\ninterval_us=40000\nage_ms=36000\n\n"

static struct wait_chain chain_of(struct arena *arena, const char *text) {
	struct waits *w = arena_new_of(arena, struct waits);

	assert_true(waits_parse(arena, slice_str(text), w));
	return waits_chain(w, 1000);
}

/* The kind, the leaf's pid, how long the chain is, and whether all is well. */
static void expect(const char *text, enum wait_kind kind, int64_t pid, size_t links, bool healthy) {
	struct arena *arena = arena_new();
	struct wait_chain c = chain_of(arena, text);

	assert_string_equal(wait_kind_name(c.leaf.kind), wait_kind_name(kind));
	assert_int_equal(c.leaf.process->pid, pid);
	assert_int_equal(c.link_count, links);
	assert_int_equal(waits_is_healthy(&c), healthy);
	arena_free(arena);
}

static void test_child_of(void **state) {
	struct arena *arena = arena_new();
	struct waits *w = arena_new_of(arena, struct waits);

	(void)state;
	assert_true(waits_parse(arena, slice_str(EDITOR SERVER("S") SERVER_REST), w));
	assert_int_equal(waits_child_of(w, 10), 20);
	assert_int_equal(waits_child_of(w, 20), 20);
	arena_free(arena);
}

#define NVIM_ASKS                                                                                  \
	"record=machine\ntarget=10\nnow_ns=1000000000000\n\n"                                      \
	"record=process\npid=10\nppid=1\nrelation=target\nstate=S\ncomm=nvim\neditor=neovim\n\n"
#define CHILD(pid, cmdline)                                                                        \
	"record=process\npid=" pid "\nppid=10\nrelation=below\nstate=S\ncomm=sh\ncmdline=" cmdline \
	"\n\n"
#define STREAMS(pid, in)                                                                           \
	"record=fd\npid=" pid "\nfd=0\nlink=pipe:[" in "]\nino=" in "\nend=10 7 w\n\n"             \
	"record=fd\npid=" pid "\nfd=1\nlink=pipe:[9]\nino=9\nend=10 8 r\n\n"
#define SENT(pid, in, name)                                                                        \
	"record=pipe\nino=" in "\nunread=900\ncapacity=65536\n\n"                                  \
	"record=message\npid=" pid "\nfd=0\nbytes=880\npartial=0\nname=" name "\n\n"

static int64_t wrapper_of(const char *text) {
	struct arena *arena = arena_new();
	struct waits *w = arena_new_of(arena, struct waits);

	assert_true(waits_parse(arena, slice_str(text), w));
	const struct wait_process *p = waits_wrapper(w, false);
	int64_t pid = p ? p->pid : 0;

	arena_free(arena);
	return pid;
}

static void test_wrapper(void **state) {
	(void)state;
	/* By what lies in its stdin, by its name, by something that lies there and may not be read. */
	assert_int_equal(wrapper_of(NVIM_ASKS CHILD("20", "sh\x1f/b/ls") STREAMS("20", "5")
	                                    SENT("20", "5", "initialize")),
	                 20);
	assert_int_equal(wrapper_of(NVIM_ASKS CHILD("20", "sh\x1f/b/run-gopls") STREAMS("20", "5")),
	                 20);
	assert_int_equal(wrapper_of(NVIM_ASKS CHILD("20", "sh\x1f/b/ls") STREAMS(
				 "20", "5") "record=pipe\nino=5\nunread=900\n\n"),
	                 20);
	/* The strongest of several. */
	assert_int_equal(wrapper_of(NVIM_ASKS CHILD("20", "sh\x1fgopls") STREAMS("20", "5")
	                                    CHILD("21", "sh\x1f/b/ls") STREAMS("21", "6")
	                                            SENT("21", "6", "initialize")),
	                 21);
	/* A formatter at rest, one that speaks otherwise, a job whose streams the editor does not have. */
	assert_int_equal(wrapper_of(NVIM_ASKS CHILD("20", "fmt") STREAMS("20", "5")), 0);
	assert_int_equal(wrapper_of(NVIM_ASKS CHILD("20", "fmt") STREAMS("20", "5")
	                                    SENT("20", "5", "shutdown")),
	                 0);
	assert_int_equal(wrapper_of(NVIM_ASKS CHILD("20", "sh\x1f/b/run-gopls")), 0);
	/* It has started its server. */
	assert_int_equal(
		wrapper_of(NVIM_ASKS CHILD("20", "sh\x1f/b/run-gopls") STREAMS(
			"20", "5") "record=process\npid=30\nppid=20\nstate=S\ncomm=gopls\n\n"),
		0);
}

static void test_itself(void **state) {
	(void)state;
	expect(SERVER("S") SERVER_REST EDITOR, WAIT_IDLE, 20, 1, true);
	expect(SERVER("T") SERVER_REST EDITOR, WAIT_STOPPED, 20, 1, false);
	expect(SERVER("t") SERVER_REST EDITOR, WAIT_TRACED, 20, 1, false);
	/* Frozen in a group that is seen, and in one that is not. */
	expect("record=machine\ntarget=20\n\nrecord=process\npid=20\nstate=S\ncomm=gopls\nfrozen=/"
	       "g\n"
	       "frozen_by=v2\nfrozen_ms=5000\ninterval_us=40000\n\nrecord=thread\npid=20\nstate=S\n"
	       "wchan=futex_do_wait\n\n",
	       WAIT_FROZEN, 20, 1, false);
	expect("record=machine\ntarget=20\n\nrecord=process\npid=20\nstate=D\ncomm=gopls\ninterval_"
	       "us=40000\n\n"
	       "record=thread\npid=20\nstate=D\nwchan=futex_do_wait\n\nrecord=thread\npid="
	       "20\nstate=D\n"
	       "wchan=ep_poll\n\n",
	       WAIT_FROZEN, 20, 1, false);
	/* A real disk wait is none. */
	expect("record=machine\ntarget=20\n\nrecord=process\npid=20\nstate=D\ncomm=gopls\ninterval_"
	       "us=40000\n"
	       "age_ms=5000\n\nrecord=thread\npid=20\nstate=D\nwchan=folio_wait_bit_common\ncall="
	       "read\n"
	       "still=1\nargs=5\n\n",
	       WAIT_DISK, 20, 1, false);
	/* The group is frozen and yet it runs: it has just left it. */
	expect("record=machine\ntarget=20\n\nrecord=process\npid=20\nstate=R\ncomm=gopls\nfrozen=/"
	       "g\n"
	       "frozen_by=v1\ninterval_us=40000\n\nrecord=thread\npid=20\nstate=R\ncpu_us="
	       "30000\n\n",
	       WAIT_WORKS, 20, 1, true);
}

static void test_children(void **state) {
	(void)state;
	expect(SERVER("S") SERVER_WAITS GO("T") EDITOR, WAIT_STOPPED, 30, 2, false);
	expect(SERVER("S") SERVER_WAITS GO(
		       "R") "record=thread\npid=30\nstate=R\ncpu_us=39000\n\n" EDITOR,
	       WAIT_WORKS, 30, 2, true);
	/* The telemetry child is always there and no child gopls waits for. */
	expect(SERVER("S") SERVER_REST
	       "record=process\npid=31\nppid=20\nrelation=below\nstate=T\ncomm=gopls\n"
	       "cmdline=gopls\x1f** telemetry **\n\n" EDITOR,
	       WAIT_IDLE, 20, 1, true);
	/* A child nobody waits for is no link. */
	expect(SERVER("S") SERVER_REST GO("T") EDITOR, WAIT_IDLE, 20, 1, true);
	expect(SERVER("S") SERVER_WAITS GO("S") "record=thread\npid=30\ntid=30\nstate=S\ncall="
	                                        "flock\nargs=3 2\nstill=1\n\n"
	                                        "record=lock\npid=30\nclass=FLOCK\nplace=fe:00:"
	                                        "7\nlink=/c/lock\nholder=40\n\n"
	                                        "record=process\npid=40\nppid=1\nrelation="
	                                        "holder\nstate=T\ncomm=go\nage_ms=99000\n\n",
	       WAIT_STOPPED, 40, 3, false);
	expect(SERVER("S") SERVER_WAITS GO("S") "record=lock\npid=30\nlink=/c/lock\n\n", WAIT_LOCK,
	       30, 2, false);
	/* Two that have a lock the other waits for: the walk ends all the same. */
	expect(SERVER("S") SERVER_WAITS GO(
		       "S") "record=lock\npid=30\nlink=/a\nholder=40\n\nrecord=lock\npid=40\nlink=/"
	                    "b\nholder=30\n\n"
	                    "record=process\npid=40\nppid=1\nrelation=holder\nstate=S\ncomm="
	                    "go\nage_ms=99000\n\n",
	       WAIT_LOCK, 40, 3, false);
}

#define HOLDER(pid, more)                                                                          \
	"record=process\npid=" pid "\nppid=1\nrelation=holder\nstate=S\nage_ms=99000\n"            \
	"interval_us=40000\n" more "\n"
#define GO_WAITS_FOR_LOCK                                                                          \
	"record=thread\npid=30\ntid=30\nstate=S\ncall=flock\nargs=3 2\nstill=1\n\n"

static void test_holders(void **state) {
	(void)state;
	/* Left to two: one works, the other is stopped, and that lasts. */
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_LOCK
	       "record=lock\npid=30\nlink=/l\nholder=40\nholder=41\n\n" HOLDER(
		       "40", "comm=make\n") "record=thread\npid=40\nstate=R\ncpu_us=39000\n\n"
	                                    "record=process\npid=41\nppid=1\nrelation="
	                                    "holder\nstate=T\ncomm=make\n\n",
	       WAIT_STOPPED, 41, 3, false);
	/* A server has it for as long as it runs, whether it works or not. */
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_LOCK
	       "record=lock\npid=30\nlink=/l\nholder=40\n\n" HOLDER(
		       "40", "comm=gopls\n") "record=thread\npid=40\nstate=R\ncpu_us=39000\n\n",
	       WAIT_LOCK, 40, 3, false);
	/* make works, and will give it back. */
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_LOCK
	       "record=lock\npid=30\nlink=/l\nholder=40\n\n" HOLDER(
		       "40", "comm=make\n") "record=thread\npid=40\nstate=R\ncpu_us=39000\n\n",
	       WAIT_WORKS, 40, 3, true);
	/* In a container: it waits for its child by the number that has there. */
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_LOCK
	       "record=lock\npid=30\nlink=/l\nholder=40\n\n" HOLDER(
		       "40", "comm=flock\n") "record=thread\npid=40\ntid=40\nstate=S\ncall="
	                                     "wait4\nargs=2 7f 0 0\n\n"
	                                     "record=process\npid=44\nppid=40\nrelation="
	                                     "holder\nstate=T\ncomm=sleep\nown_pid=2\n\n",
	       WAIT_STOPPED, 44, 4, false);
}

/* A script that looks every second; what it starts is another process each time. */
#define POLLS(age) POLLS_EACH("1", "300", age)
#define POLLS_EACH(length, now, age)                                                               \
	"record=process\npid=40\nppid=30\nrelation=below\nstate=S\ncomm=sh\nthreads=1\n"           \
	"cmdline=/bin/sh\x1f/home/x/bin/cc\ninterval_us=40000\nage_ms=" age "\n\n"                 \
	"record=thread\npid=40\ntid=40\nstate=S\ncall=wait4\nargs=ffffffff 7f 0 0\n\n"             \
	"record=process\npid=41\nppid=40\nrelation=below\nstate=S\ncomm=sleep\nthreads=1\n"        \
	"cmdline=sleep\x1f" length "\ninterval_us=40000\nage_ms=" now "\n\n"                       \
	"record=thread\npid=41\ntid=41\nstate=S\ncall=clock_nanosleep\nargs=0\n\n"
#define GO_WAITS_FOR_CHILD                                                                         \
	"record=thread\npid=30\ntid=30\nstate=S\ncall=waitid\nargs=3 9 7f 4 0 0\nstill=1\n\n"      \
	"record=fd\npid=30\nfd=9\nlink=anon_inode:[pidfd]\nPid=40\n\n"

static void test_polling(void **state) {
	struct arena *arena = arena_new();
	struct wait_chain c;

	(void)state;
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_CHILD POLLS("4000"), WAIT_SLEEP, 40, 3,
	       false);
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_CHILD POLLS("900"), WAIT_SLEEP, 41, 4,
	       true);
	/* One rest of a known length, which ends soon, is none of many, and passes; one that is over it does not. */
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_CHILD POLLS_EACH("6", "3900", "5200"),
	       WAIT_SLEEP, 41, 4, true);
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_CHILD POLLS_EACH("6", "300", "6290"),
	       WAIT_SLEEP, 40, 3, false);
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_CHILD POLLS_EACH("6", "9000", "9100"),
	       WAIT_SLEEP, 41, 4, false);
	expect(SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_CHILD POLLS_EACH("30", "3900", "4000"),
	       WAIT_SLEEP, 41, 4, false);
	c = chain_of(arena, SERVER("S") SERVER_WAITS GO("S") GO_WAITS_FOR_CHILD POLLS("4000"));
	assert_non_null(strstr(waits_sentence(arena, &c), "/home/x/bin/cc"));
	/* That it polls is sure when two more sleeps have gone by. */
	assert_true(c.leaf.proven);
	c = chain_of(arena, SERVER("S") SERVER_WAITS GO("S")
	                            GO_WAITS_FOR_CHILD POLLS_EACH("3", "300", "3500"));
	assert_int_equal(c.leaf.process->pid, 40);
	assert_false(c.leaf.proven);
	arena_free(arena);
}

/* timeout(1) wakes for the signal that its child's end is, and for its own alarm. */
static void test_waits_for_signal(void **state) {
	(void)state;
	expect("record=machine\ntarget=30\n\nrecord=process\npid=30\nppid=1\nstate=S\ncomm="
	       "timeout\n"
	       "threads=1\nage_ms=9000\n\nrecord=thread\npid=30\ntid=30\nstate=S\n"
	       "call=rt_sigsuspend\nargs=0\nwakes_ms=9223372036854775807\n\n"
	       "record=process\npid=31\nppid=30\nrelation=below\nstate=T\ncomm=sh\n\n",
	       WAIT_STOPPED, 31, 2, false);
}

/* One program that sleeps by itself: since, and how long it still will. */
#define SLEEPER(age, rested, wakes)                                                                \
	"record=machine\ntarget=30\n\nrecord=process\npid=30\nppid=1\nstate=S\ncomm=driver\n"      \
	"threads=1\nage_ms=" age "\nrested_ms=" rested "\n\nrecord=thread\npid=30\ntid=30\n"       \
	"state=S\ncall=clock_nanosleep\nargs=0\nwakes_ms=" wakes "\n\n"

static void expect_sleep(const char *text, bool settled, bool proven) {
	struct arena *arena = arena_new();
	struct wait_chain c = chain_of(arena, text);

	assert_int_equal(c.leaf.kind, WAIT_SLEEP);
	assert_int_equal(c.leaf.settled, settled);
	assert_int_equal(c.leaf.proven, proven);
	arena_free(arena);
}

static void test_sleeps(void **state) {
	(void)state;
	/* It says that it will be long; it never wakes; it has been long. */
	expect_sleep(SLEEPER("1500", "1200", "90000"), true, true);
	expect_sleep(SLEEPER("1500", "1200", "9223372036854775807"), true, true);
	expect_sleep(SLEEPER("99000", "98500", "20000"), true, true);
	/* Some seconds pass, and those that are left are few. */
	expect_sleep(SLEEPER("4000", "3500", "20000"), true, false);
	expect_sleep(SLEEPER("4000", "3500", "5500"), false, false);
	expect_sleep(SLEEPER("4000", "3500", "-1"), true, false);
	/* Six seconds behind a slow start are not many short ones; every second for ten is. */
	expect_sleep(SLEEPER("6500", "4500", "1500"), true, false);
	expect_sleep(SLEEPER("10000", "400", "600"), true, true);
}

#define FUSE_WAIT(path)                                                                            \
	"record=thread\npid=30\ntid=30\nstate=S\ncall=newfstatat\nwchan=request_wait_answer\n"     \
	"args=ffffff9c 7f 0\nstill=1\npath=" path "\n\n"
#define MOUNTS                                                                                     \
	"record=mount\npoint=/mnt/a\nconnection=45\n\nrecord=mount\npoint=/mnt/"                   \
	"b\nconnection=46\n\n"
#define SERVES(pid, state, more)                                                                   \
	"record=process\npid=" pid "\nppid=1\nrelation=serves\nstate=" state "\n" more "\n"

static void test_file_servers(void **state) {
	(void)state;
	/* By the number of the connection. */
	expect(SERVER("S") SERVER_WAITS GO("S") FUSE_WAIT("/mnt/b/x") MOUNTS SERVES(
		       "50", "T", "comm=one\n") "record=fd\npid=50\nfd=3\nlink=/dev/"
	                                        "fuse\nfuse_connection=45\n\n" SERVES(
							"51", "T",
							"comm=two\n") "record=fd\npid="
	                                                              "51\nfd=3\nlink=/dev/"
	                                                              "fuse\nfuse_"
	                                                              "connection=46\n\n",
	       WAIT_STOPPED, 51, 3, false);
	/* By its words, when it does not show what it has open. */
	expect(SERVER("S") SERVER_WAITS GO("S") FUSE_WAIT("/mnt/b/x")
	               MOUNTS SERVES("50", "T", "comm=one\ncmdline=one\x1f/mnt/a\n")
	                       SERVES("51", "T", "comm=two\ncmdline=two\x1f/mnt/b\n"),
	       WAIT_STOPPED, 51, 3, false);
	/* Nothing says which of two. */
	expect(SERVER("S") SERVER_WAITS GO("S") FUSE_WAIT("/mnt/c/x")
	               MOUNTS SERVES("50", "T", "comm=one\n") SERVES("51", "T", "comm=two\n"),
	       WAIT_DISK, 30, 2, false);
	/* One that may not be looked into: it does not answer, that is seen. */
	expect(SERVER("S") SERVER_WAITS GO("S") FUSE_WAIT("/mnt/b/x") MOUNTS SERVES(
		       "51", "S", "comm=two\ncmdline=two\x1f/mnt/b\nfds=-1\ndenied=1\n"),
	       WAIT_DISK, 51, 3, false);
	/* It shows what is on another one, whose server is stopped; or is not. */
	expect(SERVER("S") SERVER_WAITS GO("S") FUSE_WAIT("/mnt/c/x") MOUNTS
	       "record=mount\nconnection=47\npoint=/mnt/c\nsource=/mnt/a/y\n\n" SERVES(
		       "52", "S", "comm=three\ncmdline=three\x1f/mnt/c\nfds=-1\ndenied=1\n")
	               SERVES("50", "T", "comm=one\ncmdline=one\x1f/mnt/a\n"),
	       WAIT_STOPPED, 50, 4, false);
	expect(SERVER("S") SERVER_WAITS GO("S") FUSE_WAIT("/mnt/c/x") MOUNTS
	       "record=mount\nconnection=47\npoint=/mnt/c\nsource=/mnt/a/y\n\n" SERVES(
		       "52", "S", "comm=three\ncmdline=three\x1f/mnt/c\nfds=-1\ndenied=1\n")
	               SERVES("50", "S", "comm=one\ncmdline=one\x1f/mnt/a\nfds=-1\ndenied=1\n"),
	       WAIT_DISK, 52, 3, false);
}

/* A tracer that was stopped itself: the server is in its hands with the one thread that had something to do. */
static void test_tracers(void **state) {
	static const char traced[] =
		"record=machine\ntarget=20\n\nrecord=process\npid=20\nppid=10\nrelation=target\n"
		"state=S\ncomm=gopls\nthreads=2\ninterval_us=40000\nage_ms=60000\ntracer=60\n\n"
		"record=thread\npid=20\ntid=20\nstate=S\ncall=futex\nargs=0\nstill=1\n\n"
		"record=thread\npid=20\ntid=21\nstate=t\ncall=read\nargs=0 7f 40\nstill=1\n\n"
		"record=fd\npid=20\nfd=0\nlink=pipe:[500]\nino=500\nend=10 7 w\n\n";
	static const char writes[] =
		"record=thread\npid=60\ntid=60\nstate=S\ncall=write\nargs=2 7f 40\nstill=1\n\n"
		"record=fd\npid=60\nfd=2\nlink=pipe:[700]\nino=700\n\n";
	struct arena *arena = arena_new();

	(void)state;
#define STRACE(state)                                                                              \
	"record=process\npid=60\nppid=1\nrelation=tracer\nstate=" state                            \
	"\ncomm=strace\ninterval_us=40000\nage_ms=50000\n\n"
	expect(arena_printf(arena, "%s" STRACE("T") EDITOR, traced), WAIT_STOPPED, 60, 2, false);
	expect(arena_printf(arena, "%s" STRACE("S") "%s" EDITOR, traced, writes), WAIT_READER, 60,
	       2, false);
	/* One that lets it run has a thread in its hands for a moment. */
	expect(arena_printf(arena, "%s" STRACE("S") EDITOR, traced), WAIT_IDLE, 20, 1, true);
	/* Held whole by a debugger that waits for its user. */
	expect("record=machine\ntarget=20\n\nrecord=process\npid=20\nstate=t\ncomm=gopls\ntracer="
	       "60\n\n" STRACE("S"),
	       WAIT_TRACED, 20, 1, false);
	expect("record=machine\ntarget=20\n\nrecord=process\npid=20\nstate=t\ncomm=gopls\ntracer="
	       "60\n\n" STRACE("T"),
	       WAIT_STOPPED, 60, 2, false);
	arena_free(arena);
}

/* What a program left behind that has ended: it has the pipe into which that wrote. */
static void test_kept_pipe(void **state) {
	(void)state;
#define READS(flags)                                                                               \
	"record=fd\npid=20\nfd=11\nlink=pipe:[600]\nino=600\nflags=" flags "\nend=70 1 w\n\n"
#define LEFT(more)                                                                                 \
	"record=process\npid=70\nppid=1\nrelation=peer\nstate=S\ncomm=watcher\nthreads=1\n"        \
	"interval_us=40000\nage_ms=30000\n" more "\n"
	expect(SERVER("S") SERVER_REST READS("02004000") LEFT("") EDITOR, WAIT_PEER, 70, 2, false);
	/* It works: then the pipe ends some day. */
	expect(SERVER("S") SERVER_REST READS("02004000") LEFT("io_calls=500\n") EDITOR, WAIT_IDLE,
	       20, 1, true);
	/* The writing end is its own, or the pipe is that of its ancestors. */
	expect(SERVER("S") SERVER_REST READS("02004001") LEFT("") EDITOR, WAIT_IDLE, 20, 1, true);
	expect(SERVER("S") SERVER_REST
	       "record=fd\npid=20\nfd=11\nlink=pipe:[600]\nino=600\nflags=02004000\nend=10 3 "
	       "r\nend=70 1 w\n\n" LEFT("") EDITOR,
	       WAIT_IDLE, 20, 1, true);
	expect(SERVER("S") SERVER_REST READS("02004000") "record=fd\npid=20\nfd=12\nlink=pipe:[600]"
	                                                 "\nino=600\nflags=02004001\nend=70 1 "
	                                                 "w\n\n" LEFT("") EDITOR,
	       WAIT_IDLE, 20, 1, true);
	/* It was stopped. */
	expect(SERVER("S") SERVER_REST READS("02004000") "record=process\npid=70\nppid=1\nrelation="
	                                                 "peer\nstate=T\ncomm=watcher\n\n" EDITOR,
	       WAIT_STOPPED, 70, 2, false);
}

static void test_outside(void **state) {
	(void)state;
	expect(SERVER("S") SERVER_WAITS GO(
		       "S") "record=fd\npid=30\nfd=5\nlink=socket:[70]\nino=70\n\nrecord="
	                    "socket\nino=70\nkind=tcp\n"
	                    "state=connecting\nremote=10.1.2.3:443\nretransmits=2\n\n",
	       WAIT_NET, 30, 2, false);
	expect(SERVER("S") SERVER_WAITS GO("S") "record=fd\npid=30\nfd=5\nlink=socket:[70]\nino="
	                                        "70\n\nrecord=socket\nino=70\nkind=udp\n"
	                                        "state=connected\nremote=10.1.2.3:53\n\n",
	       WAIT_DNS, 30, 2, false);
	/* It has the socket from its parent, which is in the chain: it is not what it waits for. */
	expect(SERVER("S") SERVER_WAITS "record=fd\npid=20\nfd=7\nlink=socket:[70]\nino=70\n\n" GO(
		       "S") "record=fd\npid=30\nfd=7\nlink=socket:[70]\nino=70\n\nrecord="
	                    "socket\nino=70\nkind=tcp\nstate=connected\nremote=10.1.2.3:443\n\n"
	                    "record=fd\npid=30\nfd=8\nlink=socket:[71]\nino=71\n\nrecord="
	                    "socket\nino=71\nkind=tcp\nstate=connected\nremote=10.9.9.9:22\nsent_"
	                    "ms=30000\n\n",
	       WAIT_NET, 30, 2, false);
	/* One that sends a byte now and then: nothing new has been asked for. */
	expect(SERVER("S") SERVER_WAITS GO(
		       "S") "record=fd\npid=30\nfd=5\nlink=socket:[70]\nino=70\n\nrecord="
	                    "socket\nino=70\nkind=tcp\nstate=connected\nremote=10.1.2.3:443\n"
	                    "received_bytes=300\nheard_ms=400\nsent_ms=30000\n\n",
	       WAIT_NET, 30, 2, false);
	expect(SERVER("S") SERVER_WAITS GO(
		       "S") "record=fd\npid=30\nfd=5\nlink=socket:[70]\nino=70\n\nrecord="
	                    "socket\nino=70\nkind=tcp\nstate=connected\nremote=10.1.2.3:443\n"
	                    "received_bytes=300\nheard_ms=400\nsent_ms=500\n\n",
	       WAIT_NET, 30, 2, true);
	expect("record=machine\ntarget=30\n\nrecord=process\npid=30\nppid=1\nstate=S\ncomm="
	       "gopls\nage_ms=5000\nstarved=/sys/fs/cgroup/memory/x\n\n",
	       WAIT_MEMORY, 30, 1, false);
	expect(SERVER("S") SERVER_WAITS GO("S") "record=thread\npid=30\ntid=30\nstate=S\ncall="
	                                        "openat\nwchan=wait_for_partner\n"
	                                        "args=ffffff9c 7f 0\npath=/tmp/f\n\n",
	       WAIT_FIFO, 30, 2, false);
	expect("record=machine\ntarget=30\n\nrecord=process\npid=30\nppid=1\nstate=S\ncomm="
	       "ssh\nthreads=1\n"
	       "age_ms=5000\n\nrecord=thread\npid=30\ntid=30\nstate=S\ncall=read\nargs=4\n\nrecord="
	       "fd\npid=30\n"
	       "fd=4\nlink=/dev/tty\n\n",
	       WAIT_PROMPT, 30, 1, false);
	/* A moment of sleep between two tries is nothing, a long one is. */
	expect("record=machine\ntarget=30\n\nrecord=process\npid=30\nppid=1\nstate=S\ncomm="
	       "sh\nthreads=1\n"
	       "age_ms=1500\n\nrecord=thread\npid=30\ntid=30\nstate=S\ncall=clock_nanosleep\nargs="
	       "0\n\n",
	       WAIT_SLEEP, 30, 1, true);
	expect("record=machine\ntarget=30\n\nrecord=process\npid=30\nppid=1\nstate=S\ncomm="
	       "sleep\nthreads=1\n"
	       "cmdline=sleep\x1f"
	       "3600\nage_ms=1500\n\nrecord=thread\npid=30\ntid=30\nstate=S\n"
	       "call=clock_nanosleep\nargs=0\n\n",
	       WAIT_SLEEP, 30, 1, false);
}

static void test_both_ends(void **state) {
	struct arena *arena = arena_new();
	static const char stuck[] = SERVER(
		"S") "record=thread\npid=20\ntid=20\nstate=S\ncall=futex\n\n"
		     "record=thread\npid=20\ntid=21\nstate=S\ncall=write\nargs=1 7f 40\nstill=1\n\n"
		     "record=fd\npid=20\nfd=1\nlink=pipe:[501]\nino=501\nend=10 8 r\n\n"
		     "record=pipe\nino=501\nunread=65536\ncapacity=65536\n\n";
	static const char unread[] =
		SERVER("S") "record=thread\npid=20\ntid=20\nstate=S\ncall=futex\n\n"
			    "record=fd\npid=20\nfd=0\nlink=pipe:[500]\nino=500\nend=10 7 w\n\n"
			    "record=pipe\nino=500\nunread=4834\n\nrecord=message\npid=20\nfd=0\n"
			    "name=initialize\nbytes=4812\n\n";
	struct wait_chain c;

	(void)state;
	c = chain_of(arena, arena_printf(arena, "%s%s", stuck, EDITOR));
	assert_int_equal(c.leaf.kind, WAIT_READER);
	assert_int_equal(c.leaf.process->pid, 10);
	assert_int_equal(c.unread_count, 1);
	assert_int_equal(c.unread[0].bytes, 65536);
	assert_false(c.unread[0].incoming);
	c = chain_of(arena,
	             arena_printf(arena,
	                          "%srecord=process\npid=10\nstate=T\ncomm=nvim\neditor=neovim\n\n",
	                          stuck));
	assert_int_equal(c.leaf.kind, WAIT_STOPPED);
	assert_int_equal(c.leaf.process->pid, 10);
	c = chain_of(arena, arena_printf(arena, "%s%s", unread, EDITOR));
	assert_int_equal(c.leaf.kind, WAIT_INSIDE);
	assert_int_equal(c.unread_count, 1);
	assert_int_equal(c.unread[0].message_count, 1);
	assert_string_equal(c.unread[0].messages[0].name, "initialize");
	arena_free(arena);
}

static void test_nonsense(void **state) {
	struct arena *arena = arena_new();
	struct waits w;

	(void)state;
	assert_false(waits_parse(arena, slice_str(""), &w));
	assert_false(waits_parse(arena, slice_str("pid=4\nrecord=\nrecord=what\nx\n"), &w));
	assert_false(waits_parse(
		arena, slice_str("record=machine\ntarget=5\n\nrecord=process\npid=4\n"), &w));
	arena_free(arena);
}

static void test_unread(void **state) {
	struct arena *arena = arena_new();
	struct unread_message m[4];
	size_t skipped;
	static const char two[] =
		"of a body}Content-Length: 30\r\n\r\n{\"method\":\"initialized\",\"x\":1}"
		"Content-Length: 900\r\nContent-Type: x\r\n\r\n{\"id\":7,\"result\":";

	(void)state;
	assert_int_equal(unread_read(arena, slice_str(two), m, 4, &skipped), 2);
	assert_int_equal(skipped, 10);
	assert_string_equal(m[0].name, "initialized");
	assert_int_equal(m[0].bytes, 30);
	assert_false(m[0].partial);
	assert_string_equal(m[1].name, "answer to 7");
	assert_int_equal(m[1].bytes, 900);
	assert_true(m[1].partial);
	assert_int_equal(unread_read(arena, slice_str("Content-Length: 5"), m, 4, &skipped), 0);
	/* What a program says of itself is not put on a terminal. */
	assert_int_equal(
		unread_read(arena,
	                    slice_str("Content-Length: 24\r\n\r\n{\"method\":\"\033[31mred\"}"), m,
	                    4, &skipped),
		1);
	assert_string_equal(m[0].name, "");
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child_of),     cmocka_unit_test(test_wrapper),
		cmocka_unit_test(test_itself),       cmocka_unit_test(test_children),
		cmocka_unit_test(test_holders),      cmocka_unit_test(test_polling),
		cmocka_unit_test(test_sleeps),       cmocka_unit_test(test_waits_for_signal),
		cmocka_unit_test(test_file_servers), cmocka_unit_test(test_outside),
		cmocka_unit_test(test_both_ends),    cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_unread),       cmocka_unit_test(test_tracers),
		cmocka_unit_test(test_kept_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
