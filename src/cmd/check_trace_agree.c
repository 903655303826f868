/* SPDX-License-Identifier: MIT
 * The examination that is recorded: asks its recorder, and holds against each other what the machine and the calls say.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "cmd/check_trace.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/traced.h"
#include "world/casefile.h"
#include "world/codec.h"
#include "world/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define LIMIT_S 86400 /* no time passes in a replay */

/* ---- asking ---- */

/* 1 with an answer, 0 without one yet. */
static int ask_once(int fd, struct traced_answer *ret, struct err *err) {
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	if (fd_write_all(fd, TRACED_QUESTION, strlen(TRACED_QUESTION)) < 0) {
		return err_set(err, -EPIPE, "the recorder has ended");
	}
	if (poll(&poll_fd, 1, TRACED_AGAIN_MS) <= 0) {
		return 0;
	}
	return recv(fd, ret, sizeof(*ret), 0) == sizeof(*ret)
	               ? 1
	               : err_set(err, -EPIPE, "the recorder has ended");
}

/* Where events are lost the question may be among them. */
static int ask(int fd, struct traced_answer *ret, struct err *err) {
	int64_t until = clock_now_ns() + TRACED_ANSWER_NS;
	int code = 0;

	while (code == 0 && clock_now_ns() < until) {
		code = ask_once(fd, ret, err);
	}
	if (code == 0) {
		code = err_set(err, -ETIMEDOUT, "the recorder did not answer within %d s",
		               (int)(TRACED_ANSWER_NS / NS_PER_S));
	}
	return code < 0 ? code : 0;
}

static int read_calls(int memory, const struct traced_answer *answer, struct evidence_store *store,
                      struct case_meta *ret_meta, struct err *err) {
	struct codec *codec CLEANUP(codec_closep) = codec_open(err);

	if (!codec) {
		return -ENOSYS;
	}
	void *text = mmap(NULL, answer->bytes, PROT_READ, MAP_SHARED, memory, 0);

	if (text == MAP_FAILED) {
		return err_set(err, -errno, "what was recorded cannot be read: %s",
		               strerror(errno));
	}
	int code = casefile_parse(codec, "the recording", slice_of(text, answer->bytes), store,
	                          ret_meta, err);

	(void)munmap(text, answer->bytes);
	return code;
}

/* ---- thinking ---- */

static int hear(struct arena *arena, const struct check_options *options,
                struct agreement_trace *trace, struct evidence_store *calls, struct diagnosis *ret,
                struct err *err) {
	struct traced_answer answer = {0};
	struct case_meta meta = {0};
	int code = ask(options->traced_fd, &answer, err);

	if (code < 0) {
		return code;
	}
	trace->backend = arena_strdup(arena, answer.backend);
	trace->events = answer.events;
	trace->lost = answer.lost;
	if (answer.code < 0) {
		return err_set(err, answer.code, "%s", answer.words);
	}
	code = read_calls(options->traced_memory, &answer, calls, &meta, err);
	const char *const *words = meta.argv;

	if (code < 0) {
		return code;
	}
	if (!words || !words[0] || !words[1]) {
		return err_set(err, -EBADMSG, "what was recorded makes no sense");
	}
	struct evidence_store *store = arena_new_of(arena, struct evidence_store);

	evidence_store_init(store, arena);
	const struct calls_exam plan = {.world = world_replay_open(arena, store, calls),
	                                .workspace = words[0],
	                                .file = str_empty(words[1]) ? NULL : words[1],
	                                .unasked = answer.unasked,
	                                .limit_ns = LIMIT_S * NS_PER_S};

	code = check_trace_examine(arena, &plan, ret, err);
	world_close(plan.world);
	return code;
}

const struct agreement *check_trace_agree(struct arena *arena, const struct check_options *options,
                                          const struct diagnosis *by_state) {
	struct agreement_trace trace = {.file = options->save_trace};
	struct evidence_store calls;
	struct diagnosis by_calls = {0};
	struct err err = {0};

	evidence_store_init(&calls, arena);
	if (hear(arena, options, &trace, &calls, &by_calls, &err) < 0) {
		trace.because = arena_printf(arena, "the system calls say nothing: %s", err.msg);
		return agreement_make(arena, by_state, NULL, NULL, &trace);
	}
	return agreement_make(arena, by_state, &by_calls, &calls, &trace);
}

/* ---- below the recorder ---- */

bool traced_fds(const char *text, int *ret_socket, int *ret_memory) {
	struct slice rest = slice_str(text), first;
	int64_t socket = 0, memory = 0;
	char word[16];
	bool two = slice_cut(&rest, ',', &first) && first.len < sizeof(word);

	if (two) {
		memcpy(word, first.data, first.len);
		word[first.len] = '\0';
	}
	if (!two || str_to_int64(word, &socket) < 0 || str_to_int64(rest.data, &memory) < 0 ||
	    socket <= 2 || memory <= 2 || socket > INT32_MAX || memory > INT32_MAX) {
		return false;
	}
	*ret_socket = (int)socket;
	*ret_memory = (int)memory;
	return true;
}

int traced_main(int argc, char **argv) {
	struct parsed_options parsed = {0};
	struct err err = {0};
	int socket, memory, first = 3;

	/* What we start has no business with the recorder. */
	if (argc < first || !traced_fds(argv[2], &socket, &memory) || fd_set_cloexec(socket) < 0 ||
	    fd_set_cloexec(memory) < 0) {
		output_complain("'%s' is for dialtone's own use", TRACED_OPTION);
		return STATUS_USAGE;
	}
	if (argc > first && streq(argv[first], command_check.name)) {
		first++;
	}
	struct arena *arena = arena_new();
	int status = STATUS_USAGE;

	if (options_parse(arena, &command_check, (const char *const *)argv + first,
	                  (size_t)(argc - first), &parsed, &err) == 0 &&
	    parsed.wish == OPTIONS_RUN) {
		struct check_options *options = parsed.options;

		options->traced_fd = socket;
		options->traced_memory = memory;
		status = command_check.run(options, parsed.operands, parsed.operand_count);
	}
	arena_free(arena);
	return status;
}
