/* SPDX-License-Identifier: MIT
 * What environments share and what that does, from what was seen.
 */
#include "report/isolation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static int setup(void **state) {
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state) {
	(void)state;
	arena_free(arena);
	return 0;
}

#define HEAD "uid=0\neverybody=1\nnow_wall_ns=9000000000\nprocesses=9\nnet_ns=7\n\n"
#define GOPLS(pid_, uid_, cwd_, more_)                                                             \
	"pid=" #pid_ "\nppid=1\nuid=" #uid_ "\ngid=" #uid_                                         \
	"\nkin=self\nstate=S\ncomm=gopls\npackage=golang.org/x/tools/gopls\nnet_ns=7\nmnt_ns=3\n"  \
	"cwd=" cwd_ "\n" more_ "\n"

/* Everything of a look at one environment: PATH=STATE DEV:INO of its GOCACHE, the rest is its own. */
static void place(struct isolation *iso, size_t index, const char *answer) {
	isolation_resolve(iso, index, slice_of(NULL, 0), NULL);
	isolation_place(iso, index, slice_str(answer));
}

static struct isolation start(const char *text) {
	struct isolation iso;
	struct census *c = arena_new_of(arena, struct census);

	*c = census_read(arena, slice_str(text));
	isolation_init(&iso, arena, c);
	return iso;
}

static const struct isolation_shared *shared(const struct isolation *iso, enum thing thing) {
	for (size_t i = 0; i < iso->shared_count; i++) {
		if (iso->shared[i].thing == thing) {
			return &iso->shared[i];
		}
	}
	return NULL;
}

static const struct isolation_step *step(const struct isolation *iso, enum thing thing) {
	for (size_t i = 0; i < iso->step_count; i++) {
		if (iso->steps[i].thing == thing) {
			return &iso->steps[i];
		}
	}
	return NULL;
}

#define CACHE(mode_, uid_, more_)                                                                  \
	"path=/c\nstate=ok\ntype=dir\ndev=1\nino=5\nmode=" #mode_ "\nuid=" #uid_ "\ngid=" #uid_    \
	"\nfstype=ext4\nabove=0:0:755\n" more_ "\n"

/* The verdict on a GOCACHE that two share. */
static enum isolation_verdict of_cache(const char *census, const char *first, const char *second) {
	struct isolation iso = start(census);

	assert_int_equal(iso.count, 2);
	place(&iso, 0, first);
	place(&iso, 1, second);
	isolation_judge(&iso);
	assert_non_null(shared(&iso, THING_GOCACHE));
	return shared(&iso, THING_GOCACHE)->verdict;
}

#define ONE_USER                                                                                   \
	HEAD GOPLS(10, 1000, "/a", "env.GOCACHE=/c\n") GOPLS(11, 1000, "/b", "env.GOCACHE=/c\n")
#define TWO_USERS                                                                                  \
	HEAD GOPLS(10, 1000, "/a", "env.GOCACHE=/c\n") GOPLS(11, 1001, "/b", "env.GOCACHE=/c\n")

