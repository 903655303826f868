/* SPDX-License-Identifier: MIT
 * The conversation fed with events: no server, no clock.
 */
#include "base/clock.h"
#include "probes/server/dialogue.h"
#include "probes/server/server_flags.h"
#include "probes/server/server_health.h"
#include "wire/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define FILE_PATH "/w/main.go"
#define FILE_URI  "file:///w/main.go"

struct fixture {
	struct arena *arena;
	struct world world;
	struct session session;
	struct talk *talk;
	const char *sent[256];
	size_t sent_count;
};

static struct fixture *fixture_of(struct session *s) {
	return (struct fixture *)((char *)s - offsetof(struct fixture, session));
}

static void keep_sent(struct session *s, struct slice body) {
	struct fixture *f = fixture_of(s);

	assert_true(f->sent_count < sizeof(f->sent) / sizeof(*f->sent));
	f->sent[f->sent_count++] = arena_slicedup(f->arena, body);
}

static const struct world_ops ops = {.session_send = keep_sent};

static void start_with(struct fixture *f, const struct talk_script *script) {
	f->arena = arena_new();
	f->world.ops = &ops;
	f->session.world = &f->world;
	f->talk = talk_new(f->arena, script);
	f->session.dialogue = &f->talk->base;
}

static void event(struct fixture *f, enum session_event what, const char *bytes, int64_t at_ms) {
	f->talk->base.on_event(&f->talk->base, &f->session, what, slice_str(bytes),
	                       at_ms * NS_PER_MS);
}

static void frame(struct fixture *f, const char *body, int64_t at_ms) {
	event(f, SESSION_FRAME, body, at_ms);
}

static bool done(struct fixture *f) {
	return f->talk->base.is_done(&f->talk->base);
}

static const struct talk_script usual = {
	.root = "/w",
	.init_options = "{\"ui.semanticTokens\":true}",
	.file = FILE_PATH,
	.text = {.data = "package main\n", .len = 13},
	.own = {.known = true, .line = 3, .character = 7},
	.std = {.known = true, .line = 4, .character = 9},
	.completion = {.known = true, .line = 4, .character = 5},
};

static void begin(struct fixture *f) {
	*f = (struct fixture){0};
	start_with(f, &usual);
	event(f, SESSION_STARTED, "", 1);
}

static void opened(struct fixture *f) {
	begin(f);
	frame(f,
	      "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capabilities\":{},\"serverInfo\":{"
	      "\"name\":"
	      "\"gopls\",\"version\":\"{\\\"GoVersion\\\":\\\"go1.26.8\\\",\\\"Version\\\":"
	      "\\\"v0.23.0\\\"}\"}}}",
	      60);
	frame(f,
	      "{\"method\":\"$/"
	      "progress\",\"params\":{\"token\":\"1\",\"value\":{\"kind\":\"begin\","
	      "\"title\":\"Setting up workspace\",\"message\":\"Loading packages...\"}}}",
	      61);
}

static void load_ended(struct fixture *f, int64_t at_ms) {
	frame(f,
	      "{\"method\":\"$/progress\",\"params\":{\"token\":\"1\",\"value\":{\"kind\":\"end\","
	      "\"message\":\"Finished loading packages.\"}}}",
	      at_ms);
}

static const char location[] = "[{\"uri\":\"" FILE_URI "\",\"range\":{\"start\":{\"line\":3,"
			       "\"character\":5},\"end\":{\"line\":3,\"character\":9}}}]";

static void answer(struct fixture *f, enum talk_feature feature, const char *result,
                   int64_t at_ms) {
	frame(f,
	      arena_printf(f->arena, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":%s}",
	                   (int)feature + 1, result),
	      at_ms);
}

static void refuse(struct fixture *f, enum talk_feature feature, int64_t at_ms) {
	frame(f,
	      arena_printf(f->arena, "{\"id\":%d,\"error\":{\"code\":0,\"message\":\"no views\"}}",
	                   (int)feature + 1),
	      at_ms);
}

