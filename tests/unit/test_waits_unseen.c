/* SPDX-License-Identifier: MIT
 * Chains that end at somebody who is not seen, or who does not take what is sent; and wrappers beside the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "waits/waits.h"

#define MACHINE(pid) "record=machine\ntarget=" pid "\nnow_ns=1000000000000\n\n"
#define PROCESS(pid, ppid, state, comm, more)                                                      \
	"record=process\npid=" pid "\nppid=" ppid "\nrelation=below\nstate=" state "\ncomm=" comm  \
	"\ninterval_us=40000\nage_ms=60000\n" more "\n"
#define THREAD(pid, call, args, more)                                                              \
	"record=thread\npid=" pid "\ntid=" pid "\nstate=S\nstill=1\ncall=" call "\nargs=" args     \
	"\n" more "\n"
#define FD(pid, fd, link, more) "record=fd\npid=" pid "\nfd=" fd "\nlink=" link "\n" more "\n"

/* What waits for process 30: gopls, in waitid. */
#define SERVER_OF_30                                                                               \
	MACHINE("20")                                                                              \
	PROCESS("20", "10", "S", "gopls", "cmdline=gopls\nthreads=2\n")                            \
	THREAD("20", "waitid", "3 9 7f 4 0 0", "")                                                 \
	FD("20", "9", "anon_inode:[pidfd]", "Pid=30\n")

static struct wait_chain chain_of(struct arena *arena, const char *text, int64_t settled_ms) {
	struct waits *w = arena_new_of(arena, struct waits);

	assert_true(waits_parse(arena, slice_str(text), w));
	return waits_chain(w, settled_ms);
}

static void expect(const char *text, enum wait_kind kind, int64_t pid, const char *on,
                   bool healthy) {
	struct arena *arena = arena_new();
	struct wait_chain c = chain_of(arena, text, 1000);

	assert_string_equal(wait_kind_name(c.leaf.kind), wait_kind_name(kind));
	assert_int_equal(c.leaf.process->pid, pid);
	assert_string_equal(c.leaf.on, on);
	assert_int_equal(waits_is_healthy(&c), healthy);
	arena_free(arena);
}

#define CLIENT                                                                                     \
	"cmdline=docker\x1f"                                                                       \
	"exec\nthreads=1\n"
#define SOCKET(ino, kind, more)                                                                    \
	"record=socket\nino=" ino "\nkind=" kind "\nstate=connected\n" more "\n"

static void test_unseen_peer(void **state) {
	(void)state;
	/* Not accepted, and accepted by somebody who may not be seen. */
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "docker", CLIENT) THREAD(
		       "30", "recvfrom", "3 7f a", "") FD("30", "3", "socket:[70]", "ino=70\n")
	               SOCKET("70", "unix", "waits_at=71\npeer_name=/run/docker.sock\n"),
	       WAIT_PEER, 30, "/run/docker.sock", false);
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "docker", CLIENT) THREAD(
		       "30", "recvfrom", "3 7f a", "") FD("30", "3", "socket:[70]", "ino=70\n")
	               SOCKET("70", "unix", "peer=72\npeer_name=/run/docker.sock\n"),
	       WAIT_PEER, 30, "/run/docker.sock", false);
	/* It has no name: nothing is known. It is in no call on it: it may talk to somebody else. */
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "docker", CLIENT) THREAD("30", "recvfrom",
	                                                                      "3 7f a", "")
	               FD("30", "3", "socket:[70]", "ino=70\n") SOCKET("70", "unix", "peer=72\n"),
	       WAIT_INSIDE, 30, "", false);
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "docker", CLIENT)
	               THREAD("30", "epoll_wait", "4 7f a", "")
	                       FD("30", "3", "socket:[70]", "ino=70\n")
	                               SOCKET("70", "unix", "peer=72\npeer_name=/run/bus\n"),
	       WAIT_INSIDE, 30, "", false);
	/* A logger whose queue is full. */
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "logger", "threads=1\n")
	               THREAD("30", "sendmsg", "3 7f a", "rested_ms=9000\n")
	                       FD("30", "3", "socket:[70]", "ino=70\n")
	                               SOCKET("70", "unix", "peer=72\npeer_name=/dev/log\n"),
	       WAIT_READER, 30, "/dev/log", false);
}

/* Go waits for all its sockets at once: then only the name of one that leads to somebody unseen can be told. */
static void test_named_in_passing(void **state) {
	struct arena *arena = arena_new();
	struct wait_chain c =
		chain_of(arena,
	                 SERVER_OF_30 PROCESS("30", "20", "S", "driver", "threads=5\n")
	                         THREAD("30", "epoll_pwait", "4 7f a",
	                                "") FD("30", "3", "socket:[70]", "ino=70\n")
	                                 SOCKET("70", "unix", "peer=72\npeer_name=/run/b.sock\n"),
	                 1000);

	(void)state;
	assert_int_equal(c.leaf.kind, WAIT_INSIDE);
	assert_non_null(strstr(waits_sentence(arena, &c), "/run/b.sock"));
	arena_free(arena);
}

