/* SPDX-License-Identifier: MIT
 * `dialtone stacks PID`: what every goroutine of a Go process does, without stopping it; of a core
 * file what they did.
 */
#include "cmd/stacks.h"

#include "base/clock.h"
#include "base/fd.h"
#include "cmd/check_options.h"
#include "cmd/output.h"
#include "report/harmless.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_S 10

struct stacks_options {
	bool summary, why, json, running, system, full;
	const char *core, *exe, *timeout;
};

#define AT(member) offsetof(struct stacks_options, member)
static const struct option_spec specs[] = {
	{"summary", 's', NULL, OPTION_FLAG, AT(summary), "equal stacks once, longest wait first"},
	{"why", 'w', NULL, OPTION_FLAG, AT(why), "who waits for whom, and deadlocks"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json), "for programs: dialtone.stacks/1"},
	{"running", 'r', NULL, OPTION_FLAG, AT(running),
         "sample the stacks of running goroutines as well"},
	{"system", 0, NULL, OPTION_FLAG, AT(system), "also the runtime's goroutines and frames"},
	{"full", 0, NULL, OPTION_FLAG, AT(full), "all frames of deep stacks, not only 100"},
	{"core", 'c', "FILE", OPTION_TEXT, AT(core), "a core file instead of a process"},
	{"exe", 'e', "FILE", OPTION_TEXT, AT(exe), "the program that left the core file"},
	{"timeout", 't', "S", OPTION_TEXT, AT(timeout), "seconds for everything (10)"},
	{0},
};
#undef AT

static const char *clean_utf8(struct arena *arena, const char *text) {
	return harmless(arena, text, true);
}

static const char *clean_ascii(struct arena *arena, const char *text) {
	return harmless(arena, text, false);
}

/* What somebody who reads the answer has to know, and the answer itself cannot say. */
static void remark(const struct gostack *s) {
	if (!s->version_known) {
		output_complain("%s is not among the releases this was checked with (go1.%d to "
		                "go1.%d); its goroutines fit those of go1.%d",
		                s->version[0] != '\0' ? s->version : "a Go of unknown version",
		                LAYOUT_OLDEST_MINOR, LAYOUT_NEWEST_MINOR, s->layout->last_minor);
	}
	if (s->all.unreadable > 0) {
		output_complain("%llu of %llu goroutines could not be read",
		                (unsigned long long)s->all.unreadable,
		                (unsigned long long)s->all.listed);
	}
	if (s->all.cut) {
		output_complain("only the first %llu of %llu goroutines were read",
		                (unsigned long long)GOROUTINES_MAX,
		                (unsigned long long)s->all.listed);
	}
}

static void remark_refused(int code) {
	char level[16] = "";
	CLEANUP(fd_closep)
	int fd = open("/proc/sys/kernel/perf_event_paranoid", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, level, sizeof(level) - 1) : -1;
	for (ssize_t i = 0; i < n; i++) {
		level[i] = level[i] == '\n' ? '\0' : level[i];
	}
	output_complain("the stacks of running goroutines were not to be had: perf events are "
	                "refused (%s; kernel.perf_event_paranoid is %s); it takes CAP_PERFMON, or "
	                "2 or less for one's own processes",
	                strerror(-code), n > 0 ? level : "not there");
}

static void remark_core(const char *path, const struct memory_core_notes *notes) {
	if (notes->missing_bytes > 0) {
		output_complain("core file %s is cut off: %llu bytes of memory that it lists are "
		                "not in it",
		                path, (unsigned long long)notes->missing_bytes);
	}
	if (notes->cut) {
		output_complain("core file %s has more mappings or threads than are read", path);
	}
	if (notes->program == CORE_PROGRAM_UNPROVEN) {
		output_complain("whether %s is the program that left the core file cannot be told: "
		                "the core has nothing of it that could be compared",
		                notes->program_path);
	}
}

/* Text of many goroutines is large, and in pieces it need not be held. */
static int show_text(struct gostack *s, const struct traceback_options *options) {
	struct traceback_place next = {0};
	struct strbuf out;
	int status = STATUS_HEALTHY;
	strbuf_init(&out, s->arena);
	while (status == STATUS_HEALTHY && traceback_text(&out, s, options, &next)) {
		status = output_write(&out, STATUS_HEALTHY);
		out.len = 0;
	}
	return status;
}

static int show(struct gostack *s, const struct stacks_source *source,
                const struct stacks_options *o) {
	struct traceback_options options = {.system = o->system, .full = o->full};
	struct summary summary = {0};
	struct strbuf out;
	if (!o->json && !o->summary && !o->why) {
		return show_text(s, &options);
	}
	strbuf_init(&out, s->arena);
	if (o->why) {
		const struct why *why = why_find(s);
		if (o->json) {
			stacks_why_json(&out, s, source, why);
		} else {
			why_text(&out, s, why);
		}
		return output_write(&out, STATUS_HEALTHY);
	}
	if (o->summary) {
		summary = summary_make(s, &options);
	}
	if (o->json) {
		stacks_json(&out, s, source, o->summary ? &summary : NULL, &options);
	} else {
		summary_text(&out, s, &summary, &options);
	}
	return output_write(&out, STATUS_HEALTHY);
}