static void answer_all(struct fixture *f, int64_t at_ms) {
	answer(f, TALK_DEFINITION, location, at_ms);
	answer(f, TALK_STDLIB_DEFINITION, location, at_ms);
	answer(f, TALK_COMPLETION, "{\"isIncomplete\":true,\"items\":[{\"label\":\"Println\"}]}",
	       at_ms);
	answer(f, TALK_HOVER, "{\"contents\":{\"kind\":\"markdown\",\"value\":\"x\"}}", at_ms);
	answer(f, TALK_DOCUMENT_SYMBOLS, "[{\"name\":\"main\"}]", at_ms);
	answer(f, TALK_CODE_LENS, "null", at_ms);
}

static void publish(struct fixture *f, const char *path, const char *list, int64_t at_ms) {
	frame(f,
	      arena_printf(f->arena,
	                   "{\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":"
	                   "\"file://%s\",\"version\":1,\"diagnostics\":%s}}",
	                   path, list),
	      at_ms);
}

static const char *complaint(struct fixture *f, int severity, const char *source,
                             const char *text) {
	return arena_printf(
		f->arena,
		"[{\"range\":{\"start\":{\"line\":0,\"character\":0},\"end\":{\"line\":0,"
		"\"character\":1}},\"severity\":%d,\"source\":\"%s\",\"code\":\"X\","
		"\"message\":\"%s\"}]",
		severity, source, text);
}

static void log_error(struct fixture *f, const char *text, int64_t at_ms) {
	frame(f,
	      arena_printf(f->arena,
	                   "{\"method\":\"window/logMessage\",\"params\":{\"type\":1,"
	                   "\"message\":\"%s\"}}",
	                   text),
	      at_ms);
}

static struct health health_of(struct fixture *f, enum talk_end end) {
	return server_health(f->arena, f->talk, end);
}

static bool was_sent(const struct fixture *f, const char *part) {
	for (size_t i = 0; i < f->sent_count; i++) {
		if (strstr(f->sent[i], part)) {
			return true;
		}
	}
	return false;
}

static void opens_like_an_editor(void **state) {
	struct fixture f;
	struct rpc_message message = {0};

	(void)state;
	begin(&f);
	assert_int_equal(f.sent_count, 1);
	assert_int_equal(rpc_parse(slice_str(f.sent[0]), &message), RPC_REQUEST);
	assert_string_equal(message.method, "initialize");
	rpc_message_release(&message);
	assert_true(was_sent(&f, "\"rootUri\":\"file:///w\""));
	assert_true(was_sent(&f, "\"initializationOptions\":{\"ui.semanticTokens\":true}"));
	assert_true(was_sent(&f, "\"hierarchicalDocumentSymbolSupport\":true"));
	arena_free(f.arena);
	opened(&f);
	assert_int_equal(f.sent_count, 9);
	for (size_t i = 0; i < f.sent_count; i++) {
		assert_int_not_equal(rpc_parse(slice_str(f.sent[i]), &message), RPC_INVALID);
		rpc_message_release(&message);
	}
	assert_true(was_sent(&f, "\"position\":{\"line\":4,\"character\":9}"));
	assert_string_equal(f.talk->version, "v0.23.0");
	arena_free(f.arena);
}

static void healthy_ends_with_the_last_word(void **state) {
	struct fixture f;

	(void)state;
	opened(&f);
	load_ended(&f, 150);
	publish(&f, FILE_PATH, "[]", 155);
	assert_false(done(&f));
	answer_all(&f, 160);
	assert_true(done(&f));
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).state, "healthy");
	assert_int_equal(f.talk->answers[TALK_DEFINITION].answered_ns, 160 * NS_PER_MS);
	assert_string_equal(f.talk->answers[TALK_DEFINITION].detail, FILE_PATH ":4");
	arena_free(f.arena);
}

static void no_diagnostics_yet_is_not_the_end(void **state) {
	struct fixture f;

	(void)state;
	opened(&f);
	load_ended(&f, 150);
	answer_all(&f, 160);
	assert_false(done(&f));
	publish(&f, FILE_PATH, "[]", 170);
	assert_true(done(&f));
	arena_free(f.arena);
}

static void own_mistakes_are_no_trouble(void **state) {
	struct fixture f;

	(void)state;
	opened(&f);
	load_ended(&f, 150);
	answer_all(&f, 160);
	publish(&f, FILE_PATH, complaint(&f, 1, "compiler", "undefined: foo"), 161);
	assert_true(done(&f));
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).state, "healthy");
	arena_free(f.arena);
}

