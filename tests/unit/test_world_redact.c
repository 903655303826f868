/* SPDX-License-Identifier: MIT
 * What must not be in a case file is not in it, and what a verdict needs still is.
 */
#include "world_fixture.h"

#include "core/run_record.h"
#include "wire/transcript.h"
#include "world/casefile.h"
#include "world/codec.h"
#include "world/redact.h"
#include "world/replay.h"
#include "world/secret_scan.h"

struct redact_fixture {
	struct arena *arena;
	struct evidence_store from;
	struct evidence_store to;
	struct case_meta meta;
};

static int setup(void **state) {
	struct redact_fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->arena = arena_new();
	evidence_store_init(&f->from, f->arena);
	evidence_store_init(&f->to, f->arena);
	f->meta = (struct case_meta){.tool = "1", .uid = 1000, .home = "/home/lena", .cwd = "/"};
	*state = f;
	return 0;
}

static int teardown(void **state) {
	struct redact_fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

static void add(struct redact_fixture *f, const char *source, struct slice bytes) {
	struct evidence *ev = evidence_add(&f->from, source);

	ev->state = EV_READ;
	ev->bytes = bytes;
}

static void add_text(struct redact_fixture *f, const char *source, const char *text) {
	add(f, source, slice_str(text));
}

/* The redacted bytes of `text` alone. */
static const char *redacted(struct redact_fixture *f, const char *text) {
	evidence_store_init(&f->from, f->arena);
	evidence_store_init(&f->to, f->arena);
	add_text(f, "file:/x", text);
	redact_case(&f->from, &f->to, &f->meta);
	return arena_slicedup(f->arena, f->to.items[0]->bytes);
}

static void test_secrets_in_their_places(void **state) {
	struct redact_fixture *f = *state;
	static const char *const cases[][2] = {
		{"export GITHUB_TOKEN=hunter2\n", "export GITHUB_TOKEN=secret-1\n"},
		{"DB_PASSWORD='two words'", "DB_PASSWORD='secret-1'"},
		{"{\"myApiKey\": \"a\\\"b\", \"x\": 1}", "{\"myApiKey\": \"secret-1\", \"x\": 1}"},
		{"\\\"clientSecret\\\":\\\"xyz\\\"", "\\\"clientSecret\\\":\\\"secret-1\\\""},
		{"https://lena:pw@host/x", "https://secret-1@host/x"},
		{"https://ghost@host/x", "https://secret-1@host/x"},
		{"postgres://u:p@db", "postgres://secret-1@db"},
		{"ssh://git@host/x", "ssh://git@host/x"},
		{"https://pkg.go.dev/a@v1.2.3", "https://pkg.go.dev/a@v1.2.3"},
		{"//host/:_authToken=abc", "//host/:_authToken=secret-1"},
		{"curl -H 'Authorization: Basic QTpC' x", "curl -H 'Authorization: secret-1' x"},
		{"Bearer abcdefgh1", "Bearer secret-1"},
		{"machine h login me password pw\n",
	         "machine h login secret-1 password secret-2\n"},
		{"id AKIAIOSFODNN7EXAMPLE.", "id secret-1"},
		{"ghp_0123456789abcdefghij01", "secret-1"},
		{"-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----",
	         "-----BEGIN RSA PRIVATE KEY-----secret-1-----END RSA PRIVATE KEY-----"},
		{"https://h/x?access_token=abc&y=1", "https://h/x?access_token=secret-1&y=1"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_string_equal(redacted(f, cases[i][0]), cases[i][1]);
	}
}

static void test_harmless_stays(void **state) {
	struct redact_fixture *f = *state;
	static const char *const texts[] = {
		"SSH_AUTH_SOCK=/run/user/1000/keyring/ssh\n",
		"XDG_SESSION_TYPE=wayland\nDESKTOP_SESSION=gnome-classic\n",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus\n",
		"GOAUTH=netrc\nGIT_AUTHOR_NAME=somebody\nGOPRIVATE=example.com\n",
		"{\"ui.semanticTokens\": true, \"semanticTokenTypes\": {}}",
		"GITHUB_TOKEN=$(cat x) TOKEN=${OTHER}\n",
		"GOPROXY=https://proxy.example.com,direct\nGOFLAGS=-mod=vendor\n",
		"TOKEN_FILE=/etc/x\n",
		"module example.com/password\n\nrequire example.com/token v1.0.0\n",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_string_equal(redacted(f, texts[i]), texts[i]);
	}
	assert_true(secret_name(slice_str("private_key")));
	assert_false(secret_name(slice_str("GOPRIVATE")));
}

static void test_names_in_their_places(void **state) {
	struct redact_fixture *f = *state;

	assert_string_equal(redacted(f, "/home/lena/go lena@box lena's /home/lenart selena lena2"),
	                    "/home/user-1/go user-1@box user-1's /home/lenart selena lena2");
	assert_string_equal(f->meta.home, "/home/user-1");
	f->meta.home = "/home/dev";
	assert_string_equal(redacted(f, "/dev/null /home/dev/x dev USER=dev ~dev /home/devel"),
	                    "/dev/null /home/user-1/x dev USER=user-1 ~user-1 /home/devel");
	f->meta.home = "/root";
	assert_string_equal(redacted(f, "/root/go root"), "/root/go root");
	f->meta.home = "/home/j\xc3\xbcrgen";
	assert_string_equal(redacted(f, "file:///home/j%C3%BCrgen/x /home/j\xc3\xbcrgen/y"),
	                    "file:///home/user-1/x /home/user-1/y");
}

static void test_passwd(void **state) {
	struct redact_fixture *f = *state;

	add_text(f, "file:/etc/passwd",
	         "root:x:0:0:root:/root:/bin/sh\n"
	         "lena:x:1000:1000:Lena Muster,,,:/home/lena:/bin/zsh\n"
	         "otto:x:1001:1001:Otto:/home/otto:/bin/sh\n");
	add_text(f, "stat:/home/otto/go", "real=/home/otto/go\n");
	redact_case(&f->from, &f->to, &f->meta);
	assert_string_equal(f->to.items[0]->bytes.data,
	                    "root:x:0:0:root:/root:/bin/sh\n"
	                    "user-1:x:1000:1000::/home/user-1:/bin/zsh\n"
	                    "user-2:x:1001:1001::/home/user-2:/bin/sh\n");
	assert_string_equal(f->to.items[1]->source, "stat:/home/user-2/go");
	assert_string_equal(f->to.items[1]->bytes.data, "real=/home/user-2/go\n");
}

/* Runs and transcripts keep their form although what they hold gets another length. */
static void check_containers(struct redact_fixture *f, const char *run_source,
                             const char *session_source) {
	struct run_record run = {
		.started = true, .out = slice_str("/home/lena/go\n"), .err = slice_str("e")};
	struct transcript transcript;
	struct transcript_reader reader;
	struct transcript_event event;

	transcript_init(&transcript);
	transcript_add(&transcript, TRANSCRIPT_RECEIVED, 5,
	               slice_str("{\"token\":\"42x42x42\",\"uri\":\"file:///home/lena/a.go\"}"));
	add(f, run_source, run_record_format(f->arena, &run));
	add(f, session_source, transcript_bytes(&transcript));
	redact_case(&f->from, &f->to, &f->meta);
	assert_int_equal(run_record_parse(f->to.items[0]->bytes, &run), 0);
	assert_true(slice_eq(run.out, "/home/user-1/go\n"));
	assert_true(slice_eq(run.err, "e"));
	assert_int_equal(transcript_reader_init(&reader, f->to.items[1]->bytes, NULL), 0);
	assert_int_equal(transcript_next(&reader, &event, NULL), 1);
	assert_true(slice_eq(event.payload,
	                     "{\"token\":\"42x42x42\",\"uri\":\"file:///home/user-1/a.go\"}"));
	transcript_release(&transcript);
}

static void test_containers(void **state) {
	check_containers(*state, "run:go env", "session:gopls");
}

static void test_containers_of_a_second_look(void **state) {
	check_containers(*state, EVIDENCE_BEHIND "run:go env", EVIDENCE_BEHIND "session:gopls");
}

/* Plants secrets in one place each and looks for them in the whole file. */
static void test_nothing_in_the_file(void **state) {
	static const char environment[] =
		"HOME=/home/lena\0USER=lena\0GITLAB_TOKEN=s3cret one\0PATH=/usr/bin\0";
	static const char *const planted[] = {"s3cret one", "pa55word", "lena", "npmT0ken",
	                                      "Muster"};
	static const char *const argv[] = {"check", "--file=/home/lena/x.go", NULL};
	struct redact_fixture *f = *state;
	struct codec *codec = codec_open(NULL);
	char *text;
	size_t len;

	add(f, "proc:self/environ", slice_of(environment, sizeof environment - 1));
	add_text(f, "file:/home/lena/.npmrc", "//r/:_authToken=npmT0ken\n");
	add_text(f, "file:/etc/passwd", "lena:x:1000:1000:Lena Muster:/home/lena:/bin/sh\n");
	add_text(f, "file:/home/lena/.netrc", "machine h\nlogin x\npassword pa55word\n");
	add_text(f, "connect:tcp:lena.example:80", "npmT0ken pa55word s3cret one");
	add_text(f, "run:s3cret one", "not a record of lena with pa55word");
	f->meta.argv = argv;
	f->meta.cwd = "/home/lena/p";
	redact_case(&f->from, &f->to, &f->meta);
	assert_int_equal(casefile_format(codec, &f->meta, &f->to, &text, &len, NULL), 0);
	for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
		assert_false(slice_has(slice_of(text, len), planted[i]));
	}
	assert_true(slice_has(slice_of(text, len), "/usr/bin"));
	assert_string_equal(f->meta.argv[1], "--file=/home/user-1/x.go");
	assert_string_equal(f->meta.cwd, "/home/user-1/p");
	free(text);
	codec_close(codec);
}

/* A replay finds under the tokens what was there under the names. */
static void test_replay_of_redacted(void **state) {
	struct redact_fixture *f = *state;
	struct evidence_store fresh;
	struct world *w;

	add_text(f, "stat:/home/lena/go", "type=dir\nmode=755\nreal=/home/lena/go\n");
	redact_case(&f->from, &f->to, &f->meta);
	evidence_store_init(&fresh, f->arena);
	w = world_replay_open(f->arena, &fresh, &f->to);
	assert_true(world_stat(w, "/home/user-1/go").is_dir);
	assert_string_equal(world_stat(w, "/home/user-1/go").real, "/home/user-1/go");
	world_close(w);
}

#define REDACT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		REDACT_TEST(test_secrets_in_their_places),
		REDACT_TEST(test_harmless_stays),
		REDACT_TEST(test_names_in_their_places),
		REDACT_TEST(test_passwd),
		REDACT_TEST(test_containers),
		REDACT_TEST(test_containers_of_a_second_look),
		REDACT_TEST(test_nothing_in_the_file),
		REDACT_TEST(test_replay_of_redacted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
