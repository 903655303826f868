/* SPDX-License-Identifier: MIT
 * `dialtone trace -- CMD…|-p PID|--workspace DIR|--check DIR`: record the system calls of a process
 * tree.
 */
#include "base/clock.h"
#include "cmd/baseline.h"
#include "cmd/check_options.h"
#include "cmd/failure.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "cmd/recording.h"
#include "cmd/trace_notes.h"
#include "cmd/trace_text.h"
#include "core/lore.h"
#include "trace/backend.h"
#include "trace/call.h"
#include "trace/choose.h"
#include "trace/inject.h"
#include "trace/store.h"
#include "world/live.h"

#include <errno.h>

#define PIDS_MAX      64
#define DATA_MAX      ((int64_t)1024 * 1024)
#define SECONDS_MAX   ((int64_t)7 * 24 * 3600)
#define LOOK_LIMIT_NS (10 * NS_PER_S)

struct trace_options {
	const char *const *command;
	struct option_list pids;
	const char *workspace, *check;
	const char *output, *backend, *set, *seconds, *data, *baseline;
	struct option_list injects;
	bool backends, stacks;
};

#define AT(member) offsetof(struct trace_options, member)
static const struct option_spec trace_specs[] = {
	{"", 0, "CMD...", OPTION_REST, AT(command), "start this program and record it"},
	{"pid", 'p', "PID", OPTION_LIST, AT(pids), "record what runs already; several by comma"},
	{"workspace", 'w', "DIR", OPTION_TEXT, AT(workspace),
         "record the servers that have DIR open"},
	{"check", 0, "DIR", OPTION_TEXT, AT(check), "record `dialtone check DIR`"},
	{"output", 'o', "FILE", OPTION_TEXT, AT(output),
         "keep the recording; else lines on standard output"},
	{"set", 'e', "CALLS", OPTION_TEXT, AT(set), "which calls: names, or sets as below (all)"},
	{"backend", 'b', "NAME", OPTION_TEXT, AT(backend), "ebpf, ptrace, notify or auto"},
	{"inject", 0, "FAULT", OPTION_LIST, AT(injects), "put a fault into calls of CMD, as below"},
	{"baseline", 0, "GOOD", OPTION_TEXT, AT(baseline),
         "lines only of what fails and does not in this recording"},
	{"for", 0, "SECONDS", OPTION_TEXT, AT(seconds), "end after so long"},
	{"data", 0, "BYTES", OPTION_TEXT, AT(data),
         "of what is read and written (512; --check 65536)"},
	{"stacks", 'k', NULL, OPTION_FLAG, AT(stacks), "and which functions led to each call"},
	{"backends", 0, NULL, OPTION_FLAG, AT(backends), "which ways of recording work here"},
	{0},
};
#undef AT

struct trace_run {
	const struct trace_options *options;
	struct arena *arena;
	struct trace_request request;
	const char *set_text;
	pid_t pids[PIDS_MAX];
	struct interrupt interrupt;
	struct comparison *comparison; /* with --baseline */
	uint64_t news;                 /* failures it has not */
};

/* ---- what is asked for ---- */

static bool add_pid(struct trace_run *r, const char *text) {
	int64_t pid;

	if (str_to_int64(text, &pid) < 0 || pid <= 0 || pid > INT32_MAX) {
		output_complain("expected the number of a process, got '%s'", text);
		return false;
	}
	if (r->request.pid_count == PIDS_MAX) {
		output_complain("more than %d processes", PIDS_MAX);
		return false;
	}
	r->pids[r->request.pid_count++] = (pid_t)pid;
	return true;
}

static bool take_pids(struct trace_run *r) {
	for (size_t i = 0; i < r->options->pids.count; i++) {
		struct slice rest = slice_str(r->options->pids.items[i]), part;

		while (slice_cut(&rest, ',', &part)) {
			if (!add_pid(r, arena_slicedup(r->arena, part))) {
				return false;
			}
		}
	}
	r->request.pids = r->pids;
	return true;
}

