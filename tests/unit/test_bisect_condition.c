/* SPDX-License-Identifier: MIT
 * Two conditions taken apart and put together again.
 */
#include "bisect/condition.h"

#include "arena_fixture.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct condition condition(struct arena *arena, const char *const *vars) {
	struct condition c = {0};

	envset_init(&c.env, arena);
	for (size_t i = 0; vars[i]; i++) {
		size_t len = strcspn(vars[i], "=");
		envset_set(&c.env, arena_strndup(arena, vars[i], len), vars[i] + len + 1);
	}
	return c;
}

#define CONDITION(...) condition(arena, (const char *const[]){__VA_ARGS__, NULL})

static size_t find(const struct differences *d, const char *name) {
	for (size_t i = 0; i < d->count; i++) {
		if (streq(d->items[i].name, name)) {
			return i;
		}
	}
	fail_msg("there is no difference %s", name);
	return 0;
}

static void assert_same_env(const struct condition *a, const struct condition *b) {
	assert_int_equal(a->env.count, b->env.count);
	for (size_t i = 0; i < a->env.count; i++) {
		const char *value;
		struct slice name = envset_name(&a->env, i, &value);
		char *text = arena_slicedup(a->env.arena, name);

		assert_non_null(envset_get(&b->env, text));
		assert_string_equal(value, envset_get(&b->env, text));
	}
}

/* None of the elements is the good end, all of them the bad one. */
static void assert_ends(struct arena *arena, const struct condition *good,
                        const struct condition *bad) {
	struct differences d = differences_between(arena, good, bad);
	struct subset none = {0}, all = subset_first(d.count);
	struct condition a = differences_apply(arena, &d, good, bad, &none);
	struct condition b = differences_apply(arena, &d, good, bad, &all);

	assert_same_env(&a, good);
	assert_same_env(&b, bad);
	assert_memory_equal(a.limits, good->limits, sizeof a.limits);
	assert_memory_equal(b.limits, bad->limits, sizeof b.limits);
	assert_int_equal(a.umask, good->umask);
	assert_int_equal(b.umask, bad->umask);
	assert_string_equal(a.cwd ? a.cwd : "", good->cwd ? good->cwd : "");
	assert_string_equal(b.cwd ? b.cwd : "", bad->cwd ? bad->cwd : "");
}

static void test_variables(void **state) {
	struct arena *arena = *state;
	struct condition good = CONDITION("A=1", "B=2", "GONE=x", "EMPTY=");
	struct condition bad = CONDITION("A=1", "B=3", "GOFLAGS=-mod=mod", "EMPTY=y");
	struct differences d = differences_between(arena, &good, &bad);

	assert_int_equal(d.count, 4);
	assert_string_equal(d.items[0].name, "GOFLAGS"); /* the most suspected */
	assert_null(d.items[0].good);
	assert_null(d.items[find(&d, "GONE")].bad);
	struct subset some = {0};
	subset_put(&some, find(&d, "GONE"));
	struct condition c = differences_apply(arena, &d, &good, &bad, &some);
	assert_null(envset_get(&c.env, "GONE"));
	assert_string_equal(envset_get(&c.env, "B"), "2");
	assert_null(envset_get(&c.env, "GOFLAGS"));
	assert_ends(arena, &good, &bad);
}

static const char *path_with(struct arena *arena, const char *good_path, const char *bad_path,
                             const char *const *entries) {
	struct condition good = CONDITION(arena_printf(arena, "PATH=%s", good_path));
	struct condition bad = CONDITION(arena_printf(arena, "PATH=%s", bad_path));
	struct differences d = differences_between(arena, &good, &bad);
	struct subset some = {0};

	for (size_t i = 0; entries[i]; i++) {
		subset_put(&some, find(&d, entries[i]));
	}
	struct condition c = differences_apply(arena, &d, &good, &bad, &some);
	assert_ends(arena, &good, &bad);
	return envset_get(&c.env, "PATH");
}

