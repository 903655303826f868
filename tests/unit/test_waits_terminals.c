/* SPDX-License-Identifier: MIT
 * Terminals: who shows what is written to one, output that is held back there, a job that asks from the background.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "waits/waits.h"

#define SERVER(fd)                                                                                 \
	"record=machine\ntarget=20\nnow_ns=1000000000000\n\nrecord=process\npid=20\nppid=1\n"      \
	"relation=target\nstate=S\ncomm=gopls\ncmdline=gopls\nthreads=2\nage_ms=90000\n"           \
	"rested_ms=7000\n\n"                                                                       \
	"record=thread\npid=20\ntid=20\nstate=S\nstill=1\ncall=read\nargs=0 7f 40\n\n" fd
#define LOG(link, ends) "record=fd\npid=20\nfd=9\nlink=" link "\nflags=02100002\n" ends "\n"
#define SHOWS(state, call, args)                                                                   \
	"record=process\npid=40\nppid=1\nrelation=peer\nstate=" state                              \
	"\ncomm=screen\ncmdline=screen\nthreads=1\nage_ms=99000\nrested_ms=9000\n\n"               \
	"record=thread\npid=40\ntid=40\nstate=" state "\nstill=1\ncall=" call "\nargs=" args       \
	"\n\n"
#define WRITES                                                                                     \
	"goroutine 118 [IO wait]:\ninternal/poll.runtime_pollWait(0x7f, 0x77)\n"                   \
	"\t/go/src/runtime/netpoll.go:351 +0x85\ninternal/poll.(*FD).Write(0xc0, {0xc1, 0x80})\n"  \
	"\t/go/src/internal/poll/fd_unix.go:388 +0x2f8\nos.(*File).write(...)\n"                   \
	"\t/go/src/os/file_posix.go:46\nos.(*File).Write(0xc0, {0xc1, 0x80})\n"                    \
	"\t/go/src/os/file.go:195 +0x4e\nlog.(*Logger).output(0xc0)\n\t/go/log.go:245 +0x1\n\n"

static void expect(const char *text, const char *goroutines, const char *kind, int64_t pid,
                   const char *on) {
	struct arena *arena = arena_new();
	struct waits *w = arena_new_of(arena, struct waits);

	assert_true(waits_parse(arena, slice_str(text), w));
	waits_take_goroutines(w, 20, slice_str(goroutines));
	struct wait_chain c = waits_chain(w, 1000);

	assert_string_equal(wait_kind_name(c.leaf.kind), kind);
	assert_int_equal(c.leaf.process->pid, pid);
	assert_string_equal(c.leaf.on, on);
	arena_free(arena);
}

static void test_log(void **state) {
	(void)state;
	/* Whoever shows it is stopped, does something else, or waits for more. */
	expect(SERVER(LOG("/dev/pts/3", "end=40 5 b\n")) SHOWS("T", "read", "5 7f 40"), WRITES,
	       "stopped", 40, "");
	expect(SERVER(LOG("/dev/pts/3", "end=40 5 b\n")) SHOWS("S", "read", "0 7f 40"), WRITES,
	       "reader", 40, "");
	expect(SERVER(LOG("/dev/pts/3", "end=40 5 b\n")) SHOWS("S", "read", "5 7f 40"), WRITES,
	       "reader", 20, "/dev/pts/3");
	/* Nobody is seen; a named pipe that nobody reads. */
	expect(SERVER(LOG("/dev/pts/3", "")), WRITES, "reader", 20, "/dev/pts/3");
	expect(SERVER(LOG("/tmp/log", "fifo=1\nino=7\n")), WRITES, "reader", 20, "/tmp/log");
	/* One that it has inherited comes first among its descriptors, and is not its log. */
	expect(SERVER("record=fd\npid=20\nfd=5\nlink=/tmp/in\nflags=02\nfifo=1\nino=8\n\n" LOG(
		       "/tmp/log", "fifo=1\nino=7\n")),
	       WRITES, "reader", 20, "/tmp/log");
	/* It has such a log and writes nothing, or writes to a file. */
	expect(SERVER(LOG("/dev/pts/3", "end=40 5 b\n")) SHOWS("T", "read", "5 7f 40"), "", "idle",
	       20, "");
	expect(SERVER(LOG("/tmp/log", "")), WRITES, "idle", 20, "");
}

#define JOB(pid, ppid, comm, more)                                                                 \
	"record=process\npid=" pid "\nppid=" ppid "\nrelation=below\nstate=T\ncomm=" comm          \
	"\ncmdline=" comm "\nthreads=1\nage_ms=90000\nrested_ms=6000\ngroup=20\nsession=5\n"       \
	"terminal=34816\nforeground=5\n\nrecord=thread\npid=" pid "\ntid=" pid                     \
	"\nstate=T\nstill=1\n" more "\n"
#define OF_JOB "record=machine\ntarget=20\n\n" JOB("20", "1", "gopls", "") JOB("30", "20", "go", "")

static void test_background(void **state) {
	(void)state;
	/* ssh asks for a passphrase. */
	expect(OF_JOB JOB("31", "30", "ssh",
	                  "call=ioctl\nargs=4 5404 7f\n\n"
	                  "record=fd\npid=31\nfd=4\nlink=/dev/tty\n"),
	       "", "stopped", 31, "/dev/tty");
	/* git stops itself. */
	expect(OF_JOB JOB("31", "30", "git", "\nrecord=fd\npid=31\nfd=6\nlink=/dev/tty\n"), "",
	       "stopped", 31, "/dev/tty");
	/* One that was given its streams and does not use them; all were stopped by somebody. */
	expect(OF_JOB JOB("31", "30", "git", "\nrecord=fd\npid=31\nfd=2\nlink=/dev/pts/1\n"), "",
	       "stopped", 20, "");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_background),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