static void missing_import_degrades(void **state) {
	struct fixture f;
	struct health health;

	(void)state;
	opened(&f);
	load_ended(&f, 150);
	answer_all(&f, 160);
	publish(&f, FILE_PATH,
	        complaint(&f, 1, "compiler", "could not import a.b/c (no required module)"), 161);
	health = health_of(&f, TALK_END_SAID_ALL);
	assert_string_equal(health.state, "degraded");
	assert_true(str_starts(health.hurt, "import: "));
	arena_free(f.arena);
}

static void half_typed_code_is_asked_about_again(void **state) {
	struct talk_script script = usual;
	struct fixture f = {0};

	(void)state;
	script.std_again = (struct talk_spot){.known = true, .line = 2, .character = 8};
	start_with(&f, &script);
	event(&f, SESSION_STARTED, "", 1);
	frame(&f, "{\"id\":1,\"result\":{\"capabilities\":{}}}", 60);
	publish(&f, FILE_PATH, "[]", 155);
	answer_all(&f, 160);
	assert_true(done(&f));
	arena_free(f.arena);

	f = (struct fixture){0};
	start_with(&f, &script);
	event(&f, SESSION_STARTED, "", 1);
	frame(&f, "{\"id\":1,\"result\":{\"capabilities\":{}}}", 60);
	publish(&f, FILE_PATH, "[]", 155);
	answer(&f, TALK_STDLIB_DEFINITION, "null", 158);
	assert_true(was_sent(&f, "\"position\":{\"line\":2,\"character\":8}"));
	answer_all(&f, 160);
	assert_true(done(&f));
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).state, "healthy");
	arena_free(f.arena);
}

static void a_file_that_declares_nothing_has_no_outline(void **state) {
	struct talk_script script = usual;
	struct fixture f = {0};

	(void)state;
	script.own.known = false;
	start_with(&f, &script);
	event(&f, SESSION_STARTED, "", 1);
	frame(&f, "{\"id\":1,\"result\":{\"capabilities\":{}}}", 60);
	publish(&f, FILE_PATH, "[]", 155);
	answer(&f, TALK_DOCUMENT_SYMBOLS, "[]", 158);
	answer_all(&f, 160);
	assert_int_equal(f.talk->answers[TALK_DEFINITION].state, TALK_NOT_ASKED);
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).state, "healthy");
	arena_free(f.arena);

	opened(&f);
	answer(&f, TALK_DOCUMENT_SYMBOLS, "[]", 158);
	answer_all(&f, 160);
	assert_string_equal(health_of(&f, TALK_END_DEADLINE).state, "degraded");
	arena_free(f.arena);
}

static void failed_load_ends_soon(void **state) {
	struct fixture f;
	struct health health;

	(void)state;
	opened(&f);
	log_error(&f,
	          "2026/11/21 08:24:59 initial workspace load failed: packages.Load error: go: no",
	          140);
	publish(&f, "/w/go.mod", complaint(&f, 1, "go list", "no"), 141);
	load_ended(&f, 142);
	for (int i = TALK_DEFINITION; i < TALK_FEATURE_COUNT; i++) {
		if (i != TALK_DIAGNOSTICS) {
			refuse(&f, (enum talk_feature)i, 150);
		}
	}
	assert_false(done(&f));
	event(&f, SESSION_TICK, "", 250);
	assert_true(done(&f));
	health = health_of(&f, TALK_END_SAID_ALL);
	assert_string_equal(health.state, "broken");
	assert_true(str_starts(health.hurt, "load-failed: initial"));
	arena_free(f.arena);
}

static void unexplained_trouble_waits_for_the_second_pass(void **state) {
	struct fixture f;

	(void)state;
	opened(&f);
	load_ended(&f, 142);
	for (int i = TALK_DEFINITION; i < TALK_FEATURE_COUNT; i++) {
		if (i != TALK_DIAGNOSTICS) {
			refuse(&f, (enum talk_feature)i, 150);
		}
	}
	event(&f, SESSION_TICK, "", 1000);
	assert_false(done(&f));
	publish(&f, FILE_PATH, "[]", 1150);
	assert_false(done(&f));
	publish(&f, FILE_PATH,
	        complaint(&f, 2, "go list", "No packages found for open file " FILE_PATH "."),
	        1151);
	event(&f, SESSION_TICK, "", 1300);
	assert_true(done(&f));
	assert_true(str_starts(health_of(&f, TALK_END_SAID_ALL).hurt, "no-package: "));
	arena_free(f.arena);
}