/* A helper that has a named pipe for its input, and holds both of its ends open. */
static void test_fifo_as_input(void **state) {
	(void)state;
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "bash", "threads=1\n")
	               THREAD("30", "read", "0 7f 1", "") FD("30", "0", "/h/answers", "fifo=1\n"),
	       WAIT_FIFO, 30, "/h/answers", false);
}

static void test_kernel_things(void **state) {
	(void)state;
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "cc", "threads=1\n")
	               THREAD("30", "semtimedop", "1 7f 1", ""),
	       WAIT_PEER, 30, "", false);
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "tail", "threads=1\n")
	               THREAD("30", "poll", "7f 2 ffffffff", "")
	                       FD("30", "4", "anon_inode:inotify", ""),
	       WAIT_PEER, 30, "", false);
	/* Others watch files, too, beside what they wait for. */
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "node", "threads=11\n")
	               THREAD("30", "epoll_wait", "4 7f a", "")
	                       FD("30", "5", "anon_inode:inotify", ""),
	       WAIT_INSIDE, 30, "", false);
}

static void test_hidden_prompt(void **state) {
	(void)state;
	expect(SERVER_OF_30 PROCESS(
		       "30", "20", "S", "sudo",
		       "threads=1\ndenied=1\nfds=-1\nterminal=34816\nrested_ms=2000\n"),
	       WAIT_PROMPT, 30, "", false);
	/* It has got its answer and runs what it was told to; it has no terminal to ask at; it is another program. */
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "sudo",
	                            "threads=1\ndenied=1\nfds=-1\nterminal=34816\n")
	               PROCESS("31", "30", "R", "make",
	                       "") "record=thread\npid=31\ntid=31\nstate=R\ncpu_us=39000\n\n",
	       WAIT_WORKS, 31, "", true);
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "sudo",
	                            "threads=1\ndenied=1\nfds=-1\nterminal=0\n"),
	       WAIT_HIDDEN, 30, "", false);
	expect(SERVER_OF_30 PROCESS("30", "20", "S", "ping",
	                            "threads=1\ndenied=1\nfds=-1\nterminal=34816\n"),
	       WAIT_HIDDEN, 30, "", false);
}

/* A program that looks twice a second whether it may. */
static void test_polls_itself(void **state) {
	(void)state;
#define DRIVER(age, more)                                                                          \
	"record=process\npid=30\nppid=20\nrelation=below\nstate=S\ncomm=driver\nthreads=1\n"       \
	"interval_us=40000\nage_ms=" age "\n" more                                                 \
	"\n" THREAD("30", "clock_nanosleep", "0 0 7f", "")
	expect(SERVER_OF_30 DRIVER("9000", "rested_ms=300\ncpu_ms=30\n"), WAIT_SLEEP, 30, "",
	       false);
	/* Young; or it works between the sleeps. */
	expect(SERVER_OF_30 DRIVER("2400", "rested_ms=300\ncpu_ms=30\n"), WAIT_SLEEP, 30, "", true);
	expect(SERVER_OF_30 DRIVER("9000", "rested_ms=300\ncpu_ms=3000\n"), WAIT_SLEEP, 30, "",
	       true);
}

static void test_name_servers(void **state) {
	(void)state;
	/* One thread looks at the clock every second, the other has waited since it asked. */
#define ASKS(rested)                                                                               \
	PROCESS("30", "20", "S", "git-remote-http", "threads=2\nrested_ms=100\n")                  \
	THREAD("30", "poll", "7f 1 3e8", "rested_ms=100\n")                                        \
	"record=thread\npid=30\ntid=31\nstate=S\nstill=1\ncall=poll\nargs=7f 1 "                   \
	"1388\nrested_ms=" rested "\n\n" FD("30", "5", "socket:[70]", "ino=70\n")                  \
		SOCKET("70", "udp", "remote=10.1.2.3:53\n")
	expect(SERVER_OF_30 ASKS("4000"), WAIT_DNS, 30, "10.1.2.3:53", false);
	expect(SERVER_OF_30 ASKS("200"), WAIT_DNS, 30, "10.1.2.3:53", true);
}