static void test_path(void **state) {
	struct arena *arena = *state;
	static const char *const none[] = {NULL}, *const old[] = {"/old", NULL},
				 *const go[] = {"/go", NULL};

	assert_string_equal(path_with(arena, "/go:/bin", "/bin", go), "/bin");
	assert_string_equal(path_with(arena, "/go:/bin", "/old:/go:/bin:/x", old), "/old:/go:/bin");
	assert_string_equal(path_with(arena, "/go:/bin", "/old:/bin", old), "/old:/go:/bin");
	assert_string_equal(path_with(arena, "/a", "", none), "/a");
	assert_string_equal(path_with(arena, "/a::/b", "/b:/a:", none), "/a::/b");
	assert_string_equal(path_with(arena, "/a:/a:/b", "/b:/b:/a", none), "/a:/a:/b");
}

static void test_path_order(void **state) {
	struct arena *arena = *state;
	struct condition good = CONDITION("PATH=/new:/old"), bad = CONDITION("PATH=/old:/new");
	struct differences d = differences_between(arena, &good, &bad);

	assert_int_equal(d.count, 2); /* there it is more, here it is missing */
	assert_string_equal(d.items[0].name, d.items[1].name);
	assert_ends(arena, &good, &bad);
}

static void test_path_missing(void **state) {
	struct arena *arena = *state;
	struct condition good = CONDITION("PATH=/a:/b"), bad = CONDITION("X=1");
	struct differences d = differences_between(arena, &good, &bad);

	assert_int_equal(d.items[find(&d, "PATH")].kind, ELEMENT_VARIABLE);
	assert_ends(arena, &good, &bad);
}

static void test_confined(void **state) {
	struct arena *arena = *state;
	static const char context[] =
		"umask=0022\nlimit_nofile=1024:4096\nlimit_nproc=unlimited:"
		"unlimited\nlimit_as=unlimited:unlimited\nlimit_data=unlimited:"
		"unlimited\nlimit_cpu=unlimited:unlimited\nlimit_fsize=unlimited:"
		"unlimited\n";
	struct condition good = CONDITION("A=1"), bad = CONDITION("A=1");

	condition_read(arena, slice_str(context), &good);
	condition_read(arena, slice_str(context), &bad);
	assert_true(good.confined);
	assert_int_equal(good.umask, 022);
	assert_int_equal(good.limits[CONDITION_NOFILE].hard, 4096);
	assert_int_equal(good.limits[CONDITION_AS].soft, -1);
	assert_int_equal(differences_between(arena, &good, &bad).count, 0);
	bad.limits[CONDITION_NOFILE] = (struct limit_pair){20, 20};
	bad.umask = 0777;
	bad.cwd = "/elsewhere";
	struct differences d = differences_between(arena, &good, &bad);
	assert_int_equal(d.count, 3);
	assert_int_equal(d.items[find(&d, "open_files")].kind, ELEMENT_LIMIT);
	assert_string_equal(d.items[find(&d, "umask")].bad, "0777");
	assert_ends(arena, &good, &bad);
	struct subset some = {0};
	subset_put(&some, find(&d, "open_files"));
	struct condition c = differences_apply(arena, &d, &good, &bad, &some);
	assert_int_equal(c.limits[CONDITION_NOFILE].hard, 20);
	assert_int_equal(c.umask, 022);
	assert_null(c.cwd);

	struct condition part = CONDITION("A=1");
	condition_read(arena, slice_str("umask=0022\nlimit_nofile=x:y\n"), &part);
	assert_false(part.confined);
	assert_int_equal(differences_between(arena, &good, &part).count, 0);
}

static void test_too_many(void **state) {
	struct arena *arena = *state;
	struct condition good = CONDITION("A=1"), bad = CONDITION("A=2");

	for (int i = 0; i < SUBSET_MAX + 5; i++) {
		envset_set(&bad.env, arena_printf(arena, "V%d", i), "x");
	}
	struct differences d = differences_between(arena, &good, &bad);
	assert_int_equal(d.count, SUBSET_MAX);
	assert_int_equal(d.more, 6);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_variables, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_path, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_path_order, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_path_missing, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_confined, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_too_many, arena_setup, arena_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