static int look_at_core(struct arena *arena, const struct stacks_options *o,
                        const char *(*clean)(struct arena *arena, const char *text)) {
	struct err err;
	struct memory *memory = NULL;
	struct memory_core_notes notes;
	struct gostack stack;
	int64_t start_ns = clock_now_ns();
	if (memory_core_open(arena, o->core, o->exe, &memory, &notes, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	int status = STATUS_UNKNOWN;
	int r = gostack_open(arena, memory, clean, &stack, &err);
	r = r < 0 ? r : gostack_read(&stack, &err);
	remark_core(o->core, &notes);
	if (r == 0) {
		struct stacks_source source = {.core = o->core, .notes = &notes};
		source.took_ns = clock_now_ns() - start_ns;
		remark(&stack);
		status = show(&stack, &source, o);
	} else {
		output_complain("core file %s: %s", o->core, err.msg);
	}
	memory_core_close(memory);
	return status;
}

static int look_at_process(struct arena *arena, int pid, const struct stacks_options *o,
                           const char *(*clean)(struct arena *arena, const char *text)) {
	struct err err;
	struct memory *memory = NULL;
	struct gostack stack;
	int64_t start_ns = clock_now_ns();
	int r = memory_live_open(arena, pid, &memory, &err);
	if (r < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	int refused = 0;
	if (o->running) {
		memory_live_sample(arena, memory, &refused);
	}
	r = gostack_open(arena, memory, clean, &stack, &err);
	r = r < 0 ? r : gostack_read(&stack, &err);
	if (refused < 0) {
		remark_refused(refused);
	}
	bool there = memory_live_is_there(memory);
	int status = STATUS_UNKNOWN;
	if (!there) {
		output_complain("process %d ended or became another program while it was read%s",
		                pid, r == 0 ? "; what is told is what it was" : "");
	}
	if (r == 0) {
		struct stacks_source source = {.pid = pid};
		source.took_ns = clock_now_ns() - start_ns;
		remark(&stack);
		status = show(&stack, &source, o);
	} else if (there) {
		output_complain("process %d: %s", pid, err.msg);
	}
	memory_live_close(memory);
	return status;
}

static int look(int pid, const struct stacks_options *o) {
	struct arena *arena = arena_new();
	bool utf8 = terminal_find(NULL).utf8;
	return o->core ? look_at_core(arena, o, utf8 ? clean_utf8 : clean_ascii)
	               : look_at_process(arena, pid, o, utf8 ? clean_utf8 : clean_ascii);
}

/* The memory of a process that hangs in the kernel, or a file on a dead server, may never answer;
 * a file that is cut off while it is mapped ends its reader. So the reader is a child. */
static int await(pid_t child, const char *what, int64_t limit_ns) {
	CLEANUP(fd_closep) int fd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int64_t until_ns = clock_now_ns() + limit_ns;
	int ready = 0;
	while (fd >= 0 && ready <= 0) {
		int64_t left_ms = (until_ns - clock_now_ns()) / NS_PER_MS;
		if (left_ms <= 0) {
			kill(child, SIGKILL);
			output_complain("%s could not be read within %lld s: it is too large, or "
			                "it or the filesystem of its program hangs in the kernel",
			                what, (long long)(limit_ns / NS_PER_S));
			return STATUS_UNKNOWN;
		}
		ready = poll(&wait, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
		if (ready < 0 && errno != EINTR) {
			break;
		}
	}
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	if (WIFEXITED(status)) {
		return WEXITSTATUS(status);
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS) {
		output_complain("%s, or the file of its program, became shorter or could not be "
		                "read while it was looked at",
		                what);
		return STATUS_UNKNOWN;
	}
	return STATUS_BUG;
}

static int run_in_child(int pid, const struct stacks_options *o, int64_t limit_ns) {
	pid_t parent = getpid();
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) {
			_exit(STATUS_UNKNOWN);
		}
		_exit(look(pid, o));
	}
	if (child < 0) {
		output_complain("no process could be started (%s)", strerror(errno));
		return STATUS_UNKNOWN;
	}
	struct arena *arena = arena_new();
	const char *what = o->core ? arena_printf(arena, "core file %s", o->core)
	                           : arena_printf(arena, "process %d", pid);
	int status = await(child, what, limit_ns);
	arena_free(arena);
	return status;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct stacks_options *o = options;
	int64_t pid = 0;
	int64_t limit_ns = TIMEOUT_DEFAULT_S * NS_PER_S;
	if ((operand_count == 0) == (o->core == NULL)) {
		output_complain(o->core ? "expected a PID or --core FILE, got both"
		                        : "which process? expected a PID, or --core FILE; "
		                          "`dialtone stacks --help` says more");
		return STATUS_USAGE;
	}
	if (o->why && o->summary) {
		output_complain("expected --why or --summary, got both");
		return STATUS_USAGE;
	}
	if (o->exe && !o->core) {
		output_complain("option '--exe' belongs to --core FILE; a process says itself "
		                "which program it runs");
		return STATUS_USAGE;
	}
	if (o->core && (o->core[0] == '\0' || (o->exe && o->exe[0] == '\0'))) {
		output_complain("option '--%s': expected a file, got ''",
		                o->core[0] == '\0' ? "core" : "exe");
		return STATUS_USAGE;
	}
	if (!o->core && (str_to_int64(operands[0], &pid) < 0 || pid <= 0 || pid > INT_MAX)) {
		output_complain("expected a process number, got '%s'", operands[0]);
		return STATUS_USAGE;
	}
	if (o->timeout && seconds_parse(o->timeout, &limit_ns) < 0) {
		output_complain("option '--timeout': expected seconds, got '%s'", o->timeout);
		return STATUS_USAGE;
	}
	return run_in_child((int)pid, o, limit_ns);
}

const struct command command_stacks = {
	.name = "stacks",
	.synopsis = "PID | --core FILE [--exe FILE]",
	.summary = "Show what the goroutines of a Go process do",
	.options = specs,
	.options_size = sizeof(struct stacks_options),
	.notes = "Text is as the Go runtime prints it; torn: it moved while it was read.\n"
		 "A core file names its program; --exe FILE when that is elsewhere now.\n",
	.max_operands = 1,
	.run = run,
};
