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

/* A keyring that has taken a question, and does nothing. */
#define KEYRING(rested)                                                                            \
	PROCESS("50", "1", "S", "keyringd", "threads=1\nrested_ms=" rested "\n")                   \
	THREAD("50", "select", "5 7f 0", "rested_ms=" rested "\n")                                 \
	FD("50", "4", "socket:[71]", "ino=71\nend=30 3 b\n")                                       \
	SOCKET("71", "unix", "peer=70\nname=/run/keyring\n")
#define ASKS_KEYRING                                                                               \
	FD("30", "3", "socket:[70]", "ino=70\nend=50 4 b\n")                                       \
	SOCKET("70", "unix", "peer=71\n")
#define ASKER PROCESS("30", "20", "S", "askring", "cmdline=askring\nthreads=1\n")

static void test_unanswered(void **state) {
	(void)state;
	/* By the call it waits in, whatever the keyring does for others meanwhile. */
	expect(SERVER_OF_30 ASKER THREAD("30", "recvfrom", "3 7f a", "rested_ms=9000\n")
	               ASKS_KEYRING KEYRING("200"),
	       WAIT_PEER, 50, "/run/keyring", false);
	expect(SERVER_OF_30 ASKER THREAD("30", "recvfrom", "3 7f a", "rested_ms=400\n")
	               ASKS_KEYRING KEYRING("9000"),
	       WAIT_PEER, 50, "/run/keyring", true);
	/* It waits for this one connection, and nobody writes to its stdin; somebody does. */
	expect(SERVER_OF_30 ASKER THREAD("30", "poll", "7f 1", "rested_ms=9000\n")
	               ASKS_KEYRING KEYRING("9000"),
	       WAIT_PEER, 50, "/run/keyring", false);
	expect(SERVER_OF_30 ASKER THREAD("30", "poll", "7f 2", "rested_ms=9000\n")
	               FD("30", "0", "pipe:[80]", "ino=80\nend=20 5 w\n")
	                       ASKS_KEYRING KEYRING("9000"),
	       WAIT_INSIDE, 50, "", false);
	/* In the place of the server: it hands on what it reads, unless it has read nothing yet. */
	expect(MACHINE("30") ASKER THREAD("30", "recvfrom", "3 7f a", "rested_ms=9000\n")
	               ASKS_KEYRING KEYRING("9000"),
	       WAIT_INSIDE, 50, "", false);
	expect(MACHINE("30") ASKER THREAD("30", "recvfrom", "3 7f a", "rested_ms=9000\n")
	               FD("30", "0", "pipe:[80]",
	                  "ino=80\nend=10 5 w\n") "record=pipe\nino=80\nunread=900\n\n" ASKS_KEYRING
	                       KEYRING("9000"),
	       WAIT_PEER, 50, "/run/keyring", false);
}

static bool is_proven(const char *text) {
	struct arena *arena = arena_new();
	struct wait_chain c = chain_of(arena, text, 1000);
	bool proven = c.leaf.proven;

	assert_int_equal(c.leaf.kind, WAIT_INSIDE);
	arena_free(arena);
	return proven;
}