static void late_silence_is_not_trusted(void **state) {
	struct fixture f;

	(void)state;
	opened(&f);
	load_ended(&f, 142);
	answer_all(&f, 150);
	publish(&f, FILE_PATH, "[]", 1150);
	assert_false(done(&f));
	publish(&f, FILE_PATH,
	        complaint(&f, 2, "go list", "No packages found for open file " FILE_PATH "."),
	        1151);
	event(&f, SESSION_TICK, "", 1200);
	assert_true(done(&f));
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).state, "degraded");
	arena_free(f.arena);
}

static void requests_of_the_server_are_answered(void **state) {
	struct fixture f;

	(void)state;
	opened(&f);
	f.sent_count = 0;
	frame(&f,
	      "{\"id\":\"a\",\"method\":\"workspace/configuration\",\"params\":{\"items\":["
	      "{\"section\":\"gopls\"},{\"section\":\"gopls\"}]}}",
	      62);
	assert_true(was_sent(&f, "[{\"ui.semanticTokens\":true},{\"ui.semanticTokens\":true}]"));
	frame(&f, "{\"id\":7,\"method\":\"client/registerCapability\",\"params\":{}}", 63);
	assert_true(was_sent(&f, "\"id\":7,\"result\":null"));
	frame(&f, "{\"id\":8,\"method\":\"x/unheardOf\",\"params\":{}}", 63);
	assert_true(was_sent(&f, "-32601"));
	frame(&f, "{\"id\":9,\"method\":\"workspace/applyEdit\",\"params\":{\"edit\":{}}}", 63);
	assert_true(was_sent(&f, "\"applied\":false"));
	assert_int_equal(f.sent_count, 4);
	arena_free(f.arena);
}

static void opened_as(struct fixture *f, const struct talk_script *script) {
	*f = (struct fixture){0};
	start_with(f, script);
	event(f, SESSION_STARTED, "", 1);
	frame(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capabilities\":{}}}", 60);
}

static void clients_have_manners_of_their_own(void **state) {
	static const char question[] =
		"{\"id\":\"a\",\"method\":\"workspace/configuration\",\"params\":{\"items\":["
		"{\"section\":\"gopls\"}]}}";
	struct fixture f;

	(void)state;
	struct talk_script script = {.root = "",
	                             .client_name = "a \"b\"",
	                             .init_options = "{\"x\":1}",
	                             .configuration = "[]",
	                             .configuration_reply = REPLY_RESULT,
	                             .no_configuration = true,
	                             .no_watched_files = true};
	opened_as(&f, &script);
	assert_true(was_sent(&f, "\"rootUri\":null"));
	assert_true(was_sent(&f, "\"workspaceFolders\":null"));
	assert_true(was_sent(&f, "\"name\":\"a \\\"b\\\"\""));
	assert_true(was_sent(&f, "\"configuration\":false"));
	assert_true(was_sent(&f, "\"initializationOptions\":{\"x\":1}"));
	assert_true(was_sent(&f, "\"didChangeWatchedFiles\":{\"dynamicRegistration\":false"));
	frame(&f, question, 62);
	assert_true(was_sent(&f, "\"id\":\"a\",\"result\":[]"));
	arena_free(f.arena);

	script.configuration_reply = REPLY_UNKNOWN;
	opened_as(&f, &script);
	frame(&f, question, 62);
	assert_true(was_sent(&f, "-32601"));
	arena_free(f.arena);

	script.configuration_reply = REPLY_OPTIONS;
	script.configuration = "{\"y\":2}";
	opened_as(&f, &script);
	frame(&f, question, 62);
	assert_true(was_sent(&f, "\"result\":[{\"y\":2}]"));
	arena_free(f.arena);
}

