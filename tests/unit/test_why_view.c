/* SPDX-License-Identifier: MIT
 * Of several servers with one folder open `dialtone why --workspace` tells of one, and names those that hang on
 * something else.
 */
#include "cmd/why_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const char stopped[] = "record=machine\ntarget=20\nnow_ns=1000000000000\n\nrecord=process\n"
			      "pid=20\nppid=1\nrelation=target\nstate=T\ncomm=gopls\n"
			      "cmdline=gopls\nthreads=1\nage_ms=60000\nrested_ms=37000\n\n";

static void test_others(void **state) {
	static const struct why_other others[] = {
		{20, 20, "gopls (pid 20)"}, /* the one of the chain */
		{21, 20, "gopls (pid 21)"}, /* it waits for that one */
		{22, 90, "gopls (pid 22)"},
	};
	struct arena *arena = arena_new();
	struct waits w;
	struct strbuf out;
	const struct report_style style = {.columns = 80};

	(void)state;
	assert_true(waits_parse(arena, slice_str(stopped), &w));
	struct wait_chain chain = waits_chain(&w, 1000);
	const struct why_view view = {arena, &w, &chain, others, 3};

	assert_false(why_view_is_apart(&view, &others[0]));
	assert_false(why_view_is_apart(&view, &others[1]));
	assert_true(why_view_is_apart(&view, &others[2]));
	strbuf_init(&out, arena);
	why_view_text(&out, &view, &style);
	assert_non_null(strstr(out.data, "dialtone why 22"));
	assert_null(strstr(out.data, "dialtone why 21"));
	assert_null(strstr(out.data, "dialtone why 20"));
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_others)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
