/* SPDX-License-Identifier: MIT
 * Precautions over facts, what is remembered of them, and the texts that start the guard.
 */
#include "arena_fixture.h"

#include "base/str.h"
#include "guard/memory.h"
#include "guard/unit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DIR "/w"

static void add(struct facts *facts, const char *line) {
	struct err err;
	assert_int_equal(facts_add_text(facts, line, &err), 0);
}

/* The precautions of the facts, a line each (NULL-terminated). */
static struct precautions judged(struct arena *arena, const struct precautions *known,
                                 const char *const *lines) {
	struct facts facts;
	struct precautions none, found;
	facts_init(&facts, arena);
	precautions_init(&none, arena);
	precautions_init(&found, arena);
	for (size_t i = 0; lines[i]; i++) {
		add(&facts, lines[i]);
	}
	precautions_judge(&facts, DIR, known ? known : &none, &found);
	return found;
}
#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool is_true(struct arena *arena, const struct precautions *known, const char *id,
                    const char *key, const char *const *lines) {
	struct precautions found = judged(arena, known, lines);
	return precautions_find(&found, id, key, DIR) != NULL;
}

static struct precautions knowing(struct arena *arena, const char *id, const char *key) {
	struct precautions known;
	precautions_init(&known, arena);
	precautions_add(&known,
	                &(struct precaution){
				.id = id, .key = key, .title = "t", .since_ns = 7, .dir = DIR});
	return known;
}

#define CACHE(free_, total_, inodes_, all_inodes_)                                                 \
	"place role=GOCACHE path=/h/c state=ok mount=/h fstype=ext4 free_bytes=" free_             \
	" total_bytes=" total_ " free_inodes=" inodes_ " total_inodes=" all_inodes_

static void disks(void **state) {
	struct arena *arena = *state;
	const char *id = "disk-nearly-full";
	assert_true(is_true(arena, NULL, id, "/h", LINES(CACHE("50", "1000", "0", "0"))));
	assert_false(is_true(arena, NULL, id, "/h", LINES(CACHE("51", "1000", "0", "0"))));
	assert_true(is_true(arena, NULL, id, "/h", LINES(CACHE("900", "1000", "5", "100"))));
	assert_false(is_true(arena, NULL, id, "/h", LINES(CACHE("900", "1000", "6", "100"))));
	/* A twentieth of 4 TB is room enough. */
	assert_false(is_true(arena, NULL, id, "/h",
	                     LINES(CACHE("100000000000", "4000000000000", "0", "0"))));
	assert_true(is_true(arena, NULL, id, "/h",
	                    LINES(CACHE("10000000000", "4000000000000", "0", "0"))));
	/* What is read-only is full for another reason, and what is not known is not full. */
	assert_false(is_true(arena, NULL, id, "/h",
	                     LINES("place role=GOCACHE path=/h/c state=ok mount=/h read_only=1 "
	                           "free_bytes=0 total_bytes=1000")));
	assert_false(is_true(arena, NULL, id, "/h",
	                     LINES("place role=GOCACHE path=/h/c state=hung mount=/h")));
	/* One of several places on one file system tells it once. */
	struct precautions found =
		judged(arena, NULL,
	               LINES(CACHE("1", "1000", "0", "0"),
	                     "place role=HOME path=/h state=ok mount=/h free_bytes=1 "
	                     "total_bytes=1000",
	                     "place role=GOROOT path=/g state=ok mount=/g free_bytes=0 "
	                     "total_bytes=1000"));
	assert_int_equal(found.count, 1);
}

static void disks_are_over_only_with_room(void **state) {
	struct arena *arena = *state;
	const char *id = "disk-nearly-full";
	struct precautions known = knowing(arena, id, "/h");
	assert_true(is_true(arena, &known, id, "/h", LINES(CACHE("70", "1000", "0", "0"))));
	assert_false(is_true(arena, &known, id, "/h", LINES(CACHE("80", "1000", "0", "0"))));
}