static void lives_and_ends(void **state) {
	struct fixture f;

	(void)state;
	begin(&f);
	event(&f, SESSION_STDERR, "gopls: unknown flag", 5);
	event(&f, SESSION_EXITED, "exit 2", 6);
	assert_true(done(&f));
	assert_int_equal(f.talk->exit_code, 2);
	assert_string_equal(f.talk->err.data, "gopls: unknown flag");
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).hurt, "exited: exit 2");
	arena_free(f.arena);

	begin(&f);
	event(&f, SESSION_EXITED, "signal 11", 6);
	assert_int_equal(f.talk->signal, 11);
	assert_int_equal(f.talk->exit_code, -1);
	arena_free(f.arena);

	f = (struct fixture){0};
	start_with(&f, &usual);
	event(&f, SESSION_FAILED, "errno 13", 1);
	assert_true(done(&f));
	assert_int_equal(f.talk->error, 13);
	assert_true(str_starts(health_of(&f, TALK_END_SAID_ALL).hurt, "not-executed"));
	arena_free(f.arena);
}

static void noise_before_the_first_message_breaks(void **state) {
	struct fixture f;

	(void)state;
	begin(&f);
	event(&f, SESSION_JUNK, "Welcome!\n", 20);
	frame(&f, "{\"id\":1,\"result\":{\"capabilities\":{}}}", 60);
	load_ended(&f, 150);
	publish(&f, FILE_PATH, "[]", 155);
	answer_all(&f, 160);
	assert_true(done(&f));
	assert_string_equal(f.talk->first_bytes.data, "Welcome!\n");
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).state, "broken");
	assert_true(str_starts(health_of(&f, TALK_END_SAID_ALL).hurt, "stdout-polluted"));
	arena_free(f.arena);
}

/* A wrapper that greets and then waits: what for is seen when it has lasted. */
static void words_without_a_message_are_no_end(void **state) {
	struct fixture f;

	(void)state;
	begin(&f);
	event(&f, SESSION_JUNK, "Waiting for the VPN ...\n", 20);
	event(&f, SESSION_TICK, "", 2700);
	assert_false(done(&f));
	event(&f, SESSION_TICK, "", 4600);
	assert_true(done(&f));
	arena_free(f.arena);
}

static void floods_end(void **state) {
	struct fixture f;

	(void)state;
	begin(&f);
	f.talk->heard_bytes = TALK_HEARD_BYTES_MAX;
	assert_false(done(&f));
	event(&f, SESSION_STDERR, "more", 20);
	assert_true(done(&f));
	assert_true(str_starts(health_of(&f, TALK_END_SAID_ALL).hurt, "flood"));
	arena_free(f.arena);
}

static void nonsense_is_survived(void **state) {
	static const char *const bodies[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"id\":1}",
		"{\"id\":1,\"result\":7}",
		"{\"id\":99,\"result\":{}}",
		"{\"method\":\"$/progress\",\"params\":[]}",
		"{\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":7}}",
		("{\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":\"" FILE_URI
	         "\",\"diagnostics\":{\"a\":1}}}"),
		("{\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":\"" FILE_URI
	         "\",\"diagnostics\":[null,7,{}]}}"),
		"{\"id\":{},\"method\":\"workspace/configuration\",\"params\":{\"items\":7}}",
		"{\"method\":\"window/logMessage\",\"params\":{\"type\":99,\"message\":[]}}",
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		frame(&f, bodies[i], 10 + (int64_t)i);
	}
	assert_int_equal(f.talk->answers[TALK_INITIALIZE].state, TALK_EMPTY);
	assert_true(f.talk->bad_frames >= 4);
	assert_string_equal(health_of(&f, TALK_END_DEADLINE).state, "broken");
	arena_free(f.arena);
}

static void invalid_settings_degrade(void **state) {
	struct fixture f;

	(void)state;
	opened(&f);
	frame(&f,
	      "{\"method\":\"window/showMessage\",\"params\":{\"type\":1,\"message\":"
	      "\"Invalid settings: setting option \\\"x\\\": unexpected setting\"}}",
	      70);
	load_ended(&f, 150);
	publish(&f, FILE_PATH, "[]", 155);
	answer_all(&f, 160);
	assert_true(done(&f));
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).state, "degraded");
	assert_true(str_starts(health_of(&f, TALK_END_SAID_ALL).hurt, "invalid-settings"));
	arena_free(f.arena);
}

