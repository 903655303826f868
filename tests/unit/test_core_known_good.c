/* SPDX-License-Identifier: MIT
 * The state that is kept: what goes into it and what must not, its file whole and damaged, and which states stay.
 */
#include "arena_fixture.h"
#include "core/known_good.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

/* The first vectors of the reference implementation: key 00 01 … 0f, input 00 01 … (length - 1). */
static void test_siphash_is_siphash(void **state) {
	(void)state;
	uint8_t key[SIPHASH_KEY_BYTES];
	char input[15];
	for (size_t i = 0; i < sizeof(key); i++) {
		key[i] = (uint8_t)i;
	}
	for (size_t i = 0; i < sizeof(input); i++) {
		input[i] = (char)i;
	}
	assert_true(siphash(key, slice_of(input, 0)) == UINT64_C(0x726fdb47dd0e0e31));
	assert_true(siphash(key, slice_of(input, 8)) == UINT64_C(0x93f5f5799a932462));
	assert_true(siphash(key, slice_of(input, 15)) == UINT64_C(0xa129ca6149be45e5));
}

static struct setup *state_of(struct arena *arena, const char *side, int64_t at_ns,
                              const char *version) {
	struct setup *s = setup_new(arena);
	s->editor = "vscode";
	s->side = side;
	s->at_ns = s->until_ns = at_ns;
	s->covers = 1U << ITEM_TOOL | 1U << ITEM_VARIABLE;
	setup_add(arena, s,
	          &(struct setup_item){.kind = ITEM_TOOL,
	                               .name = "gopls",
	                               .value = version,
	                               .path = "/home/lena/go/bin/gopls"});
	setup_add(arena, s,
	          &(struct setup_item){.kind = ITEM_VARIABLE,
	                               .name = "ODD",
	                               .value = "tab\t, line\n and \\",
	                               .id = "#00001"});
	return s;
}

static struct known_good store_of(struct arena *arena) {
	struct known_good store = {.workspace = "/home/lena/src/sh\top", .key = {1, 2, 3}};
	size_t index = 0;
	known_good_keep(&store, state_of(arena, "self", 100, "v0.20.0"), &index);
	known_good_keep(&store, state_of(arena, "pid", 200, "v0.23.0"), &index);
	return store;
}

static struct slice text_of(struct arena *arena, const struct known_good *store) {
	struct strbuf out;
	strbuf_init(&out, arena);
	known_good_write(&out, store);
	return slice_of(out.data, out.len);
}

static void test_written_and_read(void **state) {
	struct arena *arena = *state;
	struct known_good store = store_of(arena);
	struct known_good read;
	struct slice text = text_of(arena, &store);
	assert_int_equal(known_good_parse(arena, text, &read, NULL), 0);
	assert_int_equal(read.count, 2);
	assert_string_equal(read.workspace, store.workspace);
	for (size_t i = 0; i < 2; i++) {
		assert_true(setup_equal(read.states[i], store.states[i]));
		assert_int_equal(read.states[i]->at_ns, store.states[i]->at_ns);
		assert_memory_equal(text.data + read.until_offset[i] - 6, "until=0", 7);
	}
}

/* Every byte but the digits that may be overwritten, and the line breaks CR would pass for: changed, or the end. */
static void test_damage_is_noticed(void **state) {
	struct arena *arena = *state;
	struct known_good store = store_of(arena);
	struct known_good read;
	struct slice text = text_of(arena, &store);
	(void)known_good_parse(arena, text, &read, NULL);
	size_t offsets[2] = {read.until_offset[0], read.until_offset[1]};
	for (size_t i = 0; i < text.len; i++) {
		bool free_to_change = (i >= offsets[0] && i < offsets[0] + 20) ||
		                      (i >= offsets[1] && i < offsets[1] + 20);
		bool workspace = i >= 18 && i < 18 + 10 + strlen("/home/lena/src/sh\\top");
		char *copy = arena_slicedup(arena, text);
		copy[i] = copy[i] == '7' ? '8' : '7';
		if (!free_to_change && !workspace) {
			assert_true(known_good_parse(arena, slice_of(copy, text.len), &read, NULL) <
			            0);
		}
	}
	size_t whole = 0;
	for (size_t len = 0; len < text.len; len++) {
		struct err err = {0};
		int r = known_good_parse(arena, slice_of(text.data, len), &read, &err);
		assert_true(r == 0 || (r == -EBADMSG && err.msg[0]) || r == -EPROTO);
		whole += r == 0 && read.count > 0;
	}
	/* The first state alone, with and without its last line break, and both without theirs. */
	assert_int_equal(whole, 3);
}

