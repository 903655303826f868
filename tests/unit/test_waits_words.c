/* SPDX-License-Identifier: MIT
 * That the sentence of a chain has the names and addresses in it that somebody needs who is to act on it.
 */
#include "waits/waits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define GO                                                                                         \
	"record=machine\ntarget=30\nnow_ns=1000000000000\n\nrecord=process\npid=30\nppid=1\n"      \
	"relation=target\nstate=S\ncomm=go\ncmdline=go\x1flist\nthreads=1\n"                       \
	"interval_us=40000\nage_ms=36000\nrested_ms=30000\n"
#define THREAD(call)                                                                               \
	"record=thread\npid=30\ntid=30\nstate=S\ncall=" call "\nargs=3 7f 40\nstill=1\n"           \
	"rested_ms=30000\n\n"
#define PEER(state, comm)                                                                          \
	"record=process\npid=40\nppid=1\nrelation=peer\nstate=" state "\ncomm=" comm               \
	"\nthreads=1\ninterval_us=40000\nage_ms=99000\nrested_ms=90000\n\n"
/* It is connected to process 40 of this machine; and has asked a name server. */
#define CONNECTED                                                                                  \
	"record=fd\npid=30\nfd=5\nlink=socket:[70]\nino=70\nend=40 6 b\n\nrecord=socket\nino=70\n" \
	"kind=tcp\nstate=connected\nremote=127.0.0.1:3000\nlocal_peer=1\npeer=71\n\n"
#define ASKS                                                                                       \
	"record=fd\npid=30\nfd=5\nlink=socket:[70]\nino=70\n\nrecord=socket\nino=70\nkind=udp\n"   \
	"state=connected\nremote=10.1.2.3:53\n\n"

static void expect(const char *text, const char *words, bool said) {
	struct arena *arena = arena_new();
	struct waits *w = arena_new_of(arena, struct waits);

	assert_true(waits_parse(arena, slice_str(text), w));
	struct wait_chain c = waits_chain(w, 1000);
	const char *sentence = waits_sentence(arena, &c);

	if (!strstr(sentence, words) == said) {
		fail_msg("%s: %s", words, sentence);
	}
	arena_free(arena);
}

static void test_where(void **state) {
	(void)state;
	expect(GO "env=GOPROXY=http://127.0.0.1:3000\n\n" THREAD("epoll_pwait")
	               CONNECTED PEER("T", "athens"),
	       "athens (pid 40) is stopped", true);
	expect(GO "env=GOPROXY=http://127.0.0.1:3000\n\n" THREAD("epoll_pwait")
	               CONNECTED PEER("T", "athens"),
	       "go list (pid 30) waits for it at 127.0.0.1:3000, which GOPROXY names", true);
	expect(GO "env=GOPROXY=http://127.0.0.1:8080\n\n" THREAD("epoll_pwait")
	               CONNECTED PEER("T", "athens"),
	       "GOPROXY", false);
}

static void test_pipe_of_somebody(void **state) {
	(void)state;
	expect(GO "\n" THREAD("write") "record=fd\npid=30\nfd=3\nlink=/tmp/watch\nfifo=1\nino=77\n"
	                               "end=40 3 r\n\n" PEER("T", "viewer"),
	       "go list (pid 30) writes to it by way of /tmp/watch", true);
}

static void test_log_nobody_reads(void **state) {
	static const char text[] =
		"record=machine\ntarget=30\nnow_ns=1000000000000\n\nrecord=process\npid=30\n"
		"ppid=40\nrelation=target\nstate=S\ncomm=gopls\ncmdline=gopls\nthreads=1\n"
		"interval_us=40000\nage_ms=36000\nrested_ms=30000\n\nrecord=thread\npid=30\n"
		"tid=30\nstate=S\ncall=write\nargs=2 7f 40\nstill=1\nrested_ms=30000\n\n"
		"record=fd\npid=30\nfd=1\nlink=socket:[9]\nino=9\nend=40 7 b\n\n"
		"record=fd\npid=30\nfd=2\nlink=pipe:[8]\nino=8\nend=40 8 r\n\n"
		"record=process\npid=40\nppid=1\nrelation=peer\nstate=S\ncomm=node\neditor=vscode\n"
		"threads=1\ninterval_us=40000\nage_ms=99000\nrested_ms=90000\n\n";

	(void)state;
	expect(text, "what gopls (pid 30) writes to its stderr", true);
}

/* Who is looked up is known of a go without a proxy for HTTP, and of whoever has the address among its words. */
static void test_name_server(void **state) {
	(void)state;
	expect(GO "env=GOPROXY=https://lena:secret@proxy.example:8443/go,direct\n\n" ASKS,
	       "10.1.2.3:53 to answer (GOPROXY names proxy.example)", true);
	expect(GO "env=GOPROXY=https://proxy.example\nenv=https_proxy=http://squid:3128\n\n" ASKS,
	       "proxy.example", false);
	expect(GO "env=GOPROXY=direct\n\n" ASKS, "GOPROXY", false);
}

static void test_small_share(void **state) {
	static const char text[] =
		"record=machine\ntarget=30\nnow_ns=1000000000000\n\nrecord=process\npid=30\n"
		"ppid=1\nrelation=target\nstate=R\ncomm=gopls\ncmdline=gopls\nthreads=1\n"
		"interval_us=40000\nage_ms=36000\nquota=/sys/fs/cgroup/small\nquota_us=1000\n"
		"period_us=1000000\nperiods=4\nthrottled=4\n\nrecord=thread\npid=30\ntid=30\n"
		"state=R\n\n";

	(void)state;
	expect(text, "may use 0.1 % of one processor", true);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where),
		cmocka_unit_test(test_pipe_of_somebody),
		cmocka_unit_test(test_log_nobody_reads),
		cmocka_unit_test(test_name_server),
		cmocka_unit_test(test_small_share),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