static void unanswered_features_have_a_state(void **state) {
	struct fixture f;
	struct facts facts;
	const char *const argv[] = {"/bin/gopls", "-rpc.trace", NULL};

	(void)state;
	opened(&f);
	answer(&f, TALK_HOVER, "null", 100);
	facts_init(&facts, f.arena);
	server_state_facts(&facts, NULL, f.talk, TALK_END_DEADLINE, argv);
	assert_string_equal(facts_feature(&facts, "definition")->state, "timeout");
	assert_string_equal(facts_feature(&facts, "hover")->state, "failed");
	assert_int_equal(facts_feature(&facts, "initialize")->ms, 59);
	assert_string_equal(facts_first(server, &facts)->state, "answered");
	assert_string_equal(facts_first(server, &facts)->args, "-rpc.trace");
	assert_string_equal(facts_first(health, &facts)->state, "broken");
	arena_free(f.arena);
}

static void without_a_file_the_load_counts(void **state) {
	static const struct talk_script bare = {.root = "/w"};
	struct fixture f = {0};

	(void)state;
	start_with(&f, &bare);
	event(&f, SESSION_STARTED, "", 1);
	frame(&f, "{\"id\":1,\"result\":{\"capabilities\":{}}}", 60);
	frame(&f,
	      "{\"method\":\"$/"
	      "progress\",\"params\":{\"token\":\"1\",\"value\":{\"kind\":\"begin\","
	      "\"title\":\"Setting up workspace\"}}}",
	      61);
	assert_false(done(&f));
	load_ended(&f, 90);
	assert_true(done(&f));
	assert_string_equal(health_of(&f, TALK_END_SAID_ALL).state, "healthy");
	arena_free(f.arena);
}

static void flags_are_tamed(void **state) {
	const char *const argv[] = {"gopls",
	                            "-logfile=/x/gopls.log",
	                            "--profile.cpu",
	                            "/x/cpu",
	                            "-rpc.trace",
	                            "-debug=:6060",
	                            "-listen=tcp://h:1",
	                            "-rpc.trace -logfile=/x",
	                            NULL};
	struct arena *arena = arena_new();
	const char *const *tame = server_flags_tame(arena, argv, "/s");

	(void)state;
	assert_true(server_flags_write(argv));
	assert_string_equal(tame[1], "-logfile=/s/logfile");
	assert_string_equal(tame[2], "-profile.cpu=/s/profile.cpu");
	assert_string_equal(tame[3], "-rpc.trace");
	assert_string_equal(tame[4], "-debug=localhost:0");
	assert_string_equal(tame[5], "-listen=tcp://h:1");
	assert_string_equal(tame[6], "-rpc.trace -logfile=/x");
	assert_null(tame[7]);
	tame = server_flags_tame(arena, argv, NULL);
	assert_string_equal(tame[1], "-rpc.trace");
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_like_an_editor),
		cmocka_unit_test(clients_have_manners_of_their_own),
		cmocka_unit_test(healthy_ends_with_the_last_word),
		cmocka_unit_test(no_diagnostics_yet_is_not_the_end),
		cmocka_unit_test(own_mistakes_are_no_trouble),
		cmocka_unit_test(missing_import_degrades),
		cmocka_unit_test(half_typed_code_is_asked_about_again),
		cmocka_unit_test(a_file_that_declares_nothing_has_no_outline),
		cmocka_unit_test(failed_load_ends_soon),
		cmocka_unit_test(unexplained_trouble_waits_for_the_second_pass),
		cmocka_unit_test(late_silence_is_not_trusted),
		cmocka_unit_test(requests_of_the_server_are_answered),
		cmocka_unit_test(lives_and_ends),
		cmocka_unit_test(noise_before_the_first_message_breaks),
		cmocka_unit_test(words_without_a_message_are_no_end),
		cmocka_unit_test(floods_end),
		cmocka_unit_test(nonsense_is_survived),
		cmocka_unit_test(invalid_settings_degrade),
		cmocka_unit_test(unanswered_features_have_a_state),
		cmocka_unit_test(without_a_file_the_load_counts),
		cmocka_unit_test(flags_are_tamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
