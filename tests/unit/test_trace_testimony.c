/* SPDX-License-Identifier: MIT
 * What a recording testifies, lays out and comes to: from events made here. Whole recordings of real
 * servers are judged by tests/live/trace_check.sh.
 */
#include "testimony_fixture.h"

static void test_conversation(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	greet(p);
	end(p, SERVER, 0);
	const struct evidence *ev = given(p, "session:gopls", &about);
	assert_non_null(ev);
	assert_int_equal(about.server, SERVER);
	assert_string_equal(about.workspace, "/work space");
	/* The answer has the number that our own question would have. */
	assert_true(slice_has(ev->bytes, "\"id\":1"));
	assert_true(slice_has(ev->bytes, "exit 0"));
}

static void test_environment(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	const struct evidence *ev = given(p, "proc:self/environ", &about);
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, "HOME=/home/u"));
}

static void test_last_answer_counts(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct stat st = {.st_mode = S_IFREG | 0644, .st_size = 12};
	struct payload payloads[] = {
		text(PAYLOAD_STRING, 1, "/x/go.mod"),
		{PAYLOAD_BYTES, 2, sizeof(st), slice_of((const char *)&st, sizeof(st))}};
	start_server(p);
	open_path(p, SERVER, "/x/go.mod", -ENOENT);
	open_path(p, SERVER, "/x/go.work", -ENOENT);
	struct event e = {.kind = EVENT_CALL,
	                  .start_ns = p->now_ns,
	                  .pid = SERVER,
	                  .tid = SERVER,
	                  .number = call_number(ARCH_X86_64, "newfstatat"),
	                  .args = {(uint64_t)AT_FDCWD},
	                  .payloads = payloads,
	                  .payload_count = 2};
	take(p, &e);
	struct evidence_store store;
	evidence_store_init(&store, p->arena);
	testimony_give(p->testimony, &store, &about);
	const struct evidence *made = evidence_find(&store, "stat:/x/go.mod");
	const struct evidence *missing = evidence_find(&store, "stat:/x/go.work");
	assert_non_null(made);
	assert_int_equal(made->state, EV_READ);
	assert_true(slice_has(made->bytes, "size=12"));
	assert_non_null(missing);
	assert_int_equal(missing->state, EV_ABSENT);
	assert_null(evidence_find(&store, "stat:/x/never"));
}

static void test_file_read_whole(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct payload half = text(PAYLOAD_BYTES, 1, "module ");
	struct payload rest = text(PAYLOAD_BYTES, 1, "x\n");
	start_server(p);
	open_path(p, SERVER, "/x/go.mod", 7);
	call(p, SERVER, "read", 7, NS_PER_MS, (uint64_t[]){7, 1, 7}, &half);
	call(p, SERVER, "read", 2, NS_PER_MS, (uint64_t[]){7, 1, 7}, &rest);
	call(p, SERVER, "read", 0, NS_PER_MS, (uint64_t[]){7, 1, 7}, NULL);
	/* Of this one the recorder kept less than was read. */
	open_path(p, SERVER, "/x/go.sum", 8);
	call(p, SERVER, "read", 500, NS_PER_MS, (uint64_t[]){8, 1, 512}, &half);
	call(p, SERVER, "read", 0, NS_PER_MS, (uint64_t[]){8, 1, 512}, NULL);
	struct evidence_store store;
	evidence_store_init(&store, p->arena);
	testimony_give(p->testimony, &store, &about);
	const struct evidence *ev = evidence_find(&store, "file:/x/go.mod");
	assert_non_null(ev);
	assert_true(slice_eq(ev->bytes, "module x\n"));
	assert_null(evidence_find(&store, "file:/x/go.sum"));
}