#define SERVER                                                                                     \
	"running_server role=server pid=4242 here=1 exe=/b/gopls version=v0.20.0 "                 \
	"go_version=go1.24.1 start_ns=9 fds=90 "

static void replaced_programs(void **state) {
	struct arena *arena = *state;
	const char *id = "gopls-replaced";
	assert_true(is_true(arena, NULL, id, "4242 9",
	                    LINES(SERVER "path=/b/gopls other=1 path_version=v0.23.0")));
	assert_true(is_true(arena, NULL, id, "4242 9", LINES(SERVER "gone=1")));
	assert_false(is_true(arena, NULL, id, "4242 9", LINES(SERVER "path=/b/gopls")));
	/* Installed again, the same program: nobody would notice. */
	assert_false(is_true(arena, NULL, id, "4242 9", LINES(SERVER "path=/b/gopls gone=1")));
	assert_false(is_true(arena, NULL, id, "7 9",
	                     LINES("running_server role=server pid=7 here=0 start_ns=9 "
	                           "path=/b/gopls other=1")));
	assert_false(is_true(arena, NULL, id, "7 9",
	                     LINES("running_server role=mcp pid=7 here=1 start_ns=9 "
	                           "path=/b/gopls other=1")));
	assert_true(is_true(arena, NULL, id, "4242 9 go",
	                    LINES(SERVER "path=/b/gopls", "go_replaced pid=4242 path=/usr/local/go "
	                                                  "version=1.26.8")));
}

static void go_past_gopls(void **state) {
	struct arena *arena = *state;
	const char *id = "go-past-gopls";
	const char *past = "server_age path=/b/gopls version=v0.20.0 built=1.24.1 knows=1.24 "
			   "runs=1.24.1 language=1.25 gomod=/w/go.mod rebuilds=1";
	assert_true(is_true(arena, NULL, id, "/b/gopls v0.20.0 1.25", LINES(past)));
	assert_true(is_true(arena, NULL, id, "/b/gopls v0.20.0 1.26.8",
	                    LINES("server_age path=/b/gopls version=v0.20.0 built=1.26.8 "
	                          "knows=1.24 runs=1.26.8 language=1.22")));
	struct precautions found = judged(
		arena, NULL,
		LINES("server_age path=/b/gopls version=v0.23.0 built=1.26.8 knows=1.26 "
	              "runs=1.26.8 language=1.26",
	              /* Compiled with an older Go than the one that runs, for code that asks for no more. */
	              "server_age path=/c/gopls version=v0.23.0 built=1.25.1 knows=1.26 "
	              "runs=1.26.8 language=1.24",
	              /* Nothing is known of its release, or of the module. */
	              "server_age path=/d/gopls version=(devel) built=1.26.8 knows=\"\" "
	              "runs=1.27.1 language=\"\""));
	assert_int_equal(found.count, 0);
}

static void budgets(void **state) {
	struct arena *arena = *state;
	const char *id = "inotify-nearly-used";
	struct precautions known = knowing(arena, id, "watches");
#define WATCHES(used) "watch_budget what=watches limit=100 where=w used=" used
	assert_true(is_true(arena, NULL, id, "watches", LINES(WATCHES("90"))));
	assert_false(is_true(arena, NULL, id, "watches", LINES(WATCHES("89"))));
	assert_true(is_true(arena, &known, id, "watches", LINES(WATCHES("85"))));
	assert_false(is_true(arena, &known, id, "watches", LINES(WATCHES("84"))));
	assert_false(is_true(arena, NULL, id, "watches", LINES(WATCHES("-1"))));
	assert_true(is_true(arena, NULL, id, "watches", LINES(WATCHES("-1 exhausted=1"))));
	assert_true(is_true(arena, NULL, "nofile-nearly-used", "4242 9",
	                    LINES(SERVER, "limit scope=server pid=4242 name=open_files soft=100 "
	                                  "hard=100")));
	assert_false(is_true(arena, NULL, "nofile-nearly-used", "4242 9",
	                     LINES(SERVER, "limit scope=server pid=4242 name=open_files soft=101 "
	                                   "hard=101")));
	assert_false(is_true(arena, NULL, "nofile-nearly-used", "4242 9",
	                     LINES(SERVER, "limit scope=server pid=4242 name=open_files soft=-1 "
	                                   "hard=-1")));
	assert_false(is_true(arena, NULL, "nofile-nearly-used", "4242 9",
	                     LINES(SERVER, "limit scope=own name=open_files soft=90 hard=90")));
}

