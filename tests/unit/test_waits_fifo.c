/* SPDX-License-Identifier: MIT
 * Named pipes: who has the other end open, and that their reader is nobody's editor.
 */
#include "core/infer.h"
#include "core/registry.h"
#include "probes/server/wait_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SERVER                                                                                     \
	"record=machine\ntarget=20\nnow_ns=1000000000000\n\nrecord=process\npid=20\nppid=10\n"     \
	"relation=target\nstate=S\ncomm=gopls\ncmdline=gopls\nthreads=1\ninterval_us=40000\n"      \
	"age_ms=60000\nrested_ms=37000\n\n"                                                        \
	"record=thread\npid=20\ntid=20\nstate=S\ncall=waitid\nargs=1 1e 7f 4 0 0\nstill=1\n\n"     \
	"record=fd\npid=20\nfd=1\nlink=pipe:[501]\nino=501\nend=10 8 r\n\n"
#define EDITOR                                                                                     \
	"record=process\npid=10\nppid=1\nrelation=ancestor\nstate=S\ncomm=nvim\neditor=neovim\n"   \
	"interval_us=40000\nage_ms=90000\n\n"
/* A child in call on descriptor 3, which is a named pipe with these ends. */
#define CHILD(call, ends)                                                                          \
	"record=process\npid=30\nppid=20\nrelation=below\nstate=S\ncomm=tool\ncmdline=tool\n"      \
	"threads=1\ninterval_us=40000\nage_ms=36000\n\n"                                           \
	"record=thread\npid=30\ntid=30\nstate=S\ncall=" call "\nargs=3 7f 40\nstill=1\n"           \
	"rested_ms=30000\n\nrecord=fd\npid=30\nfd=3\nlink=/tmp/log\nfifo=1\nino=77\n" ends "\n"
#define OTHER(pid, state, more)                                                                    \
	"record=process\npid=" pid "\nppid=1\nrelation=peer\nstate=" state                         \
	"\ncomm=other\ncmdline=other\nthreads=1\ninterval_us=40000\nage_ms=99000\n"                \
	"rested_ms=90000\n" more "\n"
#define RESTS(pid)                                                                                 \
	"\nrecord=thread\npid=" pid "\ntid=" pid "\nstate=S\ncall=futex\nargs=0\nstill=1\n"

static void expect(const char *text, enum wait_kind kind, int64_t pid, const char *on) {
	static const char *const ids[] = {"ipc-server-waits-on-child", "ipc-editor-does-not-read",
	                                  NULL};
	struct arena *arena = arena_new();
	struct evidence_store store;
	struct facts facts;
	struct waits w;

	evidence_store_init(&store, arena);
	facts_init(&facts, arena);
	struct evidence *ev = evidence_add(&store, "waits:20");

	ev->bytes = slice_str(text);
	assert_true(waits_parse(arena, slice_str(text), &w));
	struct wait_chain c = waits_chain(&w, 1000);

	assert_string_equal(wait_kind_name(c.leaf.kind), wait_kind_name(kind));
	assert_int_equal(c.leaf.process->pid, pid);
	assert_string_equal(c.leaf.on, on);
	assert_false(waits_is_healthy(&c));
	assert_non_null(wait_facts_state(&facts, ev, "running", &w, &c));
	FACTS_ADD(&facts, health, ev, .state = "broken", .hurt = "it waits");
	struct diagnosis d = infer(rules_named(arena, registry_rules, ids), &facts);

	assert_non_null(d.causes[0]);
	assert_string_equal(d.causes[0]->rule->id, "ipc-server-waits-on-child");
	arena_free(arena);
}

static void test_writers(void **state) {
	(void)state;
	expect(SERVER CHILD("write", "end=50 3 r\n") OTHER("50", "T", "") EDITOR, WAIT_STOPPED, 50,
	       "");
	/* It has it open to read and does something else, or nothing. */
	expect(SERVER CHILD("write", "end=50 3 r\n") OTHER("50", "S", RESTS("50")) EDITOR,
	       WAIT_READER, 50, "/tmp/log");
	expect(SERVER CHILD("write", "end=50 3 b\n") OTHER("50", "S", RESTS("50")) EDITOR,
	       WAIT_READER, 50, "/tmp/log");
	/* Another writer is none who reads; nor is the shell above that has opened it for those below. */
	expect(SERVER CHILD("write", "end=50 3 w\n") OTHER("50", "S", RESTS("50")) EDITOR,
	       WAIT_READER, 30, "/tmp/log");
	expect(SERVER CHILD("write", "end=20 3 b\n") EDITOR, WAIT_READER, 30, "/tmp/log");
}

static void test_readers(void **state) {
	(void)state;
	expect(SERVER CHILD("read", "") EDITOR, WAIT_FIFO, 30, "/tmp/log");
	expect(SERVER CHILD("read", "end=50 3 w\n") OTHER("50", "T", "") EDITOR, WAIT_STOPPED, 50,
	       "");
	expect(SERVER CHILD("read", "end=50 3 w\n") OTHER("50", "S", RESTS("50")) EDITOR, WAIT_FIFO,
	       50, "/tmp/log");
	/* Somebody else who reads, too, and keeps it open for that. */
	expect(SERVER CHILD("read", "end=50 3 b\n") OTHER("50", "T", "") EDITOR, WAIT_FIFO, 30,
	       "/tmp/log");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writers),
		cmocka_unit_test(test_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