/* That one does nothing is certain when it has run nothing for seconds, and could not have handed its work to others. */
static void test_proven(void **state) {
	(void)state;
	assert_true(is_proven(
		SERVER_OF_30 PROCESS("30", "20", "S", "driver", "threads=3\nrested_ms=5000\n")
			THREAD("30", "futex", "7f", "")));
	assert_false(is_proven(
		SERVER_OF_30 PROCESS("30", "20", "S", "driver", "threads=3\nrested_ms=1200\n")
			THREAD("30", "futex", "7f", "")));
	assert_false(is_proven(SERVER_OF_30 PROCESS("30", "20", "S", "driver", "threads=3\n")
	                               THREAD("30", "futex", "7f", "")));
	assert_false(is_proven(
		SERVER_OF_30 PROCESS("30", "20", "S", "docker", "threads=9\nrested_ms=5000\n")
			THREAD("30", "futex", "7f", "") FD("30", "3", "socket:[70]", "ino=70\n")
				SOCKET("70", "unix", "peer_name=/run/docker.sock\n")));
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

static void test_stale_socket(void **state) {
	(void)state;
#define FORWARDER_TO(more)                                                                         \
	MACHINE("20")                                                                              \
	PROCESS("20", "10", "S", "gopls",                                                          \
	        "cmdline=gopls\x1f-remote=unix;/run/g.sock\nthreads=2\n")                          \
	THREAD("20", "epoll_wait", "4 7f a", "")                                                   \
	FD("20", "7", "socket:[70]", "ino=70\nend=13 3 b\n")                                       \
	SOCKET("70", "unix", more "peer_name=/run/g.sock\n")                                       \
	"record=socket\nino=71\nkind=unix\nstate=listening\nname=/run/g.sock\n\n"
#define HEIR(comm, cmdline, call)                                                                  \
	PROCESS("13", "1", "S", comm, "cmdline=" cmdline "\nthreads=1\nrested_ms=9000\n")          \
	THREAD("13", call, "0 0 7f", "") FD("13", "3", "socket:[71]", "ino=71\n")

	expect(FORWARDER_TO("waits_at=71\n") HEIR("sleep",
	                                          "sleep\x1f"
	                                          "900",
	                                          "clock_nanosleep"),
	       WAIT_STALE, 13, "/run/g.sock", false);
	/* A daemon that does not accept is wedged; and one that has accepted is not spoken of here. */
	expect(FORWARDER_TO("waits_at=71\n")
	               HEIR("gopls", "gopls\x1fserve\x1f-listen=unix;/run/g.sock", "futex"),
	       WAIT_INSIDE, 13, "", false);
	expect(FORWARDER_TO("peer=72\n") HEIR("sleep",
	                                      "sleep\x1f"
	                                      "900",
	                                      "clock_nanosleep"),
	       WAIT_SLEEP, 13, "", false);
}

/* What a server is asked to start for its user takes its time, and the server answers meanwhile. */
static void test_errand(void **state) {
	(void)state;
#define STARTS(word)                                                                               \
	SERVER_OF_30                                                                               \
	"record=thread\npid=20\ntid=21\nstate=S\ncall=read\nargs=0 7f 40\nstill=1\n\n" PROCESS(    \
		"30", "20", "S", "go", "cmdline=go\x1f" word "\x1f./...\nthreads=2\n")             \
		FD("20", "11", "pipe:[500]",                                                       \
	           "ino=500\nflags=0\nend=31 1 w\n") THREAD("30", "waitid", "1 1f 7f", "")         \
			PROCESS("31", "30", "S", "sleep",                                          \
	                        "cmdline=sleep\x1f"                                                \
	                        "300\nthreads=1\n") THREAD("31", "clock_nanosleep", "0 0 7f", "")  \
				FD("31", "1", "pipe:[500]", "ino=500\nflags=1\nend=20 11 r\n")

	expect(STARTS("generate"), WAIT_IDLE, 20, "", true);
	expect(STARTS("test"), WAIT_IDLE, 20, "", true);
	expect(STARTS("list"), WAIT_SLEEP, 31, "", false);
}

/* A job in the background is stopped as a whole when one of it asks its terminal. */
static void test_job(void **state) {
	struct arena *arena = arena_new();

	(void)state;
#define JOB(group)                                                                                 \
	MACHINE("20")                                                                              \
	PROCESS("20", "10", "T", "gopls",                                                          \
	        "cmdline=gopls\x1fserve\ngroup=20\nterminal=34816\nforeground=9\nthreads=1\n")     \
	PROCESS("30", "20", "T", "ask-token", "group=" group "\nthreads=1\n")
	struct wait_chain c = chain_of(arena, JOB("20"), 1000);

	assert_string_equal(wait_kind_name(c.leaf.kind), "stopped");
	assert_int_equal(c.leaf.process->pid, 20);
	assert_non_null(strstr(c.leaf.detail, "ask-token (pid 30)"));
	c = chain_of(arena, JOB("30"), 1000);
	assert_null(strstr(c.leaf.detail, "ask-token"));
	arena_free(arena);
}

static void test_wrapper(void **state) {
	struct arena *arena = arena_new();
	struct waits *w = arena_new_of(arena, struct waits);

	(void)state;
#define EDITOR_WITH(cmdline, in)                                                                   \
	MACHINE("10")                                                                              \
	PROCESS("10", "1", "S", "nvim", "editor=neovim\nthreads=1\n")                              \
	PROCESS("30", "10", "S", "bash", "cmdline=" cmdline "\nthreads=1\n")                       \
	THREAD("30", "read", "0 7f 1", "")                                                         \
	in FD("30", "1", "socket:[81]", "ino=81\nend=10 9 b\n")
#define PLAIN  FD("30", "0", "socket:[80]", "ino=80\nend=10 8 b\n")
#define PUT_BY FD("30", "0", "/dev/tty", "") FD("30", "10", "socket:[80]", "ino=80\nend=10 8 b\n")
#define OP     "bash\x1f/usr/bin/op\x1frun\x1f--\x1f/home/x/go/bin/gopls-real"
	static const struct {
		const char *text;
		int64_t sure, likely;
	} rows[] = {
		{EDITOR_WITH(OP, PLAIN), 30, 30},
		{EDITOR_WITH(OP, PUT_BY), 30, 30},
		{EDITOR_WITH(OP, FD("30", "0", "/dev/tty", "")), 0, 0},
		/* A log of gopls, which somebody looks at. */
		{EDITOR_WITH("tail\x1f-f\x1f/tmp/gopls.log", PLAIN), 0, 30},
		{EDITOR_WITH("bash\x1f/usr/bin/other", PLAIN), 0, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(waits_parse(arena, slice_str(rows[i].text), w));
		const struct wait_process *sure = waits_wrapper(w, true);
		const struct wait_process *likely = waits_wrapper(w, false);

		assert_int_equal(sure ? sure->pid : 0, rows[i].sure);
		assert_int_equal(likely ? likely->pid : 0, rows[i].likely);
	}
	arena_free(arena);
}

/* A script that looks again and again, in perl: select(undef, undef, undef, 0.5). */
static void test_sleeps_in_select(void **state) {
	(void)state;
#define LOOKS(call, args)                                                                          \
	SERVER_OF_30 PROCESS("30", "20", "S", "wait-for-build",                                    \
	                     "cmdline=/usr/bin/perl\x1f/b/wait-for-build\nthreads=1\n"             \
	                     "rested_ms=300\n") THREAD("30", call, args, "")
	expect(LOOKS("pselect6", "0 0 0 0 7f 0"), WAIT_SLEEP, 30, "", false);
	expect(LOOKS("poll", "7f 0 1f4"), WAIT_SLEEP, 30, "", false);
	expect(LOOKS("poll", "7f 1 1f4"), WAIT_INSIDE, 30, "", true);
}

/* VS Code's askpass is a node, as its extension host is. */
static void test_node_below(void **state) {
	struct arena *arena = arena_new();
	struct wait_chain c =
		chain_of(arena,
	                 SERVER_OF_30 PROCESS(
				 "30", "20", "S", "node",
				 "editor=vscode\ncmdline=node\x1f/x/askpass-main.js\nthreads=7\n"),
	                 1000);

	(void)state;
	assert_int_equal(c.leaf.process->pid, 30);
	assert_int_equal(waits_role(arena, c.leaf.process), ROLE_OTHER);
	arena_free(arena);
}

/* A full pipe whose writer runs between the samples is being emptied. */
static void test_flood(void **state) {
	(void)state;
#define WRITES(more)                                                                               \
	SERVER_OF_30 PROCESS("30", "20", "S", "cc1", "cmdline=cc1\nthreads=1\ncpu_ms=9000\n")      \
		THREAD("30", "write", "2 7f 1000", more)                                           \
			FD("30", "2", "pipe:[90]", "ino=90\nend=20 12 r\n")
	expect(WRITES("cpu_us=0\nrested_ms=9000\n"), WAIT_READER, 20, "", false);
	expect(WRITES("cpu_us=20000\n"), WAIT_WORKS, 30, "", true);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unseen_peer),
		cmocka_unit_test(test_kernel_things),
		cmocka_unit_test(test_hidden_prompt),
		cmocka_unit_test(test_polls_itself),
		cmocka_unit_test(test_name_servers),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_named_in_passing),
		cmocka_unit_test(test_fifo_as_input),
		cmocka_unit_test(test_deaf_client),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_proven),
		cmocka_unit_test(test_handing_on),
		cmocka_unit_test(test_stale_socket),
		cmocka_unit_test(test_errand),
		cmocka_unit_test(test_job),
		cmocka_unit_test(test_wrapper),
		cmocka_unit_test(test_sleeps_in_select),
		cmocka_unit_test(test_node_below),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
