/* SPDX-License-Identifier: MIT
 * A crash that a client logged in pieces: wherever they are cut, it is the same crash.
 */
#include "base/str.h"
#include "core/registry.h"
#include "probes/logs/log_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

extern const struct probe probe_crash;

/* What gopls v0.16.2 wrote on a hover, shortened; a line before it, and quotes of both kinds. */
static const char words[] =
	"2026/11/21 15:00:00 cannot \"load\"\n"
	"panic: runtime error: invalid memory address or nil pointer dereference\n"
	"[signal SIGSEGV: segmentation violation code=0x1 addr=0x40 pc=0xd540e9]\n\n"
	"goroutine 144 gp=0xc000364540 m=3 mp=0xc00005d008 [running]:\n"
	"panic({0xf8b3e0?, 0x1af0d40?})\n"
	"\t/usr/local/go/src/runtime/panic.go:811 +0x168 fp=0xc0001b7158 pc=0x478228\n"
	"golang.org/x/tools/gopls/internal/golang.hover({0x13d9f58, 0xc000526210}, 0x0)\n"
	"\t/home/o'neil/go/pkg/mod/golang.org/x/tools/gopls@v0.16.2/internal/golang/hover.go:304 "
	"+0xca9\n"
	"created by golang.org/x/tools/internal/jsonrpc2.AsyncHandler.func1 in goroutine 9\n";

#define LENGTH (sizeof words - 1)

/* As vim.inspect does. */
static void add_inspected(struct strbuf *out, struct slice text) {
	char quote = slice_has(text, "\"") && !slice_has(text, "'") ? '\'' : '"';

	strbuf_add_char(out, quote);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '\n' || c == '\t') {
			strbuf_add(out, c == '\n' ? "\\n" : "\\t");
		} else {
			strbuf_add(out, (c == '"' && quote == '"') || c == '\\' ? "\\" : "");
			strbuf_add_char(out, c);
		}
	}
	strbuf_add_char(out, quote);
}

static void add_piece(struct strbuf *out, const char *server, struct slice text) {
	strbuf_printf(out,
	              "[ERROR][2026-11-21 11:00:01] .../vim/lsp/rpc.lua:420\t\"rpc\"\t\"%s\"\t"
	              "\"stderr\"\t",
	              server);
	add_inspected(out, text);
	strbuf_add_char(out, '\n');
}

/* Other lines stand between the pieces: of another server, and of the client. */
static void add_others(struct strbuf *out) {
	add_piece(out, "/usr/bin/other", slice_str("fatal er"));
	strbuf_add(out, "[WARN][2026-11-21 11:00:01] .../lua/vim/lsp.lua:9\t\"slow\"\n");
}

static void check(struct arena *arena, const char *log) {
	struct facts facts;
	struct exam exam = {.arena = arena, .facts = &facts};
	struct evidence ev = {.source = "file:/l", .state = EV_READ, .bytes = slice_str(log)};
	struct err err;

	facts_init(&facts, arena);
	log_read(&exam, &(struct log_file){.source = "neovim",
	                                   .path = "/l",
	                                   .session = "",
	                                   .ev = &ev,
	                                   .bytes = ev.bytes,
	                                   .is_current = true});
	assert_int_equal(probe_crash.look(&exam, &err), 0);
	const struct fact_crash *c = facts_first(crash, &facts);

	if (!c) {
		fail_msg("no crash is seen in:\n%s", log);
		return;
	}
	assert_string_equal(c->kind, "panic");
	assert_string_equal(c->text,
	                    "runtime error: invalid memory address or nil pointer dereference");
	assert_int_equal(c->goroutine, 144);
	assert_string_equal(c->state, "running");
	assert_string_equal(c->frame, "golang.org/x/tools/gopls/internal/golang.hover");
	assert_true(str_ends(c->file, "o'neil/go/pkg/mod/golang.org/x/tools/gopls@v0.16.2/internal/"
	                              "golang/hover.go"));
	assert_int_equal(c->line, 304);
	assert_string_equal(c->version, "v0.16.2");
	assert_true(c->current);
}

/* In two pieces, cut at every byte. */
static void test_two(void **state) {
	(void)state;
	for (size_t cut = 0; cut <= LENGTH; cut++) {
		struct arena *arena = arena_new();
		struct strbuf log;

		strbuf_init(&log, arena);
		add_piece(&log, "/h/gopls", slice_of(words, cut));
		add_others(&log);
		add_piece(&log, "/h/gopls", slice_of(words + cut, LENGTH - cut));
		check(arena, log.data);
		arena_free(arena);
	}
}

/* In pieces of every size. */
static void test_many(void **state) {
	(void)state;
	for (size_t size = 1; size <= LENGTH; size++) {
		struct arena *arena = arena_new();
		struct strbuf log;

		strbuf_init(&log, arena);
		for (size_t at = 0; at < LENGTH; at += size) {
			add_piece(&log, "/h/gopls",
			          slice_of(words + at, at + size < LENGTH ? size : LENGTH - at));
			if (size > 20) {
				add_others(&log);
			}
		}
		check(arena, log.data);
		arena_free(arena);
	}
}

/* An earlier server that was cut off in the middle of a line has nothing to do with it. */
static void test_unfinished(void **state) {
	struct arena *arena = arena_new();
	struct strbuf log;

	(void)state;
	strbuf_init(&log, arena);
	add_piece(&log, "/h/gopls", slice_str("half a li"));
	strbuf_add(&log, "[START][2026-11-21 11:00:00] LSP logging initiated\n");
	add_piece(&log, "/h/gopls",
	          slice_str(words + strlen("2026/11/21 15:00:00 cannot \"load\"\n")));
	check(arena, log.data);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_unfinished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
