/* SPDX-License-Identifier: MIT
 * Where the files of a control group are, from texts of both versions, in and out of containers.
 */
#include "world_fixture.h"

#include "world/cgroup_path.h"

static const char v1_mounts[] =
	"30 24 0:27 / /sys/fs/cgroup/memory rw,nosuid shared:13 - cgroup cgroup rw,memory\n"
	"31 24 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:14 - cgroup2 cgroup2 rw\n";
static const char v2_mounts[] =
	"29 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

static struct cgroup_place place(struct fixture *f, const char *cgroup, const char *mounts) {
	return cgroup_place_of(f->arena, "memory", slice_str(cgroup), slice_str(mounts));
}

static void test_v1(void **state) {
	struct fixture *f = *state;
	struct cgroup_place p =
		place(f, "9:name=systemd:/a\n4:memory:/docker/1\n0::/\n", v1_mounts);

	assert_int_equal(p.version, 1);
	assert_string_equal(p.path, "/docker/1");
	assert_string_equal(p.dir, "/sys/fs/cgroup/memory/docker/1");
	assert_string_equal(p.top, "/sys/fs/cgroup/memory");
}

/* Controllers share a line, and "memory" is no part of another word. */
static void test_v1_list(void **state) {
	struct fixture *f = *state;

	assert_string_equal(place(f, "4:cpu,memory:/x\n", v1_mounts).dir,
	                    "/sys/fs/cgroup/memory/x");
	assert_int_equal(place(f, "4:memory2:/x\n", v1_mounts).version, 0);
}

static void test_v2(void **state) {
	struct fixture *f = *state;
	struct cgroup_place p = place(f, "0::/user.slice/a:b.scope\n", v2_mounts);

	assert_int_equal(p.version, 2);
	assert_string_equal(p.dir, "/sys/fs/cgroup/user.slice/a:b.scope");
}

/* A hybrid machine without the controller of version 1. */
static void test_hybrid(void **state) {
	struct fixture *f = *state;

	assert_int_equal(place(f, "4:cpu:/x\n0::/y\n", v1_mounts).version, 2);
}

/* A container sees its own part of the hierarchy, or a group outside of its namespace. */
static void test_container(void **state) {
	struct fixture *f = *state;

	assert_string_equal(place(f, "4:memory:/docker/1/x\n",
	                          "30 24 0:27 /docker/1 /sys/fs/cgroup/memory ro - cgroup cgroup "
	                          "rw,memory\n")
	                            .dir,
	                    "/sys/fs/cgroup/memory/x");
	assert_string_equal(place(f, "0::/../../x\n", v2_mounts).dir, "/sys/fs/cgroup");
}

static void test_nonsense(void **state) {
	struct fixture *f = *state;

	assert_int_equal(place(f, "", "").version, 0);
	assert_int_equal(place(f, "0::relative\n", v2_mounts).version, 0);
	assert_int_equal(place(f, "0::/x\n", "29 24 0:26 / /sys/fs/cgroup rw - cgroup2").version,
	                 0);
}

/* This test's own group, if it has one, is a directory below its mount. */
static void test_look(void **state) {
	struct fixture *f = *state;
	const struct evidence *ev = world_look(f->world, LOOK_MEMORY, "self now", LOOK_CAP_SMALL);

	assert_int_equal(ev->state, EV_READ);
	assert_non_null(keyline_get(f->arena, ev->bytes, "overcommit"));
	/* A directory that is no group has the machine's numbers only. */
	ev = world_look(f->world, LOOK_MEMORY, "/nowhere now", LOOK_CAP_SMALL);
	assert_int_equal(ev->state, EV_READ);
	assert_non_null(keyline_get(f->arena, ev->bytes, "overcommit"));
	assert_null(keyline_get(f->arena, ev->bytes, "limit"));
	assert_int_equal(world_look(f->world, LOOK_MEMORY, "nobody now", LOOK_CAP_SMALL)->state,
	                 EV_FAILED);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_v1, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_v1_list, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_v2, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_hybrid, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_container, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_look, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