static void test_time_torn_in_place(void **state) {
	struct arena *arena = *state;
	struct known_good store = store_of(arena);
	struct known_good read;
	struct slice text = text_of(arena, &store);
	(void)known_good_parse(arena, text, &read, NULL);
	char *copy = arena_slicedup(arena, text);
	memset(copy + read.until_offset[0], '0', 20);
	assert_int_equal(known_good_parse(arena, slice_of(copy, text.len), &read, NULL), 0);
	assert_int_equal(read.states[0]->until_ns, read.states[0]->at_ns);
}

static void test_newer_version_is_told_apart(void **state) {
	struct known_good read;
	assert_int_equal(
		known_good_parse(*state, slice_str("dialtone.states/2\nanything"), &read, NULL),
		-EPROTO);
	assert_int_equal(known_good_parse(*state, slice_str("something else"), &read, NULL),
	                 -EBADMSG);
	assert_int_equal(known_good_parse(*state, slice_str(""), &read, NULL), -EBADMSG);
}

static void test_same_state_only_gets_its_time(void **state) {
	struct arena *arena = *state;
	struct known_good store = store_of(arena);
	size_t index = 99;
	enum known_good_kept kept =
		known_good_keep(&store, state_of(arena, "self", 900, "v0.20.0"), &index);
	assert_int_equal(kept, KNOWN_GOOD_SAME);
	assert_int_equal(store.count, 2);
	assert_int_equal(index, 1);
	assert_int_equal(store.states[1]->at_ns, 100);
	assert_int_equal(store.states[1]->until_ns, 900);
	kept = known_good_keep(&store, state_of(arena, "self", 901, "v0.24.0"), &index);
	assert_int_equal(kept, KNOWN_GOOD_ADDED);
	assert_int_equal(store.count, 3);
	/* They take turns. */
	kept = known_good_keep(&store, state_of(arena, "self", 902, "v0.20.0"), &index);
	assert_int_equal(kept, KNOWN_GOOD_SAME);
	bool older = false;
	const struct setup *last =
		known_good_choose(&store, state_of(arena, "self", 903, "v9"), 0, &older);
	assert_int_equal(last->at_ns, 100);
	assert_int_equal(last->until_ns, 902);
}

/* The only state of another environment outlives many of this one. */
static void test_pruned(void **state) {
	struct arena *arena = *state;
	struct known_good store = {.workspace = "/w"};
	size_t index = 0;
	known_good_keep(&store, state_of(arena, "desktop", 1, "v0"), &index);
	for (int i = 0; i < 30; i++) {
		known_good_keep(&store,
		                state_of(arena, "self", 10 + i, arena_printf(arena, "v%d", i)),
		                &index);
	}
	assert_int_equal(store.count, KNOWN_GOOD_MAX);
	assert_int_equal(store.states[0]->at_ns, 39);
	assert_string_equal(store.states[store.count - 1]->side, "desktop");
	assert_int_equal(store.states[store.count - 2]->at_ns, 33);
}

static void test_size_of_a_state(void **state) {
	struct arena *arena = *state;
	struct known_good store = {.workspace = "/w"};
	struct known_good read;
	struct setup *s = state_of(arena, "self", 1, "v0.20.0");
	size_t index = 0;
	char *value = arena_strdup(arena, arena_printf(arena, "%01000d", 0));
	for (int i = 0; i < 500; i++) {
		setup_add(arena, s,
		          &(struct setup_item){.kind = ITEM_VARIABLE,
		                               .name = arena_printf(arena, "V%d", i),
		                               .value = value});
	}
	known_good_keep(&store, s, &index);
	struct slice text = text_of(arena, &store);
	assert_true(text.len <= KNOWN_GOOD_STATE_BYTES_MAX + 200);
	assert_int_equal(known_good_parse(arena, text, &read, NULL), 0);
	assert_non_null(setup_find(read.states[0], ITEM_TOOL, "gopls"));
	/* What is missing must not look as if it had been taken away. */
	assert_false(setup_covers(read.states[0], ITEM_VARIABLE));
	assert_true(setup_covers(read.states[0], ITEM_TOOL));
}

static void test_chosen(void **state) {
	struct arena *arena = *state;
	struct known_good store = {.workspace = "/w"};
	size_t index = 0;
	bool older = true;
	struct setup *now = state_of(arena, "self", 1000, "v9");
	assert_null(known_good_choose(&store, now, 0, &older));
	known_good_keep(&store, state_of(arena, "self", 100, "v1"), &index);
	known_good_keep(&store, state_of(arena, "self", 200, "v2"), &index);
	known_good_keep(&store, state_of(arena, "pid", 300, "v3"), &index);
	assert_int_equal(known_good_choose(&store, now, 0, &older)->at_ns, 200);
	assert_int_equal(known_good_choose(&store, now, 150, &older)->at_ns, 100);
	assert_false(older);
	assert_int_equal(known_good_choose(&store, now, 50, &older)->at_ns, 100);
	assert_true(older);
	now->side = "desktop";
	assert_int_equal(known_good_choose(&store, now, 0, &older)->at_ns, 300);
}

