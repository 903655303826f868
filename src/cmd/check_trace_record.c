/* SPDX-License-Identifier: MIT
 * The recorder of `check --trace`: it starts the same command line again, hears what that one's calls testify, and
 * answers it when it asks.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "cmd/case.h"
#include "cmd/check_trace.h"
#include "cmd/failure.h"
#include "cmd/output.h"
#include "cmd/recording.h"
#include "cmd/traced.h"
#include "trace/call.h"
#include "trace/choose.h"
#include "trace/store.h"
#include "trace/testimony.h"
#include "world/casefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* go.mod and the like as a whole. gopls reads its own program in pieces of 32 KiB: what is copied of those counts. */
#define DATA_BYTES        16384
#define COMMAND_BYTES_MAX ((size_t)1 << 20)
/* What tells of waiting for something to do is most of all calls and says nothing here. */
#define CALLS "file,desc,net,process,lock,nanosleep,clock_nanosleep,!futex,!epoll_pwait"

struct recorder {
	struct arena *arena;
	const struct check_options *options;
	struct trace_request request;
	const struct backend *backend;
	int sockets[2]; /* ours, and that of the examination */
	int memory;
	struct testimony *testimony;
	struct store *store; /* NULL: it is not kept */
	uint64_t events, lost;
	bool answered;
	int keep_error;
};

/* ---- the answer ---- */

static int write_answer(struct recorder *r, struct traced_answer *answer, struct err *err) {
	struct evidence_store store;
	struct testimony_about about = {0};

	evidence_store_init(&store, r->arena);
	testimony_give(r->testimony, &store, &about);
	answer->unasked = about.unasked;
	if (str_empty(about.workspace)) {
		return err_set(err, -ENOENT, "no gopls was started while it was recorded");
	}
	testimony_give_calls(r->testimony, &store);
	/* The lines about calls come last and may go. */
	store.count = store.count < CASE_ENTRIES_MAX ? store.count : CASE_ENTRIES_MAX;
	const char *const argv[] = {about.workspace, about.file, NULL};

	return case_hand_over(&store, argv, r->memory, &answer->bytes, err);
}

