/* SPDX-License-Identifier: MIT
 * The gaps expected here are those go1.26.8 printed for the same files.
 */
#include "arena_fixture.h"

#include "gofile/modulestxt.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct want {
	const char *path, *version;
	enum modulestxt_gap_kind kind;
	const char *text;
};

static void expect(struct modulestxt_gaps gaps, const struct want *want, size_t count) {
	for (size_t i = 0; i < gaps.count && i < count; i++) {
		assert_string_equal(gaps.items[i].path, want[i].path);
		assert_string_equal(gaps.items[i].version, want[i].version);
		assert_int_equal(gaps.items[i].kind, want[i].kind);
		if (want[i].text) {
			assert_string_equal(gaps.items[i].text, want[i].text);
		}
	}
	assert_int_equal(gaps.count, count);
}

#define EXPECT(gaps, ...)                                                                          \
	do {                                                                                       \
		const struct want wants[] = {__VA_ARGS__};                                         \
		expect((gaps), wants, sizeof(wants) / sizeof(wants[0]));                           \
	} while (0)

static const char vendor_text[] = "# example.com/dep1 v1.0.0 => ../dep1\n"
				  "## explicit; go 1.21\n"
				  "example.com/dep1\n"
				  "# example.com/dep2 v1.2.0 => ../dep2\n"
				  "## explicit; go 1.21\n"
				  "example.com/dep2\n"
				  "# example.com/dep1 => ../dep1\n";

#define HEAD     "module example.com/main\n"
#define REQUIRE1 "require example.com/dep1 v1.0.0\n"
#define REQUIRE2 "require example.com/dep2 v1.2.0\n"
#define REPLACE1 "replace example.com/dep1 => ../dep1\n"
#define REPLACE2 "replace example.com/dep2 v1.2.0 => ../dep2\n"

static struct modulestxt_gaps gaps_of(void **state, const char *mod_text, const char *vendor) {
	struct modulestxt v = modulestxt_parse(*state, slice_str(vendor));
	struct gomod mod = gomod_parse(*state, slice_str(mod_text));
	assert_int_equal(mod.error.kind, MODFILE_ERROR_NONE);
	return modulestxt_compare(*state, &v, &mod);
}

static void test_parse(void **state) {
	struct modulestxt v = modulestxt_parse(*state, slice_str(vendor_text));
	assert_false(v.is_workspace);
	assert_int_equal(v.module_count, 3);
	assert_int_equal(v.package_count, 2);
	assert_string_equal(v.modules[0].new_path, "../dep1");
	assert_string_equal(v.modules[0].go_version, "1.21");
	assert_true(v.modules[0].is_explicit);
	assert_true(v.modules[0].selected);
	assert_string_equal(v.modules[2].version, "");
	assert_false(v.modules[2].selected);
	assert_int_equal(v.packages[1].module, 1);
	assert_true(modulestxt_parse(*state, slice_str("## workspace\n")).is_workspace);
}

static void test_lines_that_mean_nothing(void **state) {
	struct modulestxt v = modulestxt_parse(
		*state,
		slice_str("a/b\n## explicit\n# x\n# x latest\n## explicit\na/b\n"
	                  "# a v1.0.0 => b bogus\n-dash\na b\nok/pkg\n# a v1.1.0\nok/two\n"));
	assert_int_equal(v.module_count, 2);
	assert_string_equal(v.modules[0].new_path, "");
	assert_int_equal(v.package_count, 1 + 1);
	assert_true(v.modules[0].superseded);
	assert_false(v.modules[1].superseded);
}

static void test_one_module(void **state) {
	assert_int_equal(
		gaps_of(state, HEAD "go 1.21\n" REQUIRE1 REQUIRE2 REPLACE1 REPLACE2, vendor_text)
			.count,
		0);
	EXPECT(gaps_of(state,
	               HEAD "go 1.21\nrequire example.com/dep1 v1.1.0\n" REQUIRE2 REPLACE1 REPLACE2,
	               vendor_text),
	       {"example.com/dep1", "v1.1.0", MODULESTXT_NOT_EXPLICIT,
	        "is explicitly required in go.mod, but not marked as explicit in "
	        "vendor/modules.txt"},
	       {"example.com/dep1", "v1.0.0", MODULESTXT_NOT_REQUIRED,
	        "is marked as explicit in vendor/modules.txt, but not explicitly required in "
	        "go.mod"});
	EXPECT(gaps_of(state, HEAD "go 1.21\n" REQUIRE1 REPLACE1 REPLACE2, vendor_text),
	       {"example.com/dep2", "v1.2.0", MODULESTXT_NOT_REQUIRED, NULL});
	EXPECT(gaps_of(state,
	               HEAD "go 1.21\n" REQUIRE1 REQUIRE2 REPLACE2
	                    "replace example.com/dep1 => ../dep2\n",
	               vendor_text),
	       {"example.com/dep1", "", MODULESTXT_OTHER_REPLACEMENT,
	        "is replaced by ../dep2 in go.mod, but marked as replaced by ../dep1 in "
	        "vendor/modules.txt"});
	EXPECT(gaps_of(state, HEAD "go 1.21\n" REQUIRE1 REQUIRE2 REPLACE1, vendor_text),
	       {"example.com/dep2", "v1.2.0", MODULESTXT_NOT_IN_GOMOD,
	        "is marked as replaced in vendor/modules.txt, but not replaced in go.mod"});
	EXPECT(gaps_of(state,
	               HEAD "go 1.21\n" REQUIRE1 REQUIRE2 REPLACE1 REPLACE2
	                    "replace example.com/other => ../o\n",
	               vendor_text),
	       {"example.com/other", "", MODULESTXT_NOT_REPLACED,
	        "is replaced in go.mod, but not marked as replaced in vendor/modules.txt"});
}