static void test_cache(void **state) {
	const char *const private = CACHE(755, 1000, ""), *const open = CACHE(1777, 0, "");

	(void)state;
	assert_int_equal(of_cache(ONE_USER, private, private), SHARED_HARMLESS);
	assert_int_equal(of_cache(TWO_USERS, private, private), SHARED_HARMFUL);
	assert_int_equal(of_cache(TWO_USERS, open, open), SHARED_HARMLESS);
	/* Open at the top, and what one has made in it is not. */
	const char *const buckets = CACHE(1777, 0, "child=1000:1000:755:dir:00\n");

	assert_int_equal(of_cache(TWO_USERS, buckets, buckets), SHARED_HARMFUL);
	/* Files of the other and directories that are not go's own say nothing. */
	const char *const odd = CACHE(1777, 0, "child=1000:1000:644:file:README\n");

	assert_int_equal(of_cache(TWO_USERS, odd, odd), SHARED_HARMLESS);
	/* An access list may allow it. */
	const char *const list = CACHE(755, 1000, "acl=1\n");

	assert_int_equal(of_cache(TWO_USERS, list, list), SHARED_UNKNOWN);
	/* A directory above that one of them may not pass. */
	const char *const below =
		"path=/c\nstate=ok\ntype=dir\ndev=1\nino=5\nmode=777\nuid=0\ngid=0\n"
		"above=0:0:755 1000:1000:700\n\n";

	assert_int_equal(of_cache(TWO_USERS, below, below), SHARED_HARMFUL);
	/* On a file server, and noexec: whoever shares it. */
	const char *const noexec = CACHE(755, 1000, "noexec=1\n");

	assert_int_equal(of_cache(ONE_USER, noexec, noexec), SHARED_HARMFUL);
	const char *const nfs = "path=/c\nstate=ok\ntype=dir\ndev=1\nino=5\nmode=755\nuid=1000\n"
				"gid=1000\nfstype=nfs4\n\n";

	assert_int_equal(of_cache(ONE_USER, nfs, nfs), SHARED_HARMFUL);
}

static void test_root(void **state) {
	const char *const theirs = CACHE(755, 1000, ""), *const roots = CACHE(777, 0, "");
	const char *const text = HEAD GOPLS(10, 1000, "/a", "env.GOCACHE=/c\n")
		GOPLS(11, 0, "/b", "env.GOCACHE=/c\n");

	(void)state;
	assert_int_equal(of_cache(text, theirs, theirs), SHARED_HARMFUL);
	assert_int_equal(of_cache(text, roots, roots), SHARED_HARMLESS);
}

/* The same words are the same place only when they lead to the same. */
static void test_same(void **state) {
	struct isolation iso = start(ONE_USER);

	(void)state;
	place(&iso, 0, CACHE(755, 1000, ""));
	place(&iso, 1,
	      "path=/c\nstate=ok\ntype=dir\ndev=2\nino=5\nmode=755\nuid=1000\ngid=1000\n\n");
	isolation_judge(&iso);
	assert_null(shared(&iso, THING_GOCACHE));
	assert_int_equal(isolation_harmful(&iso), 0);
}

static void test_plan(void **state) {
	struct isolation iso = start(TWO_USERS);

	(void)state;
	place(&iso, 0, CACHE(755, 1000, ""));
	place(&iso, 1, CACHE(755, 1000, ""));
	isolation_judge(&iso);
	const struct isolation_step *s = step(&iso, THING_GOCACHE);

	assert_non_null(s);
	assert_int_equal(s->environment, 1); /* the one that is locked out */
	assert_string_equal(s->name, "GOCACHE");
	assert_string_equal(s->command, "export GOCACHE=/var/tmp/1001/b-apart/go-build");
}

static void test_values(void **state) {
	struct isolation iso = start(HEAD GOPLS(
		10, 1000, "/a", "env.HOME=/h\nenv.XDG_CACHE_HOME=/x\nenv.GOPATH=/p:/q\n"));

	(void)state;
	assert_int_equal(iso.count, 1);
	assert_string_equal(isolation_goenv_path(&iso, 0), "/h/.config/go/env");
	isolation_resolve(&iso, 0, slice_str("GOMODCACHE=/m\nGOFLAGS=-v\n"), "/run/s");
	const struct thing_value *v = iso.environments[0].values;

	assert_string_equal(v[THING_GOCACHE].path, "/x/go-build");
	assert_string_equal(v[THING_GOPLS_CACHE].path, "/x/gopls");
	assert_string_equal(v[THING_GOMODCACHE].path, "/m");
	assert_string_equal(v[THING_GOMODCACHE].from, "go env file");
	assert_string_equal(v[THING_LOCKS].path, "/m/cache");
	assert_string_equal(v[THING_BIN].path, "/p/bin");
	assert_string_equal(v[THING_TMP].path, "/tmp");
	assert_string_equal(v[THING_TELEMETRY].path, "/h/.config/go/telemetry");
	assert_string_equal(v[THING_DAEMON].path, "/run/s");
	assert_string_equal(isolation_question(&iso, 0),
	                    "10\n/run/s\n/h\n/h/.config/go/env\n/p/bin\n/x/go-build\n/m\n/m/cache\n"
	                    "/tmp\n/h/.config/go/telemetry\n/x/gopls\n");
}