/* Who could not look does not know that it is over. */
static void refused_looks_end_nothing(void **state) {
	struct arena *arena = *state;
	struct facts facts;
	struct precautions known = knowing(arena, "inotify-nearly-used", "watches");
	precautions_add(&known,
	                &(struct precaution){
				.id = "disk-nearly-full", .key = "/h", .title = "t", .dir = DIR});
	struct precautions found;
	facts_init(&facts, arena);
	precautions_init(&found, arena);
	facts_refuse(&facts, FACT_watch_budget, "no", "");
	precautions_judge(&facts, DIR, &known, &found);
	assert_int_equal(found.count, 1);
	assert_non_null(precautions_find(&found, "inotify-nearly-used", "watches", DIR));
}

/* ---- memory ---- */

static void take(struct arena *arena, struct guard_memory *memory, const char *dir, int64_t at_ns,
                 const char *key, size_t fresh_wanted, size_t over_wanted) {
	struct precautions found, fresh, over;
	precautions_init(&found, arena);
	precautions_init(&fresh, arena);
	precautions_init(&over, arena);
	if (key) {
		precautions_add(&found, &(struct precaution){.id = "disk-nearly-full",
		                                             .key = key,
		                                             .title = "a\nb\\",
		                                             .dir = dir});
	}
	const struct guard_visit visit = {.dir = dir, .at_ns = at_ns, .cpu_ns = 3};
	guard_memory_take(arena, memory, &visit, &found, &fresh, &over);
	assert_int_equal(fresh.count, fresh_wanted);
	assert_int_equal(over.count, over_wanted);
}

/* By way of its text, as from one run to the next. */
static void next_run(struct arena *arena, struct guard_memory *memory) {
	struct slice text = guard_memory_write(arena, memory);
	guard_memory_read(arena, text, memory);
	struct slice again = guard_memory_write(arena, memory);
	assert_int_equal(text.len, again.len);
	assert_memory_equal(text.data, again.data, text.len);
}

static void told_once_until_it_is_over(void **state) {
	struct arena *arena = *state;
	struct guard_memory memory;
	guard_memory_read(arena, slice_str(""), &memory);
	assert_int_equal(guard_memory_latest_ns(&memory), 0);
	take(arena, &memory, "/a", 10, "/h", 1, 0);
	next_run(arena, &memory);
	take(arena, &memory, "/a", 20, "/h", 0, 0);
	assert_int_equal(memory.known.items[0].since_ns, 10);
	assert_string_equal(memory.known.items[0].title, "a\nb\\");
	/* The same disk holds another workspace: neither new, nor over as long as one of them has it. */
	take(arena, &memory, "/b", 21, "/h", 0, 0);
	next_run(arena, &memory);
	take(arena, &memory, "/a", 30, NULL, 0, 0);
	take(arena, &memory, "/b", 31, NULL, 0, 1);
	next_run(arena, &memory);
	assert_int_equal(memory.known.count, 0);
	assert_int_equal(memory.visit_count, 2);
	assert_int_equal(guard_memory_latest_ns(&memory), 31);
	take(arena, &memory, "/a", 40, "/h", 1, 0);
	take(arena, &memory, "/a", 50, "/other", 1, 1);
	guard_memory_forget(arena, &memory, 45);
	assert_int_equal(memory.visit_count, 1);
	assert_int_equal(memory.known.count, 1);
	guard_memory_forget(arena, &memory, 51);
	assert_int_equal(memory.visit_count, 0);
	assert_int_equal(memory.known.count, 0);
}

