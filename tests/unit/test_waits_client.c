/* SPDX-License-Identifier: MIT
 * A server that waits for its client: what it has asked is in its goroutines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "waits/waits.h"

#define MACHINE(target) "record=machine\ntarget=" target "\nnow_ns=1000000000000\n\n"
#define EDITOR(state)                                                                              \
	"record=process\npid=10\nppid=1\nrelation=ancestor\nstate=" state                          \
	"\ncomm=nvim\neditor=neovim\nage_ms=90000\nrested_ms=8000\n\n"
#define SERVER(rested)                                                                             \
	"record=process\npid=20\nppid=10\nrelation=target\nstate=S\ncomm=gopls\ncmdline=gopls\n"   \
	"threads=2\nage_ms=60000\nrested_ms=" rested "\n\n"                                        \
	"record=thread\npid=20\ntid=21\nstate=S\ncall=read\nargs=0 7f 40\nstill=1\n\n"             \
	"record=fd\npid=20\nfd=0\nlink=pipe:[500]\nino=500\nend=10 7 w\n\n"                        \
	"record=fd\npid=20\nfd=1\nlink=pipe:[501]\nino=501\nend=10 8 r\n\n"

/* As gopls v0.23.0 stands there, but for the lines in between. */
#define IDLES                                                                                      \
	"goroutine 1 [sync.WaitGroup.Wait]:\nsync.(*WaitGroup).Wait(...)\n\t/go/waitgroup.go:206 " \
	"+0x85\nmain.main(...)\n\t/gopls/main.go:55 +0x1e5\n\n"                                    \
	"goroutine 9 [select]:\ngolang.org/x/tools/internal/jsonrpc2.(*headerStream).Read(...)\n"  \
	"\t/jsonrpc2/stream.go:110 +0xa5\n\n"
#define ASKS(number, how, function)                                                                \
	"goroutine " number " [" how "]:\ngolang.org/x/tools/internal/jsonrpc2.(*conn).Call("      \
	"...)\n"                                                                                   \
	"\t/jsonrpc2/conn.go:144 +0x8a6\ngolang.org/x/tools/gopls/internal/protocol.clientConn."   \
	"Call(...)\n\t/protocol.go:64 +0x75\n"                                                     \
	"golang.org/x/tools/gopls/internal/protocol.(*clientDispatcher)." function "(...)\n"       \
	"\t/tsclient.go:197 +0x45\n\n"

struct looked {
	struct arena *arena;
	struct wait_chain chain;
};

static struct looked look(const char *text, int64_t pid, const char *goroutines) {
	struct looked l = {.arena = arena_new()};
	struct waits *w = arena_new_of(l.arena, struct waits);

	assert_true(waits_parse(l.arena, slice_str(text), w));
	waits_take_goroutines(w, pid, slice_str(goroutines));
	l.chain = waits_chain(w, 1000);
	return l;
}

static void expect_leaf(struct looked l, const char *kind, int64_t pid, const char *on,
                        bool healthy) {
	assert_string_equal(wait_kind_name(l.chain.leaf.kind), kind);
	assert_int_equal(l.chain.leaf.process->pid, pid);
	assert_string_equal(l.chain.leaf.on, on);
	assert_int_equal(waits_is_healthy(&l.chain), healthy);
	arena_free(l.arena);
}

static const char old[] = MACHINE("20") SERVER("8000") EDITOR("S");

static void test_question(void **state) {
	(void)state;
	expect_leaf(look(old, 20, IDLES ASKS("105", "select", "Configuration")), "answer", 10,
	            "workspace/configuration", false);
	expect_leaf(look(old, 20, ASKS("77", "select", "WorkDoneProgressCreate") IDLES), "answer",
	            10, "window/workDoneProgress/create", false);
	expect_leaf(look(old, 20, ASKS("7", "chan receive", "RegisterCapability")), "answer", 10,
	            "client/registerCapability", false);
	/* The editor's own number was given: it is the one. */
	expect_leaf(look(MACHINE("10") SERVER("8000") EDITOR("S"), 20,
	                 ASKS("105", "select", "Configuration")),
	            "answer", 10, "workspace/configuration", false);
	/* Nobody is seen at the other end. */
	expect_leaf(look(MACHINE("20") SERVER("8000"), 20, ASKS("1", "select", "Configuration")),
	            "answer", 20, "workspace/configuration", false);
	/* One that stands still cannot answer. */
	expect_leaf(look(MACHINE("20") SERVER("8000") EDITOR("T"), 20,
	                 ASKS("105", "select", "Configuration")),
	            "stopped", 10, "", false);
}