/* Neither waits for what its clients ask next, unless that cannot. */
static void test_accepted(void **state) {
	(void)state;
#define TUNNEL(client)                                                                             \
	MACHINE("20")                                                                              \
	PROCESS("20", "10", "S", "gopls", "cmdline=gopls\x1f-remote=127.0.0.1:3\nthreads=1\n")     \
	FD("20", "6", "socket:[70]", "ino=70\nend=40 4 b\n")                                       \
	SOCKET("70", "tcp",                                                                        \
	       "local=127.0.0.1:9\nremote=127.0.0.1:3\nlocal_peer=1\npeer=71\n"                    \
	       "received_bytes=0\nheard_ms=-1\nacked_bytes=400\nsent_ms=9000\n")                   \
	PROCESS("40", "1", "S", "tunnel", "threads=1\n")                                           \
	THREAD("40", "recvfrom", "5 7f a", "")                                                     \
	FD("40", "3", "socket:[80]", "ino=80\n")                                                   \
	"record=socket\nino=80\nkind=tcp\nstate=listening\nlocal=127.0.0.1:3\n\n" FD(              \
		"40", "5", "socket:[81]", "ino=81\nend=50 6 b\n")                                  \
		SOCKET("81", "tcp",                                                                \
	               "local=127.0.0.1:3\nremote=127.0.0.1:8\nlocal_peer=1\npeer=82\n")           \
			PROCESS("50", "1", client, "client", "threads=1\n")
	expect(TUNNEL("S"), WAIT_PEER, 40, "127.0.0.1:3", false);
	expect(TUNNEL("T"), WAIT_STOPPED, 50, "", false);
}

static void test_deaf_client(void **state) {
	(void)state;
#define DAP(rested, unsent)                                                                        \
	MACHINE("20")                                                                              \
	PROCESS("20", "10", "S", "dlv",                                                            \
	        "cmdline=dlv\x1f"                                                                  \
	        "dap\nthreads=1\n")                                                                \
	FD("20", "11", "socket:[70]", "ino=70\nend=40 4 b\n")                                      \
	SOCKET("70", "tcp", "local_peer=1\npeer=71\nunsent=" unsent "\n")                          \
	SOCKET("71", "tcp", "local_peer=1\npeer=70\nunread=100000\n")                              \
	PROCESS("40", "1", "S", "emacs", "threads=1\neditor=emacs\nrested_ms=" rested "\n")
	expect(DAP("9000", "3000000"), WAIT_READER, 40, "", false);
	/* It has read a moment ago; everything has gone out. */
	expect(DAP("20", "3000000"), WAIT_IDLE, 20, "", true);
	expect(DAP("9000", "0"), WAIT_IDLE, 20, "", true);
}

/* A script that was stopped while its child has the streams of the editor. */
static void test_handing_on(void **state) {
	(void)state;
#define WRAPPER(out)                                                                               \
	MACHINE("20")                                                                              \
	PROCESS("20", "10", "T", "gopls", "cmdline=/bin/sh\x1f/home/x/gopls\n")                    \
	FD("20", "0", "pipe:[500]", "ino=500\n")                                                   \
	FD("20", "1", "pipe:[501]", "ino=501\n")                                                   \
	PROCESS("21", "20", "S", "gopls-real", "cmdline=gopls-real\nthreads=1\n")                  \
	THREAD("21", "read", "0 7f a", "")                                                         \
	FD("21", "0", "pipe:[500]", "ino=500\n")                                                   \
	FD("21", "1", "pipe:[" out "]", "ino=" out "\n")
	expect(WRAPPER("501"), WAIT_IDLE, 21, "", true);
	/* A named pipe, of which more is told where somebody reads it. */
	expect(MACHINE("20") PROCESS("20", "10", "T", "gopls", "cmdline=/bin/sh\x1f/home/x/gopls\n")
	               FD("20", "0", "/run/in", "") FD("20", "1", "/run/out", "") PROCESS(
			       "21", "20", "S", "gopls-real", "cmdline=gopls-real\nthreads=1\n")
	                       THREAD("21", "read", "0 7f a", "")
	                               FD("21", "0", "/run/in", "fifo=1\nino=9\n")
	                                       FD("21", "1", "/run/out", ""),
	       WAIT_IDLE, 21, "", true);
	/* It reads what its child writes, and hands that on. */
	expect(WRAPPER("777"), WAIT_STOPPED, 20, "", false);
	/* What a debugger has beside itself is none it debugs. */
	expect(MACHINE("20") PROCESS("20", "10", "S", "dlv",
	                             "cmdline=dlv\x1f"
	                             "dap\nthreads=2\n") THREAD("20", "waitid", "0 0 7f 4 0 0", "")
	               PROCESS("21", "20", "T", "dlv", "cmdline=dlv\x1f** telemetry **\n"),
	       WAIT_IDLE, 20, "", true);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unseen_peer),      cmocka_unit_test(test_kernel_things),
		cmocka_unit_test(test_hidden_prompt),    cmocka_unit_test(test_polls_itself),
		cmocka_unit_test(test_name_servers),     cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_named_in_passing), cmocka_unit_test(test_fifo_as_input),
		cmocka_unit_test(test_deaf_client),      cmocka_unit_test(test_handing_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