/* The lines that prove: who, what, what came of it; the server's programs before its client, a refusal before an absence. */
static void test_calls_as_lines(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, 1, CLIENT, "/bin/client", BLOCK("client"), BLOCK("A=b"));
	open_path(p, CLIENT, "/x/gone", -ENOENT);
	open_path(p, CLIENT, "/x/shut", -EACCES);
	start_server(p);
	start(p, SERVER, GO, "/bin/go", BLOCK("go\0env\0-json"), BLOCK("A=b"));
	open_path(p, GO, "/x/gone", -ENOENT);
	open_path(p, GO, "/x/gone", -ENOENT);
	open_path(p, GO, "/x/shut", -ENOENT);
	open_path(p, GO, "/x/shut", -EACCES);
	open_path(p, GO, "/x/good", 5);
	end(p, GO, 1 << 8);
	struct evidence_store store;
	evidence_store_init(&store, p->arena);
	testimony_give(p->testimony, &store, &about);
	testimony_give_calls(p->testimony, &store);
	const struct {
		const char *about, *words, *more;
	} lines[] = {
		{"/x/gone", "300 go: openat(\"/x/gone\") = ENOENT", ", 2 times"},
		{"/x/shut", "300 go: openat(\"/x/shut\") = EACCES", "denied"},
		{"/x/good", "300 go: openat(\"/x/good\") = ok", " s"},
		{"run:go env", "300 execve(\"/bin/go\", [go env -json])", "ended with status 1"},
		{"session:gopls", "200 execve(\"/bin/gopls\"", " s"},
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct evidence *ev = evidence_find(
			&store, arena_printf(p->arena, TESTIMONY_CALLS "%s", lines[i].about));
		assert_non_null(ev);
		assert_true(slice_starts(ev->bytes, lines[i].words));
		assert_true(slice_has(ev->bytes, lines[i].more));
	}
}

static void test_lock_until_the_end(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	greet(p);
	start(p, SERVER, GO, "/go/bin/go", BLOCK("go\0list"), BLOCK("HOME=/home/u"));
	open_path(p, GO, "/cache/lock", 5);
	call(p, GO, "flock", 0, EVENT_NO_DURATION, (uint64_t[]){5, 2, 0}, NULL);
	p->now_ns += 20 * NS_PER_S;
	call(p, SERVER, "getpid", SERVER, 1, NULL, NULL);
	struct episodes episodes = testimony_episodes(p->testimony);
	assert_int_equal(episodes.count, 1);
	assert_int_equal(episodes.items[0].kind, EPISODE_LOCK);
	assert_string_equal(episodes.items[0].path, "/cache/lock");
	assert_true(episodes.items[0].to_the_end);
	assert_true(episodes.items[0].waited_ns >= 20 * NS_PER_S);
	const struct evidence *ev =
		given(p, arena_printf(p->arena, "waits:%d late1", CLIENT), &about);
	assert_non_null(ev);
	/* waits/parse.c takes no text without the process it is about. */
	assert_true(slice_has(ev->bytes, "record=process\npid=100\nppid=0"));
	assert_true(slice_has(ev->bytes, "record=lock\npid=300\nclass=FLOCK\nlink=/cache/lock"));
}

static void test_search(void **state) {
	struct play *p = *state;
	static const char *const dirs[] = {"/a", "/b"};
	start_server(p);
	for (size_t i = 0; i < 2; i++) {
		struct payload tool =
			text(PAYLOAD_STRING, 1, arena_printf(p->arena, "%s/go", dirs[i]));
		call(p, SERVER, "faccessat2", -ENOENT, NS_PER_MS,
		     (uint64_t[]){(uint64_t)AT_FDCWD, 1, 1}, &tool);
	}
	/* Outside PATH it is no search for a program. */
	open_path(p, SERVER, "/c/go", -ENOENT);
	struct episodes episodes = testimony_episodes(p->testimony);
	assert_int_equal(episodes.count, 1);
	assert_int_equal(episodes.items[0].kind, EPISODE_SEARCH);
	assert_int_equal(episodes.items[0].count, 2);
	assert_string_equal(episodes.items[0].path, "go");
}

static void test_refusals_are_one_episode(void **state) {
	struct play *p = *state;
	start_server(p);
	for (int i = 0; i < 31; i++) {
		open_path(p, SERVER, arena_printf(p->arena, "/cache/%02x/f%d-a", i, i), -EACCES);
	}
	open_path(p, SERVER, "/cache/log", -ENOENT); /* no refusal */
	struct episodes episodes = testimony_episodes(p->testimony);
	assert_int_equal(episodes.count, 1);
	assert_int_equal(episodes.items[0].kind, EPISODE_REFUSED);
	assert_int_equal(episodes.items[0].error, EACCES);
	assert_int_equal(episodes.items[0].count, 31);
	assert_string_equal(episodes.items[0].path, "/cache");
	struct episodes healthy = episodes;
	struct episode copy = episodes.items[0];
	struct episodes judged = {&copy, 1};
	episodes_compare(&judged, &healthy);
	assert_true(copy.is_noise);
}