static void test_nothing_asked(void **state) {
	(void)state;
	expect_leaf(look(old, 20, IDLES), "idle", 20, "", true);
	/* A person reads the message, and may take all day. */
	expect_leaf(look(old, 20, ASKS("105", "select, 90 minutes", "ShowMessageRequest")), "idle",
	            20, "", true);
	/* A notification has no answer. */
	expect_leaf(look(old, 20,
	                 "goroutine 8 [select]:\nx/internal/jsonrpc2.(*conn).Notify(...)\n"
	                 "x/protocol.(*clientDispatcher).Configuration(...)\n\n"),
	            "idle", 20, "", true);
	/* Another process. */
	expect_leaf(look(old, 99, ASKS("105", "select", "Configuration")), "idle", 20, "", true);
	expect_leaf(look(old, 20, "goroutine\ngoroutine x [y]:\n\n\x01"), "idle", 20, "", true);
}

/* A client may take its time; the runtime knows of long waits though the server has run since. */
static void test_age(void **state) {
	static const char young[] = MACHINE("20") SERVER("300") EDITOR("S");

	(void)state;
	expect_leaf(look(young, 20, ASKS("105", "select", "Configuration")), "answer", 10,
	            "workspace/configuration", true);
	expect_leaf(look(young, 20, ASKS("105", "select, 2 minutes", "Configuration")), "answer",
	            10, "workspace/configuration", false);
}

#define DAEMON                                                                                     \
	"record=process\npid=60\nppid=1\nrelation=target\nstate=S\ncomm=gopls\n"                   \
	"cmdline=gopls\x1f-listen=unix;/run/d\nthreads=2\nage_ms=60000\nrested_ms=8000\n\n"        \
	"record=fd\npid=60\nfd=4\nlink=socket:[600]\nino=600\n\n"                                  \
	"record=socket\nino=600\nkind=unix\nstate=listening\nname=/run/d\n\n"
#define CLIENT(pid, state, ino, fd)                                                                \
	"record=process\npid=" pid "\nppid=1\nrelation=peer\nstate=" state                         \
	"\ncomm=gopls\ncmdline=gopls\x1f-remote=unix;/run/d\nthreads=1\nage_ms=50000\n"            \
	"rested_ms=8000\n\nrecord=fd\npid=60\nfd=" fd "\nlink=socket:[" ino "]\nino=" ino          \
	"\nend=" pid " 5 b\n\nrecord=socket\nino=" ino                                             \
	"\nkind=unix\nstate=connected\nname=/run/d\npeer=1" ino "\n\n"

static void test_daemon(void **state) {
	(void)state;
	/* Descriptors follow their process: those of the daemon come behind each client here. */
	expect_leaf(look(MACHINE("60") DAEMON CLIENT("61", "S", "601", "7")
	                         CLIENT("62", "T", "602", "8"),
	                 60, IDLES),
	            "stopped", 62, "", false);
	expect_leaf(look(MACHINE("60") DAEMON CLIENT("61", "S", "601", "7")
	                         CLIENT("62", "S", "602", "8"),
	                 60, IDLES),
	            "idle", 60, "", true);
	/* Which of them was asked is not to be seen. */
	expect_leaf(look(MACHINE("60") DAEMON CLIENT("61", "S", "601", "7")
	                         CLIENT("62", "S", "602", "8"),
	                 60, ASKS("5", "select", "Configuration")),
	            "answer", 60, "workspace/configuration", false);
	expect_leaf(look(MACHINE("60") DAEMON CLIENT("61", "S", "601", "7"), 60,
	                 ASKS("5", "select", "Configuration")),
	            "answer", 61, "workspace/configuration", false);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_nothing_asked),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
