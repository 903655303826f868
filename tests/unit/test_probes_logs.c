/* SPDX-License-Identifier: MIT
 * What log lines mean, and which of it is history. The lines are as real programs wrote them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/registry.h"
#include "probes/logs/log_read.h"

#include <stdlib.h>
#include <time.h>

#define AT_ELEVEN (INT64_C(1795258800) * NS_PER_S) /* 2026-11-21 11:00:00 UTC */

struct bench {
	struct arena *arena;
	struct facts facts;
	struct exam exam;
};

static void read_text(struct bench *b, const char *text, int64_t since_ns) {
	*b = (struct bench){.arena = arena_new()};
	facts_init(&b->facts, b->arena);
	b->exam = (struct exam){.arena = b->arena, .facts = &b->facts};
	log_read(&b->exam, &(struct log_file){
				   .source = "vscode",
				   .path = "/l/exthost.log",
				   .session = "/l",
				   .bytes = slice_str(text),
				   .since_ns = since_ns,
				   .is_current = true,
			   });
}

static const struct fact_log_event *nth(const struct bench *b, size_t n) {
	facts_each (log_event, e, &b->facts) {
		if (n-- == 0) {
			return e;
		}
	}
	return NULL;
}

static void test_meaning(void **state) {
	static const struct {
		const char *line;
		const char *kind;
	} samples[] = {
		{"2026-11-21 11:00:01.500 [info] Try to start language server - activation "
	         "(enabled: true)",
	         "start"},
		{"2026-11-21 11:00:01.500 [info] Running language server gopls(v0.23.0/go1.26.8)",
	         "started"},
		{"[Error - 12:31:12 PM] Error: command 'generate' already exists",
	         "command-exists"},
		{"[2020-09-18 15:50:29.097] [exthost] [error] Activating extension golang.go "
	         "failed due to an error:",
	         "activation-failed"},
		{"[Error - 6:20:02 PM] Starting client failed", "start-failed"},
		{"[ERROR][2026-11-21 12:14:37] .../vim/lsp/rpc.lua:420\t\"rpc\"\t\"gopls\"\t"
	         "\"stderr\"\t\"flag provided but not defined: -no-tcp\\n\"",
	         "bad-flags"},
		{"[INFO][2026-11-21 12:14:36] .../vim/lsp/rpc.lua:261\t\"Starting RPC client\"\t"
	         "{  args = { \"--no-tcp\" },  cmd = \"/x/gopls\",  extra = {}}",
	         "start"},
		{"2026/11/21 11:00:01 panic: runtime error: index out of range", "crash"},
		{"[Info - 9:00:00 AM] Server process exited with code 2.", "exit"},
		{"2026-11-21T11:00:01+0000 host gopls[12]: fatal error: out of memory", "crash"},
		{"2026-11-21 11:00:01 [info] all is well", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct bench b;
		read_text(&b, samples[i].line, 0);
		const struct fact_log_event *e = nth(&b, 0);
		assert_string_equal(e ? e->kind : "none",
		                    samples[i].kind ? samples[i].kind : "none");
		arena_free(b.arena);
	}
}

/* What is older than the process that runs now belongs to an earlier run. */
static void test_history(void **state) {
	struct bench b;
	(void)state;
	read_text(&b,
	          "2026-11-21 10:59:00.000 [error] panic: old\n"
	          "2026-11-21 11:00:05.000 [error] panic: new\n",
	          AT_ELEVEN);
	assert_false(nth(&b, 0)->current);
	assert_true(nth(&b, 1)->current);
	assert_int_equal(nth(&b, 1)->at_ns, AT_ELEVEN + 5 * NS_PER_S);
	assert_int_equal(nth(&b, 1)->line, 2);
	arena_free(b.arena);
}

/* A line that only announces the reason gets it; the latest events stay. */
static void test_text_and_limit(void **state) {
	struct bench b;
	struct strbuf many;
	(void)state;
	read_text(&b,
	          "2026-11-21 11:00:01 [error] Activating extension golang.go failed due to an "
	          "error:\n2026-11-21 11:00:01 [error] TypeError: x is undefined\n\tat y\n",
	          0);
	assert_true(str_has(nth(&b, 0)->text, "TypeError: x is undefined"));
	arena_free(b.arena);

	struct arena *arena = arena_new();
	strbuf_init(&many, arena);
	for (int i = 0; i < LOG_EVENTS_MAX * 3; i++) {
		strbuf_printf(&many, "x\nx\nx\npanic: number %d\n", i);
	}
	read_text(&b, many.data, 0);
	assert_true(
		str_has(nth(&b, 0)->text, arena_printf(arena, "number %d", LOG_EVENTS_MAX * 2)));
	assert_non_null(nth(&b, LOG_EVENTS_MAX - 1));
	assert_null(nth(&b, LOG_EVENTS_MAX));
	arena_free(b.arena);
	arena_free(arena);
}

/* Every row has its kind explained at the top of the table, words to look for, and versions. */
static void test_table(void **state) {
	size_t rows = 0;
	(void)state;
	for (size_t i = 0; registry_data[i].id; i++) {
		struct slice rest = slice_str(registry_data[i].text);
		struct slice line;
		while (streq(registry_data[i].id, "log-messages.tsv") && slice_line(&rest, &line)) {
			struct slice kind;
			struct slice words;
			if (line.len == 0 || line.data[0] == '#') {
				continue;
			}
			assert_true(slice_cut(&line, '\t', &kind));
			assert_true(slice_cut(&line, '\t', &words));
			assert_true(words.len > 6 && line.len > 2);
			rows++;
		}
	}
	assert_true(rows > 30);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_text_and_limit),
		cmocka_unit_test(test_table),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