static void test_phases(void **state) {
	struct play *p = *state;
	start_server(p);
	greet(p);
	start(p, SERVER, GO, "/go/bin/go", BLOCK("go\0list"), BLOCK("HOME=/home/u"));
	p->now_ns += 500 * NS_PER_MS;
	end(p, GO, 0);
	p->now_ns += 50 * NS_PER_MS;
	say(p, SERVER, 1,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\",\"params\":{}}");
	static const enum phase_kind want[] = {PHASE_SPAWN, PHASE_RUNTIME,  PHASE_WAITING,
	                                       PHASE_INIT,  PHASE_COMMANDS, PHASE_LOAD,
	                                       PHASE_WORK};
	struct timeline *line = timeline_make(p->arena, p->testimony);
	assert_int_equal(line->phase_count, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < line->phase_count; i++) {
		assert_int_equal(line->phases[i].kind, want[i]);
		assert_true(i == 0 || line->phases[i].start_ns == line->phases[i - 1].end_ns);
	}
	assert_true(line->phases[4].end_ns - line->phases[4].start_ns >= 500 * NS_PER_MS);
	assert_int_equal(line->process_count, 2);
	assert_int_equal(line->processes[1].depth, 1);
}

/* The first is well; in the second go waits for a lock. */
static void test_divergence(void **state) {
	struct play *p = *state;
	start_server(p);
	greet(p);
	struct timeline *good = timeline_make(p->arena, p->testimony);
	struct play q = {
		.arena = p->arena, .testimony = testimony_new(p->arena, 0), .now_ns = NS_PER_S};
	start_server(&q);
	greet(&q);
	open_path(&q, SERVER, "/cache/lock", 5);
	call(&q, SERVER, "flock", 0, NS_PER_S, (uint64_t[]){5, 2, 0}, NULL);
	struct timeline *bad = timeline_make(p->arena, q.testimony);
	testimony_free(q.testimony);
	assert_true(timeline_compare(p->arena, good, bad).found);
	assert_false(timeline_compare(p->arena, bad, bad).found);
}

/* A gopls that could not be executed is still the server that was meant. */
static void test_failed_exec(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct payload payloads[] = {text(PAYLOAD_STRING, 0, "/x/bin/gopls"),
	                             {PAYLOAD_STRINGS, 1, 14, slice_of("gopls\0--stdio", 14)},
	                             {PAYLOAD_STRINGS, 2, 8, slice_of("HOME=/y", 8)}};
	struct event e = {.kind = EVENT_CALL,
	                  .start_ns = p->now_ns,
	                  .duration_ns = NS_PER_MS,
	                  .pid = SERVER,
	                  .tid = SERVER,
	                  .number = call_number(ARCH_X86_64, "execve"),
	                  .result = -EACCES,
	                  .payloads = payloads,
	                  .payload_count = 3};
	take(p, &(struct event){.kind = EVENT_FORK,
	                        .start_ns = p->now_ns,
	                        .pid = CLIENT,
	                        .tid = CLIENT,
	                        .child = SERVER,
	                        .child_pid = SERVER});
	call(p, SERVER, "setuid", 0, NS_PER_MS, (uint64_t[]){1000, 0, 0}, NULL);
	take(p, &e);
	struct evidence_store store;
	evidence_store_init(&store, p->arena);
	testimony_give(p->testimony, &store, &about);
	assert_int_equal(about.uid, 1000);
	const struct evidence *talk = evidence_find(&store, "session:gopls");
	const struct evidence *start = evidence_find(&store, "file:the recording");
	assert_int_equal(about.server, SERVER);
	assert_non_null(talk);
	assert_true(slice_has(talk->bytes, arena_printf(p->arena, "errno %d", EACCES)));
	assert_non_null(start);
	assert_true(slice_has(start->bytes, "--stdio"));
}