static void test_missing_modules_txt(void **state) {
	EXPECT(gaps_of(state, HEAD "go 1.21\n" REQUIRE1 REQUIRE2 REPLACE1 REPLACE2, ""),
	       {"example.com/dep1", "v1.0.0", MODULESTXT_NOT_EXPLICIT, NULL},
	       {"example.com/dep2", "v1.2.0", MODULESTXT_NOT_EXPLICIT, NULL},
	       {"example.com/dep1", "", MODULESTXT_NOT_REPLACED, NULL},
	       {"example.com/dep2", "v1.2.0", MODULESTXT_NOT_REPLACED, NULL});
}

static void test_before_go_114(void **state) {
	EXPECT(gaps_of(state,
	               HEAD "go 1.13\nrequire example.com/dep1 v1.1.0\n" REQUIRE2 REPLACE1 REPLACE2,
	               vendor_text),
	       {"example.com/dep1", "v1.1.0", MODULESTXT_OTHER_VERSION,
	        "is explicitly required in go.mod, but vendor/modules.txt indicates "
	        "example.com/dep1@v1.0.0"},
	       {"example.com/dep1", "v1.0.0", MODULESTXT_NOT_REQUIRED, NULL});
}

static const char workspace_text[] = "## workspace\n"
				     "# example.com/dep1 v1.0.0 => ../dep1\n"
				     "## explicit; go 1.21\n"
				     "example.com/dep1\n"
				     "# example.com/dep2 v1.0.0 => ../dep2\n"
				     "## explicit; go 1.21\n"
				     "example.com/dep2\n"
				     "# example.com/dep2 => ../dep2\n"
				     "# example.com/dep1 => ../dep1\n";

static struct modulestxt_gaps workspace_gaps(void **state, const char *work_text,
                                             const char *a_text) {
	struct arena *arena = *state;
	struct modulestxt v = modulestxt_parse(arena, slice_str(workspace_text));
	struct gowork work = gowork_parse(arena, slice_str(work_text));
	struct gomod *mods = arena_array_of(arena, struct gomod, 2);
	mods[0] = gomod_parse(arena, slice_str(a_text));
	mods[1] = gomod_parse(
		arena,
		slice_str("module example.com/b\ngo 1.22\nrequire example.com/dep2 v1.0.0\n"));
	struct modulestxt_member members[] = {{"/v/w/a", &mods[0]}, {"/v/w/b", &mods[1]}};
	return modulestxt_compare_workspace(arena, &v, "/v/w", &work, members, 2);
}

#define WORK   "go 1.22\nuse ./a\nuse ./b\n"
#define WORK2  WORK "replace example.com/dep2 => ../dep2\n"
#define A_HEAD "module example.com/a\ngo 1.22\n"

static void test_workspace(void **state) {
	assert_int_equal(workspace_gaps(state, WORK2,
	                                A_HEAD REQUIRE1 "replace example.com/dep1 => ../../dep1\n")
	                         .count,
	                 0);
	EXPECT(workspace_gaps(state, WORK2,
	                      A_HEAD "require example.com/dep1 v1.1.0\n"
	                             "replace example.com/dep1 => ../../dep2\n"),
	       {"example.com/dep1", "v1.1.0", MODULESTXT_NOT_EXPLICIT, NULL},
	       {"example.com/dep1", "", MODULESTXT_OTHER_REPLACEMENT,
	        "is replaced by ../../dep2 in a/go.mod, but marked as replaced by ../dep1 in "
	        "vendor/modules.txt"},
	       {"example.com/dep1", "v1.0.0", MODULESTXT_NOT_REQUIRED,
	        "is marked as explicit in vendor/modules.txt, but not explicitly required in a "
	        "go.mod"});
	EXPECT(workspace_gaps(state, WORK,
	                      A_HEAD REQUIRE1 "replace example.com/dep1 => ../../dep1\n"),
	       {"example.com/dep2", "v1.0.0", MODULESTXT_NOT_IN_GOMOD, NULL},
	       {"example.com/dep2", "", MODULESTXT_NOT_IN_GOMOD, NULL});
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_lines_that_mean_nothing),
		cmocka_unit_test(test_one_module),
		cmocka_unit_test(test_missing_modules_txt),
		cmocka_unit_test(test_before_go_114),
		cmocka_unit_test(test_workspace),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