static void answer_question(struct recorder *r) {
	struct traced_answer answer = {.events = r->events, .lost = r->lost};
	struct err err = {0};

	answer.code = write_answer(r, &answer, &err);
	(void)snprintf(answer.backend, sizeof(answer.backend), "%.15s", r->backend->name);
	(void)snprintf(answer.words, sizeof(answer.words), "%s", err.msg);
	(void)send(r->sockets[0], &answer, sizeof(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
	r->answered = true;
}

static bool is_question(const struct recorder *r, const struct event *e) {
	const struct call *call = e->kind == EVENT_CALL ? call_by_number(e->arch, e->number) : NULL;
	const struct payload *p =
		call && streq(call->name, "write") ? event_payload(e, PAYLOAD_BYTES, 1) : NULL;

	return p && (int)e->args[0] == r->sockets[1] && slice_eq(p->bytes, TRACED_QUESTION);
}

/* A file that cannot be written costs the recording, not the examination. */
static void keep(struct recorder *r, const struct event *e) {
	if (r->store && r->keep_error == 0) {
		struct event_sink sink = store_sink(r->store);

		r->keep_error = sink.take(sink.data, e);
	}
}

static int take(void *data, const struct event *e) {
	struct recorder *r = data;

	keep(r, e);
	if (r->answered) {
		return 0;
	}
	if (is_question(r, e)) {
		answer_question(r);
		return 0;
	}
	struct event_sink sink = testimony_sink(r->testimony);

	r->events += e->kind != EVENT_LOST;
	r->lost += e->kind == EVENT_LOST ? e->lost : 0;
	return sink.take(sink.data, e);
}

/* ---- the command line ---- */

/* How this process was called: words with a NUL each. Empty when that cannot be read. */
static struct slice own_words(struct arena *arena) {
	int fd CLEANUP(fd_closep) = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	char *text = arena_alloc(arena, COMMAND_BYTES_MAX);
	size_t len = 0;
	ssize_t n = -1;

	while (fd >= 0 && len < COMMAND_BYTES_MAX &&
	       (n = read(fd, text + len, COMMAND_BYTES_MAX - len)) > 0) {
		len += (size_t)n;
	}
	return n == 0 ? slice_of(text, len) : slice_of(text, 0);
}

/* This program with the words it was started with, behind the option that says who listens. */
static char **command_again(struct recorder *r) {
	char *self = recording_self(r->arena);
	struct slice words = own_words(r->arena), word;
	size_t count = 0;

	if (!self || words.len == 0) {
		return NULL;
	}
	for (size_t i = 0; i < words.len; i++) {
		count += words.data[i] == '\0';
	}
	char **argv = arena_array_of(r->arena, char *, count + 4);

	count = 0;
	argv[count++] = self;
	argv[count++] = arena_strdup(r->arena, TRACED_OPTION);
	argv[count++] = arena_printf(r->arena, "%d,%d", r->sockets[1], r->memory);
	(void)slice_cut(&words, '\0', &word); /* how it was called */
	while (words.len > 0 && slice_cut(&words, '\0', &word)) {
		argv[count++] = arena_slicedup(r->arena, word);
	}
	return argv;
}

/* ---- recording ---- */

static int store_begin(struct recorder *r, struct err *err) {
	const struct store_about about = {
		.backend = r->backend->name,
		.command = "dialtone check --trace",
		.set = CALLS,
		.string_bytes = r->request.string_bytes,
		.data_bytes = r->request.data_bytes,
	};

	return r->options->save_trace ? store_create(r->options->save_trace, &about, &r->store, err)
	                              : 0;
}

static int store_end(struct recorder *r, const struct trace_outcome *outcome) {
	struct err err = {0};
	const char *words = r->store ? store_complaint(r->store) : "";
	char *why = arena_strdup(r->arena, words ? words : "");
	int code = store_finish(r->store, outcome, &err);

	r->store = NULL;
	if (r->keep_error < 0 || code < 0) {
		output_complain("the recording was not kept: %s",
		                r->keep_error < 0 ? why : err.msg);
		return -EIO;
	}
	return 0;
}

/* -1: refused, another may try. */
static int record_with(struct recorder *r, struct err *err) {
	const struct event_sink sink = {.data = r, .take = take};
	struct trace_outcome outcome = {0};
	struct interrupt interrupt;

	if (store_begin(r, err) < 0) {
		output_complain("the recording cannot be kept: %s", err->msg);
		return STATUS_UNKNOWN;
	}
	r->testimony = testimony_new(r->arena, clock_wall_ns() - clock_now_ns());
	interrupt_open(&interrupt, INT64_MAX);
	r->request.stop_fd = interrupt.fd;
	int code = r->backend->record(&r->request, &sink, &outcome, err);

	interrupt_close(&interrupt);
	testimony_free(r->testimony);
	int kept = store_end(r, &outcome);

	if (code < 0 && outcome.refused) {
		return -1;
	}
	if (code < 0) {
		return failure_of_target(err, code);
	}
	int status = recording_status(outcome.status);

	return kept < 0 && status <= STATUS_FOUND ? STATUS_UNKNOWN : status;
}

/* Those that see what calls were answered. */
static const struct backend *const *seeing(struct arena *arena) {
	size_t count = 0, kept = 0;

	while (registry_backends[count]) {
		count++;
	}
	const struct backend **all = arena_array_of(arena, const struct backend *, count + 1);

	for (size_t i = 0; i < count; i++) {
		if (!registry_backends[i]->blind) {
			all[kept++] = registry_backends[i];
		}
	}
	return all;
}

static int record(struct recorder *r, const char **ret_because) {
	struct strbuf why;
	struct err err = {0};
	struct choice choice = {.all = seeing(r->arena), .why = &why};

	strbuf_init(&why, r->arena);
	while ((r->backend = choice_next(&choice, &r->request)) != NULL) {
		int status = record_with(r, &err);

		if (status >= 0) {
			return status;
		}
		choice_refused(&choice, r->backend, &err);
	}
	*ret_because = arena_printf(r->arena, "nothing can record here: %s", why.data);
	return -1;
}

static void close_all(struct recorder *r) {
	fd_closep(&r->sockets[0]);
	fd_closep(&r->sockets[1]);
	fd_closep(&r->memory);
}

static bool open_all(struct recorder *r) {
	r->memory = memfd_create("dialtone-calls", 0);
	/* Ours is not for the examination, which would else not notice our end. */
	return r->memory >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, r->sockets) == 0 &&
	       fd_set_cloexec(r->sockets[0]) == 0;
}

int check_trace_record(struct arena *arena, const struct check_options *options,
                       const char **ret_because) {
	struct recorder r = {.arena = arena, .options = options, .sockets = {-1, -1}, .memory = -1};
	struct err err = {0};
	int status = -1;

	*ret_because = "the recorder could not be set up";
	r.request = (struct trace_request){.string_bytes = RECORDING_STRING_BYTES,
	                                   .data_bytes = DATA_BYTES,
	                                   .stdio_bytes = RECORDING_STDIO_BYTES,
	                                   .stop_fd = -1};
	if (open_all(&r) && call_set_parse(arena, CALLS, &r.request.set, &err) == 0) {
		r.request.argv = command_again(&r);
		status = r.request.argv ? record(&r, ret_because) : -1;
	}
	close_all(&r);
	return status;
}
