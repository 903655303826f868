/* SPDX-License-Identifier: MIT
 * Case files: written and read back, refused when damaged, replayed.
 */
#include "world_fixture.h"

#include "world/casefile.h"
#include "world/codec.h"
#include "world/replay.h"

#include <fcntl.h>

static const char *const argv_saved[] = {"check", "--editor", "none", NULL};

static struct case_meta meta_new(void) {
	return (struct case_meta){.tool = "1.2.3",
	                          .uid = 1000,
	                          .home = "/home/user-1",
	                          .cwd = "/home/user-1/p",
	                          .argv = argv_saved};
}

static void add(struct fixture *f, const char *source, enum ev_state state, int error,
                struct slice bytes) {
	struct evidence *ev = evidence_add(&f->store, source);

	ev->at_ns = 1234567;
	ev->state = state;
	ev->error = error;
	ev->bytes = bytes;
}

static void add_samples(struct fixture *f) {
	add(f, "file:/a", EV_READ, 0, slice_str("text \"quoted\"\n\t\\ \xc3\xa4"));
	add(f, "proc:self/environ", EV_READ, 0, slice_of("A=1\0B=2", 8));
	add(f, "file:/b", EV_TRUNCATED, 0, slice_of("\xff\xfe\0\x80", 4));
	add(f, "file:/b2", EV_READ, 0, slice_of("\xc0\xaf\x80", 2));
	add(f, "file:/b3", EV_READ, 0, slice_of("\xed\xa0\x80", 3));
	add(f, "stat:/c", EV_ABSENT, ENOENT, slice_of("", 0));
	add(f, "dir:/d", EV_DENIED, EACCES, slice_of("", 0));
	add(f, "mount:/e", EV_TIMED_OUT, ETIMEDOUT, slice_of("", 0));
	add(f, "run:x", EV_FAILED, ENOEXEC, slice_of("", 0));
}

static void assert_same(const struct evidence_store *a, const struct evidence_store *b) {
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct evidence *x = a->items[i], *y = b->items[i];

		assert_string_equal(x->source, y->source);
		assert_int_equal(x->state, y->state);
		assert_int_equal(x->error, y->error);
		assert_int_equal(x->at_ns, y->at_ns);
		assert_int_equal(x->bytes.len, y->bytes.len);
		assert_memory_equal(x->bytes.data, y->bytes.data, x->bytes.len);
	}
}