/* `go` is a script that says something and becomes the real one: the server reads both. */
static void test_go_that_fails(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct payload said = text(PAYLOAD_BYTES, 1, "go: parsing $GOFLAGS: oops\n");
	start_server(p);
	greet(p);
	start(p, SERVER, GO, "/go/bin/go", BLOCK("go\0env\0-json"), BLOCK("HOME=/home/u"));
	call(p, GO, "write", (int64_t)said.bytes.len, NS_PER_MS, (uint64_t[]){2, 1, said.bytes.len},
	     &said);
	end(p, GO, 1 << 8);
	struct evidence_store store;
	evidence_store_init(&store, p->arena);
	testimony_give(p->testimony, &store, &about);
	const struct evidence *version = evidence_find(&store, "run:go version");
	assert_non_null(version);
	assert_true(slice_has(version->bytes, "parsing $GOFLAGS"));
	assert_null(evidence_find(&store, "run:go list"));
}

/* execve(2) says EPERM and ENOEXEC of what access(2) would allow. */
static void test_refused_program(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	struct payload path = text(PAYLOAD_STRING, 0, "/w/tool");
	call(p, SERVER, "execve", -EPERM, NS_PER_MS, (uint64_t[]){1, 2, 3}, &path);
	struct stat st = {.st_mode = S_IFREG | 0755};
	struct payload asked[] = {
		text(PAYLOAD_STRING, 1, "/w/tool"),
		{.kind = PAYLOAD_BYTES,
	         .which = 2,
	         .full_bytes = sizeof(st),
	         .bytes = slice_of((const char *)&st, sizeof(st))},
	};
	take(p, &(struct event){.kind = EVENT_CALL,
	                        .arch = ARCH_X86_64,
	                        .number = call_number(ARCH_X86_64, "newfstatat"),
	                        .start_ns = p->now_ns,
	                        .pid = SERVER,
	                        .tid = SERVER,
	                        .args = {(uint64_t)AT_FDCWD, 1, 2, 0},
	                        .payloads = asked,
	                        .payload_count = 2});
	const struct evidence *ev = given(p, "stat:/w/tool", &about);
	assert_non_null(ev);
	assert_string_equal(keyline_text(p->arena, ev->bytes, "exec"), "1");
}

/* How a server was confined stands in the calls that did it, which its programs inherit. */
static void test_walls(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	call(p, SERVER, "prctl", 0, NS_PER_MS, (uint64_t[]){PR_SET_NO_NEW_PRIVS, 1, 0}, NULL);
	call(p, SERVER, "unshare", 0, NS_PER_MS, (uint64_t[]){CLONE_NEWNS, 0, 0}, NULL);
	start(p, SERVER, GO, "/bin/go", BLOCK("go\0list"), BLOCK("PATH=/a"));
	const struct evidence *ev = given(p, "confined:below answer", &about);
	assert_non_null(ev);
	struct slice rest = ev->bytes, server, go;
	assert_true(keyline_block(&rest, &server));
	assert_true(keyline_block(&rest, &go));
	assert_string_equal(keyline_text(p->arena, server, "mnt"), "other");
	assert_string_equal(keyline_text(p->arena, go, "exe"), "/bin/go");
	assert_string_equal(keyline_text(p->arena, go, "mnt"), "other");
	assert_string_equal(keyline_text(p->arena, go, "net"), "same");
	assert_string_equal(keyline_text(p->arena, go, "no_new_privs"), "1");
	assert_false(testimony_is_fenced(p->testimony));
	call(p, GO, "landlock_restrict_self", 0, NS_PER_MS, (uint64_t[]){5, 0, 0}, NULL);
	assert_true(testimony_is_fenced(p->testimony));
}

/* Places are asked about as who the server was. */
static void test_user_and_places(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, CLIENT, 150, "/bin/wrapper", BLOCK("wrapper"), BLOCK("PATH=/a"));
	call(p, 150, "setgid", 0, NS_PER_MS, (uint64_t[]){77, 0, 0}, NULL);
	call(p, 150, "setuid", 0, NS_PER_MS, (uint64_t[]){1000, 0, 0}, NULL);
	call(p, 150, "setuid", -EPERM, NS_PER_MS, (uint64_t[]){0, 0, 0}, NULL);
	start(p, 150, SERVER, "/bin/gopls", BLOCK("gopls"), BLOCK("PATH=/a"));
	open_path(p, SERVER, "/home/u/mod/go.mod", -EACCES);
	(void)given(p, "session:gopls", &about);
	assert_int_equal(about.uid, 1000);
	assert_int_equal(about.gid, 77);
	assert_true(testimony_names(p->testimony, "/home/u/mod/go.mod"));
	assert_false(testimony_names(p->testimony, "/home/u/mod"));
	assert_true(testimony_names_below(p->testimony, "/home/u/mod"));
	assert_true(testimony_names_below(p->testimony, "/"));
	assert_false(testimony_names_below(p->testimony, "/home/u/model"));
	/* To ask names nothing. */
	assert_false(testimony_names(p->testimony, "/home/u/other"));
	open_path(p, SERVER, "/home/u/late/go.sum", -EACCES);
	assert_true(testimony_names(p->testimony, "/home/u/late/go.sum"));
	assert_true(testimony_names_below(p->testimony, "/home/u/late"));
}