/* Until when it was as it was when all worked outlives the visits at which it is otherwise, not another such state. */
static void until_when_it_was_good(void **state) {
	struct arena *arena = *state;
	static const struct {
		int64_t good_ns, same_ns, differs, wanted_ns;
	} visits[] = {{7, 10, 0, 10}, {7, 0, 2, 10}, {7, 30, 0, 30}, {35, 0, 1, 0}, {0, 0, 0, 0}};
	struct guard_memory memory;
	guard_memory_read(arena, slice_str(""), &memory);
	for (size_t i = 0; i < sizeof(visits) / sizeof(*visits); i++) {
		struct precautions found, fresh, over;
		precautions_init(&found, arena);
		precautions_init(&fresh, arena);
		precautions_init(&over, arena);
		guard_memory_take(arena, &memory,
		                  &(struct guard_visit){.dir = "/a",
		                                        .at_ns = 10 + (int64_t)i,
		                                        .good_ns = visits[i].good_ns,
		                                        .same_ns = visits[i].same_ns,
		                                        .differs = visits[i].differs},
		                  &found, &fresh, &over);
		next_run(arena, &memory);
		assert_int_equal(memory.visits[0].good_ns, visits[i].good_ns);
		assert_int_equal(memory.visits[0].same_ns, visits[i].wanted_ns);
		assert_int_equal(memory.visits[0].differs, visits[i].differs);
	}
}

static void strange_bytes_are_nothing(void **state) {
	struct arena *arena = *state;
	static const char *const texts[] = {
		"dir=/a\nat_ns=1\n",
		"guard=2\ndir=/a\nat_ns=1\n",
		"guard=1\ndir=a\nat_ns=1\n",
		"guard=1\nat_ns=1\n\n\nid=disk-nearly-full\n",
		"guard=1\ndir=/a\nid=something-else\nkey=k\n",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct guard_memory memory;
		guard_memory_read(arena, slice_str(texts[i]), &memory);
		assert_int_equal(memory.visit_count, 0);
		assert_int_equal(memory.known.count, 0);
	}
}

/* ---- units and crontabs ---- */

static const char *const two_dirs[] = {"/w/a b", "/w/100%$X'\"\\", NULL};
static const char *const one_env[] = {"PATH=/usr/bin:/o p%n/$HOME", NULL};

static struct guard_job job_of(const char *const *dirs) {
	return (struct guard_job){.program = "/opt/dial tone",
	                          .dirs = dirs,
	                          .env = one_env,
	                          .unit_dir = "/h/.config/50%/user",
	                          .every_minutes = 15};
}

static void units(void **state) {
	struct arena *arena = *state;
	struct guard_job job = job_of(two_dirs);
	const char *service = guard_service_text(arena, &job);
	assert_true(str_has(service,
	                    "\nExecStart=\"/opt/dial tone\" guard run --quiet -- \"/w/a b\" "
	                    "\"/w/100%%$$X'\\\"\\\\\"\n"));
	assert_true(str_has(service, "\nEnvironment=\"PATH=/usr/bin:/o p%%n/$HOME\"\n"));
	assert_true(str_has(service,
	                    "\nConditionPathExists=/h/.config/50%%/user/dialtone-guard.timer\n"));
	assert_true(str_has(service, "\nSuccessExitStatus=1\n"));
	assert_true(str_has(guard_timer_text(arena, &job), "\nOnUnitActiveSec=15min\n"));
	assert_string_equal(service, guard_service_text(arena, &job));
}