static void test_round_trip(void **state) {
	struct fixture *f = *state;
	const char *path = fixture_path(f, "a.case");
	struct case_meta meta = meta_new(), back;
	struct evidence_store read;
	struct stat st;

	add_samples(f);
	f->store.start_wall_ns = 1795248000250 * NS_PER_MS + 7;
	assert_int_equal(casefile_write(path, &meta, &f->store, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	evidence_store_init(&read, f->arena);
	assert_int_equal(casefile_read(path, &read, &back, NULL), 0);
	assert_same(&f->store, &read);
	assert_int_equal(read.start_wall_ns, 1795248000250 * NS_PER_MS);
	assert_string_equal(back.tool, "1.2.3");
	assert_string_equal(back.home, "/home/user-1");
	assert_string_equal(back.cwd, "/home/user-1/p");
	assert_int_equal(back.uid, 1000);
	assert_false(back.raw);
	assert_string_equal(back.argv[1], "--editor");
	assert_null(back.argv[3]);
	assert_string_not_equal(back.created, "");
}

static void test_replay_answers(void **state) {
	struct fixture *f = *state;
	struct evidence_store fresh;
	struct world *w;
	const struct evidence *ev;

	add_samples(f);
	evidence_store_init(&fresh, f->arena);
	w = world_replay_open(f->arena, &fresh, &f->store);
	ev = world_look(w, LOOK_FILE, "/b", LOOK_CAP_SMALL);
	assert_int_equal(ev->state, EV_TRUNCATED);
	assert_int_equal(ev->bytes.len, 4);
	assert_int_equal(ev->at_ns, 1234567);
	assert_int_equal(world_look(w, LOOK_FILE, "/nowhere", LOOK_CAP_SMALL)->state,
	                 EV_NOT_RECORDED);
	assert_true(world_stat(w, "/c").known);
	assert_false(world_stat(w, "/c").exists);
	assert_false(world_stat(w, "/unseen").known);
	assert_int_equal(world_look(w, LOOK_ENVIRON, "self", LOOK_CAP_SMALL)->bytes.len, 8);
	world_close(w);
}

static void test_overwrites_only_case_files(void **state) {
	struct fixture *f = *state;
	struct case_meta meta = meta_new();
	struct slice content;

	add_samples(f);
	fixture_write(f, "precious", "my thesis\n", 0644);
	fixture_write(f, "empty", "", 0600);
	assert_int_equal(casefile_write(fixture_path(f, "precious"), &meta, &f->store, NULL),
	                 -EEXIST);
	content = world_look(f->world, LOOK_FILE, fixture_path(f, "precious"), 100)->bytes;
	assert_true(slice_eq(content, "my thesis\n"));
	assert_int_equal(casefile_write(f->dir, &meta, &f->store, NULL), -EEXIST);
	assert_int_equal(casefile_write("/dev/null", &meta, &f->store, NULL), -EEXIST);
	assert_int_equal(casefile_write(fixture_path(f, "empty"), &meta, &f->store, NULL), 0);
	assert_int_equal(casefile_write(fixture_path(f, "empty"), &meta, &f->store, NULL), 0);
	assert_int_equal(casefile_write(fixture_path(f, "no/dir"), &meta, &f->store, NULL),
	                 -ENOENT);
}

static int read_back(struct fixture *f, const char *path, struct err *err) {
	struct evidence_store store;
	struct case_meta meta;

	evidence_store_init(&store, f->arena);
	return casefile_read(path, &store, &meta, err);
}

static int parse(struct fixture *f, const char *text, struct err *err) {
	struct codec *codec = codec_open(NULL);
	struct evidence_store store;
	struct case_meta meta;
	int r;

	assert_non_null(codec);
	evidence_store_init(&store, f->arena);
	r = casefile_parse(codec, "x.case", slice_str(text), &store, &meta, err);
	codec_close(codec);
	return r;
}

#define HEAD          "{\"schema\":\"dialtone.case/1\",\"tool\":\"1\"}\n"
#define EMPTY         "\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""
#define ENTRY(source) "{\"source\":\"" source "\",\"state\":\"read\",\"text\":\"\"," EMPTY "}\n"

static int64_t start_wall_of(struct fixture *f, const char *text) {
	struct codec *codec = codec_open(NULL);
	struct evidence_store store;
	struct case_meta meta;

	assert_non_null(codec);
	evidence_store_init(&store, f->arena);
	assert_int_equal(casefile_parse(codec, "x.case", slice_str(text), &store, &meta, NULL), 0);
	codec_close(codec);
	return store.start_wall_ns;
}

#define META(more) "{\"schema\":\"dialtone.case/1\"" more "}\n"
#define AT_500_MS  "{\"source\":\"a\",\"at_ms\":500.0,\"state\":\"read\",\"text\":\"\"," EMPTY "}\n"

/* From one of an earlier release it is told by the time it was written, after the last look. */
static void test_when_it_began(void **state) {
	struct fixture *f = *state;

	assert_int_equal(start_wall_of(f, META(",\"created\":\"1970-01-01T00:00:10Z\"") AT_500_MS),
	                 9500 * NS_PER_MS);
	assert_int_equal(start_wall_of(f, META(",\"began_ms\":1234,"
	                                       "\"created\":\"1970-01-01T00:00:10Z\"") AT_500_MS),
	                 1234 * NS_PER_MS);
	assert_int_equal(start_wall_of(f, META(",\"began_ms\":9223372036854775807")), 0);
	assert_int_equal(start_wall_of(f, META(",\"created\":\"tomorrow\"")), 0);
}

static void test_refuses_other_files(void **state) {
	struct fixture *f = *state;

	fixture_write(f, "text", "hello\n", 0644);
	fixture_write(f, "empty", "", 0644);
	assert_int_equal(mkfifo(fixture_path(f, "fifo"), 0600), 0);
	assert_int_equal(read_back(f, fixture_path(f, "text"), NULL), -EBADMSG);
	assert_int_equal(read_back(f, fixture_path(f, "empty"), NULL), -EBADMSG);
	assert_int_equal(read_back(f, fixture_path(f, "fifo"), NULL), -EINVAL);
	assert_int_equal(read_back(f, f->dir, NULL), -EINVAL);
	assert_int_equal(read_back(f, fixture_path(f, "missing"), NULL), -ENOENT);
}

/* Every cut of a good file is refused. */
static void test_refuses_cut_file(void **state) {
	struct fixture *f = *state;
	const char *path = fixture_path(f, "a.case");
	struct case_meta meta = meta_new();
	struct stat st;

	add_samples(f);
	assert_int_equal(casefile_write(path, &meta, &f->store, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	for (off_t len = st.st_size - 1; len >= 0; len -= 7) {
		assert_int_equal(truncate(path, len), 0);
		assert_int_equal(read_back(f, path, NULL), -EBADMSG);
	}
}

static void test_refuses_damaged_lines(void **state) {
	struct fixture *f = *state;
	struct err err;

	assert_int_equal(parse(f, HEAD ENTRY("a") ENTRY("b"), NULL), 0);
	assert_int_equal(parse(f, "{}\n", NULL), -EBADMSG);
	assert_int_equal(parse(f, "{\"schema\":\"dialtone.case/2\"}\n", NULL), -EPROTO);
	assert_int_equal(parse(f, HEAD "nonsense\n", NULL), -EBADMSG);
	assert_int_equal(parse(f, HEAD "{}{}\n", NULL), -EBADMSG);
	assert_int_equal(parse(f, HEAD "[[[[[[[[]]]]]]]]\n", NULL), -EBADMSG);
	assert_int_equal(parse(f, HEAD ENTRY("a") ENTRY("a"), NULL), -EBADMSG);
	assert_int_equal(parse(f, HEAD ENTRY(""), NULL), -EBADMSG);
	assert_int_equal(
		parse(f, HEAD "{\"source\":\"a\",\"state\":\"odd\",\"text\":\"\"}\n", NULL),
		-EBADMSG);
	assert_int_equal(
		parse(f, HEAD "{\"source\":\"a\",\"state\":\"read\",\"base64\":\"A\"}\n", NULL),
		-EBADMSG);
	/* A changed byte is named. */
	assert_int_equal(parse(f,
	                       HEAD ENTRY("a") "{\"source\":\"file:/evil\",\"state\":\"read\","
	                                       "\"text\":\"x\"," EMPTY "}\n",
	                       &err),
	                 -EBADMSG);
	assert_non_null(strstr(err.msg, "file:/evil"));
	assert_non_null(strstr(err.msg, "line 3"));
	assert_non_null(strstr(err.msg, "x.case"));
}

static void test_bomb_is_refused(void **state) {
	struct fixture *f = *state;
	struct codec *codec = codec_open(NULL);
	size_t len = (size_t)1 << 20, packed_len, plain_len;
	char *zeros = arena_alloc(f->arena, len);
	char *packed, *plain;

	assert_int_equal(codec_compress(codec, slice_of(zeros, len), &packed, &packed_len, NULL),
	                 0);
	assert_int_equal(codec_decompress(codec, slice_of(packed, packed_len), len - 1, false,
	                                  &plain, &plain_len, NULL),
	                 -EFBIG);
	assert_int_equal(codec_decompress(codec, slice_of(packed, packed_len), len, false, &plain,
	                                  &plain_len, NULL),
	                 0);
	assert_int_equal(plain_len, len);
	free(plain);
	free(packed);
	codec_close(codec);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_round_trip),
		WORLD_TEST(test_replay_answers),
		WORLD_TEST(test_overwrites_only_case_files),
		WORLD_TEST(test_when_it_began),
		WORLD_TEST(test_refuses_other_files),
		WORLD_TEST(test_refuses_cut_file),
		WORLD_TEST(test_refuses_damaged_lines),
		WORLD_TEST(test_bomb_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