static int servers_in(struct trace_run *r, struct world *world) {
	const char *dir;
	struct err err = {0};

	if (user_path_absolute(r->arena, world, r->options->workspace, &dir, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	const struct evidence *ev = world_look(world, LOOK_GOPLS, dir, LOOK_CAP_SETTINGS);
	struct slice rest = ev->bytes, block;

	while (evidence_has_bytes(ev) && keyline_block(&rest, &block)) {
		const char *pid = keyline_text(r->arena, block, "pid");

		if (streq(keyline_text(r->arena, block, "here"), "1") && !add_pid(r, pid)) {
			return STATUS_USAGE;
		}
	}
	if (r->request.pid_count == 0) {
		output_complain("no gopls of this user has '%s' open", dir);
		return STATUS_USAGE;
	}
	r->request.pids = r->pids;
	return STATUS_HEALTHY;
}

static int take_workspace(struct trace_run *r) {
	struct evidence_store store;
	struct err err = {0};
	struct interrupt interrupt;
	int status = STATUS_UNKNOWN;

	evidence_store_init(&store, r->arena);
	interrupt_open(&interrupt, clock_now_ns() + LOOK_LIMIT_NS);
	struct world *world = world_live_open(r->arena, &store, interrupt.fd, &err);

	if (world) {
		status = servers_in(r, world);
	} else {
		output_complain("%s", err.msg);
	}
	world_close(world);
	interrupt_close(&interrupt);
	return status;
}

static int take_check(struct trace_run *r) {
	char **argv = arena_array_of(r->arena, char *, 5);

	argv[0] = recording_self(r->arena);
	if (!argv[0]) {
		return STATUS_UNKNOWN;
	}
	argv[1] = arena_strdup(r->arena, "check");
	argv[2] = arena_strdup(r->arena, "--once"); /* one server is what is recorded */
	argv[3] = arena_strdup(r->arena, r->options->check);
	r->request.argv = argv;
	return STATUS_HEALTHY;
}

static int take_command(struct trace_run *r) {
	size_t count = 0;

	while (r->options->command[count]) {
		count++;
	}
	char **argv = arena_array_of(r->arena, char *, count + 1);

	for (size_t i = 0; i < count; i++) {
		argv[i] = arena_strdup(r->arena, r->options->command[i]);
	}
	r->request.argv = argv;
	return STATUS_HEALTHY;
}

static int take_whom(struct trace_run *r) {
	const struct trace_options *o = r->options;
	int asked = (o->command && o->command[0]) + (o->pids.count > 0) + (o->workspace != NULL) +
	            (o->check != NULL);

	if (asked != 1) {
		output_complain(
			"expected one of -- CMD, --pid PID, --workspace DIR and --check DIR");
		return STATUS_USAGE;
	}
	if (o->workspace) {
		return take_workspace(r);
	}
	if (o->check) {
		return take_check(r);
	}
	if (o->pids.count > 0) {
		return take_pids(r) ? STATUS_HEALTHY : STATUS_USAGE;
	}
	return take_command(r);
}

static bool number_of(const char *text, const char *option, int64_t max, int64_t *ret) {
	if (text && (str_to_int64(text, ret) < 0 || *ret < 0 || *ret > max)) {
		output_complain("option '--%s': expected a number up to %lld, got '%s'", option,
		                (long long)max, text);
		return false;
	}
	return true;
}

static int take_injects(struct trace_run *r) {
	const struct option_list *list = &r->options->injects;
	struct inject *injects = arena_array_of(r->arena, struct inject, list->count + 1);
	struct err err = {0};

	for (size_t i = 0; i < list->count; i++) {
		if (inject_parse(r->arena, list->items[i], &injects[i], &err) < 0) {
			output_complain("option '--inject': %s", err.msg);
			return STATUS_USAGE;
		}
	}
	r->request.injects = injects;
	r->request.inject_count = list->count;
	return STATUS_HEALTHY;
}

/* A fault needs its call in the set. */
static const char *set_text(struct trace_run *r) {
	struct strbuf text;

	strbuf_init(&text, r->arena);
	strbuf_add(&text, r->options->set ? r->options->set : "all");
	for (size_t i = 0; i < r->request.inject_count; i++) {
		strbuf_printf(&text, ",%s", r->request.injects[i].call);
	}
	return text.data;
}

static int take_how(struct trace_run *r) {
	const struct trace_options *o = r->options;
	int64_t seconds = 0, data = o->check ? RECORDING_DATA_BYTES_CHECK : RECORDING_DATA_BYTES;
	struct err err = {0};
	int status = take_injects(r);

	if (status != STATUS_HEALTHY) {
		return status;
	}
	if (!number_of(o->seconds, "for", SECONDS_MAX, &seconds) ||
	    !number_of(o->data, "data", DATA_MAX, &data)) {
		return STATUS_USAGE;
	}
	r->set_text = set_text(r);
	if (call_set_parse(r->arena, r->set_text, &r->request.set, &err) < 0) {
		output_complain("option '--set': %s", err.msg);
		return STATUS_USAGE;
	}
	r->request.string_bytes = RECORDING_STRING_BYTES;
	r->request.data_bytes = (size_t)data;
	r->request.stdio_bytes = o->output ? RECORDING_STDIO_BYTES : 0;
	r->request.stacks = o->stacks;
	r->request.stop_fd = -1;
	r->request.deadline_ns = seconds > 0 ? clock_now_ns() + seconds * NS_PER_S : 0;
	return STATUS_HEALTHY;
}

/* ---- which backend ---- */

static const struct backend *backend_named(const char *name) {
	for (size_t i = 0; registry_backends[i]; i++) {
		if (streq(registry_backends[i]->name, name)) {
			return registry_backends[i];
		}
	}
	return NULL;
}

static bool is_auto(const struct trace_run *r) {
	return !r->options->backend || streq(r->options->backend, "auto");
}

/* The one that was asked for, or NULL after a sentence. */
static const struct backend *backend_asked(struct trace_run *r) {
	const char *name = r->options->backend;
	const struct backend *b = backend_named(name);
	struct err err = {0};

	if (!b) {
		output_complain("option '--backend': there is no '%s'; `dialtone trace --backends` "
		                "lists them",
		                name);
	} else if (b->can(&r->request, &err) < 0) {
		output_complain("%s: %s", b->name, err.msg);
		b = NULL;
	}
	return b;
}

/* Each tried, for a program that is started and for a process that runs. */
static int show_backends(struct arena *arena) {
	static const pid_t self[] = {1};
	char *const argv[] = {NULL};
	const struct trace_request launch = {.argv = argv, .thorough = true, .stop_fd = -1};
	const struct trace_request attach = {
		.pids = self, .pid_count = 1, .thorough = true, .stop_fd = -1};
	struct strbuf out;

	strbuf_init(&out, arena);
	for (size_t i = 0; registry_backends[i]; i++) {
		const struct backend *b = registry_backends[i];
		struct err launching = {0}, attaching = {0};
		bool starts = b->can(&launch, &launching) == 0;
		bool attaches = b->can(&attach, &attaching) == 0;

		strbuf_printf(&out, "%-8s%s\n", b->name, b->summary);
		if (!starts && !attaches && streq(launching.msg, attaching.msg)) {
			strbuf_printf(&out, "        not here: %s\n", launching.msg);
			continue;
		}
		strbuf_printf(&out, "        start a program: %s\n",
		              starts ? "yes" : launching.msg);
		strbuf_printf(&out, "        what runs:       %s\n",
		              attaches ? "yes" : attaching.msg);
	}
	return output_write(&out, STATUS_HEALTHY);
}

/* ---- recording ---- */

static const char *command_text(struct trace_run *r) {
	struct strbuf text;

	strbuf_init(&text, r->arena);
	for (size_t i = 0; r->request.argv && r->request.argv[i]; i++) {
		strbuf_printf(&text, "%s%s", i > 0 ? " " : "",
		              str_shell_quote(r->arena, r->request.argv[i]));
	}
	for (size_t i = 0; i < r->request.pid_count; i++) {
		strbuf_printf(&text, "%s%d", i > 0 ? "," : "-p ", (int)r->pids[i]);
	}
	return text.data;
}

/* With --baseline: all of it for the store, if there is one, and lines of what is new. */
struct sieve {
	struct trace_run *run;
	const struct event_sink *next; /* NULL: none */
	struct trace_text text;        /* of what is new */
};

static int sift(void *data, const struct event *e) {
	struct sieve *s = data;
	struct failure failure;
	int code = s->next ? s->next->take(s->next->data, e) : 0;

	if (code == 0 && comparison_take(s->run->comparison, e, &failure)) {
		s->run->news++;
		code = trace_text_take(&s->text, e);
	}
	return code;
}

/* Whatever takes the events learns of the files that their stacks lie in. */
static int run_backend(const struct trace_run *r, const struct backend *backend,
                       const struct event_sink *sink, struct trace_outcome *outcome,
                       struct err *err) {
	struct mapped_teller teller = {.next = *sink};
	const struct event_sink telling = {.data = &teller, .take = mapped_teller_take};
	int code = backend->record(&r->request, r->request.stacks ? &telling : sink, outcome, err);

	mapped_free(&teller.known);
	return code;
}

static int record_to_file(struct trace_run *r, const struct backend *backend,
                          struct trace_outcome *outcome, struct err *err) {
	struct store_about about = {
		.backend = backend->name,
		.command = command_text(r),
		.set = r->set_text,
		.string_bytes = r->request.string_bytes,
		.data_bytes = r->request.data_bytes,
	};
	struct store *store = NULL;
	struct err at_end = {0};
	int code = store_create(r->options->output, &about, &store, err);

	if (code < 0) {
		return code;
	}
	struct event_sink sink = store_sink(store);
	struct sieve sieve = {.run = r, .next = &sink};
	const struct event_sink sifted = {.data = &sieve, .take = sift};

	trace_text_begin(&sieve.text, stdout);
	if (!r->options->set) {
		trace_notes_begin(store);
	}
	code = run_backend(r, backend, r->comparison ? &sifted : &sink, outcome, err);
	trace_text_end(&sieve.text);
	if (code == -EIO) {
		(void)err_set(err, code, "%s: %s", r->options->output, store_complaint(store));
	}
	if (code == 0 && !r->options->set) {
		trace_notes_take(r->options->output, store);
	}
	int finished = store_finish(store, outcome, &at_end);

	if (code == 0 && finished < 0) {
		*err = at_end;
		code = finished;
	}
	return code;
}

static int record_to_stdout(struct trace_run *r, const struct backend *backend,
                            struct trace_outcome *outcome, struct err *err) {
	struct sieve sieve = {.run = r};
	struct event_sink sink = {.data = &sieve.text, .take = trace_text_take};
	const struct event_sink sifted = {.data = &sieve, .take = sift};

	trace_text_begin(&sieve.text, stdout);
	int code = run_backend(r, backend, r->comparison ? &sifted : &sink, outcome, err);

	trace_text_end(&sieve.text);
	return code == -EPIPE ? 0 : code;
}

/* With `refused` the backend could not be used although it had seemed so, and another may be tried: no status then. */
static int record(struct trace_run *r, const struct backend *backend, bool *ret_refused,
                  struct err *err) {
	struct trace_outcome outcome = {0};

	interrupt_open(&r->interrupt, INT64_MAX);
	r->request.stop_fd = r->interrupt.fd;
	int code = r->options->output ? record_to_file(r, backend, &outcome, err)
	                              : record_to_stdout(r, backend, &outcome, err);

	interrupt_close(&r->interrupt);
	*ret_refused = code < 0 && outcome.refused;
	if (*ret_refused) {
		return STATUS_UNKNOWN;
	}
	recording_tell_losses(&outcome);
	if (code < 0) {
		return failure_of_target(err, code);
	}
	return r->request.argv ? recording_status(outcome.status) : STATUS_HEALTHY;
}

static int record_asked(struct trace_run *r) {
	const struct backend *backend = backend_asked(r);
	struct err err = {0};
	bool refused = false;
	int status = backend ? record(r, backend, &refused, &err) : STATUS_UNKNOWN;

	if (refused) {
		output_complain("%s: %s", backend->name, err.msg);
	}
	return status;
}

/* What the kernel thinks of a program is known when it is loaded, so the next one may have its turn. */
static int record_auto(struct trace_run *r) {
	struct strbuf why;
	struct choice choice = {.all = registry_backends, .why = &why};
	const struct backend *backend, *refused_one = NULL;
	struct err err = {0};
	bool refused = false;

	strbuf_init(&why, r->arena);
	while ((backend = choice_next(&choice, &r->request)) != NULL) {
		if (refused_one) {
			output_complain("%s: %s; '%s' records instead", refused_one->name, err.msg,
			                backend->name);
		}
		int status = record(r, backend, &refused, &err);

		if (!refused) {
			return status;
		}
		choice_refused(&choice, backend, &err);
		refused_one = backend;
	}
	output_complain("nothing can record here: %s", why.data);
	return STATUS_UNKNOWN;
}

static int record_chosen(struct trace_run *r) {
	return is_auto(r) ? record_auto(r) : record_asked(r);
}

static int record_compared(struct trace_run *r) {
	struct comparison comparison;
	struct err err = {0};
	int code = comparison_open(&comparison, r->arena, r->options->baseline, &err);
	int status = STATUS_UNKNOWN;

	if (code < 0) {
		status = failure_of_file(&err, code);
	} else {
		r->comparison = &comparison;
		status = record_chosen(r);
		(void)fflush(stdout);
	}
	if (code == 0 && r->news == 0) {
		output_complain("nothing failed that does not fail in '%s' as well",
		                r->options->baseline);
	}
	r->comparison = NULL;
	comparison_close(&comparison);
	return status;
}

static int run_in(struct trace_run *r) {
	if (r->options->backends) {
		return show_backends(r->arena);
	}
	int status = take_how(r);

	if (status == STATUS_HEALTHY) {
		status = take_whom(r);
	}
	if (status != STATUS_HEALTHY) {
		return status;
	}
	return r->options->baseline ? record_compared(r) : record_chosen(r);
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	struct trace_run r = {
		.options = options,
		.arena = arena_new(),
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
	};

	(void)operands;
	(void)operand_count;
	int status = run_in(&r);

	arena_free(r.arena);
	return status;
}

const struct command command_trace = {
	.name = "trace",
	.synopsis = "-- CMD...",
	.summary = "Record the system calls of a program and all it starts",
	.options = trace_specs,
	.options_size = sizeof(struct trace_options),
	.notes = "Sets: anchors, file, desc, net, process, lock, memory, wait, all; '!' takes\n"
		 "away, as in all,!futex.\n"
		 "Faults: CALL[:path=GLOB][:program=GLOB]:WHAT[:when=N|N+|N+STEP], where WHAT is\n"
		 "errno=NAME, delay=TIME, kill=SIGNAL or short=BYTES.\n"
		 "Of the seventeen anchors, gopls on stdio and go never make epoll_wait, connect,\n"
		 "accept, sendto, recvfrom and statx: they use epoll_pwait, newfstatat, and read\n"
		 "and write also on sockets. Ctrl-C ends the recording: what ran before runs on,\n"
		 "what was started is ended. Faults are put only into what is started.\n"
		 "Status: that of CMD (128 and the signal when one ended it), 0 after --pid,\n"
		 "2 usage, 3 nothing can record here.\n",
	.max_operands = 0,
	.run = run,
};