static void names_that_cannot_be_written(void **state) {
	(void)state;
	struct err err;
	struct guard_job job = job_of((const char *const[]){"/w\n[Service]", NULL});
	assert_int_equal(guard_job_check(&job, &err), -EINVAL);
	job = job_of(two_dirs);
	assert_int_equal(guard_job_check(&job, &err), 0);
	job.unit_dir = NULL;
	assert_int_equal(guard_job_check(&job, &err), 0);
	assert_false(guard_minutes_valid(0));
	assert_false(guard_minutes_valid(4));
	assert_false(guard_minutes_valid(7));
	assert_false(guard_minutes_valid(120));
	assert_true(guard_minutes_valid(5));
	assert_true(guard_minutes_valid(60));
}

static void round_trip(struct arena *arena, const char *before, bool alone, const char *after) {
	struct guard_job job = job_of(two_dirs);
	struct err err;
	const char *block;
	assert_int_equal(guard_cron_block(arena, &job, alone, &block, &err), 0);
	const char *table = arena_printf(arena, "%s%s%s", before, block, after);
	struct guard_cron cron = guard_cron_find(arena, slice_str(table));
	assert_true(cron.found);
	assert_true(cron.whole);
	assert_int_equal(cron.alone, alone);
	assert_true(slice_eq(cron.block, block));
	assert_string_equal(cron.without, arena_printf(arena, "%s%s", before, after));
}

static void crontabs_come_back(void **state) {
	struct arena *arena = *state;
	round_trip(arena, "", true, "");
	round_trip(arena, "", false, "");
	round_trip(arena, "# mine\n1 2 * * * true\n", false, "");
	round_trip(arena, "MAILTO=a\n", false, "5 * * * * x # dialtone guard: begin\n");
	struct guard_cron none = guard_cron_find(arena, slice_str("1 2 * * * true\n"));
	assert_false(none.found);
	assert_string_equal(none.without, "1 2 * * * true\n");
	none = guard_cron_find(arena, slice_of(NULL, 0));
	assert_false(none.found);
}

static void edited_crontabs_are_noticed(void **state) {
	struct arena *arena = *state;
	struct guard_job job = job_of(two_dirs);
	struct err err;
	const char *block;
	assert_int_equal(guard_cron_block(arena, &job, false, &block, &err), 0);
	/* A '%' ends the command for cron unless it is escaped. */
	assert_true(str_has(block, "/o p\\%n/"));
	assert_false(str_has(block, "p%n"));
	for (size_t i = 0; block[i]; i++) {
		char *edited = arena_strdup(arena, block);
		edited[i] = edited[i] == 'x' ? 'y' : 'x';
		struct guard_cron cron = guard_cron_find(arena, slice_str(edited));
		assert_false(cron.found && cron.whole);
	}
	struct guard_cron twice =
		guard_cron_find(arena, slice_str(arena_printf(arena, "%s%s", block, block)));
	assert_true(twice.found);
	assert_false(twice.whole);
	char *cut = arena_strndup(arena, block, strlen(block) / 2);
	assert_false(guard_cron_find(arena, slice_str(cut)).whole);
}

static void cron_holds_no_long_line(void **state) {
	struct arena *arena = *state;
	const char *dirs[40] = {NULL};
	for (size_t i = 0; i < 39; i++) {
		dirs[i] = "/home/somebody/src/a/workspace";
	}
	struct guard_job job = job_of(dirs);
	struct err err;
	const char *block;
	assert_int_equal(guard_cron_block(arena, &job, false, &block, &err), -E2BIG);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
	const struct CMUnitTest tests[] = {
		TEST(disks),
		TEST(disks_are_over_only_with_room),
		TEST(replaced_programs),
		TEST(go_past_gopls),
		TEST(budgets),
		TEST(refused_looks_end_nothing),
		TEST(told_once_until_it_is_over),
		TEST(until_when_it_was_good),
		TEST(strange_bytes_are_nothing),
		TEST(units),
		TEST(names_that_cannot_be_written),
		TEST(crontabs_come_back),
		TEST(edited_crontabs_are_noticed),
		TEST(cron_holds_no_long_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