/* What a shell writes into a file is not said by the server it becomes. */
static void test_redirected_output(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start(p, CLIENT, SERVER, "/bin/sh", BLOCK("sh"), BLOCK("PATH=/a"));
	open_path(p, SERVER, "/w/file", 3);
	call(p, SERVER, "dup2", 1, NS_PER_MS, (uint64_t[]){3, 1, 0}, NULL);
	struct payload words = text(PAYLOAD_BYTES, 1, "34\n");
	call(p, SERVER, "write", 3, NS_PER_MS, (uint64_t[]){1, 1, 3}, &words);
	call(p, SERVER, "close", 0, NS_PER_MS, (uint64_t[]){1, 0, 0}, NULL);
	greet(p);
	const struct evidence *ev = given(p, "session:gopls", &about);
	assert_non_null(ev);
	assert_null(memmem(ev->bytes.data, ev->bytes.len, "34\n", 3));
	assert_non_null(memmem(ev->bytes.data, ev->bytes.len, "\"result\":{}", 11));
}

/* The runtime of Go asks for the limit it was given, then raises it. */
static void test_limits(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	static const uint64_t given_limit[] = {16, 20};
	static const uint64_t raised[] = {20, 20};
	start_server(p);
	struct payload first = {PAYLOAD_BYTES, 3, sizeof(given_limit),
	                        slice_of((const char *)given_limit, sizeof(given_limit))};
	struct payload second = {PAYLOAD_BYTES, 3, sizeof(raised),
	                         slice_of((const char *)raised, sizeof(raised))};
	call(p, SERVER, "prlimit64", 0, NS_PER_MS, (uint64_t[]){0, RLIMIT_NOFILE, 0}, &first);
	call(p, SERVER, "prlimit64", 0, NS_PER_MS, (uint64_t[]){0, RLIMIT_NOFILE, 0}, &second);
	const struct evidence *ev = given(p, "proc:self/context", &about);
	assert_non_null(ev);
	assert_string_equal(keyline_text(p->arena, ev->bytes, "limit_nofile"), "16:20");
}

/* ulimit in a shell that becomes the server: nobody asks, all below have it. */
static void test_limit_set_before(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	static const uint64_t set_limit[] = {32768, 32768};
	struct payload limit = {PAYLOAD_BYTES, 2, sizeof(set_limit),
	                        slice_of((const char *)set_limit, sizeof(set_limit))};
	start(p, CLIENT, 150, "/bin/wrapper", BLOCK("wrapper"), BLOCK("PATH=/a"));
	call(p, 150, "prlimit64", 0, NS_PER_MS, (uint64_t[]){0, RLIMIT_FSIZE, 1}, &limit);
	call(p, 150, "prlimit64", 0, NS_PER_MS, (uint64_t[]){7, RLIMIT_DATA, 1}, &limit);
	start(p, 150, SERVER, "/bin/gopls", BLOCK("gopls"), BLOCK("PATH=/a"));
	greet(p);
	const struct evidence *ev = given(p, "proc:self/context", &about);
	assert_non_null(ev);
	assert_string_equal(keyline_text(p->arena, ev->bytes, "limit_fsize"), "32768:32768");
	assert_null(keyline_get(p->arena, ev->bytes, "limit_data"));
}

