/* SPDX-License-Identifier: MIT
 * System calls: from the stop before to the stop behind.
 */
#include "trace/tracer.h"

#include "base/clock.h"
#include "trace/frames.h"
#include "trace/registers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <unistd.h>

#define PROGRAM_BYTES 4096

static bool call_info(const struct tracee *t, struct __ptrace_syscall_info *ret) {
	return ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof(*ret), ret) > 0;
}

/* ---- injected faults ---- */

/* The file the process runs; "" when it cannot be told. */
static void program_of(const struct tracee *t, char program[PROGRAM_BYTES]) {
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)t->tid);
	n = readlink(link, program, PROGRAM_BYTES - 1);
	program[n > 0 ? n : 0] = '\0';
}

static void inject_into(struct tracer *tracer, struct tracee *t, const struct inject *inject) {
	t->was_injected = true;
	if (inject->error != 0) {
		(void)registers_skip_call(t->tid, -inject->error);
	} else if (inject->kill_signal != 0) {
		(void)registers_skip_call(t->tid, -EINTR);
		(void)kill(t->pid, inject->kill_signal);
	} else if (inject->short_bytes > 0 && t->args[2] > (uint64_t)inject->short_bytes) {
		(void)registers_set_third(t->tid, (uint64_t)inject->short_bytes);
	} else if (inject->delay_ns > 0) {
		t->held_until_ns = t->start_ns + inject->delay_ns;
		tracer->held++;
	}
}

static void inject_faults(struct tracer *tracer, struct tracee *t) {
	const struct trace_request *request = tracer->request;
	struct payload payloads[EVENT_PAYLOADS];
	char program[PROGRAM_BYTES];

	if (!t->call || !inject_names(request->injects, request->inject_count, t->call->name)) {
		return;
	}
	size_t count = capture_payloads(&t->capture, payloads);
	struct inject_call call = {
		.name = t->call->name,
		.path = inject_path(payloads, count),
		.program = program,
	};

	program_of(t, program);
	for (size_t i = 0; i < request->inject_count; i++) {
		if (inject_is_due(&request->injects[i], &call, &tracer->injected[i])) {
			inject_into(tracer, t, &request->injects[i]);
			return;
		}
	}
}

/* ---- begin ---- */

static void keep_stack(struct tracee *t, const struct capture_source *memory) {
	uint64_t pc, frame;

	t->stack_depth = registers_frame(t->tid, &pc, &frame) < 0
	                         ? 0
	                         : frames_walk(memory, pc, frame, t->stack);
}

static void begin(struct tracer *tracer, struct tracee *t, uint32_t audit, uint64_t number,
                  const void *args) {
	enum event_arch arch = arch_of_audit(audit, number);

	memcpy(t->args, args, sizeof(t->args));
	t->in_call = call_set_wants(tracer->request->set, arch, (int)number, t->args);
	if (!t->in_call) {
		return;
	}
	struct capture_source memory = tracer_memory(t);

	t->arch = arch;
	t->number = (int)number;
	t->call = call_by_number(arch, t->number);
	t->was_injected = false;
	capture_enter(&t->capture, &memory, &tracer->limits, arch, t->call, t->args);
	if (tracer->request->stacks) {
		keep_stack(t, &memory);
	}
	t->start_ns = clock_now_ns();
	if (tracer->request->inject_count > 0) {
		inject_faults(tracer, t);
	}
}

void tracer_call_begin(struct tracer *tracer, struct tracee *tracee) {
	struct __ptrace_syscall_info info;

	if (call_info(tracee, &info) && info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
		begin(tracer, tracee, info.arch, info.seccomp.nr, info.seccomp.args);
	}
	if (tracee->held_until_ns == 0) {
		tracer_resume(tracer, tracee, 0);
	}
}

void tracer_release_held(struct tracer *tracer, int64_t now_ns) {
	size_t at = 0;

	for (struct tracee *t; (t = tracee_next(&tracer->table, &at)) != NULL;) {
		if (t->held_until_ns > 0 && (now_ns >= t->held_until_ns || tracer->patience_ns)) {
			t->held_until_ns = 0;
			tracer->held--;
			tracer_resume(tracer, t, 0);
		}
	}
}

/* ---- end ---- */

static void tell_call(struct tracer *tracer, struct tracee *t, int64_t duration_ns,
                      int64_t result) {
	struct payload payloads[EVENT_PAYLOADS];
	struct event event = {
		.kind = EVENT_CALL,
		.arch = t->arch,
		.start_ns = t->start_ns,
		.duration_ns = duration_ns,
		.pid = t->pid,
		.tid = t->tid,
		.number = t->number,
		.result = result,
		.injected = t->was_injected,
		.payloads = payloads,
		.stack = t->stack_depth > 0 ? t->stack : NULL,
		.stack_depth = t->stack_depth,
	};

	memcpy(event.args, t->args, sizeof(event.args));
	event.payload_count = capture_payloads(&t->capture, payloads);
	t->in_call = false;
	tracer_tell(tracer, &event);
	tracer->outcome->calls_failed_to_read += t->capture.unread;
	t->capture.unread = 0;
	capture_forget(&t->capture);
}

static void end(struct tracer *tracer, struct tracee *t, int64_t result) {
	int64_t duration = clock_now_ns() - t->start_ns;
	struct capture_source memory = tracer_memory(t);

	/* After execve the arguments' memory is gone with the old program. */
	if (!t->executed) {
		capture_exit(&t->capture, &memory, &tracer->limits, t->arch, t->call, t->args,
		             result);
	} else {
		t->stack_depth = 0;
	}
	t->executed = false;
	tell_call(tracer, t, duration, result);
}

void tracer_call(struct tracer *tracer, struct tracee *tracee) {
	struct __ptrace_syscall_info info;

	if (call_info(tracee, &info)) {
		if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->in_call) {
			end(tracer, tracee, info.exit.rval);
		} else if (info.op == PTRACE_SYSCALL_INFO_ENTRY && !tracer->filtered) {
			begin(tracer, tracee, info.arch, info.entry.nr, info.entry.args);
		}
	}
	if (tracee->held_until_ns == 0) {
		tracer_resume(tracer, tracee, 0);
	}
}

void tracer_call_abandon(struct tracer *tracer, struct tracee *tracee) {
	if (tracee->in_call) {
		tell_call(tracer, tracee, EVENT_NO_DURATION, 0);
	}
}
