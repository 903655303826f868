/* SPDX-License-Identifier: MIT
 * What the rules are told of a chain of waiting processes.
 */
#include "core/infer.h"
#include "core/registry.h"
#include "probes/server/wait_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GO_WAITS(more)                                                                             \
	"record=machine\ntarget=30\nnow_ns=1000000000000\n\nrecord=process\npid=30\nppid=20\n"     \
	"relation=target\nstate=S\ncomm=go\ncmdline=go\x1flist\nthreads=1\ninterval_us=40000\n"    \
	"age_ms=36000\nrested_ms=30000\n\nrecord=thread\npid=30\ntid=30\nstate=S\ncall=flock\n"    \
	"args=3 2\nstill=1\n\nrecord=lock\npid=30\nclass=FLOCK\nplace=fe:00:7\n"                   \
	"link=/share/mod/cache/lock\n" more "\n"
#define HOLDER                                                                                     \
	"holder=40\n\nrecord=process\npid=40\nppid=1\nrelation=holder\nstate=T\ncomm=go\n"         \
	"age_ms=99000\n"

/* What `dialtone why` says: the same rules as check, but nothing is known of the places. */
static const char *cause_of(struct arena *arena, const char *text) {
	static const char *const ids[] = {"fs-lock-held", "fs-nfs-lock-hang",
	                                  "ipc-server-waits-on-child", NULL};
	struct evidence_store store;
	struct facts facts;
	struct waits w;

	evidence_store_init(&store, arena);
	facts_init(&facts, arena);
	struct evidence *ev = evidence_add(&store, "waits:30");

	ev->bytes = slice_str(text);
	assert_true(waits_parse(arena, slice_str(text), &w));
	struct wait_chain chain = waits_chain(&w, 1000);

	assert_non_null(wait_facts_state(&facts, ev, "asked", &w, &chain));
	FACTS_ADD(&facts, health, ev, .state = "broken", .hurt = "it waits");
	struct diagnosis d = infer(rules_named(arena, registry_rules, ids), &facts);

	assert_non_null(d.causes[0]);
	assert_null(d.causes[1]);
	return d.causes[0]->rule->id;
}

static void test_locks(void **state) {
	struct arena *arena = arena_new();

	(void)state;
	/* Nobody here has it: on a share its lock manager is asked, elsewhere somebody has it who is not seen. */
	assert_string_equal(cause_of(arena, GO_WAITS("fstype=nfs4\n")), "fs-nfs-lock-hang");
	assert_string_equal(cause_of(arena, GO_WAITS("fstype=ext4\n")), "fs-lock-held");
	assert_string_equal(cause_of(arena, GO_WAITS("")), "fs-lock-held");
	/* On a share, too, it may be somebody of this machine. */
	assert_string_equal(cause_of(arena, GO_WAITS("fstype=nfs4\n" HOLDER)), "fs-lock-held");
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_locks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