/* Whom a program still waited for in the end. */
static void test_silent_host(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(22), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	start_server(p);
	greet(p);
	start(p, SERVER, GO, "/bin/ssh", BLOCK("ssh\0git@host"), BLOCK("PATH=/a"));
	struct payload payload = {PAYLOAD_BYTES, 1, sizeof(address),
	                          slice_of((const char *)&address, sizeof(address))};
	call(p, GO, "connect", 0, NS_PER_MS, (uint64_t[]){5, 1, sizeof(address)}, &payload);
	p->now_ns += 5 * NS_PER_S;
	call(p, SERVER, "getpid", SERVER, 1, NULL, NULL);
	const struct evidence *ev = given(p, "family:1", &about);
	assert_non_null(ev);
	assert_string_equal(keyline_text(p->arena, ev->bytes, "address"), "127.0.0.1");
	assert_string_equal(keyline_text(p->arena, ev->bytes, "port"), "22");
	assert_string_equal(keyline_text(p->arena, ev->bytes, "state"), "connected");
	assert_string_equal(keyline_text(p->arena, ev->bytes, "received"), "0");
	assert_true(keyline_number(p->arena, ev->bytes, "age_ms", 0) >= 5000);
}

/* A socket that could not be connected to is a place that was named. */
static void test_socket_is_a_place(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/user/0/gopls.sock"};
	start_server(p);
	struct payload payload = {PAYLOAD_BYTES, 1, sizeof(address),
	                          slice_of((const char *)&address, sizeof(address))};
	call(p, SERVER, "connect", -EACCES, NS_PER_MS, (uint64_t[]){5, 1, sizeof(address)},
	     &payload);
	(void)given(p, "session:gopls", &about);
	assert_true(testimony_names_below(p->testimony, "/run/user/0"));
}

static void test_directory_listed(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	struct dirent64 entries[2] = {
		{.d_reclen = sizeof(struct dirent64), .d_type = DT_REG, .d_name = "go.mod"},
		{.d_reclen = sizeof(struct dirent64), .d_type = DT_DIR, .d_name = "a"}};
	struct payload bytes = {PAYLOAD_BYTES, 1, sizeof(entries),
	                        slice_of((const char *)entries, sizeof(entries))};
	start_server(p);
	open_path(p, SERVER, "/x", 7);
	call(p, SERVER, "getdents64", sizeof(entries), NS_PER_MS, (uint64_t[]){7, 1, 4096}, &bytes);
	call(p, SERVER, "getdents64", 0, NS_PER_MS, (uint64_t[]){7, 1, 4096}, NULL);
	const struct evidence *ev = given(p, "dir:/x", &about);
	assert_non_null(ev);
	assert_true(slice_eq(ev->bytes, "d a\nf go.mod\n"));
}

static struct evidence_store *all_given(struct play *p) {
	struct evidence_store *store = arena_new_of(p->arena, struct evidence_store);
	struct testimony_about about;
	evidence_store_init(store, p->arena);
	testimony_give(p->testimony, store, &about);
	return store;
}

/* A script that is named go becomes the real one with these arguments. */
static void hand_on(struct play *p, const char *argv, size_t argv_len, const char *env,
                    size_t env_len) {
	start_server(p);
	greet(p);
	start(p, SERVER, GO, "/w/go", BLOCK("go\0list\0-f\0{{a}} {{b}}"), BLOCK("HOME=/home/u"));
	const struct payload payloads[] = {
		text(PAYLOAD_STRING, 0, "/go/bin/go"),
		{PAYLOAD_STRINGS, 1, (uint32_t)argv_len, slice_of(argv, argv_len)},
		{PAYLOAD_STRINGS, 2, (uint32_t)env_len, slice_of(env, env_len)},
	};
	take(p, &(struct event){.kind = EVENT_EXEC,
	                        .start_ns = p->now_ns,
	                        .pid = GO,
	                        .tid = GO,
	                        .payloads = payloads,
	                        .payload_count = 3});
}

static const char *wrapper_differs(struct play *p) {
	const struct evidence *ev = evidence_find(all_given(p), "file:" TARGET_RECORDED_WRAPPER);
	return ev ? keyline_text(p->arena, ev->bytes, "differs") : "";
}

static void test_torn_arguments(void **state) {
	hand_on(*state, BLOCK("go\0list\0-f\0{{a}}\0{{b}}"), BLOCK("HOME=/home/u"));
	assert_string_equal(wrapper_differs(*state), "splits");
}

static void test_lost_home(void **state) {
	hand_on(*state, BLOCK("go\0list\0-f\0{{a}} {{b}}"), BLOCK("PATH=/a"));
	assert_string_equal(wrapper_differs(*state), "strips");
}