/* ---- what is taken ---- */

struct patient {
	struct facts facts;
	struct target target;
	struct evidence_store store;
};

static struct patient *patient_new(struct arena *arena) {
	struct patient *p = arena_new_of(arena, struct patient);
	facts_init(&p->facts, arena);
	evidence_store_init(&p->store, arena);
	envset_init(&p->target.judged, arena);
	p->target.environment_label = "pid:77";
	return p;
}

static void test_no_secret_is_kept(void **state) {
	struct arena *arena = *state;
	struct patient *p = patient_new(arena);
	static const uint8_t key[SIPHASH_KEY_BYTES] = {7};
	envset_set(&p->target.judged, "DATABASE_PASSWORD", "hunter2hunter2");
	envset_set(&p->target.judged, "GOPROXY", "https://lena:hunter2hunter2@proxy.example");
	envset_set(&p->target.judged, "GOFLAGS", "-ldflags=-X=main.apiToken=hunter2hunter2");
	envset_set(&p->target.judged, "GOPRIVATE", "corp.example");
	envset_set(&p->target.judged, "SSH_AUTH_SOCK", "/tmp/ssh-1/agent");
	assert_int_equal(
		facts_add_text(
			&p->facts,
			"setting key=go.toolsEnvVars json=\"{\\\"A\\\":\\\"hunter2hunter2\\\"}\" "
			"effective=1",
			NULL),
		0);
	struct setup *s = setup_take(arena, &p->facts, &p->target, &p->store, key, 5);
	struct known_good store = {.workspace = "/w", .states = {s}, .count = 1};
	struct slice text = text_of(arena, &store);
	assert_false(slice_has(text, "hunter2"));
	assert_true(slice_has(text, "corp.example"));
	assert_non_null(setup_find(s, ITEM_VARIABLE, "DATABASE_PASSWORD"));
	assert_non_null(setup_find(s, ITEM_SETTING, "go.toolsEnvVars"));
	assert_null(setup_find(s, ITEM_VARIABLE, "SSH_AUTH_SOCK"));
	assert_string_equal(s->side, "pid");
	/* Another value is another item, the same one the same. */
	struct setup *again = setup_take(arena, &p->facts, &p->target, &p->store, key, 6);
	assert_true(setup_equal(s, again));
	envset_set(&p->target.judged, "DATABASE_PASSWORD", "hunter3hunter3");
	again = setup_take(arena, &p->facts, &p->target, &p->store, key, 7);
	assert_false(setup_equal(s, again));
}

static void test_what_go_env_printed(void **state) {
	struct arena *arena = *state;
	struct patient *p = patient_new(arena);
	static const uint8_t key[SIPHASH_KEY_BYTES] = {7};
	FACTS_ADD(&p->facts, go_run, NULL, .name = "env", .started = true,
	          .out = "{\n\t\"CC\": \"gcc\",\n\t\"GOGCCFLAGS\": \"-x=/tmp/1\",\n"
	                 "\t\"CGO_CFLAGS\": \"-O2 -D\\\"A\\\"\",\n\t\"GOFLAGS\": \"\"\n}\n");
	FACTS_ADD(&p->facts, govar, NULL, .name = "GOFLAGS", .value = "-x", .origin = "goenv");
	struct setup *s = setup_take(arena, &p->facts, &p->target, &p->store, key, 5);
	assert_string_equal(setup_find(s, ITEM_GOCMD, "CC")->value, "gcc");
	assert_string_equal(setup_find(s, ITEM_GOCMD, "CGO_CFLAGS")->value, "-O2 -D\\\"A\\\"");
	assert_null(setup_find(s, ITEM_GOCMD, "GOGCCFLAGS"));
	assert_null(setup_find(s, ITEM_GOCMD, "GOFLAGS"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_setup, arena_teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_siphash_is_siphash),
		TEST(test_written_and_read),
		TEST(test_damage_is_noticed),
		TEST(test_time_torn_in_place),
		TEST(test_newer_version_is_told_apart),
		TEST(test_same_state_only_gets_its_time),
		TEST(test_pruned),
		TEST(test_size_of_a_state),
		TEST(test_chosen),
		TEST(test_no_secret_is_kept),
		TEST(test_what_go_env_printed),
	};
	return cmocka_run_group_tests_name("core_known_good", tests, NULL, NULL);
}