#define FORWARDER(pid_, more_)                                                                     \
	GOPLS(pid_, 1000, "/w" #pid_, "cmdline=gopls\x1f-remote=auto\nenv.PATH=/bin\n" more_)

static enum isolation_verdict of_daemon(const char *text, const char *go_a, const char *go_b) {
	struct isolation iso = start(text);

	assert_int_equal(iso.count, 2);
	for (size_t i = 0; i < 2; i++) {
		isolation_resolve(&iso, i, slice_of(NULL, 0), "host:1");
		isolation_place(&iso, i, slice_str(i == 0 ? go_a : go_b));
	}
	isolation_judge(&iso);
	assert_non_null(shared(&iso, THING_DAEMON));
	return shared(&iso, THING_DAEMON)->verdict;
}

#define GO(ino_)                                                                                   \
	"path=/bin/go\nstate=ok\ntype=file\ndev=1\nino=" #ino_ "\nmode=755\nuid=0\ngid=0\n\n"

static void test_daemon(void **state) {
	(void)state;
	assert_int_equal(of_daemon(HEAD FORWARDER(10, "") FORWARDER(11, ""), GO(5), GO(5)),
	                 SHARED_HARMLESS);
	/* What `go env` tells is sent along. */
	assert_int_equal(of_daemon(HEAD FORWARDER(10, "env.GOFLAGS=-tags=a\n") FORWARDER(11, ""),
	                           GO(5), GO(5)),
	                 SHARED_HARMLESS);
	assert_int_equal(of_daemon(HEAD FORWARDER(10, "") FORWARDER(11, ""), GO(5), GO(6)),
	                 SHARED_HARMFUL);
	assert_int_equal(of_daemon(HEAD FORWARDER(10, "env.HTTPS_PROXY=http://a\n")
	                                   FORWARDER(11, ""),
	                           GO(5), GO(5)),
	                 SHARED_HARMFUL);
	/* One that does without it. */
	assert_int_equal(of_daemon(HEAD FORWARDER(10, "env.HTTPS_PROXY=http://a\n")
	                                   GOPLS(11, 1000, "/w", "env.PATH=/bin\n"),
	                           GO(5), GO(6)),
	                 SHARED_HARMLESS);
}

static void test_ports(void **state) {
	struct isolation iso = start(
		HEAD GOPLS(
			10, 1000, "/a",
			"cmdline=gopls\x1f-debug=localhost:6060\nlisten=127.0.0.1:6060\nclients=\n")
			GOPLS(11, 1000, "/b", "cmdline=gopls\x1f-debug\x1flocalhost:6060\n")
				GOPLS(12, 1000, "/c", "cmdline=gopls\x1f-debug=localhost:0\n"));

	(void)state;
	isolation_judge(&iso);
	const struct isolation_shared *s = shared(&iso, THING_PORT);

	assert_non_null(s);
	assert_int_equal(s->verdict, SHARED_HARMFUL);
	assert_int_equal(s->pids[0], 10);
	assert_int_equal(s->pids[1], 11);
	assert_int_equal(s->pids[2], 0);
	assert_int_equal(iso.shared_count, 1);
}

/* Those that may not be seen are counted, and nothing is made up about them. */
static void test_denied(void **state) {
	struct isolation iso = start(HEAD GOPLS(10, 1000, "/a", "env.HOME=/h\n")
	                                     GOPLS(11, 1001, "", "denied=1\n"));

	(void)state;
	assert_int_equal(iso.count, 1);
	assert_int_equal(iso.denied, 1);
	assert_non_null(isolation_unseen(&iso)[0]);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cache, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plan, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_daemon, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
		cmocka_unit_test_setup_teardown(test_denied, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
