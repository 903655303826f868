/* SPDX-License-Identifier: MIT
 * Repairs of what its owner has write-protected.
 */
#include "core/run_record.h"

#include "apply_fixture.h"

#include <errno.h>
#include <string.h>

/* What its owner write-protected is opened for the time it takes, and that is part of the plan. */
static void test_write_protected(void **state) {
	struct fixture *f = *state;
	struct stat st;
	assert_int_equal(mkdir(in(f, "d"), 0755), 0);
	const char *path = make_file(f, "d/env", "A=1\nGOFLAGS=-x\n", 0444);
	assert_int_equal(chmod(in(f, "d"), 0555), 0);
	plan_goenv(&f->plan, path, "GOFLAGS", NULL);
	plan_goenv(&f->plan, path, "A", "2");
	const char *before = picture(f);
	assert_int_equal(resolve(f), 0);
	assert_int_equal(resolve(f), 0); /* once only */
	assert_int_equal(f->plan.step_count, 6);
	assert_string_equal(f->plan.steps[0].path, in(f, "d"));
	assert_string_equal(f->plan.steps[5].path, in(f, "d"));
	assert_true(str_has(f->plan.steps[1].what, "mode 0444"));
	assert_string_equal(picture(f), before);
	assert_int_equal(apply(f), 0);
	assert_string_equal(text_of(f, path), "A=2\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal(stat(in(f, "d"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0555);
	assert_int_equal(resolve(f), 0);
	assert_int_equal(f->repair.change_count, 0); /* nothing to do: nothing is opened */
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(picture(f), before);
	assert_int_equal(chmod(in(f, "d"), 0755), 0);
}

/* Goes for `go mod vendor`: empties a directory and fills it. */
static void run_vendor(struct world *w, const struct run_spec *spec, struct evidence *ev) {
	const struct run_record record = {.started = true};
	shell(arena_printf(w->arena,
	                   "cd %s && chmod u+w . vendor vendor/p && rm -r vendor && mkdir -p "
	                   "vendor/q && echo new >vendor/q/x && echo new >vendor/kept",
	                   spec->cwd));
	ev->state = EV_READ;
	ev->bytes = run_record_format(w->arena, &record);
}

static void make_vendor(struct fixture *f, mode_t kept) {
	shell(arena_printf(f->arena, "mkdir -p %s", in(f, "w/vendor/p")));
	make_file(f, "w/vendor/p/x", "old", 0444);
	make_file(f, "w/vendor/kept", "old", kept);
	assert_int_equal(chmod(in(f, "w/vendor/p"), 0555), 0);
	assert_int_equal(chmod(in(f, "w/vendor"), 0555), 0);
	assert_int_equal(chmod(in(f, "w"), 0555), 0);
	plan_run(&f->plan, in(f, "w"), PLAN_WORDS(&f->plan, "/bin/true"),
	         PLAN_WORDS(&f->plan, arena_printf(f->arena, "%s/", in(f, "w/vendor"))));
}

static int apply_in_world(struct fixture *f) {
	static const struct world_ops ops = {.run = run_vendor};
	static struct evidence_store store;
	static struct envset env;
	static struct world world;
	evidence_store_init(&store, f->arena);
	envset_init(&env, f->arena);
	world = (struct world){.ops = &ops, .store = &store, .arena = f->arena};
	f->steps.world = &world;
	f->steps.env = &env;
	return apply(f);
}

static mode_t mode_of(struct fixture *f, const char *name) {
	struct stat st;
	assert_int_equal(lstat(in(f, name), &st), 0);
	return st.st_mode & 07777;
}

/* What programs empty and fill is opened for them, with all below, and what they put there is protected in turn. */
static void test_program_in_protected(void **state) {
	struct fixture *f = *state;
	make_vendor(f, 0444);
	const char *before = picture(f);
	assert_int_equal(apply_in_world(f), 0);
	assert_string_equal(text_of(f, in(f, "w/vendor/q/x")), "new\n");
	assert_int_equal(mode_of(f, "w/vendor/kept"), 0444);
	assert_int_equal(mode_of(f, "w/vendor/q"), 0555);
	assert_int_equal(mode_of(f, "w/vendor"), 0555);
	assert_int_equal(mode_of(f, "w"), 0555);
	/* A file the repair left is somebody's by now: nothing is done. */
	make_file(f, "w/vendor/q/x", "mine", 0444);
	assert_int_equal(undo(f, 0), -EBUSY);
	assert_int_equal(mode_of(f, "w/vendor"), 0555);
	make_file(f, "w/vendor/q/x", "new\n", 0444);
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(picture(f), before);
}

/* Files that were not protected stay so. */
static void test_program_in_half_protected(void **state) {
	struct fixture *f = *state;
	make_vendor(f, 0644);
	const char *before = picture(f);
	assert_int_equal(apply_in_world(f), 0);
	assert_int_equal(mode_of(f, "w/vendor"), 0555);
	assert_int_equal(mode_of(f, "w/vendor/kept"), 0644);
	assert_int_equal(mode_of(f, "w/vendor/q"), 0755);
	assert_int_equal(undo(f, 0), 0);
	assert_string_equal(picture(f), before);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_protected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_program_in_protected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_program_in_half_protected, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