/* What it adds, or asks for itself, is no loss. */
static void test_wrapper_that_works(void **state) {
	hand_on(*state, BLOCK("go\0list\0-p=1\0-f\0{{a}} {{b}}"), BLOCK("HOME=/home/u"));
	assert_string_equal(wrapper_differs(*state), "");
}

static void test_refusals(void **state) {
	struct play *p = *state;
	start(p, 1, CLIENT, "/bin/client", BLOCK("client"), BLOCK("HOME=/home/u"));
	open_path(p, CLIENT, "/client/own", -EACCES);
	start_server(p);
	open_path(p, SERVER, "/cache/ab/x y", -EACCES);
	open_path(p, SERVER, "/nowhere", -ENOENT);
	open_path(p, SERVER, "/cache/full", 7);
	call(p, SERVER, "write", -ENOSPC, NS_PER_MS, (uint64_t[]){7, 1, 10}, NULL);
	const struct evidence *ev = evidence_find(all_given(p), "file:" TARGET_RECORDED_REFUSALS);
	assert_non_null(ev);
	const char *wanted = arena_printf(
		p->arena, "%d 1 openat gopls /cache/ab/x y\n%d 1 write gopls /cache/full\n", EACCES,
		ENOSPC);
	assert_true(slice_eq(ev->bytes, wanted));
}

/* The words of the compiler stand in the list of packages; only those about the open one count. */
static void test_errors_of_package(void **state) {
	struct play *p = *state;
	struct payload said =
		text(PAYLOAD_BYTES, 1,
	             "{\"Dir\":\"/w/b\",\"Error\":{\"Err\":\"fatal error: y.h\"}}\n"
	             "{\"Dir\":\"/w/a\",\"DepsErrors\":[{\"Err\":\"fatal error: x.h\"}]}\n");
	start_server(p);
	greet(p);
	say(p, SERVER, 0,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":{"
	    "\"textDocument\":{\"uri\":\"file:///w/a/a.go\",\"text\":\"package a\"}}}");
	start(p, SERVER, GO, "/go/bin/go", BLOCK("go\0list\0-compiled=true"),
	      BLOCK("HOME=/home/u"));
	call(p, GO, "write", (int64_t)said.bytes.len, NS_PER_MS, (uint64_t[]){1, 1, said.bytes.len},
	     &said);
	end(p, GO, 0);
	const struct evidence *ev = evidence_find(all_given(p), "run:go cgo");
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, "x.h"));
	assert_false(slice_has(ev->bytes, "y.h"));
}

/* A script that sleeps for a second and looks again: the sleep counts however short, and the script has its place. */
static void test_script_that_sleeps(void **state) {
	struct play *p = *state;
	struct testimony_about about;
	start_server(p);
	greet(p);
	start(p, SERVER, GO, "/w/wait", BLOCK("wait\0x"), BLOCK("HOME=/home/u"));
	struct payload line = text(PAYLOAD_BYTES, 1, "#!/bin/sh\n");
	open_path(p, GO, "/w/wait", 5);
	call(p, GO, "read", (int64_t)line.bytes.len, NS_PER_MS, (uint64_t[]){5, 1, 80}, &line);
	start(p, GO, GO + 1, "/bin/sleep", BLOCK("sleep\0001"), BLOCK("HOME=/home/u"));
	call(p, GO + 1, "clock_nanosleep", 0, EVENT_NO_DURATION, NULL, NULL);
	p->now_ns += 300 * NS_PER_MS;
	call(p, SERVER, "getpid", SERVER, 1, NULL, NULL);
	const struct evidence *ev =
		given(p, arena_printf(p->arena, "waits:%d late1", CLIENT), &about);
	assert_non_null(ev);
	assert_true(slice_has(ev->bytes, "call=clock_nanosleep"));
	assert_true(slice_has(ev->bytes, "cmdline=/bin/sh\x1f/w/wait\x1fx\n"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_conversation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_answer_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_read_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_calls_as_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lock_until_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_go_that_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_directory_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_program, setup, teardown),
		cmocka_unit_test_setup_teardown(test_walls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_redirected_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit_set_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_socket_is_a_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_and_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_home, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrapper_that_works, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors_of_package, setup, teardown),
		cmocka_unit_test_setup_teardown(test_script_that_sleeps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals_are_one_episode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_phases, setup, teardown),
		cmocka_unit_test_setup_teardown(test_divergence, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
